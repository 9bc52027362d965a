"""Layers are found until they explain a picture: regions first, then what local features speak for, then all of them together."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import cv2
import numpy as np

from haac import Colour, Layer
from haac_match._fit.fitter import Fitter, Hypothesis
from haac_match._index.keypoints import Vote, features
from haac_match._picture.arrays import Bools, Box, Bytes, area, overlap
from haac_match._picture.canvas import Canvas, Placement
from haac_match._picture.degraded import ringing
from haac_match._picture.estimate import BackgroundEstimate
from haac_match._picture.jpeg import Jpeg, estimate_jpeg
from haac_match._picture.pose import Pose
from haac_match._propose.occluded import by_occlusion, halves, views
from haac_match._propose.regions import Region, regions
from haac_match._propose.residual import by_residual
from haac_match._propose.shape import Assumption, by_partial_shape, by_shape
from haac_match._rate.cost import LAMBDA
from haac_match._solve.context import Context
from haac_match._solve.polish_jpeg import JpegPolish
from haac_match._solve.prune import prune
from haac_match._solve.rescaled import RescaledSolver
from haac_match._solve.residuals import PROOF

_log = logging.getLogger(__name__)

GUESSES = (
    (Assumption(),),
    (Assumption(2), Assumption(4), Assumption(7)),
    (Assumption(0, 0.8), Assumption(0, 0.6), Assumption(3, 0.8), Assumption(3, 0.6), Assumption(6, 0.7)),
)
"""What is assumed of a region, in turn, until an element fits."""
SMALL = 4000
"""Pixels of a region below which elements are sought by what they change: larger ones show more of themselves."""

FAINT = 0.7
"""Opacity that is assumed of what is sought among others that are not yet found."""
LIKELY = 0.4
"""Part of the error that an element must take away if it is then tried wider and higher."""
GLIMPSED = 40_000
"""Pixels of a region below which that is done for all that is left, once nothing else was found."""
RESTS = 500
"""Pixels of a region from which on it is done in a damaged picture: layers that are not quite right leave smaller ones."""


class GreedySolver(RescaledSolver):
    """One picture being explained.

    Args:
        target: (height, width, 3).
        ground: what is behind its elements.
        context: elements, index, effort, threads.
        recorded: how the picture's file says that it was encoded.
    """

    def __init__(
        self,
        target: Bytes,
        ground: BackgroundEstimate,
        context: Context,
        recorded: Jpeg | None = None,
    ) -> None:
        fitter = Fitter(Canvas(target, ground.pixels), context.cutouts, 2.0, context.mapped)
        super().__init__(fitter, context, ground)
        self._recorded = recorded
        self._near_misses = self._hits = 0
        self._index, self._max_layers = context.index, context.max_layers
        self._mixed_version = -1
        self._ablated: set[Layer] = set()
        self._detect_degradation(ground)

    @property
    def threshold(self) -> float:
        """Levels by which a right pixel may be off."""
        return self.fitter.tolerance

    def _detect_degradation(self, ground: BackgroundEstimate) -> None:
        target = self.canvas.target
        off = np.abs(self.canvas.current.astype(np.int16) - target).max(axis=2)
        if ground.noise or ((off > 0) & (off <= 2)).sum() > 0.2 * (off > 8).sum():
            self._assume_degraded()
        elif isinstance(ground.background, Colour) and ringing(target, self.canvas.current):
            self._maybe_degraded = True
            self._assume_degraded()

    def solve(self) -> None:
        """Explain what can be explained."""
        for _ in range(3):
            self.explain()
            while (
                self.add_by_keypoints()
                or self.add_by_occlusion()
                or self.add_behind_others()
                or self.ablate()
            ):
                self.explain()
            if (
                self._clean
                and not self._on_original
                and self._tried_shape
                and (self._near_misses or not self._hits)
            ):
                self._assume_degraded()
            elif self._detect_rescaling(1):
                continue
            elif not self.refit():
                break
        self.background = JpegPolish(self).polish(self.background)
        if self._on_original:
            self._return_to_size()
        elif not self._clean and self.fitter.jpeg is None:
            self.recompare_lookalikes()

    def _assume_degraded(self) -> None:
        """The picture is damaged: from now on pixels need only be nearly right."""
        _log.debug("damaged: pixels need only be nearly right")
        self._clean = self.fitter.clean = False
        self.fitter.tolerance = 12.0 + 2 * self._noise
        self.fitter.jpeg = estimate_jpeg(self.canvas.target, self._recorded)
        self._tried_shape.clear()
        self._tried_keypoints.clear()

    def explain(self) -> None:
        """Add layers while there are any that explain a region."""
        if self._on_original:
            self._refit_all()
        self._add_by_regions()
        if self._on_original:
            self._refit_all()

    def _add_by_regions(self) -> None:
        progress = True
        while progress and len(self.canvas.layers) < self._max_layers:
            progress = False
            unexplained = self._residuals.unexplained()
            for region in self._regions(unexplained):
                if _part_of(region, self._tried_shape) or len(self.canvas.layers) >= self._max_layers:
                    continue
                off = self._residuals.off(region.box) > self.threshold
                if (off & region.mask).sum() < 0.7 * region.area:
                    continue
                found = self._best(region)
                _log.debug("region %s of %d pixels: %s", region.box, region.area, found and found.fit)
                if self._clean and not self._on_original and self._near_misses >= 2 and self._hits == 0:
                    self._assume_degraded()
                    progress = True
                    break
                if found is None or not self._add(found):
                    self._tried_shape[region.box] = region.area
                    continue
                progress = True
                if self._detect_rescaling(max(2, self._layers_when_asked)):
                    break
                if (
                    self._maybe_degraded
                    and self.fitter.jpeg is None
                    and found.fit.exact == 1
                    and found.fit.shown > PROOF
                ):
                    self._trust()

    def _regions(self, unexplained: Bools) -> list[Region]:
        """Parts of what is unexplained, also those that are nearly connected; the largest first."""
        parts: dict[Box, Region] = {}
        for closing in (0, 3, 8):
            for region in regions(unexplained, closing, 40 if self._clean else 150):
                parts.setdefault(region.box, region)
        return sorted(parts.values(), key=lambda region: -region.area)

    def add_by_occlusion(self) -> bool:
        """Add layers that are blurred, translucent or covered, by what they change. True if there was any."""
        if not self._hits:
            return False
        unexplained = self._residuals.unexplained()
        for region in self._regions(unexplained):
            least = 0 if self._clean else RESTS
            if not least <= region.area <= GLIMPSED or _part_of(region, self._tried_residual):
                continue
            left, top, right, bottom = region.box
            seen_as = views(self.canvas, region, through=True)
            hidden = seen_as[0].hidden
            if (hidden[top:bottom, left:right] & region.mask).any():
                seen_as.append(seen_as[0]._replace(hidden=np.zeros_like(hidden)))  # on top of all
            lists = [
                by_occlusion(view, unexplained, seen, self.gallery, 8 + 2 * self._effort)
                for seen in (region, *halves(region))
                for view in seen_as
            ]
            found, _ = self._of(self._prefiltered(lists, 384), set(), None, alone=False)
            _log.debug("rest %s of %d pixels: %s", region.box, region.area, found and found.fit)
            if found is not None and len(self.canvas.layers) < self._max_layers:
                if not self._accepts(found):
                    found = self.among_lookalikes(found)
                if self._accepts(found) and self._add(found):
                    return True
            self._tried_residual[region.box] = region.area
        return False

    def _trust(self) -> None:
        """The picture is not damaged after all: something in it is right to the bit."""
        self._maybe_degraded = False
        self._clean = self.fitter.clean = True
        self.fitter.jpeg = None
        self.fitter.tolerance = 2.0
        self._tried_shape.clear()

    def _add(self, found: Hypothesis) -> bool:
        """Accept a layer; what failed near it may now succeed. False if it is not needed beside the others, now or before."""
        layer, box = found.fit.placed.layer, found.fit.placed.box
        if layer in self._rejected:
            return False
        self.canvas.insert(found.z, found.fit.placed)
        self._forget(box)
        if not self._clean:
            self._rejected.update(
                prune(self.canvas, box, lambda part: self._residuals.off(part) > self.threshold)
            )
        return layer not in self._rejected

    def _best(self, region: Region) -> Hypothesis | None:
        left, top, right, bottom = region.box
        part = np.s_[top:bottom, left:right]
        seen_as = views(self.canvas, region, through=self.fitter.through)
        count = 8 + 2 * self._effort
        best: Hypothesis | None = None
        tried: set[tuple[int, bool, float]] = set()
        for stage in range(len(GUESSES) + 1):
            if stage == 2:
                lists = [
                    by_partial_shape(view, region, self.gallery, count, opacity, stretched=opacity == 1)
                    for view in seen_as
                    for opacity in (1.0, 0.75, 0.55)
                ]
                poses = self._prefiltered(lists, 384)
            else:
                lists = [
                    found
                    for target, under, _ in seen_as
                    for found in by_shape(
                        target[part], under[part], region, self.gallery, count, GUESSES[stage - (stage > 2)]
                    )
                ]
                if stage == 0 and not self._clean and region.area < SMALL:
                    lists.insert(
                        0, by_residual(self.canvas.target, self.canvas.current, region, self.gallery, count)
                    )
                poses = self._prefiltered(lists, 160 if stage else 64)
            best, sure = self._of(poses, tried, best)
            if best is not None and sure:
                self._hits += 1
                return best if self.fitter.proves else self.among_lookalikes(best, 0)
            doubts = self._clean and self._rejected  # a look-alike was the first that fitted
            if best is not None and best.fit.good > (0.5 if self._clean else 0.9) and not doubts:
                break
        if best is None:
            return None
        best = self.among_lookalikes(best)
        if self._accepts(best):
            self._hits += 1
            return best
        _log.debug(
            f"no: {best.fit.placed.layer.element} share {best.share:.3f} exact {best.fit.exact:.2f} good {best.fit.good:.2f}"
            f" mended {best.fit.mended:.2f}"
        )
        if best.share > (0.9 if best.fit.exact < 0.3 else 0.95):
            self._near_misses += 1
        return None

    def add_by_keypoints(self) -> bool:
        """Add layers that local features speak for. True if there was any."""
        unexplained = self._residuals.unexplained()
        if not unexplained.any():
            return False
        mask = cv2.dilate(unexplained.astype(np.uint8), np.ones((9, 9), np.uint8))
        query = features(self.canvas.target, mask)
        poses = [self._pose_of(vote) for vote in self._index.votes(query, 8)[: 60 + 20 * self._effort]]
        if self.fitter.partly:
            poses += [replace(pose, opacity=FAINT) for pose in poses]
        pool = self.fitter.coarse(poses)
        progress = False
        tried = 0
        for _, rough in pool[:60]:
            pose = rough.pose
            size = self.fitter.cutouts[pose.element].size
            near = 0.25 * max(pose.sx * size[0], pose.sy * size[1])
            if (
                rough.share < 0.15
                or tried > 12
                or any(math.hypot(pose.cx - x, pose.cy - y) < near for x, y in self._tried_keypoints)
            ):
                continue
            again = self.fitter.coarse([pose], iterations=3, known=True)
            if not again or again[0][1].gain < 0.5 * rough.gain:
                continue
            tried += 1
            found = self._to_grid(*again[0])
            proven = found is not None and self.fitter.proves and self.fitter.sure(found)
            if found is not None and not proven and found.share > 0.3:
                found = self.among_lookalikes(found)
                if self.fitter.partly and not self._accepts(found) and found.share > LIKELY:
                    found = self._stretched(found)
            if found is not None:
                _log.debug(
                    f"parts {found.fit.placed.layer} z {found.z} gain {found.gain} exact {found.fit.exact:.3f}"
                    f" good {found.fit.good:.3f} mended {found.fit.mended:.3f} share {rough.share:.2f} {found.share:.2f}"
                )
            room = len(self.canvas.layers) < self._max_layers
            if found is not None and room and self._accepts(found) and self._add(found):
                progress = True
            elif found is not None and found.share > 0.3:
                self._tried_keypoints.append((pose.cx, pose.cy))
        if progress:
            self._tried_keypoints.clear()
        return progress

    def add_behind_others(self) -> bool:
        """Add layers that others, not yet found, lie on or shine through. True if there was any."""
        if not self._hits or self._mixed_version == self.canvas.version:
            return False
        kept, self._tried_keypoints = self._tried_keypoints, []
        self.fitter.partly = True
        found = self.add_by_keypoints()
        self.fitter.partly = False
        self._tried_keypoints, self._mixed_version = kept, self.canvas.version
        return found

    def ablate(self) -> bool:
        """Layers of which something is not right may be look-alikes: try without each. True if that was better."""
        if not (self._clean and self._hits):
            return False
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            if placed.layer in self._ablated or not self._residuals.wrong(z, placed):
                continue
            self._ablated.add(placed.layer)
            before, kept = self._residuals.total(), list(self.canvas.layers)
            known = dict(self._tried_shape), dict(self._tried_residual)
            self.canvas.remove(z)
            self._rejected = {placed.layer}
            self._forget(placed.box)
            self.explain()
            self._rejected = set()
            if self._residuals.total() < before:
                _log.debug("not %s", placed.layer)
                return True
            self.canvas.layers = kept
            self.canvas.refresh((0, 0, *self.canvas.size))
            self._tried_shape, self._tried_residual = known
        return False

    def _pose_of(self, vote: Vote) -> Pose:
        number = int(self.gallery.numbers[vote.row])
        return Pose(number, vote.mirrored, vote.x, vote.y, vote.scale, vote.scale, vote.turn)

    def refit(self) -> bool:
        """Fit each layer that is not right anew, now that the others are there; take away what does not pay. True if anything changed."""
        changed = False
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            if not self._residuals.wrong(z, placed):
                continue
            before = self._residuals.total()
            self.canvas.remove(z)
            best: Placement = (before, z, placed)
            found = self.fitter.on_grid(z, self.fitter.pose_of(placed.layer), patience=2)
            if found is not None and found.fit.exact < 1:
                found = self.among_lookalikes(found)
            if found is not None and (self._clean or self.fitter.plausible(found.fit.placed.layer)):
                best = self._best_place(found.fit.placed, z, best)
            without = self._residuals.total()
            if without - best[0] < LAMBDA * 8:
                _log.debug(f"dropped {placed.layer}")
                changed = True
                continue
            self.canvas.insert(best[1], best[2])
            if best[2] != placed or best[1] != z:
                _log.debug(f"tidied {placed.layer} -> {best[2].layer} {z} -> {best[1]}")
                changed = True
        return changed

    def recompare_lookalikes(self) -> None:
        """Weigh layers and what looks like them from the same start: mirrored ones, and those that others lay on when they were found."""
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            self.canvas.remove(z)
            pose = self.fitter.pose_of(placed.layer)
            if placed.layer.flip or self.canvas.neighbouring_places(placed):
                rough = self.fitter.coarse([pose], 64, 0, known=True, z=z)
                found = self._to_grid(*rough[0]) if rough else None
                best = found and self.among_lookalikes(found, 0)
                if best is not None and best is not found:
                    _log.debug("rather %s than %s", best.fit.placed.layer, placed.layer)
                    placed = best.fit.placed
            self.canvas.insert(z, placed)


def _part_of(region: Region, failed: dict[Box, int]) -> bool:
    """Whether it is a region that nothing explained, or a scrap of one."""
    for box, pixels in failed.items():
        common = overlap(box, region.box)
        if common is None:
            continue
        shared, own, other = area(common), area(region.box), area(box)
        if (shared > 0.8 * max(own, other) and region.area > 0.7 * pixels) or (
            shared == own and region.area < 0.3 * pixels
        ):
            return True
    return False
