"""Per-pixel residual of the current layers, under the degradation assumed for the input."""

from __future__ import annotations

import cv2
import numpy as np

from haac_match._fit.fitter import Fitter
from haac_match._picture.arrays import Bools, Box, Bytes, Floats, squared
from haac_match._picture.canvas import Canvas, Placed
from haac_match._picture.degraded import tolerant_difference
from haac_match._picture.jpeg import whole_cells
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.solve import RESIDUAL


class Residuals:
    """Residuals of a canvas.

    Args:
        canvas: what is there.
        fitter: knows the degradation, and how far a right pixel may be off.
    """

    def __init__(self, canvas: Canvas, fitter: Fitter) -> None:
        self._canvas, self._fitter = canvas, fitter
        self._damaged: tuple[int, Bytes] | None = None

    def unexplained(self) -> Bools:
        """(height, width), True where the composite does not explain the picture."""
        wrong = self.off((0, 0, *self._canvas.size)) > self._fitter.tolerance
        if not self._fitter.clean:
            # Edges that a degraded picture has elsewhere by a pixel are no elements.
            wrong = cv2.morphologyEx(wrong.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
        return wrong

    def off(self, box: Box) -> Floats:
        """(height, width): absolute residual, levels."""
        left, top, right, bottom = box
        made, target = self._made(box), self._canvas.target[top:bottom, left:right]
        if not self._fitter.clean:
            return tolerant_difference(made, target, reach=True)
        off: Floats = np.abs(made.astype(np.float32) - target).max(axis=2)
        return off

    def _made(self, box: Box) -> Bytes:
        """(height, width, 3): the composite, after the degradation of the picture if that is known."""
        jpeg, whole = self._fitter.jpeg, (0, 0, *self._canvas.size)
        if jpeg is not None and box == whole:
            if self._damaged is None or self._damaged[0] != self._canvas.version:
                self._damaged = self._canvas.version, jpeg.round_trip(self._canvas.current)
            return self._damaged[1]
        x, y, *end = box if jpeg is None else whole_cells(box, self._canvas.size)
        part = self._canvas.current[y : end[1], x : end[0]]
        if jpeg is not None:
            part = jpeg.round_trip(np.ascontiguousarray(part))
        return part[box[1] - y : box[3] - y, box[0] - x : box[2] - x]

    def wrong(self, z: int, placed: Placed) -> bool:
        """Whether too many of the visible pixels of a layer are not right."""
        alpha = np.asarray(placed.pixels.getchannel("A"))
        if self._fitter.through:
            shows = (alpha > 0) & (self._canvas.veil(z + 1, placed.box)[:, :, 3] < PICTURE.dense)
        else:
            shows = (alpha > 0) & ~self._canvas.hidden(z + 1, placed.box)
        off = self.off(placed.box)
        slack = self._canvas.slack
        wrong = int((off[shows] > (slack if self._fitter.clean else self._fitter.tolerance)).sum())
        part = (RESIDUAL.wrong_rounded * slack) if self._fitter.clean else RESIDUAL.wrong_degraded
        return wrong > part * int(shows.sum())

    def proves(self) -> bool:
        """Whether some layer is right bit for bit wherever it shows, edges included: none is in a rescaled picture or a JPEG."""
        for z, placed in enumerate(self._canvas.layers):
            left, top, right, bottom = placed.box
            shows = np.asarray(placed.pixels.getchannel("A")) >= PICTURE.shows
            shows &= ~self._canvas.hidden(z + 1, placed.box)
            box = np.s_[top:bottom, left:right]
            same = (self._canvas.current[box] == self._canvas.target[box]).all(axis=2)
            if shows.sum() > RESIDUAL.proof and same[shows].all():
                return True
        return False

    def total(self) -> float:
        """Squared error, summed over pixels and channels."""
        return float(squared(self._made((0, 0, *self._canvas.size)), self._canvas.target).sum())
