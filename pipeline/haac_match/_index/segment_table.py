"""Retrieval of colour segments: those of all elements, correlated with one of a picture at all turns, where the elements are opaque."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haac_match._fit.kernels import njit
from haac_match._index.polar import inverse, mirror_rings
from haac_match._index.segments import (
    ANGLES,
    PLACES_X,
    PLACES_Y,
    RINGS,
    STEP,
    WEIGHT,
    Segment,
    unpacked_outlines,
)
from haac_match._options import Mapper
from haac_match._picture.arrays import Bytes, Floats, Integers
from haac_match._thresholds.index import DESCRIPTOR, SEGMENT
from haac_match._thresholds.solve import SegmentLook

Likeness = tuple[float, int, bool, float]
"""Share of the variation around a segment that is left, row of the table, mirrored, turn in radians, counter-clockwise."""

_WAVES = ANGLES // 2 + 1
_PADDED = 16
_phase = np.outer(np.arange(_WAVES), np.arange(ANGLES)) * math.tau / ANGLES
_COSINES, _SINES = np.zeros((2, ANGLES, _PADDED), np.float32)
_COSINES[:, :_WAVES], _SINES[:, :_WAVES] = np.cos(_phase.T), np.sin(_phase.T)
"""(ANGLES, padded): real and imaginary part of the conjugate of the transform of a real signal."""
_BACK = inverse(ANGLES)
_TOGETHER = 4096
"""Segments whose spectra are held together: 18 MB."""


class SegmentTable:
    """Segments of all elements, compared with those of a picture.

    Args:
        owners: (segments,), rows of the elements.
        frames: (segments, 3): x, y, extent, pixels of the element.
        colours: (segments, 3).
        rings: (segments, RINGS, ANGLES, 3), as they are stored.
        outlines: (segments, OUTLINE_BYTES), where they are themselves, as they are stored.
    """

    def __init__(
        self,
        owners: Integers,
        frames: Floats,
        colours: Bytes,
        rings: Bytes,
        outlines: Bytes,
    ) -> None:
        self.owners, self.frames, self.colours = owners, frames, colours
        self._rings, self._outlines = {0.0: rings}, outlines

    def only(self, renamed: Integers) -> SegmentTable:
        """Those of some elements; `renamed` has the new row of each, -1 for those that go."""
        rows = np.flatnonzero(renamed[self.owners] >= 0)
        return SegmentTable(
            renamed[self.owners[rows]],
            self.frames[rows],
            self.colours[rows],
            self._rings[0.0][rows],
            self._outlines[rows],
        )

    def nearest(
        self,
        segments: Sequence[Segment],
        rings: Sequence[Floats],
        look: SegmentLook,
        mapped: Mapper = map,
    ) -> list[list[Likeness]]:
        """Segments that look like those of a picture: of their colour first, then compared with what is around them.

        Args:
            segments: of the picture.
            rings: (RINGS, ANGLES, 3) each, colours around them.
            look: how they are compared.
            mapped: like `map`, perhaps with threads.

        Returns:
            For each of the picture's the best, in no order.
        """
        stored = self._blurred(look.blur)
        queries = [_query(segment, around) for segment, around in zip(segments, rings, strict=True)]
        parts: list[list[_Likenesses]] = [[] for _ in queries]
        # The spectra of all would take a hundred times the room of what is stored.
        for first in range(0, len(stored), _TOGETHER):
            table = _table(stored[first : first + _TOGETHER], self._outlines[first : first + _TOGETHER])
            colours = self.colours[first : first + _TOGETHER]

            def compared(
                query: _Query, table: _Table = table, colours: Bytes = colours, first: int = first
            ) -> _Likenesses | None:
                rows = _near(colours, query.colour, look.tolerance)
                return _likenesses(query, table, rows, first) if len(rows) else None

            for own, found in zip(parts, mapped(compared, queries), strict=True):
                if found is not None:
                    own.append(found)
        return [_best(own, look.elements) for own in parts]

    def _blurred(self, blur: float) -> Bytes:
        """The rings, for pictures that are blurred by so many extents more than descriptors are."""
        if blur not in self._rings:
            self._rings[blur] = _blurred(self._rings[0.0], blur)
        return self._rings[blur]


@dataclass(frozen=True, slots=True)
class _Query:
    """A segment of a picture.

    Args:
        colour: (3,), its own.
        real, imaginary: spectra, see `_compare`.
        area: of its outline, weighted.
        shape: variation of its outline that a disc of the same extent would not explain, which would say nothing.
    """

    colour: Integers
    real: Floats
    imaginary: Floats
    area: float
    shape: float


def _query(segment: Segment, rings: Floats) -> _Query:
    query = rings / np.float32(255)
    plain = np.square(query - segment.colour / np.float32(255)).sum(axis=2, keepdims=True)
    where = segment.outline.astype(np.float32)
    squares = np.square(query).sum(axis=2, keepdims=True)
    stacked = np.concatenate([squares, query, where[:, :, None], plain], axis=2)
    stacked = stacked.transpose(0, 2, 1)
    both = np.stack([stacked, mirror_rings(stacked)])
    return _Query(
        segment.colour.astype(np.int64),
        *_halves(np.fft.rfft(both, axis=3), (2, RINGS, 6)),
        SEGMENT.outline * float((WEIGHT * where).sum()),
        SEGMENT.outline * float((WEIGHT * np.square(where - where.mean(axis=1, keepdims=True))).sum()),
    )


@dataclass(frozen=True, slots=True)
class _Likenesses:
    """Some segments beside one of a picture.

    Args:
        rows: (segments,) of the table.
        ratios: (2, 2, segments): share of the variation that is left, by colours alone and with the outline; as it is and mirrored.
        shifts: (2, 2, segments), samples.
    """

    rows: Integers
    ratios: Floats
    shifts: Floats


def _likenesses(query: _Query, table: _Table, rows: Integers, first: int) -> _Likenesses:
    """Those of some rows of a part of the table, which begins with row `first`."""
    values, variation, shifts = _compare(
        table.real, table.imaginary, rows, query.real, query.imaginary, _BACK
    )
    left = values[0] + table.constant[rows]
    total, floor = table.total[rows], DESCRIPTOR.colour_noise
    ratios = np.empty((2, *left.shape), left.dtype)
    ratios[0] = (left + floor * total) / (variation[0] + floor * total + 1e-6)
    ratios[0, :, total < SEGMENT.known_weight] = SEGMENT.unknown
    outlined = values[1] + table.constant[rows] + table.areas[rows] + query.area
    noise = floor * (total + SEGMENT.outline_weight)
    ratios[1] = (outlined + noise) / (variation[1] + query.shape + noise)
    return _Likenesses(first + rows, ratios, shifts)


def _best(parts: list[_Likenesses], count: int) -> list[Likeness]:
    """The best `count` by colours alone, and twice as many with the outline."""
    if not parts:
        return []
    rows = np.concatenate([part.rows for part in parts])
    ratios = np.concatenate([part.ratios for part in parts], axis=2)
    shifts = np.concatenate([part.shifts for part in parts], axis=2)
    found = []
    for ratio, shift, most in zip(ratios, shifts, (count, 2 * count), strict=True):
        for at in np.argsort(ratio, axis=None, kind="stable")[:most].tolist():
            mirrored, row = divmod(at, len(rows))
            angle = float(shift[mirrored, row]) * math.tau / ANGLES
            found.append(
                (float(ratio[mirrored, row]), int(rows[row]), bool(mirrored), -angle if mirrored else angle)
            )
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    """Spectra of the weights and of the weighted colours of some segments."""

    total: Floats
    constant: Floats
    areas: Floats
    real: Floats
    imaginary: Floats


def _halves(spectrum: npt.NDArray[np.complexfloating], shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Real and imaginary parts, with room for as many frequencies as are worked on at a time."""
    made = np.zeros((2, *shape, _PADDED), np.float32)
    made[0, ..., :_WAVES], made[1, ..., :_WAVES] = spectrum.real, spectrum.imag
    return made[0], made[1]


def _known(rings: Bytes) -> tuple[Floats, Floats]:
    """(segments, samples), 1 where the element is opaque; and (segments, samples, 3), its colours there, 0 to 1."""
    flat = len(rings), RINGS * ANGLES  # not -1, which has no meaning where there are no pieces
    known = (rings > 0).any(axis=3).reshape(*flat).astype(np.float32)
    straight: Floats = ((rings.astype(np.float32) - 1) * np.float32(STEP / 255)).reshape(*flat, 3)
    return known, straight * known[:, :, None]


def _blurred(rings: Bytes, blur: float) -> Bytes:
    """Rings as they are stored, after a blur of so many extents."""
    x, y = PLACES_X.ravel(), PLACES_Y.ravel()
    distance = np.square(x[:, None] - x) + np.square(y[:, None] - y)
    mixed = (np.exp(-distance / (2 * blur**2)) * WEIGHT.repeat(ANGLES, 1).ravel()).astype(np.float32)
    mixed /= mixed.sum(axis=1, keepdims=True)
    made = np.empty(rings.shape, np.uint8)
    for first in range(0, len(rings), _TOGETHER):
        known, straight = _known(rings[first : first + _TOGETHER])
        cover = (known @ mixed.T)[:, :, None]
        straight = np.stack([straight[:, :, c] @ mixed.T for c in range(3)], axis=2) / np.maximum(cover, 1e-3)
        steps = np.round(straight * np.float32(255 / STEP)).clip(0, 254) + 1
        made[first : first + _TOGETHER] = np.where(cover > SEGMENT.opaque, steps, 0).reshape(
            -1, *rings.shape[1:]
        )
    return made


def _table(rings: Bytes, outlines: Bytes) -> _Table:
    known, straight = _known(rings)
    weight: Floats = (known * WEIGHT.repeat(ANGLES, 1).ravel()).reshape(-1, RINGS, ANGLES, 1)
    colours = straight.reshape(-1, RINGS, ANGLES, 3)
    outline: Floats = (unpacked_outlines(outlines) * (SEGMENT.outline * WEIGHT)).astype(np.float32)[..., None]
    stacked = np.concatenate([weight, -2 * weight * colours, -2 * outline], axis=3).transpose(0, 1, 3, 2)
    # A product with a matrix is ten times as fast here as a transform of so few values.
    real, imaginary = stacked @ _COSINES, stacked @ _SINES
    constant = (weight[..., 0] * np.square(colours).sum(axis=3)).sum(axis=(1, 2))
    return _Table(
        weight.sum(axis=(1, 2, 3)).astype(np.float32),
        constant.astype(np.float32),
        outline.sum(axis=(1, 2, 3)),
        real,
        imaginary,
    )


@njit(nogil=True, error_model="numpy")
def _near(
    colours: Bytes,
    colour: Integers,
    tolerance: int,
) -> Integers:
    """Rows of segments of nearly a colour."""
    found = np.empty(len(colours), np.int64)
    count = 0
    for k in range(len(colours)):
        if (
            abs(np.int64(colours[k, 0]) - colour[0]) <= tolerance
            and abs(np.int64(colours[k, 1]) - colour[1]) <= tolerance
            and abs(np.int64(colours[k, 2]) - colour[2]) <= tolerance
        ):
            found[count] = k
            count += 1
    return found[:count].copy()


@njit(nogil=True, error_model="numpy")
def _compare(
    real: Floats, imaginary: Floats, rows: Integers, ours: Floats, others: Floats, back: Floats
) -> tuple[Floats, Floats, Floats]:
    """The least value of a correlation over all shifts, the variation there, and the shift, between samples too.

    First of colours, then of colours and outlines.

    Args:
        real, imaginary: (segments, RINGS, 5, padded) spectra.
        rows: which of them.
        ours, others: (2, RINGS, 6, padded), real and imaginary parts of the query, and of the query in a mirror; squares, colours, outline,
            squared distances from the segment's colour.
        back: see `_BACK`.
    """
    count, rings, waves, angles = len(rows), real.shape[1], back.shape[1], back.shape[2]
    least, apart, where = (
        np.empty((2, 2, count), np.float32),
        np.empty((2, 2, count), np.float32),
        np.empty((2, 2, count), np.float32),
    )
    sum_r, sum_i = np.empty((2, _PADDED), np.float32), np.empty((2, _PADDED), np.float32)
    dev_r, dev_i = np.empty(_PADDED, np.float32), np.empty(_PADDED, np.float32)
    values = np.empty(angles, np.float32)
    for k in range(count):
        row = rows[k]
        for m in range(2):
            sum_r[:] = 0
            sum_i[:] = 0
            dev_r[:] = 0
            dev_i[:] = 0
            for r in range(rings):
                for c in range(5):
                    to = 0 if c < 4 else 1
                    for f in range(_PADDED):
                        a, b = real[row, r, c, f], imaginary[row, r, c, f]
                        x, y = ours[m, r, c, f], others[m, r, c, f]
                        sum_r[to, f] += a * x - b * y
                        sum_i[to, f] += a * y + b * x
                for f in range(_PADDED):
                    a, b = real[row, r, 0, f], imaginary[row, r, 0, f]
                    x, y = ours[m, r, 5, f], others[m, r, 5, f]
                    dev_r[f] += a * x - b * y
                    dev_i[f] += a * y + b * x
            for f in range(_PADDED):
                sum_r[1, f] += sum_r[0, f]
                sum_i[1, f] += sum_i[0, f]
            for which in range(2):
                values[:] = 0
                for f in range(waves):
                    for s in range(angles):
                        values[s] += sum_r[which, f] * back[0, f, s] + sum_i[which, f] * back[1, f, s]
                best = 0
                for s in range(angles):
                    if values[s] < values[best]:
                        best = s
                before, here, after = values[best - 1], values[best], values[(best + 1) % angles]
                bend = before - 2 * here + after
                shift = np.float32(best)
                if bend > 0:
                    shift += np.float32(0.5) * (before - after) / bend
                    here -= np.float32(0.125) * (before - after) * (before - after) / bend
                total = np.float32(0)
                for f in range(waves):
                    total += dev_r[f] * back[0, f, best] + dev_i[f] * back[1, f, best]
                least[which, m, k], apart[which, m, k], where[which, m, k] = here, total, shift
    return least, apart, where
