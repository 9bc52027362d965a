"""Layers are found on a ground that nothing explains: what is right bit for bit where it is opaque proves itself."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from typing import Any

from haac_match._fit.cutout import Cutout
from haac_match._fit.fit import Fit
from haac_match._fit.fitter import Found
from haac_match._fit.photo_cost import TELLING
from haac_match._index.index import Index
from haac_match._picture.arrays import Bytes
from haac_match._picture.background import Ground
from haac_match._picture.pose import Pose, pose_of
from haac_match._propose.pasted import Laid
from haac_match._solve.greedy import Explainer
from haac_match._solve.photo_proposals import Proposer, apart

_log = logging.getLogger(__name__)

_MADE_EXACT, _IN_VAIN = 48, 20
"""So many candidates are made exact, until so many in a row were none."""
_LEAST, _LEAST_RIGHT = 0.4, 0.2
"""Part of the error where an element is that it must take away, and part of what shows it that must be nearly right, to be tried: a
translucent one is first taken for an opaque one."""
_LEAST_WORTH = 0.06
"""The least that a rough fit is worth (`Proposer.worth`)."""
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


class ForeignExplainer(Explainer):
    """One picture on a ground that is not known being explained."""

    _alike = 0.95
    _siblings = 8

    def __init__(
        self,
        target: Bytes,
        cutout: Callable[[int], Cutout],
        index: Index,
        effort: int,
        max_layers: int,
        mapped: Callable[..., Iterable[Any]] = map,
    ) -> None:
        laid = Laid(target, everywhere=effort >= _THOROUGH)
        ground = Ground(None, laid.ground(target), 0.0, 0.0)
        super().__init__(target, ground, cutout, index, effort, max_layers, mapped)
        self._proposer = Proposer(index, self._search, cutout, effort, laid)
        self._proven = False

    def _look_for_damage(self, ground: Ground) -> None:  # noqa: ARG002 (it is only a stand-in)
        self._search.unknown = True

    def go(self) -> None:
        """Explain what can be explained."""
        self.explain_foreign()

    def explain_foreign(self, most: int = _MADE_EXACT) -> bool:
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
            snapped = found.snapped
            _log.debug(
                f"foreign {snapped.placed.layer} z {found.z} gain {found.gain} share {found.share:.2f} exact {snapped.exact:.3f}"
                f" good {snapped.good:.3f} own {fit.own:.2f} shown {snapped.shown} soft {snapped.soft:.3f} of {snapped.body}"
            )
            pays = self._pays(found)
            vain = 0 if pays else vain + 1
            if pays and len(self.canvas.layers) < self._max_layers:
                self._add(found)
                progress = True
                self._proven |= snapped.exact > _MOSTLY and snapped.shown >= TELLING
            made = pose_of(snapped.placed.layer, self._cutout(snapped.placed.layer.number).size)
            for one in (pose, made):
                places.note(one, extent, None if pays else pose.element)
        return progress

    def _exactly(self, pose: Pose, *, alone: bool) -> Found | None:
        """The layer that a candidate becomes, or one that looks much like it; None if it is not worth it.

        Args:
            pose: of the candidate.
            alone: what looks much like it is not tried.
        """
        search = self._search
        again = max(search.verify([pose], 48, 2, known=True), key=lambda pair: pair[1].own, default=None)
        if (
            again is None
            or again[1].own < _LEAST
            or again[1].right < _LEAST_RIGHT
            or again[1].pose.blur > _MOST_BLUR
        ):
            return None
        found = self._settle(*again)
        if found is None or alone or not self._likely(found):
            return found
        found = self._among_siblings(found)
        if not search.sure(found) and found.snapped.exact > _PART:
            found = self._stretched(found)
        return found

    def _worth(self, found: Found) -> float:
        """Pixels that are right count; the error that a layer takes away depends on what is guessed to be behind it."""
        snapped = found.snapped
        if snapped.placed.layer.opacity < 100:
            right = snapped.good * _FAINT
            return right * abs(right) * snapped.shown
        return snapped.exact**2 * snapped.shown + _SOFTLY * snapped.soft**2 * snapped.body

    def _pays(self, found: Found) -> bool:
        snapped = found.snapped
        if snapped.placed.layer.opacity < 100:
            return snapped.good > _SEEN and -snapped.cost > _EDGES
        if snapped.shown < TELLING:
            return snapped.soft > _SOFT and apart(snapped.body, snapped.placed.layer.blur / 4) > _APART
        return super()._pays(found) or (snapped.exact > _MOSTLY and snapped.shown > _MANY)

    def _hopeful(self, fine: Fit) -> bool:
        pose = fine.pose
        return super()._hopeful(fine) and pose.blur <= _MOST_BLUR and (fine.right > _FAIR or pose.opacity < 1)

    def _likely(self, found: Found) -> bool:
        """Whether elements that look much like a layer may be the right ones."""
        snapped = found.snapped
        if snapped.placed.layer.opacity < 100:
            return snapped.good > 0.5 * _SEEN and -snapped.cost > 0.5 * _EDGES
        if snapped.shown < TELLING:
            return snapped.soft > 0.6
        return not self._search.sure(found) and snapped.exact > 0.1 and snapped.good > _LIKELY

    def _there(self, found: Found) -> bool:
        """Whether a layer is there already: both together would seem to be needless."""
        layer = found.snapped.placed.layer
        return any(layer == placed.layer for placed in self.canvas.layers)

    def _taken(self, pose: Pose) -> bool:
        """Whether layers that are right already show nearly everywhere where an element would be."""
        box = self._search.window(pose, 0.7)
        return box is not None and float(self.canvas.hidden(0, box).mean()) > _TAKEN
