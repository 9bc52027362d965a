"""Estimate the size and filter of the original of a rescaled picture from the grid of its layers; rescaled renders prove it.

Centres of layers stand on half pixels. Those of a rescaled picture are on no grid but that of its original.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from PIL import Image

from haac import LIMITS
from haac_match._fit.fitter import Fitter
from haac_match._fit.grid import GridFit, GridSearch
from haac_match._picture.arrays import Doubles
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.estimate import Drawn, drawn
from haac_match._picture.pose import Pose, pose_of
from haac_match._picture.rescale import KERNELS, RescaledCanvas, Rescaling
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.solve import RESCALED

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A layer that is fitted well enough to tell the grid.

    Args:
        z: its place in the stack.
        pose: fitted.
        area: of its box, pixels.
    """

    z: int
    pose: Pose
    area: float


def estimate_original(
    canvas: Canvas,
    background: Drawn | None,
    fitter: Fitter,
) -> RescaledCanvas | None:
    """The layers on the canvas that they were composed on; None if nothing proves that the picture was rescaled.

    Args:
        canvas: what was found as if the picture had not been rescaled; nothing is right to the bit.
        background: its background.
        fitter: fits.
    """
    if background is None or len(canvas.layers) < RESCALED.layers:
        return None
    asked = _asked(canvas, fitter)
    if len(asked) < RESCALED.layers:
        return None
    trials: list[tuple[float, tuple[int, int]]] = []
    for original in sizes([(one.pose.cx, one.pose.cy) for one in asked], canvas.size):
        made, left = _tried(canvas, background, original, next(iter(KERNELS)), asked, fitter)
        if made is not None:
            return made
        trials.append((left, original))
    for left, original in sorted(trials)[: RESCALED.again]:
        for kernel in list(KERNELS)[1:] if left < RESCALED.again_error else []:
            made, _ = _tried(canvas, background, original, kernel, asked, fitter)
            if made is not None:
                return made
    return None


def _tried(
    canvas: Canvas,
    background: Drawn,
    original: tuple[int, int],
    kernel: Image.Resampling,
    asked: list[_Asked],
    fitter: Fitter,
) -> tuple[RescaledCanvas | None, float]:
    """The canvas of one size and filter (None if it is not the right one), and the mean squared error of the first layers there."""
    scaling = Rescaling(original, canvas.size, kernel)
    made = _on_original(canvas, background, scaling, fitter)
    first = _tested(made, asked[: RESCALED.layers], fitter)
    _log.debug("%s of %s: %s", kernel.name, original, [(round(t.exact, 3), round(t.left, 2)) for t in first])
    left = float(np.mean([test.left for test in first])) if first else math.inf
    if not any(map(_right, first)):
        return None, left
    tests = first + _tested(made, asked[RESCALED.layers : RESCALED.tests], fitter)
    if sum(map(_right, tests)) < max(RESCALED.layers, len(tests) / 2):
        return None, left
    _tested(made, asked[RESCALED.tests :], fitter)
    return made, left


def _asked(canvas: Canvas, fitter: Fitter) -> list[_Asked]:
    """Well fitted layers, fitted at a finer scale; the largest first, but for very large ones: the larger, the later."""
    made = []
    largest = sorted(
        range(len(canvas.layers)),
        key=lambda z: (-canvas.layers[z].pixels.width * canvas.layers[z].pixels.height, z),
    )
    for z in largest[: RESCALED.asked]:
        placed = canvas.remove(z)
        found = fitter.fine(z, fitter.pose_of(placed.layer), RESCALED.side)
        canvas.insert(z, placed)
        if found is not None and found.share > RESCALED.fits:
            made.append(_Asked(z, found.pose, placed.pixels.width * placed.pixels.height))
    return sorted(made, key=lambda one: max(one.area, RESCALED.large))


def sizes(middles: list[tuple[float, float]], size: tuple[int, int]) -> list[tuple[int, int]]:
    """Sizes of the original on which the centres of layers are on half pixels, the likeliest first.

    Args:
        middles: pixels of the picture.
        size: width and height of the picture.
    """
    places = np.array(middles)
    sides = [_near_grid(places[:, axis], size[axis]) for axis in (0, 1)]
    found = []
    for (width, across), (height, down) in product(*sides):
        # Both sides were rounded, or cut off, to whole pixels.
        least = max((size[0] - 1) / width, (size[1] - 1) / height)
        most = min((size[0] + 1) / width, (size[1] + 1) / height)
        if least > most or (width, height) == size or width * height > LIMITS.canvas_pixels:
            continue
        off = math.sqrt((across**2 + down**2) / 2)
        likely = any(
            abs(width * factor - size[0]) <= 1 and abs(height * factor - size[1]) <= 1
            for factor in (sixtieths / 60 for sixtieths in RESCALED.usual)
        )
        if off < RESCALED.off_grid:
            # On twice the size they are on half pixels as well.
            found.append(
                (off - RESCALED.usual_bonus * likely + RESCALED.size_price * width / size[0], (width, height))
            )
    return [original for _, original in sorted(found)[: RESCALED.sizes]]


def _near_grid(middles: Doubles, size: int) -> list[tuple[int, float]]:
    """Lengths of a side, and root mean square distances of the layers from half pixels there, in half pixels."""
    most = min(math.floor(RESCALED.most_factor * size), LIMITS.canvas_side)
    lengths = np.arange(math.ceil(RESCALED.least_factor * size), most + 1)
    steps = 2 * middles[:, None] * lengths / size
    off = np.sort(np.abs(steps - np.round(steps)), axis=0)[: math.ceil(RESCALED.near_grid * len(middles))]
    distance = np.sqrt(np.square(off).mean(axis=0))
    near = np.flatnonzero(distance < RESCALED.off_grid_side * RESCALED.off_grid)
    return [(int(lengths[index]), float(distance[index])) for index in near]


def _on_original(
    canvas: Canvas,
    background: Drawn,
    scaling: Rescaling,
    fitter: Fitter,
) -> RescaledCanvas:
    """The same layers on the grid of an original."""
    ground = drawn(background, scaling.original, fitter.cutouts)
    made = RescaledCanvas(canvas.target, ground, scaling)
    for placed in canvas.layers:
        element = fitter.cutouts[placed.layer.number]
        pose = fitter.pose_of(placed.layer).scaled(*scaling.factor)
        layer = pose.layer(element.size, placed.layer.height is None)
        whole = place(layer, element.image, scaling.original)
        shown = None if whole is None else made.scaled(whole)
        if shown is not None:
            made.insert(len(made.layers), shown)
    return made


def _tested(canvas: RescaledCanvas, asked: list[_Asked], fitter: Fitter) -> list[GridFit]:
    """Rescaled renders of layers on the grid of an original, compared with the picture."""
    made: list[GridFit] = []
    for one in asked:
        box = fitter.window(one.pose, RESCALED.window)
        if box is None or one.z >= len(canvas.layers):
            continue
        element = fitter.cutouts[one.pose.element]
        placed = canvas.remove(one.z)
        grid = GridSearch(canvas, one.z, element.image, box, through=True)
        pose = one.pose.scaled(*canvas.factor)
        options = [pose.layer(element.size, even) for even in ((True, False) if pose.even else (False,))]
        best = grid.descend(min(options, key=grid.cost), RESCALED.rounds)
        result = grid.result(best, PICTURE.clean_tolerance)
        if result is not None and not _right(result) and result.left < RESCALED.promising:
            result = grid.result(grid.polish(best, 1, 1), PICTURE.clean_tolerance)
        canvas.insert(one.z, placed if result is None else result.placed)
        if result is None or result.exact < RESCALED.resembling:
            break
        made.append(result)
    return made


def _right(test: GridFit) -> bool:
    return test.exact > RESCALED.proven and test.shown > RESCALED.shown


def fit_to_size(shrunk: RescaledCanvas, canvas: Canvas, fitter: Fitter) -> None:
    """Fit the layers of an original to a canvas of the picture's own size.

    Args:
        shrunk: the layers.
        canvas: empty; gets them.
        fitter: fits into that canvas.
    """
    poses = []
    for placed in shrunk.layers:
        element = fitter.cutouts[placed.layer.number]
        across, down = shrunk.factor
        pose = pose_of(placed.layer, element.size).scaled(1 / across, 1 / down)
        rough = place(pose.layer(element.size, placed.layer.height is None), element.image, canvas.size)
        if rough is not None:
            poses.append(pose)
            canvas.insert(len(canvas.layers), rough)
    for z, pose in enumerate(poses):
        placed = canvas.remove(z)
        found = fitter.on_grid(z, pose)
        canvas.insert(z, placed if found is None else found.fit.placed)
