"""How well a fitted element explains a place: measures that do not depend on who drew the picture, and the likelihood they make."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from haac_match._fit.cutout import Cutout
from haac_match._fit.fit import Patch
from haac_match._picture.pose import Pose

_SHOWS, _EDGE = 0.5, 0.1
"""Alpha of what is inside of an element, and of its edge."""
_RIM = 1.5
"""Pixels around an element in which the background must show."""
_CLIP = 60.0
"""Levels beyond which an error counts no more."""
_WRONG, _WRONG_BESIDE = 40, 30
"""Levels from which on a pixel is wrong, in the element and beside it."""
_PLAIN = 10.0
"""Levels of contrast within an element below which its inner structure tells nothing."""
_LEAST = 6
"""Pixels of the window that must show it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Measures of one fit.

    Args:
        unexplained: share of the (clipped, squared) difference from the background that the element leaves.
        explained: what it takes away, levels squared times pixels.
        structure: share of the element's inner contrast that is left, beyond a shift of all its colours.
        beside: share of the pixels just beside it that are not the background.
        wrong: share of its pixels that are wrong.
        contrast: within the element, levels.
        shift: of its mean colour, levels.
        pixels: of the picture that show it.
    """

    unexplained: float
    explained: float
    structure: float
    beside: float
    wrong: float
    contrast: float
    shift: float
    pixels: float


def measure(patch: Patch, pose: Pose, cutout: Cutout) -> Evidence | None:
    """Measure a fit in its window; None if the element hardly shows there."""
    warped = patch.warped(pose, cutout)
    alpha = warped[:, :, 3]
    inside = alpha > _SHOWS
    if inside.sum() < _LEAST:
        return None
    made = warped[:, :, :3] + (1 - alpha[:, :, None]) * patch.under
    off, before = patch.target - made, patch.target - patch.under
    reach = 2 * max(1, round(_RIM * patch.fx)) + 1
    counts = cv2.dilate((alpha > _EDGE).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    beside = counts & (alpha < _EDGE)
    largest = np.abs(off).max(axis=2)
    left = float(np.minimum((off**2).max(axis=2), _CLIP**2)[counts].sum())
    whole = max(float(np.minimum((before**2).max(axis=2), _CLIP**2)[counts].sum()), 1.0)
    own, wrong = made[inside], off[inside]
    variance = float(((own - own.mean(axis=0)) ** 2).sum())
    structure = float(((wrong - wrong.mean(axis=0)) ** 2).sum()) / max(variance, len(own) * _PLAIN**2)
    return Evidence(
        unexplained=left / whole,
        explained=(whole - left) * patch.area,
        structure=structure,
        beside=float((largest[beside] > _WRONG_BESIDE).mean()) if beside.any() else 1.0,
        wrong=float((largest[inside] > _WRONG).mean()),
        contrast=float(np.sqrt(variance / len(own))),
        shift=float(np.abs(wrong.mean(axis=0)).max()),
        pixels=float(inside.sum()) * patch.area,
    )
