"""A scene that fills a budget with inline WebP: the whole picture beneath its layers, or the parts that they leave unexplained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from haac import LIMITS, Layer, Scene, to_binary
from haac_match._picture.arrays import Bools
from haac_match._rate import webp
from haac_match._rate.cost import Cost
from haac_match._rate.split import COLOURS, Part, Split, coloured
from haac_match._rate.whole import Whole

_DRAWN_SHARES = (0.8, 0.4)
"""Shares of a budget that what is drawn may take where there are photographs, too."""
_HOLE = 32
"""Times as small as the picture is made for what is hidden beneath elements."""
_LAYER = 8
"""Bytes that a layer of an inline element takes beside its data, about."""


def filled(cost: Cost, scene: Scene, room: int) -> Iterator[Scene]:
    """Scenes of at most so many bytes that carry what a scene leaves unexplained.

    Args:
        cost: knows the picture.
        scene: layers that were found, on the background that was found.
        room: bytes.
    """
    if cost.options.max_layers < 1:
        return
    yield from whole_within(cost, [], room)
    if scene.layers:
        yield from whole_within(cost, scene.layers, room)
    yield from _split_within(cost, scene, room)


def whole_within(cost: Cost, layers: list[Layer], room: int) -> Iterator[Scene]:
    """The whole picture as one WebP beneath layers."""
    size = cost.picture.size
    on_top = Scene(*size, None, list(layers))
    left = room - _overhead(on_top, room)
    picture = beneath(cost.picture, cost.covered(on_top)) if layers else cost.picture
    if picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")

    def made(layer: Layer) -> Scene:
        return replace(on_top, layers=[layer, *layers])

    whole = Whole(picture, lambda layer: cost.error(made(layer)), cost.monitor)
    for piece in whole.within(left):
        if len(to_binary(made(piece.layer))) <= room:
            yield made(piece.layer)


def _overhead(scene: Scene, room: int) -> int:
    """Bytes of a recipe beside the data of an inline element that is put under it."""
    pixel = webp.lossless(Image.new("RGB", (1, 1)))
    assert pixel is not None
    layer = Layer(pixel, width=scene.width, height=scene.height)
    size = len(to_binary(replace(scene, layers=[layer, *scene.layers])))
    return size - len(pixel.data) + (0 if room < 128 else 1 if room < 1 << 14 else 2)


def beneath(picture: Image.Image, covered: Bools) -> Image.Image:
    """The picture with what is around it, carried on smoothly, where elements hide it: that takes few bytes.

    Args:
        picture: RGBA.
        covered: (height, width); its edges, which elements may not hide altogether, stay.
    """
    hole = Image.fromarray(covered.astype(np.uint8) * 255).filter(ImageFilter.MinFilter(7))
    if hole.getbbox() is None:
        return picture
    holed = picture.copy()
    holed.putalpha(ImageChops.darker(picture.getchannel("A"), ImageChops.invert(hole)))
    small = max(1, picture.width // _HOLE), max(1, picture.height // _HOLE)
    blurred = holed.convert("RGBa").resize(small, Image.Resampling.BOX)
    around = np.asarray(blurred.filter(ImageFilter.BoxBlur(1)).resize(picture.size, Image.Resampling.BICUBIC))
    alpha = np.maximum(around[..., 3:].astype(np.uint16), 1)
    colours = np.minimum(255, around[..., :3].astype(np.uint16) * 255 // alpha).astype(np.uint8)
    filling = Image.fromarray(colours).convert("RGBA")
    return Image.composite(filling, picture, hole)


def _split_within(cost: Cost, scene: Scene, room: int) -> Iterator[Scene]:
    """The parts that the scene leaves unexplained: what is drawn in as many colours as fit, the rest with loss."""
    split = Split(cost.picture, cost.wanted, cost.shown(cost.drawn(scene)), cost.covered(scene))
    drawn, taken = split.drawn_part(), split.taken_parts()
    if taken is None or (drawn is None and not taken) or split.share == 1:
        return
    left = room - len(to_binary(scene)) - _LAYER * (len(taken) + 1)
    for share in _DRAWN_SHARES if taken and drawn is not None else (1.0,):
        some = scene
        if drawn is not None:
            layer = _drawn_within(drawn, int(share * left))
            if layer is None:
                continue
            some = replace(scene, layers=[*scene.layers, layer])
        if taken:
            some = _taken_within(taken, some, room) or some
        if len(to_binary(some)) <= room:
            yield some


def _drawn_within(part: Part, room: int) -> Layer | None:
    """A drawn part, in as many colours as fit."""
    exact = webp.lossless(part.image)
    if exact is not None and len(exact.data) <= room:
        return part.layer(exact)
    low, high, best = 0, len(COLOURS), None
    while low < high:
        middle = (low + high) // 2
        inline = webp.lossless(coloured(part, COLOURS[middle]))
        if inline is not None and len(inline.data) <= room:
            high, best = middle, inline
        else:
            low = middle + 1
    return None if best is None else part.layer(best)


def _taken_within(parts: list[Part], scene: Scene, room: int) -> Scene | None:
    """Taken parts at the highest quality that fits, all the same."""
    images = [webp.sharpened(part.image) for part in parts]

    def encode(quality: float) -> webp.Pieces | None:
        made = [webp.lossy(image, quality) for image in images]
        pieces = [inline for inline in made if inline is not None]
        return pieces if len(pieces) == len(made) else None

    left = min(room - len(to_binary(scene)) - _LAYER * len(parts), LIMITS.inline_bytes)
    found = webp.filled(encode, left)
    if found is None:
        return None
    layers = [part.layer(inline) for part, inline in zip(parts, found[1], strict=True)]
    return replace(scene, layers=[*scene.layers, *layers])
