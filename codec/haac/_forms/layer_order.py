"""Cheapest z-order: sorts the layers by their elements where that changes no pixel, for a shorter binary form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from haac._drawing.boxes import Box
from haac._drawing.layer import draw
from haac._render import ElementCache, ElementSource
from haac._scene import Layer, Scene

if TYPE_CHECKING:
    from PIL import Image


def ordered(scene: Scene, source: ElementSource) -> Scene:
    """Sort layers that share no pixel by their elements (topological order); the others stay above each other as they are.

    From the last one on, in a circle, the first element comes that may come: which the binary form has the fewest bits for.

    Args:
        scene: any.
        source: gives the RGBA pixels of each element.

    Raises:
        RecipeError: outside the limits.
        ElementError: an element cannot be had.
    """
    layers, above = scene.layers, covering(scene, source)
    below = [0] * len(layers)
    for those in above:
        for n in those:
            below[n] += 1
    names = {element: n for n, element in enumerate([*scene.inlines(), *sorted(scene.elements())])}
    left = sorted(range(len(layers)), key=lambda z: (names[layers[z].element], z))
    found: list[Layer] = []
    at = 0
    while left:
        at = next(n % len(left) for n in range(at, at + len(left)) if below[left[n % len(left)]] == 0)
        z = left.pop(at)
        found.append(layers[z])
        for n in above[z]:
            below[n] -= 1
    return replace(scene, layers=found)


def covering(scene: Scene, source: ElementSource) -> list[list[int]]:
    """Overlap graph: of each layer the indices of those above it that share a pixel with it.

    Args:
        scene: any.
        source: gives the RGBA pixels of each element.

    Raises:
        RecipeError: outside the limits.
        ElementError: an element cannot be had.
    """
    cache = source if isinstance(source, ElementCache) else ElementCache(source)
    size = scene.width, scene.height
    drawn = [_Drawn.of(draw(layer, cache.image(layer.element), size)) for layer in scene.layers]
    return [[n for n in range(z + 1, len(drawn)) if drawn[z].meets(drawn[n])] for z in range(len(drawn))]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Coverage of a layer on the canvas."""

    box: Box
    """On the canvas."""
    pixels: npt.NDArray[np.bool_]
    """(height, width) of the box."""

    @classmethod
    def of(cls, drawn: tuple[Image.Image, tuple[int, int]] | None) -> _Drawn:
        box = drawn and drawn[0].getchannel("A").getbbox()
        if drawn is None or box is None:
            return cls((0, 0, 0, 0), np.zeros((0, 0), np.bool_))
        image, (x, y) = drawn
        pixels = np.asarray(image.getchannel("A").crop(box)) > 0
        return cls((x + box[0], y + box[1], x + box[2], y + box[3]), pixels)

    def meets(self, other: _Drawn) -> bool:
        """Whether both change the same pixel."""
        left, top = max(self.box[0], other.box[0]), max(self.box[1], other.box[1])
        right, bottom = min(self.box[2], other.box[2]), min(self.box[3], other.box[3])
        if left >= right or top >= bottom:
            return False
        mine, theirs = (
            one.pixels[top - one.box[1] : bottom - one.box[1], left - one.box[0] : right - one.box[0]]
            for one in (self, other)
        )
        return bool((mine & theirs).any())
