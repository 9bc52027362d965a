"""Rotation-invariant polar descriptor of a whole element in a canonical frame, matched at all turns by FFT.

The element is brought to a frame in which its centre of mass is the origin and its extent, the root mean square distance from there, is
one; premultiplied colours and coverage are sampled on rings. A turn then moves the samples along the rings, and the best one is found by
circular correlation. There are two frames: the even one keeps the shape; in the round one the second moments are those of a disc, which
undoes uneven scaling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from haac_match._picture.arrays import Bools, Bytes, Doubles, Floats, Integers
from haac_match._thresholds.index import DESCRIPTOR

RINGS, ANGLES, CHANNELS = 8, 32, 4
_SIDE = 48
"""Pixels of the square in which an element is sampled: more than the outermost ring needs."""
_BLURS = 4
"""Blurred parts of a table that are kept in memory."""
_AT_ONCE = 9
"""Queries that are compared together: larger needs more memory, smaller more time."""
_TRANSFORMED = 512
"""Descriptors that are transformed together."""

_radius = (np.arange(RINGS) + 0.5) / RINGS * DESCRIPTOR.reach * DESCRIPTOR.resolution
_angle = np.arange(ANGLES) * math.tau / ANGLES
# Counter-clockwise, as turns are counted.
_MAP_X = (_SIDE / 2 - 0.5 + _radius[:, None] * np.cos(_angle)[None]).astype(np.float32)
_MAP_Y = (_SIDE / 2 - 0.5 - _radius[:, None] * np.sin(_angle)[None]).astype(np.float32)
RING_WEIGHT = np.sqrt(_radius / _radius.mean()).astype(np.float32)
"""(RINGS,): root of the area that a sample represents; the mean of the areas is 1."""

Likeness = tuple[float, int, bool, float]
"""Squared distance, row of the element, mirrored, turn in radians counter-clockwise from the element to the query."""


def inverse(angles: int) -> Floats:
    """(2, frequencies, angles): the inverse real transform, of real and imaginary parts: as a product it is faster."""
    frequency = np.arange(angles // 2 + 1)
    phase = np.outer(frequency, np.arange(angles)) * math.tau / angles
    fold = (np.where((frequency == 0) | (frequency == angles // 2), 1, 2) / angles)[:, None]
    return np.stack([fold * np.cos(phase), -fold * np.sin(phase)]).astype(np.float32)


_WAVES = ANGLES // 2 + 1
_BACK = inverse(ANGLES).transpose(2, 1, 0).reshape(ANGLES, -1)
"""(ANGLES, 2 * frequencies): real and imaginary parts take turns."""


def places() -> Floats:
    """(RINGS * ANGLES, 2): where samples are, in units of extent from the centre, x to the right and y down."""
    x, y = _radius[:, None] * np.cos(_angle), -_radius[:, None] * np.sin(_angle)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32) / np.float32(DESCRIPTOR.resolution)


@dataclass(frozen=True, slots=True)
class Frame:
    """Canonical frame of an element or a region.

    Args:
        x: centre of mass, pixels (the centre of the first pixel is 0.5).
        y: centre of mass, pixels.
        matrix: (2, 2), from the frame to pixels.
    """

    x: float
    y: float
    matrix: Doubles


def _thin_root(spread: Doubles) -> Doubles:
    """Square root of twice a symmetric (2, 2) matrix, of which no axis is too short."""
    values, vectors = np.linalg.eigh(spread)
    values = np.maximum(values, values.max() / DESCRIPTOR.thinnest)
    made: Doubles = vectors @ np.diag(np.sqrt(2 * values)) @ vectors.T
    return made


def frames(
    weight: npt.NDArray[np.floating] | Bools, root: Callable[[Doubles], Doubles] = _thin_root
) -> tuple[Frame, Frame] | None:
    """The even frame, which keeps the shape, and the round one, from the moments of a mask.

    Args:
        weight: (height, width), how much each pixel belongs to the element.
        root: gives the matrix of the round frame from the (2, 2) second moments.

    Returns:
        None if it is empty.
    """
    moments = cv2.moments(weight.astype(np.float32), binaryImage=False)
    total = moments["m00"]
    if total <= 0:
        return None
    x, y = moments["m10"] / total + 0.5, moments["m01"] / total + 0.5
    xx, xy, yy = (moments[name] / total for name in ("mu20", "mu11", "mu02"))
    # A pixel is a square, not a point: this keeps thin and tiny elements in bounds.
    xx, yy = xx + 1 / 12, yy + 1 / 12
    even = Frame(x, y, np.eye(2) * math.sqrt(xx + yy))
    return even, Frame(x, y, root(np.array([[xx, xy], [xy, yy]])))


def describe(premultiplied: Floats, frame: Frame) -> Floats:
    """Sample an element on rings.

    Args:
        premultiplied: (height, width, 4), RGB 0 to 255 times coverage, and coverage 0 to 1.
        frame: where it is.

    Returns:
        (CHANNELS, RINGS, ANGLES): colours and coverage, 0 to 1.
    """
    rings = sample(premultiplied, frame)
    rings[:3] /= 255
    return rings


def sample(source: Floats, frame: Frame) -> Floats:
    """(channels, RINGS, ANGLES) of a picture of (height, width, channels)."""
    matrix = frame.matrix / DESCRIPTOR.resolution
    shrink = float(np.sqrt(abs(np.linalg.det(matrix))))
    x, y = frame.x, frame.y
    while shrink > DESCRIPTOR.shrink:
        height, width = source.shape[:2]
        size = max(1, (width + 1) // 2), max(1, (height + 1) // 2)
        matrix = np.diag([size[0] / width, size[1] / height]) @ matrix
        x, y = x * size[0] / width, y * size[1] / height
        source = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
        shrink /= 2
    middle = np.full(2, _SIDE / 2 - 0.5)
    offset = np.array([x - 0.5, y - 0.5]) - matrix @ middle
    warped = cv2.warpAffine(
        source,
        np.column_stack([matrix, offset]),
        (_SIDE, _SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    smooth = cv2.GaussianBlur(warped, (0, 0), DESCRIPTOR.smoothing)
    rings = cv2.remap(smooth, _MAP_X, _MAP_Y, cv2.INTER_LINEAR)
    return np.ascontiguousarray(np.atleast_3d(rings).transpose(2, 0, 1))


class RingTable:
    """Polar descriptors of many elements, compared at all turns at once.

    Args:
        rings: (elements, CHANNELS, RINGS, ANGLES), 0 to 255.
    """

    def __init__(self, rings: Bytes) -> None:
        self.rings = rings
        self._stretched: dict[float, RingTable] = {}
        self._like: dict[tuple[int, int], list[Likeness]] = {}
        self._blurred: dict[tuple[int, int, float], Floats] = {}

    def _values(self) -> Iterator[Floats]:
        """(elements, CHANNELS, RINGS, ANGLES), 0 to 1 and weighted: a part of the elements at a time, as floats take room."""
        for first in range(0, len(self.rings), _TRANSFORMED):
            yield self.rings[first : first + _TRANSFORMED].astype(np.float32) / 255 * RING_WEIGHT[:, None]

    @cached_property
    def _spectrum(self) -> npt.NDArray[np.complex64]:
        return _spectrum(
            CHANNELS * RINGS,
            len(self.rings),
            (part.reshape(len(part), -1, ANGLES) for part in self._values()),
        )

    @cached_property
    def _norms(self) -> Floats:
        parts = [np.square(part).sum(axis=1).sum(axis=(1, 2)) for part in self._values()]
        return np.concatenate([np.zeros(0, np.float32), *parts])

    @cached_property
    def _squares(self) -> npt.NDArray[np.complex64]:
        return _spectrum(RINGS, len(self.rings), (np.square(part).sum(axis=1) for part in self._values()))

    def like(self, index: int, count: int) -> list[Likeness]:
        """The elements most like one of them, itself among them; as `nearest`."""
        if (index, count) not in self._like:
            self._like[index, count] = self.nearest(self.rings[index].astype(np.float32) / 255, count)
        return self._like[index, count]

    def blurred(self, first: int, last: int, blur: float, kernel: Callable[[float], Floats]) -> Floats:
        """(elements, CHANNELS, RINGS * ANGLES): some of the descriptors, 0 to 255, after a blur.

        Args:
            first: row of those that are wanted.
            last: the one after them.
            blur: standard deviation, extents.
            kernel: gives a blur of rings as a matrix, (samples, samples).
        """
        key = first, last, blur
        known = self._blurred.get(key)
        if known is None:
            looks = self.rings[first:last].astype(np.float32).reshape(-1, CHANNELS, RINGS * ANGLES)
            known = looks @ kernel(blur)
            if len(self._blurred) >= _BLURS:
                self._blurred = {}  # not cleared: another thread may be looking
            self._blurred[key] = known
        return known

    def nearest(self, query: Floats, count: int) -> list[Likeness]:
        """The elements most like a query, turned and mirrored as is best.

        Args:
            query: (CHANNELS, RINGS, ANGLES).
            count: at most so many.

        Returns:
            Nearest first.
        """
        return self.nearest_of(query[None], None, count)[0]

    def nearest_of(self, queries: Floats, known: Floats | None, count: int) -> list[list[Likeness]]:
        """The elements most like each of some queries.

        Args:
            queries: (queries, CHANNELS, RINGS, ANGLES).
            known: (queries, RINGS, ANGLES), 0 where a query is masked, 1 where it is known; None: all is.
            count: at most so many for each.
        """
        made: list[list[Likeness]] = []
        for first in range(0, len(queries), _AT_ONCE):
            part = np.s_[first : first + _AT_ONCE]
            made += self._nearest_of(queries[part], None if known is None else known[part], count)
        return made

    def _nearest_of(self, queries: Floats, known: Floats | None, count: int) -> list[list[Likeness]]:
        weighted = queries * RING_WEIGHT[None, None, :, None]
        if known is not None:
            weighted = weighted * known[:, None]
        norms = np.square(weighted).sum(axis=(1, 2, 3))
        # As they are, then mirrored: the table is gone through once for both.
        scores = 2 * _correlate(self._spectrum, np.concatenate([weighted, mirror_rings(weighted)]))
        if known is None:
            scores -= self._norms[None, None]
        else:
            masks = known[:, None]
            scores -= _correlate(self._squares, np.concatenate([masks, mirror_rings(masks)]))
        best = scores.argmax(axis=1)
        peaks = np.take_along_axis(scores, best[:, None], axis=1)[:, 0]
        found: list[list[Likeness]] = [[] for _ in queries]
        for at, (peak, shifts) in enumerate(zip(peaks, best, strict=True)):
            mirrored, row = divmod(at, len(queries))
            for index in np.argpartition(-peak, min(count, len(peak)) - 1)[:count]:
                angle = peak_turn(scores[at, :, index], int(shifts[index]))
                distance = float(norms[row]) - float(peak[index])
                found[row].append((distance, int(index), bool(mirrored), -angle if mirrored else angle))
        return [sorted(rows)[:count] for rows in found]

    def only(self, rows: Integers) -> RingTable:
        """Some of the elements."""
        return RingTable(self.rings[rows])

    def stretched(self, factor: float) -> RingTable:
        """The same elements, made wider by a factor and lower by the same one, in frames as before. Kept."""
        if factor not in self._stretched:
            self._stretched[factor] = self if factor == 1 else self._made_wider(factor)
        return self._stretched[factor]

    def _made_wider(self, factor: float) -> RingTable:
        # The point (x, y) of the stretched element is the point (x / f, y * f) of the own one; extents change a little with the shape,
        # which the fit mends.
        x = (_radius[:, None] * np.cos(_angle)[None]).ravel() / factor
        y = (_radius[:, None] * np.sin(_angle)[None]).ravel() * factor
        ring = np.hypot(x, y) / (DESCRIPTOR.reach * DESCRIPTOR.resolution) * RINGS - 0.5
        turn = (np.arctan2(y, x) % math.tau) / math.tau * ANGLES
        weights = np.zeros((RINGS * ANGLES, RINGS * ANGLES), np.float32)
        rows = np.arange(RINGS * ANGLES)
        for r, part in ((np.floor(ring), 1 - ring % 1), (np.floor(ring) + 1, ring % 1)):
            for t, share in ((np.floor(turn), 1 - turn % 1), (np.floor(turn) + 1, turn % 1)):
                inside = r < RINGS
                at = np.clip(r, 0, RINGS - 1).astype(int) * ANGLES + t.astype(int) % ANGLES
                np.add.at(weights, (rows[inside], at[inside]), (part * share)[inside])
        made = np.empty(self.rings.shape, np.uint8)
        for first in range(0, len(made), _TRANSFORMED):
            own = self.rings[first : first + _TRANSFORMED]
            wider = own.reshape(-1, RINGS * ANGLES).astype(np.float32) @ weights.T
            made[first : first + _TRANSFORMED] = np.round(wider).reshape(own.shape)
        return RingTable(made)


def _correlate(table: npt.NDArray[np.complex64], queries: Floats) -> Floats:
    """(queries, ANGLES, elements): sums of products at each shift of each query, by the correlation theorem."""
    count = len(queries)
    spectrum = np.fft.rfft(queries, axis=3).reshape(count, -1, _WAVES).astype(np.complex64)
    product = np.matmul(table, spectrum.transpose(2, 1, 0))  # (frequencies, elements, queries)
    parts = product.view(np.float32).reshape(_WAVES, -1, 2).transpose(0, 2, 1).reshape(2 * _WAVES, -1)
    scores: Floats = (_BACK @ parts).reshape(ANGLES, len(table[0]), count)
    return np.ascontiguousarray(scores.transpose(2, 0, 1))


def _spectrum(values: int, elements: int, parts: Iterable[Floats]) -> npt.NDArray[np.complex64]:
    """(frequencies, elements, values): conjugated, so that one matrix product a frequency compares all.

    Args:
        values: of each element, at each angle.
        elements: all of them.
        parts: (some elements, values, ANGLES) each.
    """
    made = np.empty((_WAVES, elements, values), np.complex64)
    first = 0
    for part in parts:
        made[:, first : first + len(part)] = np.fft.rfft(part, axis=2).conj().transpose(2, 0, 1)
        first += len(part)
    return made


def mirror_rings(rings: Floats) -> Floats:
    """Rings of the mirrored picture: the angle a, along the last axis, becomes pi - a."""
    return np.roll(rings[..., ::-1], 1 + rings.shape[-1] // 2, axis=-1)


def peak_turn(scores: Floats, best: int) -> float:
    """The turn at which a correlation is highest, radians, by a parabola through the highest sample and its neighbours.

    Args:
        scores: (ANGLES,).
        best: the highest of them.
    """
    near = [float(scores[(best + d) % ANGLES]) for d in (-1, 0, 1)]
    bend = near[0] - 2 * near[1] + near[2]
    return (best + (0.5 * (near[0] - near[2]) / bend if bend < 0 else 0.0)) * math.tau / ANGLES


def frame_row(frame: Frame) -> list[float]:
    """A frame as it is stored: x, y, and the matrix row by row."""
    return [frame.x, frame.y, *frame.matrix.ravel().tolist()]
