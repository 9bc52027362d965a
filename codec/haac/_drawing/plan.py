"""What of a layer has to be computed for what is visible of it: region-of-interest propagation, from the canvas back to the element.

It follows from sizes alone, so a recipe's work is known (`_drawing.work`) before an element is decoded. No pixel depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from haac._drawing.boxes import Box, empty, grown, outline, overlap, turned_back
from haac._scene import Layer


@dataclass(frozen=True, slots=True)
class Warp:
    """The part of an element that is read, and what becomes of it up to rotation."""

    cut: Box
    """Of the element: what is read of it."""
    cropped: tuple[int, int]
    """Width and height after the layer's crop; `cut` is a part of that."""
    size: tuple[int, int]
    """Width and height after resizing."""
    first_row: int
    """Of what is cropped and flipped: where the rows begin that are read. Columns are all read, if they are resized."""
    part: Box
    """Of the resized picture: what is rotated."""
    turned: Box
    """What is made, relative to the resized picture's box before rotation."""


def plan_warp(layer: Layer, size: tuple[int, int], needed: Box) -> Warp | None:
    """Plan the crop, resizing and rotation of a layer.

    Args:
        layer: how it stands.
        size: width and height of its element.
        needed: box that is wanted of the result, relative to the resized picture's box before rotation.

    Returns:
        None if nothing of the layer is in that box.

    Raises:
        RecipeError: the crop or the size is outside the limits.
    """
    width, height = layer.size(*size)
    left, top, right, bottom = layer.crop or (0, 0, *size)
    across, down = right - left, bottom - top
    turned = overlap(outline(width, height, layer.rotation), needed)
    if empty(turned):
        return None
    part = overlap(turned_back(turned, width, height, layer.rotation), (0, 0, width, height))
    if empty(part):
        return None
    columns = (part[0], part[2]) if width == across else (0, across)
    rows = _read(down, height, part[1], part[3])
    # A flip comes after the crop: what is wanted on the left is read on the right.
    x = (
        (right - columns[1], right - columns[0])
        if "h" in layer.flip
        else (left + columns[0], left + columns[1])
    )
    y = (bottom - rows[1], bottom - rows[0]) if "v" in layer.flip else (top + rows[0], top + rows[1])
    return Warp((x[0], y[0], x[1], y[1]), (across, down), (width, height), rows[0], part, turned)


def _read(before: int, after: int, first: int, last: int) -> tuple[int, int]:
    """The lines from which bicubic resizing makes the lines from `first` up to but not including `last`, or a few more."""
    if before == after:
        return first, last
    support = max(2, -(-2 * before // after)) + 1
    return (
        max(0, (2 * first + 1) * before // (2 * after) - support),
        min(before, (2 * last - 1) * before // (2 * after) + 1 + support),
    )


def blur_margin(blur: int) -> int:
    """How far `GaussianBlur` reaches, at least: three box blurs of a radius below the standard deviation plus one."""
    return (3 * blur + 3) // 4 + 3 if blur else 0


def plan_blur(layer: Layer, box: Box, seen: Box) -> tuple[Box, Box]:
    """Plan the blur of a warped layer.

    Args:
        layer: how it stands.
        box: where the warped pixels are.
        seen: what may be seen.

    Returns:
        What is blurred, with transparency around the pixels; and what of it is visible. Both may be empty.
    """
    margin = blur_margin(layer.blur)
    blurred = overlap(grown(box, margin), grown(seen, margin))
    return blurred, overlap(blurred, seen)
