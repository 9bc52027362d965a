"""Fetching metadata: every file with its own limit, and remembered as evidence."""

from __future__ import annotations

from typing import Protocol

from haac_repo._limits import LIMITS
from haac_repo._trust.layout import METADATA, TIMESTAMP_PATH


class Source(Protocol):
    """Gives small published files whole."""

    def small(self, path: str, most: int) -> bytes | None:
        """The published file at `path`; None if the server does not have it.

        Raises:
            TransportError: it has more than `most` bytes, or the network or the server failed.
        """
        ...


class Recorder:
    """Fetches by published path, and keeps what came."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.received: dict[str, bytes] = {}
        """By published path, in order."""

    def small(self, path: str) -> bytes | None:
        """The published file at `path`; None if the server does not have it."""
        data = self._source.small(path, _limit(path))
        if data is not None:
            self.received[path] = data
        return data


def _limit(path: str) -> int:
    if path == TIMESTAMP_PATH:
        return LIMITS.timestamp_bytes
    if path.startswith(f"{METADATA}/"):
        return LIMITS.root_bytes if path.endswith(".root.json") else LIMITS.metadata_bytes
    return LIMITS.head_bytes
