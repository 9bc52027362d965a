"""A second decoder, written from docs/format.md alone: no code of haac, no drawing calls of Pillow (which only reads WebP).

The tables, the common canvases and the limits are read out of the page itself, so a test that decodes with this module tests the page.
It is slow and plain on purpose. Here are the text and the binary form; reference_values.py has the binary
form's values, reference_render.py the rendering, reference_wash.py the wash.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


def _beside(name: str) -> ModuleType:
    """The module of a file in this folder."""
    spec = importlib.util.spec_from_file_location(f"haac_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


wash, rendering = _beside("reference_wash"), _beside("reference_render")
values = _beside("reference_values")
pixel_hash, require = rendering.pixel_hash, values.require
TABLES, CANVASES, GRIDS, LIMITS = values.TABLES, values.CANVASES, values.GRIDS, values.LIMITS

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"

Scene = dict[str, Any]  # canvas, fingerprint, background, layers: plain values, equal when the scenes are
Pixels = np.ndarray


def new_layer(element: int | bytes) -> dict[str, Any]:
    return {
        "element": element,
        "crop": None,
        "flip": "",
        "adjust": (100, 100, 100),
        "width": None,
        "height": None,
        "scale": None,
        "rotation": 0,
        "blur": 0,
        "opacity": 100,
        "x": 0,
        "y": 0,
    }


def checked(scene: Scene) -> Scene:
    """The scene, if its values are in the ranges of the page."""
    w, h = scene["canvas"]
    require(
        0 < w <= LIMITS["canvas_side"]
        and 0 < h <= LIMITS["canvas_side"]
        and w * h <= LIMITS["canvas_pixels"],
        "canvas",
    )
    require(len(scene["layers"]) <= LIMITS["layers"], "layers")
    background = scene["background"]
    if background[0] == "gradient":
        require(0 <= background[3] < 1440, "angle")
    elements = [background[1]] if background[0] == "plate" else []
    inlines = [layer["element"] for layer in scene["layers"] if isinstance(layer["element"], bytes)]
    require(len(set(inlines)) <= LIMITS["inline_elements"], "inline elements")
    require(sum(map(len, set(inlines))) <= LIMITS["inline_bytes"], "bytes of inline elements")
    for layer in scene["layers"]:
        if not isinstance(layer["element"], bytes):
            elements.append(layer["element"])
        if layer["crop"]:
            left, top, right, bottom = layer["crop"]
            require(0 <= left < right and 0 <= top < bottom, "crop")
        require(all(0 <= percent <= LIMITS["adjust"] for percent in layer["adjust"]), "adjust")
        require(
            all(layer[k] is None or 0 < layer[k] <= LIMITS["layer_side"] for k in ("width", "height")), "size"
        )
        require(layer["scale"] is None or 0 < layer["scale"] <= LIMITS["scale"], "scale")
        require(
            layer["scale"] is None or layer["width"] is layer["height"] is None, "scale together with a size"
        )
        require(
            0 <= layer["rotation"] < 1440
            and 0 <= layer["blur"] <= LIMITS["blur"]
            and 0 <= layer["opacity"] <= 100,
            "range",
        )
        require(abs(layer["x"]) <= LIMITS["position"] and abs(layer["y"]) <= LIMITS["position"], "position")
    require(all(0 < element < 2**40 for element in elements), "element")
    require(not scene["similar"] or len(elements) > 0, "nothing that is similar")
    return scene


# Text form


def _number(text: str) -> int:
    require(re.fullmatch(r"-?[0-9a-f]{1,8}", text) is not None, f"number {text!r}")
    return int(text, 16)


def _colour(text: str) -> tuple[int, ...]:
    require(re.fullmatch(r"[0-9a-f]{6}([0-9a-f]{2})?", text) is not None, f"colour {text!r}")
    return tuple(bytes.fromhex(text.ljust(8, "f")))


def _id(text: str) -> int:
    require(re.fullmatch(f"[{CROCKFORD}]{{1,8}}", text) is not None, f"id {text!r}")
    number = 0
    for character in text:
        number = number * 32 + CROCKFORD.index(character)
    return number


def _digits(text: str) -> int:
    number = 0
    for digit in text:
        require(digit in CROCKFORD, "digit")
        number = number * 32 + CROCKFORD.index(digit)
    return number


def from_text(text: str) -> Scene:
    head, *layers = re.sub(r"\s", "", text).lower().split(";")
    carried = [_digits(part[1:]) for part in layers if part[0] == "="]
    inlines = [number.to_bytes(-(-number.bit_length() // 8), "big") for number in carried]
    match = re.fullmatch(r"haac1:(like:)?([^x:]+)x([^~:]+)(?:~([0-9a-f]{4}))?(?::(.+))?", head)
    require(match is not None, "not a recipe")
    like, width, height, fingerprint, background = match.groups()  # type: ignore[union-attr]
    return checked(
        {
            "canvas": (_number(width), _number(height)),
            "similar": like is not None,
            "fingerprint": None if fingerprint is None else int(fingerprint, 16),
            "background": _background(background, _number(width), _number(height))
            if background
            else ("transparent",),
            "layers": [_layer(layer, inlines) for layer in layers if layer[0] != "="],
        }
    )


def _background(text: str, width: int, height: int) -> tuple[Any, ...]:
    parts = text[1:].split(",")
    require((text[0], len(parts)) in {("c", 1), ("g", 3), ("e", 1), ("w", 1)}, f"background {text!r}")
    if text[0] == "c":
        return ("colour", _colour(parts[0]))
    if text[0] == "g":
        return ("gradient", _colour(parts[0]), _colour(parts[1]), _number(parts[2]))
    if text[0] == "e":
        return ("plate", _id(parts[0]))
    require(0 < width <= LIMITS["canvas_side"] and 0 < height <= LIMITS["canvas_side"], "canvas")
    take = values.Values(_digits(parts[0]))
    found = wash.values(take, width, height, LIMITS, require)
    require(take.state == 0, "values left over")
    return ("wash", found)


def _layer(text: str, inlines: list[bytes]) -> dict[str, Any]:
    element, *functions = text.split(".")
    layer = new_layer(inlines[_number(element[1:]) - 1] if element[0] == "!" else _id(element))
    names = [function[:1] for function in functions]
    require(len(set(names)) == len(names), "a function said twice")
    adjust = [100, 100, 100]
    for name, arguments in zip(names, (function[1:] for function in functions), strict=True):
        if name == "f":
            require(arguments in {"h", "v", "hv"}, "flip")
            layer["flip"] = arguments
            continue
        numbers = [_number(argument) for argument in arguments.split(",")]
        require(len(numbers) == {"c": 4, "p": 2}.get(name, 1), f"arguments of {name!r}")
        if name == "c":
            layer["crop"] = tuple(numbers)
        elif name == "p":
            layer["x"], layer["y"] = numbers
        elif name in "lku":
            adjust["lku".index(name)] = numbers[0]
        else:
            field = {
                "w": "width",
                "h": "height",
                "s": "scale",
                "r": "rotation",
                "b": "blur",
                "o": "opacity",
            }.get(name)
            require(field is not None, f"function {name!r}")
            assert field is not None
            layer[field] = numbers[0]
    layer["adjust"] = tuple(adjust)
    return layer


# Binary form


def _inlines(data: bytes) -> tuple[list[bytes], bytes]:
    """The inline elements, and what follows them."""
    found: list[bytes] = []
    while True:
        length = shift = 0
        while data[0] > 127:
            length += data[0] - 128 << shift
            data, shift = data[1:], shift + 7
        length, data = length + (data[0] << shift), data[1:]
        if length == 0:
            return found, data
        require(length <= len(data), "an inline element that ends early")
        found.append(data[:length])
        data = data[length:]


def _before_the_number(data: bytes) -> tuple[int | None, list[bytes], bytes]:
    """The fingerprint, the inline elements, and what is left."""
    kind, data = data[0], data[1:]
    fingerprint = None
    if kind & 4:
        require(len(data) >= 2, "fingerprint")
        fingerprint, data = int.from_bytes(data[:2], "big"), data[2:]
    return fingerprint, *(_inlines(data) if kind & 8 else ([], data))


def from_binary(data: bytes) -> Scene:
    """The scene of a binary recipe. (That it is the only form of its scene is checked by half: no spare bytes, nothing left over.)"""
    require(data[:1] != b"" and data[0] in (0xA1, 0xA5, 0xA9, 0xAD, 0xB1, 0xB5, 0xB9, 0xBD), "not a recipe")
    similar = bool(data[0] & 16)
    fingerprint, inlines, data = _before_the_number(data)
    require(data[:1] != b"\0" and len(data) < LIMITS["recipe_bytes"], "not a recipe")
    take = values.Values(int.from_bytes(data, "big"), similar)
    canvas = take.canvas()
    require(min(canvas) > 0, "canvas")
    require(take.symbol("RESERVED") == 0, "a newer version")
    kind = take.symbol("BACKGROUND")
    count = take.number("COUNT_ON_WASH" if kind == 8 and not similar else "COUNT")
    require(count <= LIMITS["layers"], "layers")
    repeats = take.number("REPEATS") if count > 1 else 0
    different = count - repeats
    new = different - len(inlines)
    require(new >= 0 and (different > 0 or count == 0), "elements")
    id_bits = take.symbol("ID_BITS") if new or kind == 7 else 0

    background: tuple[Any, ...] = ("transparent",)
    if kind in (1, 2):
        background = ("colour", (255, 255, 255, 255) if kind == 1 else (0, 0, 0, 255))
    elif kind in (3, 4):
        background = ("colour", take.colour(kind))
    elif kind in (5, 6):
        size = kind - 2
        background = (
            "gradient",
            take.colour(size),
            take.colour(size),
            take.stepped("ANGLE", 1440, 360, 20, 4, 1) % 1440,
        )
    elif kind == 7:
        background = ("plate", take.uniform(1 << id_bits))
    elif kind == 8:
        background = ("wash", wash.values(take, *canvas, LIMITS, require))

    elements = [*inlines, *take.set(new, id_bits)]
    require(len(set(elements)) == different, "an element twice in the set")
    again = take.set(repeats, (different - 1).bit_length())
    require(all(n < different for n in again), "an element that is none")
    row = sorted([*range(different), *again])
    at = 0
    layers = []
    grid = GRIDS[take.symbol("GRID")][0] if similar and count else 1
    for _ in range(count):
        at = at if at < len(row) else 0
        if len(row) > 1 and take.symbol("NEXT") == 0:
            others = [place for place in range(len(row)) if place != at]
            at = others[take.uniform(len(others))]
        layers.append(_coded_layer(take, elements[row.pop(at)], canvas, grid))
    require(take.state == 0, "values left over")
    return checked(
        {
            "canvas": canvas,
            "similar": similar,
            "fingerprint": fingerprint,
            "background": background,
            "layers": layers,
        }
    )


def _coded_layer(take: Any, element: int | bytes, canvas: tuple[int, int], grid: int) -> dict[str, Any]:
    layer = new_layer(element)
    if take.symbol("HAS_CROP"):
        left, top, w, h = (take.number("EDGE") for _ in range(4))
        layer["crop"] = (left, top, left + w, top + h)
    layer["flip"] = ("", "h", "v", "hv")[take.symbol("FLIP")]
    if take.symbol("HAS_ADJUSTMENT"):
        tables = ["ADJUST_FIVES", "ADJUST_ONES"]
        layer["adjust"] = tuple(
            100 + take.distance("ADJUST_SIDE", "ADJUST", tables, 5, 1) if take.symbol("ADJUSTED") else 100
            for _ in range(3)
        )
    size = take.symbol("SIZE")
    if size in (1, 3):
        layer["width"] = grid * take.number("PIXELS")
    if size == 3 and take.similar:
        layer["height"] = grid * take.near(layer["width"] // grid)
    elif size in (2, 3):
        layer["height"] = grid * take.number("PIXELS")
    if size == 4:
        layer["scale"] = take.number("SCALE")
    if take.symbol("HAS_ROTATION"):
        if take.similar:
            turn = take.distance("LIKE_TURN_SIDE", "TURN", 3 * ["LIKE_TURN_LENGTH"], 32, 4, 1)
            require(-720 < turn <= 720, "rotation")
            layer["rotation"] = turn % 1440
        else:
            layer["rotation"] = take.stepped("TURN", 1439, 360, 20, 4, 1)
    if take.symbol("HAS_BLUR"):
        layer["blur"] = take.number("BLUR")
    if take.symbol("HAS_OPACITY"):
        layer["opacity"] = 100 - take.stepped("OPACITY", 100, 10, 5, 1)
    for field, side, length in (("x", "width", canvas[0]), ("y", "height", canvas[1])):
        middle = (layer[side] or 0) // grid // 2 if take.similar else 0
        layer[field] = grid * (take.where(-(-length // grid)) - middle)
    return layer


def render(scene: Scene, element: Callable[[int], Pixels]) -> Pixels:
    """The picture; `element` gives the RGBA pixels of a number."""
    made: Pixels = rendering.render(scene, element, wash.picture)
    return made
