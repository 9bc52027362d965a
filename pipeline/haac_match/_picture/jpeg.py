"""Degradation model of JPEG: the round trip of a clean picture, and the estimation of quality and subsampling from JPEG ghosts."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from haac_match._picture.arrays import Bools, Box, Bytes
from haac_match._thresholds.picture import JPEG

_log = logging.getLogger(__name__)


CELL = 16
"""Side of an MCU with chroma of half the resolution, pixels: JPEG treats each by itself."""


_Tables = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Jpeg:
    """One way to encode.

    Args:
        tables: of quantisation, 64 numbers each: for luma, and for chroma.
        subsampling: as Pillow numbers them.
    """

    tables: _Tables
    subsampling: int

    def round_trip(self, made: Bytes) -> Bytes:
        """Encode and decode (height, width, 3); its corner must be that of an MCU of the picture."""
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
    """A box made larger to whole MCUs, with one pixel at least to spare on each side: chroma is upsampled across the border."""
    return (
        max(0, (box[0] - 1) // CELL * CELL),
        max(0, (box[1] - 1) // CELL * CELL),
        min(size[0], -(-(box[2] + 1) // CELL) * CELL),
        min(size[1], -(-(box[3] + 1) // CELL) * CELL),
    )


def estimate_jpeg(target: Bytes, known: Jpeg | None = None) -> Jpeg | None:
    """The JPEG that a picture went through last, by its ghost; None if there is no trace of one.

    What was encoded once hardly changes if it is encoded in the same way again, and more at any other quality.
    Source: H. Farid, "Exposing digital forgeries from JPEG ghosts" (2009).

    Args:
        target: (height, width, 3).
        known: how its file says that it was encoded. It may have been turned upright since, or be a part of that picture.
    """
    part = _busiest(target)
    cut = ((part == 0) | (part == 255)).any(axis=2)
    whole = np.repeat(np.repeat(~_blocks(cut).any(axis=(1, 3)), 8, axis=0), 8, axis=1)
    if whole.sum() < JPEG.least_pixels:
        return None
    # Luma first: chroma of half the resolution does not come through a second time unharmed.
    grey = np.asarray(Image.fromarray(part).convert("L"))
    if known is not None and _change(grey, known, whole) < JPEG.left:
        return known
    qualities, apart = range(JPEG.lowest, JPEG.highest + 1), JPEG.apart
    errors = np.array([_change(grey, standard(quality, 0), whole) for quality in qualities])
    beside = np.minimum(errors[: -2 * apart], errors[2 * apart :])
    dips = np.where(beside > JPEG.flat, errors[apart:-apart] / np.maximum(beside, JPEG.flat), 1.0)
    # Some qualities encode the same way: the highest of them.
    best = max(range(len(dips)), key=lambda index: (-round(float(dips[index]), JPEG.dip_digits), index))
    left = errors[apart + best]
    if dips[best] > JPEG.dip or left > min(JPEG.left, JPEG.left_times * errors.min() + JPEG.left_by):
        return None
    quality = qualities[apart + best]
    chroma, other = (_change(part, standard(q, 0), whole) for q in (quality, quality - apart))
    _log.debug("JPEG %d: %.2f of those beside it, chroma %.2f of %.2f", quality, dips[best], chroma, other)
    return standard(quality, 0 if chroma < JPEG.chroma_dip * other else 2)


def _blocks(plane: Bools) -> Bools:
    """(rows, 8, columns, 8) of whole blocks."""
    height, width = plane.shape[0] // 8, plane.shape[1] // 8
    return plane[: height * 8, : width * 8].reshape(height, 8, width, 8)


def _change(part: Bytes, jpeg: Jpeg, whole: Bools) -> float:
    """Mean squared change of some pixels in a JPEG round trip: of luma if that is all there is, else of chroma."""
    height, width = whole.shape
    before, after = part[:height, :width], jpeg.round_trip(part)[:height, :width]
    if part.ndim == 3:
        before, after = (np.asarray(Image.fromarray(p).convert("YCbCr"))[:, :, 1:] for p in (before, after))
    return float(np.square(before.astype(np.int16) - after)[whole].mean())


def _busiest(target: Bytes) -> Bytes:
    """The square part with the most detail."""
    height, width = target.shape[:2]
    side = JPEG.side
    down, across = min(height, side), min(width, side)
    places = [
        (x, y)
        for y in range(0, height - down + 1, side // 2)
        for x in range(0, width - across + 1, side // 2)
    ]

    def detail(place: tuple[int, int]) -> int:
        x, y = place
        rows = target[y : y + down, x : x + across, 1].astype(np.int16)
        return int(np.abs(np.diff(rows, axis=1)).sum())

    x, y = max(places, key=detail)
    return np.ascontiguousarray(target[y : y + down, x : x + across])
