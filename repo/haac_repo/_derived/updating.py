"""What files that follow from the catalog have in common: rows by number and mark, and one process at a time that brings them up to date.

The match index and the similar index are such files. Their rows are compared with the catalog by number and by a mark, the beginning of
the pixel hash, since a catalog that was lost may give a number again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from haac_repo._files import TEMPORARY, storage_errors
from haac_repo._lock import writer_lock

Held = Sequence[tuple[int, str]]
"""Numbers and pixel hashes of the elements whose bytes are there, by number."""
_WAIT = 600.0  # seconds for another process that makes the same file


class Marked(Protocol):
    """Rows of elements."""

    @property
    def numbers(self) -> npt.NDArray[Any]:
        """(rows,) whole numbers, rising."""

    @property
    def marks(self) -> npt.NDArray[Any]:
        """(rows,) uint32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What was done to an index."""

    elements: int
    """In it now."""
    described: int
    bytes: int
    """Of its file."""
    seconds: float
    unread: list[int] = field(default_factory=list)
    """Numbers of elements that could not be read."""
    fixed: int = 0
    """Of the bytes: as many whatever the number of elements."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The state of an index."""

    there: bool
    """Whether there is one that can be used."""
    missing: int
    """Elements that are not in it."""
    bytes: int
    damage: str
    """Why one that is there cannot be used."""


def mark(pixels_sha256: str) -> int:
    """The beginning of a pixel hash, 32 bits."""
    return int(pixels_sha256[:8], 16)


def is_current(rows: Marked, held: Held) -> npt.NDArray[np.bool_]:
    """(rows,) True where the element is still the one that was described."""
    numbers, marks = _marks(held)
    at = np.minimum(np.searchsorted(numbers, rows.numbers), max(0, len(numbers) - 1))
    if not len(numbers):
        return np.zeros(len(rows.numbers), np.bool_)
    return np.asarray((numbers[at] == rows.numbers) & (marks[at] == rows.marks))


def missing(rows: Marked | None, held: Held) -> Held:
    """Elements that have no row, or were others when they were described."""
    if rows is None:
        return held
    numbers, marks = _marks(held)
    known = np.zeros(len(numbers), np.bool_)
    if len(rows.numbers) and len(numbers):
        at = np.minimum(np.searchsorted(rows.numbers, numbers), len(rows.numbers) - 1)
        known = (rows.numbers[at] == numbers) & (rows.marks[at] == marks)
    return [held[index] for index in np.flatnonzero(~known).tolist()]


def _marks(held: Held) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    return (
        np.array([number for number, _ in held], np.int64),
        np.array([mark(pixels) for _, pixels in held], np.uint32),
    )


def size(path: Path) -> int:
    """Bytes of a file; 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextlib.contextmanager
def updating(repository: Path, name: str) -> Iterator[Path]:
    """Hold the lock of a folder of the repository, made if it is not there, and rid it of what a crash left; gives its path.

    Raises:
        RepositoryError: it cannot be written to.
        RepositoryBusyError: another process holds it, and takes long.
    """
    folder = repository / name
    with storage_errors(repository):
        folder.mkdir(exist_ok=True)
    with writer_lock(folder, _WAIT):
        with storage_errors(repository):
            for leftover in folder.glob(f"*{TEMPORARY}"):
                leftover.unlink()
        yield folder
