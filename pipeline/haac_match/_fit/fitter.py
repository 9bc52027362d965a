"""Fitting as a pipeline: window, coarse fit, fine fit, search on the recipe's grid, acceptance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from haac import Layer
from haac_match._fit.cutout import Cutout, CutoutCache
from haac_match._fit.fit import Fit, Patch, fit
from haac_match._fit.grid import GridFit, GridSearch
from haac_match._fit.grid_photo import PhotoGridSearch
from haac_match._fit.inpaint import with_inpainted
from haac_match._options import Mapper
from haac_match._picture.arrays import Box, Bytes
from haac_match._picture.canvas import Canvas
from haac_match._picture.jpeg import Jpeg, whole_cells
from haac_match._picture.pose import Pose, pose_of
from haac_match._thresholds.fit import FITTER, GRID, PHOTO_GRID

_THREADED = 8
"""Fits from which on threads are worth it."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A layer that explains something.

    Args:
        z: its place in the stack.
        fit: the layer, and how good it is.
        gain: by how much it lowers the clipped squared error of the picture.
        share: of the clipped error in its window that this is.
        fitted: the gain before it was rounded to the grid.
    """

    z: int
    fit: GridFit
    gain: int
    share: float
    fitted: float = 0.0


class Fitter:
    """Refines candidate poses to layers of a canvas. In order:

    1. `window`, `places`, `patch`: where a pose is compared with the picture, at which places of the stack, and the pixels there;
    2. `coarse`: many candidates, few pixels;
    3. `fine`: one candidate, more pixels, perhaps translucent;
    4. `on_grid`: the layer of the recipe, bit for bit where that can be;
    5. `sure`, `plausible`: acceptance tests.

    Args:
        canvas: the picture and the layer stack so far.
        cutouts: the elements.
        tolerance: levels by which a right pixel may differ.
        mapped: like `map`, perhaps with threads.

    Attributes:
        clean: the picture is not degraded.
        jpeg: the round trip that a degraded picture went through, if that is known.
        unknown: nothing is known of the background: it is inpainted around each candidate.
        partly: layers are sought of which much is not right yet, because overlapping ones are missing.
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
        self._polished_layers: dict[tuple[int, Layer], Layer] = {}
        self._version = -1

    @property
    def through(self) -> bool:
        """Whether translucent layers can be un-blended. Not on degraded input: dividing by 1 - alpha amplifies its noise."""
        return self.clean and not self.unknown

    @property
    def proves(self) -> bool:
        """Whether a layer that is sure need not be compared with its look-alikes."""
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

    def window(self, pose: Pose, room: float | None = None) -> Box | None:
        """The box around a pose within the canvas; None if it is off it.

        Args:
            pose: in the picture.
            room: size of the box over that of the pose; None: the usual one.
        """
        rx, ry = pose.reach(self.cutouts[pose.element].size)
        room = FITTER.room if room is None else room
        rx, ry = rx * room + 1, ry * room + 1
        width, height = self.canvas.size
        box = (
            max(0, math.floor(pose.cx - rx)),
            max(0, math.floor(pose.cy - ry)),
            min(width, math.ceil(pose.cx + rx)),
            min(height, math.ceil(pose.cy + ry)),
        )
        return box if min(box[2] - box[0], box[3] - box[1]) >= FITTER.least_window else None

    def places(self, box: Box) -> list[int]:
        """Where in the stack a new layer may go: on top, and if others are in the box, under all of them."""
        return [len(self.canvas.layers)] + ([0] if self.canvas.hidden(0, box).any() else [])

    def patch(self, z: int, box: Box, side: int) -> Patch:
        """A window at place z of the stack, a little larger so that poses which nearly agree share it.

        Args:
            z: place in the stack; layers from there on are un-blended, or hide what is behind them.
            box: on the canvas.
            side: pixels of the longer side of the window at most.
        """
        part = max(box[2] - box[0], box[3] - box[1]) // (FITTER.shared_parts * FITTER.shared_multiple)
        grid = max(FITTER.shared_least, part * FITTER.shared_multiple)
        width, height = self.canvas.size
        box = (
            box[0] // grid * grid,
            box[1] // grid * grid,
            min(width, -(-box[2] // grid) * grid),
            min(height, -(-box[3] // grid) * grid),
        )
        self._forget_others()
        key = z, box, side
        if key not in self._patches:
            left, top, right, bottom = box
            target, hidden = self.canvas.target[top:bottom, left:right], self.canvas.hidden(z, box)
            if self.through and hidden.any():
                target, hidden = self.canvas.unblended(z, box)
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

    def _forget_others(self) -> None:
        """Keep nothing that belongs to an earlier version of the canvas."""
        if self._version != self.canvas.version:
            self._patches.clear()
            self._polished_layers.clear()
            self._version = self.canvas.version

    def coarse(
        self,
        poses: Iterable[Pose],
        side: int | None = None,
        iterations: int | None = None,
        *,
        known: bool = False,
        z: int | None = None,
    ) -> list[tuple[int, Fit]]:
        """Coarse fit of many candidates: (place in the stack, fit), the largest gain first.

        Args:
            poses: where to begin.
            side: pixels of the longer side of a window; None: the usual number.
            iterations: steps at most; None: the usual number.
            known: their blur is known.
            z: place in the stack; None: wherever they may go.
        """
        side = FITTER.coarse_side if side is None else side
        steps = FITTER.coarse_steps if iterations is None else iterations
        work: list[tuple[int, Pose, Cutout, Patch]] = []
        for pose in poses:
            box = self.window(pose)
            if box is None:
                continue
            for place in self.places(box) if z is None else [z]:
                patch = self.patch(place, box, side)
                if patch.before > 0:
                    start = replace(pose, blur=pose.blur or (0.0 if known else FITTER.coarse_blur))
                    work.append((place, start, self.cutouts[pose.element], patch))

        def fitted(job: tuple[int, Pose, Cutout, Patch]) -> tuple[int, Fit]:
            place, pose, cutout, patch = job
            even = abs(math.log(pose.sx / pose.sy)) < 1e-9
            if self.unknown:
                patch = with_inpainted(patch, pose, cutout)
            return place, fit(pose, cutout, patch, steps, free=_free(pose), even=even)

        found = list(self.mapped(fitted, work) if len(work) >= _THREADED else map(fitted, work))
        found.sort(key=lambda pair: -pair[1].gain)
        return found

    def fine(self, z: int, pose: Pose, side: int | None = None) -> Fit | None:
        """Fine fit of one candidate, with both scales free and translucent where that explains more; None if it is off the canvas.

        Args:
            z: place in the stack.
            pose: where to begin.
            side: pixels of the longer side of the window; None: the usual number.
        """
        box = self.window(pose)
        if box is None:
            return None
        patch = self.patch(z, box, FITTER.fine_side if side is None else side)
        cutout = self.cutouts[pose.element]
        even, free = pose.even, _free(pose)
        if even:
            middle = math.sqrt(pose.sx * pose.sy)
            pose = replace(pose, sx=middle, sy=middle)
        if self.unknown:
            patch = with_inpainted(patch, pose, cutout)
            pose = fit(pose, cutout, patch, FITTER.photo_steps, free=free, even=even).pose
            patch = with_inpainted(patch, pose, cutout)
        best = fit(pose, cutout, patch, FITTER.fine_steps, free=free, even=even)
        loose = fit(best.pose, cutout, patch, FITTER.loose_steps, free=free)
        if loose.gain > best.gain * (FITTER.loose_gain if even else 1.0):
            best = loose
        if best.share < FITTER.faint_share and pose.opacity == 1:
            faint = fit(
                replace(best.pose, opacity=FITTER.faint_opacity),
                cutout,
                patch,
                FITTER.faint_steps,
                free=("blur", "opacity"),
                even=even,
            )
            least = best.gain + FITTER.faint_gain * patch.area * patch.before * (1 - best.share)
            if faint.pose.opacity < FITTER.faint_most and faint.gain > least:
                best = faint
        return best

    def on_grid(self, z: int, pose: Pose, patience: int = 1) -> Hypothesis | None:
        """The best layer on the grid near a pose; None if it is off the canvas.

        Args:
            z: place in the stack.
            pose: where to begin.
            patience: see `GridSearch.polish`.
        """
        box = self.window(pose, FITTER.grid_room)
        if box is None:
            return None
        grid = self._grid_search(z, pose, box)
        best: GridFit | None = None
        for even in (True, False) if pose.even else (False,):
            layer = grid.descend(self.layer_of(pose, even))
            grid_fit = grid.result(layer, self.tolerance, degraded=not self.clean)
            if grid_fit is None:
                continue
            if best is not None and (
                # That one is polished: what is no better yet will hardly become so.
                grid.judged(layer) >= grid.judged(best.placed.layer)
                if self.unknown
                else grid_fit.cost > FITTER.other_cost * best.cost
            ):
                continue
            if grid_fit.exact < 1 and self._promising(grid_fit):
                layer = self._polished(grid, z, layer, patience)
                grid_fit = grid.result(layer, self.tolerance, degraded=not self.clean)
            if grid_fit is not None and (best is None or grid.judged(layer) < grid.judged(best.placed.layer)):
                best = grid_fit
                if best.exact > FITTER.sure:
                    break
        if best is None:
            return None
        gain = grid.before - grid.judged(best.placed.layer)
        return Hypothesis(z, best, gain, gain / max(1, grid.before))

    def _grid_search(self, z: int, pose: Pose, box: Box) -> GridSearch:
        """The search that fits what is known of background and degradation."""
        cutout = self.cutouts[pose.element]
        if self.unknown:
            background = self._inpainted(z, box, pose, cutout)
            return PhotoGridSearch(self.canvas, z, cutout.image, box, background)
        degrade = None
        if self.jpeg is not None:
            box, degrade = whole_cells(box, self.canvas.size), self.jpeg.round_trip
        clip = FITTER.partly_clip**2 if self.partly else None
        return GridSearch(self.canvas, z, cutout.image, box, degrade, through=self.through, clip=clip)

    def _inpainted(self, z: int, box: Box, pose: Pose, cutout: Cutout) -> Bytes:
        """The background inpainted around a pose, (height, width, 3), in full resolution."""
        left, top, right, bottom = box
        hidden, below = self.canvas.hidden(z, box), self.canvas.covered(z, box)
        whole = Patch(
            self.canvas.target[top:bottom, left:right], self.canvas.under(z, box), hidden, box, 1 << 16, below
        )
        return np.clip(np.round(with_inpainted(whole, pose, cutout).under), 0, 255).astype(np.uint8)

    def _promising(self, grid_fit: GridFit) -> bool:
        """Whether a layer is near enough to search its neighbours."""
        if self.unknown:
            if grid_fit.placed.layer.opacity < 100:
                return grid_fit.good > FITTER.near_photo_faint
            few = grid_fit.shown < PHOTO_GRID.many
            return grid_fit.good > (FITTER.near_photo_few if few else FITTER.near_photo)
        if self.partly:
            return grid_fit.good > FITTER.near_partly
        return grid_fit.left < FITTER.near_left if self.jpeg is not None else grid_fit.good > FITTER.near_good

    def _polished(self, grid: GridSearch, z: int, layer: Layer, patience: int) -> Layer:
        """The best neighbour on the grid."""
        if not self.unknown:
            return grid.polish(layer, patience, GRID.rounds if self.clean else GRID.degraded_rounds)
        # On a photograph, look-alikes and stretched variants converge to the same layer, so outcomes are memoised.
        self._forget_others()
        if (z, layer) not in self._polished_layers:
            self._polished_layers[z, layer] = grid.polish(layer)
        return self._polished_layers[z, layer]

    def sure(self, found: Hypothesis) -> bool:
        """Acceptance beyond doubt: bit for bit, or under the known JPEG round trip, or by nearly all of its pixels."""
        grid_fit = found.fit
        if self.clean:
            return grid_fit.exact > FITTER.sure
        if self.jpeg is not None:
            return grid_fit.left < FITTER.sure_left and grid_fit.shown > FITTER.sure_shown
        return grid_fit.good > FITTER.sure_good and (
            found.share > FITTER.sure_share
            or (grid_fit.good > FITTER.surer_good and grid_fit.mended > FITTER.surer_mended)
        )

    def plausible(self, layer: Layer) -> bool:
        """Prior of a layer: not so faint, small or stretched that it only hides an error."""
        own = self.cutouts[layer.number].size
        width, height = layer.size(*own)
        stretch = abs(math.log(width * own[1] / (height * own[0])))
        return (
            layer.opacity >= FITTER.least_opacity
            and min(width, height) >= FITTER.least_side
            and stretch < FITTER.most_stretch
        )


def _free(pose: Pose) -> tuple[str, ...]:
    """What a fit may change besides the place and shape: the opacity only of what is translucent already."""
    return ("blur", "opacity") if pose.opacity < 1 else ("blur",)
