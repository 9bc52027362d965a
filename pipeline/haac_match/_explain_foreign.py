"""Layers are found on a ground that nothing explains: what is right bit for bit where it is opaque proves itself."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from haac_match._explain import Explainer
from haac_match._foreign import Proposer
from haac_match._ground import Ground
from haac_match._index import Index
from haac_match._pose import Cutout, Pose, pose_of
from haac_match._search import Found

_log = logging.getLogger(__name__)

_MADE_EXACT, _IN_VAIN = 48, 16
"""So many candidates are made exact, until so many in a row were none."""
_LEAST_OWN = 0.38
"""Part of the error where an element is that it must take away to be tried."""
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
_TAKEN = 0.85
"""Part of the place of an element that shows others, from which on it is not tried."""
_MOST_BLUR = 6.0
"""Pixels: what is blurred more cannot be proved."""


class ForeignExplainer(Explainer):
    """One picture on a ground that is not known being explained."""

    _alike = 0.95
    _siblings = 8

    def __init__(
        self,
        target: npt.NDArray[np.uint8],
        cutout: Callable[[int], Cutout],
        index: Index,
        effort: int,
        max_layers: int,
        mapped: Callable[..., Iterable[Any]] = map,
    ) -> None:
        super().__init__(
            target, Ground(None, _smooth(target), 0.0, 0.0), cutout, index, effort, max_layers, mapped
        )
        self._proposer = Proposer(index, self._search, cutout, effort)

    def _look_for_damage(self, ground: Ground) -> None:  # noqa: ARG002 (it is only a stand-in)
        self._search.unknown = True

    def go(self) -> None:
        """Explain what can be explained."""
        self.explain_foreign()

    def explain_foreign(self, most: int = _MADE_EXACT) -> bool:
        """Add layers that are right wherever they are opaque. True if there was any.

        Args:
            most: so many candidates are made exact.
        """
        tried = vain = 0
        places: list[tuple[float, float, float, int | None]] = []  # with the extent; None: all is done there
        for fit, extent in self._proposer.candidates(most < _MADE_EXACT):
            pose = fit.pose
            if tried >= most or vain >= _IN_VAIN or fit.own < _LEAST_OWN:
                break
            near = [
                element
                for x, y, other, element in places
                if math.hypot(pose.cx - x, pose.cy - y) < 0.2 * min(extent, other)
            ]
            if (
                pose.blur > _MOST_BLUR
                or None in near
                or pose.element in near
                or len(set(near)) >= _AT_A_PLACE
                or self._taken(pose)
            ):
                continue
            again = max(
                self._search.verify([pose], 48, 2, known=True), key=lambda pair: pair[1].own, default=None
            )
            if again is None or again[1].own < _LEAST_OWN or again[1].pose.blur > _MOST_BLUR:
                continue
            tried += 1
            found = self._settle(*again)
            if found is not None and self._likely(found) and len(set(near)) < 2:
                found = self._among_siblings(found)
                if not self._search.sure(found) and found.snapped.exact > _PART:
                    found = self._stretched(found)
            if found is None:
                continue
            _log.debug(
                f"foreign {found.snapped.placed.layer} z {found.z} gain {found.gain} exact {found.snapped.exact:.3f}"
                f" good {found.snapped.good:.3f} own {fit.own:.2f} shown {found.snapped.shown}"
            )
            pays = self._pays(found)
            vain = 0 if pays else vain + 1
            if pays and len(self.canvas.layers) < self._max_layers:
                self._add(found)
            made = pose_of(found.snapped.placed.layer, self._cutout(found.snapped.placed.layer.number).size)
            places.append((pose.cx, pose.cy, extent, None if pays else pose.element))
            places.append((made.cx, made.cy, extent, None if pays else made.element))
        return bool(self.canvas.layers)

    def _worth(self, found: Found) -> float:
        """Pixels that are right count; the error that a layer takes away depends on what is guessed to be behind it."""
        snapped = found.snapped
        right = snapped.exact if snapped.placed.layer.opacity == 100 else snapped.good * _FAINT
        return right * abs(right) * snapped.shown

    def _pays(self, found: Found) -> bool:
        snapped = found.snapped
        if snapped.placed.layer.opacity == 100:
            return super()._pays(found)
        return snapped.good > _SEEN and -snapped.cost > _EDGES

    def _likely(self, found: Found) -> bool:
        """Whether elements that look much like a layer may be the right ones."""
        snapped = found.snapped
        if snapped.placed.layer.opacity < 100:
            return snapped.good > 0.5 * _SEEN and -snapped.cost > 0.5 * _EDGES
        return not self._search.sure(found) and snapped.exact > 0.1 and snapped.good > _LIKELY

    def _taken(self, pose: Pose) -> bool:
        """Whether layers that are right already show nearly everywhere where an element would be."""
        box = self._search.window(pose, 0.7)
        return box is not None and float(self.canvas.hidden(0, box).mean()) > _TAKEN


def _smooth(target: npt.NDArray[np.uint8]) -> Image.Image:
    """A picture without its things: what stands in for a ground that is not known."""
    size = max(8, min(target.shape[:2]) // 24)
    soft = cv2.GaussianBlur(target, (0, 0), size)
    return Image.fromarray(soft).convert("RGBA")
