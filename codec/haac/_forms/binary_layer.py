"""Layer parameters in the binary form (docs/format.md, "Layers"), with adaptive tables: a layer is like those before it.

Names with LIKE are of paraphrases: their tables stand in place of those of the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from haac._forms.binary_elements import Elements
from haac._forms.binary_similar import near_lengths
from haac._rans import Adaptive, Coder, Table, Uniform
from haac._scene import FLIPS, FULL_TURN, Layer

_HAS_CROP = Table(31, 1)
_EDGE = Table(4, 1, 1, 2, 4, 8, 16, 24, 24, 16, 8, 4, 2, 1, 1)
_FLIP = Table(40, 6, 1, 1)
_HAS_ADJUSTMENT = Table(31, 1)
_ADJUSTMENTS = ("brightness", "contrast", "saturation")
_ADJUSTED = Table(1, 1)
_ADJUST_SIDE = Table(8, 8)
_ADJUST = Table(16, 8)
_ADJUST_STEPS = (5, 1)
_ADJUST_FIVES = Table(0, 8, 12, 12, 10, 6, 2)
_ADJUST_ONES = Table(0, 4, 6, 8, 10, 12, 14, 8, 2)
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

_LIKE_FLIP = Table(16, 16, 1, 1)
_LIKE_HAS_ADJUSTMENT = Table(2, 14)
_LIKE_ADJUSTED = Table(2, 14)
_LIKE_ADJUST = Table(30, 2)
_LIKE_ADJUST_FIVES = Table(0, 3, 12, 22, 20, 8, 1)
_LIKE_SIZE = Table(1, 3, 1, 12, 2)
_LIKE_PIXELS = Table(0, 1, 2, 4, 9, 16, 18, 14, 8, 5, 3, 2, 1, 1, 1)
_LIKE_HAS_ROTATION = Table(8, 12)
_LIKE_TURN_SIDE = Table(8, 8)
_LIKE_TURN = Table(12, 4, 1)
_LIKE_TURN_STEPS = (32, 4, 1)
"""Eight degrees, a degree, a quarter degree."""
_LIKE_TURN_LENGTH = Table(0, 16, 4, 4, 4, 2, 1, 1, 1, 1, 1)
_LIKE_HAS_BLUR = Table(15, 1)
_LIKE_HAS_OPACITY = Table(30, 2)
_LIKE_WHERE = Table(40, 2, 2)
_LIKE_OUTSIDE = Table(2, 4, 6, 8, 10, 10, 8, 6, 4, 2, *(1 for _ in range(22)))
"""One length more: the middle of a box may be farther away than its edge."""


class LayerCoder:
    """Codes the layers of one recipe, one after the other.

    Args:
        width: of the canvas, pixels.
        height: of the canvas, pixels.
        elements: what the layers show.
    """

    _TABLES: ClassVar = {
        "has crop": _HAS_CROP,
        "edge": _EDGE,
        "flip": _FLIP,
        "has adjustment": _HAS_ADJUSTMENT,
        "adjusted": _ADJUSTED,
        "adjust side": _ADJUST_SIDE,
        "adjust": _ADJUST,
        "fives": _ADJUST_FIVES,
        "ones": _ADJUST_ONES,
        "size": _SIZE,
        "pixels": _PIXELS,
        "scale": _SCALE,
        "has rotation": _HAS_ROTATION,
        "turn": _TURN,
        "has blur": _HAS_BLUR,
        "blur": _BLUR,
        "has opacity": _HAS_OPACITY,
        "opacity": _OPACITY,
        "where": _WHERE,
        "outside": _OUTSIDE,
    }

    def __init__(self, width: int, height: int, elements: Elements) -> None:
        self._width, self._height, self._elements = width, height, elements
        self._of = {name: Adaptive(table) for name, table in self._TABLES.items()}

    def code(self, io: Coder, layer: Layer) -> Layer:
        """Code a layer; while decoding the argument is a stand-in that is not looked at."""
        of = self._of
        values: dict[str, Any] = {"element": self._elements.take(io, lambda: layer.element)}
        if io.pick("crop?", of["has crop"], lambda: layer.crop is not None):
            box = layer.crop or (0, 0, 1, 1)
            left = io.number("crop left", of["edge"], lambda: box[0])
            top = io.number("crop top", of["edge"], lambda: box[1])
            width = io.number("crop width", of["edge"], lambda: box[2] - box[0])
            height = io.number("crop height", of["edge"], lambda: box[3] - box[1])
            values["crop"] = (left, top, left + width, top + height)
        values["flip"] = FLIPS[io.pick("flip", of["flip"], lambda: FLIPS.index(layer.flip))]
        adjusted = any(getattr(layer, name) != 100 for name in _ADJUSTMENTS)
        if io.pick("adjustment?", of["has adjustment"], lambda: adjusted):
            values |= {name: self._adjustment(io, name, getattr(layer, name)) for name in _ADJUSTMENTS}
        values |= self._size(io, layer)
        if io.pick("rotation?", of["has rotation"], lambda: layer.rotation != 0):
            values["rotation"] = self._rotation(io, layer)
        if io.pick("blur?", of["has blur"], lambda: layer.blur != 0):
            values["blur"] = io.number("blur", of["blur"], lambda: layer.blur)
        if io.pick("opacity?", of["has opacity"], lambda: layer.opacity != 100):
            lacking = stepped(
                io, "transparency", of["opacity"], _OPACITY_STEPS, 100, lambda: 100 - layer.opacity
            )
            values["opacity"] = 100 - lacking
        values["x"] = self._position(io, "x", self._width, values.get("width"), lambda: layer.x)
        values["y"] = self._position(io, "y", self._height, values.get("height"), lambda: layer.y)
        return Layer(**values)

    def _adjustment(self, io: Coder, name: str, given: int) -> int:
        of = self._of
        if not io.pick(f"{name}?", of["adjusted"], lambda: given != 100):
            return 100

        def code() -> int:
            lengths = of["fives"], of["ones"]
            return 100 + _from_zero(
                io, of["adjust side"], of["adjust"], _ADJUST_STEPS, lengths, lambda: given - 100
            )

        return io.joined(name, code, int)

    def _size(self, io: Coder, layer: Layer) -> dict[str, int]:
        values = {}
        kind = io.pick("size", self._of["size"], lambda: _size_kind(layer))
        if kind in (1, 3):
            values["width"] = self._pixels(io, "width", None, lambda: layer.width or 0)
        if kind in (2, 3):
            values["height"] = self._pixels(io, "height", values.get("width"), lambda: layer.height or 0)
        if kind == 4:
            values["scale"] = io.number("scale", self._of["scale"], lambda: layer.scale or 0)
        return values

    def _pixels(self, io: Coder, field: str, near: int | None, wanted: Callable[[], int]) -> int:  # noqa: ARG002 (of similar ones)
        """A width; or a height, `near` being the width that was said before."""
        return io.number(field, self._of["pixels"], wanted)

    def _rotation(self, io: Coder, layer: Layer) -> int:
        return stepped(io, "rotation", self._of["turn"], TURN_STEPS, FULL_TURN - 1, lambda: layer.rotation)

    def _position(
        self,
        io: Coder,
        field: str,
        length: int,
        size: int | None,  # noqa: ARG002 (of similar ones)
        wanted: Callable[[], int],
    ) -> int:
        """A left or top edge: of a box of this size, if it was said."""
        return self._place(io, field, length, wanted)

    def _place(self, io: Coder, field: str, length: int, wanted: Callable[[], int]) -> int:
        """Any integer; those from 0 to `length` are likely."""
        outside = self._of["outside"]

        def code() -> int:
            where = io.pick(
                "", self._of["where"], lambda: 0 if 0 <= wanted() < length else 1 if wanted() < 0 else 2
            )
            match where:
                case 0:
                    return io.pick("", Uniform(length), wanted)
                case 1:
                    return -1 - io.number("", outside, lambda: -1 - wanted())
            return length + io.number("", outside, lambda: wanted() - length)

        return io.joined(field, code, int)


class SimilarLayerCoder(LayerCoder):
    """Codes the layers of a paraphrase: sizes and positions in steps of a grid, boxes by their middle, small turns to either side.

    Args:
        width: of the canvas, pixels.
        height: of the canvas, pixels.
        elements: what the layers show.
        grid: pixels that positions and sizes are multiples of.
    """

    _TABLES: ClassVar = LayerCoder._TABLES | {
        "flip": _LIKE_FLIP,
        "has adjustment": _LIKE_HAS_ADJUSTMENT,
        "adjusted": _LIKE_ADJUSTED,
        "adjust": _LIKE_ADJUST,
        "fives": _LIKE_ADJUST_FIVES,
        "size": _LIKE_SIZE,
        "pixels": _LIKE_PIXELS,
        "has rotation": _LIKE_HAS_ROTATION,
        "turn side": _LIKE_TURN_SIDE,
        "turn": _LIKE_TURN,
        "turn length": _LIKE_TURN_LENGTH,
        "has blur": _LIKE_HAS_BLUR,
        "has opacity": _LIKE_HAS_OPACITY,
        "where": _LIKE_WHERE,
        "outside": _LIKE_OUTSIDE,
    }

    def __init__(self, width: int, height: int, elements: Elements, grid: int) -> None:
        super().__init__(width, height, elements)
        self._grid = grid

    def _pixels(self, io: Coder, field: str, near: int | None, wanted: Callable[[], int]) -> int:
        grid = self._grid
        lengths = self._of["pixels"] if near is None else near_lengths((near // grid).bit_length())
        return grid * io.number(field, lengths, lambda: wanted() // grid)

    def _rotation(self, io: Coder, layer: Layer) -> int:
        of = self._of

        def code() -> int:
            lengths = (of["turn length"],) * len(_LIKE_TURN_STEPS)
            turn = _from_zero(
                io,
                of["turn side"],
                of["turn"],
                _LIKE_TURN_STEPS,
                lengths,
                lambda: (layer.rotation + FULL_TURN // 2 - 1) % FULL_TURN - FULL_TURN // 2 + 1,
            )
            return turn % FULL_TURN

        return io.joined("rotation", code, int)

    def _position(
        self, io: Coder, field: str, length: int, size: int | None, wanted: Callable[[], int]
    ) -> int:
        """The middle is on the canvas where the edge often is not."""
        grid = self._grid
        half = (size or 0) // grid // 2
        middle = self._place(io, field, -(-length // grid), lambda: wanted() // grid + half)
        return grid * (middle - half)


def _size_kind(layer: Layer) -> int:
    if layer.scale is not None:
        return 4
    return (layer.width is not None) + 2 * (layer.height is not None)


def _from_zero(
    io: Coder,
    sides: Adaptive,
    kinds: Adaptive,
    steps: tuple[int, ...],
    lengths: tuple[Adaptive, ...],
    wanted: Callable[[], int],
) -> int:
    """Code an integer that is not 0; a rounder one and one nearer to 0 cost less.

    First its sign; then the largest step that it is a multiple of; then which one from 0 on, of those that are multiples of no larger
    step, counted from 1.

    Args:
        io: either direction.
        sides: how likely it is below 0.
        kinds: how likely each step is.
        steps: each is a multiple of the next; the last is 1.
        lengths: of that count, in bits; a table for each step, in which 0 has no share.
        wanted: gives the integer to an encoder.
    """
    below = io.pick("", sides, lambda: wanted() < 0)
    kind = io.pick("", kinds, lambda: next(k for k, step in enumerate(steps) if wanted() % step == 0))
    step = steps[kind]
    every = steps[kind - 1] // step if kind else 0

    def count() -> int:
        multiple = abs(wanted()) // step
        return _rank(multiple, every) + 1 if every else multiple

    found = io.number("", lengths[kind], count)
    distance = step * (found + (found - 1) // (every - 1) if every else found)
    return -distance if below else distance


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
