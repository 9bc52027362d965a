"""Hypothesis selection: candidates are fitted, taken to the grid, compared with look-alikes, and accepted or not."""

from __future__ import annotations

import math
from dataclasses import replace

from haac import Layer
from haac_match._fit.fit import Fit
from haac_match._fit.fitter import Fitter, Hypothesis
from haac_match._picture.pose import Pose
from haac_match._propose.lookalikes import lookalikes, symmetric_poses
from haac_match._solve.context import Context
from haac_match._thresholds.rate import RATE
from haac_match._thresholds.solve import SELECT


class Selector:
    """Selects hypotheses.

    Args:
        fitter: fits them.
        context: elements, index, effort.
    """

    @property
    def _exact_share(self) -> float:
        """Share of the nearly right pixels that must be exact."""
        return SELECT.exact_share

    @property
    def _compared(self) -> int:
        """Look-alikes that are compared with a layer, for each step of effort."""
        return SELECT.lookalikes

    def __init__(self, fitter: Fitter, context: Context) -> None:
        self.fitter, self.gallery, self._effort = fitter, context.index.gallery, context.effort
        self._clean = True
        self._rejected: set[Layer] = set()

    def _best_of(
        self,
        poses: list[Pose],
        tried: set[tuple[int, bool, float]],
        best: Hypothesis | None,
        *,
        alone: bool = True,
    ) -> tuple[Hypothesis | None, bool]:
        """The best hypothesis of some poses, and whether it is beyond doubt.

        Args:
            poses: the likeliest first.
            tried: what went to the grid before; added to.
            best: of those tried before.
            alone: whether nothing else is to be explained beside it.
        """
        pool: list[tuple[int, Fit]] = []
        on_grid = 0
        for first in range(0, len(poses), SELECT.batch):
            pool += self.fitter.coarse(poses[first : first + SELECT.batch])
            pool.sort(key=lambda pair: -pair[1].gain)
            for z, rough in pool[: SELECT.to_grid]:
                key = rough.pose.element, rough.pose.flip, round(rough.pose.opacity, 1)
                if (
                    key in tried
                    or (rough.share if alone else rough.own) < SELECT.least_share
                    or on_grid == SELECT.most_to_grid
                ):
                    continue
                tried.add(key)
                on_grid += 1
                found = self._to_grid(z, rough)
                if self._clean and found is not None and found.fit.placed.layer in self._rejected:
                    continue
                if found is not None and (best is None or self._score(found) > self._score(best)):
                    best = found
                if found is not None and self.fitter.sure(found):
                    return found, True
        return best, False

    def _prefiltered(self, lists: list[list[tuple[float, Pose]]], most: int) -> list[Pose]:
        """The likeliest of several ranked lists, interleaved; a small fit decides where there are many."""
        kept: list[Pose] = []
        count: dict[tuple[int, bool], int] = {}
        for rank in range(max(map(len, lists), default=0)):
            for pose in (found[rank][1] for found in lists if rank < len(found)):
                key = pose.element, pose.flip
                count[key] = count.get(key, 0) + 1
                if count[key] <= SELECT.same_element and len(kept) < most:
                    kept.append(pose)
        if len(kept) <= SELECT.prefiltered:
            return kept
        rough = self.fitter.coarse(kept, SELECT.prefilter_side, SELECT.prefilter_steps)
        return [fit.pose for _, fit in rough[: SELECT.prefiltered]]

    def _to_grid(self, z: int, rough: Fit) -> Hypothesis | None:
        """From a rough fit to the best layer on the grid near it."""
        fitter = self.fitter
        fine = fitter.fine(z, rough.pose)
        found = fitter.on_grid(z, fine.pose) if fine is not None and self._promising(fine) else None
        if fine is None or found is None:
            return None
        if fitter.partly and fine.pose.opacity < rough.pose.opacity == 1 and not self._accepts(found):
            # It only seemed to be translucent: something else is before it.
            opaque = fitter.on_grid(z, rough.pose)
            found = opaque if opaque is not None and self._accepts(opaque) else found
        return replace(found, fitted=fine.gain)

    def _promising(self, fine: Fit) -> bool:
        """Whether a fit is worth taking to the grid."""
        return fine.gain > 0

    def among_lookalikes(self, found: Hypothesis, depth: int = 1) -> Hypothesis:
        """A hypothesis, or the look-alike of it that does better."""
        layer = found.fit.placed.layer
        pose = self.fitter.pose_of(layer)
        near = lookalikes(pose, self.gallery, self._compared * self._effort)
        best = found
        alike = [
            fit.pose
            for _, fit in self.fitter.coarse(near, SELECT.side, 0, known=True, z=found.z)[
                : SELECT.lookalikes_kept
            ]
        ]
        # Degradation leaves less to tell them apart by: it takes more pixels.
        side = SELECT.side if self._clean else SELECT.fine_side
        most = SELECT.kept if self._clean else SELECT.kept_degraded
        alike = [fit.pose for _, fit in self.fitter.coarse(alike, side, 2, known=True, z=found.z)[:most]]
        side = SELECT.fine_side if self._clean else SELECT.finest_side
        likely = self.fitter.coarse(alike, side, 3, known=True, z=found.z)[: SELECT.likely]
        symmetric = [
            fit.pose
            for _, fit in self.fitter.coarse(symmetric_poses(pose), SELECT.side, 0, known=True, z=found.z)
            if fit.share > SELECT.symmetric_share * found.share
        ]
        if len(symmetric) > 2:  # as it stands is one
            likely += self.fitter.coarse(symmetric, SELECT.finest_side, 3, known=True, z=found.z)[
                : SELECT.likely
            ]
        for _, rough in likely:
            trial = self._to_grid(found.z, rough)
            if trial is not None and self._score(trial) > self._score(best):
                best = trial
                if self._clean and best.fit.exact == 1:
                    return best
        return best if best is found or depth == 0 else self.among_lookalikes(best, depth - 1)

    def _score(self, found: Hypothesis) -> float:
        """How much a hypothesis lowers the error; by this they are compared."""
        if self.fitter.proves:
            return found.gain
        # Many elements are mirror images of others but for some pixels: degradation hides which. What was rescaled is not on the grid,
        # where a look-alike may be nearer.
        flipped = found.fit.placed.layer.flip
        return max(found.gain, found.fitted) - (
            SELECT.flipped_price + SELECT.flipped_share * found.fit.cost if flipped else 0
        )

    def _accepts(self, found: Hypothesis) -> bool:
        grid_fit = found.fit
        if self._clean:
            # A layer that is right but covered in part is exact wherever it is good; one that only resembles is not.
            return (
                grid_fit.exact > SELECT.least_exact
                and grid_fit.exact > self._exact_share * grid_fit.good
                and grid_fit.exact * grid_fit.shown > SELECT.least_exact_pixels
            )
        return (
            grid_fit.good > SELECT.least_good
            and found.gain > RATE.price * SELECT.layer_bytes
            and grid_fit.shown > SELECT.least_shown
            and self.fitter.plausible(grid_fit.placed.layer)
        )

    def _stretched(self, found: Hypothesis) -> Hypothesis:
        """A partly right hypothesis, or the same one wider or higher: flat elements fit into a part of themselves."""
        layer = found.fit.placed.layer
        size = self.fitter.cutouts[layer.number].size
        near = self.fitter.coarse(
            _stretches(self.fitter.pose_of(layer), size),
            SELECT.stretch_side,
            SELECT.stretch_steps,
            known=True,
            z=found.z,
        )
        best = found
        for z, rough in near[: SELECT.likely]:
            trial = self._to_grid(z, rough)
            if trial is not None and self._score(trial) > self._score(best):
                best = trial
        return best


def _stretches(pose: Pose, size: tuple[int, int]) -> list[Pose]:
    """Poses in which an element is wider or higher, about its centre or about one of its ends."""
    c, s = math.cos(pose.turn), math.sin(pose.turn)
    made = []
    for grow in SELECT.stretches:
        for end in (-0.5, 0.0, 0.5):
            wide, high = end * (grow - 1) * pose.sx * size[0], end * (grow - 1) * pose.sy * size[1]
            made.append(replace(pose, sx=pose.sx * grow, cx=pose.cx + c * wide, cy=pose.cy - s * wide))
            made.append(replace(pose, sy=pose.sy * grow, cx=pose.cx + s * high, cy=pose.cy + c * high))
    return made
