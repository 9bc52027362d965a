"""Adjustments that bring an element to the colours of an object, through the renderer that applies them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from haac import Layer, Scene, render
from haac_similar._place.colour import adjustments

Bytes = npt.NDArray[np.uint8]
FULL = {"brightness": 100, "contrast": 100, "saturation": 100}


class _One:
    """A repository of one element."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def image(self, number: int) -> Image.Image:
        assert number == 1
        return self._image


def element(low: int = 70, high: int = 180, size: int = 24) -> Image.Image:
    """Colours from the middle of the range, so that nothing is clipped when they are changed."""
    values = np.random.default_rng(5).integers(low, high, (size, size, 3), np.uint8)
    values[:, :, 1] = values[:, :, 1] // 2 + 50
    return Image.fromarray(np.dstack([values, np.full((size, size), 255, np.uint8)]))


def drawn(image: Image.Image, changes: dict[str, int]) -> Bytes:
    layer = replace(Layer(1), **changes)  # type: ignore[arg-type]
    return np.asarray(render(Scene(*image.size, layers=[layer]), _One(image)).convert("RGB"))


def found(image: Image.Image, picture: Bytes) -> dict[str, int]:
    return adjustments(np.asarray(image), picture, np.full(picture.shape[:2], 255, np.uint8))


@pytest.mark.parametrize(
    ("brightness", "contrast", "saturation"),
    [*itertools.product((70, 100, 120), (70, 100), (60, 100)), (100, 100, 140), (85, 120, 90)],
)
def test_what_was_changed_comes_back(brightness: int, contrast: int, saturation: int) -> None:
    changes = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    image = element()
    back = FULL | found(image, drawn(image, changes))
    assert {name: abs(value - changes[name]) <= 5 for name, value in back.items()} == dict.fromkeys(
        FULL, True
    )


def test_what_is_the_same_is_left_alone() -> None:
    image = element()
    assert found(image, drawn(image, {})) == {}
    assert found(image, drawn(image, {"brightness": 97, "saturation": 104})) == {}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ((0, 2), {"brightness": (50, 50)}),
        ((253, 255), {"contrast": (65, 65), "brightness": (106, 180)}),
        ((0, 255), {"contrast": (106, 150)}),
    ],
)
def test_they_stay_within_limits(other: tuple[int, int], expected: dict[str, tuple[int, int]]) -> None:
    picture = np.random.default_rng(1).integers(*other, (20, 20, 3), np.uint8)
    got = found(element(), picture)
    assert 50 <= got.get("brightness", 100) <= 180
    assert 65 <= got.get("contrast", 100) <= 150
    assert 40 <= got.get("saturation", 100) <= 180
    for name, (low, high) in expected.items():
        assert low <= got[name] <= high


@pytest.mark.parametrize("colour", [(0, 0, 0), (128, 128, 128), (255, 255, 255), (200, 30, 90)])
@pytest.mark.parametrize("size", [1, 9])
def test_one_colour_and_grey_divide_by_nothing(colour: tuple[int, int, int], size: int) -> None:
    plain = Image.new("RGBA", (size, size), (*colour, 255))
    for image, picture in (
        (plain, drawn(element(), {})),
        (element(), np.asarray(plain.convert("RGB"))),
        (plain, np.asarray(plain.convert("RGB"))),
    ):
        with np.errstate(all="raise"):
            got = found(image, picture)
        assert set(got) <= set(FULL)
        render(Scene(9, 9, layers=[replace(Layer(1), **got)]), _One(image))  # type: ignore[arg-type]


def test_what_changes_nothing_is_not_told() -> None:
    """Bytes for the saturation of grey, or for the contrast of one colour, would be lost."""
    grey = Image.new("RGBA", (9, 9), (128, 128, 128, 255))
    grey.paste((90, 90, 90, 255), (0, 0, 4, 9))
    assert "saturation" not in found(grey, drawn(element(), {"saturation": 140}))
    plain = Image.new("RGBA", (9, 9), (100, 120, 100, 255))
    got = found(plain, drawn(element(), {}))
    assert "contrast" not in got
    luma = np.array([0.299, 0.587, 0.114])
    means = [float((pixels @ luma).mean()) for pixels in (drawn(plain, got), drawn(element(), {}))]
    assert means[0] == pytest.approx(means[1], rel=0.05)


def test_nothing_solid_gives_nothing() -> None:
    clear = Image.new("RGBA", (9, 9), (10, 20, 30, 100))
    assert found(clear, drawn(element(), {})) == {}
    assert adjustments(np.asarray(element()), drawn(element(), {}), np.zeros((24, 24), np.uint8)) == {}
