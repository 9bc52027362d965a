"""Draws docs/pictures/chat.png: a screenshot of a chat as somebody sends it, with stickers in it, and the recipe of it.

    python -m scripts.make.evidence.chat_picture

The stickers are cut out of scikit-image's photographs by `u2netp`, or are the README's drawings. The chat is drawn by Pillow, and
the recipe is that of `haac compress`. Its figures go to benchmarks/readme_chat.json.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import skimage
from PIL import Image, ImageDraw, ImageFont

from haac_pipeline._compress.task import INLINE
from haac_repo import Repository
from scripts.benchmark.record import write
from scripts.lib.command import HAAC
from scripts.lib.elements import new_element
from scripts.make.drawings import DRAWINGS

TARGET = Path(__file__).resolve().parents[3] / "docs" / "pictures" / "chat.png"
PHOTOGRAPHS = ("astronaut.png", "coffee.png")
SIZE = 720, 900
ROWS = (
    ("left", "who is coming tonight?", "", 0),
    ("right", "", "balloon", 180),
    ("right", "up, up and away", "", 0),
    ("left", "", "astronaut", 200),
    ("left", "I bring the coffee", "coffee", 54),
    ("right", "we leave at nine", "boat", 54),
)
"""Side of the chat, words, sticker, its height in pixels."""
INK, FAINT, PAPER = "#1f2733", "#66717f", "#ffffff"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photographs").mkdir()
        for photograph in PHOTOGRAPHS:
            source = Path(skimage.__file__).parent / "data" / photograph
            shutil.copyfile(source, folder / "photographs" / photograph)
        haac(folder, "init")
        haac(folder, "ingest", "photographs", "--model", "u2netp")
        with Repository.open(folder / "haac-repo") as repository, repository.writer() as writer:
            for drawing, draw in DRAWINGS.items():
                writer.add(new_element(draw(), drawing))
        _chat(folder / "haac-repo").save(folder / "chat.png")
        told = json.loads(haac(folder, "compress", "chat.png", "-o", "chat.haac", "--json"))[0]
        haac(folder, "decompress", "chat.haac", "-o", "made.png")
        figures = {
            "stickers": sum(bool(sticker) for *_, sticker, _ in ROWS),
            "elements": sum(each != INLINE for each in told["ids"]),
            "bytes_of_elements": told["element_bytes"],
            "rest": told["rest"],
            "bytes": told["binary_bytes"],
            "png_bytes": (folder / "chat.png").stat().st_size,
        }
        with Image.open(folder / "chat.png") as sent, Image.open(folder / "made.png") as made:
            page = _page([sent.convert("RGB"), made.convert("RGB")], figures)
    page.save(TARGET, optimize=True)
    print(write("readme_chat", figures))


def haac(folder: Path, *arguments: str) -> str:
    """Run a command; what it printed."""
    done = subprocess.run([HAAC, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _chat(repository: Path) -> Image.Image:
    """Bubbles with words and stickers."""
    picture = Image.new("RGB", SIZE, "#e5ddd5")
    pen = ImageDraw.Draw(picture)
    words = ImageFont.load_default(24)
    with Repository.open(repository) as opened:
        stickers = {element.name: opened.image(element.number) for element in opened.elements()}
    top = 26
    for side, text, sticker, height in ROWS:
        image = None
        if sticker:
            image = stickers[sticker]
            image = image.resize(
                (round(image.width * height / image.height), height), Image.Resampling.BICUBIC
            )
        wide = (
            (int(pen.textlength(text, font=words)) if text else 0) + (image.width + 14 if image else 0) + 34
        )
        high = max(62, height + 24)
        left = 24 if side == "left" else SIZE[0] - wide - 24
        fill = "#ffffff" if side == "left" else "#dcf8c6"
        pen.rounded_rectangle((left, top, left + wide, top + high), 18, fill=fill)
        pen.text((left + 18, top + high // 2), text, INK, words, anchor="lm")
        if image:
            picture.paste(image, (left + wide - image.width - 18, top + (high - height) // 2), image)
        top += high + 18
    return picture


def _page(pictures: list[Image.Image], figures: dict[str, Any]) -> Image.Image:
    """Side by side, with their bytes."""
    scale, edge, head = 0.75, 24, 64
    width, height = (round(side * scale) for side in SIZE)
    page = Image.new("RGB", (2 * width + 3 * edge, height + head + edge), PAPER)
    pen = ImageDraw.Draw(page)
    size, own = figures["bytes"], figures["bytes_of_elements"]
    shares = f"{figures['elements']} elements {own}, the rest {size - own:,} as {figures['rest']}"
    titles = [
        ("What was sent, drawn by another program", f"PNG, {figures['png_bytes']:,} bytes"),
        ("The recipe of it", f"{size:,} bytes: {shares}"),
    ]
    for at, (picture, (title, line)) in enumerate(zip(pictures, titles, strict=True)):
        left = edge + at * (width + edge)
        pen.text((left, 12), title, INK, ImageFont.load_default(19))
        pen.text((left, 38), line, FAINT, ImageFont.load_default(15))
        page.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (left, head))
    return page


if __name__ == "__main__":
    main()
