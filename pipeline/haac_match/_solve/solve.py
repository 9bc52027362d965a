"""Which solver a picture gets: what another program drew is told by the detections, what haac drew is solved to the bit."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from haac import Layer, Scene
from haac_match._detect.detect import Detection, intersection_over_union
from haac_match._fit.cutout import CutoutCache
from haac_match._fit.fitter import Fitter
from haac_match._picture.arrays import Bytes, squared
from haac_match._picture.background import dominant_colour
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.estimate import BackgroundEstimate
from haac_match._picture.jpeg import Jpeg, estimate_jpeg
from haac_match._solve.context import Context
from haac_match._solve.greedy import GreedySolver
from haac_match._solve.photo import PhotoSolver
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.solve import SOLVE

_TRIED = 3
"""Detections that are compared bit for bit, to tell whether haac drew the picture."""
_EXACT = 0.8
"""Share of a detection's pixels that are right to the bit from which on haac drew it; its edges depend on the background."""
_OFF, _STROKE = 40, 7
"""Levels from which on a pixel is not explained, and pixels of the strokes of a text..."""
_MUCH = 0.25
"""...of which, to those that detections show, there must be more for the solver of haac's own pictures to be tried as well."""
_BLUR, _BLUR_SHARE = 1.5, 0.01
"""Pixels, and share of an element's side, of the blur that resampling leaves."""
_SAME = 0.2
"""Intersection over union from which on a detection is where a layer is already."""


def solve(
    target: Bytes, background: BackgroundEstimate | None, context: Context, recorded: Jpeg | None
) -> tuple[Scene, float]:
    """The layers of a picture.

    Args:
        target: (height, width, 3).
        background: None if nothing explains it.
        context: elements, index, effort, threads.
        recorded: how the picture's file was encoded; None: if it went through JPEG, that is found out.

    Returns:
        The scene, and by how many levels a pixel of it may be wrong.
    """
    detected = [] if context.detector is None else context.detector.detect(target)[: context.max_layers]
    context.monitor.progress("looking for elements", len(detected))
    other = None
    if detected and not _is_drawn_by_haac(target, detected, context, recorded):
        behind = background or dominant_colour(target)
        other = _stack(target, behind, detected, context)
        area = sum(found.evidence.pixels for found in detected)
        if not _blurred(detected) and (background is None or _left(other) <= _MUCH * area):
            return _scene(other, behind), SOLVE.unknown_background
    solver, known = _solver(target, background, context, recorded)
    if not context.monitor.stop():
        solver.solve()
    if other is not None and (
        not solver.canvas.layers or (known is not None and _error(other) < solver.error())
    ):
        return _scene(other, behind), SOLVE.unknown_background
    shown = dominant_colour(target).background if known is None else solver.background
    layers = [placed.layer for placed in solver.canvas.layers]
    layers += _missed(detected, solver, context)
    scene = Scene(target.shape[1], target.shape[0], shown, layers)
    return scene, SOLVE.unknown_background if known is None else solver.threshold


def _stack(
    target: Bytes, background: BackgroundEstimate, detected: list[Detection], context: Context
) -> Canvas:
    """The detections as layers, nothing of which is refined."""
    canvas = Canvas(target, background.pixels)
    for found in detected:
        placed = place(_layer(found, context.cutouts), context.cutouts.image(found.pose.element), canvas.size)
        if placed is not None:
            canvas.insert(len(canvas.layers), placed)
    return canvas


def _blurred(detected: list[Detection]) -> bool:
    """Whether one seems to be blurred: on purpose, or it is a translucent one, as only haac's own pictures have them."""
    return any(found.pose.blur > _BLUR + _BLUR_SHARE * found.evidence.pixels**0.5 for found in detected)


def _scene(canvas: Canvas, background: BackgroundEstimate) -> Scene:
    return Scene(*canvas.size, background.background, [placed.layer for placed in canvas.layers])


def _left(canvas: Canvas) -> float:
    """Pixels that are not explained and thicker than the strokes of a text."""
    off = np.abs(canvas.current.astype(np.int16) - canvas.target).max(axis=2) > _OFF
    return float(cv2.morphologyEx(off.astype(np.uint8), cv2.MORPH_OPEN, np.ones((_STROKE, _STROKE))).sum())


def _error(canvas: Canvas) -> float:
    """Squared error, summed over pixels and channels."""
    return float(squared(canvas.current, canvas.target).sum())


def _solver(
    target: Bytes, background: BackgroundEstimate | None, context: Context, recorded: Jpeg | None
) -> tuple[GreedySolver, BackgroundEstimate | None]:
    """The solver, and the background that it takes for known: a trial decides where that is doubtful."""
    limit = SOLVE.doubtful if background is not None and background.noise > 0 else SOLVE.doubtful_exact
    doubtful = background is not None and background.share < limit
    if doubtful and background is not None and background.noise > SOLVE.coarse_noise:
        background, doubtful = None, False
    solver: GreedySolver = (
        PhotoSolver(target, context)
        if background is None
        else GreedySolver(target, background, context, recorded)
    )
    if doubtful:
        # A sky, or a picture that was degraded? On the former, elements are right bit for bit.
        trial = PhotoSolver(target, context)
        if trial.add_proven(SOLVE.trial):
            solver, background = trial, None
    return solver, background


def _is_drawn_by_haac(
    target: Bytes, detected: list[Detection], context: Context, recorded: Jpeg | None
) -> bool:
    """Whether one of the largest detections is right to the bit, or under the picture's JPEG round trip."""
    height, width = target.shape[:2]
    jpeg = estimate_jpeg(target, recorded)
    for found in sorted(detected, key=lambda each: -each.evidence.pixels)[:_TRIED]:
        behind = target if found.background is None else found.background.pixels((0, 0, width, height))
        canvas = Canvas(target, Image.fromarray(behind).convert("RGBA"))
        fitter = Fitter(canvas, context.cutouts, PICTURE.clean_tolerance, context.mapped)
        fitter.unknown = found.background is None
        fine = fitter.fine(0, found.pose)
        grid = None if fine is None else fitter.on_grid(0, fine.pose)
        if grid is not None and grid.fit.exact > _EXACT:
            return True
        if jpeg is None or fitter.unknown:
            continue
        fitter.clean, fitter.jpeg, fitter.tolerance = False, jpeg, PICTURE.noisy_tolerance(0)
        grid = None if fine is None else fitter.on_grid(0, fine.pose)
        if grid is not None and fitter.sure(grid):
            return True
    return False


def _layer(found: Detection, cutouts: CutoutCache) -> Layer:
    """The nearest layer on the recipe's grid."""
    return found.pose.layer(cutouts[found.pose.element].size, even=True)


def _missed(detected: list[Detection], solver: GreedySolver, context: Context) -> list[Layer]:
    """Detections where the solver found nothing."""
    boxes = [placed.box for placed in solver.canvas.layers]
    room = context.max_layers - len(boxes)
    missed = [
        found
        for found in detected
        if not any(intersection_over_union(found.extent, box) > _SAME for box in boxes)
    ]
    return [_layer(found, context.cutouts) for found in missed[: max(0, room)]]
