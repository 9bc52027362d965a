"""Draws docs/pictures/readme.png: elements, recipe, bytes, picture.

The elements are cut by u2netp out of photographs of scikit-image's package that are CC0 or in the public domain (named in `PHOTOS`).
They go into a real repository and the recipe through the real codec, so what the picture says is so. Needs the weights:
`haac models --fetch u2netp`.
"""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path

import skimage
from PIL import Image, ImageDraw, ImageFont

from haac import Scene, gradient, read_recipe, render, to_binary, to_text
from haac_pipeline import Cutting, Settings, find_sources, ingest
from haac_pipeline._segment.models import SMALL, verified
from haac_repo import Repository

PHOTOS = {
    "astronaut": "astronaut.png",  # NASA, in the public domain
    "camera": "camera.png",  # Lav Varshney, CC0
    "coffee": "coffee.png",  # Rachel Michetti, CC0
    "horse": "horse.png",  # Andreas Preuss, CC0
    "retina": "retina.jpg",  # Mikael Haggstrom, CC0
    "rocket": "rocket.jpg",  # SpaceX, in the public domain
}
TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "readme.png"
INK, FAINT, LINE, PAPER = "#1f2733", "#66717f", "#dfe4ea", "#ffffff"


def describe(ids: dict[str, str]) -> Scene:
    """The scene; `ids` are the elements' ids by name."""
    scene = Scene(640, 480, background=gradient("#223a68", "#f4a261"))
    scene.element(ids["retina"]).resize(height=96).place(430, 28)
    scene.element(ids["rocket"]).resize(height=250).place(286, 6)
    scene.element(ids["rocket"]).resize(height=84).blur(0.5).opacity(0.8).place(206, 150)
    scene.element(ids["horse"]).resize(height=84).place(322, 262)
    scene.element(ids["horse"]).resize(height=46).flip().place(284, 292)
    scene.element(ids["camera"]).resize(height=290).flip().place(375, 191)
    scene.element(ids["astronaut"]).resize(height=316).place(-1, 165)
    scene.element(ids["coffee"]).resize(height=66).rotate(-8).place(330, 352)
    scene.element(ids["coffee"]).resize(height=92).brightness(1.1).place(310, 382)
    return scene


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def main() -> None:
    if not verified(SMALL):
        raise SystemExit(f"no weights of {SMALL} are here: `haac models --fetch {SMALL}`")
    photos = [Path(skimage.__file__).parent / "data" / file for file in PHOTOS.values()]
    with (
        tempfile.TemporaryDirectory() as folder,
        Repository.create(Path(folder) / "repository") as repository,
    ):
        # One element each, in this order: they get the ids 1 to 6.
        report = ingest(repository, find_sources(photos), Settings(cutting=Cutting(model=SMALL, split=False)))
        ids = {name: done.ids[0] for name, done in zip(PHOTOS, report.files, strict=True)}
        scene = describe(ids)
        recipe = to_binary(scene)
        picture = render(read_recipe(recipe), repository)
        page = compose({i: repository.image(i) for i in ids.values()}, to_text(scene), recipe, picture)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    page.save(TARGET, optimize=True)
    print(f"{TARGET}: {len(recipe)} bytes, {len(scene.layers)} layers")


def compose(elements: dict[str, Image.Image], text: str, recipe: bytes, picture: Image.Image) -> Image.Image:
    """Three columns on paper: elements, recipe, picture."""
    page = Image.new("RGB", (1640, 596), PAPER)
    draw = ImageDraw.Draw(page)
    columns = (30, 470, 970)
    for x, title, line in (
        (columns[0], "elements", "cut out of photographs, kept once, under short ids"),
        (columns[1], "recipe", "which element stands where, as text and in bytes"),
        (columns[2], "picture", "the same pixels on every machine"),
    ):
        draw.text((x, 22), title, INK, font(28))
        draw.text((x, 58), line, FAINT, font(18))

    wide, high = 130, 236
    for n, (id, image) in enumerate(elements.items()):
        left, top = columns[0] + n % 3 * (wide + 4), 96 + n // 3 * (high + 8)
        draw.rounded_rectangle((left, top, left + wide, top + high), 8, "#f4f6f8")
        small = image.copy()
        small.thumbnail((wide - 16, high - 56))
        page.paste(small, (left + (wide - small.width) // 2, top + (high - 32 - small.height) // 2), small)
        draw.text((left + wide // 2, top + high - 22), id, INK, font(20), anchor="mm")

    left, right = columns[1], columns[2] - 50
    draw.rounded_rectangle((left, 96, right, 576), 8, "#f4f6f8")
    lines = textwrap.wrap(text.replace(";", "; "), 46, break_long_words=True)
    for n, line in enumerate(lines):
        draw.text((left + 18, 112 + n * 24), line, "#38506b", font(18))
    top = 124 + len(lines) * 24
    hexadecimal = recipe.hex(" ").split()
    for n in range(0, len(hexadecimal), 15):
        draw.text((left + 18, top + n // 15 * 22), " ".join(hexadecimal[n : n + 15]), FAINT, font(16))
    draw.text((left + 18, 558), f"{len(recipe)} bytes", INK, font(44), anchor="ls")

    page.paste(picture.convert("RGB"), (columns[2], 96))
    draw.rectangle((columns[2], 96, columns[2] + picture.width - 1, 96 + picture.height - 1), outline=LINE)
    return page


if __name__ == "__main__":
    main()
