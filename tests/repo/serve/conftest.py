"""A published repository, served; and the repositories of the tests of mirrors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haac_repo import Server
from tests.repo.mirror.conftest import Origin, grow, growing, origin, published

__all__ = ["grow", "growing", "origin", "published"]


@pytest.fixture(scope="session")
def server(published: Path) -> Iterator[Server]:
    """`published`, served."""
    with Server(published) as made:
        yield made


@pytest.fixture
def pack(origin: Origin) -> tuple[str, bytes]:
    """The path of a pack of `published` in URLs, and its bytes."""
    return f"/{origin.packs[0]}", origin.files[origin.packs[0]]
