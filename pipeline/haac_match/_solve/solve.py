"""Which solver a picture gets: what another program drew is told by the detections, what haac drew is solved to the bit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image

from haac import Layer, Plate, Scene
from haac_match._detect.detect import Detection, intersection_over_union
from haac_match._fit.cutout import CutoutCache
from haac_match._fit.fit import Fit
from haac_match._fit.fitter import Fitter
from haac_match._picture.arrays import Bools, Bytes, squared
from haac_match._picture.background import dominant_colour
from haac_match._picture.canvas import Canvas, Placed, place
from haac_match._picture.estimate import BackgroundEstimate
from haac_match._picture.jpeg import Jpeg, estimate_jpeg
from haac_match._picture.pose import Pose
from haac_match._picture.splice_net import splice_likelihood
from haac_match._solve.context import Context
from haac_match._solve.greedy import GreedySolver
from haac_match._solve.original_size import estimate_original
from haac_match._solve.photo import PhotoSolver
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.solve import PHOTO, SELECT, SOLVE

_TRIED = 6
"""Detections that are compared bit for bit, to tell whether haac drew the picture..."""
_LEAST, _LARGE = 150, 20_000
"""...of so many pixels at least, as fewer prove nothing; those of more take long, and come last..."""
_NEARLY, _PERHAPS = 0.2, 0.003
"""...and where nothing is likely, those that leave no more than this share unexplained; where something is, those of this probability."""
_EXACT = 0.8
"""Share of a detection's pixels that are right to the bit from which on haac drew it; its edges depend on the background."""
_TELLING = 3
"""Detections of enough pixels, none of them exact, from which on another program drew the picture: fewer may be wrong ones."""
_OFF, _STROKE = 40, 7
"""Levels from which on a pixel is not explained, and pixels of the strokes of a text..."""
_ALIKE, _ONE_COLOUR = 16, 0.5
"""...and levels within which colours are alike, and the share of one of them that makes a part one of a colour..."""
_BOX = 0.9
"""...and the share of its bounding box that makes it a box..."""
_FAINT, _SIDE, _STRAIGHT = 12, 2, 0.65
"""...and levels of which a picture beside the elements is off, pixels of its sides, and the share of them that it follows..."""
_GAP = 15
"""...and pixels of the gaps in it, where it is like the background..."""
_MUCH = 0.25
"""...of which, to those that detections show, there must be more for the solver of haac's own pictures to be tried as well."""
_SCALED = 0.2
"""Logarithm of what a closer fit may change of a detection's size."""
_PASTED, _PASTED_PIXELS = 0.9, 400
"""Likelihood, and number of the pixels that must have it, for something to seem to be pasted: on nine photographs of ten, nothing does."""
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
    behind = background or dominant_colour(target)
    detected: list[Detection] = []
    other: Canvas | None = None
    # Nothing but haac stretches a photograph of the catalog over a canvas.
    if context.detector is not None and not isinstance(behind.background, Plate):
        found, doubtful = context.detector.detect(target)
        detected = found[: context.max_layers]
        possible = _possible(detected, doubtful)[: context.max_layers]
        context.monitor.progress("looking for elements", len(detected))
        stack = _stack(target, behind, detected, context)
        jpeg = estimate_jpeg(target, recorded)
        drawn = _is_drawn_by_haac(target, background, possible, context, jpeg)
        other = stack if detected and not drawn else None
        thorough = context.effort >= PHOTO.thorough and not detected
        if context.monitor.stop() or not (
            drawn
            or thorough
            or _seems_translucent(target, background, possible if background is None else detected, jpeg)
            or (
                background is not None
                and len(_telling(detected)) < _TELLING
                and _objects_left(stack, detected)
            )
        ):
            if detected or background is None:
                return _scene(stack, behind), SOLVE.unknown_background
            return _scene(stack, behind), PICTURE.noisy_tolerance(background.noise)
    solver = _solver(target, background, context, recorded)
    solver.solve()
    on_photograph = isinstance(solver, PhotoSolver)
    if other is not None and not on_photograph:
        error = float(squared(other.current, target).sum())
        if not solver.canvas.layers or error < solver.error():
            return _scene(other, behind), SOLVE.unknown_background
    shown = dominant_colour(target).background if on_photograph else solver.background
    layers = [placed.layer for placed in solver.canvas.layers]
    layers += _missed(detected, solver, context)
    scene = Scene(target.shape[1], target.shape[0], shown, layers)
    return scene, SOLVE.unknown_background if on_photograph else solver.threshold


def _possible(detected: list[Detection], doubtful: list[Detection]) -> list[Detection]:
    """What may tell that haac drew the picture, the largest first: it covers, blurs and fades elements, which makes them less likely."""
    if not detected:
        return [one for one in doubtful if one.evidence.unexplained < _NEARLY and not _large(one)]
    chosen = list(detected)
    for one in sorted(doubtful, key=lambda each: -each.probability):
        if one.probability < _PERHAPS:
            break
        if all(intersection_over_union(one.extent, other.extent) < _SAME for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda found: -found.evidence.pixels)


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


def _scene(canvas: Canvas, background: BackgroundEstimate) -> Scene:
    return Scene(*canvas.size, background.background, [placed.layer for placed in canvas.layers])


def _seems_translucent(
    target: Bytes, background: BackgroundEstimate | None, detected: list[Detection], jpeg: Jpeg | None
) -> bool:
    """Whether there may be translucent or blurred layers, as only haac's own pictures have them: none is right to the bit by itself."""
    if detected and not any(
        found.pose.blur > _BLUR + _BLUR_SHARE * found.evidence.pixels**0.5 for found in detected
    ):
        return False
    if background is not None:
        return bool(detected)
    return jpeg is None and int((splice_likelihood(target) >= _PASTED).sum()) >= _PASTED_PIXELS


def _objects_left(stack: Canvas, detected: list[Detection]) -> bool:
    """Whether much is unexplained that may be elements: no strokes of text, no other pictures, nor, as bubbles and bars are, of one colour.

    Where nothing else is in a picture, what has one colour and is no box may be an element, too.
    """
    off = np.abs(stack.current.astype(np.int16) - stack.target).max(axis=2)
    pictures = np.zeros(off.shape, bool)
    faint = off > _FAINT
    for mask in (faint, _closed(faint)):
        for box, part in _parts(mask):
            if _has_straight_sides(part):
                pictures[box] |= part
    colours = (stack.target // _ALIKE).astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    left = 0
    for box, part in _parts((off > _OFF) & ~pictures):
        pixels = int(part.sum())
        own = np.unique(colours[box][part], return_counts=True)[1].max() / pixels
        surface = own > _ONE_COLOUR and (bool(detected) or pixels > _BOX * part.size)
        left += 0 if surface else pixels
    return left > _MUCH * sum(found.evidence.pixels for found in detected)


def _parts(mask: Bools) -> Iterator[tuple[tuple[slice, slice], Bools]]:
    """Bounding box of each connected part that is thicker than a stroke, and where in it the part is."""
    thick = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((_STROKE, _STROKE), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(thick)
    for label, (x, y, width, height, _) in enumerate(boxes.tolist()):
        box = np.s_[y : y + height, x : x + width]
        if label:
            yield box, labels[box] == label


def _closed(mask: Bools) -> Bools:
    """Without its small gaps."""
    square = np.ones((_GAP, _GAP), np.uint8)
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, square) > 0)


def _has_straight_sides(part: Bools) -> bool:
    """Whether a part follows the sides of its bounding box, as a picture does that is shown beside, and hardly an element."""
    sides = part[:_SIDE].any(0), part[-_SIDE:].any(0), part[:, :_SIDE].any(1), part[:, -_SIDE:].any(1)
    return float(np.mean([side.mean() for side in sides])) > _STRAIGHT


def _solver(
    target: Bytes, background: BackgroundEstimate | None, context: Context, recorded: Jpeg | None
) -> GreedySolver:
    """The solver: a trial decides where the background is doubtful."""
    if background is None:
        return PhotoSolver(target, context)
    if background.share < (SOLVE.doubtful if background.noise > 0 else SOLVE.doubtful_exact):
        if background.noise > SOLVE.coarse_noise:
            return PhotoSolver(target, context)
        # A sky, or a picture that was degraded? On the former, elements are right bit for bit.
        trial = PhotoSolver(target, context)
        if trial.add_proven(SOLVE.trial):
            return trial
    return GreedySolver(target, background, context, recorded)


def _is_drawn_by_haac(
    target: Bytes,
    background: BackgroundEstimate | None,
    detected: list[Detection],
    context: Context,
    jpeg: Jpeg | None,
) -> bool:
    """Whether a detection is right to the bit, or under the picture's JPEG round trip, or several are once it was rescaled."""
    height, width = target.shape[:2]
    telling = sorted(_telling(detected), key=lambda each: (_large(each), each.evidence.unexplained))
    for found in telling[:_TRIED]:
        if background is not None:
            behind = background.pixels
        else:
            guess = target if found.background is None else found.background.pixels((0, 0, width, height))
            behind = Image.fromarray(guess).convert("RGBA")
        fitter = Fitter(Canvas(target, behind), context.cutouts, PICTURE.clean_tolerance, context.mapped)
        fitter.unknown = found.background is None and background is None
        fine = fitter.fine(0, found.pose)
        if fine is None or not _confirms(fine, found.pose) or (fitter.unknown and fine.right < PHOTO.fair):
            continue
        grid = fitter.on_grid(0, fine.pose)
        if grid is not None and grid.fit.exact > _EXACT:
            return True
        if jpeg is None or fitter.unknown:
            continue
        fitter.clean, fitter.jpeg, fitter.tolerance = False, jpeg, PICTURE.noisy_tolerance(0)
        grid = fitter.on_grid(0, fine.pose)
        if grid is not None and fitter.sure(grid):
            return True
    if jpeg is not None or background is None:
        return False
    stack = _stack(target, background, detected, context)
    fitter = Fitter(stack, context.cutouts, PICTURE.noisy_tolerance(background.noise), context.mapped)
    fitter.clean = False
    return estimate_original(stack, background.background, fitter) is not None


def _telling(detected: list[Detection]) -> list[Detection]:
    """Those that show enough to tell who drew them."""
    return [found for found in detected if found.evidence.pixels >= _LEAST]


def _confirms(fine: Fit, pose: Pose) -> bool:
    """Whether a closer fit is a good one, and near the pose that it began with: what is not takes long to compare, and is never exact."""
    return (
        fine.share > SELECT.least_share
        and fine.pose.blur <= PHOTO.most_blur
        and abs(math.log(fine.pose.sx / pose.sx)) < _SCALED
    )


def _large(found: Detection) -> bool:
    left, top, right, bottom = found.extent
    return (right - left) * (bottom - top) > _LARGE


def _layer(found: Detection, cutouts: CutoutCache) -> Layer:
    """The nearest layer on the recipe's grid."""
    return found.pose.layer(cutouts[found.pose.element].size, even=True)


def _missed(detected: list[Detection], solver: GreedySolver, context: Context) -> list[Layer]:
    """Detections where the solver found nothing, and that are nearer to the picture than what it has there."""
    canvas = solver.canvas
    boxes = [placed.box for placed in canvas.layers]
    missed = []
    for found in detected:
        if any(intersection_over_union(found.extent, box) > _SAME for box in boxes):
            continue
        layer = _layer(found, context.cutouts)
        placed = place(layer, context.cutouts.image(found.pose.element), canvas.size)
        if placed is None:
            continue
        # Where the background is unknown, the solver's canvas shows the picture itself.
        if not isinstance(solver, PhotoSolver) and not _is_nearer(canvas, placed):
            continue
        missed.append(layer)
    return missed[: max(0, context.max_layers - len(boxes))]


def _is_nearer(canvas: Canvas, placed: Placed) -> bool:
    """Whether a canvas is nearer to its picture with a layer on top."""
    before = squared(canvas.current, canvas.target).sum()
    canvas.insert(len(canvas.layers), placed)
    after = squared(canvas.current, canvas.target).sum()
    canvas.remove(len(canvas.layers) - 1)
    return bool(after < before)
