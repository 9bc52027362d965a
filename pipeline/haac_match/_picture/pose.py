"""Pose of an element (position, scales, turn, blur, opacity), and the nearest layer on the recipe's grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from haac import Layer
from haac_match._picture.arrays import Doubles
from haac_match._thresholds.picture import PICTURE

_TURN = 1440 / math.tau
"""Quarter degrees in a radian."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where one element stands in the picture, as real numbers.

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
    def numbers(self) -> Doubles:
        """(7,): what a fit may change, see `haac_match._fit.levenberg_marquardt.POSE`."""
        return np.array([self.cx, self.cy, self.sx, self.sy, self.turn, self.blur, self.opacity])

    def reach(self, size: tuple[int, int]) -> tuple[float, float]:
        """Half the width and height of the upright box around it, pixels."""
        across, down = self.sx * size[0] / 2, self.sy * size[1] / 2
        c, s = abs(math.cos(self.turn)), abs(math.sin(self.turn))
        room = PICTURE.blur_reach * self.blur + 1
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
        return abs(math.log(self.sx / self.sy)) < PICTURE.even

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
            opacity=max(1, min(100, round(self.opacity * 100))) if self.opacity < PICTURE.opaque else 100,
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
