"""Drawn pictures show what their truth says: Pillow's engine only, elements that are drawn here."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from scripts.benchmark.life.chains import GROUPS, HELD_OUT, Chain, chain_of
from scripts.benchmark.life.draw import Materials, cells, drawing, engine_of
from scripts.benchmark.life.elements import Elements
from scripts.benchmark.life.engines import pillow
from scripts.benchmark.life.lookalikes import indistinguishable
from scripts.benchmark.life.page import Box, Frame, Habits, Page, Picture
from scripts.benchmark.life.truth import band_of, coverage, visible_shares
from scripts.lib.elements import drawing as element


@pytest.fixture(scope="module")
def elements(tmp_path_factory: pytest.TempPathFactory) -> Elements:
    """Six of 128 pixels, with a transparent edge."""
    folder = tmp_path_factory.mktemp("elements")
    for seed in range(6):
        image = Image.new("RGBA", (128, 128))
        image.paste(element(seed).resize((100, 96)), (10 + seed, 20))
        image.save(folder / f"e{seed}.png")
    return Elements(folder)


@pytest.fixture(scope="module")
def materials(elements: Elements, tmp_path_factory: pytest.TempPathFactory) -> Materials:
    folder = tmp_path_factory.mktemp("photographs")
    noise = np.random.default_rng(1).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((600, 400)).save(folder / "p.png")
    return Materials(elements, [folder / "p.png"], ("pillow",))


@pytest.mark.parametrize("filter", list(pillow.FILTERS))
@pytest.mark.parametrize(("rotation", "mirrored"), [(0, False), (0, True), (17, False), (-8, True)])
def test_the_frame_is_where_pixels_change(filter: str, rotation: float, mirrored: bool) -> None:
    """The box around all pixels that an element changes by half or more is that of its frame; each corner of it tells which it is."""
    image = Image.new("RGBA", (128, 128))
    ImageDraw.Draw(image).polygon([(11, 20), (100, 24), (90, 110), (30, 90)], fill=(255, 0, 255, 255))
    box = image.getbbox()
    assert box is not None
    left, top, right, bottom = box
    page = Page(
        160, 150, 1.0, (0, 255, 0), (Picture(image, Frame(31.4, 22.7, 90, 90, rotation, mirrored), "a"),)
    )
    drawn = pillow.draw(page, Habits(filter))
    bare = pillow.draw(replace(page, items=()), Habits(filter))
    changed = np.abs(np.asarray(drawn.image).astype(int) - np.asarray(bare.image)).max(axis=2) >= 128

    inner = drawn.frames[0].inner((left / 128, top / 128, right / 128, bottom / 128))
    if rotation == 0:
        wanted = inner.x, inner.y, inner.x + inner.width, inner.y + inner.height
        assert np.abs(np.subtract(_box(changed), wanted)).max() <= 1
    mask, whole = coverage(image.crop((left, top, right, bottom)), inner, (160, 150))
    assert np.abs(np.subtract(_box(changed), _box(mask))).max() <= 1
    assert (changed != mask).sum() < 0.03 * whole


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize("cell", ["plain:scaled", "chat:lossless", "photo:strong"])
def test_a_drawing_shows_its_elements_where_it_says(materials: Materials, cell: str) -> None:
    """Correlated with the element at the true frame, the finished picture is more alike than at a frame that is moved."""
    found, data = drawing(materials, cell, 3, 5, held_out=False)
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (found.width, found.height)
    assert found.elements
    pixels = np.asarray(picture.convert("RGB")).astype(float)
    for one in found.elements:
        if one.visible < 0.95 or one.style or not one.band:
            continue
        errors = [_error(materials.elements, one.name, one.frame.moved(dx, 0), pixels) for dx in (0.0, -4, 4)]
        assert errors[0] == min(errors), one


def _error(elements: Elements, name: str, frame: Frame, pixels: np.ndarray) -> float:
    """Mean difference from the element's colours, where it is opaque."""
    image = elements.trimmed(name)
    width, height = pixels.shape[1], pixels.shape[0]
    mask, _ = coverage(image, frame, (width, height))
    rows, columns = np.nonzero(mask)
    corners = frame.corners()
    a, b, d = (corners[1], corners[0], corners[2]) if frame.mirrored else (corners[0], corners[1], corners[3])
    axes = np.array([[b[0] - a[0], d[0] - a[0]], [b[1] - a[1], d[1] - a[1]]])
    at = np.linalg.solve(axes, np.stack((columns + 0.5 - a[0], rows + 0.5 - a[1])))
    x = np.clip((at[0] * image.width).astype(int), 0, image.width - 1)
    y = np.clip((at[1] * image.height).astype(int), 0, image.height - 1)
    source = np.asarray(image).astype(float)[y, x]
    opaque = source[:, 3] > 250
    return float(np.abs(source[opaque, :3] - pixels[rows, columns][opaque]).mean())


def test_what_is_covered_is_not_visible() -> None:
    opaque = Image.new("RGBA", (128, 128), "red")
    first = Picture(opaque, Frame(10, 10, 40, 40), "a")
    second = Picture(opaque, Frame(30, 10, 40, 40), "b")
    page = Page(60, 100, 1.0, (255, 255, 255), (first, Box(0, 40, 100, 20, (0, 0, 0)), second))
    assert visible_shares(page, [first.frame, second.frame]) == pytest.approx([3 / 8, 3 / 4], abs=0.02)


@pytest.mark.parametrize(
    ("width", "height", "band"),
    [
        (16, 9, "16-24"),
        (8, 24, "24-40"),
        (39, 39, "24-40"),
        (40, 3, "40-96"),
        (400, 1, "96-400"),
        (12, 9, ""),
    ],
)
def test_bands_are_of_the_long_side(width: float, height: float, band: str) -> None:
    assert band_of(width, height) == band


def test_the_same_seed_draws_the_same(materials: Materials) -> None:
    first, second = (drawing(materials, "plain:light", 0, 7, held_out=False) for _ in range(2))
    assert first == second
    assert first[1] != drawing(materials, "plain:light", 0, 8, held_out=False)[1]


def test_held_out_chains_and_engine_are_drawn_only_when_asked_for(materials: Materials) -> None:
    assert not {name for name in cells(["*"], held_out=False) if name.split(":")[1] in HELD_OUT}
    assert {name.split(":")[1] for name in cells(["*"], held_out=True)} == set(GROUPS)
    rng = random.Random(1)
    assert {engine_of(materials, "light", rng, held_out=False) for _ in range(50)} == {"pillow"}
    assert {engine_of(materials, "light", rng, held_out=True) for _ in range(50)} == {"skia"}
    assert {engine_of(materials, "twice", rng, held_out=True) for _ in range(50)} == {"skia", "pillow"}


@pytest.mark.parametrize("group", list(GROUPS))
def test_a_chain_gives_the_size_it_says(group: str) -> None:
    image = Image.fromarray(np.random.default_rng(2).integers(0, 256, (90, 120, 3), dtype=np.uint8))
    rng = random.Random(3)
    for _ in range(4):
        chain = chain_of(group, rng)
        width, height = chain.size(*image.size)
        left, top, right, bottom = chain.around
        assert chain.applied(image).size == (width + left + right, height + top + bottom)


def test_a_dithered_palette_is_dithered() -> None:
    ramp = Image.linear_gradient("L").convert("RGB")
    plain, dithered = (Chain("palette", colours=16, dithered=on).applied(ramp) for on in (False, True))
    assert [len(made.getcolors() or []) for made in (plain, dithered)] == [16, 16]
    mixed = [
        sum(len({made.getpixel((x, y)) for x in range(256)}) > 1 for y in range(256))
        for made in (plain, dithered)
    ]
    assert mixed[0] == 0
    assert mixed[1] > 128


def test_look_alikes_are_what_the_chain_makes_the_same(tmp_path: Path) -> None:
    """A spot of one level more is lost in JPEG 60, not in PNG; another colour never is, and a mirror image always."""
    base = np.zeros((128, 128, 4), np.uint8)
    base[14:114, 14:114] = np.random.default_rng(4).integers(0, 256, (10, 10, 1)).repeat(10, 0).repeat(10, 1)
    base[14:114, 14:114, 3] = 255
    near, far = base.copy(), base.copy()
    near[30:90, 30:90, 0] ^= 4
    far[14:114, 14:114, 0] = 255
    for name, pixels in (("base", base), ("near", near), ("far", far), ("twin", base[:, ::-1])):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    elements = Elements(tmp_path)
    near_base = elements.near("base")
    assert set(near_base[:2]) == {("twin", True), ("near", False)}
    found = {
        name: indistinguishable(
            elements, "base", near_base, Frame(0, 0, 60, 60, mirrored=mirrored), (9, 9, 9), Chain(name)
        )
        for name, mirrored in (("png", True), ("jpeg60", False))
    }
    assert found == {"png": ["twin"], "jpeg60": ["near", "twin"]}
