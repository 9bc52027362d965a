"""JSON form of a scene: what the browser and the server send each other. Untrusted: every value is checked when it is read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from haac import LIMITS, Colour, Gradient, Inline, Layer, Plate, Scene, Wash, wash
from haac._internal import element_number, format_colour, parse_colour, wash_digits
from haac_repo import HaacError, RecipeError, format_id

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""
_NUMBERS = {
    "brightness": 100,
    "contrast": 100,
    "saturation": 100,
    "rotation": 0,
    "blur": 0,
    "opacity": 100,
    "x": 0,
    "y": 0,
}
"""Fields of a layer that always have a value, and the one that changes nothing."""
_SIZES = ("width", "height", "scale")


def scene_to_json(scene: Scene) -> dict[str, Any]:
    """Write a scene as plain data.

    Returns:
        What `scene_from_json` reads: elements by their ids, inline ones as base64, colours as '#rrggbb', a wash as its digits.
    """
    return {
        "width": scene.width,
        "height": scene.height,
        "fingerprint": scene.fingerprint,
        "similar": scene.similar,
        "background": _background_json(scene),
        "layers": [_layer_json(layer) for layer in scene.layers],
    }


def scene_from_json(value: object) -> Scene:
    """Read a scene that a browser sent. Hidden layers are left out, keys that are not known are passed over.

    Raises:
        RecipeError: malformed, or outside the limits; the message names the layer.
    """
    return Scene(**_scene_fields(value))


def shown_layers(value: object) -> list[int]:
    """Places, among all layers of a scene as JSON, of those that are not hidden: its recipe has these, in this order."""
    layers = value.get("layers") if isinstance(value, dict) else None
    return [n for n, layer in enumerate(layers or ()) if not _hidden(layer)]


def _scene_fields(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong("a scene", value, "an object with width, height and layers")
    width, height = (_whole(value.get(name), f"the canvas {name}") for name in ("width", "height"))
    Scene(width, height)  # refuses a canvas that a wash could not be on
    layers = value.get("layers", [])
    if not isinstance(layers, list):
        raise _wrong("layers", layers, "a list")
    if len(layers) > LIMITS.layers:
        raise RecipeError(f"the scene has {len(layers)} layers; at most {LIMITS.layers} are allowed")
    fingerprint = value.get("fingerprint")
    return {
        "width": width,
        "height": height,
        "background": _background(value.get("background"), width, height),
        "layers": list(_layers(layers)),
        "fingerprint": None if fingerprint is None else _whole(fingerprint, "a fingerprint"),
        "similar": _truth(value.get("similar", False), "similar"),
    }


def _layers(layers: list[object]) -> Iterator[Layer]:
    inlines: dict[str, Inline] = {}
    for n, layer in enumerate(layers, 1):
        if _hidden(layer):
            continue
        try:
            yield _layer(layer, inlines)
        except HaacError as error:
            raise RecipeError(f"layer {n}: {error}") from error


def _hidden(layer: object) -> bool:
    return isinstance(layer, dict) and layer.get("hidden") is True


def _layer(value: object, inlines: dict[str, Inline]) -> Layer:
    if not isinstance(value, dict):
        raise _wrong("it", value, "an object with an element and its operations")
    fields: dict[str, Any] = {"element": _element(value.get("element"), inlines)}
    crop = value.get("crop")
    if crop is not None:
        if not isinstance(crop, list) or len(crop) != 4:
            raise _wrong("crop", crop, "null, or [left, top, right, bottom]")
        fields["crop"] = tuple(_whole(edge, "an edge of a crop") for edge in crop)
    flip = value.get("flip", "")
    if not isinstance(flip, str):
        raise _wrong("flip", flip, "'', 'h', 'v' or 'hv'")
    fields["flip"] = flip[:_SHOWN]
    for name, usual in _NUMBERS.items():
        fields[name] = _whole(value.get(name, usual), name)
    for name in _SIZES:
        if value.get(name) is not None:
            fields[name] = _whole(value[name], name)
    return Layer(**fields)


def _element(value: object, inlines: dict[str, Inline]) -> int | Inline:
    if isinstance(value, str):
        return element_number(value)
    if not isinstance(value, dict) or not isinstance(value.get("inline"), str):
        raise _wrong("element", value, 'an id such as "7k2", or {"inline": base64}')
    digits = value["inline"]
    if digits not in inlines:
        try:
            inlines[digits] = Inline(base64.b64decode(digits, validate=True))
        except (binascii.Error, ValueError) as error:
            if isinstance(error, HaacError):
                raise
            raise RecipeError("an inline element is not written in base64") from error
    return inlines[digits]


def _background(value: object, width: int, height: int) -> Colour | Gradient | Plate | Wash | None:
    if value is None:
        return None
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str) or kind not in _KINDS:
        raise _wrong("the background", value, f"null, or an object whose kind is {', '.join(_KINDS)}")
    return _KINDS[kind](value, width, height)


def _wash(value: dict[str, Any], width: int, height: int) -> Wash:
    digits = value.get("digits")
    if not isinstance(digits, str):
        raise _wrong("a wash's digits", digits, "text")
    if len(digits) > LIMITS.text_chars:
        raise RecipeError(f"a wash has {len(digits)} digits; at most {LIMITS.text_chars} are allowed")
    return _read_wash(width, height, digits)


_KINDS: dict[str, Callable[[dict[str, Any], int, int], Colour | Gradient | Plate | Wash]] = {
    "colour": lambda value, *_: Colour(_colour(value.get("rgba"))),
    "gradient": lambda value, *_: Gradient(
        _colour(value.get("start")),
        _colour(value.get("end")),
        _whole(value.get("angle", 1080), "a gradient's angle"),
    ),
    "plate": lambda value, *_: Plate(element_number(value.get("element"))),
    "wash": _wash,
}


@lru_cache(maxsize=8)
def _read_wash(width: int, height: int, digits: str) -> Wash:
    """A wash takes as long as all layers, and stays the same while they move."""
    return wash(width, height, digits)


def _colour(value: object) -> int:
    if not isinstance(value, str) or len(value) > _SHOWN:
        raise _wrong("a colour", value, "'#rrggbb' or '#rrggbbaa'")
    return parse_colour(value)


def _whole(value: object, name: str) -> int:
    # The ranges are checked by what the number is given to; a float is refused even where it is whole.
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, value, "a whole number")
    return value


def _truth(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, "true or false")
    return value


def _wrong(name: str, value: object, allowed: str) -> RecipeError:
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return RecipeError(f"{name} is {shown}; {allowed} is allowed")


def _background_json(scene: Scene) -> dict[str, Any] | None:
    match scene.background:
        case Colour(rgba):
            return {"kind": "colour", "rgba": format_colour(rgba)}
        case Gradient(start, end, angle):
            return {
                "kind": "gradient",
                "start": format_colour(start),
                "end": format_colour(end),
                "angle": angle,
            }
        case Plate(element):
            return {"kind": "plate", "element": format_id(element)}
        case Wash() as given:
            return {"kind": "wash", "digits": wash_digits(given, scene.width, scene.height)}
    return None


def _layer_json(layer: Layer) -> dict[str, Any]:
    element: object
    if isinstance(layer.element, Inline):
        width, height = layer.element.size
        data = base64.b64encode(layer.element.data).decode()
        element = {"inline": data, "width": width, "height": height}
    else:
        element = format_id(layer.element)
    return {
        "element": element,
        "crop": None if layer.crop is None else list(layer.crop),
        "flip": layer.flip,
        **{name: getattr(layer, name) for name in (*_NUMBERS, *_SIZES)},
    }
