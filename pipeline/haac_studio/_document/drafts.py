"""Drafts: what is being made, kept on disk from change to change, so that a crash or a closed browser loses nothing.

A draft belongs to a repository and to the document that was opened. It stands in the user's own folder for state, never in a repository or
beside the document. Two studios on the same document have a draft each: slots, which their processes lock while they run. The next studio
takes the slot with the newest draft that nobody holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from haac_repo import HaacError, RepositoryBusyError, RepositoryError
from haac_repo._internal import home, now, replacing, sync_folder, writer_lock

_SLOTS = 16
"""Studios that may have the same document open at one time."""
_FILE = "draft.json"
_PICTURE = "traced"
"""The picture that is traced: a line of JSON, then the bytes of its file."""
_FORMAT = 1


def state_folder() -> Path:
    """The user's folder for what a program keeps between its runs."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or home() / "AppData" / "Local", "haac", "studio")
    if sys.platform == "darwin":
        return home() / "Library" / "Application Support" / "haac" / "studio"
    # The specification: a path that is not absolute is to be taken for none.
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (given if given.is_absolute() else home() / ".local" / "state") / "haac" / "studio"


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft as it was kept."""

    scene: dict[str, Any]
    """As the browser sent it, hidden layers and all."""
    label: str
    saved_at: str
    """UTC."""


class Draft:
    """The draft of one document, held by this process: the scene, and the picture that is traced beside it.

    Args:
        repository: id of the repository.
        document: what is open: the absolute path of a file, or of the folder of a new document.

    Raises:
        HaacError: the folder for state cannot be written to.
    """

    def __init__(self, repository: str, document: str) -> None:
        key = hashlib.sha256(f"{repository}\n{document}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
        free, others = _free_slots(state_folder() / key)
        if not free:
            raise HaacError(f"{_SLOTS} studios have {document} open: end one of them")
        self.others = others
        """Whether another studio has the same document open."""
        # The newest draft first; of slots without one the first.
        slot, self._held = max(free, key=lambda each: _time(each[0] / _FILE) or _time(each[0] / _PICTURE))
        for _, held in free:
            if held is not self._held:
                held.close()
        self._document, self._path, self._traced = document, slot / _FILE, slot / _PICTURE
        self._writing = threading.Lock()

    def load(self) -> Saved | None:
        """What is kept; None if nothing is, or nothing that can be read."""
        try:
            found = json.loads(self._path.read_bytes())
            if found["format"] != _FORMAT:
                return None
            return Saved(dict(found["scene"]), str(found["label"]), str(found["saved_at"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def save(self, scene: dict[str, Any], label: str) -> Saved:
        """Keep a scene durably, instead of what was kept before.

        Raises:
            OSError: it cannot be written; what was kept before still is.
        """
        saved = Saved(scene, label, now())
        value = {"format": _FORMAT, "document": self._document, **asdict(saved)}
        with self._writing, replacing(self._path, 0o600) as file:
            file.write(json.dumps(value).encode())
        return saved

    def load_picture(self) -> tuple[str, bytes] | None:
        """Name and bytes of the picture that is traced; None if none is kept, or none that can be read."""
        try:
            head, _, data = self._traced.read_bytes().partition(b"\n")
            found = json.loads(head)
            return (str(found["name"]), data) if found["format"] == _FORMAT else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def has_picture(self) -> bool:
        """Whether a picture is kept."""
        return self._traced.exists()

    def save_picture(self, name: str, data: bytes) -> None:
        """Keep the picture that is traced, durably, instead of the one before.

        Raises:
            OSError: it cannot be written; what was kept before still is.
        """
        with self._writing, replacing(self._traced, 0o600) as file:
            file.write(json.dumps({"format": _FORMAT, "name": name}).encode() + b"\n")
            file.write(data)

    def discard_picture(self) -> None:
        """Keep no picture any more."""
        self._remove(self._traced)

    def discard(self) -> None:
        """Keep nothing any more."""
        self._remove(self._path)
        self._remove(self._traced)

    def _remove(self, path: Path) -> None:
        with self._writing, suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def close(self) -> None:
        """Let another studio have it."""
        self._held.close()


def _free_slots(folder: Path) -> tuple[list[tuple[Path, ExitStack]], bool]:
    """The slots that nobody holds, now held by us, with what lets go of them; and whether somebody holds others."""
    free: list[tuple[Path, ExitStack]] = []
    others = False
    for number in range(1, _SLOTS + 1):
        slot = folder / str(number)
        if free and not slot.exists():
            break
        held = ExitStack()
        try:
            slot.mkdir(mode=0o700, parents=True, exist_ok=True)
            held.enter_context(writer_lock(slot, 0))
        except RepositoryBusyError:
            others = True
            continue
        except (OSError, RepositoryError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise HaacError(
                f"drafts cannot be kept in {slot} ({reason}): XDG_STATE_HOME names another place"
            ) from error
        free.append((slot, held))
    return free, others


def _time(path: Path) -> float:
    """When a draft was written, in seconds; 0 if there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
