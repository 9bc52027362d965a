"""Photographs told by catalogs of growing size, with a stub of a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="telling photographs needs OpenCV")

import haac_similar
from haac_evidence._scores.judge import Seen, seen
from haac_evidence._study import similar as measuring
from haac_evidence._study.kept import Kept
from haac_evidence._study.similar import Photograph, SimilarMeasure, SimilarStudy
from haac_repo import Repository
from haac_similar import SimilarIndex
from haac_similar._index.index import rows_of
from tests.pipeline.similar.catalog import ByColour, catalog, photograph


class Eye:
    """A judge that sees what the stub embeds."""

    name = "eye"

    def __call__(self, picture: object) -> Seen:
        found = ByColour().embed([picture])  # type: ignore[list-item]
        assert found.probabilities is not None
        return seen(found.probabilities[0], found.features[0])


def index_of(repository: Repository, *_: object) -> SimilarIndex:
    held = repository.held()
    found = ByColour().embed([repository.image(number) for number, _ in held])
    projection = np.eye(48, dtype=np.float32)
    return SimilarIndex(rows_of(held, found, projection), projection)


def test_photographs_are_told_by_catalogs_of_each_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(haac_similar, "open_similar_index", index_of, raising=False)
    monkeypatch.setattr(haac_similar, "update_similar_index", lambda *_: None, raising=False)
    monkeypatch.setattr(measuring, "WASHES", (60,))
    picture, mask = photograph(("dog", 20, 15))
    told = [Photograph("dog.png", picture, mask, "0" * 64, Eye()(picture))]
    with catalog(tmp_path / "world", ("dog", "cat"), 4) as world:
        numbers = [element.number for element in world.elements() if "background" not in element.tags]
        options = SimilarStudy(budget=60, draws=1, always=True)
        measure = SimilarMeasure(world, told, Eye(), ByColour(), options)  # type: ignore[arg-type]
        kept = Kept(None, {})
        (wash,) = measure.washes(kept)
        rows = measure.rows(numbers, [4, 8], kept)
    assert [row["elements"] for row in rows] == [4, 8]
    assert rows[-1]["told"] == 1.0
    assert all(row["recipe_bytes"] <= 60 for row in [wash, *rows])
    assert rows[0]["mirror_bytes"] < rows[1]["mirror_bytes"]
    assert all(-1 <= row["likeness"] <= 1 for row in rows)
