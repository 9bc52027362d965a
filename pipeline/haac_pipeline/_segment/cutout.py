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
_LEVELS = np.arange(256, dtype=np.uint8)
"""Alpha by mask: nearly none is none, nearly all is all."""
_LEVELS[:_VISIBLE], _LEVELS[256 - _VISIBLE :] = 0, 255
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

    alpha = cv2.LUT(mask, _LEVELS)
    rgba = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), np.uint8)
    rgba[:, :, 3] = alpha
    soft = np.flatnonzero((alpha > 0) & (alpha < 255))
    if not len(soft):
        return rgba
    # Only the neighbourhood of the object matters, and its mean colours are smooth: they are found in a small picture.
    margin = 16
    left, top, width, height = cv2.boundingRect(alpha)
    right, bottom = min(left + width + margin, rgb.shape[1]), min(top + height + margin, rgb.shape[0])
    left, top = max(0, left - margin), max(0, top - margin)
    step = max(1, round(((bottom - top) * (right - left) / _EDGE_PIXELS) ** 0.5))
    size = max(1, (right - left) // step), max(1, (bottom - top) // step)
    small = cv2.resize(rgb[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    shares = cv2.resize(alpha[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    image = np.stack(cv2.split(small)).astype(np.float32)
    mean_f, mean_b = _mean_colours(image, shares.astype(np.float32) / np.float32(255), step)

    y, x = np.divmod(soft.astype(np.int32), np.int32(rgb.shape[1]))
    there = np.minimum((y - top) // step, size[1] - 1) * size[0] + np.minimum((x - left) // step, size[0] - 1)
    pixels = rgba.reshape(-1, 4)
    edge = pixels.take(soft, axis=0).T.astype(np.float32)
    colours = _foreground(
        edge[:3],
        edge[3] / np.float32(255),
        mean_f.reshape(3, -1).take(there, axis=1),
        mean_b.reshape(3, -1).take(there, axis=1),
    )
    pixels[soft, :3] = np.rint(colours).astype(np.uint8).T
    return rgba


def _mean_colours(image: Floats, a: Floats, step: int) -> tuple[Floats, Floats]:
    """The local means of foreground and background: blur fusion's rounds, from coarse to fine.

    Colours come as planes, which numpy computes several times as fast as pixels of three.

    Args:
        image: (3, height, width), 0 to 255.
        a: (height, width), alpha from 0 to 1.
        step: Pixels of the whole picture in one of these.
    """
    import cv2

    def blurred(planes: Floats) -> Floats:
        for plane in planes:
            cv2.blur(plane, side, dst=plane)
        return planes

    foreground, background = image, image
    mean_f, mean_b = image, image
    for n, width in enumerate(_ROUNDS):
        if n:
            foreground = _foreground(image, a, mean_f, mean_b)
            background = _foreground(image, 1 - a, mean_b, mean_f)
        side = (max(2, round(width / step)),) * 2
        weight = cv2.blur(a, side)
        mean_f = blurred(foreground * a) / (weight + 1e-5)
        mean_b = blurred(background * (1 - a)) / (1 - weight + 1e-5)
    return mean_f, mean_b


def _foreground(image: Floats, a: Floats, mean_f: Floats, mean_b: Floats) -> Floats:
    """Foreground colour of pixels (3, ...), from alpha (...) and the local means of foreground and background."""
    found = image - a * mean_f
    found -= (1 - a) * mean_b
    found *= a
    found += mean_f
    return np.clip(found, 0, 255, out=found)


class Part(NamedTuple):
    """One object of a picture."""

    pixels: Bytes
    """(height, width, 4), trimmed."""
    left: int
    top: int
    """Where it stands in the picture."""


def _part(rgba: Bytes, left: int = 0, top: int = 0) -> Part | None:
    """What is visible of a picture that stands at `left`, `top`."""
    alpha = np.ascontiguousarray(rgba[:, :, 3])
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return None
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return Part(_only(rgba[box], alpha[box] > 0), left + int(columns[0]), top + int(rows[0]))


def _only(rgba: Bytes, where: npt.NDArray[np.bool_]) -> Bytes:
    """The pixels (height, width, 4) somewhere, and 0,0,0,0 elsewhere."""
    # A pixel at a time, not a channel.
    pixels = np.ascontiguousarray(rgba).view(np.uint32)
    return (pixels * where[:, :, None]).view(np.uint8)


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

    solid = np.ascontiguousarray(rgba[:, :, 3]) >= _VISIBLE
    gap = max(1, round(max(solid.shape) * 0.005)) * 2 + 1
    grown = cv2.dilate(solid.view(np.uint8), np.ones((gap, gap), np.uint8))
    count, labels = cv2.connectedComponents(grown, connectivity=8)
    areas = np.bincount(labels[solid], minlength=count)
    areas[0] = 0
    largest = int(areas.max())
    kept = np.flatnonzero(areas >= max(1, min(_MIN_AREA, largest), _SMALLEST * largest))
    found: list[tuple[int, Part]] = []
    for label in kept:
        inside = labels == label
        left, top, width, height = cv2.boundingRect(inside.view(np.uint8))
        box = slice(top, top + height), slice(left, left + width)
        part = _part(_only(rgba[box], inside[box]), left, top)
        if part is not None:
            found.append((left, part))
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
