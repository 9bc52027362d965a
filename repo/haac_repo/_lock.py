"""Single-writer lock: an operating-system file lock (flock), which a crash releases."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from haac_repo._errors import RepositoryBusyError, RepositoryError

LOCK = "lock"
_POLL = 0.05  # seconds

if sys.platform == "win32":
    import msvcrt

    # Windows keeps others from reading locked bytes: lock one far behind the pid.
    _BYTE = 2**30

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    # flock, not POSIX locks: those are lost when the process closes any descriptor of the file, and would let in
    # a second writer of the same process.
    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextlib.contextmanager
def writer_lock(folder: Path, wait: float) -> Iterator[None]:
    """Hold the repository's writer lock.

    Args:
        folder: The repository.
        wait: Seconds to wait for another writer to finish.

    Raises:
        RepositoryBusyError: it did not.
        RepositoryError: the folder cannot be written to.
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError as error:
        raise RepositoryError(f"cannot write to {folder}: {error.strerror or error}") from error
    try:
        deadline = time.monotonic() + wait
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise RepositoryBusyError(
                    f"{folder} is being written to by {_holder(descriptor)}, and {wait:g} seconds were not enough"
                    " to see it finish: try again later"
                )
            time.sleep(_POLL)
        try:
            # For the message above only, so a full disk does not matter.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, b"%d\n" % os.getpid())
            yield
        finally:
            # The file stays: removing it would let two writers lock two files of that name.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            _unlock(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    pid = os.read(descriptor, 20).strip()
    return f"process {int(pid)}" if pid.isdigit() else "another process"
