"""Greedy solver: add layers region by region, then from keypoint votes and residuals, then re-optimise all layers jointly.

Matching pursuit with backtracking (S. Mallat, Z. Zhang, "Matching pursuits with time-frequency dictionaries", 1993), by render and compare.
"""

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
from haac_match._solve.context import Context
from haac_match._solve.polish_jpeg import JpegPolish
from haac_match._solve.prune import prune
from haac_match._solve.rescaled import RescaledSolver
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.propose import CORRELATION
from haac_match._thresholds.rate import RATE
from haac_match._thresholds.solve import GREEDY, RESCALED, RESIDUAL, SELECT

_log = logging.getLogger(__name__)


class GreedySolver(RescaledSolver):
    """Solves one picture on a known background.

    Args:
        target: (height, width, 3).
        estimate: what is behind its elements, and how much that explains.
        context: elements, index, effort, threads.
        recorded: how the picture's file says that it was encoded.
    """

    def __init__(
        self,
        target: Bytes,
        estimate: BackgroundEstimate,
        context: Context,
        recorded: Jpeg | None = None,
    ) -> None:
        fitter = Fitter(
            Canvas(target, estimate.pixels), context.cutouts, PICTURE.clean_tolerance, context.mapped
        )
        super().__init__(fitter, context, estimate)
        self._recorded, self._monitor = recorded, context.monitor
        self._near_misses = self._hits = 0
        self._index, self._max_layers = context.index, context.max_layers
        self._mixed_version = -1
        self._ablated: set[Layer] = set()
        self._detect_degradation(estimate)

    @property
    def threshold(self) -> float:
        """Levels by which a right pixel may differ."""
        return self.fitter.tolerance

    def error(self) -> float:
        """Squared error of the picture as it is explained, summed over pixels and channels."""
        return self._residuals.total()

    @property
    def _candidates(self) -> int:
        """Candidates of each kind."""
        return GREEDY.candidates + GREEDY.candidates_an_effort * self._effort

    def _detect_degradation(self, estimate: BackgroundEstimate) -> None:
        target = self.canvas.target
        off = np.abs(self.canvas.current.astype(np.int16) - target).max(axis=2)
        if estimate.noise or (
            ((off > 0) & (off <= GREEDY.off_by_little)).sum()
            > GREEDY.noisy * (off > GREEDY.off_by_much).sum()
        ):
            self._assume_degraded()
        elif isinstance(estimate.background, Colour) and ringing(target, self.canvas.current):
            self._maybe_degraded = True
            self._assume_degraded()

    def solve(self) -> None:
        """Add, ablate and refit layers until nothing changes; then polish."""
        for _ in range(GREEDY.rounds):
            self.explain()
            while not self._monitor.stop() and (
                self.add_by_keypoints()
                or self.add_by_occlusion()
                or self.add_behind_others()
                or self.ablate()
            ):
                self.explain()
            if self._monitor.stop():
                return
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
        """Assume a degraded picture: from now on pixels need only be nearly right."""
        _log.debug("degraded: pixels need only be nearly right")
        self._clean = self.fitter.clean = False
        self.fitter.tolerance = PICTURE.noisy_tolerance(self._noise)
        self.fitter.jpeg = estimate_jpeg(self.canvas.target, self._recorded)
        self._tried_shape.clear()
        self._tried_keypoints.clear()

    def explain(self) -> None:
        """Add layers by regions; on the canvas of a rescaled original all are refitted before and after."""
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
                if self._monitor.stop():
                    return
                if _part_of(region, self._tried_shape) or len(self.canvas.layers) >= self._max_layers:
                    continue
                off = self._residuals.off(region.box) > self.threshold
                if (off & region.mask).sum() < GREEDY.unexplained_share * region.area:
                    continue
                found = self._best_for(region)
                _log.debug("region %s of %d pixels: %s", region.box, region.area, found and found.fit)
                if (
                    self._clean
                    and not self._on_original
                    and self._near_misses >= GREEDY.near_misses
                    and self._hits == 0
                ):
                    self._assume_degraded()
                    progress = True
                    break
                if found is None or not self._add(found):
                    self._tried_shape[region.box] = region.area
                    continue
                progress = True
                if self._detect_rescaling(max(RESCALED.layers, self._layers_when_asked)):
                    break
                if (
                    self._maybe_degraded
                    and self.fitter.jpeg is None
                    and found.fit.exact == 1
                    and found.fit.shown > RESIDUAL.proof
                ):
                    self._trust()

    def _regions(self, unexplained: Bools) -> list[Region]:
        """Connected regions of the residual, also those that are nearly connected; the largest first."""
        parts: dict[Box, Region] = {}
        least = GREEDY.least_region if self._clean else GREEDY.least_region_degraded
        for closing in GREEDY.closings:
            for region in regions(unexplained, closing, least):
                parts.setdefault(region.box, region)
        return sorted(parts.values(), key=lambda region: -region.area)

    def add_by_occlusion(self) -> bool:
        """Add blurred, translucent or occluded layers, by their residual. True if there was any."""
        if not self._hits:
            return False
        unexplained = self._residuals.unexplained()
        for region in self._regions(unexplained):
            least = 0 if self._clean else GREEDY.least_residual
            if not least <= region.area <= GREEDY.most_residual or _part_of(region, self._tried_residual):
                continue
            left, top, right, bottom = region.box
            seen_as = views(self.canvas, region, through=True)
            hidden = seen_as[0].hidden
            if (hidden[top:bottom, left:right] & region.mask).any():
                seen_as.append(seen_as[0]._replace(hidden=np.zeros_like(hidden)))  # on top of all
            lists = [
                by_occlusion(view, unexplained, part, self.gallery, self._candidates)
                for part in (region, *halves(region))
                for view in seen_as
            ]
            found, _ = self._best_of(
                self._prefiltered(lists, GREEDY.occluded_poses), set(), None, alone=False
            )
            _log.debug("rest %s of %d pixels: %s", region.box, region.area, found and found.fit)
            if found is not None and len(self.canvas.layers) < self._max_layers:
                if not self._accepts(found):
                    found = self.among_lookalikes(found)
                if self._accepts(found) and self._add(found):
                    return True
            self._tried_residual[region.box] = region.area
        return False

    def _trust(self) -> None:
        """The picture is not degraded after all: something in it is right to the bit."""
        self._maybe_degraded = False
        self._clean = self.fitter.clean = True
        self.fitter.jpeg = None
        self.fitter.tolerance = PICTURE.clean_tolerance
        self._tried_shape.clear()

    def _add(self, found: Hypothesis) -> bool:
        """Accept a layer; what failed near it may now succeed. False if it is redundant beside the others, now or before."""
        layer, box = found.fit.placed.layer, found.fit.placed.box
        if layer in self._rejected:
            return False
        self.canvas.insert(found.z, found.fit.placed)
        self._monitor.progress("looking for elements", len(self.canvas.layers))
        self._forget(box)
        if not self._clean:
            self._rejected.update(
                prune(self.canvas, box, lambda part: self._residuals.off(part) > self.threshold)
            )
        return layer not in self._rejected

    def _best_for(self, region: Region) -> Hypothesis | None:
        """The best hypothesis for a region, assuming more of it until one fits; None if none is accepted."""
        left, top, right, bottom = region.box
        part = np.s_[top:bottom, left:right]
        seen_as = views(self.canvas, region, through=self.fitter.through)
        count = self._candidates
        good = GREEDY.good if self._clean else GREEDY.good_degraded
        best: Hypothesis | None = None
        tried: set[tuple[int, bool, float]] = set()
        for stage in range(len(GREEDY.assumed) + 1):
            if stage == 2:
                lists = [
                    by_partial_shape(view, region, self.gallery, count, opacity, stretched=opacity == 1)
                    for view in seen_as
                    for opacity in GREEDY.assumed_occluded
                ]
                poses = self._prefiltered(lists, GREEDY.occluded_poses)
            else:
                assumed = [Assumption(*one) for one in GREEDY.assumed[stage - (stage > 2)]]
                lists = [
                    found
                    for target, under, _ in seen_as
                    for found in by_shape(target[part], under[part], region, self.gallery, count, assumed)
                ]
                if stage == 0 and not self._clean and region.area < CORRELATION.small_region:
                    lists.insert(
                        0, by_residual(self.canvas.target, self.canvas.current, region, self.gallery, count)
                    )
                poses = self._prefiltered(lists, GREEDY.more_poses if stage else GREEDY.first_poses)
            best, sure = self._best_of(poses, tried, best)
            if best is not None and sure:
                self._hits += 1
                return best if self.fitter.proves else self.among_lookalikes(best, 0)
            doubts = self._clean and self._rejected  # a look-alike was the first that fitted
            if best is not None and best.fit.good > good and not doubts:
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
        if best.share > (GREEDY.near_miss_inexact if best.fit.exact < GREEDY.inexact else GREEDY.near_miss):
            self._near_misses += 1
        return None

    def add_by_keypoints(self) -> bool:
        """Add layers proposed by keypoint votes. True if there was any."""
        unexplained = self._residuals.unexplained()
        if not unexplained.any():
            return False
        mask = cv2.dilate(unexplained.astype(np.uint8), np.ones((GREEDY.keypoint_rim,) * 2, np.uint8))
        query = features(self.canvas.target, mask, tiled=True)
        most = GREEDY.votes + GREEDY.votes_an_effort * self._effort
        poses = [self._pose_of(vote) for vote in self._index.votes(query, GREEDY.keypoint_neighbours, most)]
        if self.fitter.partly:
            poses += [replace(pose, opacity=GREEDY.faint) for pose in poses]
        pool = self.fitter.coarse(poses)
        progress = False
        tried = 0
        for _, rough in pool[: GREEDY.keypoint_fits]:
            pose = rough.pose
            size = self.fitter.cutouts[pose.element].size
            near = GREEDY.keypoint_near * max(pose.sx * size[0], pose.sy * size[1])
            if (
                rough.share < GREEDY.keypoint_share
                or tried > GREEDY.keypoint_to_grid
                or any(math.hypot(pose.cx - x, pose.cy - y) < near for x, y in self._tried_keypoints)
            ):
                continue
            again = self.fitter.coarse([pose], iterations=GREEDY.keypoint_steps, known=True)
            if not again or again[0][1].gain < GREEDY.keypoint_gain * rough.gain:
                continue
            tried += 1
            found = self._to_grid(*again[0])
            proven = found is not None and self.fitter.proves and self.fitter.sure(found)
            if found is not None and not proven and found.share > GREEDY.keypoint_found:
                found = self.among_lookalikes(found)
                if self.fitter.partly and not self._accepts(found) and found.share > GREEDY.stretch:
                    found = self._stretched(found)
            if found is not None:
                _log.debug(
                    f"parts {found.fit.placed.layer} z {found.z} gain {found.gain} exact {found.fit.exact:.3f}"
                    f" good {found.fit.good:.3f} mended {found.fit.mended:.3f} share {rough.share:.2f} {found.share:.2f}"
                )
            room = len(self.canvas.layers) < self._max_layers
            if found is not None and room and self._accepts(found) and self._add(found):
                progress = True
            elif found is not None and found.share > GREEDY.keypoint_found:
                self._tried_keypoints.append((pose.cx, pose.cy))
        if progress:
            self._tried_keypoints.clear()
        return progress

    def add_behind_others(self) -> bool:
        """Add layers by keypoints though others, not yet found, lie on them. True if there was any."""
        if not self._hits or self._mixed_version == self.canvas.version:
            return False
        kept, self._tried_keypoints = self._tried_keypoints, []
        self.fitter.partly = True
        found = self.add_by_keypoints()
        self.fitter.partly = False
        self._tried_keypoints, self._mixed_version = kept, self.canvas.version
        return found

    def ablate(self) -> bool:
        """Try without each layer that is not wholly right: it may be a look-alike. True if that was better."""
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
        """Refit each layer that is not right beside the others; drop what does not pay for its bytes. True if anything changed."""
        changed = False
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            if not self._residuals.wrong(z, placed):
                continue
            before = self._residuals.total()
            self.canvas.remove(z)
            best: Placement = (before, z, placed)
            found = self.fitter.on_grid(z, self.fitter.pose_of(placed.layer), patience=GREEDY.patience)
            if found is not None and found.fit.exact < 1:
                found = self.among_lookalikes(found)
            if found is not None and (self._clean or self.fitter.plausible(found.fit.placed.layer)):
                best = self._best_place(found.fit.placed, z, best)
            without = self._residuals.total()
            if without - best[0] < RATE.price * SELECT.layer_bytes:
                _log.debug(f"dropped {placed.layer}")
                changed = True
                continue
            self.canvas.insert(best[1], best[2])
            if best[2] != placed or best[1] != z:
                _log.debug(f"tidied {placed.layer} -> {best[2].layer} {z} -> {best[1]}")
                changed = True
        return changed

    def recompare_lookalikes(self) -> None:
        """Compare layers and their look-alikes from the same start: mirrored ones, and those that others lay on when they were found."""
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            self.canvas.remove(z)
            pose = self.fitter.pose_of(placed.layer)
            if placed.layer.flip or self.canvas.neighbouring_places(placed):
                rough = self.fitter.coarse([pose], GREEDY.recompare_side, 0, known=True, z=z)
                found = self._to_grid(*rough[0]) if rough else None
                best = found and self.among_lookalikes(found, 0)
                if best is not None and best is not found:
                    _log.debug("rather %s than %s", best.fit.placed.layer, placed.layer)
                    placed = best.fit.placed
            self.canvas.insert(z, placed)


def _part_of(region: Region, failed: dict[Box, int]) -> bool:
    """Whether a region failed before, or is what is left of one that did."""
    for box, pixels in failed.items():
        common = overlap(box, region.box)
        if common is None:
            continue
        shared, own, other = area(common), area(region.box), area(box)
        if (shared > GREEDY.same_region * max(own, other) and region.area > GREEDY.same_area * pixels) or (
            shared == own and region.area < GREEDY.scrap * pixels
        ):
            return True
    return False
