"""The JPEG that a picture went through: it is recognised, done again, and with it what made the picture is found to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import Colour, Gradient, Layer
from haac_match._fit.grid import GridSearch
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.estimate import drawn
from haac_match._picture.jpeg import standard, whole_cells
from haac_match._solve.polish_jpeg import drop, equivalent_backgrounds, refit_background, residual

SIZE = 330, 262


def thing() -> Image.Image:
    out = Image.new("RGBA", (60, 60))
    pen = ImageDraw.Draw(out)
    pen.ellipse((2, 2, 57, 57), fill="red", outline="black", width=5)
    pen.rectangle((20, 12, 30, 40), fill="yellow")
    return out


def test_a_layer_is_found_to_the_bit_behind_jpeg() -> None:
    ground = Image.new("RGBA", SIZE, (40, 90, 150, 255))
    right = Layer(1, width=47, height=52, rotation=77, blur=5, x=90, y=71)
    made = place(right, thing(), SIZE)
    assert made is not None
    whole = ground.copy()
    whole.alpha_composite(made.pixels, made.box[:2])
    jpeg = standard(85, 2)
    canvas = Canvas(jpeg.round_trip(np.asarray(whole.convert("RGB"))), ground)
    box = whole_cells(made.box, SIZE)
    near = Layer(1, width=48, height=52, rotation=80, blur=7, x=90, y=70)
    grid = GridSearch(canvas, 0, thing(), box, degrade=jpeg.round_trip)
    assert grid.polish(grid.descend(near)) == right
    assert grid.cost(right) == 0
    assert GridSearch(canvas, 0, thing(), box).cost(right) > 0
    result = grid.result(right, 12.0, degraded=True)
    assert result is not None
    assert (result.exact, result.left) == (1, 0)


@pytest.mark.parametrize(
    ("truth", "guess"),
    [
        (Colour(0xA61 << 20 | 0x9BCFF), None),
        (Gradient(0xCBEFC5FF, 0x2C3BBDFF, 864), Gradient(0xCBEFC5FF, 0x2C3BBDFF, 863)),
    ],
    ids=["colour", "gradient"],
)
def test_of_grounds_that_look_alike_the_right_one_is_taken(
    truth: Colour | Gradient, guess: Colour | Gradient | None
) -> None:
    jpeg = standard(85, 2)
    layers = [Layer(1, width=120, opacity=60, blur=9, x=30 + 100 * n, y=60 + 30 * n) for n in range(3)]
    whole = drawn(truth, SIZE)
    placed = [one for one in (place(layer, thing(), SIZE) for layer in layers) if one is not None]
    for one in placed:
        whole.alpha_composite(one.pixels, one.box[:2])
    others = equivalent_backgrounds(truth, jpeg)
    if guess is None:
        assert others
        guess = others[0]
        flat = np.full((32, 32, 3), 0, np.uint8)
        assert isinstance(truth, Colour)
        for colour in (truth, *others):
            assert isinstance(colour, Colour)
            flat[:] = [colour.rgba >> shift & 255 for shift in (24, 16, 8)]
            assert len({jpeg.round_trip(flat).tobytes()}) == 1
    canvas = Canvas(jpeg.round_trip(np.asarray(whole.convert("RGB"))), drawn(guess, SIZE))
    for one in placed:
        canvas.insert(len(canvas.layers), one)
    assert residual(canvas, jpeg).any()
    assert refit_background(canvas, guess, jpeg) == truth
    assert not residual(canvas, jpeg).any()
    assert np.array_equal(np.asarray(canvas.background), np.asarray(drawn(truth, SIZE)))


def test_what_only_lowers_the_error_of_a_thing_that_was_not_found_is_dropped() -> None:
    jpeg = standard(85, 2)
    ground = Image.new("RGBA", SIZE, (40, 90, 150, 255))
    right, missed = Layer(1, width=60, x=30, y=40), Layer(1, width=110, opacity=60, x=150, y=80)
    whole = ground.copy()
    placed = [one for one in (place(layer, thing(), SIZE) for layer in (right, missed)) if one is not None]
    for one in placed:
        whole.alpha_composite(one.pixels, one.box[:2])
    canvas = Canvas(jpeg.round_trip(np.asarray(whole.convert("RGB"))), ground)
    alone = int(residual(canvas, jpeg).sum())
    blot = Image.new("RGBA", (60, 60), (150, 60, 80, 255))
    junk = place(Layer(2, width=70, blur=24, opacity=60, x=170, y=100), blot, SIZE)
    behind = place(Layer(2, width=20, x=50, y=60), blot, SIZE)  # the right one covers it
    assert junk is not None
    assert behind is not None
    canvas.insert(0, junk)
    assert int(residual(canvas, jpeg).sum()) < alone
    canvas.insert(1, behind)
    canvas.insert(2, placed[0])
    assert drop(canvas, jpeg)
    assert [one.layer for one in canvas.layers] == [right]
    assert not drop(canvas, jpeg)
