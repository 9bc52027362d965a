"""Shared by the tests of the repository room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haac_repo import Repository
from tests.repo.elements import MakeElement, element_of


@pytest.fixture
def make_element() -> MakeElement:
    return element_of


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "repository") as made:
        yield made
