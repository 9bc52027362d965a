"""Which files are published, and opening them: exact names only, and no link in the folder is followed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import io
import os
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from haac_repo._store.layout import published_folder
from haac_repo._trust.layout import VERSION

_immutable = re.compile(r"log/[0-9]{8}\.jsonl\.gz|packs/[0-9a-f]{64}\.pack|targets/[0-9a-f]{64}\.head")
_replaced = re.compile(rf"head|metadata/(?:(?:{VERSION}\.)?(?:root|snapshot|targets)|timestamp)\.json")
_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
)
_REFUSES_LINKS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether the system can be told to open no links; Windows cannot."""
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EACCES}
"""What opening fails with where there is no regular file that the server may read, on some system (a link: ELOOP or EMLINK)."""
_RACY = 2 * 10**9
"""Nanoseconds: two changes so close together may leave the same time on a file, in some file systems."""
_KEPT = 256


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A published file that is open for reading: these bytes, whatever its name stands for meanwhile."""

    file: BinaryIO
    name: str
    size: int
    """Bytes."""
    immutable: bool
    """Whether the name stands for these bytes for ever."""
    version: tuple[int, ...]
    """Device, inode, size, and the nanoseconds of the last change of bytes and of the file's entry."""


def open_published(folder: Path, name: str) -> PublishedFile | None:
    """Open the published file `name`; None if there is none, or it is not a regular file.

    Args:
        folder: The repository or mirror, or its published tree alone.
        name: As in the path of a URL after its first slash, undecoded. Nothing but the published names is ever looked for.

    Raises:
        OSError: it is there, but cannot be opened now.
    """
    immutable = _immutable.fullmatch(name) is not None
    if not immutable and not _replaced.fullmatch(name):
        return None
    root = published_folder(folder)
    try:
        descriptor = _open(root if root.is_dir() else folder, name)
    except OSError as error:
        if error.errno in NOT_THERE:
            return None
        raise
    return opened(descriptor, name, immutable=immutable)


def opened(descriptor: int, name: str, *, immutable: bool) -> PublishedFile | None:
    """What is read from a descriptor; None, and it is closed, if it is not a regular file."""
    with contextlib.ExitStack() as undo:
        undo.callback(os.close, descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        undo.pop_all()
    file: BinaryIO = os.fdopen(descriptor, "rb", buffering=0)
    if os.name == "nt" and not immutable:  # there, nobody can replace a file that is open
        with file:
            file = io.BytesIO(file.read())
    version = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return PublishedFile(file, name, status.st_size, immutable, version)


def _open(root: Path, name: str) -> int:
    """A descriptor of `root`/`name`.

    Raises:
        OSError: there is no such file, or a link stands in the way.
    """
    folder, _, last = name.rpartition("/")
    if not _REFUSES_LINKS:
        for path in (root / folder, root / name) if folder else (root / name,):
            if path.is_symlink() or getattr(os.lstat(path), "st_reparse_tag", False):
                raise OSError(errno.ELOOP, "links are not followed", str(path))
        return os.open(root / name, _FLAGS)
    if not folder:
        return os.open(root / last, _FLAGS)
    parent = os.open(root / folder, _FLAGS | os.O_DIRECTORY)
    try:
        return os.open(last, _FLAGS, dir_fd=parent)
    finally:
        os.close(parent)


class Tags:
    """ETags of published files. They fit the bytes, so that two publishings within a second are told apart."""

    def __init__(self) -> None:
        self._hashes: dict[str, tuple[tuple[int, ...], str]] = {}

    async def of(self, found: PublishedFile) -> str:
        """The ETag, quoted: of immutable files by their name, size and time, of others by their SHA-256."""
        if found.immutable:
            stem = found.name.rpartition("/")[2].partition(".")[0]
            return f'"{stem[:32]}-{found.size}-{found.version[3]}"'
        kept = self._hashes.get(found.name)
        if kept is None or kept[0] != found.version:
            digest = await asyncio.to_thread(_sha256, found.file)
            kept = (found.version, f'"{digest[:32]}"')
            self._hashes.pop(found.name, None)
            # What changed a moment ago may change again and look the same (as git says of its index, "racily clean").
            if time.time_ns() - max(found.version[3:]) > _RACY:
                self._hashes[found.name] = kept
                if len(self._hashes) > _KEPT:
                    del self._hashes[next(iter(self._hashes))]
        return kept[1]


def _sha256(file: BinaryIO) -> str:
    """Hex digest of all its bytes."""
    digest = hashlib.sha256()
    file.seek(0)
    while data := file.read(2**20):
        digest.update(data)
    return digest.hexdigest()
