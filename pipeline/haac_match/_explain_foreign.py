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
from haac_match._pose import Cutout, pose_of

_log = logging.getLogger(__name__)

_MADE_EXACT, _IN_VAIN = 48, 16
"""So many candidates are made exact, until so many in a row were none."""
_LEAST_OWN = 0.38
"""Part of the error where an element is that it must take away to be tried."""
_AT_A_PLACE = 5
"""Elements that are tried there where others failed."""
_MOST_BLUR = 6.0
"""Pixels: what is blurred more cannot be proved."""


class ForeignExplainer(Explainer):
    """One picture on a ground that is not known being explained."""

    _alike = 0.95

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
        places: list[tuple[float, float, int | None]] = []  # None: all is done there
        for fit, extent in self._proposer.candidates(most < _MADE_EXACT):
            pose = fit.pose
            if tried >= most or vain >= _IN_VAIN or fit.own < _LEAST_OWN:
                break
            near = [
                element for x, y, element in places if math.hypot(pose.cx - x, pose.cy - y) < 0.2 * extent
            ]
            if (
                pose.blur > _MOST_BLUR
                or None in near
                or pose.element in near
                or len(set(near)) >= _AT_A_PLACE
            ):
                continue
            again = max(
                self._search.verify([pose], 48, 2, known=True), key=lambda pair: pair[1].own, default=None
            )
            if again is None or again[1].own < _LEAST_OWN or again[1].pose.blur > _MOST_BLUR:
                continue
            tried += 1
            found = self._settle(*again)
            if (
                found is not None
                and found.snapped.exact > 0.1
                and not self._search.sure(found)
                and len(set(near)) < 2
            ):
                found = self._among_siblings(found)
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
            places.append((pose.cx, pose.cy, None if pays else pose.element))
            places.append((made.cx, made.cy, None if pays else made.element))
        return bool(self.canvas.layers)


def _smooth(target: npt.NDArray[np.uint8]) -> Image.Image:
    """A picture without its things: what stands in for a ground that is not known."""
    size = max(8, min(target.shape[:2]) // 24)
    soft = cv2.GaussianBlur(target, (0, 0), size)
    return Image.fromarray(soft).convert("RGBA")
