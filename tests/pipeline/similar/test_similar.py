"""Photographs told by similar elements: budgets, what may be used, and when a wash remains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac import Colour, Plate, Wash, from_binary, from_text, render, to_binary, to_text
from haac_repo import RecipeError, Repository
from haac_similar import Similar, SimilarOptions, Told
from haac_similar._compose.background import wash_behind
from haac_similar._embed.embedder import Embeddings
from tests.pipeline.similar.catalog import COLOURS, add, catalog, photograph, shape, similar

DOG = ("dog", 20, 15)
TWO = ("dog", 1, 5), ("cat", 39, 25)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with catalog(tmp_path_factory.mktemp("similar") / "repo") as made:
        yield made


@pytest.fixture(scope="module")
def teller(repository: Repository) -> Similar:
    return similar(repository)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Washes without refinement, which has tests of its own and takes seconds."""
    monkeypatch.setattr(
        "haac_similar._similar.wash_behind", lambda *given, **_: wash_behind(*given, refined=False)
    )


def tell(teller: Similar, *objects: tuple[str, int, int], **options: object) -> Told:
    return teller.compress(*photograph(*objects), SimilarOptions(**options))  # type: ignore[arg-type]


def kinds(told: Told) -> list[str]:
    return [each.kind for each in told.elements]


def numbers(kind: str) -> range:
    first = 5 * list(COLOURS).index(kind) + 1
    return range(first, first + 5)


def test_an_object_is_told_by_an_element_of_its_kind(teller: Similar) -> None:
    told = tell(teller, DOG)
    (element,) = told.elements
    assert (element.kind, element.agree, element.of, told.reason) == ("dog", 5, 5, "")
    assert element.number in numbers("dog")
    assert element.box == (22, 16, 59, 44)
    assert told.scene.similar
    assert [layer.element for layer in told.scene.layers] == [element.number]
    assert isinstance(told.scene.background, Wash)
    assert from_binary(to_binary(told.scene)) == told.scene == from_text(to_text(told.scene))


def test_what_is_drawn_stands_where_the_object_stood(teller: Similar, repository: Repository) -> None:
    picture, mask = photograph(DOG)
    told = teller.compress(picture, mask, SimilarOptions())
    drawn, wanted = (
        np.asarray(each.convert("RGB"), np.int16) for each in (render(told.scene, repository), picture)
    )
    red = [np.abs(pixels - COLOURS["dog"]).max(2) < 40 for pixels in (drawn, wanted)]
    assert (red[0] & red[1]).sum() / (red[0] | red[1]).sum() > 0.8


def test_two_objects_and_what_stands_lower_is_in_front(teller: Similar) -> None:
    told = tell(teller, *TWO)
    assert kinds(told) == ["dog", "cat"]
    assert [each.element for each in told.scene.layers] == [each.number for each in told.elements]
    assert kinds(tell(teller, *TWO, max_objects=1, always=True)) == ["dog"]


@pytest.mark.parametrize("budget", [12, 20, 40, 100, 318])
@pytest.mark.parametrize("always", [False, True])
@pytest.mark.parametrize("objects", [(), (DOG,), TWO])
def test_the_budget_is_never_exceeded(
    teller: Similar,
    repository: Repository,
    objects: tuple[tuple[str, int, int], ...],
    budget: int,
    always: bool,
) -> None:
    told = tell(teller, *objects, budget=budget, always=always)
    assert len(to_binary(told.scene)) <= budget
    assert bool(told.elements) == told.scene.similar == bool(told.scene.layers)
    assert bool(told.reason) != bool(told.elements)
    assert render(told.scene, repository).size == (80, 60)
    if always and budget >= 20:
        assert bool(told.elements) == bool(objects)


def test_a_plate_where_a_wash_has_no_room(teller: Similar, repository: Repository) -> None:
    told = tell(teller, DOG, budget=20, always=True)
    assert isinstance(told.scene.background, Plate)
    plate = next(each for each in repository.elements() if "background" in each.tags)
    assert told.scene.background.element == plate.number
    bare = teller.compress(*photograph(DOG), SimilarOptions(budget=20, always=True), exclude={plate.number})
    assert isinstance(bare.scene.background, Colour | None)


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_a_budget_that_is_too_small_for_anything(teller: Similar, budget: int) -> None:
    with pytest.raises(RecipeError, match="allow more"):
        tell(teller, DOG, budget=budget)


def test_plates_are_no_elements_for_objects(teller: Similar, repository: Repository) -> None:
    told = tell(teller, DOG, only_tags=("background",), always=True)
    assert not told.elements
    assert "no element that may be used" in told.reason
    assert {each.number for each in repository.elements()} > set(numbers("dog"))


def test_what_is_excluded_is_not_used(teller: Similar) -> None:
    first = tell(teller, DOG).elements[0].number
    told = teller.compress(*photograph(DOG), SimilarOptions(), exclude=[first])
    (element,) = told.elements
    assert element.kind == "dog"
    assert element.number != first
    assert element.agree == 4


def test_only_elements_with_the_tags(teller: Similar) -> None:
    told = tell(teller, DOG, only_tags=("cat",))
    assert not told.elements
    assert "like a dog" in told.reason
    told = tell(teller, DOG, only_tags=("cat",), always=True)
    assert kinds(told) == ["cat"]
    assert not tell(teller, DOG, only_tags=("cat", "dog"), always=True).elements


def test_no_element_may_be_used(teller: Similar, repository: Repository) -> None:
    everything = {each.number for each in repository.elements()}
    for options in (SimilarOptions(), SimilarOptions(always=True)):
        told = teller.compress(*photograph(DOG), options, exclude=everything)
        assert isinstance(told.scene.background, Wash)
        assert not told.scene.similar
        assert told.reason == "the repository has no element that may be used"


def test_fewer_elements_than_are_asked(teller: Similar) -> None:
    (dog, *_), told = numbers("dog"), tell(teller, DOG, only_tags=("dog",))
    assert told.elements[0].of == 5
    left = set(range(1, 99)) - {dog, dog + 1}
    told = teller.compress(*photograph(DOG), SimilarOptions(always=True), exclude=left)
    assert (told.elements[0].agree, told.elements[0].of) == (2, 2)
    told = teller.compress(*photograph(DOG), SimilarOptions(), exclude=left)
    assert told.reason == "the elements that are most like it are of different kinds (2 of 2 agree)"


def test_an_empty_repository(tmp_path: Path) -> None:
    with Repository.create(tmp_path / "empty") as empty:
        told = similar(empty).compress(*photograph(DOG), SimilarOptions(always=True))
    assert told.reason == "the repository has no element that may be used"


def test_withdrawn_elements_are_not_used(tmp_path: Path) -> None:
    with catalog(tmp_path / "repo", ["dog"], 4) as repository:
        teller = similar(repository)
        first = tell(teller, DOG).elements[0].number
        with repository.writer() as writer:
            writer.withdraw(first, "a test")
        told = tell(teller, DOG)
        assert first not in {each.number for each in told.elements}
        assert told.elements[0].agree == 3


@pytest.mark.parametrize("mask", [None, np.zeros((60, 80), np.uint8), np.full((60, 80), 100, np.uint8)])
def test_nothing_stands_out(teller: Similar, mask: np.ndarray | None) -> None:
    told = teller.compress(photograph(DOG)[0], mask, SimilarOptions(always=True))
    assert (told.reason, told.elements, told.scene.similar) == ("no object stands out", [], False)
    assert isinstance(told.scene.background, Wash)
    assert 80 < len(to_binary(told.scene)) <= 100


def test_what_is_in_doubt_is_told_only_if_asked(teller: Similar) -> None:
    """The mask is of ground: a picture of no kind."""
    picture, mask = photograph()[0], photograph(DOG)[1]
    told = teller.compress(picture, mask, SimilarOptions())
    assert not told.elements
    assert told.reason == "what it is cannot be told for sure"
    assert teller.compress(picture, mask, SimilarOptions(always=True)).elements


def test_one_object_in_doubt_does_not_keep_the_other_from_being_told(teller: Similar) -> None:
    picture, mask = photograph(DOG)
    mask = mask.copy()
    mask[46:59, 62:79] = 255  # ground
    told = teller.compress(picture, mask, SimilarOptions())
    assert kinds(told) == ["dog"]
    assert len(teller.compress(picture, mask, SimilarOptions(always=True)).elements) == 2


def test_people_are_told_by_people_only_if_asked(teller: Similar) -> None:
    told = tell(teller, ("clothing", 20, 15))
    assert not told.elements
    assert "--people" in told.reason
    assert kinds(tell(teller, ("clothing", 20, 15), people=True)) == ["clothing"]


def test_a_wash_remains_if_it_is_as_like(teller: Similar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haac_similar._similar.render", lambda *_: Image.new("RGBA", (80, 60)))
    told = tell(teller, DOG)
    assert told.reason == "a wash of as many bytes is as much like it"
    assert not told.scene.similar
    assert kinds(tell(teller, DOG, always=True)) == ["dog"]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK"])
def test_any_mode_of_picture(teller: Similar, mode: str) -> None:
    picture, mask = photograph(DOG)
    told = teller.compress(picture.convert(mode), mask, SimilarOptions(always=True))
    assert len(told.elements) == 1
    assert len(to_binary(told.scene)) <= 100


def test_transparent_surroundings_are_grey(teller: Similar, repository: Repository) -> None:
    clear = Image.new("RGBA", (80, 60))
    clear.alpha_composite(shape("dog"), (20, 15))
    told = teller.compress(clear, np.asarray(clear.getchannel("A")), SimilarOptions())
    assert kinds(told) == ["dog"]
    corner = render(told.scene, repository).convert("RGBA").getpixel((2, 2))
    assert corner == pytest.approx((127, 127, 127, 255), abs=12)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 300), (300, 1), (3, 900), (900, 3)])
@pytest.mark.parametrize("budget", [20, 100])
def test_tiny_and_long_pictures(
    teller: Similar, repository: Repository, size: tuple[int, int], budget: int
) -> None:
    picture = photograph(size=size)[0]
    half = np.zeros(size[::-1], np.uint8)
    half[: (size[1] + 1) // 2, : (size[0] + 1) // 2] = 255
    for mask in (half, np.full(size[::-1], 255, np.uint8)):
        told = teller.compress(picture, mask, SimilarOptions(budget=budget, always=True))
        assert len(to_binary(told.scene)) <= budget
        assert render(told.scene, repository).size == size


def test_an_element_far_larger_or_smaller_than_the_photograph(tmp_path: Path) -> None:
    with Repository.create(tmp_path / "repo") as repository:
        add(repository, *(shape("dog", seed, (3, 2)) for seed in (0, 1)), shape("dog", 2, (3000, 2200)))
        told = tell(similar(repository), DOG, always=True)
        assert len(told.elements) == 1
        assert render(told.scene, repository).size == (80, 60)


def test_the_same_twice(teller: Similar, repository: Repository) -> None:
    first, again = (to_binary(tell(each, *TWO).scene) for each in (teller, similar(repository)))
    assert first == again == to_binary(tell(teller, *TWO).scene)


def test_a_photograph_with_one_object_is_embedded_once(
    teller: Similar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To find elements for it, and to compare it with a wash."""
    picture, mask = photograph(DOG)
    pixels = picture.convert("RGB").tobytes()
    embed = teller._embedder.embed
    seen: list[bool] = []

    def watched(pictures: Sequence[Image.Image]) -> Embeddings:
        seen.extend(each.convert("RGB").tobytes() == pixels for each in pictures)
        return embed(pictures)

    monkeypatch.setattr(teller._embedder, "embed", watched)
    assert teller.compress(picture, mask, SimilarOptions()).elements
    assert (seen.count(True), seen.count(False) > 2) == (1, True)
