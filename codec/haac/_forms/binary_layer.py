"""Layer parameters in the binary form (docs/format.md, "Layers"), with adaptive tables: a layer is like those before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from haac._forms.binary_elements import Elements
from haac._limits import LIMITS
from haac._rans import Adaptive, Coder, Table, Uniform
from haac._scene import FLIPS, FULL_TURN, Layer

_HAS_CROP = Table(31, 1)
_EDGE = Table(4, 1, 1, 2, 4, 8, 16, 24, 24, 16, 8, 4, 2, 1, 1)
_FLIP = Table(40, 6, 1, 1)
_HAS_ADJUSTMENT = Table(31, 1)
_ADJUSTMENTS = ("brightness", "contrast", "saturation")
_ADJUSTED = Table(1, 1)
_SIZE = Table(3, 12, 2, 4, 2)
"""Own size, width, height, both, scale."""
_PIXELS = Table(1, 1, 1, 1, 2, 6, 12, 18, 20, 12, 6, 3, 2, 1, 1)
_SCALE = Table(1, 1, 1, 1, 2, 4, 8, 16, 32, 48, 48, 24, 8, 4, 2)
_HAS_ROTATION = Table(6, 5)
_TURN = Table(2, 2, 4, 8)
TURN_STEPS = (360, 20, 4, 1)
"""Quarters of a turn, five degrees, a degree, a quarter degree."""
_HAS_BLUR = Table(6, 2)
_BLUR = Table(1, 8, 12, 16, 8, 4, 2, 1, 1, 1, 1)
_HAS_OPACITY = Table(14, 2)
_OPACITY = Table(4, 2, 2)
_OPACITY_STEPS = (10, 5, 1)
_WHERE = Table(30, 3, 1)
"""On the canvas, before it, beyond it."""
_OUTSIDE = Table(2, 2, 4, 6, 8, 10, 12, 10, 8, 6, 4, *(1 for _ in range(20)))


class LayerCoder:
    """Codes the layers of one recipe, one after the other.

    Args:
        width: of the canvas, pixels.
        height: of the canvas, pixels.
        elements: what the layers show.
    """

    def __init__(self, width: int, height: int, elements: Elements) -> None:
        self._width, self._height, self._elements = width, height, elements
        self._has_crop, self._edge = Adaptive(_HAS_CROP), Adaptive(_EDGE)
        self._flip = Adaptive(_FLIP)
        self._has_adjustment, self._adjusted = Adaptive(_HAS_ADJUSTMENT), Adaptive(_ADJUSTED)
        self._size, self._pixels, self._scale = Adaptive(_SIZE), Adaptive(_PIXELS), Adaptive(_SCALE)
        self._has_rotation, self._turn = Adaptive(_HAS_ROTATION), Adaptive(_TURN)
        self._has_blur, self._blur = Adaptive(_HAS_BLUR), Adaptive(_BLUR)
        self._has_opacity, self._opacity = Adaptive(_HAS_OPACITY), Adaptive(_OPACITY)
        self._where, self._outside = Adaptive(_WHERE), Adaptive(_OUTSIDE)

    def code(self, io: Coder, layer: Layer) -> Layer:
        """Code a layer; while decoding the argument is a stand-in that is not looked at."""
        values: dict[str, Any] = {"element": self._elements.take(io, lambda: layer.element)}
        if io.pick("crop?", self._has_crop, lambda: layer.crop is not None):
            box = layer.crop or (0, 0, 1, 1)
            left = io.number("crop left", self._edge, lambda: box[0])
            top = io.number("crop top", self._edge, lambda: box[1])
            width = io.number("crop width", self._edge, lambda: box[2] - box[0])
            height = io.number("crop height", self._edge, lambda: box[3] - box[1])
            values["crop"] = (left, top, left + width, top + height)
        values["flip"] = FLIPS[io.pick("flip", self._flip, lambda: FLIPS.index(layer.flip))]
        adjusted = any(getattr(layer, name) != 100 for name in _ADJUSTMENTS)
        if io.pick("adjustment?", self._has_adjustment, lambda: adjusted):
            values |= {name: self._adjustment(io, name, getattr(layer, name)) for name in _ADJUSTMENTS}
        kind = io.pick("size", self._size, lambda: _size_kind(layer))
        if kind in (1, 3):
            values["width"] = io.number("width", self._pixels, lambda: layer.width or 0)
        if kind in (2, 3):
            values["height"] = io.number("height", self._pixels, lambda: layer.height or 0)
        if kind == 4:
            values["scale"] = io.number("scale", self._scale, lambda: layer.scale or 0)
        if io.pick("rotation?", self._has_rotation, lambda: layer.rotation != 0):
            values["rotation"] = stepped(
                io, "rotation", self._turn, TURN_STEPS, FULL_TURN - 1, lambda: layer.rotation
            )
        if io.pick("blur?", self._has_blur, lambda: layer.blur != 0):
            values["blur"] = io.number("blur", self._blur, lambda: layer.blur)
        if io.pick("opacity?", self._has_opacity, lambda: layer.opacity != 100):
            lacking = stepped(
                io, "transparency", self._opacity, _OPACITY_STEPS, 100, lambda: 100 - layer.opacity
            )
            values["opacity"] = 100 - lacking
        values["x"] = self._position(io, "x", self._width, lambda: layer.x)
        values["y"] = self._position(io, "y", self._height, lambda: layer.y)
        return Layer(**values)

    def _adjustment(self, io: Coder, name: str, given: int) -> int:
        if not io.pick(f"{name}?", self._adjusted, lambda: given != 100):
            return 100
        return io.pick(name, Uniform(LIMITS.adjust + 1), lambda: given)

    def _position(self, io: Coder, field: str, length: int, wanted: Callable[[], int]) -> int:
        def code() -> int:
            where = io.pick(
                "", self._where, lambda: 0 if 0 <= wanted() < length else 1 if wanted() < 0 else 2
            )
            match where:
                case 0:
                    return io.pick("", Uniform(length), wanted)
                case 1:
                    return -1 - io.number("", self._outside, lambda: -1 - wanted())
            return length + io.number("", self._outside, lambda: wanted() - length)

        return io.joined(field, code, int)


def _size_kind(layer: Layer) -> int:
    if layer.scale is not None:
        return 4
    return (layer.width is not None) + 2 * (layer.height is not None)


def stepped(
    io: Coder,
    field: str,
    kinds: Table | Adaptive,
    steps: tuple[int, ...],
    most: int,
    wanted: Callable[[], int],
) -> int:
    """Code an integer from 1 to `most`; a rounder one costs less.

    First the largest step that it is a multiple of; then which one, of those that are multiples of no larger step.

    Args:
        io: either direction.
        field: its name.
        kinds: how likely each step is.
        steps: each is a multiple of the next; the last is 1.
        most: the largest number.
        wanted: gives the number to an encoder.
    """

    def code() -> int:
        kind = io.pick("", kinds, lambda: next(k for k, step in enumerate(steps) if wanted() % step == 0))
        step = steps[kind]
        # The multiples of a larger step among those of this one.
        every = steps[kind - 1] // step if kind else most + 1
        count = most // step
        index = io.pick("", Uniform(count - count // every), lambda: _rank(wanted() // step, every))
        return step * (index + 1 + index // (every - 1))

    return io.joined(field, code, int)


def _rank(multiple: int, every: int) -> int:
    return multiple - 1 - multiple // every
