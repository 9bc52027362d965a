"""A picture that was scaled: its layers tell the size that it had, and with that they are told from what looks like them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import LIMITS, Colour, Gradient, Layer, Scene, render
from haac_match import Matcher
from haac_match._fit.cutout import CutoutCache
from haac_match._fit.fitter import Fitter
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.rescale import RescaledCanvas, Rescaling
from haac_match._solve.original_size import _asked, estimate_original, fit_to_size, sizes
from haac_match._solve.residuals import Residuals
from haac_match._thresholds.solve import RESCALED
from haac_repo import NewElement, Repository, encode, pixel_hash

SIZE = 503, 397

GROUND = Colour(0x285A96FF)

SHADES = ("#eabe97", "#e7bb94", "#e4b891", "#e1b58e", "#deb28b")


def face(shade: str, *, left: bool) -> Image.Image:
    """A face that looks aside: there is one of each shade, and its mirror image but for a freckle."""
    sheet = Image.new("RGBA", (4 * 64, 4 * 64))
    pen = ImageDraw.Draw(sheet)
    pen.ellipse((8, 8, 247, 247), fill=shade, outline="#5b3a20", width=10)
    pen.pieslice((8, 8, 247, 247), 180, 360, fill="#5b3a20")
    pen.ellipse((50, 130, 80, 160), fill="black")
    pen.ellipse((120, 130, 150, 160), fill="black")
    pen.polygon([(10, 150), (60, 180), (40, 230)], fill="#3b88c3")
    pen.arc((60, 150, 160, 220), 20, 160, fill="#c1694f", width=10)
    if left:
        sheet = sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        ImageDraw.Draw(sheet).ellipse((104, 170, 124, 190), fill="#c1694f")
    return sheet.convert("RGBa").resize((64, 64), Image.Resampling.BOX).convert("RGBA")


def thing(number: int) -> Image.Image:
    """Of some colours, unlike those of other numbers."""
    lot = np.random.default_rng(number)
    width, height = (int(side) for side in lot.integers(70, 110, 2))
    sheet = Image.new("RGBA", (4 * width, 4 * height))
    pen = ImageDraw.Draw(sheet)
    colours = [tuple(int(v) for v in lot.integers(0, 256, 3)) for _ in range(7)]
    pen.rounded_rectangle((8, 8, 4 * width - 8, 4 * height - 8), 60, fill=colours[0])
    for colour in colours[1:]:
        x, y = int(lot.integers(0, 3 * width)), int(lot.integers(0, 3 * height))
        pen.ellipse((x, y, x + int(lot.integers(40, 160)), y + int(lot.integers(40, 160))), fill=colour)
    small = sheet.convert("RGBa").resize((width, height), Image.Resampling.BOX).convert("RGBA")
    return small.crop(small.getchannel("A").getbbox())


IMAGES = [
    *(thing(number) for number in range(6)),
    *(face(shade, left=left) for shade in SHADES for left in (False, True)),
]

LAYERS = [
    Layer(1, width=120, rotation=130, x=40, y=51),
    Layer(2, width=63, height=80, rotation=901, blur=4, x=300, y=60),
    Layer(3, width=140, flip="h", rotation=333, blur=2, x=200, y=220),
    Layer(4, width=90, rotation=1200, x=260, y=280),
    Layer(5, width=101, rotation=77, opacity=70, x=60, y=260),
]

TWINS = [
    Layer(7, width=31, rotation=55, blur=2, x=210, y=40),
    Layer(10, width=33, flip="h", rotation=1290, x=420, y=200),
    Layer(14, width=30, rotation=720, blur=5, x=440, y=320),
    Layer(15, width=36, rotation=300, blur=1, x=60, y=190),
]
"""Small ones of several shades, this way and that."""


class Elements:
    def image(self, ref: int) -> Image.Image:
        return IMAGES[ref - 1]


def composed(layers: list[Layer], ground: Colour | Gradient = GROUND) -> Image.Image:
    return render(Scene(*SIZE, ground, layers), Elements()).convert("RGB")


def smaller(image: Image.Image, factor: float, kernel: Image.Resampling) -> np.ndarray:
    size = round(image.width * factor), round(image.height * factor)
    return np.asarray(image.resize(size, kernel))


def found_in(target: np.ndarray, layers: list[Layer]) -> tuple[Canvas, Fitter]:
    """A canvas with layers as they are found where nothing of the scaling is known: on the picture's own grid."""
    height, width = target.shape[:2]
    canvas = Canvas(target, Image.new("RGBA", (width, height), (0x28, 0x5A, 0x96, 255)))
    search = Fitter(canvas, CUTOUTS, 12.0)
    search.clean = False
    factor = width / SIZE[0]
    for layer in layers:
        pose = search.pose_of(layer).scaled(factor, height / SIZE[1])
        image = IMAGES[layer.number - 1]
        placed = place(pose.layer(image.size, layer.height is None), image, (width, height))
        assert placed is not None
        canvas.insert(len(canvas.layers), placed)
    return canvas, search


class _Images:
    def image(self, ref: int) -> Image.Image:
        return IMAGES[ref - 1]


CUTOUTS = CutoutCache(_Images())


def test_half_pixels_tell_the_size_of_the_original() -> None:
    lot = np.random.default_rng(8)
    middles = np.round(lot.uniform(0, 2 * np.array(SIZE), (6, 2))) / 2
    for factor in (0.5, 0.7, 0.6137, 1.5):
        size = round(SIZE[0] * factor), round(SIZE[1] * factor)
        seen = (middles + lot.normal(0, 0.01, middles.shape)) * np.array(size) / np.array(SIZE)
        seen[0] += 3.3  # of a look-alike
        found = sizes([(float(x), float(y)) for x, y in seen], size)
        assert SIZE in found[:2]


def test_an_original_is_no_larger_than_a_canvas_may_be() -> None:
    middles = [(1000.25, 1200.75), (2210.5, 731.25), (3000.75, 2400.5)]
    found = sizes(middles, (4000, 3000))
    assert all(width * height <= LIMITS.canvas_pixels for width, height in found)
    assert (8000, 6000) not in found, "twice the size is too much, though all of it is on the grid"
    assert (2000, 1500) in sizes([(250.25, 300.75), (552.5, 182.25), (750.75, 600.5)], (1000, 750))


@pytest.mark.parametrize(
    ("factor", "kernel"),
    [
        (0.5, Image.Resampling.LANCZOS),
        (0.7, Image.Resampling.LANCZOS),
        (0.7, Image.Resampling.BICUBIC),
        (0.613, Image.Resampling.BILINEAR),
        (0.8, Image.Resampling.BOX),
    ],
)
def test_how_a_picture_was_scaled_is_recognised(factor: float, kernel: Image.Resampling) -> None:
    target = smaller(composed(LAYERS), factor, kernel)
    canvas, search = found_in(target, LAYERS)
    made = estimate_original(canvas, GROUND, search)
    assert made is not None
    assert made.area == SIZE
    right = [placed.layer == layer for placed, layer in zip(made.layers, LAYERS, strict=True)]
    assert (
        sum(right) >= 3
    )  # the fourth is partly covered; and one may have a quarter pixel of blur that does not show
    left, top, right_end, bottom = made.layers[0].box
    off = made.current.astype(np.int16) - target
    assert np.abs(off[top:bottom, left:right_end]).max() <= 1
    assert np.array_equal(canvas.target, target)
    assert len(canvas.layers) == len(LAYERS)


def test_the_larger_a_large_layer_the_later_it_is_drawn() -> None:
    areas = [one.area for one in _asked(*found_in(np.asarray(composed(LAYERS)), LAYERS))]
    large = [area for area in areas if area > RESCALED.large]
    assert len(large) > 1
    assert areas[-len(large) :] == sorted(large)


def test_what_was_not_scaled_is_not_taken_for_it() -> None:
    clean = np.asarray(composed(LAYERS)).astype(np.int16)
    noise = np.random.default_rng(4).integers(-3, 4, clean.shape)
    for target in (clean + noise, clean):
        canvas, search = found_in(np.clip(target, 0, 255).astype(np.uint8), LAYERS)
        assert estimate_original(canvas, GROUND, search) is None


def test_nor_are_things_that_are_not_there() -> None:
    target = smaller(composed(LAYERS), 0.7, Image.Resampling.LANCZOS)
    wrong = [Layer(6, width=layer.width, x=layer.x + 3, y=layer.y - 7) for layer in LAYERS]
    canvas, search = found_in(target, wrong)
    assert estimate_original(canvas, GROUND, search) is None


def test_on_the_original_a_layer_is_found_to_the_bit() -> None:
    scaling = Rescaling(SIZE, (352, 278), Image.Resampling.LANCZOS)
    target = smaller(composed(LAYERS[:3]), 0.7, scaling.kernel)
    canvas = RescaledCanvas(target, Image.new("RGBA", SIZE, (0x28, 0x5A, 0x96, 255)), scaling)
    search = Fitter(canvas, CUTOUTS, 2.0)
    for layer in LAYERS[:3]:
        pose = search.pose_of(layer)
        found = search.on_grid(0, pose.scaled(1.004, 0.997))
        assert found is not None
        assert found.fit.placed.layer == layer
        assert found.fit.exact == 1
        canvas.insert(len(canvas.layers), found.fit.placed)
    assert np.abs(canvas.current.astype(np.int16) - target).max() <= 1
    small = Canvas(target, Image.new("RGBA", scaling.size, (0x28, 0x5A, 0x96, 255)))
    search.canvas, search.clean = small, False
    fit_to_size(canvas, small, search)
    assert [placed.layer.element for placed in small.layers] == [1, 2, 3]
    off = np.abs(small.current.astype(np.int16) - target)
    assert off.mean() < 1


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    path: Path = tmp_path_factory.mktemp("scaled") / "repo"
    with Repository.create(path) as made, made.writer() as writer:
        for image in IMAGES:
            writer.add(
                NewElement(
                    data=encode(image),
                    width=image.width,
                    height=image.height,
                    pixels_sha256=pixel_hash(image),
                )
            )
    with Repository.open(path) as opened:
        yield opened


@pytest.mark.parametrize(
    "ground", [GROUND, Gradient(0xF0D0A0FF, 0x305080FF, 1123)], ids=["plain", "gradient"]
)
def test_of_look_alikes_in_a_scaled_picture_the_right_one_is_taken(
    repository: Repository, ground: Colour | Gradient, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals: list[Layer] = []

    def spied(shrunk: RescaledCanvas, *how: Any) -> None:
        originals.extend(placed.layer for placed in shrunk.layers)
        fit_to_size(shrunk, *how)

    monkeypatch.setattr("haac_match._solve.rescaled.fit_to_size", spied)
    target = smaller(composed(LAYERS + TWINS, ground), 0.7, Image.Resampling.LANCZOS)
    found = Matcher(repository).compress(Image.fromarray(target))
    assert (found.scene.width, found.scene.height) == (352, 278)
    # They were right before they were fitted to the small picture, but for what does not show.
    assert sum(layer in originals for layer in LAYERS + TWINS) >= len(originals) - 2
    right = {(layer.element, layer.flip) for layer in LAYERS + TWINS}
    assert {(layer.element, layer.flip) for layer in found.scene.layers} == right
    assert len(found.scene.layers) == len(originals) == len(right)
    made = np.asarray(render(found.scene, repository).convert("RGB")).astype(np.float64)
    assert 10 * np.log10(255**2 / np.square(made - target).mean()) > 40


def test_a_layer_that_is_right_to_the_bit_proves_that_nothing_was_scaled() -> None:
    whole = Image.new("RGBA", SIZE, "#285a96")
    placed = place(Layer(1, width=90, rotation=123, blur=3, x=60, y=50), IMAGES[0], SIZE)
    assert placed is not None
    whole.alpha_composite(placed.pixels, placed.box[:2])
    for factor in (1.0, 0.7):
        size = round(SIZE[0] * factor), round(SIZE[1] * factor)
        picture = np.asarray(whole.convert("RGB").resize(size, Image.Resampling.LANCZOS))
        canvas = Canvas(picture, Image.new("RGBA", size, "#285a96"))
        layer = Layer(
            1, width=round(90 * factor), rotation=123, blur=3, x=round(60 * factor), y=round(50 * factor)
        )
        there = place(layer, IMAGES[0], size)
        assert there is not None
        canvas.insert(0, there)
        residuals = Residuals(canvas, Fitter(canvas, CUTOUTS, 2.0))
        assert residuals.proves() == (factor == 1)
