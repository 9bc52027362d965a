"""A picture with a mask, or with alpha -> clean cut-outs: edges without the old ground, separate things apart, trimmed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]

_VISIBLE = 8
"""Alpha below this does not count when things are trimmed and told apart."""
_SMALLEST = 0.04
"""Parts smaller than this share of the largest are specks."""
_MIN_AREA = 64
"""Pixels a part must have to stand beside the largest, which always stands."""


def trimmed(rgba: Bytes) -> Bytes | None:
    """Without the empty margin, and with 0,0,0 under alpha 0; None if nothing is visible.

    Args:
        rgba: (height, width, 4), straight alpha.
    """
    alpha = rgba[:, :, 3]
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return None
    part = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cleaned: Bytes = part * (part[:, :, 3:] != 0)
    return cleaned


def cut_out(rgb: Bytes, mask: Bytes) -> Bytes:
    """RGBA out of a picture and its mask, the colours of soft edges freed from the ground behind them.

    Source: M. Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): two rounds of blur fusion.

    Args:
        rgb: (height, width, 3).
        mask: (height, width); 255 is the thing.
    """
    import cv2

    alpha = np.where(mask < _VISIBLE, 0, np.where(mask > 255 - _VISIBLE, 255, mask)).astype(np.uint8)
    rgba = np.dstack([rgb, alpha])
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return rgba
    soft = (alpha > 0) & (alpha < 255)
    if not soft.any():
        return rgba
    # Only the neighbourhood of the thing matters, and it is looked at in a size that bounds the work.
    margin = 16
    window = (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )
    image = rgb[window].astype(np.float32)
    a = (alpha[window].astype(np.float32) / 255)[:, :, None]
    foreground, background = image, image
    for radius in (45, 6):
        size = (radius, radius)
        weight = cv2.blur(a, size)[:, :, None]
        mean_f = cv2.blur(foreground * a, size) / (weight + 1e-5)
        mean_b = cv2.blur(background * (1 - a), size) / (1 - weight + 1e-5)
        foreground = np.clip(mean_f + a * (image - a * mean_f - (1 - a) * mean_b), 0, 255)
        background = mean_b
    edge = soft[window]
    rgba[window][edge, :3] = np.rint(foreground[edge]).astype(np.uint8)
    return rgba


def things(rgba: Bytes, *, split: bool) -> list[Bytes]:
    """The separate things of a cut-out, from left to right, trimmed; one with all of it if not `split`.

    Parts are separate if they are further apart than about one hundredth of the picture; specks are dropped.
    """
    if not split:
        whole = trimmed(rgba)
        return [] if whole is None else [whole]
    import cv2

    alpha = rgba[:, :, 3]
    solid = (alpha >= _VISIBLE).astype(np.uint8)
    gap = max(1, round(max(alpha.shape) * 0.005)) * 2 + 1
    grown = cv2.dilate(solid, np.ones((gap, gap), np.uint8))
    count, labels = cv2.connectedComponents(grown, connectivity=8)
    areas = np.bincount(labels[solid > 0], minlength=count)
    areas[0] = 0
    largest = int(areas.max())
    kept = np.flatnonzero(areas >= max(1, min(_MIN_AREA, largest), _SMALLEST * largest))
    parts: list[tuple[int, Bytes]] = []
    for label in kept:
        inside = labels == label
        part = trimmed(rgba * inside[:, :, None])
        if part is not None:
            parts.append((int(np.flatnonzero(inside.any(axis=0))[0]), part))
    parts.sort(key=lambda pair: pair[0])
    return [part for _, part in parts]


def plate(rgb: Bytes, mask: Bytes) -> Bytes:
    """What may stand behind the thing: the picture, opaque, with the thing painted over from around it.

    Source: A. Telea, "An image inpainting technique based on the fast marching method" (2004), at a bounded size.
    """
    import cv2

    height, width = mask.shape
    scale = min(1.0, 384 / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    hole = cv2.resize((mask >= _VISIBLE).astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
    hole = cv2.dilate((hole > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    if hole.all():
        raise ValueError("no ground is visible")
    filled = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
    large: Any = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(
        cv2.resize(hole * 255, (width, height), interpolation=cv2.INTER_LINEAR), (0, 0), 2
    )
    share = np.where(mask >= _VISIBLE, 1.0, soft / 255.0)[:, :, None]
    mixed = np.rint(large * share + rgb * (1 - share))
    return np.dstack([np.clip(mixed, 0, 255), np.full((height, width), 255)]).astype(np.uint8)


def picture(rgba: Bytes) -> Image.Image:
    """As a Pillow image, mode RGBA."""
    return Image.fromarray(np.ascontiguousarray(rgba))
