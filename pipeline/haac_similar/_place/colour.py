"""Brightness, contrast and saturation that bring an element near to the colours of the object that it tells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CONTRAST, _BRIGHTNESS, _SATURATION = (65, 150), (50, 180), (40, 180)
"""Per cent, from and to: further, pictures look broken."""
_STEP = 5
"""Per cent; multiples of it cost less (docs/format.md)."""
_UNSEEN = 6
"""Per cent; smaller changes are left out."""

Bytes = npt.NDArray[np.uint8]


def adjustments(element: Bytes, picture: Bytes, mask: Bytes) -> dict[str, int]:
    """The adjustments of a layer by which mean and deviation of its luma, and its mean chroma, become those of the object.

    Args:
        element: (height, width, 4).
        picture: (height, width, 3).
        mask: (height, width) of the object.
    """
    own = element[element[:, :, 3] > 127][:, :3].astype(np.float32)
    wanted = picture[mask > 127].astype(np.float32)
    if not len(own) or not len(wanted):
        return {}
    luma, target = own @ _LUMA, wanted @ _LUMA
    spread = float(target.std()) / max(1.0, float(luma.std()))
    mean, aim = max(1.0, float(luma.mean())), float(target.mean())
    # The renderer multiplies by the brightness b, then stretches by the contrast c about mid-grey:
    # c b = spread, c (b mean - 128) = aim - 128.
    contrast = _within((spread * mean - aim + 128) / 128, _CONTRAST)
    brightness = _within(((aim - 128) / contrast * 100 + 128) / mean, _BRIGHTNESS)
    saturation = _within(_chroma(wanted) / max(1.0, _chroma(own) * contrast * brightness / 1e4), _SATURATION)
    found = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    return {name: value for name, value in found.items() if abs(value - 100) > _UNSEEN}


def _chroma(colours: npt.NDArray[np.float32]) -> float:
    return float((colours.max(axis=1) - colours.min(axis=1)).mean())


def _within(factor: float, allowed: tuple[int, int]) -> int:
    """Per cent, in steps."""
    return min(max(_STEP * round(factor * 100 / _STEP), allowed[0]), allowed[1])
