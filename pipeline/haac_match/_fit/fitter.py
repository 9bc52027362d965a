"""Candidates fitted into the picture, then made exact."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from haac import Layer
from haac_match._fit.cutout import Cutout, CutoutCache
from haac_match._fit.fit import Fit, Patch, fit
from haac_match._fit.grid import CLIP, GridFit, GridSearch
from haac_match._fit.grid_photo import CHEAP, PhotoGridSearch
from haac_match._fit.inpaint import with_inpainted
from haac_match._options import Mapper
from haac_match._picture.arrays import Box, Bytes
from haac_match._picture.canvas import Canvas
from haac_match._picture.jpeg import Jpeg, whole_cells
from haac_match._picture.pose import EVEN, Pose, pose_of

SURE = 0.97
"""A layer of which this part is right, bit for bit, is the one."""

PROVEN = 8.0
"""Mean squared error, after the same JPEG was done to it, below which a layer is beyond doubt; the nearest shades of grounds leave five."""
NEAR = 150.0
"""The same from which on steps on the grid do not help: another layer is missing, or this is not the one."""

PARTLY = 12**2
"""Squared colour distance above which an error counts no more where another layer, not yet found, may be the cause."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A layer that explains something.

    Args:
        z: its place in the stack.
        grid_fit: the layer, and how good it is.
        gain: by how much it lowers the clipped squared error of the picture.
        share: part of the clipped error in its window that this is.
        fitted: the gain before it was rounded to the grid.
    """

    z: int
    fit: GridFit
    gain: int
    share: float
    fitted: float = 0.0


class Fitter:
    """Fits candidates into a canvas.

    Args:
        canvas: what is there.
        cutouts: the elements.
        tolerance: levels by which a right pixel may differ.
        mapped: like `map`, perhaps with threads.

    Attributes:
        partly: whether layers are sought of which much is not right yet, because others that are not found lie on them.
    """

    def __init__(
        self,
        canvas: Canvas,
        cutouts: CutoutCache,
        tolerance: float,
        mapped: Mapper = map,
    ) -> None:
        self.mapped = mapped
        self.canvas, self.cutouts, self.tolerance = canvas, cutouts, tolerance
        self.clean = True
        self.jpeg: Jpeg | None = None
        self.unknown = False
        self.partly = False
        self._patches: dict[tuple[int, Box, int], Patch] = {}
        self._known: dict[tuple[int, Layer], Layer] = {}
        self._version = -1

    @property
    def through(self) -> bool:
        """Whether what is behind something translucent can be told: damage would be multiplied."""
        return self.clean and not self.unknown

    @property
    def proves(self) -> bool:
        """Whether a layer that is sure needs no look at those that look like it."""
        return self.clean or self.jpeg is not None

    def layer_of(self, pose: Pose, even: bool) -> Layer:
        """The nearest layer on the grid of the canvas that layers are placed on.

        Args:
            pose: in the picture.
            even: keep the element's shape.
        """
        return pose.scaled(*self.canvas.factor).layer(self.cutouts[pose.element].size, even)

    def pose_of(self, layer: Layer) -> Pose:
        """The pose of a layer in the picture."""
        across, down = self.canvas.factor
        return pose_of(layer, self.cutouts[layer.number].size).scaled(1 / across, 1 / down)

    def sure(self, found: Hypothesis) -> bool:
        """Whether a layer is beyond doubt."""
        if self.clean:
            return found.fit.exact > SURE
        if self.jpeg is not None:
            return found.fit.left < PROVEN and found.fit.shown > 100
        good, mended = found.fit.good, found.fit.mended
        return good > 0.9 and (found.share > 0.85 or (good > 0.97 and mended > 0.7))

    def plausible(self, layer: Layer) -> bool:
        """Whether a layer is one that somebody would put there, not a veil or a crumb that hides an error."""
        own = self.cutouts[layer.number].size
        width, height = layer.size(*own)
        uneven = abs(math.log(width * own[1] / (height * own[0])))
        return layer.opacity >= 35 and min(width, height) >= 8 and uneven < 0.65

    def window(self, pose: Pose, room: float = 1.15) -> Box | None:
        """The box around a pose within the canvas; None if it is off it."""
        rx, ry = pose.reach(self.cutouts[pose.element].size)
        rx, ry = rx * room + 1, ry * room + 1
        width, height = self.canvas.size
        box = (
            max(0, math.floor(pose.cx - rx)),
            max(0, math.floor(pose.cy - ry)),
            min(width, math.ceil(pose.cx + rx)),
            min(height, math.ceil(pose.cy + ry)),
        )
        return box if box[2] - box[0] >= 3 and box[3] - box[1] >= 3 else None

    def _forget(self) -> None:
        """Keep nothing of a canvas that has changed."""
        if self._version != self.canvas.version:
            self._patches.clear()
            self._known.clear()
            self._version = self.canvas.version

    def patch(self, z: int, box: Box, side: int) -> Patch:
        """A window at place z of the stack, a little larger so that poses which nearly agree share it."""
        grid = max(4, (max(box[2] - box[0], box[3] - box[1]) // 64) * 8)
        width, height = self.canvas.size
        box = (
            box[0] // grid * grid,
            box[1] // grid * grid,
            min(width, -(-box[2] // grid) * grid),
            min(height, -(-box[3] // grid) * grid),
        )
        self._forget()
        key = z, box, side
        if key not in self._patches:
            left, top, right, bottom = box
            target, hidden = self.canvas.target[top:bottom, left:right], self.canvas.hidden(z, box)
            if self.through and hidden.any():
                target, hidden = self.canvas.behind(z, box)
            below = self.canvas.covered(z, box) if self.unknown else None
            self._patches[key] = Patch(
                target,
                self.canvas.under(z, box),
                hidden if hidden.any() else None,
                box,
                side,
                below if below is not None and below.any() else None,
            )
        return self._patches[key]

    def places(self, box: Box) -> list[int]:
        """Where in the stack a new layer may go: on top, and if others are in the box, under all of them."""
        return [len(self.canvas.layers)] + ([0] if self.canvas.hidden(0, box).any() else [])

    def coarse(
        self,
        poses: Iterable[Pose],
        side: int = 44,
        iterations: int = 5,
        *,
        known: bool = False,
        z: int | None = None,
    ) -> list[tuple[int, Fit]]:
        """Fit candidates roughly; (place in the stack, fit), the best first.

        Args:
            poses: where to begin.
            side: pixels of the longer side of a window.
            iterations: steps.
            known: their blur is known.
            z: place in the stack; None: wherever they may go.
        """
        work: list[tuple[int, Pose, Cutout, Patch]] = []
        for pose in poses:
            box = self.window(pose)
            if box is None:
                continue
            for place in self.places(box) if z is None else [z]:
                patch = self.patch(place, box, side)
                if patch.before > 0:
                    start = replace(pose, blur=pose.blur or (0.0 if known else 0.8))
                    work.append((place, start, self.cutouts[pose.element], patch))

        def fitted(job: tuple[int, Pose, Cutout, Patch]) -> tuple[int, Fit]:
            place, pose, cutout, patch = job
            even = abs(math.log(pose.sx / pose.sy)) < 1e-9
            if self.unknown:
                patch = with_inpainted(patch, pose, cutout)
            free = ("blur", "opacity") if pose.opacity < 1 else ("blur",)
            return place, fit(pose, cutout, patch, iterations, free=free, even=even)

        found = list(self.mapped(fitted, work) if len(work) >= 8 else map(fitted, work))
        found.sort(key=lambda pair: -pair[1].gain)
        return found

    def _ground(self, z: int, box: Box, pose: Pose, cutout: Cutout) -> Bytes:
        """What is behind an element on a ground that is not known, (height, width, 3)."""
        left, top, right, bottom = box
        hidden, below = self.canvas.hidden(z, box), self.canvas.covered(z, box)
        whole = Patch(
            self.canvas.target[top:bottom, left:right], self.canvas.under(z, box), hidden, box, 1 << 16, below
        )
        return np.clip(np.round(with_inpainted(whole, pose, cutout).under), 0, 255).astype(np.uint8)

    def fine(self, z: int, pose: Pose, side: int = 128) -> Fit | None:
        """Fit one candidate well."""
        box = self.window(pose)
        if box is None:
            return None
        patch = self.patch(z, box, side)
        cutout = self.cutouts[pose.element]
        even = abs(math.log(pose.sx / pose.sy)) < EVEN
        free = ("blur", "opacity") if pose.opacity < 1 else ("blur",)
        if even:
            middle = math.sqrt(pose.sx * pose.sy)
            pose = replace(pose, sx=middle, sy=middle)
        if self.unknown:
            patch = with_inpainted(patch, pose, cutout)
            pose = fit(pose, cutout, patch, 6, free=free, even=even).pose
            patch = with_inpainted(patch, pose, cutout)
        best = fit(pose, cutout, patch, 10, free=free, even=even)
        loose = fit(best.pose, cutout, patch, 6, free=free)
        if loose.gain > best.gain * (1.002 if even else 1.0):
            best = loose
        if best.share < 0.985 and pose.opacity == 1:
            faint = fit(
                replace(best.pose, opacity=0.85), cutout, patch, 8, free=("blur", "opacity"), even=even
            )
            if faint.pose.opacity < 0.95 and faint.gain > best.gain + 0.1 * patch.area * patch.before * (
                1 - best.share
            ):
                best = faint
        return best

    def _promising(self, grid_fit: GridFit) -> bool:
        """Whether a layer is near enough to try its neighbours."""
        if self.unknown:
            if grid_fit.placed.layer.opacity < 100:
                return grid_fit.good > 0.05
            return grid_fit.good > (0.2 if grid_fit.shown < CHEAP else 0.45)
        if self.partly:
            return grid_fit.good > 0.1
        return grid_fit.left < NEAR if self.jpeg is not None else grid_fit.good > 0.4

    def _polished(self, grid: GridSearch, z: int, layer: Layer, patience: int) -> Layer:
        if not self.unknown:
            return grid.polish(layer, patience, 3 if self.clean else 2)
        # On a ground that is not known the same layers are come to again and again: from others that look like them, and wider ones.
        self._forget()
        if (z, layer) not in self._known:
            self._known[z, layer] = grid.polish(layer)
        return self._known[z, layer]

    def on_grid(self, z: int, pose: Pose, patience: int = 1) -> Hypothesis | None:
        """The best layer on the grid near a pose."""
        box = self.window(pose, 1.1)
        if box is None:
            return None
        cutout = self.cutouts[pose.element]
        grid: GridSearch
        if self.unknown:
            grid = PhotoGridSearch(self.canvas, z, cutout.image, box, self._ground(z, box, pose, cutout))
        else:
            damage = None
            if self.jpeg is not None:
                box, damage = whole_cells(box, self.canvas.size), self.jpeg.damaged
            clip = PARTLY if self.partly else CLIP
            grid = GridSearch(self.canvas, z, cutout.image, box, damage, through=self.through, clip=clip)
        best: GridFit | None = None
        for even in (True, False) if pose.even else (False,):
            layer = grid.descend(self.layer_of(pose, even))
            grid_fit = grid.result(layer, self.tolerance, damaged=not self.clean)
            if grid_fit is None:
                continue
            if best is not None and (
                # That one is polished: what is no better yet will hardly become so.
                grid.judged(layer) >= grid.judged(best.placed.layer)
                if self.unknown
                else grid_fit.cost > 0.98 * best.cost
            ):
                continue
            if grid_fit.exact < 1 and self._promising(grid_fit):
                layer = self._polished(grid, z, layer, patience)
                grid_fit = grid.result(layer, self.tolerance, damaged=not self.clean)
            if grid_fit is not None and (best is None or grid.judged(layer) < grid.judged(best.placed.layer)):
                best = grid_fit
                if best.exact > SURE:
                    break
        if best is None:
            return None
        grid_fit = best
        gain = grid.before - grid.judged(grid_fit.placed.layer)
        return Hypothesis(z, grid_fit, gain, gain / max(1, grid.before))
