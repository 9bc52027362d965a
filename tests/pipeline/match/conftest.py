"""The repositories that the tests of the matcher search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haac_match import Matcher
from haac_repo import Repository
from tests.pipeline.match.pictures import drawn, new_element, scenery, thin


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """14 drawn elements, two of them tagged, and three sceneries."""
    path: Path = tmp_path_factory.mktemp("match") / "repo"
    with Repository.create(path) as made, made.writer() as writer:
        for seed in range(14):
            image = drawn(seed)
            tags = ("round",) if seed < 2 else ("thing",)
            writer.add(new_element(image, tags))
        for seed in range(3):
            writer.add(new_element(scenery(seed), ("ground",)))
    with Repository.open(path) as opened:
        yield opened


@pytest.fixture(scope="session")
def matcher(repository: Repository) -> Matcher:
    return Matcher(repository)


@pytest.fixture(scope="session")
def photo_repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Ten drawn elements, and a thin one."""
    path: Path = tmp_path_factory.mktemp("foreign") / "repo"
    with Repository.create(path) as made, made.writer() as writer:
        for seed in range(10):
            writer.add(new_element(drawn(seed), ()))
        writer.add(new_element(thin(), ()))
    with Repository.open(path) as opened:
        yield opened
