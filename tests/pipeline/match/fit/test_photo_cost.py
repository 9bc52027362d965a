"""Compiled kernels, image pyramids and the grid search composite and count as the renderer and plain numpy do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac import Layer
from haac_match._fit.cutout import Cutout
from haac_match._fit.grid import GridSearch
from haac_match._fit.photo_cost import BODY, TRUST, composited, cost_on_estimate, cost_without, edge_energy
from haac_match._picture.canvas import Canvas, place
from haac_match._thresholds.fit import PHOTO_GRID


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def element(seed: int) -> Image.Image:
    """Noise of all alphas, with some opaque places and some empty ones."""
    pixels = noise(seed, 40, 50, 4)
    pixels[8:20, 5:30, 3] = 255
    pixels[25:, 35:, 3] = 0
    return Image.fromarray(pixels)


def in_window(pixels: np.ndarray, left: int, top: int) -> Image.Image:
    """A layer, cut to a window of 70x60."""
    sheet = Image.new("RGBA", (500, 500))
    sheet.paste(Image.fromarray(pixels), (left + 60, top + 60))
    return sheet.crop((60, 60, 130, 120))


def composed(under: np.ndarray, pixels: np.ndarray, left: int, top: int) -> np.ndarray:
    """As Pillow does it."""
    out = Image.fromarray(under).convert("RGBA")
    out.alpha_composite(in_window(pixels, left, top))
    return np.asarray(out.convert("RGB"))


def window(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A target, a background near to it, and what of it is free."""
    target = noise(seed, 60, 70, 3)
    under = np.clip(target.astype(int) + noise(seed + 1, 60, 70, 3) % 9 - 4, 0, 255).astype(np.uint8)
    free = noise(seed + 2, 60, 70) > 40
    return target, under, free


def test_a_colour_is_composited_as_pillow_does_it() -> None:
    alpha, colour = np.mgrid[0:256, 0:256].astype(np.uint8)
    for background in (0, 1, 77, 128, 254, 255):
        top = np.dstack([colour, colour, colour, alpha])
        out = Image.new("RGBA", (256, 256), (background, background, background, 255))
        out.alpha_composite(Image.fromarray(top))
        there = np.asarray(out)[:, :, 0]
        made = [
            [composited(c, a, np.uint8(background)) for c, a in zip(*row, strict=True)]
            for row in zip(colour, alpha, strict=True)
        ]
        assert np.array_equal(np.asarray(made), there)


@pytest.mark.parametrize("place", [(9, 6), (-20, -13), (45, 38), (300, 0)])
def test_the_cost_on_an_estimated_background_is_that_of_the_composed_picture(place: tuple[int, int]) -> None:
    target, under, free = window(1)
    pixels = np.asarray(element(7)).copy()
    left, top = place
    if left == 9:  # some of it is right
        pixels[8:20, 5:20, :3] = target[14:26, 14:29]
    beside = cost_without(target, under, free)
    cost, right, wrong = cost_on_estimate(target, under, free, beside, pixels, left, top)
    alpha = np.asarray(in_window(pixels, left, top))[:, :, 3]
    error = np.square(composed(under, pixels, left, top).astype(int) - target).sum(axis=2)
    well, opaque = free & (alpha >= BODY), free & (alpha == 255)
    total = np.minimum(error, PHOTO_GRID.far)[free & (alpha < BODY)].sum() / PHOTO_GRID.beside
    worth = np.minimum(error * TRUST[alpha], PHOTO_GRID.near) - PHOTO_GRID.near
    total += (worth * (alpha / 255.0) ** PHOTO_GRID.steep)[well].sum() - PHOTO_GRID.right * (error == 0)[
        opaque
    ].sum()
    assert beside.sum() + cost == pytest.approx(total, rel=1e-4, abs=1)
    assert (right, wrong) == ((error == 0)[opaque].sum(), (error > 0)[opaque].sum())
    assert (right > 50) == (left == 9)


def test_edge_energy_under_a_translucent_layer_is_that_of_the_picture_less_it() -> None:
    target, _, free = window(4)
    pixels = np.asarray(element(5)).copy()
    most = 160
    pixels[:, :, 3] = np.minimum(pixels[:, :, 3], most)
    left, top = -8, 30
    before, after, shown = edge_energy(target, free, pixels, left, top, most)
    added = composed(np.zeros_like(target), pixels, left, top).astype(int)
    shows = free & (np.asarray(in_window(pixels, left, top))[:, :, 3] >= most)
    old = new = 0.0
    for axis in (0, 1):
        both = np.logical_and(*(np.take(shows, range(n, shows.shape[axis] - 1 + n), axis) for n in (0, 1)))
        old += np.sqrt(np.square(np.diff(target.astype(int), axis=axis)).sum(axis=2))[both].sum()
        new += np.sqrt(np.square(np.diff(target - added, axis=axis)).sum(axis=2))[both].sum()
    assert shown == shows.sum() > 100
    assert [before, after] == pytest.approx([old, new], rel=1e-4)


@pytest.mark.parametrize(
    "change",
    [{}, {"blur": 9}, {"blur": 3, "opacity": 60}, {"x": -30}, {"y": 95, "blur": 14}, {"rotation": 0, "flip": "h"}],
    ids=lambda change: "_".join(change) or "as it is",
)  # fmt: skip
def test_the_grid_search_draws_as_the_renderer_does(change: dict[str, Any]) -> None:
    canvas = Canvas(noise(3, 120, 140, 3), Image.new("RGBA", (140, 120), (9, 99, 199, 255)))
    grid = GridSearch(canvas, 0, element(2), (0, 0, 140, 120))
    first = Layer(1, width=44, height=60, rotation=333, blur=5, x=40, y=30)
    grid.placed(first)
    layer = replace(first, **change)
    made, there = grid.placed(layer), place(layer, element(2), (140, 120))
    assert made is not None
    assert there is not None
    assert (made.box, made.layer) == (there.box, layer)
    assert np.array_equal(np.asarray(made.pixels), np.asarray(there.pixels))


def test_levels_of_a_pyramid_are_means_of_premultiplied_pixels() -> None:
    image = element(6)
    cutout = Cutout(image)
    straight = np.asarray(image, np.float64)
    premultiplied = np.dstack([straight[:, :, :3] * straight[:, :, 3:] / 255, straight[:, :, 3]])
    assert np.abs(cutout.levels[0] - premultiplied).max() <= 0.5
    means = premultiplied.reshape(20, 2, 25, 2, 4).mean(axis=(1, 3))
    assert np.abs(cutout.levels[1] - means).max() <= 1
    assert [level.shape[:2] for level in cutout.levels] == [tuple(row[1:]) for row in cutout.table.tolist()]
    assert cutout.held == cutout.flat.size + 4 * 40 * 50
