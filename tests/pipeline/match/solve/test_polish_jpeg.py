"""The JPEG that a picture went through: it is recognised, done again, and with it what made the picture is found to the bit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from haac import Colour, Gradient, Layer
from haac_match._fit.grid import GridSearch
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.estimate import drawn
from haac_match._picture.jpeg import Jpeg, estimate_jpeg, recorded, standard, whole_cells
from haac_match._solve.polish_jpeg import drop, equivalent_backgrounds, refit_background, residual

SIZE = 330, 262


def picture() -> Image.Image:
    """Noise that is smooth, as photographs are."""
    noise = np.random.default_rng(5).integers(40, 200, (SIZE[1], SIZE[0], 3), np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3))


def thing() -> Image.Image:
    out = Image.new("RGBA", (60, 60))
    pen = ImageDraw.Draw(out)
    pen.ellipse((2, 2, 57, 57), fill="red", outline="black", width=5)
    pen.rectangle((20, 12, 30, 40), fill="yellow")
    return out


def encoded(image: Image.Image, quality: int, subsampling: int) -> np.ndarray:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("quality", [60, 75, 85, 92])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_quality_and_subsampling_are_recognised(quality: int, subsampling: int) -> None:
    assert estimate_jpeg(encoded(picture(), quality, subsampling)) == standard(quality, subsampling)


def test_other_pictures_have_no_trace_of_jpeg() -> None:
    assert estimate_jpeg(np.asarray(picture())) is None
    jpeg = Image.fromarray(encoded(picture(), 85, 2))
    smaller = jpeg.resize((SIZE[0] * 7 // 10, SIZE[1] * 7 // 10), Image.Resampling.LANCZOS)
    assert estimate_jpeg(np.asarray(smaller)) is None
    assert estimate_jpeg(np.asarray(jpeg)[3:, 5:]) is None  # its squares are elsewhere
    assert estimate_jpeg(np.full((64, 64, 3), 128, np.uint8)) is None
    assert estimate_jpeg(np.full((3, 5, 3), 128, np.uint8)) is None


def test_tables_of_other_programs_are_read_from_the_file() -> None:
    tables = [[3 + n // 2 for n in range(64)], [5 + n for n in range(64)]]
    file = io.BytesIO()
    picture().save(file, "JPEG", qtables=tables, subsampling=2)
    known = recorded(file.getvalue())
    assert known == Jpeg(tuple(map(tuple, tables)), 2)
    target = np.asarray(Image.open(file))
    assert estimate_jpeg(target) is None
    assert estimate_jpeg(target, known) == known
    assert np.array_equal(known.round_trip(np.asarray(picture())), target)
    assert estimate_jpeg(np.ascontiguousarray(np.rot90(target)), known) is None  # its squares are elsewhere


def test_what_is_no_jpeg_in_colours_has_no_tables() -> None:
    for image, form, options in (
        (picture(), "PNG", {}),
        (picture().convert("L"), "JPEG", {}),
        (picture().convert("CMYK"), "JPEG", {}),
        (picture(), "JPEG", {"subsampling": 1}),
    ):
        file = io.BytesIO()
        image.save(file, form, **options)
        assert recorded(file.getvalue()) is None


def test_the_standard_tables_are_those_of_the_quality() -> None:
    for quality in (30, 85, 98):
        clean = np.asarray(picture())
        assert np.array_equal(standard(quality, 2).round_trip(clean), encoded(picture(), quality, 2))


def test_a_part_is_damaged_as_the_whole_is() -> None:
    jpeg = standard(85, 2)
    clean = np.asarray(picture())
    whole = jpeg.round_trip(clean)
    left, top, right, bottom = whole_cells((100, 90, 150, 131), SIZE)
    part = jpeg.round_trip(np.ascontiguousarray(clean[top:bottom, left:right]))
    assert (left, top, right, bottom) == (96, 80, 160, 144)
    assert np.array_equal(part[1:-1, 1:-1], whole[top:bottom, left:right][1:-1, 1:-1])
    assert whole_cells((0, 0, *SIZE), SIZE) == (0, 0, *SIZE)


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
