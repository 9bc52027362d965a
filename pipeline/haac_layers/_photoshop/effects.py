"""The effects of a layer that are drawn here, around it and in it: shadows, glows, patterns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from haac_layers._document import Raster
from haac_layers._photoshop import pattern, shadow
from haac_layers._photoshop.described import mode_of
from haac_layers._photoshop.interior import painted

if TYPE_CHECKING:
    from PIL import Image

    from haac_layers._document import Box

    Charge = Callable[[int, int], None]
    """Told the width and height of what is drawn, before it is; may refuse."""


def drawn_here(layer: Any) -> bool:
    """Whether a layer has any."""
    return bool(shadow.effects_of(layer)) or pattern.overlay_of(layer) is not None


def applied(layer: Any, made: list[Raster], outline: Raster, charge: Charge) -> list[Raster]:
    """A layer with its effects: those around it as layers below it, those in it on its pixels.

    A layer whose fill does not show has none: what is in it is blended with what is below, as layers of their own.

    Args:
        layer: of psd-tools.
        made: what shows of it without them, at most one.
        outline: its pixels without its opacities, of which the alpha counts.
        charge: of the limits.
    """
    opacity = layer.opacity / 255
    hides = min(layer.opacity, layer.fill_opacity) < 255
    drawn = shadow.effects_of(layer)
    said = tuple(f"effects ({each.kind})" for each in drawn)
    below = [
        shadow.under(each, outline, opacity, hides, charge) for each in drawn if each.kind in shadow.OUTER
    ]
    raster = made[0] if made else replace(outline, opacity=0.0)
    inner = [each for each in drawn if each.kind in shadow.INNER]
    overlay = pattern.overlay_of(layer)
    if overlay is None and not layer.fill_opacity:
        above = [
            shadow.cut(each, shadow.within(each, outline.image, charge), outline, opacity) for each in inner
        ]
        return [*below, replace(raster, baked=(*raster.baked, *said)), *above]
    if overlay is not None:
        raster = _patterned(layer, overlay, raster, outline, charge)
    for each in inner:
        raster = _over(raster, outline, shadow.within(each, outline.image, charge), each.blend, opacity)
    return [*below, replace(raster, baked=(*raster.baked, *said))]


def _patterned(layer: Any, overlay: Any, raster: Raster, outline: Raster, charge: Charge) -> Raster:
    paint = pattern.drawn(layer, overlay, outline.box, charge)
    if paint is None:
        return replace(raster, baked=(*raster.baked, "a pattern that cannot be read: left out"))
    made = _over(raster, outline, paint, mode_of(overlay), layer.opacity / 255)
    return replace(made, baked=(*made.baked, "a pattern"))


def _over(raster: Raster, outline: Raster, paint: Image.Image, mode: str, opacity: float) -> Raster:
    """A layer with paint over it; its fill opacity, which does not fade the paint, goes into its alpha."""
    first, second = raster.box, outline.box
    box = (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )
    image = _framed(raster.image, first, box)
    if raster.opacity < opacity:
        image.putalpha(image.getchannel("A").point([round(v * raster.opacity / opacity) for v in range(256)]))
    alpha = _framed(outline.image, second, box).getchannel("A")
    image = painted(image, alpha, _framed(paint, second, box), mode)
    return replace(raster, image=image, x=box[0], y=box[1], opacity=opacity)


def _framed(image: Image.Image, box: Box, wanted: Box) -> Image.Image:
    """What an image that fills a box shows in another; nothing around it."""
    return image.crop((wanted[0] - box[0], wanted[1] - box[1], wanted[2] - box[0], wanted[3] - box[1]))
