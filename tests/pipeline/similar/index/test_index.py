"""What is stored of embeddings finds the same neighbours, and comes back from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from haac_repo import Repository
from haac_similar import Embeddings
from haac_similar._index.index import SimilarIndex, Stored, path, projection_of, read, rows_of, write

RANDOM = np.random.default_rng(3)
CLASSIFIER = RANDOM.normal(0, 1, (50, 32)).astype(np.float32)
PROJECTION = projection_of(CLASSIFIER)
FEATURES = np.abs(RANDOM.normal(0, 1, (20, 32))).astype(np.float32)
PROBABILITIES = RANDOM.dirichlet(np.full(50, 0.05), 20).astype(np.float32)
FOUND = Embeddings(FEATURES, PROBABILITIES)
HELD = [(2 * at + 2, f"{at:064x}") for at in range(20)]


def test_the_nearest_of_each_is_itself() -> None:
    for found in (FOUND, Embeddings(FEATURES, None)):
        index = SimilarIndex(rows_of(HELD, found, PROJECTION), PROJECTION)
        assert [index.nearest(found[at : at + 1], 1)[0][0] for at in range(20)] == [n for n, _ in HELD]


def test_only_what_is_allowed_comes() -> None:
    index = SimilarIndex(rows_of(HELD, FOUND, PROJECTION), PROJECTION)
    assert {number for number, _ in index.nearest(FOUND[:1], 9, allowed=np.array([4, 6, 7]))} == {4, 6}
    assert len(index.nearest(FOUND[:1], 9)) == 9


def test_an_empty_index_finds_nothing() -> None:
    index = SimilarIndex(rows_of([], FOUND[:0], PROJECTION), PROJECTION)
    assert index.nearest(FOUND[:1], 5) == []


def test_an_element_takes_at_most_160_bytes() -> None:
    wide = projection_of(RANDOM.normal(0, 1, (200, 300)).astype(np.float32))
    found = Embeddings(RANDOM.normal(0, 1, (1, 300)).astype(np.float32), PROBABILITIES[:1])
    rows = rows_of(HELD[:1], found, wide)
    parts = (rows.numbers, rows.marks, rows.codes, rows.scales, rows.classes, rows.roots)
    assert sum(part.nbytes for part in parts) <= 160


def test_it_comes_back_from_disk_and_damage_is_told(tmp_path: Path) -> None:
    with Repository.create(tmp_path / "r") as repository:
        assert read(repository, "tiny") == (None, "")
        rows = rows_of(HELD, FOUND, PROJECTION)
        path(repository).parent.mkdir()
        write(repository, "tiny", Stored(rows, PROJECTION))
        stored, _ = read(repository, "tiny")
        assert stored is not None
        index = SimilarIndex(stored.rows, stored.projection)
        assert index.nearest(FOUND[3:4], 5) == SimilarIndex(rows, PROJECTION).nearest(FOUND[3:4], 5)
        assert read(repository, "other")[1] == "is of another version or network"
        file = path(repository)
        file.write_bytes(file.read_bytes()[:500])
        assert "is damaged" in read(repository, "tiny")[1]
