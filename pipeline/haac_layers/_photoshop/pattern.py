"""Pattern overlays of a layer, laid from the layer's reference point on, as Photoshop does.

Source: measured on documents of psd-tools' own tests: a pattern that is enlarged has its own pixels first, and lines between them. The
reference point is the block `fxrp` of Adobe's specification.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haac_layers._document import Raster
from haac_layers._flatten.blend import BLENDS, blended
from haac_layers._limits import LAYER_LIMITS
from haac_layers._photoshop.described import UNREADABLE, mode_of

if TYPE_CHECKING:
    from PIL import Image

Pixels = npt.NDArray[np.float32]
OVERLAY = "PatternOverlay"


def overlay_of(layer: Any) -> Any | None:
    """The one pattern overlay of a layer, if no other overlay and no stroke has to be drawn with it, and it can be drawn."""
    if not layer.has_effects() or layer.is_group() or any(each.visible for each in layer.clip_layers):
        return None
    others = {"ColorOverlay", "GradientOverlay", "Stroke", "BevelEmboss", "Satin"}
    found = [each for each in layer.effects if each.enabled]
    overlays = [each for each in found if type(each).__name__ == OVERLAY]
    if len(overlays) != 1 or any(type(each).__name__ in others for each in found):
        return None
    return overlays[0] if layer._psd.color_mode.name == "RGB" and layer._psd.depth == 8 else None


def overlaid(layer: Any, effect: Any, raster: Raster) -> Raster:
    """Pixels of a layer under its pattern: the layer as its fill opacity lets it through, the pattern as its own.

    Args:
        layer: of psd-tools.
        effect: its pattern overlay.
        raster: the layer; its opacity has the fill opacity in it, which does not count for the pattern.
    """
    from PIL import Image, ImageChops

    image = raster.image
    pattern = _drawn(layer, effect, (raster.x, raster.y, raster.x + image.width, raster.y + image.height))
    if pattern is None:
        return replace(raster, baked=(*raster.baked, "a pattern that cannot be read: left out"))
    under = image.copy()
    under.putalpha(layer.fill_opacity)
    mode = mode_of(effect)
    if mode in BLENDS:
        pattern = Image.fromarray(blended(np.asarray(under), np.asarray(pattern), mode))
    under.alpha_composite(pattern)
    under.putalpha(ImageChops.multiply(under.getchannel("A"), image.getchannel("A")))
    return replace(raster, image=under, opacity=layer.opacity / 255, baked=(*raster.baked, "a pattern"))


def _drawn(layer: Any, effect: Any, box: tuple[int, int, int, int]) -> Image.Image | None:
    """The pattern alone, with its opacity; None if it cannot be read."""
    from PIL import Image
    from psd_tools.api import numpy_io
    from psd_tools.composite.paint import draw_pattern_fill
    from psd_tools.constants import Tag

    psd, described = layer._psd, effect.descriptor
    colour: Any
    shape: Any
    point = layer.tagged_blocks.get_data(Tag.REFERENCE_POINT)
    try:
        x, y = (int(v) for v in point) if point is not None and described.get(b"Algn") else (0, 0)
        if (phase := described.get(b"phase")) is not None:
            x, y = x + round(float(phase[b"Hrzn"])), y + round(float(phase[b"Vrtc"]))
        scale = float(described.get(b"Scl ", 100)) / 100
        opacity = float(effect.opacity) / 100
        too_large = (box[2] - box[0]) * (box[3] - box[1]) > LAYER_LIMITS.canvas_pixels
        if too_large or max(abs(x), abs(y)) > LAYER_LIMITS.offset or not math.isfinite(scale * opacity):
            return None
        if scale >= 1:
            stored = psd._get_pattern(described[b"Ptrn"][b"Idnt"].value.rstrip("\x00"))
            panel = numpy_io.get_pattern(stored, LAYER_LIMITS.memory_bytes)
            if (box[3] - box[1]) * panel.shape[1] > LAYER_LIMITS.canvas_pixels:  # it is laid downwards first
                return None
            channels = numpy_io.get_pattern_color_channels(stored)
            panel = _laid(panel, box, (x, y), scale)
            colour, shape = panel[:, :, :channels], panel[:, :, channels:]
            shape = shape if shape.shape[2] else None
        else:
            colour, shape = draw_pattern_fill(box, psd, described, (x, y, x + 1, y + 1))
    except UNREADABLE:
        return None
    if colour is None or colour.shape[2] not in (1, 3):
        return None
    colour = np.broadcast_to(colour, (*colour.shape[:2], 3))
    alpha = np.ones((*colour.shape[:2], 1), np.float32) if shape is None else shape[:, :, :1]
    pixels = np.concatenate((colour, alpha * np.float32(opacity)), axis=2) * 255
    return Image.fromarray(np.floor(pixels.clip(0, 255) + 0.5).astype(np.uint8))


def _laid(panel: Pixels, box: tuple[int, int, int, int], start: tuple[int, int], scale: float) -> Pixels:
    """A box full of a pattern, enlarged, of which the first pixel is at `start`."""
    for axis in (0, 1):
        places = (np.arange(box[1 - axis], box[3 - axis]) - start[1 - axis]) / scale
        first = np.floor(places).astype(np.int64)
        share = (places - first).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        size = panel.shape[axis]
        low, high = (panel.take((first + n) % size, axis=axis) for n in (0, 1))
        panel = low + (high - low) * share
    return panel
