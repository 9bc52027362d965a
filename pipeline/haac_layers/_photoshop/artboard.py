"""Artboards: a group that is cut at its frame and has a background of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from haac_layers._document import Box, Group, Raster, around
from haac_layers._photoshop.described import UNREADABLE, colour_of

_WHITE, _BLACK, _OTHER = 1, 2, 4
"""Kinds of background; 3 is transparent. Source: what Photoshop CC 2015 to 2017 writes."""


def framed(
    layer: Any, inside: list[Raster | Group], charge: Callable[[int, int], None]
) -> list[Raster | Group]:
    """What an artboard shows: its background, and over it its layers, cut at its frame.

    Args:
        layer: the artboard, of psd-tools.
        inside: its layers, back to front.
        charge: told the width and height of what is drawn, before it is; may refuse.
    """
    from PIL import Image

    frame: Box = layer.bbox
    made = _cut(inside, frame)
    colour = _background(layer)
    canvas = layer._psd.viewbox
    box = around([frame], canvas)
    if colour is not None and box[0] < box[2] and box[1] < box[3]:
        charge(box[2] - box[0], box[3] - box[1])
        image = Image.new("RGBA", (box[2] - box[0], box[3] - box[1]), (*colour, 255))
        made.insert(0, Raster(layer.name, image, box[0], box[1], baked=("an artboard's background",)))
    return made


def _background(layer: Any) -> tuple[int, int, int] | None:
    """Its colour; None if it is transparent, or not said."""
    from psd_tools.constants import Tag

    for tag in (Tag.ARTBOARD_DATA1, Tag.ARTBOARD_DATA2, Tag.ARTBOARD_DATA3):
        if (described := layer.tagged_blocks.get_data(tag)) is None:
            continue
        kind = described.get(b"artboardBackgroundType")
        if kind in (_WHITE, _BLACK):
            return (255, 255, 255) if kind == _WHITE else (0, 0, 0)
        if kind == _OTHER:
            try:
                return colour_of(described[b"Clr "])
            except UNREADABLE:
                continue
    return None


def _cut(layers: list[Raster | Group], frame: Box) -> list[Raster | Group]:
    """Layers without what is outside the frame."""
    made: list[Raster | Group] = []
    for layer in layers:
        if isinstance(layer, Group):
            made.append(replace(layer, children=tuple(_cut(list(layer.children), frame))))
            continue
        if not layer.visible:  # stored as it is
            made.append(layer)
            continue
        left, top = max(frame[0], layer.x), max(frame[1], layer.y)
        right = min(frame[2], layer.x + layer.image.width)
        bottom = min(frame[3], layer.y + layer.image.height)
        if left < right and top < bottom:
            box = left - layer.x, top - layer.y, right - layer.x, bottom - layer.y
            made.append(replace(layer, image=layer.image.crop(box), x=left, y=top))
    return made
