"""A second decoder, written from docs/format.md alone: no code of haac, no drawing calls of Pillow (which only reads WebP).

The tables, the common canvases and the limits are read out of the page itself, so a test that decodes with this module tests the page.
It is slow and plain on purpose: pixels are int64 arrays of shape (height, width, 4).
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import io
import math
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

_spec = importlib.util.spec_from_file_location(
    "haac_reference_wash", Path(__file__).with_name("reference_wash.py")
)
assert _spec is not None
assert _spec.loader is not None
wash = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(wash)

PAGE = (Path(__file__).parents[3] / "docs" / "format.md").read_text(encoding="utf-8")
TABLES = {
    name: ([int(f) for f in row.split()], int(growth))
    for name, row, growth in re.findall(r"^\| ([A-Z_]+) \| ([\d ]+) \| (\d+) \|$", PAGE, re.M)
}
"""Frequencies, and what is added to one each time."""
CANVASES = [
    (int(w), int(h))
    for w, h in re.findall(
        r"(\d+)x(\d+)", re.findall(r"^Common canvases, from index 0: (.*)\.$", PAGE, re.M)[0]
    )
]
LIMITS = {
    name: int(value.replace(",", ""))
    for name, value in re.findall(r"^\| ([a-z_]+) \| ([\d,]+) \|", PAGE, re.M)
}
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"

Scene = dict[str, Any]  # canvas, fingerprint, background, layers: plain values, equal when the scenes are
Pixels = np.ndarray


class RefusedError(ValueError):
    """The recipe is not one."""


def require(condition: bool, what: str) -> None:
    if not condition:
        raise RefusedError(what)


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
    match = re.fullmatch(r"haac1:([^x]+)x([^~:]+)(?:~([0-9a-f]{4}))?(?::(.+))?", head)
    require(match is not None, "not a recipe")
    width, height, fingerprint, background = match.groups()  # type: ignore[union-attr]
    return checked(
        {
            "canvas": (_number(width), _number(height)),
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
    take = _Values(_digits(parts[0]))
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
        values = [_number(argument) for argument in arguments.split(",")]
        require(len(values) == {"c": 4, "p": 2}.get(name, 1), f"arguments of {name!r}")
        if name == "c":
            layer["crop"] = tuple(values)
        elif name == "p":
            layer["x"], layer["y"] = values
        elif name in "lku":
            adjust["lku".index(name)] = values[0]
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
            layer[field] = values[0]
    layer["adjust"] = tuple(adjust)
    return layer


# Binary form


@functools.cache
def _spread(frequencies: tuple[int, ...]) -> list[tuple[int, int]]:
    """Of each slot the symbol, and which of the symbol's slots it is."""
    stands = sorted((Fraction(2 * r + 1, f), s, r) for s, f in enumerate(frequencies) for r in range(f))
    return [(s, r) for _, s, r in stands]


class _Values:
    """Takes one value after the other out of the number."""

    def __init__(self, state: int) -> None:
        self.bits = state.bit_length()
        self.state = state
        self.tables = {name: (frequencies[:], growth) for name, (frequencies, growth) in TABLES.items()}

    def uniform(self, n: int) -> int:
        self.state, slot = divmod(self.state, n)
        return slot

    def symbol(self, table: str) -> int:
        frequencies, growth = self.tables[table]
        s = self.pick(frequencies)
        frequencies[s] += growth
        return s

    def pick(self, frequencies: list[int]) -> int:
        quotient, slot = divmod(self.state, sum(frequencies))
        s = c = 0
        while slot >= c + frequencies[s]:
            c += frequencies[s]
            s += 1
        self.state = quotient * frequencies[s] + slot - c
        return s

    def spread(self, frequencies: list[int]) -> int:
        owners = _spread(tuple(frequencies))
        quotient, slot = divmod(self.state, len(owners))
        s, r = owners[slot]
        self.state = quotient * frequencies[s] + r
        return s

    def number(self, table: str) -> int:
        return self.bits_below(self.symbol(table))

    def bits_below(self, bits: int) -> int:
        return bits if bits < 2 else (1 << bits - 1) + self.uniform(1 << bits - 1)

    def stepped(self, table: str, n: int, *steps: int) -> int:
        kind = self.symbol(table)
        numbers = [v for v in range(1, n + 1) if v % steps[kind] == 0 and all(v % s for s in steps[:kind])]
        return numbers[self.uniform(len(numbers))]

    def set(self, n: int, bits: int) -> list[int]:
        if n == 0 or bits == 0:
            return [0] * n
        if n == 1:
            return [self.uniform(1 << bits)]
        lower = self.pick([math.comb(n, k) for k in range(n + 1)])
        return self.set(lower, bits - 1) + [v + (1 << bits - 1) for v in self.set(n - lower, bits - 1)]

    def colour(self, size: int) -> tuple[int, ...]:
        return tuple(self.uniform(256**size).to_bytes(size, "big").ljust(4, b"\xff"))

    def where(self, side: int) -> int:
        kind = self.symbol("WHERE")
        if kind == 0:
            return self.uniform(side)
        n = self.number("OUTSIDE")
        return -1 - n if kind == 1 else side + n


def _inlines(data: bytes) -> tuple[list[bytes], bytes]:
    """The inline elements, and what follows them."""
    found = []
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


def from_binary(data: bytes) -> Scene:
    """The scene of a binary recipe. (That it is the only form of its scene is checked by half: no spare bytes, nothing left over.)"""
    require(data[:1] in {b"\xa1", b"\xa9"}, "not a recipe")
    inlines, data = _inlines(data[1:]) if data[:1] == b"\xa9" else ([], data[1:])
    require(data[:1] != b"\0" and len(data) < LIMITS["recipe_bytes"], "not a recipe")
    take = _Values(int.from_bytes(data, "big"))
    common = take.symbol("CANVAS")
    if common < len(CANVASES):
        canvas = CANVASES[common]
    else:
        width = take.number("SIDE")
        lengths = [max(1, 64 >> (s - width.bit_length()) ** 2) for s in range(15)]
        canvas = (width, take.bits_below(take.pick(lengths)))
    require(min(canvas) > 0, "canvas")
    fingerprint = take.uniform(65536) if take.symbol("HAS_FINGERPRINT") else None
    kind = take.symbol("BACKGROUND")
    count = take.number("COUNT_ON_WASH" if kind == 8 else "COUNT")
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
    for _ in range(count):
        at = at if at < len(row) else 0
        if len(row) > 1 and take.symbol("NEXT") == 0:
            others = [place for place in range(len(row)) if place != at]
            at = others[take.uniform(len(others))]
        layer = new_layer(elements[row.pop(at)])
        if take.symbol("HAS_CROP"):
            left, top, w, h = (take.number("EDGE") for _ in range(4))
            layer["crop"] = (left, top, left + w, top + h)
        layer["flip"] = ("", "h", "v", "hv")[take.symbol("FLIP")]
        if take.symbol("HAS_ADJUSTMENT"):
            layer["adjust"] = tuple(take.uniform(401) if take.symbol("ADJUSTED") else 100 for _ in range(3))
        size = take.symbol("SIZE")
        if size in (1, 3):
            layer["width"] = take.number("PIXELS")
        if size in (2, 3):
            layer["height"] = take.number("PIXELS")
        if size == 4:
            layer["scale"] = take.number("SCALE")
        if take.symbol("HAS_ROTATION"):
            layer["rotation"] = take.stepped("TURN", 1439, 360, 20, 4, 1)
        if take.symbol("HAS_BLUR"):
            layer["blur"] = take.number("BLUR")
        if take.symbol("HAS_OPACITY"):
            layer["opacity"] = 100 - take.stepped("OPACITY", 100, 10, 5, 1)
        layer["x"], layer["y"] = take.where(canvas[0]), take.where(canvas[1])
        layers.append(layer)
    require(take.state == 0, "values left over")
    return checked({"canvas": canvas, "fingerprint": fingerprint, "background": background, "layers": layers})


# Rendering


def _webp(chunks: bytes) -> Pixels:
    file = b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks
    with Image.open(io.BytesIO(file)) as opened:
        return np.asarray(opened.convert("RGBA"))


def render(scene: Scene, element: Callable[[int], Pixels]) -> Pixels:
    """The picture; `element` gives the RGBA pixels of a number."""
    width, height = scene["canvas"]
    canvas = _canvas(scene["background"], width, height, element)
    for layer in scene["layers"]:
        given = layer["element"]
        picture = (_webp(given) if isinstance(given, bytes) else element(given)).astype(np.int64)
        if layer["crop"]:
            left, top, right, bottom = layer["crop"]
            require(right <= picture.shape[1] and bottom <= picture.shape[0], "crop outside the element")
            picture = picture[top:bottom, left:right]
        if "h" in layer["flip"]:
            picture = picture[:, ::-1]
        if "v" in layer["flip"]:
            picture = picture[::-1]
        picture = _premultiply(_adjust(picture, *layer["adjust"]))
        w, h = _size(layer, picture.shape[1], picture.shape[0])
        picture = _resize(_resize(picture, w, 1), h, 0)
        picture, dx, dy = _rotate(picture, layer["rotation"])
        if layer["blur"]:
            picture, border = _blur(picture, layer["blur"])
            dx, dy = dx - border, dy - border
        picture = (picture * layer["opacity"] + 50) // 100
        _compose(canvas, _unpremultiply(picture), layer["x"] + dx, layer["y"] + dy)
    return canvas


def pixel_hash(pixels: Pixels) -> str:
    size = b"".join(side.to_bytes(4, "big") for side in (pixels.shape[1], pixels.shape[0]))
    return hashlib.sha256(size + pixels.astype(np.uint8).tobytes()).hexdigest()


def _turn(quarter_degrees: int) -> tuple[int, int]:
    angle = math.radians(quarter_degrees / 4)
    return math.floor(math.cos(angle) * 65536 + 0.5), math.floor(math.sin(angle) * 65536 + 0.5)


def _canvas(background: tuple[Any, ...], w: int, h: int, element: Callable[[int], Pixels]) -> Pixels:
    canvas = np.zeros((h, w, 4), np.int64)
    if background[0] == "plate":
        plate = _premultiply(element(background[1]).astype(np.int64))
        return _unpremultiply(_resize(_resize(plate, w, 1), h, 0))
    if background[0] == "wash":
        colours, alpha = wash.picture(background[1], w, h, _resize)
        canvas[..., :3], canvas[..., 3] = colours, 255
        if alpha is not None:
            canvas[..., 3:] = alpha
            canvas = _unpremultiply(_premultiply(canvas))
        return canvas
    if background[0] == "colour":
        canvas[:] = background[1]
    if background[0] == "gradient":
        c, s = _turn(background[3])
        reach = w * abs(c) + h * abs(s)
        place = (
            (2 * np.arange(w) + 1 - w)[None, :, None] * c
            - (2 * np.arange(h) + 1 - h)[:, None, None] * s
            + reach
        )
        start, end = (np.array(colour, np.int64) for colour in background[1:3])
        canvas[:] = (start * (2 * reach - place) + end * place + reach) // (2 * reach)
    return canvas


def _adjust(picture: Pixels, brightness: int, contrast: int, saturation: int) -> Pixels:
    v = np.minimum(255, (picture[..., :3] * brightness + 50) // 100)
    v = np.clip(128 + ((v - 128) * contrast + 50) // 100, 0, 255)
    grey = ((v @ np.array([19595, 38470, 7471]) + 32768) // 65536)[..., None]
    v = np.clip(grey + ((v - grey) * saturation + 50) // 100, 0, 255)
    return np.concatenate([v, picture[..., 3:]], axis=2)


def _premultiply(picture: Pixels) -> Pixels:
    t = picture[..., :3] * picture[..., 3:] + 128
    return np.concatenate([(t // 256 + t) // 256, picture[..., 3:]], axis=2)


def _unpremultiply(picture: Pixels) -> Pixels:
    v, alpha = picture[..., :3], picture[..., 3:]
    straight = np.minimum(255, 255 * v // np.maximum(alpha, 1))
    return np.concatenate([np.where((alpha == 0) | (alpha == 255), v, straight), alpha], axis=2)


def _size(layer: dict[str, Any], w0: int, h0: int) -> tuple[int, int]:
    w, h, s = layer["width"], layer["height"], layer["scale"]
    if s:
        return max(1, (2 * w0 * s + 1000) // 2000), max(1, (2 * h0 * s + 1000) // 2000)
    if w and not h:
        return w, max(1, (2 * h0 * w + w0) // (2 * w0))
    if h and not w:
        return max(1, (2 * w0 * h + h0) // (2 * h0)), h
    return (w, h) if w else (w0, h0)


def _bicubic(x: Pixels) -> Pixels:
    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1, (((x - 5) * x + 8) * x - 4) * -0.5
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _resize(picture: Pixels, size: int, axis: int) -> Pixels:
    """One pass: columns (axis 1) or rows (axis 0) become `size`."""
    old = picture.shape[axis]
    if size == old:
        return picture
    scale = old / size
    stretch = max(scale, 1.0)
    kernel = np.zeros((size, old), np.int64)
    for i in range(size):
        centre = (i + 0.5) * scale
        first, last = max(0, int(centre - 2 * stretch + 0.5)), min(old, int(centre + 2 * stretch + 0.5))
        k = _bicubic((np.arange(first, last) - centre + 0.5) * (1 / stretch))
        k = k / np.cumsum(k)[-1]  # cumsum adds one after the other, sum would not
        kernel[i, first:last] = np.where(k < 0, -0.5 + k * 2**22, 0.5 + k * 2**22).astype(
            np.int64
        )  # truncates
    result = np.tensordot(kernel, picture, (1, axis))
    return np.clip((np.moveaxis(result, 0, axis) + 2**21) >> 22, 0, 255)


def _rotate(picture: Pixels, q: int) -> tuple[Pixels, int, int]:
    """The turned picture and how far its top left corner moved."""
    h, w = picture.shape[:2]
    if q % 360 == 0:
        dx, dy = ((w - h) // 2, (h - w) // 2) if q % 720 else (0, 0)
        return np.rot90(picture, q // 360), dx, dy
    c, s = _turn(q)
    across, down = abs(c) * w + abs(s) * h, abs(s) * w + abs(c) * h
    left, right = (w * 65536 - across) // 131072 - 1, -((-w * 65536 - across) // 131072) + 1
    top, bottom = (h * 65536 - down) // 131072 - 1, -((-h * 65536 - down) // 131072) + 1
    x0 = (2 * 65536 + w * 65536 + c * (2 * left - w) - s * (2 * top - h)) // 2
    y0 = (2 * 65536 + h * 65536 + s * (2 * left - w) + c * (2 * top - h)) // 2

    bordered = np.pad(picture, ((1, 1), (1, 1), (0, 0)))
    i, j = 2 * np.arange(right - left) + 1, (2 * np.arange(bottom - top) + 1)[:, None]
    u, v = c * i - s * j + 2 * x0, s * i + c * j + 2 * y0  # in 131072ths of a pixel
    inside = (u >= 0) & (u < (w + 2) << 17) & (v >= 0) & (v < (h + 2) << 17)
    u, v = u - 65536, v - 65536
    x, y, fx, fy = u >> 17, v >> 17, (u & 131071)[..., None], (v & 131071)[..., None]
    columns, rows = [np.clip(x + n, 0, w + 1) for n in (0, 1)], [np.clip(y + n, 0, h + 1) for n in (0, 1)]
    upper, lower = (bordered[row, columns[0]] * (2**17 - fx) + bordered[row, columns[1]] * fx for row in rows)
    return np.where(inside[..., None], (upper * (2**17 - fy) + lower * fy) >> 34, 0), left, top


def _blur(picture: Pixels, quarters: int) -> tuple[Pixels, int]:
    """The blurred picture, larger by a border all around, and that border."""
    f = np.float32
    sigma2 = f(quarters / 4) * f(quarters / 4) / f(3)
    length = f(math.sqrt(12.0 * float(sigma2) + 1.0))
    whole = f(math.floor((float(length) - 1.0) / 2.0))
    part = (f(2) * whole + f(1)) * (whole * (whole + f(1)) - f(3) * sigma2)
    box = whole + part / (f(6) * (sigma2 - (whole + f(1)) * (whole + f(1))))
    radius = int(box)
    ww = int(f(2**24) / (box * f(2) + f(1)))
    fw = (2**24 - (2 * radius + 1) * ww) // 2
    border = 3 * (radius + 1)
    picture = np.pad(picture, ((border, border), (border, border), (0, 0)))
    for axis in (1, 1, 1, 0, 0, 0):
        picture = _box(np.moveaxis(picture, axis, 0), radius, ww, fw)
        picture = np.moveaxis(picture, 0, axis)
    return picture, border


def _box(lines: Pixels, radius: int, ww: int, fw: int) -> Pixels:
    n, reach = len(lines), radius + 1
    padded = np.pad(lines, ((reach, reach), (0, 0), (0, 0)))
    sums = np.concatenate([np.zeros_like(padded[:1]), np.cumsum(padded, axis=0)])
    near = sums[2 * radius + 2 : 2 * radius + 2 + n] - sums[1 : 1 + n]
    far = padded[:n] + padded[2 * reach : 2 * reach + n]
    return (near * ww + far * fw + 2**23) >> 24


def _compose(canvas: Pixels, layer: Pixels, x: int, y: int) -> None:
    height, width = canvas.shape[:2]
    left, top, right, bottom = (
        max(0, x),
        max(0, y),
        min(width, x + layer.shape[1]),
        min(height, y + layer.shape[0]),
    )
    if left >= right or top >= bottom:
        return
    under, over = canvas[top:bottom, left:right], layer[top - y : bottom - y, left - x : right - x]
    a, d = over[..., 3:], under[..., 3:]
    o = 255 * a + d * (255 - a)
    c1 = (a * 255 * 255 * 128) // np.maximum(o, 1)
    t = over[..., :3] * c1 + under[..., :3] * (255 * 128 - c1) + 128 * 128
    colour = ((t // 256 + t) // 256) // 128
    t = o + 128
    under[:] = np.where(a == 0, under, np.concatenate([colour, (t // 256 + t) // 256], axis=2))
