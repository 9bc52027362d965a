"""Cut-outs from masks: foreground colour estimation, connected components, trimming, background inpainting."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_EDGE_PIXELS = 2**16
"""Size of the picture in which the mean colours along the edges are found."""
_ROUNDS = (90, 30, 10, 4)
"""Widths of the blurs, in pixels of the whole picture: colours come from far where there are none nearby. Chosen on the composites of
`scripts/benchmark/cutout_edges/` that it does not report."""

_VISIBLE = 8
"""Alpha below this does not count for masks and connected components."""
_SMALLEST = 0.04
"""Parts smaller than this share of the largest are specks."""
_MIN_AREA = 64
"""Pixels a part must have to stand beside the largest, which always stands."""


def trimmed(rgba: Bytes) -> Bytes | None:
    """Crop to the visible pixels, and clear those of alpha 0; None if nothing is visible.

    Args:
        rgba: (height, width, 4), straight alpha.
    """
    part = _part(rgba)
    return None if part is None else part.pixels


def cut_out(rgb: Bytes, mask: Bytes) -> Bytes:
    """Matting: RGBA from a picture and its mask, with the foreground colours of soft edges estimated.

    Source: M. Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): blur fusion. In four rounds instead of two, in
    which the background is estimated like the foreground: as good then as multi-level estimation (pymatting), in half the time.

    Args:
        rgb: (height, width, 3).
        mask: (height, width), alpha; 255 is the object.
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
    # Only the neighbourhood of the object matters, and its mean colours are smooth: they are found in a small picture.
    margin = 16
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    bottom, right = (
        min(int(rows[-1]) + margin + 1, rgb.shape[0]),
        min(int(columns[-1]) + margin + 1, rgb.shape[1]),
    )
    step = max(1, round(((bottom - top) * (right - left) / _EDGE_PIXELS) ** 0.5))
    size = max(1, (right - left) // step), max(1, (bottom - top) // step)
    image = cv2.resize(rgb[top:bottom, left:right], size, interpolation=cv2.INTER_AREA).astype(np.float32)
    shares = cv2.resize(alpha[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    a: Floats = (shares.astype(np.float32) / np.float32(255))[:, :, None]
    foreground, background = image, image
    for width in _ROUNDS:
        side = (max(2, round(width / step)),) * 2
        weight = cv2.blur(a, side)[:, :, None]
        mean_f = cv2.blur(foreground * a, side) / (weight + 1e-5)
        mean_b = cv2.blur(background * (1 - a), side) / (1 - weight + 1e-5)
        foreground = _foreground(image, a, mean_f, mean_b)
        background = _foreground(image, 1 - a, mean_b, mean_f)
    y, x = np.nonzero(soft)
    there = np.minimum((y - top) // step, size[1] - 1), np.minimum((x - left) // step, size[0] - 1)
    edge = _foreground(
        rgb[y, x].astype(np.float32),
        alpha[y, x].astype(np.float32)[:, None] / np.float32(255),
        mean_f[there],
        mean_b[there],
    )
    rgba[y, x, :3] = np.rint(edge).astype(np.uint8)
    return rgba


def _foreground(image: Floats, a: Floats, mean_f: Floats, mean_b: Floats) -> Floats:
    """Foreground colour of pixels (..., 3), from alpha (..., 1) and the local means of foreground and background."""
    return np.asarray(np.clip(mean_f + a * (image - a * mean_f - (1 - a) * mean_b), 0, 255), np.float32)


class Part(NamedTuple):
    """One object of a picture."""

    pixels: Bytes
    """(height, width, 4), trimmed."""
    left: int
    top: int
    """Where it stands in the picture."""


def _part(rgba: Bytes) -> Part | None:
    alpha = rgba[:, :, 3]
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return None
    part = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Part(part * (part[:, :, 3:] != 0), int(columns[0]), int(rows[0]))


def objects(rgba: Bytes, *, split: bool) -> list[Bytes]:
    """The pixels of all `parts`."""
    return [part.pixels for part in parts(rgba, split=split)]


def parts(rgba: Bytes, *, split: bool) -> list[Part]:
    """Connected components of a cut-out, from left to right, trimmed; all of it as one if not `split`.

    Components are separate if they are further apart than about one hundredth of the picture; specks are dropped.
    """
    if not split:
        whole = _part(rgba)
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
    found: list[tuple[int, Part]] = []
    for label in kept:
        inside = labels == label
        part = _part(rgba * inside[:, :, None])
        if part is not None:
            found.append((int(np.flatnonzero(inside.any(axis=0))[0]), part))
    found.sort(key=lambda pair: pair[0])
    return [part for _, part in found]


def plate(rgb: Bytes, mask: Bytes) -> Bytes:
    """Background plate: the picture, opaque, with the object inpainted.

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
        raise ValueError("no background is visible")
    filled = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
    large: Any = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(
        cv2.resize(hole * 255, (width, height), interpolation=cv2.INTER_LINEAR), (0, 0), 2
    )
    share = np.where(mask >= _VISIBLE, 1.0, soft / 255.0)[:, :, None]
    mixed = np.rint(large * share + rgb * (1 - share))
    return np.dstack([np.clip(mixed, 0, 255), np.full((height, width), 255)]).astype(np.uint8)


def picture(rgba: Bytes) -> Image.Image:
    """Pillow image, mode RGBA, of an array (height, width, 4)."""
    return Image.fromarray(np.ascontiguousarray(rgba))
