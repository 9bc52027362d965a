"""Binary form of a recipe: a format byte, then one number (docs/format.md has it table by table).

`_code_scene` describes the format once; `haac._rans` runs it in either direction. Inline elements stand before the number, as they are, and
so does the fingerprint: a flag in the number would cost those that have none, or those that have one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from haac._forms import binary_similar as similar
from haac._forms.binary_elements import code_elements
from haac._forms.binary_layer import TURN_STEPS, LayerCoder, SimilarLayerCoder, stepped
from haac._inline import Inline
from haac._limits import LIMITS
from haac._rans import Coded, Coder, Decoder, Encoder, Table, Uniform
from haac._scene import FULL_TURN, Background, Colour, Gradient, Layer, Plate, Scene
from haac._wash_value import Wash
from haac_repo import RecipeError

FORMAT = 0xA1
"""The first byte: version 1 of the format and of the renderer. No text begins with it, nor with one that also has the bits below."""
_FINGERPRINT = 4
"""In the first byte: the repository's fingerprint follows it, in two bytes."""
_INLINE = 8
"""In the first byte: inline elements stand before the number."""
_SIMILAR = 16
"""In the first byte: the elements are similar, not the same, which costs nothing; a decoder that does not know it refuses the recipe."""
FORMATS = bytes(
    FORMAT | like | inline | fingerprint
    for like in (0, _SIMILAR)
    for inline in (0, _INLINE)
    for fingerprint in (0, _FINGERPRINT)
)

COMMON_CANVASES = (
    (512, 512), (1024, 1024), (1080, 1080), (256, 256), (128, 128),
    (640, 480), (800, 600), (1024, 768), (1280, 720), (1280, 960), (1366, 768), (1600, 900), (1600, 1200), (1920, 1080), (2048, 1536),
    (2560, 1440), (3840, 2160), (480, 640), (600, 800), (768, 1024), (720, 1280), (960, 1280), (1200, 1600), (1080, 1920), (1080, 1350),
    (768, 512), (512, 768), (1200, 630), (1500, 500), (320, 240), (400, 300),
)  # fmt: skip
"""Canvas sizes that cost five bits; the last symbol says that the size follows."""

_CANVAS = Table(*(1 for _ in COMMON_CANVASES), 12)
_RESERVED = Table(15, 1)
"""1 is kept for a later version."""
_BACKGROUND = Table(12, 10, 4, 10, 1, 6, 1, 12, 8)
"""Transparent, white, black, opaque colour, any colour, opaque gradient, any gradient, plate, wash."""
_ANGLE = Table(4, 2, 1, 1)
_COUNT = Table(1, 4, 8, 16, 24, 16, 8, 4, 2, 1, 1, 1, 1, 1)
_COUNT_ON_WASH = Table(64, 8, 8, 8, 8, 4, 2, 1, 1, 1, 1, 1, 1, 1)
_ID_BITS = Table(1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 8, 8, 7, 6, 5, 4, 4, 4, 4, *(2 for _ in range(21)))
_REPEATS = Table(24, 6, 4, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1)

_PLATE, _WASH = 7, 8
_WHITE, _BLACK = 0xFFFFFFFF, 0x000000FF


def to_binary(scene: Scene) -> bytes:
    """Encode a scene in the binary form.

    Raises:
        RecipeError: outside the limits.
    """
    return traced(scene)[0]


def measured(scene: Scene) -> tuple[bytes, float]:
    """Encode a scene, and count its bits: the last byte of the binary form is filled up.

    Raises:
        RecipeError: outside the limits.
    """
    data, trace = traced(scene)
    return data, 8 * len(_head(scene)) + sum(coded.bits for coded in trace)


def traced(scene: Scene) -> tuple[bytes, list[Coded]]:
    """Encode a scene, with the trace of what each value of its number cost.

    Raises:
        RecipeError: outside the limits.
    """
    encoder = _encoded(scene)
    number = encoder.result()
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(data) >= LIMITS.recipe_bytes:
        raise RecipeError(
            f"the recipe has {len(data) + 1} bytes; at most {LIMITS.recipe_bytes} are allowed: use fewer layers"
        )
    return _head(scene) + data, encoder.trace


def _encoded(scene: Scene) -> Encoder:
    """The symbols of a scene."""
    scene.check()
    encoder = Encoder()
    _code_scene(encoder, scene)
    if isinstance(scene.background, Wash):  # whose number may take long to make
        scene.background.check_work(int(sum(coded.bits for coded in encoder.trace)))
    return encoder


def _head(scene: Scene) -> bytes:
    """What stands before the number: in it, every symbol would move all these bytes."""
    inlines = scene.inlines()
    first = FORMAT | _FINGERPRINT * (scene.fingerprint is not None) | _INLINE * bool(inlines)
    first |= _SIMILAR * scene.similar
    marked = b"" if scene.fingerprint is None else scene.fingerprint.to_bytes(2, "big")
    return b"".join([bytes([first]), marked, *map(_framed, inlines), b"\0" * bool(inlines)])


def _framed(inline: Inline) -> bytes:
    """An inline element after its length, seven bits a byte, the lowest first; the last byte is below 128."""
    length, head = len(inline.data), bytearray()
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    return bytes([*head, length]) + inline.data


def from_binary(data: bytes) -> Scene:
    """Decode the binary form. Every scene has exactly one.

    Raises:
        RecipeError: anything else.
    """
    return trace_binary(data)[0]


def trace_binary(data: bytes) -> tuple[Scene, list[Coded]]:
    """Decode the binary form, with the trace of what each value of its number cost.

    Raises:
        RecipeError: as `from_binary`.
    """
    if not data or data[0] not in FORMATS:
        found = f"begins with the byte {data[0]:#04x}" if data else "is empty"
        expected = ", ".join(f"{first:#04x}" for first in FORMATS)
        raise RecipeError(
            f"this is no recipe that this haac can read: it {found}; one of {expected} was expected"
        )
    start = 1
    fingerprint = None
    if data[0] & _FINGERPRINT:
        if len(data) < 3:
            raise RecipeError("the recipe is damaged: it ends within its fingerprint")
        fingerprint, start = int.from_bytes(data[1:3], "big"), 3
    inlines, start = _inlines(data, start) if data[0] & _INLINE else ([], start)
    if len(data) - start >= LIMITS.recipe_bytes:
        raise RecipeError(
            f"the recipe has {len(data) - start + 1} bytes; at most {LIMITS.recipe_bytes} are allowed"
        )
    if data[start : start + 1] == b"\0":
        raise RecipeError("the recipe is damaged: its number begins with a zero byte")
    decoder = Decoder(int.from_bytes(data[start:], "big"))
    scene = _code_scene(decoder, Scene(1, 1, similar=bool(data[0] & _SIMILAR)), inlines)
    decoder.finish()
    scene.fingerprint = fingerprint
    # The same symbols are the same number, which would take as long again to make.
    if _encoded(scene).picks != decoder.picks or _head(scene) != data[:start]:
        raise RecipeError("the recipe is damaged: the same scene is written otherwise")
    return scene, decoder.trace


def _inlines(data: bytes, at: int) -> tuple[list[Inline], int]:
    """The inline elements from a place on, and where the number begins."""
    found: list[Inline] = []
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


def _code_scene(io: Coder, scene: Scene, inlines: Sequence[Inline] = ()) -> Scene:
    """Code a scene; while decoding, of the argument only `similar` is looked at, and the inline elements are given."""
    like = scene.similar
    width, height = similar.code_canvas(io, scene.width, scene.height) if like else _canvas(io, scene)
    made = Scene(width, height, similar=like)  # refuses a canvas that a wash could not be on
    if io.pick("reserved", _RESERVED, lambda: 0):
        raise RecipeError("the recipe is of a newer version than this haac can read, or damaged")
    kinds = similar.LIKE_BACKGROUND if like else _BACKGROUND
    kind = io.pick("background", kinds, lambda: _background_kind(scene.background))
    counts = similar.LIKE_COUNT if like else _COUNT_ON_WASH if kind == _WASH else _COUNT
    count = io.number("layers", counts, lambda: len(scene.layers))
    if count > LIMITS.layers:
        raise RecipeError(f"the recipe has {count} layers; at most {LIMITS.layers} are allowed")
    wanted: list[int | Inline] = []
    if isinstance(io, Encoder):
        wanted, inlines = [layer.element for layer in scene.layers], scene.inlines()
    repeats = similar.LIKE_REPEATS if like else _REPEATS
    again = io.number("repeats", repeats, lambda: count - len(set(wanted))) if count > 1 else 0
    new = count - again - len(inlines)
    if new < 0 or count > 0 == new + len(inlines):
        raise RecipeError(
            f"the recipe is damaged: {count} layers, {again} of which repeat an element, and {len(inlines)} inline elements"
        )
    bits = 0
    if new or kind == _PLATE:
        lengths = similar.LIKE_ID_BITS if like else _ID_BITS
        bits = io.pick("id bits", lengths, lambda: max(scene.elements(), default=0).bit_length())
    if kind == _WASH:
        from haac._wash.bitstream import code_wash  # brings numpy

        given = scene.background if isinstance(scene.background, Wash) else None
        made.background = code_wash(io, width, height, given)
    else:
        made.background = _background(io, kind, Uniform(2**bits), scene.background)
    elements = code_elements(io, new, again, bits, inlines, wanted)
    if like and count:
        coder: LayerCoder = SimilarLayerCoder(width, height, elements, similar.code_grid(io, scene.layers))
    else:
        coder = LayerCoder(width, height, elements)
    for n, layer in enumerate(scene.layers if isinstance(io, Encoder) else [Layer(1)] * count, 1):
        io.part = f"layer {n}"
        made.layers.append(coder.code(io, layer))
    return made


def _canvas(io: Coder, scene: Scene) -> tuple[int, int]:
    size = scene.width, scene.height
    common = len(COMMON_CANVASES)
    symbol = io.pick(
        "canvas", _CANVAS, lambda: COMMON_CANVASES.index(size) if size in COMMON_CANVASES else common
    )
    if symbol < common:
        return COMMON_CANVASES[symbol]
    width = io.number("canvas width", similar.SIDE, lambda: scene.width)
    # Most canvases are about as high as wide.
    return width, io.number("canvas height", similar.near_lengths(width.bit_length()), lambda: scene.height)


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
            angle = stepped(
                io, "gradient angle", _ANGLE, TURN_STEPS, FULL_TURN, lambda: shape.angle or FULL_TURN
            )
            return Gradient(start, end, angle % FULL_TURN)
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
