"""Masks: density and feather of pixel masks and of paths, for layers and for fills that reach beyond their pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

pytest.importorskip("psd_tools")

from psd_tools import PSDImage
from psd_tools.constants import Tag
from psd_tools.psd.descriptor import DescriptorBlock
from psd_tools.psd.layer_and_mask import MaskParameters
from psd_tools.psd.vector import (
    ClosedKnotLinked,
    ClosedPath,
    InitialFillRule,
    Path,
    PathFillRule,
    VectorMaskSetting,
)

from haac_layers import Raster, _limits
from haac_repo import PictureError
from tests.pipeline.layers.photoshop.made import block, picture, put, read, rgb

SIDE = 60
HALF = Image.new("L", (SIDE, SIDE))
HALF.paste(255, (0, 0, SIDE // 2, SIDE))


def scene(**parameters: Any) -> tuple[PSDImage, Any]:
    """A red layer on white, of which a mask shows the left half."""
    psd = PSDImage.new("RGBA", (SIDE, SIDE))
    psd.create_pixel_layer(block((255, 255, 255), SIDE, SIDE), "ground")
    layer: Any = psd.create_pixel_layer(block((255, 0, 0), SIDE, SIDE), "red")
    layer.create_mask(HALF)
    if parameters:
        layer.mask.data.flags.parameters_applied = True
        layer.mask.data.parameters = MaskParameters(**parameters)
    return psd, layer


def alpha(psd: PSDImage) -> np.ndarray[Any, np.dtype[np.int32]]:
    top = read(psd).layers[-1]
    assert isinstance(top, Raster)
    whole = Image.new("L", (SIDE, SIDE))
    whole.paste(top.image.getchannel("A"), (top.x, top.y))
    return np.asarray(whole).astype(np.int32)


def rectangle(left: float, top: float, right: float, bottom: float) -> VectorMaskSetting:
    """A path; places are shares of the canvas."""
    corners = ((top, left), (top, right), (bottom, right), (bottom, left))
    knots: Any = [ClosedKnotLinked(at, at, at) for at in corners]
    parts: Any = [PathFillRule(), InitialFillRule(0), ClosedPath(knots, operation=1)]
    return VectorMaskSetting(3, 0, Path(parts))


def test_a_mask_shows_its_half() -> None:
    psd, _ = scene()
    assert (alpha(psd)[:, :30] == 255).all()
    assert (alpha(psd)[:, 30:] == 0).all()


def test_the_density_of_a_mask_is_how_much_of_it_counts() -> None:
    psd, _ = scene(user_mask_density=64)
    assert (alpha(psd)[:, :30] == 255).all()
    assert (alpha(psd)[:, 30:] == 255 - 64).all()


def test_the_feather_of_a_mask_is_a_gaussian_of_its_pixels() -> None:
    psd, _ = scene(user_mask_feather=4.0)
    seen = alpha(psd)[30]
    wide = Image.new("L", (SIDE, SIDE))
    wide.paste(HALF)
    inner = np.asarray(wide.filter(ImageFilter.GaussianBlur(4)))[30].astype(np.int32)
    assert np.abs(seen[20:45] - inner[20:45]).max() <= 1
    assert seen[29] + seen[30] in range(250, 261)  # half at the edge
    assert seen[0] < 200  # and it fades at the edge of the canvas, where the mask ends


def test_a_path_cuts_a_layer_with_its_own_density() -> None:
    psd, layer = scene(vector_mask_density=128)
    layer.mask.data.flags.mask_disabled = True
    put(layer, Tag.VECTOR_MASK_SETTING1, rectangle(0.5, 0, 1, 1))
    layer.mask.data.parameters = MaskParameters(vector_mask_density=128)
    seen = alpha(psd)
    assert (seen[:, 31:] == 255).all()
    assert (seen[:, :29] == 127).all()


def test_a_fill_with_a_thin_mask_shows_everywhere() -> None:
    psd, layer = scene(user_mask_density=204)
    colour: Any = {b"Clr ": rgb(0, 0, 255)}
    put(layer, Tag.SOLID_COLOR_SHEET_SETTING, DescriptorBlock(colour, "", b"null"))
    shown = np.asarray(picture(read(psd)).convert("RGB")).astype(np.int32)
    assert (shown[:, :30] == (0, 0, 255)).all()
    assert (np.abs(shown[:, 31:] - (204, 204, 255)) <= 1).all()  # a fifth of it


def test_what_a_feather_needs_counts_among_the_pixels_of_all_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    psd, _ = scene(user_mask_feather=5.0)
    around = SIDE + 2 * (3 * 5 + 1)
    limits = replace(_limits.LAYER_LIMITS, layers_pixels=2 * SIDE**2 + around**2)
    monkeypatch.setattr(_limits, "LAYER_LIMITS", limits)
    read(psd)
    monkeypatch.setattr(_limits, "LAYER_LIMITS", replace(limits, layers_pixels=limits.layers_pixels - 1))
    with pytest.raises(PictureError, match="pixels together"):
        read(psd)
