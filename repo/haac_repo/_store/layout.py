"""Layout of a repository folder: what is published stands in a folder of its own.

`public/` is the published tree, for any file server: head, log segments, sealed packs, and of a signed repository its metadata. What
stands beside it (catalog, open packs, keys) is never served.
"""

from __future__ import annotations

from pathlib import Path

from haac_repo._files import sync_folder

PUBLIC = "public"
FOLDERS = (PUBLIC, f"{PUBLIC}/log", f"{PUBLIC}/packs", "open")
"""Of every repository and mirror; parents first."""

PART = ".part"
"""Suffix of files in `open/` that are being fetched, named by the SHA-256 that they will have."""

_FIRST_LAYOUT = ("packs", "log", "head")
"""Where these stood in the repository's folder itself; the head last, since it needs the others."""


def published_folder(path: Path) -> Path:
    """The published tree of the repository or mirror in `path`."""
    return path / PUBLIC


def make_folders(path: Path) -> list[str]:
    """Make the folders of a repository that are not there; their names."""
    made = [name for name in FOLDERS if not (path / name).is_dir()]
    for name in made:
        (path / name).mkdir()
    return made


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
