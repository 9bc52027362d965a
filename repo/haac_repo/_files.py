"""Crash-safe files: write to a temporary name, fsync, atomic rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from haac_repo._errors import RepositoryError

StrPath = str | os.PathLike[str]
"""A path as callers of the public functions give it."""

TEMPORARY = ".tmp"
"""Suffix of files being written; what a crash leaves of them goes when the holder of the lock tidies up."""
_TEMPORARY_CHARS = 40
"""Of a file's name, in that of its temporary file; at most 160 bytes of the 255 that file systems allow."""


def now() -> str:
    """The current time as an ISO 8601 UTC timestamp, as in 2026-11-23T01:02:03Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def home() -> Path:
    """The user's home; where there is none, as for a number without a name in a container, the root."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.sep)


def sync_folder(path: Path) -> None:
    """Fsync the folder `path`, so that renames and new files in it are durable."""
    if os.name == "nt":  # Windows cannot open folders; NTFS journals its names
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Fsync the file `path`, which others have written."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make the folder `path`, and those above it that are not there, durably; `mode` is that of the last one."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode, exist_ok=True)
        sync_folder(path.parent)


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Atomically replace the file `path`: write beside it under a temporary name, fsync, rename.

    On an exception `path` is as it was, and the temporary file is gone. `mode`, less the umask, is that of the file from its first byte on.
    """
    if not path.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "There is no folder", str(path.parent))
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileExistsError(errno.EEXIST, "A pipe or device is not replaced by a file", str(path))
    # Not the whole name: where that is as long as names may be, nothing fits behind it.
    temporary = path.with_name(f"{path.name[:_TEMPORARY_CHARS]}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename == str(temporary):
            error.filename = str(path)  # the name that a person knows
        raise
    sync_folder(path.parent)


def write_file(path: StrPath, data: bytes) -> None:
    """Write `data` to `path` durably and atomically."""
    with replacing(Path(path)) as file:
        file.write(data)


def write_newer(path: Path, data: bytes) -> None:
    """Write like `write_file`, and let the time of the file be at least a second after that of the file it replaces.

    nginx, Caddy and others make ETags of a file's length and the second of its last change: of two heads within a second, the second
    one would never be seen by whoever has the first.
    """
    with replacing(path) as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(FileNotFoundError):
            made, old = os.fstat(file.fileno()).st_mtime_ns, path.stat().st_mtime_ns
            earliest = (old // 10**9 + 1) * 10**9
            if made < earliest:
                os.utime(file.name, ns=(earliest, earliest))


_SIDE_FILE_BYTES = 2**15
"""What SQLite needs beside a catalog in order to open it."""


def _reason(error: sqlite3.Error, folder: Path) -> str:
    """SQLite's words; but it calls a disk that is too full for its side files a failure of the disk."""
    if "disk I/O error" in str(error):
        with contextlib.suppress(OSError):
            if shutil.disk_usage(folder).free < _SIDE_FILE_BYTES:
                return "the disk is full: make room"
    return str(error)


@contextlib.contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into one RepositoryError about the repository in `folder`."""
    try:
        yield
    except sqlite3.Error as error:
        reason = _reason(error, folder)
        advice = ""
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            advice = ": `haac verify --repair` rebuilds what can be rebuilt"
        raise RepositoryError(f"the catalog of {folder} cannot be used ({reason}){advice}") from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise RepositoryError(f"cannot use {folder}: {error.strerror or error}{where}") from error
