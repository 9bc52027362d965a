"""Which solver a picture gets: one for a background that is known, one for a photograph as background, or a trial of both."""

from __future__ import annotations

from haac import Scene
from haac_match._picture.arrays import Bytes
from haac_match._picture.background import dominant_colour
from haac_match._picture.estimate import BackgroundEstimate
from haac_match._picture.jpeg import Jpeg
from haac_match._solve.context import Context
from haac_match._solve.greedy import GreedySolver
from haac_match._solve.photo import PhotoSolver
from haac_match._thresholds.solve import SOLVE


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
    solver.solve()
    shown = dominant_colour(target).background if background is None else solver.background
    scene = Scene(target.shape[1], target.shape[0], shown, [placed.layer for placed in solver.canvas.layers])
    return scene, SOLVE.unknown_background if background is None else solver.threshold
