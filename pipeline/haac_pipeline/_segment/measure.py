"""What can be measured of a cut-out: soft edges, where the photograph cuts it off, shape, colours on both sides of its contour."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from haac_pipeline._segment.cutout import Part

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

LONG_SIDE = 320
"""Pixels of the photograph's long side at which all is measured: edges are then as soft at any resolution."""
_VISIBLE, _SOLID, _OPAQUE = 8, 128, 215
"""Alpha from which a pixel is visible; belongs to the object; is not half-transparent any more."""
_FOUND = 40
"""Mask from which a pixel is no background."""
_REACH = 6
"""Pixels to both sides of a contour in which colours are compared."""
_SAME = 10
"""CIELAB distance below which both sides of a contour have nearly the same colour."""
_RING = 12
"""Pixels around an object that are its surroundings."""
_FAINT = 10
"""Mask above which something is faintly found in them."""
_CENTRE = 0.25
"""Deviation of the Gaussian at the centre of the photograph, in shares of its sides."""

SIDES = "left", "top", "right", "bottom"


@dataclass(frozen=True, slots=True)
class Colours:
    """How the colours on both sides of a cut-out's contour differ."""

    weak: float
    """Share of the contour with nearly the same colour on both sides."""
    follows: float
    """Gradient of the photograph on the contour, over that beside it: above 1 if the contour follows edges."""
    mixed: float
    """Overlap of the colours in it and around it (histogram intersection)."""
    spread: float
    """Standard deviation of the colours around it: CIELAB units, summed over L, a and b."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of one cut-out; shares are 0 to 1."""

    side: float
    """Square root of the pixels of its box, at full size."""
    rank: float
    """Share of all that was found in the photograph."""
    solid: float
    """Mean alpha of the visible pixels, 0 to 1."""
    haze: float
    """Half-transparent share of the visible pixels further than 2 pixels from the contour: no edge, but fog."""
    cut: tuple[float, float, float, float]
    """How much of its own width or height lies on each side of the photograph (`SIDES`)."""
    cover: float
    """How much of one side of the photograph all that was found covers, at most."""
    central: float
    """Overlap (intersection over union) with a Gaussian at the centre of the photograph: few subjects lie at its sides."""
    faint: float
    """Share of its surroundings in which the mask is not empty: fog, and what lies next to it."""
    bays: float
    """What closing by a disc of 9 pixels adds, in shares of it: ragged contours."""
    largest: float
    """Share of its largest connected component."""
    colours: Colours | None
    """None: not asked for."""


class Photograph:
    """A photograph and all that was found in it, made small once for all its cut-outs.

    Args:
        rgb: (height, width, 3), sRGB.
        mask: (height, width), 255 is the object.
        colours: Whether colours are measured too.
    """

    def __init__(self, rgb: Bytes, mask: Bytes, *, colours: bool) -> None:
        height, width = mask.shape
        self._scale = min(1.0, LONG_SIDE / max(height, width))
        self._size = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        self._mask: Bytes = np.asarray(cv2.resize(mask, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        self._cover = max(_touched(self._mask >= _SOLID, *self._mask.shape))
        bells = [
            np.exp(-(((np.arange(n) / n - 0.5) / _CENTRE) ** 2) / 2).astype(np.float32)
            for n in self._mask.shape
        ]
        self._bell: Floats = np.outer(*bells)
        self._colours = self._lab_and_gradient(rgb) if colours else None

    def _lab_and_gradient(self, rgb: Bytes) -> tuple[Floats, Floats]:
        """The small photograph in CIELAB, and how steep it is."""
        small = np.asarray(
            cv2.resize(rgb, self._size, interpolation=cv2.INTER_AREA), np.float32
        ) / np.float32(255)
        lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
        smooth = cv2.GaussianBlur(lab, (0, 0), 0.8)
        slopes = [cv2.Sobel(smooth, cv2.CV_32F, *way, scale=0.125) for way in ((1, 0), (0, 1))]
        return lab, np.maximum.reduce(cv2.split(cv2.magnitude(*slopes)))

    def measure(self, part: Part) -> Measures:
        """Measure one cut-out of this photograph."""
        whole = self._alpha(part)
        rows, columns = (np.asarray(whole.any(axis=axis)) for axis in (1, 0))
        box = _around(rows), _around(columns)  # only its neighbourhood is looked at
        alpha = whole[box]
        solid = alpha >= _SOLID
        visible = max(float((alpha >= _VISIBLE).sum()), 1.0)
        grown = _grown(solid, 2)
        haze = (alpha >= _VISIBLE) & (alpha < _OPAQUE) & ~(grown & ~_shrunk(solid, 2))
        around = _grown(solid, _RING)
        near = self._mask[box][around & ~_grown(solid, 3)]
        inside = whole >= _SOLID
        central = float(self._bell[inside].sum())
        extent = (max(int(inside.any(axis=axis).sum()), 1) for axis in (1, 0))
        return Measures(
            side=math.sqrt(part.pixels.shape[0] * part.pixels.shape[1]),
            rank=min(1.0, float(alpha.sum()) / max(float(self._mask.sum()), 1.0)),
            solid=float(alpha.sum()) / 255 / visible,
            haze=float(haze.sum()) / visible,
            cut=_touched(inside, *extent),
            cover=self._cover,
            central=central / (float(self._bell.sum()) + float(inside.sum()) - central),
            faint=float((near > _FAINT).mean()) if near.size else 0.0,
            **_shape(solid.astype(np.uint8)),
            colours=self._compare(box, inside, around & ~grown) if self._colours else None,
        )

    def _compare(self, box: tuple[slice, slice], inside: Bools, around: Bools) -> Colours:
        """The colours of an object, in a box of the photograph, and those around it."""
        assert self._colours
        lab, gradient = (each[box] for each in self._colours)
        ring = around & (self._mask[box] < _FOUND)
        return Colours(
            spread=float(lab[ring].std(axis=0).sum()) if ring.any() else 0.0,
            **_edges(lab, gradient, inside[box], _contour(inside)[box]),
        )

    def _alpha(self, part: Part) -> Bytes:
        """The part's alpha at its place in the small photograph."""
        canvas = np.zeros(self._size[::-1], np.uint8)
        height, width = part.pixels.shape[:2]
        left, right = _placed(part.left, width, self._scale, self._size[0])
        top, bottom = _placed(part.top, height, self._scale, self._size[1])
        canvas[top:bottom, left:right] = cv2.resize(
            part.pixels[:, :, 3], (right - left, bottom - top), interpolation=cv2.INTER_AREA
        )
        return canvas


def _placed(start: int, length: int, scale: float, limit: int) -> tuple[int, int]:
    first = min(int(start * scale), limit - 1)
    return first, min(limit, max(first + 1, round((start + length) * scale)))


def _around(occupied: Bools) -> slice:
    """The range of rows or columns with something in it, with a margin."""
    places = np.flatnonzero(occupied)
    if not len(places):
        return slice(0, len(occupied))
    return slice(max(0, int(places[0]) - 2 * _RING), int(places[-1]) + 2 * _RING + 1)


def _grown(solid: Bools, by: int) -> Bools:
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.dilate(solid.astype(np.uint8), kernel) > 0)


def _shrunk(solid: Bools, by: int) -> Bools:
    """As if the object went on beyond the sides."""
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.erode(solid.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE) > 0)


def _touched(solid: Bools, rows: int, columns: int) -> tuple[float, float, float, float]:
    """Pixels within 2 of the left, top, right and bottom, in shares of `rows` or `columns`."""
    return (
        float(solid[:, :2].any(axis=1).sum()) / rows,
        float(solid[:2].any(axis=0).sum()) / columns,
        float(solid[:, -2:].any(axis=1).sum()) / rows,
        float(solid[-2:].any(axis=0).sum()) / columns,
    )


def _contour(solid: Bools) -> Bools:
    """The pixels of an object with a neighbour outside it, but for those at the picture's sides."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    found = solid & (cv2.erode(solid.astype(np.uint8), cross) == 0)
    found[:2] = found[-2:] = found[:, :2] = found[:, -2:] = False
    return np.asarray(found)


def _shape(solid: Bytes) -> dict[str, float]:
    area = int(solid.sum())
    if not area:
        return {"bays": 0.0, "largest": 0.0}
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    closed = cv2.morphologyEx(np.pad(solid, 8), cv2.MORPH_CLOSE, disc)
    return {
        "bays": float(closed.sum()) / area - 1,
        "largest": float(stats[1:, cv2.CC_STAT_AREA].max()) / area,
    }


def _edges(lab: Floats, gradient: Floats, solid: Bools, contour: Bools) -> dict[str, float]:
    if not contour.any():
        return {"weak": 1.0, "follows": 0.0, "mixed": 1.0}
    reach = (2 * _REACH + 1,) * 2
    inside = solid.astype(np.float32)
    weight = cv2.blur(inside, reach, borderType=cv2.BORDER_REFLECT)[contour]
    squared = np.zeros(len(weight), np.float32)
    for plane in cv2.split(lab):
        whole = cv2.blur(plane, reach, borderType=cv2.BORDER_REFLECT)[contour]
        part = cv2.blur(plane * inside, reach, borderType=cv2.BORDER_REFLECT)[contour]
        squared += (part / (weight + 1e-5) - (whole - part) / (1 - weight + 1e-5)) ** 2
    distance = np.sqrt(squared)
    # A contour that is off by a pixel still follows its edge.
    on = cv2.dilate(gradient, np.ones((3, 3), np.uint8))[contour].mean()
    around = cv2.blur(gradient, reach, borderType=cv2.BORDER_REFLECT)[contour].mean()
    return {
        "weak": float((distance < _SAME).mean()),
        "follows": float(on / (around + 0.2)),
        "mixed": _overlap(lab[solid], lab[_grown(solid, 8) & ~solid]),
    }


def _overlap(one: Floats, other: Floats) -> float:
    """Histogram intersection of two sets of CIELAB colours (n, 3), in cells of 12 units."""
    if not len(one) or not len(other):
        return 0.0
    shares = []
    for colours in (one, other):
        cells = np.clip((colours + np.array((0, 96, 96), np.float32)) / np.float32(12), 0, 15).astype(
            np.int32
        )
        index = cells[:, 0] << 8 | cells[:, 1] << 4 | cells[:, 2]
        shares.append(np.bincount(index, minlength=4096) / len(colours))
    return float(np.minimum(*shares).sum())
