"""Evidence: what a sync refused is kept, for whoever wants to show what a server sent."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from haac_repo._files import sync_folder, write_file
from haac_repo._limits import LIMITS
from haac_repo._store.layout import LOST

_REASON = "reason.txt"


def keep(path: Path, files: Mapping[str, bytes], reason: str) -> Path | None:
    """Keep the files that were refused in MIRROR/lost/refused-<UTC time>/, with the reason in `reason.txt`.

    What was kept before, byte for byte, is not kept again, so that a server that is asked every minute fills nothing up. A disk that is
    full or cannot be written to is no error here: the refusal is what matters.

    Args:
        path: The mirror; the caller holds its lock. If there is none yet, nothing is kept.
        files: Bytes by name, the most telling first; a `/` in a name becomes `-`. Those beyond 32 MiB are left out,
            and `reason.txt` says so.
        reason: Why they were refused, for people.

    Returns:
        The folder that has them; None if nothing could be kept.
    """
    if not path.is_dir():
        return None
    with contextlib.suppress(OSError):
        named = {name.replace("/", "-"): data for name, data in files.items()}
        lines = [reason, ""]
        left = LIMITS.evidence_bytes
        fitting: dict[str, bytes] = {}
        for name, data in named.items():
            fits = len(data) <= left
            left -= len(data) if fits else 0
            if fits:
                fitting[name] = data
            left_out = "" if fits else ", left out: too long"
            lines.append(f"{hashlib.sha256(data).hexdigest()}  {len(data)} bytes  {name}{left_out}")
        text = ("\n".join(lines) + "\n").encode()
        for folder in refusals(path):
            if (folder / _REASON).is_file() and (folder / _REASON).read_bytes() == text:
                return folder
        folder = new_folder(path)
        try:
            for name, data in fitting.items():
                write_file(folder / name, data)
            write_file(folder / _REASON, text)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)  # a full disk is not filled with halves
            raise
        sync_folder(path / LOST)
        _drop_oldest(path)
        return folder
    return None


def refusals(path: Path) -> list[Path]:
    """The folders of what the mirror in `path` refused, oldest first."""
    return sorted(folder for folder in (path / LOST).glob("refused-*") if folder.is_dir())


def new_folder(path: Path, kind: str = "refused") -> Path:
    """Make a folder MIRROR/lost/<kind>-<UTC time>/; their names sort by time."""
    (path / LOST).mkdir(exist_ok=True)
    folder = path / LOST / f"{kind}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    folder.mkdir()
    return folder


def _drop_oldest(path: Path) -> None:
    kept = refusals(path)
    sizes = [sum(file.stat().st_size for file in folder.iterdir() if file.name != _REASON) for folder in kept]
    while len(kept) > 1 and (len(kept) > LIMITS.evidence_folders or sum(sizes) > LIMITS.evidence_bytes):
        shutil.rmtree(kept.pop(0))
        sizes.pop(0)
