"""Layers are found on a ground that nothing explains: what is right bit for bit where it is opaque proves itself."""

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

_log = logging.getLogger(__name__)

_MADE_EXACT, _IN_VAIN = 48, 20
"""So many candidates are made exact, until so many in a row were none."""
_LEAST, _LEAST_RIGHT = 0.4, 0.2
"""Part of the error where an element is that it must take away, and part of what shows it that must be nearly right, to be tried: a
translucent one is first taken for an opaque one."""
_LEAST_WORTH = 0.06
"""The least that a rough fit is worth (`PhotoProposals.worth`)."""
_THOROUGH = 8
"""From this effort on parts of elements are looked for where nothing seems to have been laid, too."""
_FAIR = 0.55
"""The latter, once it is fitted well, to be made exact."""
_SAME_PLACE = 0.2
"""Extents between two candidates that stand at one place."""
_AT_A_PLACE = 5
"""Elements that are tried there where others failed."""
_LIKELY = 0.45
"""Part that must be nearly right if elements that look much like it are tried."""
_FAINT = 0.8
"""Of two layers that explain as much, the opaque one is the likelier."""
_SEEN, _EDGES = 0.25, 2500
"""Part of the steps between neighbouring pixels, and levels of them in all, that a translucent element must take away."""
_PART = 0.3
"""Of what shows an element that is right if the rest is not, it may be wider or higher."""
_ROUNDS = 3
"""So often what is left over is looked at again."""
_SOFTLY = 0.2
"""What pixels that are right for what is guessed to be behind them count beside opaque ones that are right."""
_APART, _SOFT = 8, 0.9
"""If hardly any pixel is opaque: so many that tell something of their own, and part of all that must be right."""
_MOSTLY, _MANY = 0.9, 200
"""Part of so many opaque pixels that prove a layer of which others cover the rest."""
_TAKEN = 0.85
"""Part of the place of an element that shows others, from which on it is not tried."""
_MOST_BLUR = 6.0
"""Pixels: what is blurred more cannot be proved."""


class _Places:
    """Where candidates were made exact."""

    def __init__(self) -> None:
        self._tried: list[tuple[float, float, float, int | None]] = []

    def near(self, pose: Pose, extent: float) -> set[int | None]:
        """The elements that were tried in vain near a pose; None among them if all is done there."""
        return {
            element
            for x, y, other, element in self._tried
            if math.hypot(pose.cx - x, pose.cy - y) < _SAME_PLACE * min(extent, other)
        }

    def note(self, pose: Pose, extent: float, element: int | None) -> None:
        """Remember what was tried."""
        self._tried.append((pose.cx, pose.cy, extent, element))


class PhotoSolver(GreedySolver):
    """One picture on a ground that is not known being explained."""

    _exact_share = 0.95
    _lookalikes_an_effort = 8

    def __init__(
        self,
        target: Bytes,
        context: Context,
    ) -> None:
        laid = PastedRegions(target, everywhere=context.effort >= _THOROUGH)
        ground = BackgroundEstimate(None, laid.ground(target), 0.0, 0.0)
        super().__init__(target, ground, context)
        self._proposer = PhotoProposals(context, self.fitter, laid)
        self._proven = False

    def _detect_degradation(self, ground: BackgroundEstimate) -> None:  # noqa: ARG002 (it is only a stand-in)
        self.fitter.unknown = True

    def solve(self) -> None:
        """Explain what can be explained."""
        self.add_proven()

    def add_proven(self, most: int = _MADE_EXACT) -> bool:
        """Add layers that are right. True if opaque pixels prove one: those of a damaged picture would not.

        Args:
            most: so many candidates are made exact.
        """
        few = most < _MADE_EXACT
        places = _Places()
        if self._try(self._proposer.candidates(few), most, places) and not few:
            for _ in range(_ROUNDS):
                if not self._try(self._proposer.rest(), most, places):
                    break
        return self._proven

    def _try(self, proposed: Iterable[tuple[Fit, float]], most: int, places: _Places) -> bool:
        """Make candidates exact, the likeliest first, and add those that are right. True if there was any."""
        tried = vain = 0
        progress = False
        for fit, extent in proposed:
            if tried >= most or vain >= _IN_VAIN or self._proposer.worth(fit) < _LEAST_WORTH:
                break
            pose = fit.pose
            near = places.near(pose, extent)
            if (
                pose.blur > _MOST_BLUR
                or None in near
                or pose.element in near
                or len(near) >= _AT_A_PLACE
                or self._taken(pose)
            ):
                continue
            found = self._exactly(pose, alone=len(near) >= 2)
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
                self._proven |= grid_fit.exact > _MOSTLY and grid_fit.shown >= PHOTO_GRID.telling
            made = pose_of(grid_fit.placed.layer, self.fitter.cutouts[grid_fit.placed.layer.number].size)
            for one in (pose, made):
                places.note(one, extent, None if pays else pose.element)
        return progress

    def _exactly(self, pose: Pose, *, alone: bool) -> Hypothesis | None:
        """The layer that a candidate becomes, or one that looks much like it; None if it is not worth it.

        Args:
            pose: of the candidate.
            alone: what looks much like it is not tried.
        """
        fitter = self.fitter
        again = max(fitter.coarse([pose], 48, 2, known=True), key=lambda pair: pair[1].own, default=None)
        if (
            again is None
            or again[1].own < _LEAST
            or again[1].right < _LEAST_RIGHT
            or again[1].pose.blur > _MOST_BLUR
        ):
            return None
        found = self._to_grid(*again)
        if found is None or alone or not self._likely(found):
            return found
        found = self.among_lookalikes(found)
        if not fitter.sure(found) and found.fit.exact > _PART:
            found = self._stretched(found)
        return found

    def _score(self, found: Hypothesis) -> float:
        """Pixels that are right count; the error that a layer takes away depends on what is guessed to be behind it."""
        grid_fit = found.fit
        if grid_fit.placed.layer.opacity < 100:
            right = grid_fit.good * _FAINT
            return right * abs(right) * grid_fit.shown
        return grid_fit.exact**2 * grid_fit.shown + _SOFTLY * grid_fit.soft**2 * grid_fit.body

    def _accepts(self, found: Hypothesis) -> bool:
        grid_fit = found.fit
        if grid_fit.placed.layer.opacity < 100:
            return grid_fit.good > _SEEN and -grid_fit.cost > _EDGES
        if grid_fit.shown < PHOTO_GRID.telling:
            return grid_fit.soft > _SOFT and apart(grid_fit.body, grid_fit.placed.layer.blur / 4) > _APART
        return super()._accepts(found) or (grid_fit.exact > _MOSTLY and grid_fit.shown > _MANY)

    def _promising(self, fine: Fit) -> bool:
        pose = fine.pose
        return (
            super()._promising(fine) and pose.blur <= _MOST_BLUR and (fine.right > _FAIR or pose.opacity < 1)
        )

    def _likely(self, found: Hypothesis) -> bool:
        """Whether elements that look much like a layer may be the right ones."""
        grid_fit = found.fit
        if grid_fit.placed.layer.opacity < 100:
            return grid_fit.good > 0.5 * _SEEN and -grid_fit.cost > 0.5 * _EDGES
        if grid_fit.shown < PHOTO_GRID.telling:
            return grid_fit.soft > 0.6
        return not self.fitter.sure(found) and grid_fit.exact > 0.1 and grid_fit.good > _LIKELY

    def _there(self, found: Hypothesis) -> bool:
        """Whether a layer is there already: both together would seem to be needless."""
        layer = found.fit.placed.layer
        return any(layer == placed.layer for placed in self.canvas.layers)

    def _taken(self, pose: Pose) -> bool:
        """Whether layers that are right already show nearly everywhere where an element would be."""
        box = self.fitter.window(pose, 0.7)
        return box is not None and float(self.canvas.hidden(0, box).mean()) > _TAKEN
