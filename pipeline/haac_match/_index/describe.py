"""Feature extraction: polar descriptors, keypoints and colour segments of each element, quantised and packed in rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from haac_match._index import segments
from haac_match._index.keypoints import DIMENSIONS, Features, features
from haac_match._index.polar import ANGLES, CHANNELS, RINGS, describe, frame_row, frames
from haac_match._index.thumbnails import SIDE, cut_thumbnail
from haac_match._picture.arrays import Bools, Bytes, Floats, Integers
from haac_match._picture.background import thumbnail
from haac_match._thresholds.index import DESCRIPTOR, KEYPOINT
from haac_repo import HaacError, MissingExtraError, Repository, decode
from haac_repo._internal import mark

if TYPE_CHECKING:
    from PIL import Image

THUMBNAIL = len(thumbnail(np.zeros((1, 1, 3), np.uint8)))
_AT_ONCE = 16
"""Elements that a worker is given together."""
_FULL = 65535
_SIZES = 4096
"""Steps of a keypoint's size while it doubles."""
_UNPACKED = 16_384
"""Keypoints whose places are unpacked together."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Descriptors of elements, one row each, in the order of their numbers; and their keypoints and segments, in the same order.

    Args:
        numbers: (rows,) int64.
        marks: (rows,) uint32, the beginning of their pixel hashes: a catalog that was lost may give a number again.
        sizes: (rows, 2) uint16, width and height.
        frames: (rows, 2, 6) float32, the one that keeps the shape and the round one; NaN where nothing is visible.
        rings: (rows, 2, CHANNELS, RINGS, ANGLES) uint8, polar descriptors in them.
        cuts: (rows, SIDE, SIDE, 4) uint8, thumbnails of what shows, premultiplied, see `_index.thumbnails`.
        extents: (rows, 4) uint16, left, top, right, bottom of what shows.
        photographs: (rows,) bool, whether it is opaque.
        thumbnails: (photographs, side, side, 3) uint8, of those that are.
        counts: (rows,) uint16, keypoints of each.
        places: (keypoints, 4) uint16, see `unpacked_places`.
        looks: (keypoints, n) uint8, descriptors: see `unpacked_looks`; or their codes of the product quantiser.
        piece_counts: (rows,) uint8, colour segments of each, see `_index.segments`.
        piece_frames: (segments, 3) uint16, see `unpacked_frames`.
        piece_colours: (segments, 3) uint8.
        piece_rings: (segments, RINGS, ANGLES, 3) uint8, the colours around them in steps; 0 where the element is not opaque.
        piece_outlines: (segments, OUTLINE_BYTES) uint8, where they are, a bit for each sample.
    """

    numbers: Integers
    marks: npt.NDArray[np.uint32]
    sizes: npt.NDArray[np.uint16]
    frames: Floats
    rings: Bytes
    cuts: Bytes
    extents: npt.NDArray[np.uint16]
    photographs: Bools
    thumbnails: Bytes
    counts: npt.NDArray[np.uint16]
    places: npt.NDArray[np.uint16]
    looks: Bytes
    piece_counts: Bytes
    piece_frames: npt.NDArray[np.uint16]
    piece_colours: Bytes
    piece_rings: Bytes
    piece_outlines: Bytes

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def owners(self) -> Integers:
        """(keypoints,) row of each."""
        return np.repeat(np.arange(len(self)), self.counts)

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""
        return sum(int(getattr(self, part.name).nbytes) for part in fields(self))

    def take(self, rows: Integers) -> Rows:
        """Some rows, in this order."""
        points, parts = _members(self.counts, rows), _members(self.piece_counts, rows)
        thumbnail = np.cumsum(self.photographs) - 1
        return Rows(
            **{name: getattr(self, name)[rows] for name in _BY_ROW},
            thumbnails=self.thumbnails[thumbnail[rows[self.photographs[rows]]]],
            counts=self.counts[rows],
            places=self.places[points],
            looks=self.looks[points],
            piece_counts=self.piece_counts[rows],
            **{name: getattr(self, name)[parts] for name in _BY_SEGMENT},
        )

    def weakest_left_out(self, most: int) -> Rows:
        """With at most so many keypoints in all: elements with the most lose the smallest, which a blur hides first."""
        counts = self.counts.astype(np.int64)
        if counts.sum() <= most:
            return self
        cap = next(cap for cap in range(int(counts.max()), -1, -1) if np.minimum(counts, cap).sum() <= most)
        owners = self.owners
        order = np.lexsort((-self.places[:, 2].astype(np.int64), owners))
        rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = np.sort(order[rank < cap])
        return replace(
            self,
            counts=np.minimum(self.counts, cap).astype(np.uint16),
            places=self.places[kept],
            looks=self.looks[kept],
        )


def _members(counts: npt.NDArray[Any], rows: Integers) -> Integers:
    """Indices of the members of some rows, of which each row has so many."""
    many = counts.astype(np.int64)
    starts, kept = np.cumsum(many) - many, many[rows]
    return np.asarray(np.repeat(starts[rows] - (np.cumsum(kept) - kept), kept) + np.arange(kept.sum()))


_BY_SEGMENT = ("piece_frames", "piece_colours", "piece_rings", "piece_outlines")
_BY_ROW = ("numbers", "marks", "sizes", "frames", "rings", "cuts", "extents", "photographs")
_EMPTY: dict[str, tuple[tuple[int, ...], Any]] = {
    "numbers": ((), np.int64),
    "marks": ((), np.uint32),
    "sizes": ((2,), np.uint16),
    "frames": ((2, 6), np.float32),
    "rings": ((2, CHANNELS, RINGS, ANGLES), np.uint8),
    "cuts": ((SIDE, SIDE, 4), np.uint8),
    "extents": ((4,), np.uint16),
    "photographs": ((), np.bool_),
    "thumbnails": ((THUMBNAIL, THUMBNAIL, 3), np.uint8),
    "counts": ((), np.uint16),
    "places": ((4,), np.uint16),
    "piece_counts": ((), np.uint8),
    "piece_frames": ((3,), np.uint16),
    "piece_colours": ((3,), np.uint8),
    "piece_rings": ((segments.RINGS, segments.ANGLES, 3), np.uint8),
    "piece_outlines": ((segments.OUTLINE_BYTES,), np.uint8),
}


def checked(parts: dict[str, npt.NDArray[Any]], width: int) -> Rows:
    """Rows out of arrays that were read.

    Args:
        parts: by the names of `Rows`.
        width: of the looks.

    Raises:
        KeyError, ValueError: they are not what `Rows` says.
    """
    shapes = _EMPTY | {"looks": ((width,), np.uint8)}
    for name, (shape, kind) in shapes.items():
        if parts[name].shape[1:] != shape or parts[name].dtype != kind:
            raise ValueError(f"{name} is {parts[name].dtype}{parts[name].shape}")
    rows = Rows(**{name: parts[name] for name in shapes})
    if (
        {len(parts[name]) for name in (*_BY_ROW, "counts", "piece_counts")} != {len(rows)}
        or (np.diff(rows.numbers) <= 0).any()
        or len(rows.thumbnails) != rows.photographs.sum()
        or not len(rows.places) == len(rows.looks) == rows.counts.sum(dtype=np.int64)
        or {len(parts[name]) for name in _BY_SEGMENT} != {int(rows.piece_counts.sum(dtype=np.int64))}
    ):
        raise ValueError("its parts do not fit")
    return rows


def no_rows(width: int) -> Rows:
    """No rows, with descriptors of keypoints of this width."""
    shapes = _EMPTY | {"looks": ((width,), np.uint8)}
    return Rows(**{name: np.zeros((0, *shape), kind) for name, (shape, kind) in shapes.items()})


def joined(parts: Sequence[Rows], width: int) -> Rows:
    """All rows of all parts, by number; `width` is that of their looks."""
    parts = [no_rows(width), *parts]
    rows = Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))
    if (np.diff(rows.numbers) > 0).all():
        return rows
    return rows.take(np.argsort(rows.numbers, kind="stable"))


def described(number: int, pixels_sha256: str, image: Image.Image) -> Rows:
    """Extract the features of one element.

    Args:
        number: of the element.
        pixels_sha256: its pixel hash.
        image: RGBA.
    """
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    both = frames(pixels[:, :, 3] > DESCRIPTOR.visible)
    made: dict[str, Any] = {
        name: np.zeros((1, *shape), kind) for name, (shape, kind) in _EMPTY.items() if name in _BY_ROW
    }
    made["numbers"][0] = number
    made["marks"][0] = mark(pixels_sha256)
    made["sizes"][0] = width, height
    made["cuts"][0], made["extents"][0] = cut_thumbnail(pixels)
    opaque = bool(pixels[:, :, 3].min() > DESCRIPTOR.photograph)
    made["photographs"][0] = opaque
    thumbnails = [thumbnail(pixels[:, :, :3])] if opaque else []
    found = Features(np.zeros((0, 4), np.float32), np.zeros((0, DIMENSIONS), np.float32))
    parts = segments.packed_segments(pixels if both is not None and not opaque else pixels[:0])
    if both is None:
        made["frames"][:] = np.nan
    else:
        alpha = pixels[:, :, 3:].astype(np.float32) / 255
        premultiplied = np.concatenate([pixels[:, :, :3] * alpha, alpha], axis=2)
        for which, frame in enumerate(both):
            made["frames"][0, which] = frame_row(frame)
            made["rings"][0, which] = np.round(describe(premultiplied, frame) * 255).clip(0, 255)
        on_grey = (premultiplied[:, :, :3] + 128 * (1 - alpha) + 0.5).astype(np.uint8)
        pad = KEYPOINT.padding
        around = ((pad, pad), (pad, pad), (0, 0))
        found = features(np.pad(on_grey, around, constant_values=128), most=KEYPOINT.an_element)
        found.places[:, :2] -= pad
    return Rows(
        **made,
        thumbnails=np.array(thumbnails, np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL, 3),
        counts=np.array([len(found.places)], np.uint16),
        places=_packed_places(found.places, (width, height)),
        looks=_packed_looks(found.looks),
        piece_counts=np.array([len(parts.colours)], np.uint8),
        piece_frames=parts.frames,
        piece_colours=parts.colours,
        piece_rings=parts.rings,
        piece_outlines=parts.outlines,
    )


def _packed_places(places: Floats, size: tuple[int, int]) -> npt.NDArray[np.uint16]:
    """x and y as shares of the padded element, the logarithm of the size, the direction as a share of a turn."""
    shares = np.column_stack(
        [
            (places[:, :2] + KEYPOINT.padding) / (np.array(size) + 2 * KEYPOINT.padding),
            np.log2(np.maximum(places[:, 2], 1)) * _SIZES / _FULL,
            places[:, 3] % math.tau / math.tau,
        ]
    )
    return np.round(shares.clip(0, 1) * _FULL).astype(np.uint16)


def unpacked_places(rows: Rows) -> Floats:
    """(keypoints, 4): x, y in pixels, size in pixels, direction in radians, as of `Features`."""
    made, owners = np.empty(rows.places.shape, np.float32), rows.owners
    for first in range(0, len(made), _UNPACKED):
        part = slice(first, first + _UNPACKED)
        shares = rows.places[part].astype(np.float64) / _FULL
        sizes = rows.sizes[owners[part]] + 2.0 * KEYPOINT.padding
        made[part, :2] = shares[:, :2] * sizes - KEYPOINT.padding
        made[part, 2] = np.exp2(shares[:, 2] * _FULL / _SIZES)
        made[part, 3] = shares[:, 3] * math.tau
    return made


def _look_scale() -> Floats:
    return np.repeat([255, 255 * KEYPOINT.colour_scale], [128, DIMENSIONS - 128]).astype(np.float32)


def _packed_looks(looks: Floats) -> Bytes:
    return np.round((looks * _look_scale()).clip(0, 255)).astype(np.uint8)


def unpacked_looks(looks: Bytes) -> Floats:
    """(keypoints, DIMENSIONS), descriptors as of `Features`."""
    return np.asarray(looks / _look_scale(), np.float32)


@dataclass(frozen=True, slots=True)
class Part:
    """Elements to describe, as they are stored: they travel to a worker, on this machine or another."""

    elements: tuple[tuple[int, str, int, int, int], ...]
    """Number, pixel hash, width, height, and length in `data` of each."""
    data: bytes
    unread: tuple[int, ...] = ()
    """Numbers of those that could not be read to begin with."""


Described = tuple[Rows, list[int]]
"""The rows of a part, and the numbers of its elements that cannot be read."""
Run = Callable[[Iterator[Part]], Iterator[Described]]
"""Describes parts, in their order."""


def describe_part(part: Part) -> Described:
    """Extract the features of some elements."""
    made: list[Rows] = []
    unread, start = list(part.unread), 0
    for number, pixels, width, height, length in part.elements:
        try:
            image = decode(part.data[start : start + length], width, height)
            made.append(described(number, pixels, image))
        except MissingExtraError:
            raise
        except HaacError:  # damaged: `haac verify` is for that
            unread.append(number)
        start += length
    return joined(made, DIMENSIONS), unread


def lost_part(part: Part) -> Described:
    """What is left of a part whose worker was lost: nothing of it can be read."""
    return no_rows(DIMENSIONS), [*part.unread, *(element[0] for element in part.elements)]


def in_this_process(parts: Iterator[Part]) -> Iterator[Described]:
    """Describe parts one after the other."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield from map(describe_part, parts)
    finally:
        cv2.setNumThreads(threads)


def describe_all(
    repository: Repository, wanted: Sequence[tuple[int, str]], run: Run, progress: Callable[[int], None]
) -> tuple[Rows, list[int]]:
    """Extract the features of many elements.

    Args:
        repository: has them.
        wanted: numbers and pixel hashes, by number.
        run: does it.
        progress: told how many more are done.

    Returns:
        Those that could be read, and the numbers of the others.
    """
    made: list[Rows] = []
    unread: list[int] = []
    for rows, bad in run(_parts(repository, wanted)):
        made.append(rows)
        unread += bad
        progress(len(rows) + len(bad))
    return joined(made, DIMENSIONS), unread


def _parts(repository: Repository, wanted: Sequence[tuple[int, str]]) -> Iterator[Part]:
    for first in range(0, len(wanted), _AT_ONCE):
        elements: list[tuple[int, str, int, int, int]] = []
        pieces: list[bytes] = []
        unread: list[int] = []
        for number, pixels in wanted[first : first + _AT_ONCE]:
            try:
                element, data = repository.element(number), repository.data(number)
            except HaacError:  # withdrawn meanwhile, or damaged
                unread.append(number)
                continue
            elements.append((number, pixels, element.width, element.height, len(data)))
            pieces.append(data)
        yield Part(tuple(elements), b"".join(pieces), tuple(unread))
