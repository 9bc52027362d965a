"""Final polish of JPEG inputs: re-fit background and inexact layers under the known JPEG round trip."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt

from haac import Colour, Gradient
from haac_match._fit.fitter import Hypothesis
from haac_match._fit.grid import GridSearch
from haac_match._picture.arrays import Bools, Box, squared
from haac_match._picture.canvas import Canvas, Placed, Placement
from haac_match._picture.estimate import Drawn, drawn
from haac_match._picture.jpeg import CELL, Jpeg, whole_cells
from haac_match._picture.pose import Pose
from haac_match._propose.lookalikes import lookalikes
from haac_match._solve.select import Selector
from haac_match._thresholds.fit import FIT
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.solve import JPEG_POLISH

_log = logging.getLogger(__name__)


class JpegPolish:
    """Re-fits background and inexact layers of a picture under the JPEG round trip that it went through.

    Args:
        selector: compares look-alikes; its fitter knows of the JPEG.
    """

    def __init__(self, selector: Selector) -> None:
        self._selector, self._fitter = selector, selector.fitter

    def polish(self, background: Drawn | None) -> Drawn | None:
        """Re-fit all that is not right to the bit; nothing happens if no JPEG is known.

        Args:
            background: of the canvas.

        Returns:
            The background, which may have become another one.
        """
        fitter = self._fitter
        if fitter.jpeg is None or fitter.unknown:
            return background
        if isinstance(background, Colour | Gradient):
            background = refit_background(fitter.canvas, background, fitter.jpeg)
        for _ in range(JPEG_POLISH.rounds):
            if not self._mend(fitter.jpeg):
                break
        if drop(fitter.canvas, fitter.jpeg):
            self._mend(fitter.jpeg)
        return background

    def _mend(self, jpeg: Jpeg) -> bool:
        """Re-fit each layer that is not right to the bit, at each place in the stack where that shows; then its look-alikes.

        Returns:
            Whether anything changed.
        """
        canvas, fitter = self._fitter.canvas, self._fitter
        changed, most = False, JPEG_POLISH.looks
        for placed in list(canvas.layers):
            z = canvas.layers.index(placed)
            left, top, right, bottom = placed.box
            room = JPEG_POLISH.room
            box = whole_cells((left - room, top - room, right + room, bottom + room), canvas.size)
            best: Placement = (_left_in(canvas, jpeg, box), z, placed)
            if best[0] == 0:
                continue
            canvas.remove(z)
            places = {z} | canvas.neighbouring_places(placed)

            def tried(
                options: list[Placed], best: Placement, places: set[int] = places, box: Box = box
            ) -> Placement:
                return canvas.best_placement(options, places, lambda: _left_in(canvas, jpeg, box), best)

            found = fitter.on_grid(z, fitter.pose_of(placed.layer))
            best = tried([placed] if found is None else [placed, found.fit.placed], best)
            if best[0] > 0 and found is not None and most > 0:
                most -= 1
                best = tried(self._best_lookalikes(found), best)
            if best[0] > 0 and found is not None and found.fit.left > JPEG_POLISH.look_again and most > 0:
                best = tried([self._selector.among_lookalikes(found).fit.placed], best)
            canvas.insert(best[1], best[2])
            if best[1:] != (z, placed):
                _log.debug("mended %s -> %s, %d -> %d, %d left", placed.layer, best[2].layer, z, *best[1::-1])
                changed = True
        return changed

    def _best_lookalikes(self, found: Hypothesis) -> list[Placed]:
        """The best of the look-alikes of a layer, each where it stands: a shade of skin is all that is left to tell."""
        canvas, fitter = self._fitter.canvas, self._fitter
        layer = found.fit.placed.layer
        box = whole_cells(found.fit.placed.box, canvas.size)
        degrade = None if fitter.jpeg is None else fitter.jpeg.round_trip
        costs: list[tuple[int, int, Pose]] = []
        for pose in lookalikes(fitter.pose_of(layer), self._selector.gallery, JPEG_POLISH.lookalikes):
            image = fitter.cutouts[pose.element].image
            grid = GridSearch(canvas, found.z, image, box, degrade=degrade)
            costs.append((grid.cost(fitter.layer_of(pose, layer.height is None)), len(costs), pose))
        least = sorted(costs, key=lambda one: one[:2])[: JPEG_POLISH.lookalikes_to_grid]
        made = [fitter.on_grid(found.z, pose) for _, _, pose in least]
        return [trial.fit.placed for trial in made if trial is not None]


def drop(canvas: Canvas, jpeg: Jpeg) -> bool:
    """Drop layers that are mostly wrong, the worst first: they only lower the error of something that was not found.

    Returns:
        Whether there were any.
    """
    before = len(canvas.layers)
    while canvas.layers:
        near = residual(canvas, jpeg) <= JPEG_POLISH.nearly
        part, z = min((_part_near(canvas, z, near), z) for z in range(len(canvas.layers)))
        if part > JPEG_POLISH.mostly:
            break
        _log.debug("dropped %s, %.2f right", canvas.layers[z].layer, part)
        canvas.remove(z)
    return len(canvas.layers) < before


def _part_near(canvas: Canvas, z: int, near: Bools) -> float:
    """Share of the visible pixels of a layer that is nearly right; 0 if none is visible."""
    placed = canvas.layers[z]
    left, top, right, bottom = placed.box
    shows = np.asarray(placed.pixels.getchannel("A")) >= PICTURE.shows
    shows = shows & ~canvas.hidden(z + 1, placed.box)
    return float(near[top:bottom, left:right][shows].mean()) if shows.any() else 0.0


def residual(canvas: Canvas, jpeg: Jpeg) -> npt.NDArray[np.int32]:
    """(height, width): clipped squared error of each pixel after the JPEG round trip of the composite."""
    made: npt.NDArray[np.int32] = np.minimum(
        squared(jpeg.round_trip(canvas.current), canvas.target), FIT.clip**2
    )
    return made


def equivalent_backgrounds(background: Colour | Gradient, jpeg: Jpeg) -> list[Colour | Gradient]:
    """Backgrounds that a JPEG hardly tells from one: colours that decode to the same one, gradients of nearly the same angle."""
    if isinstance(background, Gradient):
        return [replace(background, angle=(background.angle + step) % 1440) for step in (-1, 1)]
    most = JPEG_POLISH.colour_steps
    own = [background.rgba >> shift & 255 for shift in (24, 16, 8)]
    near = [
        [value + step for value, step in zip(own, steps, strict=True)]
        for steps in product(range(-most, most + 1), repeat=3)
    ]
    near = [rgb for rgb in near if min(rgb) >= 0 and max(rgb) <= 255]
    tiles = np.array([own, *near], np.uint8).repeat(CELL, axis=0)[None].repeat(CELL, axis=0)
    seen = jpeg.round_trip(tiles)[CELL // 2, CELL // 2 :: CELL]
    return [
        Colour(rgb[0] << 24 | rgb[1] << 16 | rgb[2] << 8 | 0xFF)
        for rgb, became in zip(near, seen[1:], strict=True)
        if rgb != own and np.array_equal(became, seen[0])
    ]


def refit_background(canvas: Canvas, background: Colour | Gradient, jpeg: Jpeg) -> Colour | Gradient:
    """The best of the equivalent backgrounds. The canvas gets it."""
    best, least = background, int(residual(canvas, jpeg).sum())
    kept = canvas.background
    whole: Box = (0, 0, *canvas.size)
    for other in equivalent_backgrounds(background, jpeg):
        if least == 0:
            break
        before = canvas.background
        canvas.background = drawn(other, canvas.size)
        canvas.refresh(whole)
        if (error := int(residual(canvas, jpeg).sum())) < least:
            best, least, kept = other, error, canvas.background
        canvas.background = before
    canvas.background = kept
    canvas.refresh(whole)
    _log.debug("background %s -> %s, %d left", background, best, least)
    return best


def _left_in(canvas: Canvas, jpeg: Jpeg, box: Box) -> int:
    """Clipped squared error in whole cells, without the outermost pixels: chroma comes from beyond them."""
    left, top, right, bottom = box
    made = jpeg.round_trip(np.ascontiguousarray(canvas.current[top:bottom, left:right]))
    off = squared(made, canvas.target[top:bottom, left:right])[1:-1, 1:-1]
    return int(np.minimum(off, FIT.clip**2).sum())
