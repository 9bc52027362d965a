"""Pixels of one layer: crop, flip, adjust, resize, rotate, blur, fade (docs/format.md, "Rendering", steps 2 to 9).

From resizing on, only what can be seen is computed; that does not change a pixel.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from haac._drawing.boxes import COS, ONE, QUARTER, Box, empty, grown, moved, overlap, sin
from haac._drawing.plan import Warp, blur_margin, plan_blur, plan_warp
from haac._scene import Layer

STRIP = 1 << 18
"""Pixels that are worked on at a time where an operation takes much more memory than they do."""


def draw(
    layer: Layer, image: Image.Image, size: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int]] | None:
    """Draw one layer alone, as it is composited onto a canvas.

    Args:
        layer: how it stands.
        image: RGBA pixels of its element.
        size: width and height of the canvas.

    Returns:
        RGBA pixels that lie within the canvas, and where their top left corner is; None if nothing does.
    """
    drawn = draw_premultiplied(layer, image, size)
    return drawn and (faded(layer, drawn[0]), drawn[1])


def draw_premultiplied(
    layer: Layer, image: Image.Image, size: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int]] | None:
    """`draw`, without opacity, and premultiplied."""
    seen = moved((0, 0, *size), -layer.x, -layer.y)
    plan = plan_warp(layer, image.size, grown(seen, blur_margin(layer.blur)))
    if plan is None:
        return None
    drawn = _blurred(layer, _warped(layer, image, plan), plan.turned, seen)
    return drawn and (drawn[0], (drawn[1][0] + layer.x, drawn[1][1] + layer.y))


def warp(layer: Layer, image: Image.Image, needed: Box) -> tuple[Image.Image, Box]:
    """Crop, flip, adjust, resize and rotate an element, as a layer says: all before blur and opacity.

    Args:
        layer: how it stands.
        image: RGBA pixels of the element.
        needed: what is needed, the rest is cut off; like all boxes from here on, relative to the layer's own box before rotation.

    Returns:
        Premultiplied pixels, and their box, which is empty if nothing is needed.
    """
    plan = plan_warp(layer, image.size, needed)
    return (image, (0, 0, 0, 0)) if plan is None else (_warped(layer, image, plan), plan.turned)


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
    drawn = None if empty(box) else _blurred(layer, image, box, seen)
    return drawn and (faded(layer, drawn[0]), drawn[1])


def faded(layer: Layer, image: Image.Image) -> Image.Image:
    """RGBA of premultiplied pixels, with the layer's opacity."""
    if layer.opacity != 100:
        image = image.point([(v * layer.opacity + 50) // 100 for v in range(256)] * 4)
    return image.convert("RGBA")


def _warped(layer: Layer, image: Image.Image, plan: Warp) -> Image.Image:
    """Premultiplied pixels of `plan.turned`."""
    # Nested, so that no step's pixels are held during the next.
    return _rotate(
        _resize(_prepared(layer, _cut(image, (0, 0, *image.size), plan.cut)).convert("RGBa"), plan),
        plan,
        layer.rotation,
    )


def _cut(image: Image.Image, box: Box, wanted: Box) -> Image.Image:
    """Crop or pad: the part `wanted` of an image that covers `box`; transparent outside it."""
    return image if wanted == box else image.crop(moved(wanted, -box[0], -box[1]))


def _prepared(layer: Layer, image: Image.Image) -> Image.Image:
    """Flip, then brightness, contrast and saturation, on straight alpha."""
    if "h" in layer.flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if "v" in layer.flip:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if layer.brightness != 100 or layer.contrast != 100:
        curve = [_curve(v, layer.brightness, layer.contrast) for v in range(256)]
        image = image.point(curve * 3 + list(range(256)))
    if layer.saturation != 100:
        pixels = np.array(image)
        rows = max(1, STRIP // image.width)
        for top in range(0, image.height, rows):
            _saturate(pixels[top : top + rows, :, :3], layer.saturation)
        image = Image.fromarray(pixels)
    return image


def _saturate(colours: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], per_cent: int) -> None:
    """Move (height, width, RGB) away from their grey, in place."""
    rgb = colours.astype(np.int32)
    # Luma of ITU-R BT.601 in steps of 2^-16.
    grey = (rgb @ np.array([19595, 38470, 7471], np.int32) + (1 << 15) >> 16)[:, :, None]
    colours[:] = np.clip(grey + ((rgb - grey) * per_cent + 50) // 100, 0, 255)


def _curve(value: int, brightness: int, contrast: int) -> int:
    """Tone curve: brightness multiplies; contrast then stretches about 128. Halves go up; each step is clipped to 0...255."""
    value = min(255, (value * brightness + 50) // 100)
    return max(0, min(255, 128 + ((value - 128) * contrast + 50) // 100))


def _resize(image: Image.Image, plan: Warp) -> Image.Image:
    """Bicubic resize of what was read, first the width, then the height, cut to `plan.part`.

    A resized line is cut only after it was made: the weights of the filter follow from the whole length. Rows that were not read
    are put back as transparent ones for the same reason; nothing that is kept is made of them.
    """
    (across, down), (width, height) = plan.cropped, plan.size
    left, top, right, bottom = plan.part
    start = left if width == across else 0
    image = resize_once(image, (width, image.height)) if width != across else image
    first, last = (top, bottom) if height == down else (0, down)
    read = start, plan.first_row, start + image.width, plan.first_row + image.height
    image = _cut(image, read, (left, first, right, last))
    if height == down:
        return image
    return _cut(resize_once(image, (right - left, height)), (left, 0, right, height), plan.part)


def resize_once(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Bicubic resize, one axis a call: Pillow 13 changed the order inside a two-axis call."""
    return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC)


def _rotate(image: Image.Image, plan: Warp, turn: int) -> Image.Image:
    """Bilinear rotation about the centre, from `plan.part` to `plan.turned`."""
    if turn == 0:
        return image
    if turn % QUARTER == 0:
        return image.transpose(
            (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)[
                turn // QUARTER - 1
            ]
        )
    width, height = plan.size
    # A transparent border of one pixel makes the edges of an opaque rectangle smooth.
    bordered = overlap(grown(plan.part, 1), (-1, -1, width + 1, height + 1))
    image = _cut(image, plan.part, bordered)
    cos, sine = COS[turn], sin(turn)
    column, row = 2 * plan.turned[0] - width, 2 * plan.turned[1] - height
    left = (width * ONE + cos * column - sine * row) // 2 - bordered[0] * ONE
    top = (height * ONE + sine * column + cos * row) // 2 - bordered[1] * ONE
    matrix = (cos / ONE, -sine / ONE, left / ONE, sine / ONE, cos / ONE, top / ONE)
    size = plan.turned[2] - plan.turned[0], plan.turned[3] - plan.turned[1]
    return image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def _blurred(
    layer: Layer, image: Image.Image, box: Box, seen: Box
) -> tuple[Image.Image, tuple[int, int]] | None:
    """Blur, and cut to what is visible: along the rows first, so that columns which are not seen need no blur along them."""
    blurred, visible = plan_blur(layer, box, seen)
    if empty(visible):
        return None
    image = _cut(image, box, blurred)
    if layer.blur:
        image = image.filter(ImageFilter.GaussianBlur((layer.blur / 4, 0)))
        blurred, beside = (visible[0], blurred[1], visible[2], blurred[3]), blurred
        image = _cut(image, beside, blurred)
        image = image.filter(ImageFilter.GaussianBlur((0, layer.blur / 4)))
    return _cut(image, blurred, visible), visible[:2]
