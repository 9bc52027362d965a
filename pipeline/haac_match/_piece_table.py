"""Pieces of all elements, compared with one of a picture in all turns at once, where the elements are opaque."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from haac_match._pieces import ANGLES, OPAQUE, PLACES_X, PLACES_Y, RINGS, STEP, WEIGHT, Floats

Likeness = tuple[float, int, bool, float]
"""Part of the variation around a piece that is not explained, row, mirrored, turn in radians, counter-clockwise."""


class PieceTable:
    """Pieces of all elements, compared with those of a picture.

    Args:
        owners: (pieces,), rows of the elements.
        frames: (pieces, 3): x, y, extent, pixels of the element.
        colours: (pieces, 3).
        rings: (pieces, RINGS, ANGLES, 3), as they are stored.
    """

    def __init__(
        self,
        owners: npt.NDArray[np.int64],
        frames: Floats,
        colours: npt.NDArray[np.uint8],
        rings: npt.NDArray[np.uint8],
    ) -> None:
        self.owners, self.frames, self.colours, self._rings = owners, frames, colours, rings
        self._tables: dict[float, _Table] = {}

    def only(self, renamed: npt.NDArray[np.int64]) -> PieceTable:
        """Those of some elements: new rows of all, -1 for those that go."""
        rows = np.flatnonzero(renamed[self.owners] >= 0)
        return PieceTable(
            renamed[self.owners[rows]], self.frames[rows], self.colours[rows], self._rings[rows]
        )

    def prepare(self, blur: float) -> None:
        """Get ready to be compared with pictures that are blurred by so many extents beyond what all are."""
        if blur not in self._tables:
            self._tables[blur] = _table(self._rings, blur)

    def nearest(
        self, colour: npt.NDArray[np.uint8], rings: Floats, blur: float, tolerance: int, count: int
    ) -> list[Likeness]:
        """Pieces that look like one of the picture.

        Args:
            colour: (3,), its own.
            rings: (RINGS, ANGLES, 3), colours around it.
            blur: one that was prepared.
            tolerance: levels by which colours may differ.
            count: at most so many.

        Returns:
            The best first.
        """
        table = self._tables[blur]
        rows = _near(self.colours, colour.astype(np.int64), tolerance, table.total, _LEAST_WEIGHT)
        if not len(rows):
            return []
        query = rings / np.float32(255)
        plain = np.square(query - colour / np.float32(255)).sum(axis=2, keepdims=True)
        stacked = np.concatenate([np.square(query).sum(axis=2, keepdims=True), query, plain], axis=2)
        stacked = stacked.transpose(0, 2, 1)
        both = np.stack([stacked, np.roll(stacked[..., ::-1], 1 + ANGLES // 2, axis=-1)])
        spectrum = np.fft.rfft(both, axis=3)
        values, variation, shifts = _compare(
            table.real, table.imaginary, rows, *_halves(spectrum, (2, RINGS, 5)), _BACK
        )
        left = (values + table.constant[rows]) / table.total[rows]
        ratio = (left + _NOISE) / (variation / table.total[rows] + _NOISE)
        found = []
        for at in np.argsort(ratio, axis=None, kind="stable")[:count].tolist():
            mirrored, row = divmod(at, len(rows))
            angle = float(shifts[mirrored, row]) * math.tau / ANGLES
            found.append(
                (float(ratio[mirrored, row]), int(rows[row]), bool(mirrored), -angle if mirrored else angle)
            )
        return found


@dataclass(frozen=True, slots=True)
class _Table:
    """Spectra of the weights and of the weighted colours of all pieces."""

    total: Floats
    constant: Floats
    real: Floats
    imaginary: Floats


_WAVES = ANGLES // 2 + 1
_PADDED = 16
_LEAST_WEIGHT = 12.0
_NOISE = 0.003
"""Squared distance of colours, 0 to 1, that says nothing."""
_frequency = np.arange(_WAVES)
_fold = np.where((_frequency == 0) | (_frequency == ANGLES // 2), 1, 2) / ANGLES
_phase = np.outer(_frequency, np.arange(ANGLES)) * math.tau / ANGLES
_BACK = np.stack([_fold[:, None] * np.cos(_phase), -_fold[:, None] * np.sin(_phase)]).astype(np.float32)
"""(2, frequencies, ANGLES): the inverse transform of a real signal, out of real and imaginary parts."""


def _halves(spectrum: npt.NDArray[np.complexfloating], shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Real and imaginary parts, with room for as many frequencies as are worked on at a time."""
    made = np.zeros((2, *shape, _PADDED), np.float32)
    made[0, ..., :_WAVES], made[1, ..., :_WAVES] = spectrum.real, spectrum.imag
    return made[0], made[1]


def _table(rings: npt.NDArray[np.uint8], blur: float) -> _Table:
    known = (rings > 0).any(axis=3).reshape(len(rings), -1).astype(np.float32)
    straight: Floats = ((rings.astype(np.float32) - 1) * np.float32(STEP / 255)).reshape(len(rings), -1, 3)
    straight *= known[:, :, None]
    if blur:
        x, y = PLACES_X.ravel(), PLACES_Y.ravel()
        distance = np.square(x[:, None] - x) + np.square(y[:, None] - y)
        mixed = (np.exp(-distance / (2 * blur**2)) * WEIGHT.repeat(ANGLES, 1).ravel()).astype(np.float32)
        mixed /= mixed.sum(axis=1, keepdims=True)
        cover = known @ mixed.T
        straight = np.stack([straight[:, :, c] @ mixed.T for c in range(3)], axis=2)
        straight /= np.maximum(cover, 1e-3)[:, :, None]
        known = (cover > OPAQUE).astype(np.float32)
    weight: Floats = (known * WEIGHT.repeat(ANGLES, 1).ravel()).reshape(-1, RINGS, ANGLES, 1)
    colours = straight.reshape(-1, RINGS, ANGLES, 3)
    stacked = np.concatenate([weight, -2 * weight * colours], axis=3).transpose(0, 1, 3, 2)
    spectrum = np.fft.rfft(stacked, axis=3).conj()
    real, imaginary = _halves(spectrum, (len(rings), RINGS, 4))
    constant = (weight[..., 0] * np.square(colours).sum(axis=3)).sum(axis=(1, 2))
    return _Table(
        weight.sum(axis=(1, 2, 3)).astype(np.float32),
        constant.astype(np.float32),
        real,
        imaginary,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _near(
    colours: npt.NDArray[np.uint8],
    colour: npt.NDArray[np.int64],
    tolerance: int,
    total: Floats,
    least: float,
) -> npt.NDArray[np.int64]:
    """Rows of pieces of nearly a colour with at least this weight."""
    found = np.empty(len(colours), np.int64)
    count = 0
    for k in range(len(colours)):
        if total[k] < least:
            continue
        if (
            abs(np.int64(colours[k, 0]) - colour[0]) <= tolerance
            and abs(np.int64(colours[k, 1]) - colour[1]) <= tolerance
            and abs(np.int64(colours[k, 2]) - colour[2]) <= tolerance
        ):
            found[count] = k
            count += 1
    return found[:count].copy()


@njit(cache=True, nogil=True, error_model="numpy")
def _compare(
    real: Floats, imaginary: Floats, rows: npt.NDArray[np.int64], ours: Floats, others: Floats, back: Floats
) -> tuple[Floats, Floats, Floats]:
    """The least value of a correlation over all shifts, the variation there, and the shift, between samples too.

    Args:
        real, imaginary: (pieces, RINGS, 4, padded) spectra.
        rows: which of them.
        ours, others: (2, RINGS, 5, padded), real and imaginary parts of the query, and of the query in a mirror; squares, colours,
            squared distances from the piece's colour.
        back: see `_BACK`.
    """
    count, rings, waves, angles = len(rows), real.shape[1], back.shape[1], back.shape[2]
    least, apart, where = (
        np.empty((2, count), np.float32),
        np.empty((2, count), np.float32),
        np.empty((2, count), np.float32),
    )
    sum_r, sum_i = np.empty(_PADDED, np.float32), np.empty(_PADDED, np.float32)
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
                for c in range(4):
                    for f in range(_PADDED):
                        a, b = real[row, r, c, f], imaginary[row, r, c, f]
                        x, y = ours[m, r, c, f], others[m, r, c, f]
                        sum_r[f] += a * x - b * y
                        sum_i[f] += a * y + b * x
                for f in range(_PADDED):
                    a, b = real[row, r, 0, f], imaginary[row, r, 0, f]
                    x, y = ours[m, r, 4, f], others[m, r, 4, f]
                    dev_r[f] += a * x - b * y
                    dev_i[f] += a * y + b * x
            values[:] = 0
            for f in range(waves):
                for s in range(angles):
                    values[s] += sum_r[f] * back[0, f, s] + sum_i[f] * back[1, f, s]
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
            least[m, k], apart[m, k], where[m, k] = here, total, shift
    return least, apart, where
