"""Destinations of a published tree: what a bucket and a folder on a disk have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from haac_repo._errors import TransportError


class ChangedError(TransportError):
    """Somebody else replaced a file meanwhile."""


class Destination(Protocol):
    """Holds files under the paths that they have in the published tree. Thread-safe."""

    def listing(self) -> dict[str, int]:
        """Bytes of all files that are there whole, by path; of those in log/, packs/, metadata/ and targets/."""
        ...

    def read(self, path: str, most: int) -> tuple[bytes, str] | None:
        """A file's bytes, and a tag that changes with them; None if there is none.

        Raises:
            TransportError: it has more than `most` bytes, or cannot be read.
        """
        ...

    def put(self, path: str, file: Path, data: bytes | None) -> None:
        """Store a file, whole or not at all.

        Args:
            path: Its path.
            file: Where its bytes are...
            data: ...and the bytes, if they were read already.
        """
        ...

    def guards(self, path: str, data: bytes) -> bool:
        """Whether `replace` cannot overwrite what somebody else wrote in the same moment.

        Args:
            path: Of a file that is there.
            data: Its bytes.
        """
        ...

    def replace(self, path: str, data: bytes, tag: str | None) -> None:
        """Replace a file, if it is still the one with this tag; None: if there still is none.

        Raises:
            ChangedError: it is another one.
        """
        ...

    def delete(self, path: str) -> None:
        """Delete a file, if it is there."""
        ...
