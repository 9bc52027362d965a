"""Gradients and patterns over a layer, as Photoshop lays them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("psd_tools")
pytest.importorskip("scipy")

from psd_tools import PSDImage
from psd_tools.constants import ColorMode, Compression, Tag
from psd_tools.psd.descriptor import Descriptor, Enumerated, Integer, List, String, UnitFloat
from psd_tools.psd.patterns import Pattern, Patterns, VirtualMemoryArray, VirtualMemoryArrayList
from psd_tools.psd.tagged_blocks import TaggedBlock, TaggedBlocks
from psd_tools.terminology import Unit

from haac_layers import Raster, _limits, flatten
from haac_layers._photoshop.gradient import _between, smooth
from haac_repo import PictureError
from tests.pipeline.layers.photoshop.made import block, effect, picture, put, read, rgb

SIZE = 64
LFX = Tag.OBJECT_BASED_EFFECTS_LAYER_INFO


def scene() -> tuple[PSDImage, Any]:
    psd = PSDImage.new("RGB", (SIZE, SIZE))
    return psd, psd.create_pixel_layer(block((10, 20, 30), SIZE, SIZE), "layer")


def red(psd: PSDImage) -> npt.NDArray[np.int32]:
    return np.asarray(picture(read(psd)).convert("RGB")).astype(np.int32)[:, :, 0]


def gradient(smoothness: int, *values: float) -> Any:
    """From one red to another; places are even."""

    def stop(n: int, value: float) -> Any:
        items: Any = {
            b"Clr ": rgb(value, 0, 0),
            b"Lctn": Integer(round(4096 * n / (len(values) - 1))),
            b"Mdpn": Integer(50),
        }
        return Descriptor(items, "", b"Clrt")

    stops: Any = [stop(n, value) for n, value in enumerate(values)]
    items: Any = {b"GrdF": Enumerated(b"GrdF", b"CstS"), b"Intr": Integer(smoothness), b"Clrs": List(stops)}
    return Descriptor(items, "", b"Grdn")


def overlay(layer: Any, described: Any, angle: float) -> None:
    kind: Any = Enumerated(b"GrdT", b"Lnr ")
    effect(layer, b"GrFl", b"Nrml", Opct=100.0, Grad=described, Angl=angle, Type=kind, Algn=True, Scl=100.0)


@pytest.mark.parametrize("smoothness", [0, 2048, 4096])
def test_a_gradient_is_as_smooth_as_it_says(smoothness: int) -> None:
    psd, layer = scene()
    overlay(layer, gradient(smoothness, 0, 255), 0.0)
    t = np.arange(SIZE) / (SIZE - 1)
    spline = (t + 3 * t**2 - 2 * t**3) / 2
    expected = 255 * (t + (spline - t) * smoothness / 4096)
    assert np.abs(red(psd)[20] - expected).max() <= 1.5


@pytest.mark.parametrize(("angle", "long"), [(45.0, math.sqrt(2)), (30.0, 1 / math.cos(math.radians(30)))])
def test_a_gradient_goes_from_edge_to_edge_through_the_middle(angle: float, long: float) -> None:
    psd, layer = scene()
    overlay(layer, gradient(0, 0, 255), angle)
    seen = red(psd)
    middle = (SIZE - 1) / 2
    for x in (10, 20, 45, 60):
        way = (x - middle) * math.cos(math.radians(angle)) / (long * (SIZE - 1))
        expected = 255 * min(max(0.5 + way, 0), 1)
        assert abs((seen[31, x] + seen[32, x]) / 2 - expected) <= 2


def test_a_midpoint_moves_half_of_the_way() -> None:
    places = dict(_between([(0.0, (0.0,), 0.5), (1.0, (100.0,), 0.25)], 0.0))
    assert places[0.25] == (50.0,)
    assert places[0.125] == (25.0,)
    assert places[1.0] == (100.0,)


def test_a_gradient_that_is_none_leaves_the_layer() -> None:
    psd, layer = scene()
    described = gradient(4096, 0, 255)
    del described[b"Clrs"][0][b"Lctn"]
    overlay(layer, described, 0.0)
    read(psd)


def test_stops_beyond_what_a_document_has_stay_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haac_layers._photoshop.gradient._IN_ALL", 3)
    made = []
    for _ in range(2):
        layer = scene()[1]
        overlay(layer, gradient(4096, 0, 255), 0.0)
        made.append(layer)
    smooth(made)
    counts = [len(each.tagged_blocks.get_data(LFX)[b"GrFl"][b"Grad"][b"Clrs"]) for each in made]
    assert counts[0] > counts[1] == 2


TILE = np.array([[0, 200, 100], [40, 80, 240]], np.uint8)


def patterned(
    psd: PSDImage, layer: Any, scale: float, opacity: float = 100.0, link: bool = True, seen: Any = None
) -> None:
    """A pattern of TILE in red over a layer whose reference point is 5,3; `seen` is its alpha."""
    height, width = TILE.shape

    def plane(values: npt.NDArray[np.uint8]) -> VirtualMemoryArray:
        return VirtualMemoryArray(1, 8, (0, 0, height, width), 8, Compression.RAW, values.tobytes())

    planes = [plane(TILE), plane(0 * TILE), plane(0 * TILE)] + [VirtualMemoryArray() for _ in range(23)]
    if seen is not None:
        planes[-1] = plane(seen)
    array = VirtualMemoryArrayList(3, (0, 0, height, width), planes)
    stored: Any = [Pattern(1, ColorMode.RGB, (height, width), "tile", "tile-id", [], array)]
    info = psd._record.layer_and_mask_information
    info.tagged_blocks = TaggedBlocks()
    patterns: Any = Patterns(stored)
    info.tagged_blocks[Tag.PATTERNS1] = TaggedBlock(key=Tag.PATTERNS1, data=patterns)
    named: Any = {b"Nm  ": String("tile"), b"Idnt": String("tile-id\x00")}
    effect(
        layer,
        b"patternFill",
        b"Nrml",
        Opct=opacity,
        Ptrn=Descriptor(named, "", b"Ptrn"),
        Algn=link,
        Scl=scale,
    )
    from psd_tools.psd.tagged_blocks import ReferencePoint

    point: Any = [5.0, 3.0]
    put(layer, Tag.REFERENCE_POINT, ReferencePoint(point))


@pytest.mark.parametrize(("link", "start"), [(True, (5, 3)), (False, (0, 0))])
def test_a_pattern_begins_at_the_reference_point_or_at_the_canvas(link: bool, start: tuple[int, int]) -> None:
    psd, layer = scene()
    patterned(psd, layer, 100.0, link=link)
    x, y = (np.arange(SIZE) - first for first in start)
    assert (red(psd) == TILE[y % 2][:, x % 3]).all()


def test_a_pattern_of_twice_its_size_has_its_pixels_and_what_is_between_them() -> None:
    psd, layer = scene()
    patterned(psd, layer, 200.0)
    seen = red(psd)
    assert seen[3, 5:12].tolist() == [0, 100, 200, 150, 100, 50, 0]
    assert seen[4, 5] == 20


def test_the_fill_of_a_layer_does_not_fade_its_pattern() -> None:
    psd, layer = scene()
    layer.fill_opacity = 0
    patterned(psd, layer, 100.0, opacity=50.0)
    (made,) = read(psd).layers
    assert isinstance(made, Raster)
    assert made.image.getpixel((6, 3)) == (200, 0, 0, 128)
    assert "a pattern" in {each.what for each in flatten(read(psd)).baked}


@pytest.mark.parametrize("scale", [200.0, 50.0])
def test_a_pattern_has_no_fringe_of_what_does_not_show_of_it(scale: float) -> None:
    psd, layer = scene()
    layer.fill_opacity = 0
    patterned(psd, layer, scale, seen=np.where(TILE == 200, 255, 0).astype(np.uint8))
    (made,) = read(psd).layers
    assert isinstance(made, Raster)
    pixels = np.asarray(made.image)
    assert (pixels[:, :, 3] > 0).mean() > 0
    assert 0 < pixels[:, :, 3].min(initial=255, where=pixels[:, :, 3] > 0) < 255
    assert np.abs(pixels[pixels[:, :, 3] > 8][:, 0].astype(int) - 200).max() <= 8


def test_a_pattern_counts_for_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    psd, layer = scene()
    patterned(psd, layer, 100.0)
    drawn = TILE.size + TILE.shape[1] * SIZE + SIZE * SIZE
    limits = replace(_limits.LAYER_LIMITS, layers_pixels=SIZE * SIZE + drawn)
    monkeypatch.setattr(_limits, "LAYER_LIMITS", limits)
    read(psd)
    monkeypatch.setattr(_limits, "LAYER_LIMITS", replace(limits, layers_pixels=limits.layers_pixels - 1))
    with pytest.raises(PictureError, match="pixels together"):
        read(psd)


@pytest.mark.parametrize(("style", "beyond"), [(b"OutF", 4), (b"CtrF", 2), (b"InsF", 0)])
def test_the_gradient_of_a_stroke_spans_what_is_around_the_layer_with_it(style: bytes, beyond: int) -> None:
    psd = PSDImage.new("RGB", (60, SIZE))
    layer = psd.create_pixel_layer(block((10, 20, 30), 50, 20), "layer", top=20, left=5)
    kind: Any = {
        "Styl": Enumerated(b"FStl", style),
        "PntT": Enumerated(b"FrFl", b"GrFl"),
        "Type": Enumerated(b"GrdT", b"Lnr "),
    }
    effect(
        layer,
        b"FrFX",
        b"Nrml",
        Opct=100.0,
        Grad=gradient(0, 255, 0),
        Angl=90.0,
        Algn=True,
        Scl=100.0,
        Sz=4.0,
        **kind,
    )
    seen = red(psd)
    top, bottom = 20 - beyond, 39 + beyond
    assert abs(seen[top, 30] - 0) <= 7
    assert abs(seen[bottom, 30] - 255) <= 7
    column = seen[top : bottom + 1, 6 - beyond]  # within the stroke at the left
    assert np.abs(column[4:-4] - np.linspace(0, 255, len(column))[4:-4]).max() <= 8


def said_of_stroke(described: Descriptor, kind: bytes) -> set[str]:
    psd, layer = scene()
    paint: Any = {
        "Styl": Enumerated(b"FStl", b"InsF"),
        "PntT": Enumerated(b"FrFl", b"GrFl"),
        "Type": Enumerated(b"GrdT", kind),
    }
    effect(
        layer, b"FrFX", b"Nrml", Opct=100.0, Grad=described, Angl=90.0, Algn=True, Scl=100.0, Sz=4.0, **paint
    )
    return {each.what for each in flatten(read(psd)).baked if "Stroke:" in each.what}


def test_a_stroke_of_a_gradient_that_fades_is_said_to_be_drawn_opaque() -> None:
    described = gradient(0, 0, 255)
    stops: Any = []
    for opacity, place in ((100.0, 0), (0.0, 4096)):
        items: Any = {
            b"Opct": UnitFloat(opacity, Unit.Percent),
            b"Lctn": Integer(place),
            b"Mdpn": Integer(50),
        }
        stops.append(Descriptor(items, "", b"TrnS"))
    described[b"Trns"] = List(stops)
    assert said_of_stroke(described, b"Lnr ") == {"effects (Stroke: its gradient's opacity left out)"}


def test_a_stroke_of_a_gradient_that_psd_tools_cannot_draw_is_said_to_be_drawn_otherwise() -> None:
    across = "effects (Stroke: its gradient across the outline drawn in one colour)"
    assert said_of_stroke(gradient(0, 0, 255), b"shapeburst") == {across}
    assert said_of_stroke(gradient(0, 0, 255), b"Lnr ") == set()
    noise = gradient(0, 0, 255)
    noise[b"GrdF"] = Enumerated(b"GrdF", b"ClNs")
    assert said_of_stroke(noise, b"Lnr ") == {"effects (Stroke: its gradient of noise drawn otherwise)"}
