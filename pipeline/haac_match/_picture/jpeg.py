"""The JPEG that a picture went through: how strong it was, and the same done to what was made of the picture."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from haac_match._picture.arrays import Bools, Box, Bytes

_log = logging.getLogger(__name__)


CELL = 16
"""Pixels of the squares that JPEG treats by themselves, where colours have half the resolution."""
_SIDE = 256
"""Pixels of the part of a picture in which the trace of JPEG is looked for."""
_QUALITIES = range(30, 99)
_LEAST = 4096
"""Pixels that are needed for it."""
_FAR = 2
"""Qualities that are compared are so far from each other: next to each other many encode the same way."""
_DIP = 0.6
"""Part of what those beside it change that a quality may change."""
_FULL = 0.3
"""The same for colours, if they have the full resolution."""
_FLAT = 1e-3
"""Mean squared change below which there is nothing to compare."""
_REST = 0.5
"""Mean squared change that may be left."""


_Tables = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Jpeg:
    """One way to encode.

    Args:
        tables: of quantisation, 64 numbers each: for brightness, and for colours.
        subsampling: as Pillow numbers them.
    """

    tables: _Tables
    subsampling: int

    def damaged(self, made: Bytes) -> Bytes:
        """(height, width, 3) after it was encoded and decoded; its corner must be one of a square of the picture."""
        packed = io.BytesIO()
        tables = [list(table) for table in self.tables]
        Image.fromarray(made).save(packed, "JPEG", qtables=tables, subsampling=self.subsampling)
        return np.asarray(Image.open(packed))


@lru_cache
def standard(quality: int, subsampling: int) -> Jpeg:
    """As most programs encode: with the tables of the standard, scaled by a quality of 1 to 100."""
    packed = io.BytesIO()
    Image.new("RGB", (8, 8)).save(packed, "JPEG", quality=quality)
    return Jpeg(_tables(Image.open(packed)), subsampling)


def recorded(data: bytes) -> Jpeg | None:
    """How a picture file was encoded, if it is a JPEG in colours and they have the full or half the resolution."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:  # brings MPO along
            if image.mode != "RGB":
                return None
            subsampling = JpegImagePlugin.get_sampling(image)
            return Jpeg(_tables(image), subsampling) if subsampling in (0, 2) else None
    except UnidentifiedImageError:
        return None


def _tables(image: Image.Image) -> _Tables:
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    return tuple(tuple(table) for _, table in sorted(tables.items()))


def whole_cells(box: Box, size: tuple[int, int]) -> Box:
    """A box made larger to whole squares, and one pixel at least to spare on each side: colours reach that far over the border."""
    return (
        max(0, (box[0] - 1) // CELL * CELL),
        max(0, (box[1] - 1) // CELL * CELL),
        min(size[0], -(-(box[2] + 1) // CELL) * CELL),
        min(size[1], -(-(box[3] + 1) // CELL) * CELL),
    )


def estimate_jpeg(target: Bytes, known: Jpeg | None = None) -> Jpeg | None:
    """The JPEG that a picture went through last; None if there is no trace of one.

    What was encoded once hardly changes if it is encoded in the same way again, and more at any other quality.
    Source: H. Farid, "Exposing digital forgeries from JPEG ghosts" (2009).

    Args:
        target: (height, width, 3).
        known: how its file says that it was encoded. It may have been turned upright since, or be a part of that picture.
    """
    part = _busiest(target)
    cut = ((part == 0) | (part == 255)).any(axis=2)
    whole = np.repeat(np.repeat(~_blocks(cut).any(axis=(1, 3)), 8, axis=0), 8, axis=1)
    if whole.sum() < _LEAST:
        return None
    # Brightness first: colours of half the resolution do not come through a second time unharmed.
    grey = np.asarray(Image.fromarray(part).convert("L"))
    if known is not None and _change(grey, known, whole) < _REST:
        return known
    errors = np.array([_change(grey, standard(quality, 0), whole) for quality in _QUALITIES])
    beside = np.minimum(errors[: -2 * _FAR], errors[2 * _FAR :])
    dips = np.where(beside > _FLAT, errors[_FAR:-_FAR] / np.maximum(beside, _FLAT), 1.0)
    # Some qualities encode the same way: the highest of them.
    best = max(range(len(dips)), key=lambda index: (-round(float(dips[index]), 3), index))
    left = errors[_FAR + best]
    if dips[best] > _DIP or left > min(_REST, 2 * errors.min() + 0.01):
        return None
    quality = _QUALITIES[_FAR + best]
    hue, other = (_change(part, standard(q, 0), whole) for q in (quality, quality - _FAR))
    _log.debug("JPEG %d: %.2f of those beside it, colours %.2f of %.2f", quality, dips[best], hue, other)
    return standard(quality, 0 if hue < _FULL * other else 2)


def _blocks(plane: Bools) -> Bools:
    """(rows, 8, columns, 8) of whole blocks."""
    height, width = plane.shape[0] // 8, plane.shape[1] // 8
    return plane[: height * 8, : width * 8].reshape(height, 8, width, 8)


def _change(part: Bytes, jpeg: Jpeg, whole: Bools) -> float:
    """Mean squared change of some pixels when they are encoded: of brightness if that is all there is, else of hue."""
    height, width = whole.shape
    before, after = part[:height, :width], jpeg.damaged(part)[:height, :width]
    if part.ndim == 3:
        before, after = (np.asarray(Image.fromarray(p).convert("YCbCr"))[:, :, 1:] for p in (before, after))
    return float(np.square(before.astype(np.int16) - after)[whole].mean())


def _busiest(target: Bytes) -> Bytes:
    """The part with the most detail."""
    height, width = target.shape[:2]
    down, across = min(height, _SIDE), min(width, _SIDE)
    places = [
        (x, y)
        for y in range(0, height - down + 1, _SIDE // 2)
        for x in range(0, width - across + 1, _SIDE // 2)
    ]

    def detail(place: tuple[int, int]) -> int:
        x, y = place
        rows = target[y : y + down, x : x + across, 1].astype(np.int16)
        return int(np.abs(np.diff(rows, axis=1)).sum())

    x, y = max(places, key=detail)
    return np.ascontiguousarray(target[y : y + down, x : x + across])
