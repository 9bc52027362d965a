"""Report picture: original, decoded recipe and difference side by side, with metrics and the elements used."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from haac import ElementCache, Inline, Plate, Scene, to_text
from haac._internal import SIMILAR
from haac_pipeline._compress.quality import BOUNDARY
from haac_repo import format_id
from haac_repo._internal import checkerboard, counted, on_checkerboard

if TYPE_CHECKING:
    from haac._internal import ElementSource
    from haac_pipeline._compress.quality import Quality

_PAPER, _INK, _GREY, _LINE, _TILE = "#ffffff", "#1f2733", "#66717f", "#dfe4ea", "#f4f6f8"
_MARK = (236, 0, 120)
"""Of what nothing explains: a colour that pictures seldom have."""

_MARGIN, _GAP = 32, 20
_WIDEST, _HIGHEST, _NARROWEST = 560, 640, 400
"""Pixels of a panel; narrower ones stand in a column of the last."""
_HEAD, _TITLE = 162, 36
"""Heights of what is above the panels, and of a panel's title."""
_CELL, _CAPTION, _ROWS = 84, 28, 3
"""Side of an element's tile, height of what is under it, and most rows of them."""
_TEXT_LINES = 4
_PATCH = 4
"""Side in pixels of the patches in which regions are marked..."""
_NOISE = 0.3
"""...unless less than this part of a patch is unexplained."""
_AMPLIFIED = (16, 8, 4, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Content of a report.

    Args:
        name: of the picture.
        original: RGB or RGBA.
        made: RGBA, by the recipe.
        unexplained: (height, width), True where neither an element nor the background explains the picture. None where the elements
            that it shows were not looked for: by a recipe of similar ones, or a wash alone.
    """

    name: str
    original: Image.Image
    made: Image.Image
    scene: Scene
    binary_bytes: int
    quality: Quality
    unexplained: npt.NDArray[np.bool_] | None


def report(told: Reported, source: ElementSource) -> Image.Image:
    """Draw the report of one picture.

    Args:
        told: what it tells of.
        source: gives the elements.

    Returns:
        RGB.
    """
    panels = list(_panels(told))
    width, height = panels[0][2].size
    column = max(width, _NARROWEST)
    inner = 3 * column + 2 * _GAP
    strips = [_elements(told.scene, ElementCache(source), inner), _recipe(told.scene, inner)]
    below = sum(strip.height + _GAP for strip in strips)
    page = Image.new("RGB", (inner + 2 * _MARGIN, _HEAD + _TITLE + height + _GAP + below + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(page)
    _head(draw, told, inner)
    for n, (title, remark, panel) in enumerate(panels):
        left, top = _MARGIN + n * (column + _GAP), _HEAD + _TITLE
        draw.text((left, _HEAD), title, _INK, _font(20))
        start = left + draw.textlength(title, _font(20)) + 10
        colour = _MARK if n == 1 else _GREY
        draw.text((start, _HEAD + 5), _fit(draw, remark, 15, left + column - start), colour, _font(15))
        page.paste(panel, (left, top))
        draw.rectangle((left - 1, top - 1, left + width, top + height), outline=_LINE)
    y = _HEAD + _TITLE + height + _GAP
    for strip in strips:
        y += _GAP
        page.paste(strip, (_MARGIN, y))
        y += strip.height
    return page


def _head(draw: ImageDraw.ImageDraw, told: Reported, inner: int) -> None:
    width, height = told.original.size
    size = f"{width:,} x {height:,} pixels"
    right = _MARGIN + inner
    draw.text((right, _MARGIN + 6), size, _GREY, _font(18), anchor="ra")
    room = inner - draw.textlength(size, _font(18)) - 40
    draw.text((_MARGIN, _MARGIN - 6), _fit(draw, told.name, 28, room), _INK, _font(28))
    figures = list(_figures(told))
    for n, (value, label) in enumerate(figures):
        x = _MARGIN + n * inner / len(figures)
        draw.text((x, _MARGIN + 46), value, _INK, _font(32))
        draw.text((x, _MARGIN + 88), label, _GREY, _font(15))


def _figures(told: Reported) -> Iterator[tuple[str, str]]:
    """(value, label) of the metrics."""
    quality, layers = told.quality, len(told.scene.layers)
    raw = told.original.width * told.original.height * len(told.original.getbands())
    yield f"{told.binary_bytes:,} bytes", f"1/{raw // told.binary_bytes:,} of the raw pixels"
    yield (
        counted(layers, "layer"),
        f"{told.binary_bytes / layers:.1f} bytes each, all in all" if layers else "only a background",
    )
    yield ("identical" if quality.identical else f"{quality.psnr:.1f} dB"), "PSNR"
    yield ("-" if quality.ssim is None else _cut(quality.ssim, 4)), "SSIM"
    yield f"{_cut(quality.different, 2)} %", f"differ by over {BOUNDARY} levels"
    if told.unexplained is not None:
        yield f"{_cut(100 * float(told.unexplained.mean()), 2)} %", "explained by nothing"
    elif told.scene.similar:
        yield "similar", "not the same objects"
    else:
        yield "-", "no elements were compared"


def _cut(value: float, digits: int) -> str:
    """Rounded, but never to 0, 1 or 100 if it is not that."""
    text = f"{value:.{digits}f}"
    least = 10**-digits
    if float(text) == 0 < value:
        return f"<{least:.{digits}f}"
    if value < float(text) in (1, 100):
        return f"{float(text) - least:.{digits}f}"
    return f"{value:g}" if value == int(value) else text


def _panels(told: Reported) -> Iterator[tuple[str, str, Image.Image]]:
    """(title, remark, picture) of the three panels, of the same size."""
    size = _panel_size(*told.original.size)
    yield "original", "", _scaled(_seen(told.original), size)
    marked, some = _marked(_scaled(_seen(told.made), size), told.unexplained)
    remarks = [SIMILAR] * told.scene.similar + ["hatched: nothing explains it"] * some
    yield "recipe, rendered", "; ".join(remarks), marked
    difference = ImageChops.difference(_seen(told.original), _seen(told.made))
    most = max(high for _, high in difference.getextrema())  # type: ignore[misc]
    if most == 0:
        yield "difference", "none: every pixel is equal", Image.new("RGB", size, _TILE)
        return
    times = next((n for n in _AMPLIFIED if n * _loud(difference) <= 255), _AMPLIFIED[-1])
    loud = difference.point([min(255, times * level) for level in range(256)] * 3)
    yield "difference", f"amplified {times} times; at most {most} levels", _scaled(loud, size)


def _loud(difference: Image.Image) -> int:
    """What 90 % of the levels that are not 0 do not exceed."""
    levels = np.asarray(difference)
    return int(np.percentile(levels[levels > 0], 90))


def _seen(image: Image.Image) -> Image.Image:
    """RGB; on a checkerboard where it is transparent."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        return on_checkerboard(image)
    return image.convert("RGB")


def _panel_size(width: int, height: int) -> tuple[int, int]:
    scale = min(_WIDEST / width, _HIGHEST / height)
    if scale > 1:  # small pictures: whole pixels, so that they can be counted
        scale = min(8, math.floor(scale))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    enlarged = size[0] > image.width
    return image.resize(size, Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS)


def _marked(panel: Image.Image, unexplained: npt.NDArray[np.bool_] | None) -> tuple[Image.Image, bool]:
    """A panel with the regions that nothing explains hatched and outlined, and whether there are any."""
    if unexplained is None:
        return panel, False
    patches = max(1, panel.width // _PATCH), max(1, panel.height // _PATCH)
    share = Image.fromarray(unexplained).convert("L").resize(patches, Image.Resampling.BOX)
    found = share.point([255 * (level >= 255 * _NOISE) for level in range(256)])
    found = found.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.MinFilter(3))  # holes close
    mask = found.resize(panel.size, Image.Resampling.BICUBIC).point([255 * (v > 127) for v in range(256)])
    if mask.getbbox() is None:
        return panel, False
    outline = ImageChops.difference(mask.filter(ImageFilter.MaxFilter(5)), mask)
    y, x = np.mgrid[: panel.height, : panel.width]
    space = 12 if np.asarray(mask).mean() < 255 * 0.4 else 24  # the picture is to be seen, too
    hatch = Image.fromarray(((x + y) % space < 2).astype(np.uint8) * 255)
    strokes = ImageChops.lighter(outline, ImageChops.multiply(hatch, mask))
    # A light edge, so that the strokes show on any colour.
    edge = ImageChops.multiply(strokes.filter(ImageFilter.MaxFilter(3)), ImageChops.lighter(mask, outline))
    out = panel.copy()
    out.paste((255, 255, 255), mask=edge.point([level * 2 // 5 for level in range(256)]))
    out.paste(_MARK, mask=strokes)
    return out, True


def _elements(scene: Scene, cache: ElementCache, width: int) -> Image.Image:
    """Tiles of the elements in the order of their first use, with ids."""
    used: dict[int | Inline, int] = {}
    background = scene.background.element if isinstance(scene.background, Plate) else None
    if background is not None:
        used[background] = 0
    for layer in scene.layers:
        used[layer.element] = used.get(layer.element, 0) + 1
    columns = (width + _GAP) // (_CELL + _GAP)
    shown = list(used.items())
    if len(shown) > columns * _ROWS:
        shown = shown[: columns * _ROWS - 1]
    rows = -(-(len(shown) + (len(shown) < len(used))) // columns)
    step = _CELL + _CAPTION + 10
    strip = Image.new("RGB", (width, 32 + max(1, rows) * step if used else 28), _PAPER)
    draw = ImageDraw.Draw(strip)
    title = "elements, back to front" if used else "no element was used"
    title += f": {SIMILAR}" if scene.similar else ""
    draw.text((0, 0), title, _INK, _font(20))
    for n, (number, times) in enumerate(shown):
        left, top = 1 + n % columns * (_CELL + _GAP), 36 + n // columns * step
        strip.paste(checkerboard(_CELL, _CELL), (left, top))
        small = cache.image(number).convert("RGBa")
        small.thumbnail((_CELL - 8, _CELL - 8), Image.Resampling.LANCZOS)
        small = small.convert("RGBA")
        place = left + (_CELL - small.width) // 2, top + (_CELL - small.height) // 2
        strip.paste(small, place, small)
        draw.rectangle((left - 1, top - 1, left + _CELL, top + _CELL), outline=_LINE)
        caption = "inline" if isinstance(number, Inline) else format_id(number)
        caption += " back" if number == background else ""
        draw.text((left, top + _CELL + 6), caption, _INK, _font(16))
        if times > 1:
            draw.text((left + _CELL, top + _CELL + 7), f"{times} times", _GREY, _font(14), anchor="ra")
    if len(shown) < len(used):
        n = len(shown)
        place = n % columns * (_CELL + _GAP), 36 + n // columns * step + _CELL // 2
        draw.text(place, f"and {len(used) - n} more", _GREY, _font(16), anchor="lm")
    return strip


def _recipe(scene: Scene, width: int) -> Image.Image:
    """The text form, or its beginning."""
    text = to_text(scene)
    lines = textwrap.wrap(text.replace(";", "; "), width // 10, break_long_words=True)
    if len(lines) > _TEXT_LINES:
        lines = [*lines[: _TEXT_LINES - 1], f"... {len(text):,} characters"]
    box = Image.new("RGB", (width, 36 + 26 + len(lines) * 25), _PAPER)
    draw = ImageDraw.Draw(box)
    draw.text((0, 0), "recipe, as text", _INK, _font(20))
    draw.rounded_rectangle((0, 34, width - 1, box.height - 1), 8, _TILE)
    for n, line in enumerate(lines):
        draw.text((18, 46 + n * 25), _fit(draw, line, 18, width - 36), "#38506b", _font(18))
    return box


def _fit(draw: ImageDraw.ImageDraw, text: str, size: int, width: float) -> str:
    if draw.textlength(text, _font(size)) <= width:
        return text
    text = text[:200]
    while text and draw.textlength(text + "...", _font(size)) > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
