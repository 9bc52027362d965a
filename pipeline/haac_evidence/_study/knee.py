"""The knee of a saturating curve, and the size after which doubling brings little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

_SLIGHT: Final = 0.1
"""Of the unit square: what bends less is called straight."""


def knee(sizes: Sequence[int], values: Sequence[float]) -> int | None:
    """The size at the knee of a curve: the point furthest above the chord from its first to its last point.

    Both axes are scaled to 0 to 1 first; the axis of sizes is linear, since that is how elements are paid for. The knee depends on where
    the curve ends, so it is one of the catalogs compared, and no constant of nature.

    Source: Satopaa, Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a Haystack: Detecting Knee Points in System Behavior" (2011),
    for curves that are measured once, without smoothing and with a threshold in the place of its sensitivity.

    Args:
        sizes: rising, elements.
        values: what each brings; more is better.

    Returns:
        One of the sizes; None where the curve is straight, bends upwards, does not rise, or has fewer than three points.
    """
    if len(sizes) < 3 or values[-1] <= values[0]:
        return None
    across, up = sizes[-1] - sizes[0], values[-1] - values[0]
    above = [
        (value - values[0]) / up - (size - sizes[0]) / across
        for size, value in zip(sizes, values, strict=True)
    ]
    best = max(range(len(above)), key=above.__getitem__)
    return sizes[best] if above[best] >= _SLIGHT else None


def enough(sizes: Sequence[int], values: Sequence[float], least: float) -> int | None:
    """The smallest size after which no doubling brings `least`.

    Args:
        sizes: rising, elements.
        values: what each brings.
        least: gain a doubling that is worth it; steps between sizes that are no doubling are scaled to one.

    Returns:
        One of the sizes but the last; None where the last step is still worth it.
    """
    gains = [
        (after - before) / math.log2(large / small)
        for small, large, before, after in zip(sizes, sizes[1:], values, values[1:], strict=False)
    ]
    for at in range(len(gains)):
        if all(gain < least for gain in gains[at:]):
            return sizes[at]
    return None
