"""Linear gradients: RANSAC over flat places, then an integer search on the recipe's grid."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from haac import Gradient
from haac_match._picture.arrays import Bools, Bytes, Doubles, Integers
from haac_match._picture.estimate import BackgroundEstimate, evaluate


def fit_gradient(target: Bytes) -> BackgroundEstimate | None:
    """A linear gradient, by fitting planes to the flat places of the picture. None if there is none."""
    height, width = target.shape[:2]
    if min(height, width) < 16:
        return None
    points, colours = _flat_places(target)
    if len(points) < 12:
        return None
    chosen = _consensus(points, colours)
    if chosen is None:
        return None
    plane, inliers = chosen
    points, colours = points[inliers], colours[inliers]
    design = np.column_stack([np.ones(len(points)), points])
    for _ in range(3):
        plane = np.linalg.lstsq(design, colours, rcond=None)[0]
        off = np.abs(design @ plane - colours).max(axis=1)
        keep = off <= max(1.0, 2.5 * float(np.median(off)))
        if keep.sum() < 12:
            break
        design, colours = design[keep], colours[keep]
    slopes = plane[1:]  # (2, 3): right and down
    # One direction for all channels: the first principal one.
    direction = np.linalg.svd(slopes)[0][:, 0]
    angle = math.atan2(-direction[1], direction[0])
    turn = round(angle / math.tau * 1440) % 1440
    sample = np.column_stack([design[:, 1], design[:, 2]])
    return _sharpened(target, sample, turn, (width, height))


def _flat_places(target: Bytes) -> tuple[Doubles, Doubles]:
    """Centres (x, y) and mean colours of blocks in which nothing stands."""
    height, width = target.shape[:2]
    block = max(4, min(16, min(height, width) // 32))
    rows, columns = height // block, width // block
    cut = target[: rows * block, : columns * block].astype(np.float32)
    blocks = cut.reshape(rows, block, columns, block, 3)
    spread = blocks.std(axis=(1, 3)).max(axis=2)
    means = blocks.mean(axis=(1, 3))
    flat = spread < max(2.0, 3 * float(np.quantile(spread, 0.1)))
    y, x = np.nonzero(flat)
    points = np.column_stack([(x + 0.5) * block, (y + 0.5) * block]).astype(np.float64)
    return points, means[flat].astype(np.float64)


def _consensus(points: Doubles, colours: Doubles) -> tuple[npt.NDArray[np.floating], Bools] | None:
    """The plane through three of the places that most others lie on.

    Source: M. Fischler, R. Bolles, "Random sample consensus" (1981).
    """
    lot = np.random.default_rng(1)
    design = np.column_stack([np.ones(len(points)), points])
    best: tuple[int, npt.NDArray[np.floating], Bools] | None = None
    for _ in range(200):
        three = lot.choice(len(points), 3, replace=False)
        if abs(np.linalg.det(design[three])) < 2000:
            continue
        plane = np.linalg.solve(design[three], colours[three])
        inliers = np.abs(design @ plane - colours).max(axis=1) < 1.5
        count = int(inliers.sum())
        if best is None or count > best[0]:
            best = count, plane, inliers
    if best is None or best[0] < max(12, 0.1 * len(points)):
        return None
    return best[1], best[2]


def _sharpened(
    target: Bytes,
    sample: Doubles,
    turn: int,
    size: tuple[int, int],
) -> BackgroundEstimate | None:
    """The gradient on the grid of the recipe that gives the most pixels exactly."""
    from haac._internal import COS, sin

    width, height = size
    lot = np.random.default_rng(2)
    count = min(len(sample), 600)
    picked = sample[lot.choice(len(sample), count, replace=False)]
    # Some pixels in each of these blocks, as whole numbers.
    spread = lot.integers(-2, 2, (count, 8, 2))
    at = np.clip((picked[:, None] + spread).reshape(-1, 2).astype(np.int64), 0, [width - 1, height - 1])
    seen = target[at[:, 1], at[:, 0]].astype(np.int64)

    def places(angle: int) -> tuple[Integers, int]:
        across, down = COS[angle], -sin(angle)
        reach = width * abs(across) + height * abs(down)
        return (2 * at[:, 0] + 1 - width) * across + (2 * at[:, 1] + 1 - height) * down + reach, reach

    def ends(angle: int) -> tuple[int, Integers, Integers]:
        """(pixels hit, start, end) at an angle: least squares, then the best whole numbers around."""
        place, reach = places(angle)
        t = place / (2 * reach)
        design = np.column_stack([1 - t, t])
        solved = np.linalg.lstsq(design, seen.astype(np.float64), rcond=None)[0]
        start, end, hits = np.zeros(3, np.int64), np.zeros(3, np.int64), 0
        for channel in range(3):
            best = -1
            for a in range(math.floor(solved[0, channel]) - 1, math.floor(solved[0, channel]) + 3):
                for b in range(math.floor(solved[1, channel]) - 1, math.floor(solved[1, channel]) + 3):
                    if not (0 <= a <= 255 and 0 <= b <= 255):
                        continue
                    made = (a * (2 * reach - place) + b * place + reach) // (2 * reach)
                    hit = int((made == seen[:, channel]).sum())
                    if hit > best:
                        best, start[channel], end[channel] = hit, a, b
            hits += best
        return hits, start, end

    tried: dict[int, tuple[int, Integers, Integers]] = {}
    for step in (16, 4, 1):
        for offset in range(-4, 5):
            angle = (turn + offset * step) % 1440
            if angle not in tried:
                tried[angle] = ends(angle)
        turn = max(tried, key=lambda key: tried[key][0])
    _, start, end = tried[turn]

    def packed(rgb: Integers) -> int:
        return int(rgb[0]) << 24 | int(rgb[1]) << 16 | int(rgb[2]) << 8 | 0xFF

    # The same gradient can be told from either end: the nearer half of the angles is taken.
    found = Gradient(packed(start), packed(end), turn)
    return evaluate(target, found)
