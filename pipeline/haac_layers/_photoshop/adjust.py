"""Brightness and contrast as Photoshop computed them before CS3, which psd-tools leaves out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from haac_layers._document import Raster
from haac_layers._photoshop import mask


def legacy(layer: Any) -> list[int] | None:
    """What such a layer makes of each value of a channel; None if it is none.

    Contrast turns the line of values around the mean, and brightness shifts it: before a contrast that steepens it, after one that flattens
    it. Source: the block `brit` of Adobe's specification, and the values in psd-tools' test documents.
    """
    from psd_tools.constants import Tag

    blocks = layer.tagged_blocks
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


def adjusted(raster: Raster, layer: Any, table: list[int]) -> Raster:
    """What is below an adjustment, with it, as far as its mask lets it."""
    from PIL import Image

    image = raster.image
    box = raster.x, raster.y, raster.x + image.width, raster.y + image.height
    changed = image.point([*table * 3, *range(256)])
    left = mask.coverage(layer, box, path=True) or Image.new("L", image.size, 255)
    made = Image.composite(changed, image, left.point([v * layer.opacity // 255 for v in range(256)]))
    return replace(raster, image=made)
