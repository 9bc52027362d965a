"""Slides, chats, memes and screenshots of twelve kinds, drawn with Pillow and its own font."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Draw = ImageDraw.ImageDraw

_SAID = (
    "Are you coming tonight?",
    "Yes, I will bring the salad",
    "Great, see you at seven then",
    "Do you need anything else?",
    "Two lemons and some bread",
    "Alright, until later",
)
_POINTS = (
    "Revenue grew by 12 percent over the year",
    "New customers in eight countries",
    "Next step: the northern warehouse",
    "Questions go to the planning office",
)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _slide(paper: str, bar: str, ink: str, photograph: Image.Image | None = None) -> Image.Image:
    page = Image.new("RGB", (1024, 768), paper)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 1023, 110), bar)
    draw.text((40, 28), "Quarterly results", "white", _font(48))
    for n, point in enumerate(_POINTS):
        draw.text((80, 170 + 66 * n), f"- {point}", ink, _font(30))
    if photograph is not None:
        page.paste(photograph.resize((420, 280), Image.Resampling.LANCZOS), (560, 450))
    return page


def _chat(
    paper: str, bubbles: tuple[str, str], ink: str, photograph: Image.Image | None = None
) -> Image.Image:
    page = Image.new("RGB", (720, 900), paper)
    draw = ImageDraw.Draw(page)
    top = 24
    for n, said in enumerate(_SAID):
        width = int(draw.textlength(said, _font(24))) + 40
        left = 24 if n % 2 == 0 else 696 - width
        draw.rounded_rectangle((left, top, left + width, top + 56), 14, bubbles[n % 2])
        draw.text((left + 20, top + 13), said, ink, _font(24))
        top += 78
    if photograph is not None:
        page.paste(photograph.resize((420, 280), Image.Resampling.LANCZOS), (24, top + 20))
    return page


def _meme(photograph: Image.Image, *, bars: bool = False) -> Image.Image:
    page = photograph.resize((768, 512), Image.Resampling.LANCZOS)
    if bars:
        whole = Image.new("RGB", (768, 640), "white")
        whole.paste(page, (0, 128))
        draw = ImageDraw.Draw(whole)
        draw.text((24, 16), "When the build is green", "black", _font(42))
        draw.text((24, 68), "on a Friday evening", "black", _font(42))
        return whole
    draw = ImageDraw.Draw(page)
    for top, text in ((16, "THE BUILD IS GREEN"), (440, "ON A FRIDAY")):
        left = (768 - draw.textlength(text, _font(54))) / 2
        draw.text((left, top), text, "white", _font(54), stroke_width=4, stroke_fill="black")
    return page


def _table() -> Image.Image:
    page = Image.new("RGB", (900, 640), "white")
    draw = ImageDraw.Draw(page)
    for row in range(11):
        top = 40 + 50 * row
        if row % 2:
            draw.rectangle((30, top, 869, top + 49), "#f2f5f9")
        cells = (
            ("City", "Visitors", "Change") if row == 0 else (f"Town {row}", f"{4310 * row}", f"{row} percent")
        )
        for n, cell in enumerate(cells):
            draw.text((50 + 280 * n, top + 12), cell, "#1b2733", _font(24))
        draw.line((30, top, 869, top), "#c5ccd4")
    return page


def _poster() -> Image.Image:
    down = np.linspace(0, 1, 800)[:, None, None]
    colours = (1 - down) * np.array([30, 60, 140]) + down * np.array([230, 120, 90])
    page = Image.fromarray(np.broadcast_to(colours, (800, 600, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(page)
    for n, line in enumerate(("Summer concert", "in the old garden", "Saturday at eight")):
        draw.text((60, 200 + 110 * n), line, "white", _font(52))
    return page


def _list() -> Image.Image:
    page = Image.new("RGB", (600, 800), "white")
    draw = ImageDraw.Draw(page)
    for n, item in enumerate((*_POINTS, *_SAID)):
        draw.ellipse((30, 40 + 72 * n, 62, 72 + 72 * n), fill=f"hsl({36 * n}, 70%, 55%)")
        draw.text((84, 42 + 72 * n), item, "#202020", _font(24))
    return page


def _code() -> Image.Image:
    page = Image.new("RGB", (900, 560), "#1e1e1e")
    draw = ImageDraw.Draw(page)
    lines = (
        "def total(prices):",
        "    result = 0",
        "    for price in prices:",
        "        result = result + price",
        "    return result",
    )
    for n, line in enumerate(lines):
        draw.text(
            (60 + 12 * (len(line) - len(line.lstrip())), 60 + 70 * n),
            line.strip(),
            ("#d4d4d4", "#9cdcfe")[n % 2],
            _font(30),
        )
    return page


KINDS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "slide": lambda _: _slide("white", "#2b579a", "#222222"),
    "dark slide": lambda _: _slide("#10141c", "#7a3e9d", "#e8e8e8"),
    "slide with a photograph": lambda photograph: _slide("white", "#1d6f42", "#222222", photograph),
    "chat": lambda _: _chat("#e5ddd5", ("#ffffff", "#dcf8c6"), "#111111"),
    "dark chat": lambda _: _chat("#0b141a", ("#202c33", "#005c4b"), "#e9edef"),
    "chat with a photograph": lambda photograph: _chat(
        "#e5ddd5", ("#ffffff", "#dcf8c6"), "#111111", photograph
    ),
    "meme": _meme,
    "meme with a white bar": lambda photograph: _meme(photograph, bars=True),
    "table": lambda _: _table(),
    "poster": lambda _: _poster(),
    "list": lambda _: _list(),
    "code": lambda _: _code(),
}
"""How each kind is drawn; given a photograph."""

WORDS = {
    "meme": ((0, 8, 768, 88), (0, 432, 768, 512)),
    "meme with a white bar": ((0, 0, 768, 128),),
}
"""Where the words are, pixels, of drawings in whose photographs tesseract reads others that are not there."""
