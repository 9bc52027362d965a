"""From candidates to the layer: fitted, made exact, and compared with what looks like it."""

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

_GROW = 0.75, 0.87, 1.15, 1.35, 1.5
"""How much wider or higher a thing is tried of which only a part was right."""


class Selector:
    """Chooses among candidates.

    Args:
        fitter: fits them.
        context: elements, index, effort.
    """

    _exact_share = 0.9
    """Part of the pixels that are nearly right that must be exact: else another element is the right one."""

    _lookalikes_an_effort = 24
    """Elements that look much like one that are compared with it, for each step of effort."""

    def __init__(self, fitter: Fitter, context: Context) -> None:
        self.fitter, self.gallery, self._effort = fitter, context.index.gallery, context.effort
        self._clean = True
        self._rejected: set[Layer] = set()

    def _of(
        self,
        poses: list[Pose],
        tried: set[tuple[int, bool, float]],
        best: Hypothesis | None,
        *,
        alone: bool = True,
    ) -> tuple[Hypothesis | None, bool]:
        """The best layer of some poses, and whether it is beyond doubt.

        Args:
            poses: the likeliest first.
            tried: what was made exact before; added to.
            best: of those tried before.
            alone: whether nothing else is to be explained beside it.
        """
        pool: list[tuple[int, Fit]] = []
        settled = 0
        for first in range(0, len(poses), 16):
            pool += self.fitter.coarse(poses[first : first + 16])
            pool.sort(key=lambda pair: -pair[1].gain)
            for z, rough in pool[:3]:
                key = rough.pose.element, rough.pose.flip, round(rough.pose.opacity, 1)
                if key in tried or (rough.share if alone else rough.own) < 0.5 or settled == 6:
                    continue
                tried.add(key)
                settled += 1
                found = self._to_grid(z, rough)
                if self._clean and found is not None and found.fit.placed.layer in self._rejected:
                    continue
                if found is not None and (best is None or self._score(found) > self._score(best)):
                    best = found
                if found is not None and self.fitter.sure(found):
                    return found, True
        return best, False

    def _prefiltered(self, lists: list[list[tuple[float, Pose]]], most: int) -> list[Pose]:
        """The likeliest of some lists of candidates: the first of each, then the second of each, ..."""
        kept: list[Pose] = []
        seen: dict[tuple[int, bool], int] = {}
        for rank in range(max(map(len, lists), default=0)):
            for pose in (found[rank][1] for found in lists if rank < len(found)):
                key = pose.element, pose.flip
                seen[key] = seen.get(key, 0) + 1
                if seen[key] <= 3 and len(kept) < most:
                    kept.append(pose)
        if len(kept) <= 48:
            return kept
        rough = self.fitter.coarse(kept, 24, 2)
        return [fit.pose for _, fit in rough[:48]]

    def _to_grid(self, z: int, rough: Fit) -> Hypothesis | None:
        """Make a rough fit exact."""
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
        """Whether a fit is worth to be made exact."""
        return fine.gain > 0

    def among_lookalikes(self, found: Hypothesis, depth: int = 1) -> Hypothesis:
        """A found layer, or one that looks much like it and does better."""
        layer = found.fit.placed.layer
        pose = self.fitter.pose_of(layer)
        near = lookalikes(pose, self.gallery, self._lookalikes_an_effort * self._effort)
        best = found
        alike = [fit.pose for _, fit in self.fitter.coarse(near, 44, 0, known=True, z=found.z)[:24]]
        # Damage leaves less to tell them apart by: it takes more pixels.
        side, most = (44, 6) if self._clean else (64, 8)
        alike = [fit.pose for _, fit in self.fitter.coarse(alike, side, 2, known=True, z=found.z)[:most]]
        side = 64 if self._clean else 128
        likely = self.fitter.coarse(alike, side, 3, known=True, z=found.z)[:3]
        symmetric = [
            fit.pose
            for _, fit in self.fitter.coarse(symmetric_poses(pose), 44, 0, known=True, z=found.z)
            if fit.share > 0.8 * found.share
        ]
        if len(symmetric) > 2:  # as it stands is one
            likely += self.fitter.coarse(symmetric, 128, 3, known=True, z=found.z)[:3]
        for _, rough in likely:
            trial = self._to_grid(found.z, rough)
            if trial is not None and self._score(trial) > self._score(best):
                best = trial
                if self._clean and best.fit.exact == 1:
                    return best
        return best if best is found or depth == 0 else self.among_lookalikes(best, depth - 1)

    def _score(self, found: Hypothesis) -> float:
        """By how much a layer lowers the error."""
        if self.fitter.proves:
            return found.gain
        # Many elements are mirror images of others but for some pixels: damage hides which. What was scaled is not on the grid,
        # where a look-alike may be nearer.
        flipped = found.fit.placed.layer.flip
        return max(found.gain, found.fitted) - (500 + 0.01 * found.fit.cost if flipped else 0)

    def _accepts(self, found: Hypothesis) -> bool:
        grid_fit = found.fit
        if self._clean:
            # A layer that is right but covered in part is exact wherever it is good; one that only resembles is not.
            return (
                grid_fit.exact > 0.25
                and grid_fit.exact > self._exact_share * grid_fit.good
                and grid_fit.exact * grid_fit.shown > 30
            )
        return (
            grid_fit.good > 0.6
            and found.gain > RATE.price * 8
            and grid_fit.shown > 80
            and self.fitter.plausible(grid_fit.placed.layer)
        )

    def _stretched(self, found: Hypothesis) -> Hypothesis:
        """A layer of which only a part is right, or the same one wider or higher: flat gallery fit into a part of themselves."""
        layer = found.fit.placed.layer
        size = self.fitter.cutouts[layer.number].size
        near = self.fitter.coarse(_stretches(self.fitter.pose_of(layer), size), 48, 3, known=True, z=found.z)
        best = found
        for z, rough in near[:3]:
            trial = self._to_grid(z, rough)
            if trial is not None and self._score(trial) > self._score(best):
                best = trial
        return best


def _stretches(pose: Pose, size: tuple[int, int]) -> list[Pose]:
    """Poses in which an element is wider or higher, about its middle or about one of its ends."""
    c, s = math.cos(pose.turn), math.sin(pose.turn)
    made = []
    for grow in _GROW:
        for end in (-0.5, 0.0, 0.5):
            wide, high = end * (grow - 1) * pose.sx * size[0], end * (grow - 1) * pose.sy * size[1]
            made.append(replace(pose, sx=pose.sx * grow, cx=pose.cx + c * wide, cy=pose.cy - s * wide))
            made.append(replace(pose, sy=pose.sy * grow, cx=pose.cx + s * high, cy=pose.cy + c * high))
    return made
