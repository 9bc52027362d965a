"""Only what can be seen is computed, and no pixel tells: random layers against the same steps done on whole pictures."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image, ImageFilter

from haac import Layer, Scene, plate, render
from haac._drawing.boxes import COS, ONE, sin
from haac._drawing.layer import blur_and_fade, draw, warp
from haac._drawing.plan import plan_warp
from haac._vectors import DrawnElements

ELEMENTS = DrawnElements()
BICUBIC = Image.Resampling.BICUBIC


def whole(layer: Layer, image: Image.Image) -> tuple[Image.Image, tuple[int, int]]:
    """docs/format.md, "Rendering", steps 2 to 9, without a thought of the canvas: RGBA, and the top left corner."""
    image = image.crop(layer.crop or (0, 0, *image.size))
    if "h" in layer.flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if "v" in layer.flip:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    width, height = replace_size(layer, image.size)
    pixels = np.array(image)
    rgb = pixels[:, :, :3].astype(np.int64)
    rgb = np.minimum(255, (rgb * layer.brightness + 50) // 100)
    rgb = np.clip(128 + ((rgb - 128) * layer.contrast + 50) // 100, 0, 255)
    grey = ((rgb @ [19595, 38470, 7471] + 32768) // 65536)[:, :, None]
    pixels[:, :, :3] = np.clip(grey + ((rgb - grey) * layer.saturation + 50) // 100, 0, 255)
    image = Image.fromarray(pixels).convert("RGBa")
    image = image.resize((width, image.height), BICUBIC).resize((width, height), BICUBIC)
    image, x, y = turned(image, layer.rotation)
    if layer.blur:
        margin = layer.blur + 20
        image = image.crop((-margin, -margin, image.width + margin, image.height + margin))
        image = image.filter(ImageFilter.GaussianBlur(layer.blur / 4))
        x, y = x - margin, y - margin
    image = image.point([(v * layer.opacity + 50) // 100 for v in range(256)] * 4)
    return image.convert("RGBA"), (x + layer.x, y + layer.y)


def replace_size(layer: Layer, cropped: tuple[int, int]) -> tuple[int, int]:
    return Layer(1, width=layer.width, height=layer.height, scale=layer.scale).size(*cropped)


def turned(image: Image.Image, turn: int) -> tuple[Image.Image, int, int]:
    width, height = image.size
    quarters = {
        360: Image.Transpose.ROTATE_90,
        720: Image.Transpose.ROTATE_180,
        1080: Image.Transpose.ROTATE_270,
    }
    if turn == 0:
        return image, 0, 0
    if turn in quarters:
        corner = (0, 0) if turn == 720 else ((width - height) // 2, (height - width) // 2)
        return image.transpose(quarters[turn]), *corner
    cos, sine = COS[turn], sin(turn)
    across, down = abs(cos) * width + abs(sine) * height, abs(sine) * width + abs(cos) * height
    left, top = (width * ONE - across) // (2 * ONE) - 1, (height * ONE - down) // (2 * ONE) - 1
    right = -((-width * ONE - across) // (2 * ONE)) + 1
    bottom = -((-height * ONE - down) // (2 * ONE)) + 1
    x = (2 * ONE + width * ONE + cos * (2 * left - width) - sine * (2 * top - height)) // 2
    y = (2 * ONE + height * ONE + sine * (2 * left - width) + cos * (2 * top - height)) // 2
    matrix = (cos / ONE, -sine / ONE, x / ONE, sine / ONE, cos / ONE, y / ONE)
    bordered = image.crop((-1, -1, width + 1, height + 1))
    size = right - left, bottom - top
    affine = bordered.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return affine, left, top


def random_layer(rng: random.Random, canvas: tuple[int, int]) -> Layer:
    number = rng.randint(1, 5)
    width, height = ELEMENTS.image(number).size
    crop = None
    if rng.random() < 0.4:
        left, top = rng.randrange(width), rng.randrange(height)
        crop = left, top, rng.randint(left + 1, width), rng.randint(top + 1, height)
    size = rng.choice(
        [
            {},
            {"width": rng.randint(1, 400)},
            {"height": rng.randint(1, 300)},
            {"width": rng.choice([1, 7, 60, 900]), "height": rng.choice([1, 9, 80, 700])},
            {"scale": rng.randint(1, 4000)},
        ]
    )
    return Layer(
        number,
        crop,
        rng.choice(["", "h", "v", "hv"]),
        rng.choice([100, rng.randint(0, 400)]),
        rng.choice([100, rng.randint(0, 400)]),
        rng.choice([100, rng.randint(0, 400)]),
        size.get("width"),
        size.get("height"),
        size.get("scale"),
        rng.choice([0, 1, 360, 720, 1080, 1439, rng.randrange(1440), rng.randrange(1440)]),
        rng.choice([0, 0, 1, rng.randint(1, 30), rng.randint(1, 200)]),
        rng.choice([100, rng.randint(0, 100)]),
        rng.randint(-150, canvas[0] + 30),
        rng.randint(-150, canvas[1] + 30),
    )


@pytest.mark.parametrize("seed", range(8))
def test_clipped_layers_have_the_pixels_of_whole_ones(seed: int) -> None:
    rng = random.Random(seed)
    drawn = 0
    for _ in range(100):
        canvas = rng.choice([(1, 1), (40, 30), (3, 200), (160, 120), (400, 5)])
        layer = random_layer(rng, canvas)
        image = ELEMENTS.image(layer.number)
        expected = Image.new("RGBA", canvas, (10, 200, 90, 130))
        found = expected.copy()
        full, corner = whole(layer, image)
        overlay = Image.new("RGBA", canvas)
        overlay.paste(full, corner)
        expected.alpha_composite(overlay)
        part = draw(layer, image, canvas)
        if part is not None:
            assert part[1][0] >= 0 <= part[1][1]
            assert part[1][0] + part[0].width <= canvas[0]
            assert part[1][1] + part[0].height <= canvas[1]
            found.alpha_composite(*part)
            drawn += 1
        assert found.tobytes() == expected.tobytes(), (canvas, layer)
        scene = Scene(*canvas, layers=[layer])
        clear = Image.new("RGBA", canvas)
        clear.alpha_composite(overlay)
        assert render(scene, ELEMENTS).tobytes() == clear.tobytes(), (canvas, layer)
    assert drawn > 20


def test_with_nothing_cut_off_the_two_halves_of_drawing_give_the_whole_layer() -> None:
    """As the matcher uses them."""
    rng = random.Random(5)
    anywhere = -(2**30), -(2**30), 2**30, 2**30
    for _ in range(60):
        layer = random_layer(rng, (100, 100))
        image = ELEMENTS.image(layer.number)
        pixels, (x, y) = whole(layer, image)
        found = blur_and_fade(layer, *warp(layer, image, anywhere), anywhere)
        assert found is not None
        # The plain version has a wider margin around what is blurred.
        left, top = found[1][0] - (x - layer.x), found[1][1] - (y - layer.y)
        inner = pixels.crop((left, top, left + found[0].width, top + found[0].height))
        assert found[0].tobytes() == inner.tobytes(), layer


def test_a_layer_much_larger_than_the_canvas_is_cut_before_it_is_resized() -> None:
    """Rows that are not needed are not read, columns that are not needed are not made."""
    far = Layer(1, width=16_000, height=2000, x=-8000, y=-1000)
    plan = plan_warp(far, (1500, 2000), (8000, 1000, 8100, 1100))
    assert plan is not None
    assert plan.part == (8000, 1000, 8100, 1100)
    assert plan.cut[3] - plan.cut[1] < 120
    assert plan_warp(far, (1500, 2000), (16_000, 0, 16_100, 100)) is None


def test_a_plate_is_stretched_over_the_canvas() -> None:
    expected = ELEMENTS.image(4).convert("RGBa").resize((77, 150), BICUBIC).resize((77, 31), BICUBIC)
    found = render(Scene(77, 31, plate("4")), ELEMENTS)
    assert found.tobytes() == expected.convert("RGBA").tobytes()
