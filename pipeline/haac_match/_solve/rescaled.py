"""Solver for rescaled pictures: once the original is known, layers stand on the canvas that they were composed on."""

from __future__ import annotations

from haac import Layer
from haac_match._fit.fitter import Fitter
from haac_match._picture.arrays import Box, overlap
from haac_match._picture.canvas import Canvas, Placed, Placement
from haac_match._picture.estimate import BackgroundEstimate, Drawn
from haac_match._picture.rescale import RescaledCanvas
from haac_match._solve.context import Context
from haac_match._solve.original_size import estimate_original, fit_to_size
from haac_match._solve.residuals import Residuals
from haac_match._solve.select import Selector
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.solve import RESCALED


class RescaledSolver(Selector):
    """Selects hypotheses, and moves to the canvas of the original where the picture turns out to be rescaled.

    Args:
        fitter: fits them.
        context: elements, index, effort.
        estimate: what is behind the elements, and how much that explains.
    """

    def __init__(self, fitter: Fitter, context: Context, estimate: BackgroundEstimate) -> None:
        super().__init__(fitter, context)
        self.canvas = fitter.canvas
        self._residuals = Residuals(self.canvas, fitter)
        self.background: Drawn | None = estimate.background
        self._noise = estimate.noise
        self._pixels = estimate.pixels
        self._maybe_degraded = False
        self._tried_shape: dict[Box, int] = {}
        self._tried_residual: dict[Box, int] = {}
        self._tried_keypoints: list[tuple[float, float]] = []
        self._layers_when_asked = 0
        self._refitted: set[tuple[Layer, int]] = set()

    @property
    def _on_original(self) -> bool:
        """Whether layers stand on the canvas of the original."""
        return isinstance(self.canvas, RescaledCanvas)

    def _detect_rescaling(self, more: int) -> bool:
        """Whether the picture turns out to be rescaled; then layers stand on the canvas of the original.

        Args:
            more: layers that must have been added since the last look.
        """
        fitter = self.fitter
        if (
            self._clean
            or fitter.jpeg is not None
            or fitter.unknown
            or len(self.canvas.layers) < self._layers_when_asked + more
        ):
            return False
        self._layers_when_asked = len(self.canvas.layers)
        if self._residuals.proves():
            return False
        shrunk = estimate_original(self.canvas, self.background, fitter)
        if shrunk is None:
            return False
        self._use(shrunk)
        self._maybe_degraded = False
        self._clean = fitter.clean = True
        fitter.tolerance = PICTURE.clean_tolerance
        self._refit_all()
        return True

    def _use(self, canvas: Canvas) -> None:
        self.canvas = self.fitter.canvas = canvas
        self._residuals = Residuals(canvas, self.fitter)
        self._tried_shape.clear()
        self._tried_residual.clear()
        self._tried_keypoints.clear()

    def _refit_all(self) -> None:
        """Refit each layer that is not right, beside the others and at other places in the stack."""
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            state = placed.layer, len(self.canvas.layers)
            if state in self._refitted or not self._residuals.wrong(z, placed):
                continue
            self._refitted.add(state)
            best: Placement = self._residuals.total(), z, placed
            self.canvas.remove(z)
            fine = self.fitter.fine(z, self.fitter.pose_of(placed.layer), RESCALED.fine_side)
            found = self.fitter.on_grid(z, fine.pose) if fine is not None else None
            for option in [placed] if found is None else [placed, found.fit.placed]:
                best = self._best_place(option, z, best)
            self.canvas.insert(*best[1:])

    def _best_place(self, placed: Placed, z: int, best: Placement) -> Placement:
        """The best placement before, or that of a layer at z, at an end of the stack, or next to one that it touches."""
        places = {z, 0, len(self.canvas.layers)} | self.canvas.neighbouring_places(placed)
        return self.canvas.best_placement([placed], places, self._residuals.total, best)

    def _return_to_size(self) -> None:
        """Fit the layers to the picture's own size: that is what the recipe shows."""
        shrunk = self.canvas
        assert isinstance(shrunk, RescaledCanvas)
        self._use(Canvas(shrunk.target, self._pixels))
        self._clean = self.fitter.clean = False
        self.fitter.tolerance = PICTURE.noisy_tolerance(self._noise)
        fit_to_size(shrunk, self.canvas, self.fitter)

    def _forget(self, box: Box) -> None:
        """Forget failures in a box: what failed there may now succeed."""
        for failed in (self._tried_shape, self._tried_residual):
            for other in [other for other in failed if overlap(other, box) is not None]:
                del failed[other]
