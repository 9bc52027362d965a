"""Levenberg-Marquardt on the pose of an element, compiled; without the interpreter's lock, so that threads fit at the same time.

An element comes as one row of numbers with all its levels (`Cutout.flat`, `Cutout.table`); a pose as seven: see POSE.
"""

from __future__ import annotations

import math

import numpy as np

from haac_match._fit.kernels import njit
from haac_match._fit.warp import COLUMNS, cost, system, warp
from haac_match._picture.arrays import Bytes, Doubles, Floats, Integers
from haac_match._thresholds.fit import FIT
from haac_match._thresholds.picture import PICTURE

POSE = "cx", "cy", "sx", "sy", "turn", "blur", "opacity"
"""What the numbers of a pose are, as in `haac_match._picture.pose.Pose`."""
# Constants of the kernels below.
_BLUR_SHARE, _BLUR_MORE = FIT.blur_share, FIT.blur_more
_LEAST_SCALE, _MOST_SCALE, _STRETCH = FIT.least_scale, FIT.most_scale, FIT.stretch
_LEAST_OPACITY = FIT.least_opacity
_RESAMPLED, _LEVEL_BLUR, _SHARP = FIT.resampled, FIT.level_blur, FIT.sharp
_BLUR_PARTS, _BLUR_REACH = FIT.blur_parts, PICTURE.blur_reach
_STEP_TURN, _STEP_SCALE = FIT.step_turn, FIT.step_scale
_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = FIT.damping, FIT.least_damping, FIT.most_damping
_DAMPING_DOWN, _DAMPING_UP = FIT.damping_down, FIT.damping_up
_SETTLED = FIT.settled


@njit(nogil=True, error_model="numpy")
def _gaussian(deviation: float, reach: int) -> Floats:
    """(2 reach + 1,): weights of a Gaussian, sum 1."""
    made = np.zeros(2 * reach + 1, np.float32)
    if deviation <= 0:
        made[reach] = 1
        return made
    total = 0.0
    for at in range(-reach, reach + 1):
        total += math.exp(-at * at / (2 * deviation * deviation))
    for at in range(-reach, reach + 1):
        made[at + reach] = math.exp(-at * at / (2 * deviation * deviation)) / total
    return made


@njit(nogil=True, error_model="numpy")
def blurred(level: Floats, across: float, down: float, margin: int) -> Floats:
    """Separable Gaussian blur of a level with a margin around it, (height + 2 margin, width + 2 margin, 4).

    Args:
        level: (height, width, 4).
        across, down: standard deviations, pixels.
        margin: pixels, wide enough for what runs over the rim.
    """
    height, width = level.shape[0], level.shape[1]
    out = np.zeros((height + 2 * margin, width + 2 * margin, 4), np.float32)
    if across <= 0 and down <= 0:
        out[margin : margin + height, margin : margin + width] = level
        return out
    wide = np.zeros((height, (width + 2 * margin) * 4), np.float32)
    flat = level.reshape(height, width * 4)
    reach = min(margin, math.ceil(_BLUR_REACH * across) + 1) if across > 0 else 0
    kernel = _gaussian(across, reach)
    for j in range(height):
        for t in range(2 * reach + 1):
            factor, first = kernel[t], (margin - reach + t) * 4
            for i in range(width * 4):
                wide[j, first + i] += factor * flat[j, i]
    reach = min(margin, math.ceil(_BLUR_REACH * down) + 1) if down > 0 else 0
    kernel = _gaussian(down, reach)
    rows = out.reshape(height + 2 * margin, (width + 2 * margin) * 4)
    for j in range(height):
        for t in range(2 * reach + 1):
            factor, row = kernel[t], margin - reach + t + j
            for i in range((width + 2 * margin) * 4):
                rows[row, i] += factor * wide[j, i]
    return out


@njit(nogil=True, error_model="numpy")
def _level_for(pose: Doubles, fx: float, fy: float, table: Integers) -> tuple[int, int, int]:
    """Which level to warp, and by how many parts (`blur_parts`) of its pixels to blur it, across and down."""
    kx, ky = pose[2] * fx, pose[3] * fy
    spread = math.sqrt((pose[5] * fx) ** 2 + _RESAMPLED)
    # A level a little finer than the window, or coarser where the blur hides it.
    level = max(0, math.floor(math.log2(max(1.0, spread / _LEVEL_BLUR) / max(kx, ky))))
    level = min(level, max(0, int(math.log2(max(1, min(table[0, 1], table[0, 2])))) - 1))
    level = min(level, len(table) - 1)
    factor = 2.0**level
    if kx * factor > 1 and pose[5] * fx < _SHARP:
        return level, 0, 0  # made larger, and sharp
    across, down = spread / (kx * factor), spread / (ky * factor)
    return level, round(across * _BLUR_PARTS), round(down * _BLUR_PARTS)


@njit(nogil=True, error_model="numpy")
def source_of(flat: Bytes, table: Integers, level: int, across: int, down: int) -> tuple[Floats, int]:
    """A level after a blur, premultiplied RGB 0 to 255 and alpha 0 to 1, and the width of its margin."""
    offset, height, width = table[level, 0], table[level, 1], table[level, 2]
    pixels = flat[offset : offset + height * width * 4].reshape(height, width, 4).astype(np.float32)
    pixels[:, :, 3] *= np.float32(1 / 255)
    margin = math.ceil(_BLUR_REACH * max(across, down) / _BLUR_PARTS) + 2
    return blurred(pixels, across / _BLUR_PARTS, down / _BLUR_PARTS, margin), margin


@njit(nogil=True, error_model="numpy")
def draw(
    source: Floats,
    margin: int,
    real: Integers,
    own: Integers,
    pose: Doubles,
    flip: bool,
    window: Doubles,
    out: Floats,
) -> None:
    """Warp a blurred level of an element into a window, `out`."""
    left, top, fx, fy = window[0], window[1], window[2], window[3]
    # Element coordinates of a window's pixel: undo position, turn, scale and flip.
    c, s = math.cos(pose[4]), math.sin(pose[4])
    across, down = real[2] / own[2], real[1] / own[1]
    mirror = -across if flip else across
    a, b = c / pose[2] * mirror, -s / pose[2] * mirror
    d, e = s / pose[3] * down, c / pose[3] * down
    x, y = 0.5 / fx + left - pose[0], 0.5 / fy + top - pose[1]
    matrix = np.empty((2, 3))
    matrix[0, 0], matrix[0, 1], matrix[0, 2] = a / fx, b / fy, a * x + b * y + real[2] / 2 - 0.5 + margin
    matrix[1, 0], matrix[1, 1], matrix[1, 2] = d / fx, e / fy, d * x + e * y + real[1] / 2 - 0.5 + margin
    warp(source, matrix, out)


@njit(nogil=True, error_model="numpy")
def warp_element(
    flat: Bytes, table: Integers, pose: Doubles, flip: bool, window: Doubles, out: Floats
) -> None:
    """Warp an element into a window: premultiplied colours and alpha, before its opacity.

    Args:
        flat, table: the element, as of a `Cutout`.
        pose: see POSE.
        flip: mirrored left and right.
        window: left, top, and pixels of the window to one of the canvas, across and down.
        out: (height, width, 4), written.
    """
    level, across, down = _level_for(pose, window[2], window[3], table)
    source, margin = source_of(flat, table, level, across, down)
    draw(source, margin, table[level], table[0], pose, flip, window, out)


@njit(nogil=True, error_model="numpy")
def right_share(
    warped: Floats,
    under: Floats,
    target: Floats,
    weight: Floats,
    opacity: float,
    shows: float,
    slack: float,
    guess: float,
) -> float:
    """Share of the element's pixels that are nearly right: off by `slack` at most, and by `guess` more where only the background shows."""
    strength = np.float32(opacity)
    shown, near = 0, 0
    for j in range(warped.shape[0]):
        for i in range(warped.shape[1]):
            cover = warped[j, i, 3] * strength
            if weight[j, i] == 0 or cover < shows:
                continue
            shown += 1
            most = np.float32(0)
            for k in range(3):
                off = warped[j, i, k] * strength + (np.float32(1) - cover) * under[j, i, k] - target[j, i, k]
                most = max(most, abs(off))
            near += most <= slack + (np.float32(1) - cover) * guess
    return near / shown if shown else 0.0


@njit(nogil=True, error_model="numpy")
def _solved(hessian: Doubles, gradient: Doubles, damping: float, group: Integers, count: int) -> Doubles:
    """Solve the damped normal equations, columns of a group taken together: (COLUMNS,), the step of each. NaN if they are singular."""
    small, wanted = np.zeros((count, count + 1)), np.zeros(COLUMNS)
    for p in range(COLUMNS):
        if group[p] < 0:
            continue
        small[group[p], count] -= gradient[p]
        for q in range(COLUMNS):
            if group[q] >= 0:
                small[group[p], group[q]] += hessian[min(p, q), max(p, q)]
    for p in range(count):
        small[p, p] += damping * (small[p, p] + 1e-9)
    # Elimination with the largest pivot: seven unknowns are too few for a library to pay.
    for p in range(count):
        pivot = p
        for r in range(p + 1, count):
            if abs(small[r, p]) > abs(small[pivot, p]):
                pivot = r
        if small[pivot, p] == 0:
            wanted[:] = np.nan
            return wanted
        for q in range(p, count + 1):
            small[p, q], small[pivot, q] = small[pivot, q], small[p, q]
        for r in range(p + 1, count):
            factor = small[r, p] / small[p, p]
            for q in range(p, count + 1):
                small[r, q] -= factor * small[p, q]
    for p in range(count - 1, -1, -1):
        for q in range(p + 1, count):
            small[p, count] -= small[p, q] * small[q, count]
        small[p, count] /= small[p, p]
    for p in range(COLUMNS):
        if group[p] >= 0:
            wanted[p] = small[group[p], count]
    return wanted


@njit(nogil=True, error_model="numpy")
def possible(sx: float, sy: float) -> bool:
    """Whether elements are sought at these scales, across and down."""
    return (
        _LEAST_SCALE < sx < _MOST_SCALE
        and _LEAST_SCALE < sy < _MOST_SCALE
        and abs(math.log(sx / sy)) < _STRETCH
    )


@njit(nogil=True, error_model="numpy")
def _moved(pose: Doubles, move: Doubles, group: Integers, own: Integers, made: Doubles) -> bool:
    """Write the pose after a step, which is limited, to `made`; False where it diverges."""
    made[:] = pose
    for p in range(COLUMNS):
        if not math.isfinite(move[p]):
            return False
    made[0] += move[0]
    made[1] += move[1]
    made[4] = (pose[4] + min(max(move[2], -_STEP_TURN), _STEP_TURN)) % math.tau
    made[2] *= math.exp(min(max(move[3], -_STEP_SCALE), _STEP_SCALE))
    made[3] *= math.exp(min(max(move[4], -_STEP_SCALE), _STEP_SCALE))
    if group[5] >= 0:
        most = _BLUR_MORE + _BLUR_SHARE * math.hypot(made[2] * own[2], made[3] * own[1])
        made[5] = min(most, math.sqrt(max(pose[5] ** 2 + move[5], 0.0)))
    if group[6] >= 0:
        made[6] = min(max(pose[6] + move[6], _LEAST_OPACITY), 1.0)
    return possible(made[2], made[3])


@njit(nogil=True, error_model="numpy")
def descend(
    flat: Bytes,
    table: Integers,
    start: Doubles,
    flip: bool,
    window: Doubles,
    under: Floats,
    target: Floats,
    weight: Floats,
    clip: float,
    iterations: int,
    group: Integers,
    warped: Floats,
) -> tuple[Doubles, float]:
    """Levenberg-Marquardt: the best pose, (COLUMNS,), and its clipped squared error, pixels of the window.

    Args:
        flat, table: the element, as of a `Cutout`.
        start: where to begin, see POSE.
        flip: mirrored left and right.
        window: as for `warp_element`.
        under, target, weight: as of a `haac_match._fit.fit.Patch`.
        clip: squared distance above which an error counts no more.
        iterations: steps at most.
        group: (COLUMNS,), which columns change together; -1: not at all.
        warped: (height, width, 4), scratch; in the end, the element warped by the best pose.
    """
    count = int(group.max()) + 1
    damping = _DAMPING
    best, trial = start.copy(), start.copy()
    least = math.inf
    hessian, gradient = np.empty((COLUMNS, COLUMNS)), np.empty(COLUMNS)
    level, across, down = _level_for(trial, window[2], window[3], table)
    source, margin = source_of(flat, table, level, across, down)
    kept = True  # whether `warped` shows the best pose
    for step in range(iterations + 1):
        needed = _level_for(trial, window[2], window[3], table)
        if needed != (level, across, down):
            level, across, down = needed
            source, margin = source_of(flat, table, level, across, down)
        draw(source, margin, table[level], table[0], trial, flip, window, warped)
        error = cost(warped, under, target, weight, trial[6], clip)
        kept = error < least
        if kept:
            settled = error > _SETTLED * least
            least = error
            best[:] = trial
            damping = max(_LEAST_DAMPING, damping / _DAMPING_DOWN)
            if step == iterations or settled or error == 0:
                break
            system(
                warped,
                under,
                target,
                weight,
                trial[6],
                clip,
                window[2],
                window[3],
                window[0] - trial[0],
                window[1] - trial[1],
                math.cos(trial[4]),
                math.sin(trial[4]),
                hessian,
                gradient,
            )
        else:
            damping *= _DAMPING_UP
            if step == iterations or damping > _MOST_DAMPING:
                break
        move = _solved(hessian, gradient, damping, group, count)
        if not _moved(best, move, group, table[0], trial):
            break
    if not kept:
        warp_element(flat, table, best, flip, window, warped)
    return best, least
