"""Shadows and glows: where they fall, how they fade, and that the layer's own pixels stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("psd_tools")

from psd_tools import PSDImage
from psd_tools.psd.descriptor import Descriptor, Enumerated, Integer, List, UnitFloat
from psd_tools.terminology import Unit

from haac_layers import Raster, _limits, flatten
from haac_repo import PictureError
from tests.pipeline.layers.photoshop.made import block, effect, picture, read, rgb

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
SHADOW: dict[str, Any] = {"Opct": 50.0, "lagl": 180.0, "Dstn": 10.0, "Ckmt": 0.0, "blur": 9.0, "Nose": 0.0}


def scene(fill: int = 255) -> tuple[PSDImage, Any]:
    """A white background of 100 x 80, and a red square at 40,30 that is 20 wide."""
    psd = PSDImage.new("RGB", (100, 80))
    psd.create_pixel_layer(block(WHITE, 100, 80), "ground")
    square = psd.create_pixel_layer(block(RED), "square", top=30, left=40)
    square.fill_opacity = fill
    return psd, square


def pixels(psd: PSDImage) -> npt.NDArray[np.int32]:
    return np.asarray(picture(read(psd)).convert("RGB")).astype(np.int32)


def averaged(row: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    return np.convolve(row, np.full(size, 1 / size), "same")


def test_a_shadow_is_the_outline_moved_away_from_the_light_and_averaged_twice() -> None:
    psd, square = scene()
    effect(square, b"DrSh", b"Nrml", Clr=rgb(*BLUE), uglg=False, **SHADOW)
    row = np.zeros(100)
    row[50:70] = 1
    shade = averaged(averaged(row, 9), 9)
    expected = 255 * (1 - 0.5 * shade[60:])
    assert np.abs(pixels(psd)[40, 60:, 0] - expected).max() <= 2
    assert (pixels(psd)[40, 60:, 2] == 255).all()


def test_a_shadow_is_a_layer_of_its_own_and_the_square_keeps_its_pixels() -> None:
    psd, square = scene()
    effect(square, b"DrSh", b"Mltp", Clr=rgb(0, 0, 0), uglg=False, **SHADOW)
    document = read(psd)
    names = [each.name for each in document.layers]
    assert names == ["ground", "square (drop shadow)", "square"]
    square_read = document.layers[2]
    assert isinstance(square_read, Raster)
    assert set(square_read.image.get_flattened_data()) == {(*RED, 255)}
    assert "effects (DropShadow)" in {each.what for each in flatten(document).baked}


def test_an_effect_of_an_older_photoshop_is_seen() -> None:
    psd, square = scene()
    effect(square, b"DrSh", b"Nrml", present=False, Clr=rgb(*BLUE), uglg=False, **SHADOW)
    assert len(read(psd).layers) == 3


def test_spread_moves_the_edge_outwards_before_it_is_blurred() -> None:
    psd, square = scene()
    effect(square, b"DrSh", b"Nrml", Clr=rgb(*BLUE), uglg=False, **{**SHADOW, "Ckmt": 100.0})
    row = pixels(psd)[40, :, 0]
    assert (row[60:79] == 127).all()  # the square, moved by 10 and spread by 9
    assert (row[80:] == 255).all()


@pytest.mark.parametrize(("conceals", "seen"), [(True, 255), (False, 127)])
def test_a_shadow_under_a_layer_that_lets_through_is_hidden_if_the_file_says_so(
    conceals: bool, seen: int
) -> None:
    psd, square = scene(fill=0)
    effect(
        square,
        b"DrSh",
        b"Nrml",
        Clr=rgb(*BLUE),
        uglg=False,
        layerConceals=conceals,
        **{**SHADOW, "Dstn": 0.0},
    )
    # No pixel of a layer without fill is kept; its shadow is.
    assert abs(int(pixels(psd)[40, 50, 0]) - seen) <= 1


@pytest.mark.parametrize("kind", [b"DrSh", b"IrSh"])
def test_shadows_count_among_the_pixels_of_all_layers(kind: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    psd, square = scene()
    monkeypatch.setattr(
        _limits, "LAYER_LIMITS", replace(_limits.LAYER_LIMITS, layers_pixels=100 * 80 + 20 * 20 + 300)
    )
    assert len(read(psd).layers) == 2
    effect(square, kind, b"Nrml", Clr=rgb(*BLUE), uglg=False, **SHADOW)
    with pytest.raises(PictureError, match="pixels together"):
        read(psd)


def test_an_inner_shadow_from_far_away_covers_all_and_takes_no_more_room() -> None:
    psd, square = scene()
    effect(
        square, b"IrSh", b"Nrml", Clr=rgb(*BLUE), uglg=False, **{**SHADOW, "Opct": 100.0, "Dstn": 30_000.0}
    )
    assert (pixels(psd)[30:50, 40:60] == BLUE).all()


def test_a_glow_is_whole_where_its_range_says() -> None:
    psd, square = scene()
    effect(square, b"OrGl", b"Nrml", Clr=rgb(*BLUE), Opct=100.0, Ckmt=0.0, blur=9.0, Nose=0.0, Inpr=50.0)
    row = np.zeros(100)
    row[40:60] = 1
    shade = np.minimum(1, 2 * averaged(averaged(row, 9), 9))
    assert np.abs(pixels(psd)[40, 60:, 0] - 255 * (1 - shade[60:])).max() <= 3


def test_an_inner_shadow_darkens_the_side_of_the_light_within_the_layer() -> None:
    psd, square = scene()
    effect(square, b"IrSh", b"Mltp", Clr=rgb(0, 0, 0), uglg=False, **{**SHADOW, "Dstn": 4.0, "blur": 5.0})
    seen = pixels(psd)
    assert (seen[40, :40] == 255).all()  # nothing outside
    assert (seen[40, 60:] == 255).all()
    assert seen[40, 40, 0] < 140  # light from the left
    assert seen[40, 55, 0] == 255
    (flat,) = [each for each in flatten(read(psd)).layers if each.name == "square"]
    assert flat.image.getchannel("A").getextrema() == (255, 255)


def fading(*colours: tuple[int, int, int]) -> Any:
    """A gradient from one colour to another, which fades to nothing."""

    def stop(n: int, key: bytes, value: Any) -> Any:
        items: Any = {key: value, b"Lctn": Integer(4096 * n), b"Mdpn": Integer(50)}
        return Descriptor(items, "", b"Clrt")

    colour: Any = [stop(n, b"Clr ", rgb(*each)) for n, each in enumerate(colours)]
    alpha: Any = [stop(n, b"Opct", UnitFloat(100.0 - 100 * n, Unit.Percent)) for n in range(2)]
    items: Any = {b"GrdF": Enumerated(b"GrdF", b"CstS"), b"Intr": Integer(0)}
    items |= {b"Clrs": List(colour), b"Trns": List(alpha)}
    return Descriptor(items, "", b"Grdn")


def test_a_glow_of_a_gradient_begins_at_the_layer_and_fades_as_the_gradient_does() -> None:
    psd, square = scene()
    described = fading(BLUE, (0, 255, 0))
    effect(square, b"OrGl", b"Nrml", Grad=described, Opct=100.0, Ckmt=0.0, blur=9.0, Nose=0.0, Inpr=50.0)
    row = np.zeros(100)
    row[40:60] = 1
    shade = np.minimum(1, 2 * averaged(averaged(row, 9), 9))[60:, None]
    expected = (1 - shade) * 255 + shade * (shade * BLUE + (1 - shade) * (0, 255, 0))
    seen = pixels(psd)[40, 60:]
    whole = shade[:, 0] > 10 / 255
    assert np.abs(seen - expected)[whole].max() <= 4
    assert (seen[shade[:, 0] == 0] == 255).all()


def test_a_glow_within_a_layer_may_be_of_a_gradient() -> None:
    psd, square = scene()
    described = fading(BLUE, (0, 255, 0))
    effect(square, b"IrGl", b"Nrml", Grad=described, Opct=100.0, Ckmt=0.0, blur=9.0, Nose=0.0, Inpr=50.0)
    seen = pixels(psd)
    assert seen[40, 40, 2] > 190
    assert tuple(seen[40, 50]) == RED
    assert (seen[40, :40] == 255).all()


@pytest.mark.parametrize("what", [{"Nose": 20.0}, {"ShdN": 20.0}, {"Grad": None}])
def test_a_glow_that_cannot_be_drawn_is_said_to_be_left_out(what: dict[str, Any]) -> None:
    psd, square = scene()
    values = {"Grad": fading(BLUE, RED), "Opct": 100.0, "Ckmt": 0.0, "blur": 9.0, "Nose": 0.0, "Inpr": 50.0}
    described = {key: value for key, value in (values | what).items() if value is not None}
    effect(square, b"OrGl", b"Nrml", **described)
    assert (pixels(psd)[40, 60:] == 255).all()
    assert "effects (OuterGlow: left out)" in {each.what for each in flatten(read(psd)).baked}


@pytest.mark.parametrize("kind", [b"DrSh", b"IrSh"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("key", ["Opct", "Dstn", "blur", "Ckmt", "lagl"])
def test_a_shadow_of_no_size_is_left_out_and_said(kind: bytes, key: str, value: float) -> None:
    psd, square = scene()
    effect(square, kind, b"Nrml", Clr=rgb(*BLUE), uglg=False, **{**SHADOW, key: value})
    seen = read(psd)
    (layer,) = [each for each in seen.layers if each.name == "square"]
    assert isinstance(layer, Raster)
    assert any("left out" in each for each in layer.baked)
    flatten(seen)


@pytest.mark.parametrize("kind", [b"DrSh", b"IrSh"])
def test_a_shadow_beyond_what_photoshop_knows_is_as_far_as_it_goes(kind: bytes) -> None:
    psd, square = scene()
    far = {"Opct": 1e9, "Dstn": -5e9, "blur": -1.0, "Ckmt": 1e300}
    effect(square, kind, b"Nrml", Clr=rgb(*BLUE), uglg=False, **{**SHADOW, **far})
    flatten(read(psd))


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("kind", [b"DrSh", b"IrSh", b"OrGl", b"IrGl"])
def test_the_opacity_of_a_layer_fades_its_effects_once(kind: bytes, clipped: bool) -> None:
    psd, square = scene()
    glow = {"Opct": 100.0, "Ckmt": 0.0, "blur": 9.0, "Nose": 0.0, "Inpr": 50.0}
    effect(square, kind, b"Nrml", Clr=rgb(*BLUE), **(glow if b"Gl" in kind else {"uglg": False, **SHADOW}))
    if clipped:  # then psd-tools draws the layer
        psd.create_pixel_layer(block((0, 200, 0), 10, 10), "clip", top=35, left=45).clipping = True
    whole = pixels(psd)
    square.opacity = 128
    half = pixels(psd)
    assert np.abs(half - (255 + (whole - 255) * 128 / 255)).max() <= 3
    names = {each.name: each.opacity for each in flatten(read(psd)).layers}
    assert names["square"] == 50


def test_a_group_casts_its_shadow_at_its_opacity() -> None:
    psd = PSDImage.new("RGB", (100, 80))
    psd.create_pixel_layer(block(WHITE, 100, 80), "ground")
    group: Any = psd.create_group(name="group")
    group.create_pixel_layer(block(RED), "in", top=30, left=40)
    effect(group, b"DrSh", b"Nrml", Clr=rgb(*BLUE), uglg=False, **{**SHADOW, "blur": 1.0})
    whole = pixels(psd)
    assert whole[40, 65, 0] in (127, 128)
    group.opacity = 128
    assert np.abs(pixels(psd) - (255 + (whole - 255) * 128 / 255)).max() <= 3


def test_what_is_in_a_layer_without_fill_is_blended_with_what_is_below_it() -> None:
    psd = PSDImage.new("RGB", (100, 80))
    psd.create_pixel_layer(block((200, 100, 50), 100, 80), "below")
    square = psd.create_pixel_layer(block(RED), "square", top=30, left=40)
    square.fill_opacity = 0
    effect(
        square,
        b"IrSh",
        b"Mltp",
        Clr=rgb(128, 128, 128),
        uglg=False,
        **{**SHADOW, "Opct": 100.0, "Dstn": 30_000.0},
    )
    seen = pixels(psd)
    assert np.abs(seen[40, 50] - (100, 50, 25)).max() <= 1
    assert tuple(seen[40, 30]) == (200, 100, 50)
    names = [each.name for each in flatten(read(psd)).layers]
    assert names == ["below", "square (inner shadow)"]


def test_an_inner_shadow_is_over_an_inner_glow_whichever_the_file_says_first() -> None:
    from psd_tools.constants import Tag

    psd, square = scene()
    far = {**SHADOW, "Opct": 100.0, "Dstn": 30_000.0}
    effect(square, b"IrSh", b"Nrml", Clr=rgb(*BLUE), uglg=False, **far)
    blocks = square.tagged_blocks.get_data(Tag.OBJECT_BASED_EFFECTS_LAYER_INFO)
    shadow = blocks[b"IrSh"]
    effect(
        square, b"IrGl", b"Nrml", Clr=rgb(0, 255, 0), Opct=100.0, Ckmt=100.0, blur=50.0, Nose=0.0, Inpr=1.0
    )
    blocks = square.tagged_blocks.get_data(Tag.OBJECT_BASED_EFFECTS_LAYER_INFO)
    assert tuple(pixels(psd)[40, 50]) == (0, 255, 0)
    blocks[b"IrSh"] = shadow
    assert tuple(pixels(psd)[40, 50]) == BLUE
    blocks[b"IrGl"] = blocks.pop(b"IrGl")
    assert tuple(pixels(psd)[40, 50]) == BLUE


@pytest.mark.parametrize(("key", "named"), [(b"ebbl", "BevelEmboss"), (b"ChFX", "Satin")])
def test_effects_that_nobody_draws_are_named_and_leave_the_layer_as_it_is(key: bytes, named: str) -> None:
    psd, square = scene()
    effect(square, key, b"Mltp")
    group: Any = psd.create_group(name="group")
    group.create_pixel_layer(block(BLUE), "in")
    effect(group, key, b"Mltp")
    document = read(psd)
    flat = flatten(document)
    assert [(each.layer, each.what) for each in flat.baked] == [("square", f"effects ({named}: left out)")]
    assert f"'group': effects ({named}: left out)" in document.notes
    assert [each.name for each in flat.layers] == ["ground", "square", "in"]
