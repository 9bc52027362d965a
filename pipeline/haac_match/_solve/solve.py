"""Which solver a picture gets: what another program drew is told by the detections, what haac drew is solved to the bit."""

from __future__ import annotations

from PIL import Image

from haac import Layer, Scene
from haac_match._detect.detect import Detection, intersection_over_union
from haac_match._fit.cutout import CutoutCache
from haac_match._fit.fitter import Fitter
from haac_match._picture.arrays import Bytes
from haac_match._picture.background import dominant_colour
from haac_match._picture.canvas import Canvas
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
    if detected and not _is_drawn_by_haac(target, detected, context, recorded):
        shown = dominant_colour(target) if background is None else background
        layers = [_layer(found, context.cutouts) for found in detected]
        scene = Scene(target.shape[1], target.shape[0], shown.background, layers)
        return scene, SOLVE.unknown_background
    solver, background = _solver(target, background, context, recorded)
    solver.solve()
    shown_background = dominant_colour(target).background if background is None else solver.background
    layers = [placed.layer for placed in solver.canvas.layers]
    layers += _missed(detected, solver, context)
    scene = Scene(target.shape[1], target.shape[0], shown_background, layers)
    return scene, SOLVE.unknown_background if background is None else solver.threshold


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
        behind = Image.fromarray(found.background.pixels((0, 0, width, height))).convert("RGBA")
        fitter = Fitter(Canvas(target, behind), context.cutouts, PICTURE.clean_tolerance, context.mapped)
        fine = fitter.fine(0, found.pose)
        grid = None if fine is None else fitter.on_grid(0, fine.pose)
        if grid is not None and grid.fit.exact > _EXACT:
            return True
        if jpeg is None:
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
