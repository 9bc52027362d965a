"""Whole gallery that were laid on a picture of whose ground nothing is known: the regions that they take, and what those look like."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image

from haac_match._fit.cutout import Cutout
from haac_match._fit.inpaint import inpainted
from haac_match._index.gallery import Gallery
from haac_match._options import Mapper
from haac_match._picture.arrays import Bools, Bytes, area, overlap
from haac_match._picture.canvas import Canvas
from haac_match._picture.pose import Pose
from haac_match._picture.splice_net import splice_likelihood
from haac_match._propose.regions import Region, regions
from haac_match._propose.residual import by_residual
from haac_match._propose.shape import Guess, by_partial_shape, by_shape

_MAYBE, _NEAR = 0.1, 15
"""From this likelihood on, and so near to it (pixels), parts of elements are looked for."""
_BEHIND, _RIM = 0.2, 7
"""The ground is what is less likely, and so far from what is likelier (pixels): a blur carries colours there."""
_CUTS = (0.4, 0), (0.15, 0), (0.7, 0), (0.4, 3), (0.4, -4)
"""Likelihoods from which on a pixel is of a region; parts nearer than twice so many pixels are one, or narrower bridges are cut."""
_LEAST = 100
"""Pixels of a region."""
_REGIONS = 6
"""So many regions are looked at for each step of effort, at a time."""
_SMALL = 4000
"""Pixels of a region below which elements are sought by what they change too."""
_GUESSES = Guess(), Guess(2), Guess(5), Guess(0, 0.7), Guess(3, 0.7)
_ALIKE = 0.8
"""Regions that share this part of their boxes are one."""
_DOTS = 12
"""Pixels of the longer side of an element that is looked at by dots."""


class PastedRegions:
    """What was laid on one picture.

    Args:
        target: (height, width, 3), the picture.
        everywhere: parts of elements are to be looked for where nothing seems to have been laid, too.

    Attributes:
        maybe: (height, width) uint8, 0 where parts of elements need not be looked for.
    """

    def __init__(self, target: Bytes, *, everywhere: bool = False) -> None:
        self._likely = splice_likelihood(target)
        near = np.ones((_NEAR, _NEAR), np.uint8)
        self.maybe = cv2.dilate((everywhere | (self._likely > _MAYBE)).astype(np.uint8), near)
        self._looked_at: list[Region] = []

    def ground(self, target: Bytes) -> Image.Image:
        """The picture without what was laid on it: what stands in for a ground that is not known."""
        rim = np.ones((2 * _RIM + 1,) * 2, np.uint8)
        laid = cv2.dilate((self._likely > _BEHIND).astype(np.uint8), rim) > 0
        made = (
            target if laid.all() else np.clip(np.round(inpainted(target.astype(np.float32), ~laid)), 0, 255)
        )
        return Image.fromarray(made.astype(np.uint8)).convert("RGBA")

    def part(self, pose: Pose, cutout: Cutout) -> float:
        """How likely it is, on the average, that what a pose shows was laid on the picture; 0 off the canvas."""
        cover = next(level for level in cutout.levels if max(level.shape[:2]) <= _DOTS)[:, :, 3]
        down, across = np.nonzero(cover >= min(128, int(cover.max())))
        dx = ((across + 0.5) / cover.shape[1] - 0.5) * cutout.size[0] * pose.sx * (-1 if pose.flip else 1)
        dy = ((down + 0.5) / cover.shape[0] - 0.5) * cutout.size[1] * pose.sy
        c, s = math.cos(pose.turn), math.sin(pose.turn)
        x = np.floor(pose.cx + c * dx + s * dy).astype(int)
        y = np.floor(pose.cy - s * dx + c * dy).astype(int)
        height, width = self._likely.shape
        there = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        return float(self._likely[y[there], x[there]].mean()) if there.any() else 0.0

    def poses(self, canvas: Canvas, gallery: Gallery, effort: int, mapped: Mapper) -> list[list[Pose]]:
        """What each region looks like that was not looked at before, the likeliest first.

        Args:
            canvas: its layers are left out.
            gallery: what may be found.
            effort: 1 to 9.
            mapped: like `map`, perhaps with threads.
        """
        hidden = canvas.hidden(0, (0, 0, *canvas.size))
        count = 4 + effort

        def looks(found: tuple[Region, bool]) -> list[Pose]:
            region, as_it_is = found
            left, top, right, bottom = region.box
            part = np.s_[top:bottom, left:right]
            target, under = canvas.target[part], canvas.current[part]
            lists = by_shape(target, under, region, gallery, count, _GUESSES)
            if as_it_is and region.area < _SMALL:
                lists.append(by_residual(canvas.target, canvas.current, region, gallery, 2 * count))
            lists.append(
                by_partial_shape(
                    canvas.target, canvas.current, hidden, region, gallery, 2 * count, stretched=False
                )
            )
            ranks = range(max(map(len, lists)))
            return [one[rank][1] for rank in ranks for one in lists if rank < len(one)]

        return list(mapped(looks, self._regions(hidden, _REGIONS * effort)))

    def _regions(self, hidden: Bools, most: int) -> list[tuple[Region, bool]]:
        """Regions beside the layers that are there, which were not looked at before, and whether they are as they were told.

        Args:
            hidden: (height, width), True where layers are.
            most: the largest of them.
        """
        beside = cv2.dilate(hidden.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
        found: list[tuple[Region, bool]] = []
        for level, joining in _CUTS:
            mask = (self._likely > level) & beside
            if joining < 0:
                disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (1 - 2 * joining,) * 2)
                mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0
            for region in regions(mask, max(joining, 0), _LEAST):
                if not any(_alike(region, other) for other in (*self._looked_at, *(one for one, _ in found))):
                    found.append((region, joining == 0))
        self._looked_at += [region for region, _ in found]
        return sorted(found, key=lambda pair: -pair[0].area)[:most]


def _alike(one: Region, other: Region) -> bool:
    """Whether two regions are nearly the same."""
    common = overlap(one.box, other.box)
    if common is None or not _ALIKE < one.area / other.area < 1 / _ALIKE:
        return False
    return area(common) > _ALIKE * max(area(one.box), area(other.box))
