"""Poses, through the renderer: what was drawn is placed back where it was."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from haac import Layer, Scene, render
from haac_similar._place.objects import objects_of
from haac_similar._place.place import Placed, _layer, place
from haac_similar._place.pose import Pose

Mask = npt.NDArray[np.uint8]
CANVAS = (200, 150)


class _One:
    """A repository of one element."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def image(self, number: int) -> Image.Image:
        assert number == 1
        return self._image


def boot(size: tuple[int, int] = (90, 60)) -> Image.Image:
    """A silhouette that is another one when it is mirrored."""
    alpha = Image.new("L", (90, 60))
    draw = ImageDraw.Draw(alpha)
    draw.polygon([(2, 3), (25, 2), (32, 34), (86, 40), (84, 57), (6, 55)], fill=255)
    made = Image.new("RGBA", (90, 60), (180, 120, 60, 255))
    made.putalpha(alpha)
    return made.resize(size)


def mask_of(layer: Layer, image: Image.Image, canvas: tuple[int, int] = CANVAS) -> Mask:
    return np.asarray(render(Scene(*canvas, layers=[layer]), _One(image)).getchannel("A"))


def placed(image: Image.Image, mask: Mask) -> Placed:
    (found,) = objects_of(mask, 1)
    return place(1, image, np.full((*mask.shape, 3), 128, np.uint8), found)


def overlap(one: Mask, other: Mask) -> float:
    return float(((one > 127) & (other > 127)).sum() / ((one > 127) | (other > 127)).sum())


@pytest.mark.parametrize("flip", ["", "h"])
@pytest.mark.parametrize("turn", [-8, 0, 8])
@pytest.mark.parametrize(("width", "height"), [(90, 60), (45, 30), (120, 80), (100, 54)])
def test_what_was_drawn_is_placed_back(flip: str, turn: int, width: int, height: int) -> None:
    layer = Layer(1, flip=flip, width=width, height=height, rotation=4 * turn % 1440, x=37, y=33)  # type: ignore[arg-type]
    wanted = mask_of(layer, boot())
    got = placed(boot(), wanted)
    assert got.layer.flip == flip
    assert overlap(mask_of(got.layer, boot()), wanted) >= 0.9
    assert got.fit >= 0.85
    if (width, height) == (90, 60):
        assert got.layer.rotation == layer.rotation
        assert abs(got.layer.x - 37) <= 2
        assert abs(got.layer.y - 33) <= 2
        assert abs((got.layer.width or 0) - width) <= 2
        assert abs((got.layer.height or 0) - height) <= 2


@pytest.mark.parametrize("at", [(-20, 40), (130, 40), (60, -15), (60, 105), (-20, -15), (130, 105)])
def test_an_object_that_leaves_the_canvas(at: tuple[int, int]) -> None:
    """The visible part is covered; the rest is beyond the edge, or the element is smaller."""
    wanted = mask_of(Layer(1, x=at[0], y=at[1]), boot())
    got = placed(boot(), wanted)
    assert overlap(mask_of(got.layer, boot()), wanted) >= 0.6


def bust() -> Image.Image:
    """Cut off at its bottom."""
    alpha = Image.new("L", (60, 60))
    ImageDraw.Draw(alpha).polygon([(20, 2), (40, 2), (58, 60), (2, 60)], fill=255)
    made = Image.new("RGBA", (60, 60), (90, 90, 200, 255))
    made.putalpha(alpha)
    return made


def test_what_is_cut_off_does_not_stand_free() -> None:
    """In the middle of the canvas its cut side would be seen; at the lower edge it would not."""
    middle, low = (placed(bust(), mask_of(Layer(1, x=70, y=y), bust())) for y in (40, 90))
    assert low.fit >= 0.85
    assert middle.fit <= low.fit - 0.2


def test_what_is_cut_off_at_a_side_is_cut_there_when_mirrored() -> None:
    image = bust().transpose(Image.Transpose.ROTATE_90)  # its bottom is on the right
    right, left = (
        placed(image, mask_of(Layer(1, flip=flip, x=x, y=40), image))  # type: ignore[arg-type]
        for flip, x in (("", 140), ("h", 0))
    )
    assert (right.layer.flip, left.layer.flip) == ("", "h")
    assert min(right.fit, left.fit) >= 0.85


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (400, 2), (2, 400), (2500, 1900), (1, 2500)])
@pytest.mark.parametrize("canvas", [(1, 1), (12, 9), (1, 400), (400, 1), (1500, 1100)])
def test_sizes_that_are_far_apart(size: tuple[int, int], canvas: tuple[int, int]) -> None:
    """An element of any size, in a photograph of any size, gets a layer that can be drawn."""
    image = Image.new("RGBA", size, (10, 200, 30, 255))
    mask = np.zeros(canvas[::-1], np.uint8)
    mask[: max(1, canvas[1] // 2), : max(1, canvas[0] // 2)] = 255
    got = placed(image, mask)
    assert mask_of(got.layer, image, canvas).shape == mask.shape
    if min(size) >= 0.5 * max(size) and min(canvas) >= 9:
        assert overlap(mask_of(got.layer, image, canvas), mask) >= 0.75


def test_an_element_that_is_all_but_transparent_is_no_error() -> None:
    for alpha in (0, 1, 100):
        image = Image.new("RGBA", (30, 20), (10, 200, 30, alpha))
        got = placed(image, mask_of(Layer(1, x=50, y=50), boot()))
        assert mask_of(got.layer, image).shape == CANVAS[::-1]


def test_one_pixel_of_a_large_photograph() -> None:
    mask = np.zeros((90, 120), np.uint8)
    mask[40:46, 50:58] = 255  # the least that is an object
    got = placed(boot((900, 600)), mask)
    assert overlap(mask_of(got.layer, boot((900, 600)), (120, 90)), mask) > 0.4


@pytest.mark.parametrize("size", [(300, 200), (300, 16000), (40, 900)])
@pytest.mark.parametrize(
    ("width", "height"), [(8050.2, 4293.7), (20000.0, 3.0), (0.2, 20000.0), (1e9, 1e9), (0.1, 0.1)]
)
def test_a_layer_is_no_larger_than_a_recipe_allows(
    size: tuple[int, int], width: float, height: float
) -> None:
    layer = _layer(1, Pose(False, width, height, 0, 50.0, 50.0, 1.0), size[1], {})
    assert layer.size(*size) == (layer.width, layer.height)  # raises where it is too large
