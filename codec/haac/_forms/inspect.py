"""Inspection of a recipe: field by field with its bits, and as sentences in plain English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from haac._forms.binary import traced
from haac._forms.text import to_text
from haac._inline import Inline
from haac._scene import Background, Colour, Gradient, Layer, Plate, Scene, format_colour
from haac._wash_value import Wash
from haac_repo import format_id


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the binary form, with its bits."""

    part: str
    """'file', 'scene', or 'layer N' with N from 1, back to front; 'inline' is what stands before the number."""
    name: str
    value: str
    bits: float


@dataclass(frozen=True, slots=True)
class Inspection:
    """A scene with the bits of each field."""

    scene: Scene
    fields: list[Field]
    binary: bytes
    text: str

    @property
    def binary_bytes(self) -> int:
        """Length of the binary form."""
        return len(self.binary)

    @property
    def text_chars(self) -> int:
        """Length of the text form."""
        return len(self.text)


def inspect(scene: Scene) -> Inspection:
    """List the fields of a scene's binary form, with their bits.

    The bits are -log2 of each value's share of its table; their sum is the length of the number, up to its last, partly used byte.

    Raises:
        RecipeError: outside the limits.
    """
    data, trace = traced(scene)
    fields = [Field("file", "format", f"{data[0]:#04x}", 8.0)]
    if scene.fingerprint is not None:
        fields.append(Field("file", "fingerprint", f"{scene.fingerprint:04x}", 16.0))
    inlines = scene.inlines()
    for n, inline in enumerate(inlines, 1):
        length = len(inline.data)
        named = f"{length} bytes"
        fields.append(Field("inline", f"inline {n}", named, 8.0 * (length + -(-length.bit_length() // 7))))
    if inlines:
        fields.append(Field("inline", "end", "0", 8.0))
    shown = iter(scene.layers)
    for coded in trace:
        value = str(coded.value)
        if coded.field == "background element":
            value = format_id(coded.value)
        elif coded.field == "element":
            value = _id(next(shown).element, inlines)
        fields.append(Field(coded.part, coded.field, value, coded.bits))
    return Inspection(scene, fields, data, to_text(scene))


def _id(element: int | Inline, inlines: list[Inline]) -> str:
    if isinstance(element, Inline):
        return f"inline {inlines.index(element) + 1}"
    return format_id(element)


def explain(scene: Scene, name_of: Callable[[int | Inline], str]) -> str:
    """Describe a scene in plain English, as the first HAAC's describers typed it: one sentence a line.

    Args:
        scene: the picture.
        name_of: what to call an element, by its number, or an inline one.
    """
    sentences = [
        f"Take a canvas {scene.width} pixels wide and {scene.height} high{_background(scene.background, name_of)}."
    ]
    for index, layer in enumerate(scene.layers):
        start = (
            "On top of it all," if 0 < index == len(scene.layers) - 1 else "First," if index == 0 else "Then"
        )
        sentences.append(f"{start} {_sentence(layer, name_of(layer.element))}.")
    return "\n".join(sentences)


def _background(background: Background, name_of: Callable[[int | Inline], str]) -> str:
    match background:
        case Colour(rgba):
            return f", and fill it with {format_colour(rgba)}"
        case Gradient(start, end, angle):
            direction = {
                0: "left to right",
                360: "bottom to top",
                720: "right to left",
                1080: "top to bottom",
            }
            way = direction.get(angle, f"{angle / 4:g} degrees counter-clockwise from rightwards")
            return f", and let it run from {format_colour(start)} to {format_colour(end)}, {way}"
        case Plate(element):
            return f", and stretch {name_of(element)} over it"
        case Wash(width, height):
            return f", and fill it with a wash, a rough picture drawn on {width}x{height} places"
    return ", transparent"


def _sentence(layer: Layer, name: str) -> str:
    steps = []
    if layer.crop is not None:
        left, top, right, bottom = layer.crop
        steps.append(f"keep only the part from {left},{top} to {right},{bottom}")
    if layer.flip:
        steps.append(
            {"h": "mirror it", "v": "turn it upside down by mirroring", "hv": "mirror it both ways"}[
                layer.flip
            ]
        )
    for what, value in (
        ("bright", layer.brightness),
        ("rich in contrast", layer.contrast),
        ("saturated", layer.saturation),
    ):
        if value != 100:
            steps.append(f"make it {value} % as {what}")
    if layer.scale is not None:
        steps.append(f"make it {layer.scale / 1000:g} times its size")
    elif layer.width is not None and layer.height is not None:
        steps.append(f"make it {layer.width} pixels wide and {layer.height} high")
    elif layer.width is not None:
        steps.append(f"make it {layer.width} pixels wide")
    elif layer.height is not None:
        steps.append(f"make it {layer.height} pixels high")
    if layer.rotation:
        way, turn = ("left", layer.rotation) if layer.rotation <= 720 else ("right", 1440 - layer.rotation)
        steps.append(f"turn it {turn / 4:g} degrees to the {way}")
    if layer.blur:
        steps.append(f"blur it by {layer.blur / 4:g} pixels")
    if layer.opacity != 100:
        steps.append(f"let it be {layer.opacity} % opaque")
    place = f"{_from(layer.x, 'left')} and {_from(layer.y, 'top')}"
    return f"take {name}, {''.join(step + ', ' for step in steps)}and put it {place}"


def _from(distance: int, edge: str) -> str:
    if distance == 0:
        return f"at the {edge} edge"
    return f"{abs(distance)} pixels {'from' if distance > 0 else 'beyond'} the {edge} edge"
