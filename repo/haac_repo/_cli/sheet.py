"""Contact sheets: elements on a checkerboard, each over its id and name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from PIL import Image, ImageDraw, ImageFont

from haac_repo._element import Element

_PAPER, _INK, _GREY, _LINE = "#ffffff", "#1c1e21", "#767b82", "#e3e5e8"
_LIGHT, _DARK = "#ffffff", "#ececee"
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def checkerboard(width: int, height: int, square: int = 8) -> Image.Image:
    """A light RGB checkerboard, to show transparency on; squares of `square` pixels."""
    tile = Image.new("RGB", (2 * square, 2 * square), _LIGHT)
    tile.paste(_DARK, (square, 0, 2 * square, square))
    tile.paste(_DARK, (0, square, square, 2 * square))
    board = Image.new("RGB", (width, height))
    for y in range(0, height, 2 * square):
        for x in range(0, width, 2 * square):
            board.paste(tile, (x, y))
    return board


def on_checkerboard(image: Image.Image, square: int = 8) -> Image.Image:
    """An RGBA picture over a checkerboard, as RGB."""
    board = checkerboard(*image.size, square)
    board.paste(image, (0, 0), image)
    return board


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """Measures in pixels."""

    columns: int = 12
    cell: int = 112
    """Side of the square that an element is fitted into; smaller ones are not enlarged."""
    gap: int = 16
    margin: int = 32
    lines: int = 1
    """Below each title."""

    @property
    def caption(self) -> int:
        """Height of title and lines."""
        return 24 + 14 * self.lines


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet, and what stands below it."""

    picture: Image.Image | str
    """RGBA; or a word that says why there is none."""
    title: str
    lines: tuple[str, ...] = ()
    faded: bool = False
    """Shown paler, as something that is not kept."""


def sheets(
    elements: Iterable[Element],
    picture: Callable[[Element], Image.Image | str],
    title: str,
    counted: str,
    pages: int,
    per_page: int,
    style: SheetStyle,
) -> Iterator[Image.Image]:
    """Draw pages of elements, one page in memory at a time.

    Args:
        elements: In the order in which they stand, row by row.
        picture: Gives the RGBA picture of an element, or a word that says why there is none.
        title: Stands on top, at the left...
        counted: ...and this at the right, before the page's number.
        pages: So many there will be.
        per_page: Elements of one page.
        style: Measures.
    """
    rest = iter(elements)
    number = 0
    while page := list(islice(rest, per_page)):
        number += 1
        right = counted if pages == 1 else f"{counted}, page {number} of {pages}"
        cells = (Cell(picture(element), element.id, _said(element, style.lines)) for element in page)
        yield sheet_page(cells, len(page), title, right, style)


def _said(element: Element, lines: int) -> tuple[str, ...]:
    """The name; with more lines to write, quality and doubts as well."""
    if lines == 1 or element.quality is None:
        return (element.name,)
    return element.name, quality_text(element.quality, element.doubts)


def quality_text(quality: int | None, doubts: Iterable[str]) -> str:
    """E.g. '34: soft, cut off at the bottom'."""
    return "" if quality is None else f"{quality}: {said}" if (said := ", ".join(doubts)) else str(quality)


def sheet_page(cells: Iterable[Cell], count: int, title: str, right: str, style: SheetStyle) -> Image.Image:
    """Draw one page with `count` cells; the arguments as for `sheets`."""
    columns = max(1, min(style.columns, count))
    rows = -(-count // columns)
    step_x, step_y = style.cell + style.gap, style.cell + style.caption + style.gap
    top = style.margin + 40
    width = max(2 * style.margin + columns * step_x - style.gap, 320)
    sheet = Image.new("RGB", (width, top + rows * step_y - style.gap + style.margin), _PAPER)
    draw = ImageDraw.Draw(sheet)
    title_font, id_font, name_font = _font(20), _font(15), _font(11)
    room = width - 2 * style.margin - draw.textlength(right, name_font) - 10
    draw.text((style.margin, style.margin - 8), _fit(draw, title, title_font, room), _INK, title_font)
    draw.text((width - style.margin, style.margin + 2), right, _GREY, name_font, anchor="ra")
    board = checkerboard(style.cell, style.cell)
    for index, cell in enumerate(cells):
        x = style.margin + index % columns * step_x
        y = top + index // columns * step_y
        sheet.paste(board, (x, y))
        centre = x + style.cell // 2
        if isinstance(cell.picture, str):
            draw.text((centre, y + style.cell // 2), cell.picture, _GREY, name_font, anchor="mm")
        else:
            small = _fitted(cell.picture, style.cell)
            alpha = small.getchannel("A")
            sheet.paste(
                small,
                (centre - small.width // 2, y + (style.cell - small.height) // 2),
                alpha.point([v * 2 // 5 for v in range(256)]) if cell.faded else alpha,
            )
        draw.rectangle((x - 1, y - 1, x + style.cell, y + style.cell), outline=_LINE)
        draw.text(
            (centre, y + style.cell + 6), cell.title, _GREY if cell.faded else _INK, id_font, anchor="ma"
        )
        for line, text in enumerate(cell.lines[: style.lines]):
            shown = _fit(draw, text, name_font, style.cell)
            draw.text((centre, y + style.cell + 24 + 14 * line), shown, _GREY, name_font, anchor="ma")
    return sheet


def _fitted(image: Image.Image, side: int) -> Image.Image:
    scale = min(1.0, side / max(image.size))
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Premultiplied, so that the colour of transparent pixels does not bleed in.
    return image.convert("RGBa").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0).convert("RGBA")


def _fit(draw: ImageDraw.ImageDraw, text: str, font: _Font, width: float) -> str:
    if draw.textlength(text, font) <= width:
        return text
    text = text[:200]
    while text and draw.textlength(text + "...", font) > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _font(size: int) -> _Font:
    return ImageFont.load_default(size)
