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
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image

from haac._drawing.boxes import COS, sin
from haac._drawing.layer import STRIP, draw, draw_premultiplied, faded
from haac._drawing.work import DECODE_COPIES, WHILE_DECODING, check_work, is_visible, plate_layer
from haac._inline import Inline
from haac._scene import Background, Colour, Gradient, Layer, Plate, Scene
from haac._wash_value import Wash
from haac_repo import ElementNotFoundError, format_id


class ElementSource(Protocol):
    """Where elements come from: a repository, a mirror, a dictionary in a test."""

    def image(self, ref: int) -> Image.Image:
        """The element's RGBA pixels."""
        ...


@runtime_checkable
class SizedSource(Protocol):
    """A source that knows how large an element is without decoding it."""

    def image(self, ref: int) -> Image.Image:
        """The element's RGBA pixels."""
        ...

    def size(self, ref: int) -> tuple[int, int]:
        """Width and height in pixels."""
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
        self.limit_bytes = limit_bytes
        self._held = 0
        self._images: OrderedDict[int | Inline, Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    def size(self, ref: int | Inline) -> tuple[int, int]:
        """Width and height of an element in pixels; it is decoded only if its source knows nothing but pixels."""
        if isinstance(ref, Inline):
            return ref.size
        if isinstance(self._source, SizedSource):
            return self._source.size(ref)
        return self.image(ref).size

    def image(self, ref: int | Inline) -> Image.Image:
        """The RGBA pixels of an element, perhaps an inline one. Not to be changed."""
        with self._lock:
            if ref in self._images:
                self._images.move_to_end(ref)
                return self._images[ref]
        if isinstance(ref, Inline) or isinstance(self._source, SizedSource):
            coming = DECODE_COPIES * 4 * math.prod(self.size(ref))
            with self._lock:
                self._forget(coming, WHILE_DECODING)
        image = ref.image() if isinstance(ref, Inline) else self._source.image(ref)
        with self._lock:
            if ref not in self._images:
                self._images[ref] = image
                self._held += _bytes(image)
                self._forget(0, self.limit_bytes, keep=1)
        return image

    def _forget(self, more: int, most: int, keep: int = 0) -> None:
        """Forget the longest unused ones until what is held, and so many bytes more, are within a bound."""
        while self._held + more > most and len(self._images) > keep:
            self._held -= _bytes(self._images.popitem(last=False)[1])


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
        RecipeError: outside the limits: nothing was drawn. Of a source that tells sizes (a repository does), nothing was decoded.
        ElementError: an element cannot be had.
    """
    scene.check()
    cache = source if isinstance(source, ElementCache) else ElementCache(source)
    check_work(scene, cache.size, cache.limit_bytes)
    canvas = draw_background(scene, cache)
    for layer in scene.layers:
        _compose(canvas, layer, cache)
    return canvas


def _compose(canvas: Image.Image, layer: Layer, cache: ElementCache) -> None:
    """Draw a layer onto the canvas, in strips from the step on that has one pixel for each."""
    if not is_visible(layer, cache.size(layer.element), canvas.size):
        return
    drawn = draw_premultiplied(layer, cache.image(layer.element), canvas.size)
    if drawn is None:
        return
    image, (x, y) = drawn
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        canvas.alpha_composite(faded(layer, strip), (x, y + top))


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
            drawn = draw(plate_layer(scene, background), source.image(element), size)
            assert drawn is not None  # it covers the canvas
            return drawn[0]
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
