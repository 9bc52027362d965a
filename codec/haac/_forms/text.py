"""Text form of a recipe: one line of ASCII that can be pasted into a chat (grammar in docs/format.md).

    haac1:400x2ab:e3f;7k2.wd2.h190.r30.b6.p280,b4

Numbers are hexadecimal, ids Crockford base32. `haac1:like:` begins a paraphrase.
"""

from __future__ import annotations

import re
from typing import Any

from haac._inline import Inline, inline, inline_digits
from haac._limits import LIMITS
from haac._scene import FLIPS, Background, Colour, Gradient, Layer, Plate, Scene, element_number
from haac._wash_value import Wash
from haac_repo import RecipeError, format_id

PREFIX = "haac1:"
"""Version 1 of the format and of the renderer."""
_LIKE = "like:"
"""After the prefix: the elements are similar, not the same."""

_NUMBERS = {
    "l": ("brightness", 100),
    "k": ("contrast", 100),
    "u": ("saturation", 100),
    "w": ("width", None),
    "h": ("height", None),
    "s": ("scale", None),
    "r": ("rotation", 0),
    "b": ("blur", 0),
    "o": ("opacity", 100),
}
"""Functions of one number: field, and the value that is not written."""


def to_text(scene: Scene) -> str:
    """Write a scene in the text form.

    Raises:
        RecipeError: outside the limits.
    """
    scene.check()
    head = f"{PREFIX}{_LIKE if scene.similar else ''}{scene.width:x}x{scene.height:x}"
    if scene.fingerprint is not None:
        head += f"~{scene.fingerprint:04x}"
    inlines = scene.inlines()
    pictures = [f"={inline_digits(each)}" for each in inlines]
    layers = [_layer_text(layer, inlines) for layer in scene.layers]
    text = ";".join([head + _background_text(scene), *pictures, *layers])
    if len(text) > LIMITS.text_chars:
        raise RecipeError(
            f"the recipe has {len(text)} characters; at most {LIMITS.text_chars} are allowed: use fewer layers"
        )
    return text


def from_text(text: str) -> Scene:
    """Parse the text form. White space anywhere and capitals do not matter, nor does the order of a layer's functions.

    Raises:
        RecipeError: malformed, or outside the limits.
    """
    if len(text) > LIMITS.text_chars:
        raise RecipeError(f"the recipe has {len(text)} characters; at most {LIMITS.text_chars} are allowed")
    head, *layers = "".join(text.split()).lower().split(";")
    if not head.startswith(PREFIX):
        raise RecipeError(
            f"this is no recipe that this haac can read: it begins with {_shown(head)}, not with '{PREFIX}'"
        )
    rest = head[len(PREFIX) :]
    similar = rest.startswith(_LIKE)
    match = re.fullmatch(
        r"([0-9a-f]{1,8})x([0-9a-f]{1,8})(?:~([0-9a-f]{4}))?(?::(.*))?", rest.removeprefix(_LIKE), re.ASCII
    )
    if match is None:
        raise RecipeError(
            f"{_shown(head)} is not '{PREFIX}WIDTHxHEIGHT' or '{PREFIX}{_LIKE}WIDTHxHEIGHT', then perhaps '~FINGERPRINT'"
            " and ':BACKGROUND'"
        )
    width, height, fingerprint, background = match.groups()
    carried = [item[1:] for item in layers if item.startswith("=")]
    layers = [item for item in layers if not item.startswith("=")]
    for name, found, most in (
        ("layers", len(layers), LIMITS.layers),
        ("inline elements", len(carried), LIMITS.inline_elements),
    ):
        if found > most:
            raise RecipeError(f"the recipe has {found} {name}; at most {most} are allowed")
    size = Scene(int(width, 16), int(height, 16))  # checks them before anything is made of that size
    inlines = [inline(digits) for digits in carried]
    scene = Scene(
        size.width,
        size.height,
        None if background is None else _background(background, size),
        [_layer(layer, inlines) for layer in layers],
        None if fingerprint is None else int(fingerprint, 16),
        similar,
    )
    scene.check()
    if len(scene.inlines()) != len(inlines):
        raise RecipeError("the recipe is damaged: an inline element stands twice in it, or in no layer")
    return scene


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...")


def _colour_text(rgba: int) -> str:
    return f"{rgba >> 8:06x}" if rgba & 0xFF == 0xFF else f"{rgba:08x}"


def _background_text(scene: Scene) -> str:
    match scene.background:
        case Colour(rgba):
            return f":c{_colour_text(rgba)}"
        case Gradient(start, end, angle):
            return f":g{_colour_text(start)},{_colour_text(end)},{angle:x}"
        case Plate(element):
            return f":e{format_id(element)}"
        case Wash() as given:
            from haac._wash.text import wash_digits  # only a wash pays for loading its decoder

            return f":w{wash_digits(given, scene.width, scene.height)}"
    return ""


def _background(text: str, canvas: Scene) -> Background:
    arguments = text[1:].split(",")
    if text[:1] == "c" and len(arguments) == 1:
        return Colour(_colour(arguments[0]))
    if text[:1] == "g" and len(arguments) == 3:
        return Gradient(_colour(arguments[0]), _colour(arguments[1]), _number(arguments[2]))
    if text[:1] == "e" and len(arguments) == 1:
        return Plate(element_number(arguments[0]))
    if text[:1] == "w" and len(arguments) == 1:
        from haac._wash.text import wash

        return wash(canvas.width, canvas.height, arguments[0])
    raise RecipeError(f"the background {_shown(text)} is none of cCOLOUR, gSTART,END,ANGLE, eID and wDIGITS")


def _colour(text: str) -> int:
    if not re.fullmatch(r"[0-9a-f]{6}(?:[0-9a-f]{2})?", text, re.ASCII):
        raise RecipeError(f"the colour {_shown(text)} is not six or eight hexadecimal digits")
    return int(text, 16) if len(text) == 8 else int(text, 16) << 8 | 0xFF


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9a-f]{1,8}", text, re.ASCII):
        raise RecipeError(f"{_shown(text)} is not a hexadecimal number of up to eight digits")
    return int(text, 16)


def _inline(text: str, inlines: list[Inline]) -> Inline:
    place = _number(text[1:])
    if not 1 <= place <= len(inlines):
        raise RecipeError(f"{_shown(text)} is none of the recipe's {len(inlines)} inline elements")
    return inlines[place - 1]


def _layer_text(layer: Layer, inlines: list[Inline]) -> str:
    element = layer.element
    parts = [f"!{inlines.index(element) + 1:x}" if isinstance(element, Inline) else format_id(element)]
    if layer.crop is not None:
        parts.append("c" + ",".join(f"{edge:x}" for edge in layer.crop))
    if layer.flip:
        parts.append("f" + layer.flip)
    for letter, (name, unsaid) in _NUMBERS.items():
        value = getattr(layer, name)
        if value != unsaid:
            parts.append(f"{letter}{value:x}")
    if (layer.x, layer.y) != (0, 0):
        parts.append(f"p{layer.x:x},{layer.y:x}")
    return ".".join(parts)


def _layer(text: str, inlines: list[Inline]) -> Layer:
    id, *functions = text.split(".")
    values: dict[str, Any] = {"element": _inline(id, inlines) if id.startswith("!") else element_number(id)}
    said: set[str] = set()
    for function in functions:
        letter, arguments = function[:1], function[1:].split(",")
        if letter in said:
            raise RecipeError(f"the layer {_shown(text)} says '{letter}' twice")
        said.add(letter)
        if letter in _NUMBERS and len(arguments) == 1:
            values[_NUMBERS[letter][0]] = _number(arguments[0])
        elif letter == "p" and len(arguments) == 2:
            values["x"], values["y"] = map(_number, arguments)
        elif letter == "c" and len(arguments) == 4:
            values["crop"] = tuple(map(_number, arguments))
        elif letter == "f" and function[1:] in FLIPS[1:]:
            values["flip"] = function[1:]
        else:
            raise RecipeError(
                f"{_shown(function)} in the layer {_shown(text)} is no function of a layer; they are cL,T,R,B  fAXES  pX,Y and, with"
                f" one number, {' '.join(_NUMBERS)}"
            )
    return Layer(**values)
