"""Layout of a repository folder: what is published stands in a folder of its own.

`public/` is the published tree, for any file server: head, log segments, sealed packs, and of a signed repository its metadata. What
stands beside it (catalog, open packs, keys) is never served.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from haac_repo._files import TEMPORARY, sync_folder, write_file

PUBLIC = "public"
FOLDERS = (PUBLIC, f"{PUBLIC}/log", f"{PUBLIC}/packs", "open")
"""Of every repository and mirror; parents first."""

IDENTITY = "repository.json"
"""Says again what the catalog says of id and role, for the day when that is lost; and what the repository publishes of names."""

LOST = "lost"
"""Folder for damaged files, and those that no record accounts for."""

PART = ".part"
"""Suffix of files in `open/` that are being fetched, named by the SHA-256 that they will have."""

_FIRST_LAYOUT = ("packs", "log", "head")
"""Where these stood in the repository's folder itself; the head last, since it needs the others."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What `repository.json` says."""

    id: str
    """32 hex digits."""
    role: str
    """'writer' or 'mirror'."""
    root: str = ""
    """Of a mirror of a signed repository: fingerprint (SHA-256, hex) of the root that it pinned, so that it never follows an unsigned
    one, also when its catalog was lost and made again."""
    source_names: str = ""
    """Of a writer: what it publishes of the names of sources; empty as long as nobody said."""


def read_identity(path: Path) -> Identity | None:
    """Read the `repository.json` of the folder `path`; None if it is not there or says nothing that can be used."""
    try:
        value = json.loads((path / IDENTITY).read_bytes())
        found = Identity(
            str(value["id"]),
            str(value["role"]),
            str(value.get("root", "")),
            str(value.get("source_names", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    sound = re.fullmatch("[0-9a-f]{32}", found.id) and re.fullmatch("([0-9a-f]{64})?", found.root)
    return found if sound and found.role in ("writer", "mirror") else None


def write_identity(path: Path, identity: Identity) -> None:
    """Write the `repository.json` of the folder `path`, durably."""
    value = {"format": 1, "id": identity.id, "role": identity.role}
    if identity.root:
        value["root"] = identity.root
    if identity.source_names:
        value["source_names"] = identity.source_names
    write_file(path / IDENTITY, (json.dumps(value) + "\n").encode())


def keep_identity(path: Path, identity: Identity) -> None:
    """Write the `repository.json` of the folder `path`, unless it says so already. The caller holds the lock."""
    if read_identity(path) != identity:
        write_identity(path, identity)


def published_folder(path: Path) -> Path:
    """The published tree of the repository or mirror in `path`."""
    return path / PUBLIC


def make_folders(path: Path) -> list[str]:
    """Make the folders of a repository that are not there; their names."""
    made = [name for name in FOLDERS if not (path / name).is_dir()]
    for name in made:
        (path / name).mkdir()
    return made


def temporary_files(path: Path) -> list[Path]:
    """Files of a repository that are being written, or that a crash left unfinished."""
    folders = [
        path,
        *(path / name for name in FOLDERS),
        *(path / PUBLIC / name for name in ("metadata", "targets")),
        path / "keys",
    ]
    return sorted(
        file
        for folder in folders
        for file in folder.glob(f"*{TEMPORARY}*")
        if file.is_file() and not file.is_symlink()
    )


def remove_temporary(path: Path) -> list[str]:
    """Delete what a crash left unfinished; the names. The caller holds the lock, so nobody else is writing."""
    found = temporary_files(path)
    for file in found:
        file.unlink()
    return [file.relative_to(path).as_posix() for file in found]


def is_first_layout(path: Path) -> bool:
    """Whether published files stand in the repository's folder itself, as haac had it before there was `public/`."""
    return any((path / name).exists() for name in _FIRST_LAYOUT)


def move_published(path: Path) -> None:
    """Move the published files of a repository of the first layout into `public/`. The caller holds the lock.

    A crash leaves some of them moved; the next call goes on.
    """
    public = published_folder(path)
    public.mkdir(exist_ok=True)
    for name in _FIRST_LAYOUT:
        old, new = path / name, public / name
        if not old.exists():
            continue
        if old.is_dir() and new.is_dir():
            for file in old.iterdir():
                file.replace(new / file.name)
            old.rmdir()
        else:
            old.replace(new)
    sync_folder(public)
    sync_folder(path)
