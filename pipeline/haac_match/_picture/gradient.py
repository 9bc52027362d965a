"""Linear gradients: RANSAC over flat blocks, then an integer search on the recipe's grid."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from haac import Gradient
from haac._internal import COS, sin
from haac_match._picture.arrays import Bools, Bytes, Doubles, Integers
from haac_match._picture.estimate import BackgroundEstimate, evaluate
from haac_match._thresholds.picture import GRADIENT


def fit_gradient(target: Bytes) -> BackgroundEstimate | None:
    """A linear gradient, by fitting planes to the flat blocks of the picture; None if there is none.

    Args:
        target: (height, width, 3).
    """
    height, width = target.shape[:2]
    if min(height, width) < GRADIENT.least_side:
        return None
    points, colours = _flat_blocks(target)
    if len(points) < GRADIENT.least_places:
        return None
    chosen = _consensus(points, colours)
    if chosen is None:
        return None
    plane, inliers = chosen
    points, colours = points[inliers], colours[inliers]
    design = np.column_stack([np.ones(len(points)), points])
    for _ in range(GRADIENT.refits):
        plane = np.linalg.lstsq(design, colours, rcond=None)[0]
        off = np.abs(design @ plane - colours).max(axis=1)
        keep = off <= max(GRADIENT.refit_off, GRADIENT.refit_times * float(np.median(off)))
        if keep.sum() < GRADIENT.least_places:
            break
        design, colours = design[keep], colours[keep]
    slopes = plane[1:]  # (2, 3): right and down
    # One direction for all channels: the first principal one.
    direction = np.linalg.svd(slopes)[0][:, 0]
    angle = math.atan2(-direction[1], direction[0])
    turn = round(angle / math.tau * 1440) % 1440
    return _on_grid(target, design[:, 1:], turn)


def _flat_blocks(target: Bytes) -> tuple[Doubles, Doubles]:
    """Centres (x, y) and mean colours, (blocks, 2) and (blocks, 3), of blocks that no element is in."""
    height, width = target.shape[:2]
    side = min(height, width) // GRADIENT.blocks
    block = max(GRADIENT.least_block, min(GRADIENT.most_block, side))
    rows, columns = height // block, width // block
    cut = target[: rows * block, : columns * block].astype(np.float32)
    blocks = cut.reshape(rows, block, columns, block, 3)
    spread = blocks.std(axis=(1, 3)).max(axis=2)
    means = blocks.mean(axis=(1, 3))
    flattest = float(np.quantile(spread, GRADIENT.flat_quantile))
    flat = spread < max(GRADIENT.flat, GRADIENT.flat_times * flattest)
    y, x = np.nonzero(flat)
    points = np.column_stack([(x + 0.5) * block, (y + 0.5) * block]).astype(np.float64)
    return points, means[flat].astype(np.float64)


def _consensus(points: Doubles, colours: Doubles) -> tuple[npt.NDArray[np.floating], Bools] | None:
    """RANSAC: the plane through three of the places that most others lie on, and which of them do.

    Source: M. Fischler, R. Bolles, "Random sample consensus" (1981).
    """
    random = np.random.default_rng(1)
    design = np.column_stack([np.ones(len(points)), points])
    best: tuple[int, npt.NDArray[np.floating], Bools] | None = None
    for _ in range(GRADIENT.draws):
        three = random.choice(len(points), 3, replace=False)
        if abs(np.linalg.det(design[three])) < GRADIENT.least_spread:
            continue
        plane = np.linalg.solve(design[three], colours[three])
        inliers = np.abs(design @ plane - colours).max(axis=1) < GRADIENT.agrees
        count = int(inliers.sum())
        if best is None or count > best[0]:
            best = count, plane, inliers
    if best is None or best[0] < max(GRADIENT.least_places, GRADIENT.least_agreeing * len(points)):
        return None
    return best[1], best[2]


def _on_grid(target: Bytes, points: npt.NDArray[np.floating], turn: int) -> BackgroundEstimate:
    """The gradient on the grid of the recipe that gives the most samples exactly.

    Args:
        target: (height, width, 3).
        points: (n, 2), x and y of flat blocks on the gradient.
        turn: angle to begin with, quarter degrees.
    """
    height, width = target.shape[:2]
    random = np.random.default_rng(2)
    count = min(len(points), GRADIENT.samples)
    picked = points[random.choice(len(points), count, replace=False)]
    # Some pixels in each of these blocks, as whole numbers.
    reach = GRADIENT.sample_reach
    spread = random.integers(-reach, reach, (count, GRADIENT.samples_each, 2))
    at = np.clip((picked[:, None] + spread).reshape(-1, 2).astype(np.int64), 0, [width - 1, height - 1])
    samples = target[at[:, 1], at[:, 0]].astype(np.int64)
    tried: dict[int, tuple[int, Integers, Integers]] = {}
    for step in GRADIENT.angle_steps:
        for offset in range(-GRADIENT.angle_reach, GRADIENT.angle_reach + 1):
            angle = (turn + offset * step) % 1440
            if angle not in tried:
                tried[angle] = _best_ends(at, samples, angle, (width, height))
        turn = max(tried, key=lambda key: tried[key][0])
    _, start, end = tried[turn]
    return evaluate(target, Gradient(_packed(start), _packed(end), turn))


def _best_ends(
    at: Integers, samples: Integers, angle: int, size: tuple[int, int]
) -> tuple[int, Integers, Integers]:
    """The ends of a gradient at an angle: least squares, then the best whole numbers around.

    Args:
        at: (n, 2), x and y of samples.
        samples: (n, 3), their colours.
        angle: quarter degrees.
        size: of the picture.

    Returns:
        How many channels of samples are exact, and the RGB of start and end.
    """
    width, height = size
    across, down = COS[angle], -sin(angle)
    reach = width * abs(across) + height * abs(down)
    place = (2 * at[:, 0] + 1 - width) * across + (2 * at[:, 1] + 1 - height) * down + reach
    t = place / (2 * reach)
    design = np.column_stack([1 - t, t])
    solved = np.linalg.lstsq(design, samples.astype(np.float64), rcond=None)[0]
    start, end, hits = np.zeros(3, np.int64), np.zeros(3, np.int64), 0
    for channel in range(3):
        best = -1
        for a in _around(solved[0, channel]):
            for b in _around(solved[1, channel]):
                made = (a * (2 * reach - place) + b * place + reach) // (2 * reach)
                hit = int((made == samples[:, channel]).sum())
                if hit > best:
                    best, start[channel], end[channel] = hit, a, b
        hits += best
    return hits, start, end


def _around(value: float) -> range:
    """Levels around one that is no whole number."""
    whole = math.floor(value)
    return range(max(0, whole - GRADIENT.end_reach), min(255, whole + 1 + GRADIENT.end_reach) + 1)


def _packed(rgb: Integers) -> int:
    """RGBA of an opaque colour."""
    return int(rgb[0]) << 24 | int(rgb[1]) << 16 | int(rgb[2]) << 8 | 0xFF
