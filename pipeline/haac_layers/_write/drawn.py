"""The layers of a scene as pixels: what a layered file has of each, drawn as the renderer draws it, without its opacity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from haac_layers._document import Raster

if TYPE_CHECKING:
    from haac import ElementCache, Inline, Scene
    from haac._internal import ElementSource

NameOf = Callable[["int | Inline"], str]
"""What an element is called."""

BACKGROUND = "background"
"""Name of the lowest layer of a scene with a background."""


def drawn_layers(
    scene: Scene, source: ElementSource | ElementCache, name_of: NameOf | None = None
) -> list[Raster]:
    """Draw each layer of a scene alone.

    A recipe that shows these pictures where they stand, with their opacity, renders to the very pixels of the scene: colours are
    rounded such that the renderer premultiplies them to what it drew itself.

    Args:
        scene: what to draw.
        source: gives the RGBA pixels of each element.
        name_of: what a layer is called after its element; None: "layer 1" and so on.

    Returns:
        Back to front; the background first, if there is one. Layers of which nothing lies within the canvas are left out.

    Raises:
        RecipeError: outside the limits: nothing was drawn.
        ElementError: an element cannot be had.
    """
    from haac import ElementCache, Plate
    from haac._internal import check_work, draw_background, draw_premultiplied

    scene.check()
    cache = source if isinstance(source, ElementCache) else ElementCache(source)
    check_work(scene, cache.size, cache.limit_bytes)
    made = []
    if scene.background is not None:
        named = BACKGROUND
        if isinstance(scene.background, Plate) and name_of is not None:
            named = name_of(scene.background.element) or BACKGROUND
        made.append(Raster(named, draw_background(scene, cache)))
    for number, layer in enumerate(scene.layers, 1):
        name = (name_of(layer.element) if name_of is not None else "") or f"layer {number}"
        drawn = draw_premultiplied(
            replace(layer, opacity=100), cache.image(layer.element), (scene.width, scene.height)
        )
        if drawn is not None:
            image, (x, y) = drawn
            made.append(Raster(name, straight(image), x, y, layer.opacity / 100))
    return made


def straight(image: Image.Image) -> Image.Image:
    """RGBA of premultiplied pixels (RGBa), rounded to nearest: Pillow, which cuts off, would not come back to the same."""
    rows = max(1, (1 << 18) // image.width)
    made = Image.new("RGBA", image.size)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        pixels = (
            np.frombuffer(strip.tobytes(), np.uint8).reshape(strip.height, strip.width, 4).astype(np.uint32)
        )
        alpha = pixels[:, :, 3:]
        pixels[:, :, :3] = np.minimum(255, (510 * pixels[:, :, :3] + alpha) // np.maximum(1, 2 * alpha))
        pixels[alpha[:, :, 0] == 0] = 0
        made.paste(Image.fromarray(pixels.astype(np.uint8)), (0, top))
    return made
