"""Deterministic renderer: scene and elements to RGBA pixels, the same on every machine (docs/format.md, "Rendering").

Only those Pillow calls are used that give the same bytes in all supported versions and on all processors: one-axis `resize`,
`transform` with AFFINE, BILINEAR and coefficients in steps of 2^-16 (every intermediate is exact in double), `GaussianBlur`,
`alpha_composite`, the RGBa conversions, `point`, `transpose`, `crop`. Everything else is integer arithmetic. `Image.blend`, `ImageEnhance`,
`rotate`, two-axis `resize` and `reducing_gap` are none of them.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import Protocol

import numpy as np
from PIL import Image, ImageFilter

from haac._inline import Inline
from haac._limits import LIMITS
from haac._scene import FULL_TURN, Background, Colour, Gradient, Layer, Plate, Scene
from haac._wash_value import Wash
from haac_repo import ElementNotFoundError, RecipeError, format_id

ONE = 1 << 16
"""1 in the fixed point of sines, cosines and coordinates."""


def _cosines() -> tuple[int, ...]:
    """Cosine of each quarter degree in steps of 2^-16, rounded to nearest. No value is near a rounding boundary (tested)."""
    return tuple(math.floor(math.cos(math.radians(q / 4)) * ONE + 0.5) for q in range(FULL_TURN))


COS = _cosines()


def sin(turn: int) -> int:
    """Sine of quarter degrees in steps of 2^-16."""
    return COS[(turn - FULL_TURN // 4) % FULL_TURN]


class ElementSource(Protocol):
    """Where elements come from: a repository, a mirror, a dictionary in a test."""

    def image(self, ref: int) -> Image.Image:
        """The element's RGBA pixels."""
        ...


class _NoElements:
    """A source without elements."""

    def image(self, ref: int) -> Image.Image:
        """Raises ElementNotFoundError."""
        raise ElementNotFoundError(
            f"there is no repository at hand to take the element {format_id(ref)} from"
        )


NO_ELEMENTS: ElementSource = _NoElements()
"""A source without elements, for pictures that need none."""


class ElementCache:
    """LRU cache of decoded elements, for a batch of recipes. Safe to share between threads.

    Args:
        source: where elements come from.
        limit_bytes: of decoded pixels, 4 bytes each.
    """

    def __init__(self, source: ElementSource, limit_bytes: int = 256 * 2**20) -> None:
        self._source = source
        self._limit = limit_bytes
        self._held = 0
        self._images: OrderedDict[int | Inline, Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    def image(self, ref: int | Inline) -> Image.Image:
        """The RGBA pixels of an element, perhaps an inline one. Not to be changed."""
        with self._lock:
            if ref in self._images:
                self._images.move_to_end(ref)
                return self._images[ref]
        image = ref.image() if isinstance(ref, Inline) else self._source.image(ref)
        with self._lock:
            if ref not in self._images:
                self._images[ref] = image
                self._held += _bytes(image)
                while self._held > self._limit and len(self._images) > 1:
                    self._held -= _bytes(self._images.popitem(last=False)[1])
        return image


def _bytes(image: Image.Image) -> int:
    return image.width * image.height * 4


def render(scene: Scene, source: ElementSource) -> Image.Image:
    """Render a scene to RGBA pixels.

    Args:
        scene: what to draw.
        source: gives the RGBA pixels of each element.

    Returns:
        RGBA (straight alpha) of scene.width x scene.height pixels; the same for the same scene and elements everywhere.

    Raises:
        RecipeError: outside the limits.
        ElementError: an element cannot be had.
    """
    scene.check()
    cache = source if isinstance(source, ElementCache) else ElementCache(source)
    work = 0
    for layer in scene.layers:
        image = cache.image(layer.element)
        width, height = layer.size(*image.size)
        work += max(width * height, image.width * image.height)
    if work > LIMITS.work_pixels:
        raise RecipeError(
            f"the layers have {work} pixels together; at most {LIMITS.work_pixels} are allowed: use smaller or fewer ones"
        )
    canvas = draw_background(scene, cache)
    for layer in scene.layers:
        drawn = draw(layer, cache.image(layer.element), canvas.size)
        if drawn is not None:
            canvas.alpha_composite(*drawn)
    return canvas


def draw_background(scene: Scene, source: ElementSource) -> Image.Image:
    """Draw the background alone: RGBA, of the canvas' size."""
    size = scene.width, scene.height
    background: Background = scene.background
    match background:
        case Colour(rgba):
            return Image.new("RGBA", size, (rgba >> 24, rgba >> 16 & 0xFF, rgba >> 8 & 0xFF, rgba & 0xFF))
        case Gradient():
            return _gradient(size, background)
        case Plate(element):
            image = source.image(element)
            return _resize(
                _premultiplied(image), *Layer(element, width=size[0], height=size[1]).size(*image.size)
            ).convert("RGBA")
        case Wash():
            from haac._wash.synthesis import wash_picture  # only a wash pays for loading its decoder

            return wash_picture(background, size)
    return Image.new("RGBA", size)


def _gradient(size: tuple[int, int], gradient: Gradient) -> Image.Image:
    """Linear gradient: a pixel's position along the direction, between the two corners farthest apart in it, mixes the colours."""
    width, height = size
    across, down = COS[gradient.angle], -sin(gradient.angle)
    reach = width * abs(across) + height * abs(down)
    row = (2 * np.arange(width, dtype=np.int64) + 1 - width) * across + reach
    start, end = (
        np.frombuffer(rgba.to_bytes(4, "big"), np.uint8).astype(np.int64)
        for rgba in (gradient.start, gradient.end)
    )
    pixels = np.empty((height, width, 4), np.uint8)
    for y in range(height):
        place = (row + (2 * y + 1 - height) * down)[:, None]
        pixels[y] = (start * (2 * reach - place) + end * place + reach) // (2 * reach)
    return Image.fromarray(pixels)


Box = tuple[int, int, int, int]
"""left, top, right, bottom"""


def draw(
    layer: Layer, image: Image.Image, size: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int]] | None:
    """Draw one layer alone, as it is composited onto a canvas.

    From rotation on, only what can be seen is computed; that does not change a pixel.

    Args:
        layer: how it stands.
        image: RGBA pixels of its element.
        size: width and height of the canvas.

    Returns:
        RGBA pixels that lie within the canvas, and where their top left corner is; None if nothing does.
    """
    seen = -layer.x, -layer.y, size[0] - layer.x, size[1] - layer.y
    drawn = blur_and_fade(layer, *warp(layer, image, _grown(seen, _blur_margin(layer.blur))), seen)
    return drawn and (drawn[0], (drawn[1][0] + layer.x, drawn[1][1] + layer.y))


def warp(layer: Layer, image: Image.Image, needed: Box) -> tuple[Image.Image, Box]:
    """Crop, flip, adjust, resize and rotate an element, as a layer says: all before blur and opacity.

    Args:
        layer: how it stands.
        image: RGBA pixels of the element.
        needed: what is needed, the rest may be cut off; like all boxes from here on, relative to the layer's own box before rotation.

    Returns:
        Premultiplied pixels, and their box.
    """
    width, height = layer.size(*image.size)
    return _rotate(_resize(_premultiplied(_prepared(layer, image)), width, height), layer.rotation, needed)


def blur_and_fade(
    layer: Layer, image: Image.Image, box: Box, seen: Box
) -> tuple[Image.Image, tuple[int, int]] | None:
    """Blur a warped element and scale its alpha, as a layer says.

    Args:
        layer: how it stands.
        image: see `warp`.
        box: where it is.
        seen: what may be seen.

    Returns:
        RGBA pixels, and where their top left corner is; None if nothing is seen.
    """
    if _empty(box):
        return None
    if layer.blur:
        margin = _blur_margin(layer.blur)
        grown = _overlap(_grown(box, margin), _grown(seen, margin))
        image, box = _cut(image, box, grown), grown
        if _empty(box):
            return None
        image = image.filter(ImageFilter.GaussianBlur(layer.blur / 4))
    visible = _overlap(box, seen)
    if _empty(visible):
        return None
    image = _cut(image, box, visible)
    if layer.opacity != 100:
        image = image.point([(v * layer.opacity + 50) // 100 for v in range(256)] * 4)
    return image.convert("RGBA"), visible[:2]


def _grown(box: Box, margin: int) -> Box:
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _overlap(a: Box, b: Box) -> Box:
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def _empty(box: Box) -> bool:
    return box[0] >= box[2] or box[1] >= box[3]


def _cut(image: Image.Image, box: Box, wanted: Box) -> Image.Image:
    """Crop or pad: the part `wanted` of an image that covers `box`; transparent outside it. Empty boxes give an empty image."""
    if wanted == box or _empty(wanted):
        return image
    return image.crop((wanted[0] - box[0], wanted[1] - box[1], wanted[2] - box[0], wanted[3] - box[1]))


def _prepared(layer: Layer, image: Image.Image) -> Image.Image:
    """Crop, flip, then brightness, contrast and saturation, on straight alpha."""
    if layer.crop is not None:
        image = image.crop(layer.crop)
    if "h" in layer.flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if "v" in layer.flip:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if layer.brightness != 100 or layer.contrast != 100:
        curve = [_curve(v, layer.brightness, layer.contrast) for v in range(256)]
        image = image.point(curve * 3 + list(range(256)))
    if layer.saturation != 100:
        pixels = np.array(image)
        rgb = pixels[:, :, :3].astype(np.int32)
        # Luma of ITU-R BT.601 in steps of 2^-16.
        grey = (rgb @ np.array([19595, 38470, 7471], np.int32) + (1 << 15) >> 16)[:, :, None]
        pixels[:, :, :3] = np.clip(grey + ((rgb - grey) * layer.saturation + 50) // 100, 0, 255)
        image = Image.fromarray(pixels)
    return image


def _curve(value: int, brightness: int, contrast: int) -> int:
    """Tone curve: brightness multiplies; contrast then stretches about 128. Halves go up; each step is clipped to 0...255."""
    value = min(255, (value * brightness + 50) // 100)
    return max(0, min(255, 128 + ((value - 128) * contrast + 50) // 100))


def _premultiplied(image: Image.Image) -> Image.Image:
    return image.convert("RGBa")


def _resize(image: Image.Image, width: int, height: int) -> Image.Image:
    """Bicubic resize, first the width, then the height, each by its own call: Pillow 13 changed the order inside a two-axis call."""
    if width != image.width:
        image = image.resize((width, image.height), Image.Resampling.BICUBIC)
    if height != image.height:
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    return image


def _rotate(image: Image.Image, turn: int, needed: Box) -> tuple[Image.Image, Box]:
    """Bilinear rotation about the centre. Returns the image and its box, cut to `needed` where that saves work."""
    width, height = image.size
    if turn == 0:
        return image, (0, 0, width, height)
    if turn % (FULL_TURN // 4) == 0:
        quarter = turn // (FULL_TURN // 4)
        image = image.transpose(
            (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)[quarter - 1]
        )
        left, top = ((width - height) // 2, (height - width) // 2) if quarter != 2 else (0, 0)
        return image, (left, top, left + image.width, top + image.height)
    cos, sine = COS[turn], sin(turn)
    across = abs(cos) * width + abs(sine) * height
    down = abs(sine) * width + abs(cos) * height
    half = 2 * ONE
    # Bilinear filtering reaches half a pixel outside the turned rectangle; -1 and +1 make room for it.
    turned = (
        (width * ONE - across) // half - 1,
        (height * ONE - down) // half - 1,
        -((-width * ONE - across) // half) + 1,
        -((-height * ONE - down) // half) + 1,
    )
    box = _overlap(turned, needed)
    if _empty(box):
        return image, (0, 0, 0, 0)
    # A transparent border of one pixel makes the edges of an opaque rectangle smooth; the offset 1 (`half` / 2) skips it.
    padded = image.crop((-1, -1, width + 1, height + 1))
    column, row = 2 * box[0] - width, 2 * box[1] - height
    left = (half + width * ONE + cos * column - sine * row) // 2
    top = (half + height * ONE + sine * column + cos * row) // 2
    matrix = (cos / ONE, -sine / ONE, left / ONE, sine / ONE, cos / ONE, top / ONE)
    size = box[2] - box[0], box[3] - box[1]
    return padded.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR), box


def _blur_margin(blur: int) -> int:
    """How far `GaussianBlur` reaches, at least: three box blurs of a radius below the standard deviation plus one."""
    return (3 * blur + 3) // 4 + 3 if blur else 0
