"""Greedy solver for photographs as background: opaque pixels that are right bit for bit prove a layer."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

from haac_match._fit.fit import Fit
from haac_match._fit.fitter import Hypothesis
from haac_match._picture.arrays import Bytes
from haac_match._picture.estimate import BackgroundEstimate
from haac_match._picture.pose import Pose, pose_of
from haac_match._propose.pasted import PastedRegions
from haac_match._solve.context import Context
from haac_match._solve.greedy import GreedySolver
from haac_match._solve.photo_proposals import PhotoProposals, apart
from haac_match._thresholds.fit import PHOTO_GRID
from haac_match._thresholds.solve import PHOTO, SELECT

_log = logging.getLogger(__name__)


class _Places:
    """Places where candidates went to the grid."""

    def __init__(self) -> None:
        self._tried: list[tuple[float, float, float, int | None]] = []

    def near(self, pose: Pose, extent: float) -> set[int | None]:
        """Elements that were rejected near a pose; None among them if a layer was accepted there."""
        return {
            element
            for x, y, other, element in self._tried
            if math.hypot(pose.cx - x, pose.cy - y) < PHOTO.same_place * min(extent, other)
        }

    def note(self, pose: Pose, extent: float, element: int | None) -> None:
        """Note what was tried at a place."""
        self._tried.append((pose.cx, pose.cy, extent, element))


class PhotoSolver(GreedySolver):
    """Solves one picture on an unknown background."""

    @property
    def _exact_share(self) -> float:
        return SELECT.exact_share_photo

    @property
    def _compared(self) -> int:
        return SELECT.lookalikes_photo

    def __init__(
        self,
        target: Bytes,
        context: Context,
    ) -> None:
        pasted = PastedRegions(target, everywhere=context.effort >= PHOTO.thorough)
        estimate = BackgroundEstimate(None, pasted.background(target), 0.0, 0.0)
        super().__init__(target, estimate, context)
        self._proposer = PhotoProposals(context, self.fitter, pasted)
        self._proven = False

    def _detect_degradation(self, estimate: BackgroundEstimate) -> None:  # noqa: ARG002 (it is only a stand-in)
        self.fitter.unknown = True

    def solve(self) -> None:
        """Add layers that are proven."""
        self.add_proven()

    def add_proven(self, most: int | None = None) -> bool:
        """Add layers that are right. True if opaque pixels prove one: those of a degraded picture would not.

        Args:
            most: so many candidates go to the grid; None: as many as usual.
        """
        few = most is not None
        most = PHOTO.to_grid if most is None else most
        places = _Places()
        if self._try(self._proposer.candidates(few), most, places) and not few:
            for _ in range(PHOTO.rounds):
                if not self._try(self._proposer.rest(), most, places):
                    break
        return self._proven

    def _try(self, proposed: Iterable[tuple[Fit, float]], most: int, places: _Places) -> bool:
        """Take candidates to the grid, the likeliest first, and add those that are accepted. True if there was any."""
        tried = vain = 0
        progress = False
        for fit, extent in proposed:
            if self._monitor.stop():
                break
            if tried >= most or vain >= PHOTO.in_vain or self._proposer.worth(fit) < PHOTO.least_worth:
                break
            pose = fit.pose
            near = places.near(pose, extent)
            if (
                pose.blur > PHOTO.most_blur
                or None in near
                or pose.element in near
                or len(near) >= PHOTO.at_a_place
                or self._taken(pose)
            ):
                continue
            found = self._exactly(pose, alone=len(near) >= PHOTO.alone)
            tried += found is not None
            if found is None or self._there(found):
                continue
            grid_fit = found.fit
            _log.debug(
                f"foreign {grid_fit.placed.layer} z {found.z} gain {found.gain} share {found.share:.2f} exact {grid_fit.exact:.3f}"
                f" good {grid_fit.good:.3f} own {fit.own:.2f} shown {grid_fit.shown} soft {grid_fit.soft:.3f} of {grid_fit.body}"
            )
            pays = self._accepts(found)
            vain = 0 if pays else vain + 1
            if pays and len(self.canvas.layers) < self._max_layers:
                self._add(found)
                progress = True
                self._proven |= grid_fit.exact > PHOTO.mostly and grid_fit.shown >= PHOTO_GRID.telling
            made = pose_of(grid_fit.placed.layer, self.fitter.cutouts[grid_fit.placed.layer.number].size)
            for one in (pose, made):
                places.note(one, extent, None if pays else pose.element)
        return progress

    def _exactly(self, pose: Pose, *, alone: bool) -> Hypothesis | None:
        """The layer that a candidate becomes, or a look-alike; None if it is not worth it.

        Args:
            pose: of the candidate.
            alone: its look-alikes are not compared.
        """
        fitter = self.fitter
        again = max(
            fitter.coarse([pose], PHOTO.side, PHOTO.steps, known=True),
            key=lambda pair: pair[1].own,
            default=None,
        )
        if (
            again is None
            or again[1].own < PHOTO.least_own
            or again[1].right < PHOTO.least_right
            or again[1].pose.blur > PHOTO.most_blur
        ):
            return None
        found = self._to_grid(*again)
        if found is None or alone or not self._likely(found):
            return found
        found = self.among_lookalikes(found)
        if not fitter.sure(found) and found.fit.exact > PHOTO.stretch:
            found = self._stretched(found)
        return found

    def _score(self, found: Hypothesis) -> float:
        """Pixels that are right: the error that a layer takes away depends on the estimated background."""
        grid_fit = found.fit
        if grid_fit.placed.layer.opacity < 100:
            right = grid_fit.good * PHOTO.faint
            return right * abs(right) * grid_fit.shown
        return grid_fit.exact**2 * grid_fit.shown + PHOTO.soft_weight * grid_fit.soft**2 * grid_fit.body

    def _accepts(self, found: Hypothesis) -> bool:
        grid_fit = found.fit
        if grid_fit.placed.layer.opacity < 100:
            return grid_fit.good > PHOTO.edges_share and -grid_fit.cost > PHOTO.edges
        if grid_fit.shown < PHOTO_GRID.telling:
            return (
                grid_fit.soft > PHOTO.soft_share
                and apart(grid_fit.body, grid_fit.placed.layer.blur / 4) > PHOTO.soft_pixels
            )
        return super()._accepts(found) or (grid_fit.exact > PHOTO.mostly and grid_fit.shown > PHOTO.many)

    def _promising(self, fine: Fit) -> bool:
        pose = fine.pose
        return (
            super()._promising(fine)
            and pose.blur <= PHOTO.most_blur
            and (fine.right > PHOTO.fair or pose.opacity < 1)
        )

    def _likely(self, found: Hypothesis) -> bool:
        """Whether a look-alike may be the right one."""
        grid_fit = found.fit
        if grid_fit.placed.layer.opacity < 100:
            return (
                grid_fit.good > PHOTO.likely_faint * PHOTO.edges_share
                and -grid_fit.cost > PHOTO.likely_faint * PHOTO.edges
            )
        if grid_fit.shown < PHOTO_GRID.telling:
            return grid_fit.soft > PHOTO.likely_soft
        return (
            not self.fitter.sure(found)
            and grid_fit.exact > PHOTO.likely_exact
            and grid_fit.good > PHOTO.likely
        )

    def _there(self, found: Hypothesis) -> bool:
        """Whether a layer is there already: twice, it would seem redundant."""
        layer = found.fit.placed.layer
        return any(layer == placed.layer for placed in self.canvas.layers)

    def _taken(self, pose: Pose) -> bool:
        """Whether accepted layers show nearly everywhere where an element would be."""
        box = self.fitter.window(pose, PHOTO.core)
        return box is not None and float(self.canvas.hidden(0, box).mean()) > PHOTO.taken
