"""Blend modes: the colour of a layer where it lies over another (W3C Compositing and Blending, and Photoshop's additions).

Values are float32, 0 to 1; `b` is the backdrop and `s` the layer, both (height, width, 3).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.float32]
_TINY = np.float32(1e-6)


def _burn(b: Colours, s: Colours) -> Colours:
    return np.where(b >= 1, 1, np.where(s <= 0, 0, 1 - np.minimum(1, (1 - b) / np.maximum(s, _TINY))))


def _dodge(b: Colours, s: Colours) -> Colours:
    return np.where(b <= 0, 0, np.where(s >= 1, 1, np.minimum(1, b / np.maximum(1 - s, _TINY))))


def _hard(b: Colours, s: Colours) -> Colours:
    return np.where(s <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))


def _soft(b: Colours, s: Colours) -> Colours:
    d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(np.maximum(b, 0)))
    return np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (d - b))


def _vivid(b: Colours, s: Colours) -> Colours:
    return np.where(s <= 0.5, _burn(b, 2 * s), _dodge(b, 2 * s - 1))


def _luma(c: Colours) -> Colours:
    made: Colours = np.matmul(c, np.array([[0.3], [0.59], [0.11]], np.float32))
    return made


def _clip(c: Colours) -> Colours:
    luma, low, high = _luma(c), c.min(axis=-1, keepdims=True), c.max(axis=-1, keepdims=True)
    c = np.where(low < 0, luma + (c - luma) * luma / np.maximum(luma - low, _TINY), c)
    return np.where(high > 1, luma + (c - luma) * (1 - luma) / np.maximum(high - luma, _TINY), c)


def _with_luma(c: Colours, luma: Colours) -> Colours:
    return _clip(c + luma - _luma(c))


def _saturation(c: Colours) -> Colours:
    made: Colours = c.max(axis=-1, keepdims=True) - c.min(axis=-1, keepdims=True)
    return made


def _with_saturation(c: Colours, saturation: Colours) -> Colours:
    low = c.min(axis=-1, keepdims=True)
    made: Colours = (c - low) * saturation / np.maximum(_saturation(c), _TINY)
    return made


BLENDS: dict[str, Callable[[Colours, Colours], Colours]] = {
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: _hard(s, b),
    "darken": np.minimum,
    "lighten": np.maximum,
    "color-dodge": _dodge,
    "color-burn": _burn,
    "hard-light": _hard,
    "soft-light": _soft,
    "difference": lambda b, s: np.abs(b - s),
    "exclusion": lambda b, s: b + s - 2 * b * s,
    "linear-burn": lambda b, s: b + s - 1,
    "linear-dodge": lambda b, s: b + s,
    "linear-light": lambda b, s: b + 2 * s - 1,
    "vivid-light": _vivid,
    "pin-light": lambda b, s: np.where(s <= 0.5, np.minimum(b, 2 * s), np.maximum(b, 2 * s - 1)),
    "hard-mix": lambda b, s: (_vivid(b, s) >= 0.5).astype(np.float32),
    "subtract": lambda b, s: b - s,
    "divide": lambda b, s: np.where(s <= 0, 1, b / np.maximum(s, _TINY)),
    "darker-color": lambda b, s: np.where(_luma(b) <= _luma(s), b, s),
    "lighter-color": lambda b, s: np.where(_luma(b) >= _luma(s), b, s),
    "hue": lambda b, s: _with_luma(_with_saturation(s, _saturation(b)), _luma(b)),
    "saturation": lambda b, s: _with_luma(_with_saturation(b, _saturation(s)), _luma(b)),
    "color": lambda b, s: _with_luma(s, _luma(b)),
    "luminosity": lambda b, s: _with_luma(b, _luma(s)),
}
"""Modes by their names in CSS, where they have one."""


def blended(
    backdrop: npt.NDArray[np.uint8], layer: npt.NDArray[np.uint8], mode: str
) -> npt.NDArray[np.uint8]:
    """The layer whose normal compositing over the backdrop shows what its own mode would.

    Source-over of the colour (1 - a_b) C_s + a_b B(C_b, C_s) with the layer's own alpha is that mode's general formula, so one
    layer stays one layer.

    Args:
        backdrop: (height, width, RGBA), straight alpha.
        layer: of the same size.
        mode: one of BLENDS.
    """
    made = layer.copy()
    rows = max(1, (1 << 18) // layer.shape[1])
    for top in range(0, layer.shape[0], rows):
        b, s = (
            np.divide(pixels[top : top + rows], np.float32(255), dtype=np.float32)
            for pixels in (backdrop, layer)
        )
        over = b[:, :, 3:]
        colour = (1 - over) * s[:, :, :3] + over * np.clip(BLENDS[mode](b[:, :, :3], s[:, :, :3]), 0, 1)
        made[top : top + rows, :, :3] = np.floor(colour * 255 + 0.5).astype(np.uint8)
    return made
