"""Adjustments that psd-tools does not draw as the file has them, said as curves, which it draws with masks, modes and clipping."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

from haac_layers._photoshop.described import UNREADABLE


def as_curves(record: Any) -> None:
    """Say old brightness and contrast, and curves drawn by hand, as curves of a point for each value.

    Args:
        record: a document as psd-tools parses it, before layers are made of it.
    """
    from psd_tools.constants import ColorMode, Tag

    channel = 1 if record.header.color_mode == ColorMode.GRAYSCALE else 0
    for layer, _ in record._iter_layers():
        blocks = layer.tagged_blocks
        with suppress(*UNREADABLE):
            if (table := _legacy(blocks)) is not None:
                blocks.pop(Tag.CONTENT_GENERATOR_EXTRA_DATA, None)
                _put(blocks, {channel: table})
            elif (
                (curves := blocks.get_data(Tag.CURVES)) is not None
                and curves.is_map
                and curves.extra is not None
            ):
                _put(blocks, {each.channel_id: each.points for each in curves.extra})


def _put(blocks: Any, tables: dict[int, list[int]]) -> None:
    """Write curves: what they make of 0 to 255, by the number of the channel; 0 is all of them."""
    from psd_tools.constants import Tag
    from psd_tools.psd.adjustments import Curves, CurvesExtraItem, CurvesExtraMarker
    from psd_tools.psd.tagged_blocks import TaggedBlock

    items: Any = []
    for channel, table in tables.items():
        points: Any = [(made, value) for value, made in enumerate(table)]
        items.append(CurvesExtraItem(channel, points))
    curves: Any = Curves(extra=CurvesExtraMarker(items=items))
    blocks[Tag.CURVES] = TaggedBlock(key=Tag.CURVES, data=curves)


def _legacy(blocks: Any) -> list[int] | None:
    """What brightness and contrast from before CS3 make of each value of a channel; None if a layer has none.

    Contrast turns the line of values around the mean, and brightness shifts it: before a contrast that steepens it, after one that flattens
    it. Source: the block `brit` of Adobe's specification, and the values in psd-tools' test documents.
    """
    from psd_tools.constants import Tag

    described = blocks.get_data(Tag.BRIGHTNESS_AND_CONTRAST)
    extra = blocks.get_data(Tag.CONTENT_GENERATOR_EXTRA_DATA)
    if extra is not None:
        if b"useLegacy" not in extra or not extra[b"useLegacy"]:
            return None
        brightness, contrast, mean = (int(extra.get(key, 0)) for key in (b"Brgh", b"Cntr", b"means"))
    elif described is not None:
        brightness, contrast, mean = (
            value - 65536 if value > 32767 else value
            for value in (described.brightness, described.contrast, described.mean)
        )
    else:
        return None
    contrast = min(max(contrast, -100), 100)
    if contrast < 0:
        values = [mean + (v - mean) * (100 + contrast) / 100 + brightness for v in range(256)]
    else:
        values = [mean + (v - mean + brightness) * 100 / max(100 - contrast, 0.25) for v in range(256)]
    return [min(max(math.floor(v + 0.5), 0), 255) for v in values]


def kind_of(layer: Any) -> str:
    """What kind of adjustment a layer is, as the file has it."""
    from psd_tools.constants import Tag

    old = Tag.BRIGHTNESS_AND_CONTRAST in layer.tagged_blocks
    return "brightnesscontrast" if old else str(layer.kind)


def is_adjustment(layer: Any) -> bool:
    """Whether a layer has no pixels of its own and changes those below it."""
    from psd_tools.api.layers import AdjustmentLayer

    return isinstance(layer, AdjustmentLayer)


def is_unknown(layer: Any) -> bool:
    """Whether it is an adjustment that psd-tools does not draw: not all kinds are, and none in Lab."""
    if not is_adjustment(layer):
        return False
    # Not before: it loads scipy, which takes as long as a large layer.
    from psd_tools.composite.adjustments import ADJUSTMENT_FUNC

    modes = "RGB", "CMYK", "GRAYSCALE"
    return layer.kind not in ADJUSTMENT_FUNC or layer._psd.color_mode.name not in modes or layer._data is None
