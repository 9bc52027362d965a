"""What is behind the elements: a colour, a gradient, a photograph of the catalog, or something that is none of these."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Colour, Gradient, Plate, Scene
from haac._internal import ElementSource, draw_background
from haac_match._picture.degraded import difference

Bytes = npt.NDArray[np.uint8]

_SPREAD = 0.12
"""A ground explains at least this part of the picture ..."""
_PLATE_SHARE = 0.2
"""... a photograph this part, or it is taken for another one."""
_PLATE_BUSY = 0.1
"""Part of a picture that a photograph must explain beside what is of the commonest colour."""
_PLATE_NOISE = 10.0
"""Levels: the same for a photograph."""
_NOISE = 15.0
"""Levels: what is farther from a ground than this is not it."""
_COARSE = 24
"""Side of the thumbnails by which photographs are compared."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground that explains part of a picture.

    Args:
        background: for the scene.
        pixels: RGBA, drawn.
        share: of the picture's pixels that it explains.
        noise: how far the pixels that it explains are from it, levels; 0 in an undamaged picture.
    """

    background: Colour | Gradient | Plate | None
    pixels: Image.Image
    share: float
    noise: float


class _Nothing:
    def image(self, ref: int) -> Image.Image:
        raise LookupError(ref)


def drawn(
    background: Colour | Gradient | Plate, size: tuple[int, int], source: ElementSource | None = None
) -> Image.Image:
    """RGBA pixels of a background."""
    return draw_background(Scene(*size, background), source or _Nothing())


def judge(
    target: Bytes, background: Colour | Gradient | Plate, source: ElementSource | None = None
) -> Ground:
    """How well a background explains a picture."""
    height, width = target.shape[:2]
    pixels = drawn(background, (width, height), source)
    off = np.abs(np.asarray(pixels.convert("RGB")).astype(np.int16) - target).max(axis=2)
    for level in (0, 2, 5, 12):
        share = float((off <= level).mean())
        if share >= _SPREAD or level == 12:
            # What is nearly as it should be tells the noise.
            near = off[off <= 2 * level + 2]
            noise = float(np.quantile(near, 0.9)) if len(near) else float(level)
            if share > 0.9 * float((off <= 2 * level + 2).mean()) or level == 12:
                return Ground(background, pixels, share, noise)
    raise AssertionError


def plain(target: Bytes) -> Ground:
    """The colour that most pixels have."""
    packed = (target.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)).ravel()
    values, counts = np.unique(packed, return_counts=True)
    order = np.argsort(counts)[::-1][:16]
    top = values[order[0]]
    rgb = np.array([top >> 16 & 255, top >> 8 & 255, top & 255], np.int16)
    # In a damaged picture the true colour is in the middle of many neighbours.
    near = target.reshape(-1, 3)[:: max(1, len(packed) // 200_000)].astype(np.int16)
    near = near[np.abs(near - rgb).max(axis=1) <= 6]
    if counts[order[0]] < 0.5 * len(near) * max(1, len(packed) // 200_000):
        rgb = np.round(np.median(near, axis=0)).astype(np.int16)
    return judge(target, Colour(int(rgb[0]) << 24 | int(rgb[1]) << 16 | int(rgb[2]) << 8 | 0xFF))


def gradient(target: Bytes) -> Ground | None:
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


def _flat_places(target: Bytes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
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


def _consensus(
    points: npt.NDArray[np.float64], colours: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.bool_]] | None:
    """The plane through three of the places that most others lie on.

    Source: M. Fischler, R. Bolles, "Random sample consensus" (1981).
    """
    lot = np.random.default_rng(1)
    design = np.column_stack([np.ones(len(points)), points])
    best: tuple[int, npt.NDArray[np.floating], npt.NDArray[np.bool_]] | None = None
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
    sample: npt.NDArray[np.float64],
    turn: int,
    size: tuple[int, int],
) -> Ground | None:
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

    def places(angle: int) -> tuple[npt.NDArray[np.int64], int]:
        across, down = COS[angle], -sin(angle)
        reach = width * abs(across) + height * abs(down)
        return (2 * at[:, 0] + 1 - width) * across + (2 * at[:, 1] + 1 - height) * down + reach, reach

    def ends(angle: int) -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
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

    tried: dict[int, tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}
    for step in (16, 4, 1):
        for offset in range(-4, 5):
            angle = (turn + offset * step) % 1440
            if angle not in tried:
                tried[angle] = ends(angle)
        turn = max(tried, key=lambda key: tried[key][0])
    _, start, end = tried[turn]

    def packed(rgb: npt.NDArray[np.int64]) -> int:
        return int(rgb[0]) << 24 | int(rgb[1]) << 16 | int(rgb[2]) << 8 | 0xFF

    # The same gradient can be told from either end: the nearer half of the angles is taken.
    found = Gradient(packed(start), packed(end), turn)
    return judge(target, found)


def thumbnail(pixels: Bytes) -> npt.NDArray[np.uint8]:
    """(side, side, 3) of a picture, whatever its shape."""
    small: Bytes = cv2.resize(pixels, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    return small


def plates(
    target: Bytes,
    thumbnails: npt.NDArray[np.uint8],
    numbers: npt.NDArray[np.int64],
    source: ElementSource,
    tries: int = 4,
) -> Ground | None:
    """The photograph of the catalog, stretched over the canvas, that explains most of a picture.

    Args:
        target: (height, width, 3).
        thumbnails: (photographs, side, side, 3).
        numbers: of their elements.
        source: gives their pixels.
        tries: how many are drawn in full.
    """
    if not len(numbers):
        return None
    small = thumbnail(target).astype(np.int16)
    off = np.abs(thumbnails.astype(np.int16) - small).max(axis=3)
    score = np.minimum(off, 40).mean(axis=(1, 2))
    best: Ground | None = None
    busy = _busy(target)
    for index in np.argsort(score, kind="stable")[:tries]:
        if score[index] > 34:
            break
        made = judge(target, Plate(int(numbers[index])), source)
        # Dark pictures are near one another everywhere: where there is noise, more must fit.
        least = _PLATE_SHARE if made.noise == 0 else 0.4
        off = difference(np.asarray(made.pixels.convert("RGB")), target)
        near = off <= 12
        if made.noise > 0:
            # JPEG takes the fine detail of a photograph; what is left must agree.
            share = float(near.mean())
            made = replace(made, share=max(made.share, share), noise=float(np.quantile(off[off <= 26], 0.9)))
        if made.share < least or made.noise > _PLATE_NOISE or float((near & busy).mean()) < _PLATE_BUSY:
            continue
        if best is None or made.share > best.share:
            best = made
    return best


def _busy(target: Bytes) -> npt.NDArray[np.bool_]:
    """Where a picture does not have its commonest colour, as white paper has it."""
    coarse = (target >> 4).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    commonest = int(np.bincount(coarse.ravel()).argmax())
    colour = np.array([commonest >> 8, commonest >> 4 & 15, commonest & 15]) * 16 + 8
    far: npt.NDArray[np.bool_] = np.abs(target.astype(np.int16) - colour.astype(np.int16)).max(axis=2) > 16
    return far


def find_ground(target: Bytes, photographs: Iterable[Ground | None] = ()) -> Ground | None:
    """The best ground of all kinds; None if nothing explains enough of the picture."""
    best: Ground | None = None
    for candidate in (plain(target), gradient(target), *photographs):
        if candidate is None or candidate.share < _SPREAD or candidate.noise > _NOISE:
            continue
        # A gradient needs to be better than a colour, not just as good.
        if best is None or candidate.share > 1.02 * best.share + 0.01:
            best = candidate
    return best
