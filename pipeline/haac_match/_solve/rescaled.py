"""A picture that turns out to have been scaled: from then on layers stand on the canvas that it was composed on."""

from __future__ import annotations

from collections.abc import Callable

from haac import Layer
from haac_match._fit.cutout import Cutout
from haac_match._fit.fitter import Searcher
from haac_match._index.gallery import Things
from haac_match._picture.arrays import Box, overlap
from haac_match._picture.background import Ground
from haac_match._picture.canvas import Canvas, Placed
from haac_match._picture.rescale import Shrunk
from haac_match._solve.original_size import fitted, recognised
from haac_match._solve.residuals import Standing
from haac_match._solve.select import Chooser

FINE = 200
"""Pixels of the window in which layers are fitted once it is known how a picture was scaled."""


class Restorer(Chooser):
    """Chooses among candidates, and changes to the canvas of the original.

    Args:
        search: fits them.
        cutout: gives an element's pixels by its number.
        things: what may be found.
        effort: 1 to 9.
        ground: what is behind the things.
    """

    def __init__(
        self,
        search: Searcher,
        cutout: Callable[[int], Cutout],
        things: Things,
        effort: int,
        ground: Ground,
    ) -> None:
        super().__init__(search, cutout, things, effort)
        self.canvas = search.canvas
        self._standing = Standing(self.canvas, search)
        self.background, self._noise = ground.background, ground.noise
        self._pixels = ground.pixels
        self._doubtful = False
        self._failed: dict[Box, int] = {}
        self._vainly: dict[Box, int] = {}
        self._vain: list[tuple[float, float]] = []
        self._asked = 0
        self._settled: set[tuple[Layer, int]] = set()

    @property
    def _restored(self) -> bool:
        """Whether layers stand on the canvas that the picture had before it was scaled."""
        return isinstance(self.canvas, Shrunk)

    def _look_for_scaling(self, more: int) -> bool:
        """Whether the picture turns out to have been scaled; then layers stand on the canvas that it had before.

        Args:
            more: layers that must have come since it was looked for last.
        """
        search = self._search
        if (
            self._clean
            or search.jpeg is not None
            or search.unknown
            or len(self.canvas.layers) < self._asked + more
        ):
            return False
        self._asked = len(self.canvas.layers)
        if self._standing.proves():
            return False
        shrunk = recognised(self.canvas, self.background, search, self._cutout)
        if shrunk is None:
            return False
        self._use(shrunk)
        self._doubtful = False
        self._clean = search.clean = True
        search.tolerance = 2.0
        self._settle_all()
        return True

    def _use(self, canvas: Canvas) -> None:
        self.canvas = self._search.canvas = canvas
        self._standing = Standing(canvas, self._search)
        self._failed.clear()
        self._vainly.clear()
        self._vain.clear()

    def _settle_all(self) -> None:
        """Fit each layer that is not right anew, beside the others that are there now, and at other places in the stack."""
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            state = placed.layer, len(self.canvas.layers)
            if state in self._settled or not self._standing.wrong(z, placed):
                continue
            self._settled.add(state)
            best = self._standing.total(), z, placed
            self.canvas.remove(z)
            fine = self._search.refine(z, self._search.pose_of(placed.layer), FINE)
            found = self._search.exact(z, fine.pose) if fine is not None else None
            for option in [placed] if found is None else [placed, found.snapped.placed]:
                best = self._best_place(option, z, best)
            self.canvas.insert(*best[1:])

    def _best_place(
        self, placed: Placed, z: int, best: tuple[float, int, Placed]
    ) -> tuple[float, int, Placed]:
        """What leaves least, where in the stack, and the layer: the best before, or one at z, at an end, or next to one that it touches."""
        for other in sorted({z, 0, len(self.canvas.layers)} | self.canvas.places_beside(placed)):
            self.canvas.insert(other, placed)
            if (total := self._standing.total()) < best[0]:
                best = total, other, placed
            self.canvas.remove(other)
        return best

    def _fit_to_size(self) -> None:
        """What is compressed comes back in its own size: the layers, fitted to that."""
        shrunk = self.canvas
        assert isinstance(shrunk, Shrunk)
        self._use(Canvas(shrunk.target, self._pixels))
        self._clean = self._search.clean = False
        self._search.tolerance = 12.0 + 2 * self._noise
        fitted(shrunk, self.canvas, self._search, self._cutout)

    def _forget(self, box: Box) -> None:
        """What failed in a box may now succeed."""
        for failed in (self._failed, self._vainly):
            for other in [other for other in failed if overlap(other, box) is not None]:
                del failed[other]
