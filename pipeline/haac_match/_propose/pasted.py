"""Proposals on photographs: regions in which the splice network sees pasted content, and the elements that they look like.

Nothing is known of the background; `_picture.splice_net` gives the likelihood of each pixel to be pasted.
"""

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
from haac_match._propose.shape import Assumption, by_partial_shape, by_shape
from haac_match._propose.window import View
from haac_match._thresholds.propose import CORRELATION, PASTED


class PastedRegions:
    """Regions of one picture that seem to have been pasted on it.

    Args:
        target: (height, width, 3), the picture.
        everywhere: parts of elements are to be looked for where nothing seems to have been pasted, too.

    Attributes:
        maybe: (height, width) uint8, 0 where parts of elements need not be looked for.
    """

    def __init__(self, target: Bytes, *, everywhere: bool = False) -> None:
        self._likely = splice_likelihood(target)
        near = np.ones((PASTED.maybe_around,) * 2, np.uint8)
        self.maybe = cv2.dilate((everywhere | (self._likely > PASTED.maybe)).astype(np.uint8), near)
        self._looked_at: list[Region] = []

    def background(self, target: Bytes) -> Image.Image:
        """The picture with what seems pasted inpainted, RGBA: the estimate of an unknown background."""
        rim = np.ones((2 * PASTED.background_rim + 1,) * 2, np.uint8)
        pasted = cv2.dilate((self._likely > PASTED.background).astype(np.uint8), rim) > 0
        made = target
        if not pasted.all():
            made = np.clip(np.round(inpainted(target.astype(np.float32), ~pasted)), 0, 255).astype(np.uint8)
        return Image.fromarray(made).convert("RGBA")

    def likelihood(self, pose: Pose, cutout: Cutout) -> float:
        """Mean likelihood, 0 to 1, of the pixels that a pose covers to be pasted; 0 off the canvas."""
        cover = next(level for level in cutout.levels if max(level.shape[:2]) <= PASTED.samples)[:, :, 3]
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
        """Poses for each region that was not looked at before, the likeliest first.

        Args:
            canvas: its layers are left out.
            gallery: what may be found.
            effort: 1 to 9.
            mapped: like `map`, perhaps with threads.
        """
        view = View(canvas.target, canvas.current, canvas.hidden(0, (0, 0, *canvas.size)))
        count = PASTED.poses + effort
        pairs = zip(PASTED.rims, PASTED.opacities, strict=True)
        assumptions = [Assumption(rim, opacity) for rim, opacity in pairs]

        def proposed(found: tuple[Region, bool]) -> list[Pose]:
            region, whole = found
            left, top, right, bottom = region.box
            part = np.s_[top:bottom, left:right]
            lists = by_shape(view.target[part], view.current[part], region, gallery, count, assumptions)
            if whole and region.area < CORRELATION.small_region:
                lists.append(by_residual(view.target, view.current, region, gallery, 2 * count))
            lists.append(by_partial_shape(view, region, gallery, 2 * count, stretched=False))
            ranks = range(max(map(len, lists)))
            return [one[rank][1] for rank in ranks for one in lists if rank < len(one)]

        return list(mapped(proposed, self._regions(view.hidden, PASTED.regions * effort)))

    def _regions(self, hidden: Bools, most: int) -> list[tuple[Region, bool]]:
        """Regions beside the layers, which were not looked at before, and whether nothing was joined or cut to get them.

        Args:
            hidden: (height, width), True where layers are.
            most: so many of the largest.
        """
        around = np.ones((2 * PASTED.beside + 1,) * 2, np.uint8)
        beside = cv2.dilate(hidden.astype(np.uint8), around) == 0
        found: list[tuple[Region, bool]] = []
        for level, joining in zip(PASTED.cuts, PASTED.cut_joins, strict=True):
            mask = (self._likely > level) & beside
            if joining < 0:
                disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (1 - 2 * joining,) * 2)
                mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0
            for region in regions(mask, max(joining, 0), PASTED.least):
                if not any(_alike(region, other) for other in (*self._looked_at, *(one for one, _ in found))):
                    found.append((region, joining == 0))
        self._looked_at += [region for region, _ in found]
        return sorted(found, key=lambda pair: -pair[0].area)[:most]


def _alike(one: Region, other: Region) -> bool:
    """Whether two regions are nearly the same."""
    common = overlap(one.box, other.box)
    alike = PASTED.alike
    if common is None or not alike < one.area / other.area < 1 / alike:
        return False
    return area(common) > alike * max(area(one.box), area(other.box))
