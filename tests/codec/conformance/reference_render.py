"""Rendering, as a second decoder does it: written from docs/format.md alone, with no drawing calls of Pillow (see reference.py).

Pixels are int64 arrays of shape (height, width, 4).
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

Pixels = np.ndarray


def _webp(chunks: bytes) -> Pixels:
    file = b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks
    with Image.open(io.BytesIO(file)) as opened:
        return np.asarray(opened.convert("RGBA"))


def render(
    scene: dict[str, Any], element: Callable[[int], Pixels], wash_picture: Callable[..., Any]
) -> Pixels:
    """The picture; `element` gives the RGBA pixels of a number, `wash_picture` the colours and the alpha of a wash."""
    width, height = scene["canvas"]
    if scene["background"][0] == "wash":
        canvas = _washed(*wash_picture(scene["background"][1], width, height, _resize))
    else:
        canvas = _canvas(scene["background"], width, height, element)
    for layer in scene["layers"]:
        given = layer["element"]
        picture = (_webp(given) if isinstance(given, bytes) else element(given)).astype(np.int64)
        if layer["crop"]:
            left, top, right, bottom = layer["crop"]
            if right > picture.shape[1] or bottom > picture.shape[0]:
                raise ValueError("crop outside the element")
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


def _washed(colours: Pixels, alpha: Pixels | None) -> Pixels:
    if alpha is None:
        return np.pad(colours, ((0, 0), (0, 0), (0, 1)), constant_values=255)
    return _unpremultiply(_premultiply(np.concatenate([colours, alpha], axis=2)))


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
    return np.asarray(np.clip((np.moveaxis(result, 0, axis) + 2**21) >> 22, 0, 255))


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
    return np.asarray((near * ww + far * fw + 2**23) >> 24)


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
