"""Photographs told by similar elements beside other formats, and judged; with stubs of networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2", reason="telling photographs needs OpenCV")

from haac_evidence._peers import measure as measuring
from haac_evidence._peers.files import Measured
from haac_evidence._peers.measure import PHOTOGRAPHS, Work, measure
from haac_evidence._peers.run import Photograph, Settings, _key, plan
from haac_evidence._peers.similar import MOST, SIMILAR, Telling, _opened, telling
from haac_evidence._scores.judge import Judging, Seen, seen
from haac_evidence._tables import tell
from haac_repo import MissingExtraError, Repository
from haac_similar import SimilarIndex
from haac_similar._index.index import rows_of
from tests.pipeline.similar.catalog import ByColour, catalog, photograph

PICTURE, MASK = photograph(("dog", 20, 15))
JUDGE = Judging(None, "eye", "0" * 64)


class Eye:
    """A judge that sees what the stub embeds."""

    name = "eye"

    def __call__(self, picture: Image.Image) -> Seen:
        found = ByColour().embed([picture])
        assert found.probabilities is not None
        return seen(found.probabilities[0], found.features[0])


def index_of(repository: Repository, *_: object, **__: object) -> SimilarIndex:
    held = repository.held()
    found = ByColour().embed([repository.image(number) for number, _ in held])
    projection = np.eye(48, dtype=np.float32)
    return SimilarIndex(rows_of(held, found, projection), projection)


@pytest.fixture
def told_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    """A catalog of dogs and cats, with the stub in the place of its network."""
    monkeypatch.setattr(tell, "need_telling", lambda: None)
    monkeypatch.setattr(tell, "require_similar_index", lambda _: None)
    monkeypatch.setattr(tell, "Embedder", lambda **_: ByColour())
    monkeypatch.setattr(tell, "open_similar_index", index_of)
    monkeypatch.setattr(tell, "mask", lambda *_: Image.fromarray(MASK))
    monkeypatch.setattr(measuring, "load_judge", lambda _: Eye())
    with catalog(tmp_path / "dogs", ("dog", "cat"), 5) as repository:
        found = telling(repository, "stub", "no such file")
    _opened.cache_clear()
    yield found
    _opened.cache_clear()


def work(telling: Telling) -> Work:
    (made,) = (
        each
        for each in plan(
            [Photograph("dog", PICTURE, telling)], [], None, Settings(budgets=(20, 60, 5_000), judge=JUDGE)
        )
        if each.format == SIMILAR
    )
    return made


def files(work: Work) -> list[Measured]:
    done = measure(work)
    assert (done.picture, done.group, done.format) == ("dog", PHOTOGRAPHS, SIMILAR)
    return [Measured.of_line(line) for line in done.files]


def test_a_photograph_is_told_within_each_budget_and_its_kind_is_judged(told_by: Telling) -> None:
    found = files(work(told_by))
    assert found
    assert all(each.bytes <= 60 for each in found), "not of budgets beyond MOST"
    assert MOST < 5_000
    assert any(each.settings == "like dog" and each.scores["kind"] == 100 for each in found)


def test_elements_out_of_the_photograph_itself_do_not_tell_it(told_by: Telling) -> None:
    with Repository.open(told_by.repository) as repository:
        dogs = tuple(each.number for each in repository.elements() if "dog" in each.tags)
        source = repository.element(dogs[0]).provenance.source_sha256
        assert dogs[0] in telling(repository, "stub", source).without
    without = files(work(replace(told_by, without=dogs)))
    assert not any("dog" in each.settings for each in without)


def test_what_was_kept_is_of_that_judge_and_those_elements(told_by: Telling) -> None:
    own = work(told_by)
    keys = [
        _key(each)
        for each in (
            own,
            replace(own, judge=None),
            replace(own, judge=replace(JUDGE, sha256="1" * 64)),
            replace(own, telling=replace(told_by, state="another")),
            replace(own, telling=replace(told_by, without=(1,))),
        )
    ]
    assert len(set(keys)) == len(keys)
    moved = replace(own, telling=replace(told_by, repository=Path("elsewhere")))
    assert _key(moved) == keys[0]


def test_without_a_model_nothing_is_told(told_by: Telling) -> None:
    with Repository.open(told_by.repository) as repository, pytest.raises(MissingExtraError):
        telling(repository, None, "")


def test_a_photograph_without_a_repository_is_not_told() -> None:
    works = plan([Photograph("dog", PICTURE)], [], None, Settings(formats=("haac",)))
    assert [each.format for each in works] == ["haac"]
