"""Where an element stands, as real numbers, and how they are fitted to a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from haac import Layer
from haac_match._fit import levenberg_marquardt, warp

if TYPE_CHECKING:
    from PIL import Image

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

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

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """What a fit may change, see `haac_match._fit.levenberg_marquardt.POSE`."""
        return np.array([self.cx, self.cy, self.sx, self.sy, self.turn, self.blur, self.opacity])

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

    Attributes:
        size: width and height, pixels.
        levels: (height, width, 4) uint8 each: premultiplied RGBA, halved again and again.
        flat: all of them in a row.
        table: (levels, 3) where each begins, its height and width.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.size = image.size
        levels: list[Bytes] = [np.asarray(image.convert("RGBA").convert("RGBa"))]
        while min(levels[-1].shape[:2]) > 1:
            last = levels[-1]
            half = (last.shape[1] + 1) // 2, (last.shape[0] + 1) // 2
            levels.append(cv2.resize(last, half, interpolation=cv2.INTER_AREA))
        self.flat: Bytes = np.concatenate([level.ravel() for level in levels])
        ends = np.cumsum([level.size for level in levels])
        self.table = np.array(
            [(end - level.size, *level.shape[:2]) for end, level in zip(ends, levels, strict=True)], np.int64
        )
        self.levels: list[Bytes] = [
            self.flat[first : first + height * width * 4].reshape(height, width, 4)
            for first, height, width in self.table.tolist()
        ]

    @property
    def held(self) -> int:
        """Bytes of memory."""
        return self.flat.nbytes + 4 * self.size[0] * self.size[1]


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
        self.before = warp.cost(nothing, self.under, self.target, self.weight, 1.0, CLIP**2)
        self.area = 1 / (self.fx * self.fy)

    @property
    def window(self) -> npt.NDArray[np.float64]:
        """Left, top, and pixels of the window to one of the canvas, across and down."""
        return np.array([self.left, self.top, self.fx, self.fy])

    def warped(self, pose: Pose, cutout: Cutout) -> Floats:
        """(height, width, 4): premultiplied colours and alpha of the element as it stands in the window, before its opacity."""
        out = np.empty((*self.target.shape[:2], 4), np.float32)
        levenberg_marquardt.drawn(cutout.flat, cutout.table, pose.numbers, pose.flip, self.window, out)
        return out


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
        free: "blur", or that and "opacity".
        even: keep the relation of the two scales.
    """
    warped = np.empty((*patch.target.shape[:2], 4), np.float32)
    window = patch.under, patch.target, patch.weight
    made, cost = levenberg_marquardt.descend(
        cutout.flat,
        cutout.table,
        pose.numbers,
        pose.flip,
        patch.window,
        *window,
        CLIP**2,
        iterations,
        _GROUPS[free, even],
        warped,
    )
    best = replace(pose, **dict(zip(levenberg_marquardt.POSE, made.tolist(), strict=True)))
    gain = patch.before - cost
    own = warp.share(warped, *window, best.opacity, CLIP**2)
    right = 0.0
    if patch.guessed:
        slack = _SLACK if max(patch.target.shape[:2]) > _COARSE else 2 * _SLACK
        right = levenberg_marquardt.right(warped, *window, best.opacity, _SHOWS, slack, GUESS)
    return Fit(best, gain * patch.area, gain / max(patch.before, 1e-6), own, right)


def _group(free: tuple[str, ...], even: bool) -> npt.NDArray[np.int64]:
    """(COLUMNS,): what may change of the columns, and what together; -1: not."""
    groups = [0, 1, 2, 3, 3 if even else 4, -1, -1]
    for column, name in ((5, "blur"), (6, "opacity")):
        if name in free:
            groups[column] = max(groups) + 1
    return np.array(groups, np.int64)


_FREE: tuple[tuple[str, ...], ...] = (("blur",), ("blur", "opacity"))
_GROUPS = {(free, even): _group(free, even) for free in _FREE for even in (False, True)}
