"""Where an element stands, as real numbers, and how they are fitted to a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from haac import Layer
from haac_match import _kernel

if TYPE_CHECKING:
    from PIL import Image

BLUR = 0.06
"""Blurs beyond this part of an element's diagonal (and 3 pixels) are not looked for: anything looks like a blot."""
SHAPE = 1.0
"""Scales whose logarithms differ by more are not looked for."""

Floats = npt.NDArray[np.float32]

_TURN = 1440 / math.tau
"""Quarter degrees in a radian."""
EVEN = 0.06
"""Scales whose logarithms differ by less are taken for the same one at first."""


@dataclass(frozen=True, slots=True)
class Pose:
    """One element in the picture.

    Args:
        element: its number.
        flip: mirrored left and right, before it is turned.
        cx: centre, pixels of the canvas.
        cy: centre, pixels of the canvas.
        sx: width over the element's own.
        sy: height over the element's own.
        turn: radians, counter-clockwise.
        blur: standard deviation, pixels of the canvas.
        opacity: 0 to 1.
    """

    element: int
    flip: bool
    cx: float
    cy: float
    sx: float
    sy: float
    turn: float = 0.0
    blur: float = 0.0
    opacity: float = 1.0

    def reach(self, size: tuple[int, int]) -> tuple[float, float]:
        """Half the width and height of the upright box around it, pixels."""
        across, down = self.sx * size[0] / 2, self.sy * size[1] / 2
        c, s = abs(math.cos(self.turn)), abs(math.sin(self.turn))
        room = 3 * self.blur + 1
        return c * across + s * down + room, s * across + c * down + room

    def scaled(self, across: float, down: float) -> Pose:
        """The pose in a picture that is so many times as wide and high; the two are nearly the same."""
        both = math.sqrt(across * down)
        return replace(
            self,
            cx=self.cx * across,
            cy=self.cy * down,
            sx=self.sx * both,
            sy=self.sy * both,
            blur=self.blur * both,
        )

    @property
    def even(self) -> bool:
        """Whether both scales are nearly the same."""
        return abs(math.log(self.sx / self.sy)) < EVEN

    def layer(self, size: tuple[int, int], even: bool) -> Layer:
        """The nearest layer on the recipe's grid.

        Args:
            size: width and height of the element, pixels.
            even: keep the shape, whatever the scales are.
        """
        scale = math.sqrt(self.sx * self.sy) if even else self.sx
        width = max(1, round(scale * size[0]))
        layer = Layer(
            self.element,
            flip="h" if self.flip else "",
            width=width,
            height=None if even else max(1, round(self.sy * size[1])),
            rotation=round(self.turn * _TURN) % 1440,
            blur=max(0, round(self.blur * 4)),
            opacity=max(1, min(100, round(self.opacity * 100))) if self.opacity < 0.97 else 100,
        )
        made = layer.size(*size)
        return replace(layer, x=round(self.cx - made[0] / 2), y=round(self.cy - made[1] / 2))


def pose_of(layer: Layer, size: tuple[int, int]) -> Pose:
    """The pose of a layer that is flipped at most left and right."""
    width, height = layer.size(*size)
    return Pose(
        layer.number,
        layer.flip == "h",
        layer.x + width / 2,
        layer.y + height / 2,
        width / size[0],
        height / size[1],
        layer.rotation / _TURN,
        layer.blur / 4,
        layer.opacity / 100,
    )


class Cutout:
    """An element's pixels, premultiplied, in halves of its size.

    Args:
        image: RGBA.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.size = image.size
        straight = np.asarray(image.convert("RGBA"), np.float32)
        alpha = straight[:, :, 3:] / np.float32(255)
        self.levels: list[Floats] = [
            np.ascontiguousarray(np.concatenate([straight[:, :, :3] * alpha, alpha], 2))
        ]
        while min(self.levels[-1].shape[:2]) > 1:
            last = self.levels[-1]
            half = (last.shape[1] + 1) // 2, (last.shape[0] + 1) // 2
            self.levels.append(cv2.resize(last, half, interpolation=cv2.INTER_AREA))
        self._blurred: dict[tuple[int, int, int], tuple[Floats, int]] = {}

    def level(self, index: int) -> Floats:
        """(height, width, 4): premultiplied RGB 0 to 255 and alpha 0 to 1, `index` times halved."""
        return self.levels[min(index, len(self.levels) - 1)]

    @property
    def held(self) -> int:
        """Bytes of memory."""
        return sum(level.nbytes for level in self.levels) + sum(
            made.nbytes for made, _ in self._blurred.values()
        )

    def blurred(self, index: int, across: float, down: float) -> tuple[Floats, int]:
        """A level after a Gaussian blur of these standard deviations (pixels of the level), with a margin of so many pixels."""
        key = index, round(across * 8), round(down * 8)
        known = self._blurred.get(key)
        if known is not None:
            return known
        # What is in the cache must not depend on who asked first.
        across, down = max(key[1] / 8, 0.01), max(key[2] / 8, 0.01)
        margin = math.ceil(3 * max(across, down)) + 2
        padded = cv2.copyMakeBorder(self.level(index), margin, margin, margin, margin, cv2.BORDER_CONSTANT)
        if key[1] or key[2]:
            padded = cv2.GaussianBlur(padded, (0, 0), across, sigmaY=down)
        if len(self._blurred) > _BLURS:
            self._blurred = {}  # not cleared: another thread may be looking
        self._blurred[key] = made = padded, margin
        return made


_BLURS = 8
"""Blurred levels of an element that are kept in memory."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a fit gave.

    Args:
        pose: the best found.
        gain: by how much it lowers the clipped squared error; over all pixels and channels, pixels of the canvas.
        share: of the error in the window (clipped) that it takes away, 0 to 1.
        own: the same, only where the element itself is.
        right: part of what shows the element that is nearly right, on a ground that is not known; else 0.
    """

    pose: Pose
    gain: float
    share: float
    own: float
    right: float = 0.0


CLIP = 45.0
"""Colour distance (root of the sum over the channels) above which an error counts no more: another layer may be there."""


_SHOWS, GUESS = 0.3, 40.0
"""Coverage from which on a pixel shows an element well, and levels by which a ground is off that is guessed."""
_SLACK = 6.0
"""Levels by which a pixel is off that is nearly right; twice as many in a small window."""
_COARSE = 64
"""Pixels of the longer side of a small window."""


class Patch:
    """A window of the picture, made small enough to fit a pose in.

    Args:
        target: (height, width, 3), the picture in the window.
        under: (height, width, 3), what it shows before the element is laid on it.
        hidden: (height, width) bool, True where other layers cover it; or None.
        box: left, top, right, bottom of the window, pixels of the canvas.
        side: the longer side becomes at most so many pixels.
        below: (height, width) bool, True where layers below cover the ground; or None.

    Attributes:
        guessed: whether what is below is a guess.
    """

    def __init__(
        self,
        target: npt.NDArray[np.uint8],
        under: npt.NDArray[np.uint8],
        hidden: npt.NDArray[np.bool_] | None,
        box: tuple[int, int, int, int],
        side: int,
        below: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        left, top, right, bottom = box
        factor = min(1.0, side / max(right - left, bottom - top))
        size = max(2, round((right - left) * factor)), max(2, round((bottom - top) * factor))
        self.left, self.top = left, top
        self.fx, self.fy = size[0] / (right - left), size[1] / (bottom - top)

        def small(pixels: npt.NDArray[np.uint8]) -> Floats:
            if factor < 1.0:
                pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            return pixels.astype(np.float32)

        self.target, self.under = small(target), small(under)
        self.weight = np.ones(self.target.shape[:2], np.float32)
        if hidden is not None:
            cover = hidden.astype(np.float32)
            if factor < 1.0:
                cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
            self.weight = (cover < 0.1).astype(np.float32)
        self.below: npt.NDArray[np.bool_] | None = None
        if below is not None:
            cover = below.astype(np.float32)
            if factor < 1.0:
                cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
            self.below = cover > 0.99
        nothing = np.zeros((*self.target.shape[:2], 4), np.float32)
        self.guessed = False
        self.before = _kernel.cost(nothing, self.under, self.target, self.weight, 1.0, CLIP**2)
        self.area = 1 / (self.fx * self.fy)

    def warped(self, pose: Pose, cutout: Cutout) -> Floats:
        """(height, width, 4): premultiplied colours and alpha of the element as it stands in the window, before its opacity."""
        kx, ky = pose.sx * self.fx, pose.sy * self.fy
        base = 0.18  # what resampling alone blurs
        fine = max(kx, ky)
        spread = math.sqrt((pose.blur * self.fx) ** 2 + base)
        # A level a little finer than the window, or coarser where the blur hides it.
        level = max(0, math.floor(math.log2(max(1.0, spread / 1.5) / fine)))
        level = min(level, max(0, int(math.log2(max(1, min(cutout.size)))) - 1))
        factor = 2.0**level
        across, down = spread / (kx * factor), spread / (ky * factor)
        if kx * factor > 1 and pose.blur * self.fx < 0.3:
            across = down = 0.0  # made larger, and sharp
        source, margin = cutout.blurred(level, across, down)
        real = cutout.level(level).shape
        # Element coordinates of a window's pixel: undo position, turn, scale and flip.
        c, s = math.cos(pose.turn), math.sin(pose.turn)
        a = np.array([[c / pose.sx, -s / pose.sx], [s / pose.sy, c / pose.sy]])
        if pose.flip:
            a[0] = -a[0]
        a[0] *= real[1] / cutout.size[0]
        a[1] *= real[0] / cutout.size[1]
        origin = np.array([0.5 / self.fx + self.left - pose.cx, 0.5 / self.fy + self.top - pose.cy])
        offset = a @ origin + np.array([real[1] / 2, real[0] / 2]) - 0.5 + margin
        matrix = np.column_stack([a[:, 0] / self.fx, a[:, 1] / self.fy, offset])
        out = np.empty((*self.target.shape[:2], 4), np.float32)
        _kernel.warp(source, matrix, out)
        return out

    def cost(self, warped: Floats, opacity: float) -> float:
        """Clipped squared error of the window, in pixels of the window."""
        return float(_kernel.cost(warped, self.under, self.target, self.weight, opacity, CLIP**2))

    def right(self, warped: Floats, opacity: float) -> float:
        """Part of what shows an element that is nearly right; where more of the ground is seen, it may be off by more."""
        cover = warped[:, :, 3] * np.float32(opacity)
        made = warped[:, :, :3] * np.float32(opacity) + (1 - cover)[:, :, None] * self.under
        shows = (cover >= _SHOWS) & (self.weight > 0)
        if not shows.any():
            return 0.0
        off = np.abs(made - self.target).max(axis=2)[shows]
        slack = _SLACK if max(self.target.shape[:2]) > _COARSE else 2 * _SLACK
        return float((off <= slack + (1 - cover[shows]) * GUESS).mean())

    def own(self, warped: Floats, opacity: float) -> float:
        """Part of the clipped error, where the element itself is, that it takes away."""
        return float(_kernel.share(warped, self.under, self.target, self.weight, opacity, CLIP**2))


def fit(
    pose: Pose,
    cutout: Cutout,
    patch: Patch,
    iterations: int = 6,
    *,
    free: tuple[str, ...] = ("blur",),
    even: bool = False,
) -> Fit:
    """Levenberg-Marquardt steps on position, turn, both scales, and what else is free, with errors that count less the larger they are.

    Source: K. Levenberg (1944), D. Marquardt (1963); weights of S. Geman and D. McClure (1987).

    Args:
        pose: where to begin.
        cutout: its element.
        patch: the window.
        iterations: at most so many steps.
        free: "blur" and "opacity", or one of them, or none.
        even: keep the relation of the two scales.
    """
    damping = 1e-2
    best: tuple[float, Pose] | None = None
    system: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None
    trial = pose
    for step in range(iterations + 1):
        warped = patch.warped(trial, cutout)
        cost = patch.cost(warped, trial.opacity)
        if best is None or cost < best[0]:
            gained = best is not None and cost > 0.995 * best[0]
            best = cost, trial
            damping = max(1e-4, damping / 4)
            if step == iterations or gained or cost == 0:
                break
            system = _system(trial, patch, warped, free, even)
        else:
            damping *= 10
            if step == iterations or damping > 1e3:
                break
        assert system is not None
        hessian, gradient = system
        try:
            move = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian) + 1e-9), -gradient)
        except np.linalg.LinAlgError:
            break
        moved = _moved(best[1], move, cutout.size, free, even)
        if moved is None:
            break
        trial = moved
    assert best is not None
    gain = patch.before - best[0]
    warped = patch.warped(best[1], cutout)
    own = patch.own(warped, best[1].opacity)
    right = patch.right(warped, best[1].opacity) if patch.guessed else 0.0
    return Fit(best[1], gain * patch.area, gain / max(patch.before, 1e-6), own, right)


def _system(
    pose: Pose, patch: Patch, warped: Floats, free: tuple[str, ...], even: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Normal equations of what may change."""
    hessian, gradient = np.empty((_kernel.COLUMNS,) * 2), np.empty(_kernel.COLUMNS)
    _kernel.system(
        warped,
        patch.under,
        patch.target,
        patch.weight,
        pose.opacity,
        CLIP**2,
        patch.fx,
        patch.fy,
        patch.left - pose.cx,
        patch.top - pose.cy,
        math.cos(pose.turn),
        math.sin(pose.turn),
        hessian,
        gradient,
    )
    hessian = np.triu(hessian) + np.triu(hessian, 1).T
    chosen = _CHOICES[free, even]
    return chosen.T @ hessian @ chosen, gradient @ chosen


def _choice(free: tuple[str, ...], even: bool) -> npt.NDArray[np.float64]:
    """(COLUMNS, what may change): how each of the changes adds up from the columns."""
    columns = [[0], [1], [2], *([[3, 4]] if even else [[3], [4]])]
    columns += [[5]] if "blur" in free else []
    columns += [[6]] if "opacity" in free else []
    chosen = np.zeros((_kernel.COLUMNS, len(columns)))
    for index, rows in enumerate(columns):
        chosen[rows, index] = 1
    return chosen


_FREE: tuple[tuple[str, ...], ...] = (("blur",), ("blur", "opacity"))
_CHOICES = {(free, even): _choice(free, even) for free in _FREE for even in (False, True)}


def _moved(
    pose: Pose, move: npt.NDArray[np.floating], size: tuple[int, int], free: tuple[str, ...], even: bool
) -> Pose | None:
    """A pose after a step; None where it runs away."""
    values = [float(v) for v in move]
    if even:
        values.insert(4, values[3])
    grow = [min(max(v, -0.4), 0.4) for v in values[3:5]]
    moved = replace(
        pose,
        cx=pose.cx + values[0],
        cy=pose.cy + values[1],
        turn=(pose.turn + min(max(values[2], -0.5), 0.5)) % math.tau,
        sx=pose.sx * math.exp(grow[0]),
        sy=pose.sy * math.exp(grow[1]),
    )
    rest = values[5:]
    if "blur" in free:
        most = 3 + BLUR * math.hypot(moved.sx * size[0], moved.sy * size[1])
        moved = replace(moved, blur=min(most, math.sqrt(max(pose.blur**2 + rest.pop(0), 0.0))))
    if "opacity" in free:
        moved = replace(moved, opacity=min(max(pose.opacity + rest.pop(0), 0.05), 1.0))
    if not (0.02 < moved.sx < 16 and 0.02 < moved.sy < 16 and abs(math.log(moved.sx / moved.sy)) < SHAPE):
        return None
    return moved
