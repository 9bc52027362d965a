"""Pattern overlays of a layer, laid from the layer's reference point on, as Photoshop does; between pixels they are premultiplied.

Source: measured on documents of psd-tools' own tests: a pattern that is enlarged has its own pixels first, and lines between them. The
reference point is the block `fxrp` of Adobe's specification.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haac_layers._limits import LAYER_LIMITS
from haac_layers._photoshop.described import UNREADABLE, number_of

if TYPE_CHECKING:
    from PIL import Image

    from haac_layers._document import Box

Pixels = npt.NDArray[np.float32]
OVERLAY = "PatternOverlay"
_SCALES = 1, 1000
"""Per cent of its size; what Photoshop sets."""


def overlay_of(layer: Any) -> Any | None:
    """The one pattern overlay of a layer, if no other overlay and no stroke has to be drawn with it, and it can be drawn."""
    if not layer.has_effects() or layer.is_group() or any(each.visible for each in layer.clip_layers):
        return None
    others = {"ColorOverlay", "GradientOverlay", "Stroke"}
    found = [each for each in layer.effects if each.enabled]
    overlays = [each for each in found if type(each).__name__ == OVERLAY]
    if len(overlays) != 1 or any(type(each).__name__ in others for each in found):
        return None
    return overlays[0] if layer._psd.color_mode.name == "RGB" and layer._psd.depth == 8 else None


def drawn(layer: Any, effect: Any, box: Box, charge: Callable[[int, int], None]) -> Image.Image | None:
    """The pattern alone, with its opacity, as large as a box of the canvas; None if it cannot be read.

    Args:
        layer: of psd-tools.
        effect: its pattern overlay.
        box: what is asked for.
        charge: told the width and height of what is drawn, before it is; may refuse.
    """
    from PIL import Image
    from psd_tools.constants import Tag

    described = effect.descriptor
    point = layer.tagged_blocks.get_data(Tag.REFERENCE_POINT)
    try:
        x, y = (int(v) for v in point) if point is not None and described.get(b"Algn") else (0, 0)
        if (phase := described.get(b"phase")) is not None:
            x, y = x + round(float(phase[b"Hrzn"])), y + round(float(phase[b"Vrtc"]))
        scale = number_of(described.get(b"Scl ", 100), *_SCALES) / 100
        opacity = number_of(effect.opacity, 0, 100) / 100
        if max(abs(x), abs(y)) > LAYER_LIMITS.offset:
            return None
        panel = _panel(layer._psd, described[b"Ptrn"][b"Idnt"].value.rstrip("\x00"), charge)
        if panel is None:
            return None
        if scale < 1:
            panel, scale = _reduced(panel, scale), 1.0
        charge(panel.shape[1], box[3] - box[1])  # it is laid downwards first
        charge(box[2] - box[0], box[3] - box[1])
        panel = _laid(panel, box, (x, y), scale)
    except UNREADABLE:
        return None
    alpha = panel[:, :, 3:]
    colour = panel[:, :, :3] / np.maximum(alpha, np.float32(1e-6))
    pixels = np.concatenate((colour, alpha * np.float32(opacity)), axis=2) * 255
    return Image.fromarray(np.floor(pixels.clip(0, 255) + 0.5).astype(np.uint8))


def _panel(psd: Any, named: str, charge: Callable[[int, int], None]) -> Pixels | None:
    """A pattern's own pixels, red, green, blue and alpha of 0 to 1, premultiplied; None if it is not there, or of other colours."""
    from psd_tools.api import numpy_io

    stored = psd._get_pattern(named)
    if stored is None:
        return None
    top, left, bottom, right = stored.data.rectangle
    if left >= right or top >= bottom:
        return None
    charge(right - left, bottom - top)
    pixels: Pixels = numpy_io.get_pattern(stored, LAYER_LIMITS.memory_bytes)
    channels = numpy_io.get_pattern_color_channels(stored)
    if channels not in (1, 3):
        return None
    colour = np.broadcast_to(pixels[:, :, :channels], (*pixels.shape[:2], 3))
    alpha = pixels[:, :, -1:] if pixels.shape[2] > channels else np.ones_like(pixels[:, :, :1])
    return np.concatenate((colour * alpha, alpha), axis=2)


def _reduced(panel: Pixels, scale: float) -> Pixels:
    from PIL import Image

    size = max(1, int(panel.shape[1] * scale)), max(1, int(panel.shape[0] * scale))
    planes = [
        Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR) for plane in np.moveaxis(panel, 2, 0)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)


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
