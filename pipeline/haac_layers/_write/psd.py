"""Photoshop documents written through psd-tools: a scene's layers with names, order, opacity and places, and the merged picture."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from haac_layers._write.drawn import NameOf, drawn_layers
from haac_repo import MissingExtraError, write_file

if TYPE_CHECKING:
    from haac import ElementCache, Scene
    from haac._internal import ElementSource

_NAME = 255
"""Characters of a layer's name that the format holds."""


def write_psd(
    scene: Scene, source: ElementSource | ElementCache, path: Path, name_of: NameOf | None = None
) -> None:
    """Write a scene as a Photoshop document (.psb beyond 30,000 pixels a side, which no scene has).

    Args:
        scene: what to write.
        source: gives the RGBA pixels of each element.
        path: of the file; it is written whole, or not at all.
        name_of: what a layer is called after its element.

    Raises:
        MissingExtraError: psd-tools is not installed.
        RecipeError: outside the limits.
        ElementError: an element cannot be had.
    """
    if find_spec("psd_tools") is None:
        raise MissingExtraError(
            "Photoshop documents are written with psd-tools, not installed here: pip install 'haac[layers]'"
        )
    from psd_tools import PSDImage
    from psd_tools.constants import Compression

    from haac import ElementCache, render

    cache = source if isinstance(source, ElementCache) else ElementCache(source)
    psd = PSDImage.new("RGBA", (scene.width, scene.height))
    for layer in drawn_layers(scene, cache, name_of):
        # Named afterwards: a name that is not Mac Roman, given at creation, cannot be saved.
        made = psd.create_pixel_layer(
            layer.image, "layer", layer.y, layer.x, opacity=round(layer.opacity * 255)
        )
        made.name = layer.name[:_NAME]
    merged = render(scene, cache)
    # Our own picture, not the one that psd-tools would composite: `save` writes what stands here as it is.
    psd._record.image_data.compression = Compression.RLE
    psd._record.image_data.set_data([band.tobytes() for band in merged.split()], psd._record.header)
    psd._updated = False
    buffer = io.BytesIO()
    psd.save(buffer)
    write_file(path, buffer.getvalue())
