"""Groups and blend modes as flat layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from haac_layers import Document, Flat, Group, Raster, _limits, flatten
from haac_layers._flatten import flatten as module
from haac_layers._flatten.blend import BLENDS, blended
from haac_repo import PictureError


def plain(colour: tuple[int, int, int, int], width: int = 10, height: int = 10) -> Image.Image:
    return Image.new("RGBA", (width, height), colour)


def names(layers: list[Flat]) -> list[str]:
    return [each.name for each in layers]


def test_a_group_without_opacity_is_dissolved() -> None:
    group = Group("g", (Raster("a", plain((255, 0, 0, 255))), Raster("b", plain((0, 255, 0, 128)))))
    flat = flatten(Document(20, 20, (group,)))
    assert names(flat.layers) == ["a", "b"]
    assert not flat.baked


def test_a_groups_opacity_goes_to_children_that_do_not_overlap() -> None:
    group = Group(
        "g", (Raster("a", plain((255, 0, 0, 255))), Raster("b", plain((0, 255, 0, 255)), x=10)), 0.5
    )
    flat = flatten(Document(20, 20, (group,)))
    assert names(flat.layers) == ["a", "b"]
    assert {each.opacity for each in flat.layers} == {50}


def test_a_groups_opacity_merges_children_that_overlap() -> None:
    group = Group("g", (Raster("a", plain((255, 0, 0, 255))), Raster("b", plain((0, 255, 0, 255)), x=5)), 0.5)
    flat = flatten(Document(20, 20, (group,)))
    assert names(flat.layers) == ["g"]
    assert flat.layers[0].image.getpixel((7, 3)) == (0, 255, 0, 255)
    assert flat.layers[0].opacity == 50
    assert [each.layer for each in flat.baked] == ["g"]


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("multiply", (100, 25, 0)),
        ("screen", (200, 125, 200)),
        ("difference", (0, 50, 200)),
        ("darken", (200, 50, 0)),
    ],
)
def test_a_mode_is_baked_into_the_colours_of_its_layer(mode: str, shown: tuple[int, int, int]) -> None:
    below, above = (200, 100, 0, 255), (200, 50, 200, 255)
    if mode == "multiply":
        above = (128, 64, 200, 255)
    if mode == "screen":
        below, above = (200, 0, 0, 255), (0, 125, 200, 255)
    flat = flatten(Document(10, 10, (Raster("a", plain(below)), Raster("b", plain(above), blend=mode))))
    assert names(flat.layers) == ["a", "b"]
    assert np.abs(np.array(flat.layers[1].image.getpixel((3, 3)))[:3] - shown).max() <= 1
    assert [each.what for each in flat.baked] == [f"mode {mode}"]


def test_a_mode_over_nothing_changes_nothing() -> None:
    flat = flatten(
        Document(
            30,
            10,
            (
                Raster("a", plain((9, 9, 9, 255))),
                Raster("b", plain((50, 60, 70, 255)), x=15, blend="multiply"),
            ),
        )
    )
    assert flat.layers[1].image.getpixel((0, 0)) == (50, 60, 70, 255)


@pytest.mark.parametrize("mode", sorted(BLENDS))
def test_every_mode_stays_within_its_range(mode: str) -> None:
    rng = np.random.default_rng(0)
    a, b = (Image.fromarray(rng.integers(0, 256, (16, 16, 4), dtype=np.uint8)) for _ in range(2))
    flat = flatten(Document(16, 16, (Raster("a", a), Raster("b", b, blend=mode))))
    drawn = np.asarray(flat.layers[1].image)
    assert drawn[:, :, 3].max() > 0
    assert len(flat.layers) == 2


def test_all_layers_become_one_when_asked() -> None:
    flat = flatten(
        Document(20, 20, (Raster("a", plain((1, 2, 3, 255))), Raster("b", plain((4, 5, 6, 255)), x=5))),
        one=True,
    )
    assert len(flat.layers) == 1
    assert flat.layers[0].image.size == (20, 20)


def test_what_does_not_show_has_no_colour_and_what_has_none_is_not_copied() -> None:
    pixels = np.full((900, 400, 4), 200, np.uint8)
    pixels[850:, 10:20, 3] = 0
    dirty = Image.fromarray(pixels)
    (flat,) = flatten(Document(400, 900, (Raster("dirty", dirty),))).layers
    assert (np.asarray(flat.image)[850:, 10:20] == 0).all()
    assert (np.asarray(dirty)[850:, 10:20, 0] == 200).all()  # the document's own pixels stay
    clean = flat.image
    (again,) = flatten(Document(400, 900, (Raster("clean", clean),))).layers
    assert again.image is clean


def noise(seed: int, width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8))


def test_modes_see_all_that_is_below_them_and_each_layer_is_composited_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []
    draw = module._draw

    def counted(canvas: Image.Image, flat: Flat, box: tuple[int, int, int, int]) -> None:
        drawn.append(flat.name)
        draw(canvas, flat, box)

    monkeypatch.setattr(module, "_draw", counted)
    modes = sorted(BLENDS)
    rasters = [
        Raster(mode, noise(n, 30, 20), 7 * n % 40 - 10, 5 * n % 30 - 10, 0.8, blend=mode)
        for n, mode in enumerate(modes)
    ]
    ground = Raster("ground", noise(99, 30, 30))
    made = flatten(Document(40, 30, (ground, *rasters))).layers
    assert sorted(drawn) == sorted([each.name for each in made][:-1])
    canvas = Image.new("RGBA", (40, 30))
    draw(canvas, made[0], (0, 0, 40, 30))
    for raster, flat in zip(rasters, made[1:], strict=True):
        backdrop = canvas.crop((raster.x, raster.y, raster.x + 30, raster.y + 20))
        expected = blended(np.asarray(backdrop), np.asarray(raster.image), raster.blend)
        part = np.asarray(flat.image)
        shows = part[:, :, 3] > 0
        assert (part[shows] == expected[shows]).all()
        draw(canvas, flat, (0, 0, 40, 30))


@pytest.mark.parametrize("blend", ["normal", "multiply"])
def test_groups_that_are_merged_count_for_their_pixels(blend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    corners = tuple(Raster("dot", plain((9, 9, 9, 255), 2, 2), x, x, blend="screen") for x in (0, 0, 98))
    groups = tuple(Group("g", corners, 0.5, blend=blend) for _ in range(4))
    limits = replace(_limits.LAYER_LIMITS, layers_pixels=2 * 4 * 100 * 100 + 100 * 100 * (blend != "normal"))
    monkeypatch.setattr(_limits, "LAYER_LIMITS", limits)
    flatten(Document(100, 100, groups))
    monkeypatch.setattr(_limits, "LAYER_LIMITS", replace(limits, layers_pixels=limits.layers_pixels - 1))
    with pytest.raises(PictureError, match="pixels together"):
        flatten(Document(100, 100, groups))
