"""Watershed colour segments, as drawn elements have, with polar descriptors: by them elements are found on an unknown background.

A segment grows from a flat place, where neighbouring pixels are alike, to where the colour changes most, which is where its outline was
before a blur. It is described like an element (centre, extent, rings), with the colours around it where its element is opaque. In the
index file segments are called pieces.

Source of the watershed from markers: F. Meyer, "Color image segmentation" (1992).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from haac_match._fit.kernels import njit
from haac_match._picture.arrays import Bools, Bytes, Floats
from haac_match._thresholds.index import SEGMENT

RINGS, ANGLES = 7, 24
OUTLINE_BYTES = RINGS * ANGLES // 8
STEP = 4
"""Levels of a step of stored colours."""
_PAD = 2
_FULL = 65535

_radius = (np.arange(RINGS) + 0.5) / RINGS * SEGMENT.reach
_angle = np.arange(ANGLES) * math.tau / ANGLES
PLACES_X = (_radius[:, None] * np.cos(_angle)).astype(np.float32)
PLACES_Y = (-_radius[:, None] * np.sin(_angle)).astype(np.float32)
WEIGHT = (_radius / _radius.mean()).astype(np.float32)[:, None]
"""(RINGS, 1): the area that a sample represents; the mean is 1."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A connected part of one colour.

    Args:
        colour: (3,), median of its flat place.
        area: pixels.
        x: centre of mass, pixels (the centre of the first pixel is 0.5).
        y: centre of mass, pixels.
        extent: root mean square distance from it, pixels.
        outline: (RINGS, ANGLES), True where it is, itself and what it encloses.
    """

    colour: Bytes
    area: int
    x: float
    y: float
    extent: float
    outline: Bools


def segments_of(
    rgb: Bytes,
    outside: Bools | None,
    level: int,
    least: int,
    most: float,
    where: Bytes | None = None,
) -> list[Segment]:
    """Segments of a picture by watershed from its flat places, the largest first.

    Args:
        rgb: (height, width, 3).
        outside: (height, width), True where no segment is; or None.
        level: neighbouring pixels within a flat place differ by at most this.
        least: pixels of the flat place.
        most: of the segment, pixels.
        where: (height, width), 0 where the middle of a segment may not be; or None.
    """
    change = _change(rgb)
    flat = change <= level
    if outside is not None:
        flat &= cv2.erode((~outside).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(flat.astype(np.uint8), connectivity=4)
    kept = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= least)
    kept = kept[kept > 0]
    if not len(kept):
        return []
    number = np.zeros(count, np.int32)
    number[kept] = np.arange(1, len(kept) + 1)
    marked = number[labels]
    if outside is not None:
        marked[outside] = len(kept) + 1
    else:
        # Where nothing is flat, places of least change are seeds of what else there is.
        calm = change == cv2.erode(change, np.ones((SEGMENT.calm,) * 2, np.uint8))
        marked[calm & (change > level + SEGMENT.calm_above) & (marked == 0)] = len(kept) + 1
    grown = cv2.watershed(np.ascontiguousarray(rgb), marked.copy())
    found: list[Segment] = []
    for index, box in enumerate(_boxes(grown, len(kept)), 1):
        if box is None:
            continue
        x, y, right, bottom = box
        if where is not None and not where[y:bottom, x:right].any():
            continue
        mask = (grown[y:bottom, x:right] == index).astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)
        moments = cv2.moments(mask, binaryImage=True)
        area = moments["m00"]
        if not 0 < area <= most:
            continue
        own = moments["m10"] / area + 0.5, moments["m01"] / area + 0.5
        if where is not None and not where[int(y + own[1]), int(x + own[0])]:
            continue
        left, top, wide, high = stats[kept[index - 1], :4]
        inner = labels[top : top + high, left : left + wide] == kept[index - 1]
        colour = np.median(rgb[top : top + high, left : left + wide][inner], axis=0)
        extent = math.sqrt((moments["mu20"] + moments["mu02"]) / area + 1 / 6)
        found.append(
            Segment(
                np.round(colour).astype(np.uint8),
                int(area),
                x + own[0],
                y + own[1],
                extent,
                _outline(mask, *own, extent),
            )
        )
    return sorted(found, key=_largest_first)


def _outline(mask: Bytes, x: float, y: float, extent: float) -> Bools:
    """(RINGS, ANGLES): where a mask is, around its centre of mass."""
    small = max(1.0, SEGMENT.smoothing * extent)
    size = max(1, round(mask.shape[1] / small)), max(1, round(mask.shape[0] / small))
    cover = (
        cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA)
        if small > 1
        else mask * np.uint8(255)
    )
    fx, fy = size[0] / mask.shape[1], size[1] / mask.shape[0]
    made = cv2.remap(
        cover,
        (x + extent * PLACES_X) * np.float32(fx) - np.float32(0.5),
        (y + extent * PLACES_Y) * np.float32(fy) - np.float32(0.5),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(made >= SEGMENT.inside)


def _largest_first(segment: Segment) -> tuple[int, float, float]:
    return -segment.area, segment.y, segment.x


def _change(rgb: Bytes) -> Bytes:
    """(height, width): largest difference of a pixel from one of its four neighbours, in any channel."""
    made = np.zeros(rgb.shape[:2], np.uint8)
    for near, other in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        off = cv2.absdiff(rgb[near], rgb[other]).max(axis=2)
        made[near] = np.maximum(made[near], off)
        made[other] = np.maximum(made[other], off)
    return made


@njit(nogil=True)
def _bounds(labels: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int32]:
    """(count + 1, 4): left, top, right, bottom of each label."""
    height, width = labels.shape
    out = np.zeros((count + 1, 4), np.int32)
    out[:, 0], out[:, 1] = width, height
    for y in range(height):
        for x in range(width):
            k = labels[y, x]
            if 0 < k <= count:
                out[k, 0] = min(out[k, 0], x)
                out[k, 1] = min(out[k, 1], y)
                out[k, 2] = max(out[k, 2], x + 1)
                out[k, 3] = max(out[k, 3], y + 1)
    return out


def _boxes(labels: npt.NDArray[np.int32], count: int) -> list[tuple[int, int, int, int] | None]:
    rows = _bounds(labels, count)[1:].tolist()
    return [(a, b, c, d) if c > a else None for a, b, c, d in rows]


class Sampler:
    """Samples rings around segments of one picture, from its image pyramid.

    Args:
        pixels: (height, width, channels).
    """

    def __init__(self, pixels: Floats) -> None:
        self._levels = [pixels]
        self._shape = pixels.shape
        self._smooth: dict[int, Floats] = {}

    def _level(self, steps: int) -> tuple[Floats, int]:
        """The picture blurred by 2^(steps/2) / 2 pixels, halved a number of times."""
        halves = max(0, (steps - 1) // 2)
        while len(self._levels) <= halves:
            last = self._levels[-1]
            size = max(1, (last.shape[1] + 1) // 2), max(1, (last.shape[0] + 1) // 2)
            self._levels.append(cv2.resize(last, size, interpolation=cv2.INTER_AREA))
        if steps not in self._smooth:
            spread = 2 ** (steps / 2) / 2
            own = math.sqrt(max(0.0, (spread / 2**halves) ** 2 - (SEGMENT.halving if halves else 0)))
            self._smooth[steps] = (
                cv2.GaussianBlur(self._levels[halves], (0, 0), own)
                if own > SEGMENT.least_blur
                else self._levels[halves]
            )
        return self._smooth[steps], halves

    def rings(self, x: float, y: float, extent: float) -> Floats:
        """(RINGS, ANGLES, channels) around a place; zero outside of the picture."""
        steps = max(0, round(2 * math.log2(max(2 * SEGMENT.smoothing * extent, 1e-3))))
        picture, _ = self._level(steps)
        fx, fy = picture.shape[1] / self._shape[1], picture.shape[0] / self._shape[0]
        made = cv2.remap(
            picture,
            (x + extent * PLACES_X) * np.float32(fx) - np.float32(0.5),
            (y + extent * PLACES_Y) * np.float32(fy) - np.float32(0.5),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(made, np.float32)


@dataclass(frozen=True, slots=True)
class PackedSegments:
    """Segments of an element, as they are stored: see `Rows`."""

    frames: npt.NDArray[np.uint16]
    colours: Bytes
    rings: Bytes
    outlines: Bytes


def packed_segments(image: Bytes) -> PackedSegments:
    """The largest segments of an element.

    Args:
        image: (height, width, 4), straight RGBA.
    """
    height, width = image.shape[:2]
    found: list[Segment] = _found(image) if height else []
    frames = np.array([(p.x / width, p.y / height, p.extent / (width + height)) for p in found]).reshape(
        -1, 3
    )
    rings = np.zeros((len(found), RINGS, ANGLES, 3), np.uint8)
    if found:
        room = max(height, width) // 2
        alpha = image[:, :, 3:].astype(np.float32) / np.float32(255)
        premultiplied = np.concatenate([image[:, :, :3] * alpha, alpha], axis=2)
        sampler = Sampler(np.pad(premultiplied, ((room, room), (room, room), (0, 0))))
        for row, one in enumerate(found):
            around = sampler.rings(one.x + room, one.y + room, one.extent)
            cover = around[..., 3:]
            steps = np.round(around[..., :3] / np.maximum(cover, 1e-3) / STEP) + 1
            rings[row] = np.where(cover >= SEGMENT.opaque, steps.clip(1, 255), 0)
    return PackedSegments(
        np.round(frames.clip(0, 1) * _FULL).astype(np.uint16),
        np.array([one.colour for one in found], np.uint8).reshape(-1, 3),
        rings,
        np.packbits(
            np.array([one.outline.ravel() for one in found], np.bool_).reshape(-1, RINGS * ANGLES), axis=1
        ),
    )


def unpacked_outlines(outlines: Bytes) -> Bools:
    """(segments, RINGS, ANGLES) of what is stored."""
    bits = np.unpackbits(outlines, axis=1, count=RINGS * ANGLES)
    return bits.reshape(-1, RINGS, ANGLES).astype(np.bool_)


def unpacked_frames(frames: npt.NDArray[np.uint16], sizes: npt.NDArray[np.integer]) -> Floats:
    """(segments, 3): x, y and extent in pixels of the elements, whose sizes are (segments, 2)."""
    scale = np.column_stack([sizes, sizes.sum(axis=1)]).astype(np.float64)
    return np.asarray(frames / _FULL * scale, np.float32)


def _found(image: Bytes) -> list[Segment]:
    alpha = image[:, :, 3]
    rgb = np.pad(image[:, :, :3], ((_PAD, _PAD), (_PAD, _PAD), (0, 0)), mode="edge")
    outside = np.pad(alpha < SEGMENT.inside, _PAD, constant_values=True)
    least = SEGMENT.share * (alpha >= SEGMENT.inside).sum()
    found: list[Segment] = []
    for level in SEGMENT.flat:
        for padded in segments_of(rgb, outside, level, SEGMENT.flat_area, rgb.size):
            one = replace(padded, x=padded.x - _PAD, y=padded.y - _PAD)
            if one.area >= least and not any(
                abs(one.x - p.x) + abs(one.y - p.y) + abs(one.extent - p.extent) < SEGMENT.repeated * p.extent
                for p in found
            ):
                found.append(one)
    return sorted(found, key=_largest_first)[: SEGMENT.an_element]
