"""The binary form: a format byte, then one number (docs/format.md has it table by table).

`_scene` describes the format once; `haac._ans` runs it in either direction. Inline elements stand before the number, as they are: in
it, every symbol would move all their bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from haac._ans import Coded, Coder, Decoder, Encoder, Table, Uniform
from haac._inline import Inline
from haac._limits import LIMITS
from haac._scene import FLIPS, FULL_TURN, Background, Colour, Gradient, Layer, Plate, Scene
from haac._wash import Wash
from haac_repo import RecipeError

FORMAT = 0xA1
"""The first byte: version 1 of the format and of the renderer. No text begins with it."""

FORMAT_INLINE = 0xA9
"""The first byte where inline elements stand before the number."""

COMMON_CANVASES = (
    (512, 512), (1024, 1024), (1080, 1080), (256, 256), (128, 128),
    (640, 480), (800, 600), (1024, 768), (1280, 720), (1280, 960), (1366, 768), (1600, 900), (1600, 1200), (1920, 1080), (2048, 1536),
    (2560, 1440), (3840, 2160), (480, 640), (600, 800), (768, 1024), (720, 1280), (960, 1280), (1200, 1600), (1080, 1920), (1080, 1350),
    (768, 512), (512, 768), (1200, 630), (1500, 500), (320, 240), (400, 300),
)  # fmt: skip
"""Canvas sizes that cost five bits; the last symbol says that the size follows."""

_CANVAS = Table(*(1 for _ in COMMON_CANVASES), 6)
_SIDE = Table(1, 1, 1, 1, 2, 4, 8, 16, 24, 32, 32, 16, 8, 4, 2)
_HAS_FINGERPRINT = Table(15, 1)
_BACKGROUND = Table(12, 10, 4, 10, 1, 6, 1, 12, 8)
"""Transparent, white, black, opaque colour, any colour, opaque gradient, any gradient, plate, wash."""
_COUNT = Table(1, 4, 8, 16, 24, 16, 8, 4, 2, 1, 1, 1, 1, 1)
_COUNT_ON_WASH = Table(64, 8, 8, 8, 8, 4, 2, 1, 1, 1, 1, 1, 1, 1)
_ID_BITS = Table(1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 8, 8, 7, 6, 5, 4, 4, 4, 4, *(2 for _ in range(21)))
_AGAIN = Table(30, 2)
_HAS_CROP = Table(31, 1)
_EDGE = Table(4, 1, 1, 2, 4, 8, 16, 24, 24, 16, 8, 4, 2, 1, 1)
_FLIP = Table(28, 3, 1, 1)
_HAS_ADJUSTMENT = Table(31, 1)
_ADJUSTMENTS = ("brightness", "contrast", "saturation")
_ADJUSTED = Table(1, 1)
_SIZE = Table(6, 30, 12, 12, 4)
"""Own size, width, height, both, scale."""
_PIXELS = Table(1, 1, 1, 2, 8, 24, 56, 88, 96, 72, 40, 16, 8, 4, 2)
_SCALE = Table(1, 1, 1, 1, 2, 4, 8, 16, 32, 48, 48, 24, 8, 4, 2)
_TURN = Table(16, 2, 2, 12)
"""Not at all, quarters, steps of five degrees, steps of a quarter degree."""
_TURN_STEPS = (FULL_TURN, 360, 20, 1)
_HAS_BLUR = Table(12, 4)
_BLUR = Table(1, 8, 12, 16, 8, 4, 2, 1, 1, 1, 1)
_HAS_OPACITY = Table(14, 2)
_WHERE = Table(30, 3, 1)
"""On the canvas, before it, beyond it."""
_OUTSIDE = Table(2, 2, 4, 6, 8, 10, 12, 10, 8, 6, 4, *(1 for _ in range(20)))

_PLATE, _WASH = 7, 8
_WHITE, _BLACK = 0xFFFFFFFF, 0x000000FF


def to_binary(scene: Scene) -> bytes:
    """Write the binary form.

    Raises:
        RecipeError: outside the limits.
    """
    return measured(scene)[0]


def measured(scene: Scene) -> tuple[bytes, float]:
    """The binary form, and how many bits of it are used: the last byte is filled up.

    Raises:
        RecipeError: outside the limits.
    """
    scene.check()
    encoder = Encoder()
    _scene(encoder, scene)
    bits = sum(coded.bits for coded in encoder.trace)
    if isinstance(scene.background, Wash):  # whose number may take long to make
        scene.background.check_work(int(bits))
    number = encoder.result()
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(data) >= LIMITS.recipe_bytes:
        raise RecipeError(
            f"the recipe has {len(data) + 1} bytes; at most {LIMITS.recipe_bytes} are allowed: use fewer layers"
        )
    inlines = scene.inlines()
    before = bytes([FORMAT])
    if inlines:
        before = b"".join([bytes([FORMAT_INLINE]), *map(_framed, inlines), b"\0"])
    return before + data, 8 * len(before) + bits


def _framed(inline: Inline) -> bytes:
    """An inline element after its length, seven bits a byte, the lowest first; the last byte is below 128."""
    length, head = len(inline.data), bytearray()
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    return bytes([*head, length]) + inline.data


def from_binary(data: bytes) -> Scene:
    """Read the binary form. Every scene has exactly one.

    Raises:
        RecipeError: anything else.
    """
    return trace_binary(data)[0]


def trace_binary(data: bytes) -> tuple[Scene, list[Coded]]:
    """Read the binary form, and tell what each value cost.

    Raises:
        RecipeError: as `from_binary`.
    """
    if not data or data[0] not in (FORMAT, FORMAT_INLINE):
        found = f"begins with the byte {data[0]:#04x}" if data else "is empty"
        raise RecipeError(
            f"this is no recipe that this haac can read: it {found}; {FORMAT:#04x} or {FORMAT_INLINE:#04x} was expected"
        )
    inlines, start = _inlines(data) if data[0] == FORMAT_INLINE else ([], 1)
    if len(data) - start >= LIMITS.recipe_bytes:
        raise RecipeError(
            f"the recipe has {len(data) - start + 1} bytes; at most {LIMITS.recipe_bytes} are allowed"
        )
    if data[start : start + 1] == b"\0":
        raise RecipeError("the recipe is damaged: its number begins with a zero byte")
    decoder = Decoder(int.from_bytes(data[start:], "big"))
    scene = _scene(decoder, Scene(1, 1), inlines)
    decoder.finish()
    if to_binary(scene) != data:
        raise RecipeError("the recipe is damaged: the same scene is written otherwise")
    return scene, decoder.trace


def _inlines(data: bytes) -> tuple[list[Inline], int]:
    """The inline elements, and where the number begins."""
    found: list[Inline] = []
    at = 1
    while True:
        length = shift = 0
        while True:
            if at >= len(data) or shift > 28:
                raise RecipeError("the recipe is damaged: it ends among its inline elements")
            length |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                break
        if length == 0:
            return found, at
        if length > len(data) - at:
            raise RecipeError("the recipe is damaged: it ends within an inline element")
        if len(found) == LIMITS.inline_elements:
            raise RecipeError(
                f"the recipe has more inline elements than the {LIMITS.inline_elements} that are allowed"
            )
        found.append(Inline(data[at : at + length]))
        at += length


def _scene(io: Coder, scene: Scene, inlines: Sequence[Inline] = ()) -> Scene:
    """Code a scene; while decoding the argument is a stand-in that is not looked at, and its inline elements are given."""
    width, height = _canvas(io, scene)
    fingerprint = None
    if io.pick("fingerprint?", _HAS_FINGERPRINT, lambda: scene.fingerprint is not None):
        fingerprint = io.pick("fingerprint", Uniform(2**16), lambda: scene.fingerprint or 0)
    kind = io.pick("background", _BACKGROUND, lambda: _background_kind(scene.background))
    count = io.number("layers", _COUNT_ON_WASH if kind == _WASH else _COUNT, lambda: len(scene.layers))
    if count > LIMITS.layers:
        raise RecipeError(f"the recipe has {count} layers; at most {LIMITS.layers} are allowed")
    bits = 0
    if count or kind == _PLATE:
        bits = io.pick("id bits", _ID_BITS, lambda: max(scene.elements(), default=0).bit_length())
    ids = Uniform(2**bits)
    if kind == _WASH:
        from haac._wash_code import code_wash  # brings numpy

        background: Background = code_wash(
            io, width, height, scene.background if isinstance(scene.background, Wash) else None
        )
    else:
        background = _background(io, kind, ids, scene.background)
    made = Scene(width, height, background, [], fingerprint)
    layers = scene.layers if isinstance(io, Encoder) else [Layer(1)] * count
    seen: list[int | Inline] = [*(scene.inlines() if isinstance(io, Encoder) else inlines)]
    if isinstance(background, Plate):
        seen.append(background.element)
    made.layers = [_layer(io, made, ids, seen, layer) for layer in layers]
    return made


def _canvas(io: Coder, scene: Scene) -> tuple[int, int]:
    size = scene.width, scene.height
    common = len(COMMON_CANVASES)
    symbol = io.pick(
        "canvas", _CANVAS, lambda: COMMON_CANVASES.index(size) if size in COMMON_CANVASES else common
    )
    if symbol < common:
        return COMMON_CANVASES[symbol]
    return io.number("canvas width", _SIDE, lambda: scene.width), io.number(
        "canvas height", _SIDE, lambda: scene.height
    )


def _background(io: Coder, kind: int, ids: Uniform, given: Background) -> Background:
    def colour(field: str, bits: int, wanted: Callable[[], int]) -> int:
        """A colour of 32 bits, or of 24 if it is known to be opaque."""
        rest = 32 - bits
        return io.pick(field, Uniform(1 << bits), lambda: wanted() >> rest) << rest | (1 << rest) - 1

    shape = given if isinstance(given, Gradient) else Gradient(_BLACK, _BLACK)
    plain = given.rgba if isinstance(given, Colour) else _BLACK
    element = given.element if isinstance(given, Plate) else 0
    match kind:
        case 1:
            return Colour(_WHITE)
        case 2:
            return Colour(_BLACK)
        case 3 | 4:
            return Colour(colour("colour", 24 if kind == 3 else 32, lambda: plain))
        case 5 | 6:
            start = colour("gradient start", 24 if kind == 5 else 32, lambda: shape.start)
            end = colour("gradient end", 24 if kind == 5 else 32, lambda: shape.end)
            return Gradient(start, end, _turn(io, "gradient angle", lambda: shape.angle))
        case 7:  # _PLATE
            return Plate(io.pick("background element", ids, lambda: element))
    return None


def _background_kind(background: Background) -> int:
    match background:
        case Colour(rgba):
            return {_WHITE: 1, _BLACK: 2}.get(rgba, 3 if rgba & 0xFF == 0xFF else 4)
        case Gradient(start, end):
            return 5 if start & end & 0xFF == 0xFF else 6
        case Plate():
            return _PLATE
        case Wash():
            return _WASH
    return 0


def _layer(io: Coder, scene: Scene, ids: Uniform, seen: list[int | Inline], layer: Layer) -> Layer:
    """Code a layer; while decoding the argument is a stand-in that is not looked at."""
    values: dict[str, Any] = {"element": _element(io, ids, seen, layer)}
    if io.pick("crop?", _HAS_CROP, lambda: layer.crop is not None):
        box = layer.crop or (0, 0, 1, 1)
        left = io.number("crop left", _EDGE, lambda: box[0])
        top = io.number("crop top", _EDGE, lambda: box[1])
        width = io.number("crop width", _EDGE, lambda: box[2] - box[0])
        values["crop"] = (
            left,
            top,
            left + width,
            top + io.number("crop height", _EDGE, lambda: box[3] - box[1]),
        )
    values["flip"] = FLIPS[io.pick("flip", _FLIP, lambda: FLIPS.index(layer.flip))]
    if io.pick(
        "adjustment?", _HAS_ADJUSTMENT, lambda: any(getattr(layer, name) != 100 for name in _ADJUSTMENTS)
    ):
        values |= {name: _adjustment(io, name, layer) for name in _ADJUSTMENTS}
    kind = io.pick("size", _SIZE, lambda: _size_kind(layer))
    if kind in (1, 3):
        values["width"] = io.number("width", _PIXELS, lambda: layer.width or 0)
    if kind in (2, 3):
        values["height"] = io.number("height", _PIXELS, lambda: layer.height or 0)
    if kind == 4:
        values["scale"] = io.number("scale", _SCALE, lambda: layer.scale or 0)
    values["rotation"] = _turn(io, "rotation", lambda: layer.rotation)
    if io.pick("blur?", _HAS_BLUR, lambda: layer.blur != 0):
        values["blur"] = io.number("blur", _BLUR, lambda: layer.blur)
    if io.pick("opacity?", _HAS_OPACITY, lambda: layer.opacity != 100):
        values["opacity"] = io.pick("opacity", Uniform(100), lambda: layer.opacity)
    values["x"] = _position(io, "x", scene.width, lambda: layer.x)
    values["y"] = _position(io, "y", scene.height, lambda: layer.y)
    return Layer(**values)


def _element(io: Coder, ids: Uniform, seen: list[int | Inline], layer: Layer) -> int | Inline:
    if seen and io.pick("again?", _AGAIN, lambda: layer.element in seen):
        return seen[io.pick("element again", Uniform(len(seen)), lambda: seen.index(layer.element))]
    element = io.pick("element", ids, lambda: layer.number)
    seen.append(element)
    return element


def _adjustment(io: Coder, name: str, layer: Layer) -> int:
    given: int = getattr(layer, name)
    if not io.pick(f"{name}?", _ADJUSTED, lambda: given != 100):
        return 100
    return io.pick(name, Uniform(LIMITS.adjust + 1), lambda: given)


def _size_kind(layer: Layer) -> int:
    if layer.scale is not None:
        return 4
    return (layer.width is not None) + 2 * (layer.height is not None)


def _turn(io: Coder, field: str, wanted: Callable[[], int]) -> int:
    """An angle; a rounder one costs less."""
    kind = io.pick(
        f"{field} kind", _TURN, lambda: next(k for k, step in enumerate(_TURN_STEPS) if wanted() % step == 0)
    )
    step = _TURN_STEPS[kind]
    return step * io.pick(field, Uniform(FULL_TURN // step), lambda: wanted() // step) if kind else 0


def _position(io: Coder, field: str, length: int, wanted: Callable[[], int]) -> int:
    match io.pick(
        f"{field} where", _WHERE, lambda: 0 if 0 <= wanted() < length else 1 if wanted() < 0 else 2
    ):
        case 0:
            return io.pick(field, Uniform(length), wanted)
        case 1:
            return -1 - io.number(field, _OUTSIDE, lambda: -1 - wanted())
    return length + io.number(field, _OUTSIDE, lambda: wanted() - length)
