"""Brightness, contrast and saturation that bring an element near to the colours of the object that it tells."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CONTRAST, _BRIGHTNESS, _SATURATION = (65, 150), (50, 180), (40, 180)
"""Per cent, from and to: further, pictures look broken."""
_STEP = 5
"""Per cent; multiples of it cost less (docs/format.md)."""
_UNSEEN = 6
"""Per cent; smaller changes are left out."""
_ENOUGH = 2**20
"""Pixels that are looked at."""

Bytes = npt.NDArray[np.uint8]


def adjustments(element: Bytes, picture: Bytes, mask: Bytes) -> dict[str, int]:
    """The adjustments of a layer by which mean and deviation of its luma, and its mean chroma, become those of the object.

    Args:
        element: (height, width, 4).
        picture: (height, width, 3).
        mask: (height, width) of the object.
    """
    element, picture, mask = _thinned(element), _thinned(picture), _thinned(mask)
    own = element[element[:, :, 3] > 127][:, :3].astype(np.float32)
    wanted = picture[mask > 127].astype(np.float32)
    if not len(own) or not len(wanted):
        return {}
    luma, target = own @ _LUMA, wanted @ _LUMA
    mean, aim = max(1.0, float(luma.mean())), float(target.mean())
    deviation, chroma = float(luma.std()), _chroma(own)
    # The renderer multiplies by the brightness b, then stretches by the contrast c about mid-grey:
    # c b = spread, c (b mean - 128) = aim - 128.
    # One colour has no contrast, and grey no saturation, to be changed.
    contrast = (
        100
        if deviation < 1
        else _within((float(target.std()) / deviation * mean - aim + 128) / 128, _CONTRAST)
    )
    brightness = _within(((aim - 128) / contrast * 100 + 128) / mean, _BRIGHTNESS)
    saturation = (
        100
        if chroma < 1
        else _within(_chroma(wanted) / max(1.0, chroma * contrast * brightness / 1e4), _SATURATION)
    )
    found = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    return {name: value for name, value in found.items() if abs(value - 100) > _UNSEEN}


def _thinned(pixels: Bytes) -> Bytes:
    """Every second, third, ... row and column of what is large: mean and deviation need no more, and copies of all would be large."""
    step = math.ceil(math.sqrt(pixels.shape[0] * pixels.shape[1] / _ENOUGH))
    return pixels if step <= 1 else pixels[step // 2 :: step, step // 2 :: step]


def _chroma(colours: npt.NDArray[np.float32]) -> float:
    return float((colours.max(axis=1) - colours.min(axis=1)).mean())


def _within(factor: float, allowed: tuple[int, int]) -> int:
    """Per cent, in steps."""
    return min(max(_STEP * round(factor * 100 / _STEP), allowed[0]), allowed[1])
