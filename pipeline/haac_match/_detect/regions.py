"""Region proposals on smooth backgrounds: where a picture is flat, what stands out of it, and the colour behind each part of that.

What stands out is cut by several thresholds, as maximally stable regions are (J. Matas et al., "Robust wide baseline stereo from maximally
stable extremal regions", 2002): parts that touch each other by a soft edge come apart at one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from haac_match._fit.inpaint import inpainted
from haac_match._picture.arrays import Bools, Box, Bytes, Doubles, Floats

_FLAT = 6
"""Levels by which a pixel of a flat part may differ from its neighbours."""
_LEAST_FLAT = 150
"""Pixels of the smallest flat part that counts as background."""
_TINT, _AROUND = 12, 36
"""Levels by which compression moves the pixels of one colour, as it does around text, and those within which hardly any other lies where
that colour was drawn: in photographs colours go over into each other..."""
_CONCENTRATED, _LEAST_TINTED, _MOST_TINTS = 0.7, 0.004, 8
"""...the share of the latter that the former has, the share of the picture, and how many such colours are looked for."""
_LEAST_SHARE = 0.02
"""Share of a picture that must be flat."""
_THRESHOLDS = (14, 26, 44, 70)
"""Levels from the background from which on a pixel stands out."""
_CLOSINGS = (1, 3, 5)
"""Pixels over which gaps within an element are closed."""
_LEAST_SIDES = (5, 10)
"""Pixels of the shorter and longer side of the smallest region..."""
_MOST_SIDE = 0.95
"""...and the share of the picture's side that the largest has."""
_LARGE = 40
"""Pixels from which on the flat parts of an element itself may be taken for background: what is not flat is a region, too."""
_RING = 4
"""Pixels of the ring around a region in which its background shows; more around large ones."""
_SEEN = 10
"""Pixels of it that are needed."""
_OFF = 24
"""Levels by which its colours may be off their median; others belong to something else."""


@dataclass(frozen=True, slots=True)
class SmoothBackground:
    """A colour that changes evenly.

    Args:
        x: where `colours[0]` is, pixels of the picture.
        y: the same, down.
        colours: (3, 3): the colour there, and by how much it changes a pixel across and down.
    """

    x: float
    y: float
    colours: Doubles

    @property
    def colour(self) -> Floats:
        """(3,), in the middle."""
        middle: Floats = self.colours[0].astype(np.float32)
        return middle

    def pixels(self, box: Box) -> Bytes:
        """(height, width, 3) in a box of the picture."""
        across = np.outer(np.arange(box[0], box[2]) - self.x, self.colours[1])
        down = np.outer(np.arange(box[1], box[3]) - self.y, self.colours[2]) + self.colours[0] + 0.5
        made = across.astype(np.float32)[None] + down.astype(np.float32)[:, None]
        pixels: Bytes = np.clip(made, 0, 255, out=made).astype(np.uint8)
        return pixels


@dataclass(frozen=True, slots=True)
class Region:
    """What stands out of its background.

    Args:
        box: left, top, right, bottom.
        background: behind it.
    """

    box: Box
    background: SmoothBackground


class SmoothRegions:
    """Parts of a picture that stand out of smooth ones around them.

    Args:
        picture: (height, width, 3).

    Attributes:
        flat: (height, width), where it is smooth.
    """

    def __init__(self, picture: Bytes) -> None:
        self._picture = picture
        self.flat = _flat(picture)
        self._even = self.flat | _tinted(picture, self.flat)
        self._background: Floats | None = None
        if self._even.mean() >= _LEAST_SHARE:
            self._background = inpainted(picture.astype(np.float32), self._even)

    def regions(self) -> list[Region]:
        """All of them, many of which overlap."""
        found = []
        for box in sorted(self._boxes()):
            background = self._behind(box)
            if background is not None:
                found.append(Region(box, background))
        return found

    def _boxes(self) -> set[Box]:
        boxes: set[Box] = set()
        if self._background is None:
            return boxes
        off = np.abs(self._picture - self._background).max(axis=2)
        height, width = off.shape
        for standing_out, least in [*((off > level, 0) for level in _THRESHOLDS), (~self._even, _LARGE)]:
            for x, y, across, down, _ in components(standing_out):
                if (
                    min(across, down) >= _LEAST_SIDES[0]
                    and max(across, down) >= max(least, _LEAST_SIDES[1])
                    and across <= _MOST_SIDE * width
                    and down <= _MOST_SIDE * height
                ):
                    boxes.add((x, y, x + across, y + down))
        return boxes

    def _behind(self, box: Box) -> SmoothBackground | None:
        """The background of a box: a plane through what is flat around it (robust least squares); else its inpainted colour."""
        left, top, right, bottom = box
        x, y, side = (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top)
        ring = max(_RING, side // 8)
        height, width = self._even.shape
        x0, y0, x1, y1 = (
            max(0, left - ring),
            max(0, top - ring),
            min(width, right + ring),
            min(height, bottom + ring),
        )
        seen = self._even[y0:y1, x0:x1].copy()
        seen[max(0, top - 1 - y0) : bottom + 1 - y0, max(0, left - 1 - x0) : right + 1 - x0] = False
        down, across = np.nonzero(seen)
        every = max(1, len(down) // 400)
        down, across = down[::every], across[::every]
        colours = self._picture[y0 + down, x0 + across].astype(np.float64)
        near = np.zeros(0, bool)
        if len(colours) >= _SEEN:
            near = np.abs(colours - np.median(colours, axis=0)).max(axis=1) < _OFF
        if near.sum() < max(_SEEN, len(near) // 2):
            if self._background is None:
                return None
            inner = self._background[top:bottom, left:right].reshape(-1, 3)
            return SmoothBackground(x, y, np.stack([np.median(inner, axis=0), np.zeros(3), np.zeros(3)]))
        places = np.stack([np.ones(near.sum()), x0 + across[near] - x, y0 + down[near] - y], axis=1)
        small = np.diag([0.0, 1.0, 1.0]) * len(places) * 1e-3 * side**2 / 4
        return SmoothBackground(x, y, np.linalg.solve(places.T @ places + small, places.T @ colours[near]))


def _flat(picture: Bytes) -> Bools:
    """(height, width): where a picture has large flat parts."""
    square = np.ones((3, 3), np.uint8)
    levels = spread(picture)
    inner = cv2.erode((levels <= _FLAT).astype(np.uint8), square)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= _LEAST_FLAT
    large[0] = False
    grown = cv2.dilate(large[labels].astype(np.uint8), square) > 0
    flat: Bools = grown & (levels <= 2 * _FLAT)
    return flat


def _tinted(picture: Bytes, flat: Bools) -> Bools:
    """(height, width): parts of one colour that compression left noisy.

    Args:
        picture: (height, width, 3).
        flat: (height, width), where it is smooth anyway.
    """
    found: Bools = np.zeros(flat.shape, bool)
    bins = (picture[~flat] >> 3).astype(np.int64)
    counts = np.bincount(bins @ (1, 32, 1024), minlength=1 << 15).astype(np.float32).reshape(32, 32, 32)
    near, around = (_summed(counts, 2 * levels // 8) for levels in (_TINT, _AROUND))
    square = np.ones((3, 3), np.uint8)
    for _ in range(_MOST_TINTS):
        blue, green, red = np.unravel_index(int(near.argmax()), near.shape)
        if near[blue, green, red] < _LEAST_TINTED * flat.size:
            break
        concentrated = near[blue, green, red] >= _CONCENTRATED * around[blue, green, red]
        near[max(0, blue - 3) : blue + 4, max(0, green - 3) : green + 4, max(0, red - 3) : red + 4] = 0
        if not concentrated:
            continue
        centre = np.array([red, green, blue], np.float64) * 8 + 4
        mask = cv2.inRange(picture, centre - _TINT - 2, centre + _TINT + 2)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(
            cv2.morphologyEx(mask, cv2.MORPH_OPEN, square), connectivity=4
        )
        large = stats[:, cv2.CC_STAT_AREA] >= _LEAST_FLAT
        large[0] = False
        found |= large[labels]
    return found


def _summed(counts: Floats, bins: int) -> Floats:
    """Sums over cubes of an odd number of bins, (32, 32, 32)."""
    for _ in range(3):
        padded = np.pad(counts.cumsum(axis=0), ((bins // 2 + 1, bins // 2), (0, 0), (0, 0)), mode="edge")
        padded[: bins // 2 + 1] = 0
        counts = np.moveaxis(padded[bins:] - padded[:-bins], 0, 2)
    return counts


def components(
    mask: Bools | Bytes, closings: Sequence[int] = _CLOSINGS, connectivity: int = 8
) -> Iterator[tuple[int, int, int, int, int]]:
    """x, y, width, height and pixels of the connected parts of a mask, with and without small gaps.

    Args:
        mask: (height, width).
        closings: pixels over which gaps are closed.
        connectivity: of a pixel with its neighbours, 4 or 8.
    """
    whole = mask.astype(np.uint8)
    for closing in closings:
        closed = whole
        if closing > 1:
            closed = cv2.morphologyEx(whole, cv2.MORPH_CLOSE, np.ones((closing, closing), np.uint8))
        stats = cv2.connectedComponentsWithStats(closed, connectivity=connectivity)[2]
        for part in stats[1:].tolist():
            yield part[0], part[1], part[2], part[3], part[4]


def spread(picture: Bytes) -> Bytes:
    """(height, width): by how many levels the pixels around each differ, in the channel where they do most."""
    square = np.ones((3, 3), np.uint8)
    levels: Bytes = (cv2.dilate(picture, square) - cv2.erode(picture, square)).max(axis=2)
    return levels
