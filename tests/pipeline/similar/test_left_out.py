"""Elements that cannot be had, or may not be used, are left out of a recipe, and what has no room is no error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac import Layer, Scene, Wash, to_text
from haac._cli.main import _run
from haac_repo import PictureError, RecipeError, Repository
from haac_similar import (
    DEFAULT_NETWORK,
    Embedder,
    Similar,
    SimilarOptions,
    Told,
    open_similar_index,
    update_similar_index,
)
from tests.pipeline.similar.embed.networks import put_in_table
from tests.repo.elements import element_from

pytest.importorskip("cv2")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("skimage")


@pytest.fixture
def embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Embedder:
    put_in_table(tmp_path / "weights", monkeypatch)
    return Embedder(DEFAULT_NETWORK)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """Three cut-outs and a background plate, element 4."""
    with Repository.create(tmp_path / "repo") as made:
        with made.writer() as writer:
            for seed, tags in ((1, ("red",)), (2, ("red",)), (3, ()), (4, ("background",))):
                image = disc(seed)
                writer.add(element_from(image, tags=tags))
        yield made


def disc(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 4), np.uint8)
    y, x = np.mgrid[:40, :40] - 19.5
    pixels[..., 3] = 255 * (x * x + y * y < 350)
    return Image.fromarray(pixels)


def photograph() -> tuple[Image.Image, np.ndarray[tuple[int, int], np.dtype[np.uint8]]]:
    """With three objects."""
    pixels = np.full((90, 120, 3), 90, np.uint8)
    mask = np.zeros((90, 120), np.uint8)
    for left in (5, 45, 85):
        mask[30:60, left : left + 30] = 255
        pixels[30:60, left : left + 30] = (200, left, 40)
    return Image.fromarray(pixels), mask


def told(repository: Repository, embedder: Embedder, **options: Any) -> Told:
    index = open_similar_index(repository, embedder)
    return Similar(repository, index, embedder).compress(
        *photograph(), SimilarOptions(**{"always": True, **options})
    )


def numbers(done: Told) -> set[int]:
    return {each.number for each in done.elements}


def test_an_element_that_is_damaged_is_left_out(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    (pack,) = repository.path.rglob("*.pack")
    whole = pack.read_bytes()
    for number in (1, 2):
        data = repository.data(number)
        whole = whole.replace(data, data[:-1] + bytes([data[-1] ^ 1]))
    pack.write_bytes(whole)
    assert numbers(told(repository, embedder)) == {3}


def test_with_all_elements_damaged_it_is_a_wash(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    (pack,) = repository.path.rglob("*.pack")
    pack.write_bytes(bytes(pack.stat().st_size))
    done = told(repository, embedder)
    assert isinstance(done.scene.background, Wash)
    assert (done.elements, done.reason) == ([], "the repository has no element that may be used")


def test_an_element_withdrawn_since_the_index_was_read_is_left_out(
    repository: Repository, embedder: Embedder
) -> None:
    update_similar_index(repository, embedder)
    similar = Similar(repository, open_similar_index(repository, embedder), embedder)
    with repository.writer() as writer:
        writer.withdraw(1, "wrong")
        writer.withdraw(2, "wrong")
    assert numbers(similar.compress(*photograph(), SimilarOptions(always=True))) == {3}


def test_a_mirror_that_holds_only_a_part_tells_by_that(
    repository: Repository, embedder: Embedder, tmp_path: Path
) -> None:
    recipe = to_text(Scene(40, 40, layers=[Layer(2)]))
    assert _run(["publish", str(tmp_path / "site"), "--repo", str(repository.path)]) == 0
    assert _run(["sync", str(tmp_path / "site"), str(tmp_path / "mirror"), "--for", recipe]) == 0
    with Repository.open(tmp_path / "mirror") as mirror:
        assert [number for number, _ in mirror.held()] == [2]
        assert update_similar_index(mirror, embedder).unread == []
        assert numbers(told(mirror, embedder)) == {2}


def test_without_elements_it_is_a_wash(tmp_path: Path, embedder: Embedder) -> None:
    with Repository.create(tmp_path / "none") as empty:
        update_similar_index(empty, embedder)
        done = told(empty, embedder)
    assert (done.elements, done.reason) == ([], "the repository has no element that may be used")


def test_only_elements_with_the_tags_are_used_as_plates_too(
    repository: Repository, embedder: Embedder
) -> None:
    update_similar_index(repository, embedder)
    for budget in range(20, 40):
        assert set(told(repository, embedder, only_tags=("red",), budget=budget).scene.elements()) <= {1, 2}


def test_fewer_elements_than_are_asked_are_not_said_to_be_more(
    repository: Repository, embedder: Embedder
) -> None:
    update_similar_index(repository, embedder)
    assert {each.of for each in told(repository, embedder).elements} == {3}


@pytest.mark.parametrize("budget", [1, 8, 20, 30])
def test_objects_that_cost_more_than_the_budget_are_no_crash(
    repository: Repository, embedder: Embedder, budget: int
) -> None:
    update_similar_index(repository, embedder)
    if budget < 10:
        with pytest.raises(RecipeError, match="allow more"):
            told(repository, embedder, budget=budget)
    else:
        assert told(repository, embedder, budget=budget).elements


def test_a_mask_of_another_size_is_refused(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    similar = Similar(repository, open_similar_index(repository, embedder), embedder)
    with pytest.raises(PictureError, match="the mask has the shape"):
        similar.compress(photograph()[0], np.zeros((120, 90), np.uint8))
