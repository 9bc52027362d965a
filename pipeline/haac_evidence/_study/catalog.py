"""A catalog that grows: a repository of some elements of another, under ids of its own, and what its mirrors fetch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Self

from haac_repo import Element, NewElement, Repository, publish, sync

_COPIED = {field.name for field in fields(Element)} & {field.name for field in fields(NewElement)} - {
    "derived_from"
}


class GrowingCatalog:
    """A repository in a temporary folder, which goes when this closes.

    Its elements get ids in the order in which they come, so that a small catalog has short ids, as it would have by itself.

    Args:
        world: the repository that they are copied from.
        order: numbers of elements there, as they come into the catalog.
    """

    def __init__(self, world: Repository, order: Sequence[int]) -> None:
        self._world, self._order = world, list(order)
        self._folder = tempfile.TemporaryDirectory(prefix="haac-study-", ignore_cleanup_errors=True)
        self.repository = Repository.create(Path(self._folder.name) / "catalog")
        self.origin: dict[int, int] = {}
        """Number here -> number in the world."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.repository.close()
        self._folder.cleanup()

    def grow(self, size: int) -> None:
        """Add elements until there are so many of the order."""
        held = set(self.origin.values())
        with self.repository.writer() as writer:
            for number in self._order[:size]:
                if number not in held:
                    added, _ = writer.add(self._copied(number))
                    self.origin[added.number] = number
        publish(self.repository)

    def _copied(self, number: int) -> NewElement:
        element = self._world.element(number)
        known = {name: getattr(element, name) for name in _COPIED}
        return NewElement(data=self._world.data(number), **known)

    def fetched(self, only: Iterable[int] | None = None) -> int:
        """Bytes that a new mirror receives: all, or those of a few elements and the log, as `haac sync --for` does.

        Args:
            only: numbers here; None: all.
        """
        wanted = None if only is None else set(only)
        with tempfile.TemporaryDirectory(prefix="haac-study-", ignore_cleanup_errors=True) as folder:
            return sync(self.repository.path, Path(folder) / "mirror", only=wanted).received
