"""Shadows and glows of a layer: its outline moved, spread, blurred and filled, under it or in it.

What Photoshop does is not published. Measured on documents of psd-tools' own tests: a shadow of size n is the outline averaged twice over n
pixels each way, and of a glow what the range leaves counts as all. A gradient is laid from the layer's edge to the glow's end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haac_layers._document import Raster
from haac_layers._photoshop.described import UNREADABLE, colour_of, mode_of, number_of
from haac_layers._photoshop.gradient import ramp

if TYPE_CHECKING:
    from PIL import Image

    Charge = Callable[[int, int], None]

OUTER = {"DropShadow": "drop shadow", "OuterGlow": "outer glow"}
INNER = {"InnerGlow": "inner glow", "InnerShadow": "inner shadow"}
"""Those around a layer and those in it, each back to front."""
NEVER = "BevelEmboss", "Satin"
"""Effects that neither psd-tools nor haac draws."""
_FADE = 10
"""Values of 255 of the shade, over which a glow of a gradient comes out of nothing."""
_LARGEST = 30_000
"""Pixels; how far Photoshop throws a shadow."""
_SIZE = 250
"""Pixels; Photoshop's largest size."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A shadow or glow, as the file describes it."""

    kind: str
    ramp: tuple[tuple[int, ...], ...]
    """For red, green, blue and alpha: what each value of the shade becomes."""
    opacity: float
    blend: str
    size: float
    """Pixels, spread and blur together."""
    spread: float
    """Share of the size."""
    dx: int
    dy: int
    share: float
    """Share of the outline at which it is whole: below 1 for a glow."""
    curve: tuple[int, ...]
    """What its contour makes of each value."""
    conceals: bool
    """Of what is under the layer: whether the layer hides it where it lets what is below through."""
    centre: bool = False
    """Of an inner glow: whether it comes from the middle."""


def effects_of(layer: Any) -> list[Effect]:
    """Those of a layer that are on and can be drawn: one with noise, or a glow of Photoshop's precise kind, cannot."""
    made = []
    if layer.has_effects():
        for effect in layer.effects:
            kind = type(effect).__name__
            if effect.enabled and kind in (OUTER | INNER):
                try:
                    read = _read(kind, effect)
                except UNREADABLE:
                    continue  # said in a way that Photoshop does not
                made += [] if read is None else [read]
    order = [*OUTER, *INNER]
    return sorted(made, key=lambda each: order.index(each.kind))


def lost(layer: Any, drawn: Sequence[Effect]) -> list[str]:
    """In words, the effects that are on and cannot be drawn, nor by psd-tools.

    Args:
        layer: of psd-tools.
        drawn: its shadows and glows that are drawn.
    """
    if not layer.has_effects():
        return []
    kinds = [type(each).__name__ for each in layer.effects if each.enabled]
    for effect in drawn:
        kinds.remove(effect.kind)
    return [f"effects ({kind}: left out)" for kind in kinds if kind in (*OUTER, *INNER, *NEVER)]


def _read(kind: str, effect: Any) -> Effect | None:
    described = effect.descriptor
    if float(described.get(b"Nose", 0)) > 0 or float(described.get(b"ShdN", 0)) > 0:
        return None
    technique = described.get(b"GlwT")
    if technique is not None and technique.enum != b"SfBL":
        return None
    dx = dy = 0
    if kind in ("DropShadow", "InnerShadow"):
        angle = math.radians(number_of(effect.angle, -360, 360))
        distance = number_of(effect.distance, 0, _LARGEST)
        dx, dy = round(-math.cos(angle) * distance), round(math.sin(angle) * distance)
    reach = number_of(described.get(b"Inpr", 100.0), 1, 100) / 100 if "Glow" in kind else 1.0
    source = described.get(b"glwS")
    return Effect(
        kind,
        _ramp(described),
        number_of(effect.opacity, 0, 100) / 100,
        mode_of(effect),
        number_of(effect.size, 0, _SIZE),
        number_of(effect.choke, 0, 100) / 100,
        dx,
        dy,
        reach,
        _curve(described.get(b"TrnS")),
        bool(described.get(b"layerConceals", True)),
        source is not None and source.enum == b"SrcC",
    )


def _ramp(described: Any) -> tuple[tuple[int, ...], ...]:
    """What the shade becomes: of one colour, or of a gradient that begins where it is whole, which has its own opacity."""
    shade = np.arange(256.0)
    if (grad := described.get(b"Grad")) is None or b"Clr " in described:
        red, green, blue = colour_of(described[b"Clr "])
        values = np.stack([np.full(256, red), np.full(256, green), np.full(256, blue), shade], axis=1)
    else:
        values = ramp(grad)[::-1].copy()
        values[:, 3] *= np.minimum(shade / _FADE, 1)
    return tuple(tuple(int(v) for v in column) for column in np.floor(values.T + 0.5))


def _curve(contour: Any) -> tuple[int, ...]:
    """The points of a contour, joined by straight lines."""
    points = (
        [] if contour is None else [(float(p[b"Hrzn"]), float(p[b"Vrtc"])) for p in contour.get(b"Crv ", ())]
    )
    if len(points) < 2:
        return tuple(range(256))
    x, y = zip(*sorted(points), strict=True)
    return tuple(int(v) for v in np.floor(np.interp(np.arange(256), x, y).clip(0, 255) + 0.5))


def under(effect: Effect, outline: Raster, opacity: float, hides: bool, charge: Charge) -> Raster:
    """What an outer effect shows, as a layer under the one that it belongs to.

    Args:
        effect: of OUTER.
        outline: the layer's own pixels, of which the alpha counts.
        opacity: of the layer, 0 to 1.
        hides: whether the layer lets what is below through, so that what it conceals is seen.
        charge: told the width and height of what is drawn, before it is; may refuse.
    """
    from PIL import Image, ImageChops

    margin = math.ceil(effect.size) + 1
    alpha = outline.image.getchannel("A")
    charge(alpha.width + 2 * margin, alpha.height + 2 * margin)
    grown = Image.new("L", (alpha.width + 2 * margin, alpha.height + 2 * margin))
    grown.paste(alpha, (margin, margin))
    paint = _filled(_blurred(grown, effect), effect)
    if hides and effect.conceals:
        own = Image.new("L", grown.size)
        own.paste(alpha, (margin - effect.dx, margin - effect.dy))
        paint.putalpha(ImageChops.multiply(paint.getchannel("A"), ImageChops.invert(own)))
    return Raster(
        f"{outline.name} ({OUTER[effect.kind]})",
        paint,
        outline.x - margin + effect.dx,
        outline.y - margin + effect.dy,
        opacity * effect.opacity,
        True,
        effect.blend,
    )


def within(effect: Effect, outline: Image.Image, charge: Charge) -> Image.Image:
    """What an inner effect paints on a layer, to be cut at its outline.

    Args:
        effect: of INNER.
        outline: the layer's pixels, of which the alpha counts.
        charge: told the width and height of what is drawn, before it is; may refuse.

    Returns:
        RGBA, as large.
    """
    from PIL import Image, ImageChops

    margin = math.ceil(effect.size) + 1
    charge(outline.width + 2 * margin, outline.height + 2 * margin)
    around = Image.new("L", (outline.width + 2 * margin, outline.height + 2 * margin), 255)
    around.paste(ImageChops.invert(outline.getchannel("A")), (margin + effect.dx, margin + effect.dy))
    shade = _blurred(around, effect).crop((margin, margin, margin + outline.width, margin + outline.height))
    if effect.centre:
        shade = ImageChops.invert(shade)
    paint = _filled(shade, effect)
    paint.putalpha(paint.getchannel("A").point([math.floor(v * effect.opacity + 0.5) for v in range(256)]))
    return paint


def cut(effect: Effect, paint: Image.Image, outline: Raster, opacity: float) -> Raster:
    """What an inner effect paints, as a layer of its own: of a layer whose fill does not show.

    Args:
        effect: of INNER.
        paint: what it paints.
        outline: the layer's own pixels, of which the alpha counts.
        opacity: of the layer, 0 to 1.
    """
    from PIL import ImageChops

    image = paint.copy()
    image.putalpha(ImageChops.multiply(paint.getchannel("A"), outline.image.getchannel("A")))
    return Raster(
        f"{outline.name} ({INNER[effect.kind]})", image, outline.x, outline.y, opacity, True, effect.blend
    )


def _blurred(outline: Image.Image, effect: Effect) -> Image.Image:
    """An outline, spread and blurred, through the contour."""
    from PIL import ImageFilter

    spread, blur = effect.size * effect.spread, effect.size * (1 - effect.spread)
    if spread >= 1:
        outline = _spread(outline, spread)
    if blur > 1:
        box = ImageFilter.BoxBlur((blur - 1) / 2)
        outline = outline.filter(box).filter(box)
    return outline.point([effect.curve[min(255, math.floor(v / effect.share + 0.5))] for v in range(256)])


def _spread(outline: Image.Image, by: float) -> Image.Image:
    """An outline, moved outwards by some pixels; between two pixels it fades over one."""
    from PIL import Image
    from scipy.ndimage import distance_transform_edt

    pixels = np.asarray(outline)
    if not (pixels >= 128).any():
        return outline
    away = distance_transform_edt(pixels < 128)
    grown = np.clip(by + 1 - away, 0, 1) * 255
    return Image.fromarray(np.maximum(pixels, np.floor(grown + 0.5).astype(np.uint8)))


def _filled(shade: Image.Image, effect: Effect) -> Image.Image:
    from PIL import Image

    return Image.merge("RGBA", [shade.point(values) for values in effect.ramp])
