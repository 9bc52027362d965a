"""Draws docs/pictures/readme.png: elements, recipe, bytes, picture. All of it is drawn here; nothing is anybody's photograph.
Its figures go to benchmarks/readme_scene.json.

The elements go into a real repository and the recipe through the real codec, so what the picture says is so.
"""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from haac import Scene, gradient, read_recipe, render, to_binary, to_text
from haac_repo import Repository
from scripts.benchmark.record import write
from scripts.lib.elements import new_element
from scripts.make.drawings import DRAWINGS

TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "readme.png"
INK, FAINT, LINE, PAPER = "#1f2733", "#66717f", "#dfe4ea", "#ffffff"


def describe(ids: dict[str, str]) -> Scene:
    """The scene; `ids` are the elements' ids by name."""
    scene = Scene(640, 480, background=gradient("#7fc4ee", "#fdf1d6"))
    scene.element(ids["sun"]).resize(120).place(490, 30)
    scene.element(ids["mountain"]).resize(360).place(-40, 120)
    scene.element(ids["mountain"]).resize(300).flip().blur(0.5).place(180, 165)
    scene.element(ids["cloud"]).resize(150).place(40, 40)
    scene.element(ids["cloud"]).resize(110).opacity(0.8).place(330, 70)
    scene.element(ids["hill"]).flip().resize(760).place(-160, 262)
    scene.element(ids["hill"]).resize(840).brightness(1.08).place(-20, 290)
    scene.element(ids["lake"]).resize(330).place(-40, 370)
    scene.element(ids["boat"]).resize(84).rotate(-3).place(70, 318)
    scene.element(ids["house"]).resize(150).place(330, 230)
    scene.element(ids["pine"]).resize(62).place(286, 250)
    scene.element(ids["pine"]).resize(78).place(250, 262)
    scene.element(ids["tree"]).resize(130).place(490, 210)
    scene.element(ids["flower"]).resize(34).place(420, 400)
    scene.element(ids["flower"]).resize(40).rotate(8).place(470, 392)
    scene.element(ids["balloon"]).resize(80).rotate(6).place(240, 50)
    scene.element(ids["bird"]).resize(44).rotate(-10).place(420, 120)
    return scene


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Repository.create(Path(folder) / "repository") as repository,
    ):
        with repository.writer() as writer:
            ids = {}
            for name, draw in DRAWINGS.items():
                ids[name] = writer.add(new_element(draw(), name))[0].id
        scene = describe(ids)
        recipe = to_binary(scene)
        picture = render(read_recipe(recipe), repository)
        page = compose({i: repository.image(i) for i in ids.values()}, to_text(scene), recipe, picture)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    page.save(TARGET, optimize=True)
    write("readme_scene", {"elements": len(ids), "layers": len(scene.layers), "bytes": len(recipe)})
    print(f"{TARGET}: {len(recipe)} bytes, {len(scene.layers)} layers")


def compose(elements: dict[str, Image.Image], text: str, recipe: bytes, picture: Image.Image) -> Image.Image:
    """Three columns on paper: elements, recipe, picture."""
    page = Image.new("RGB", (1640, 596), PAPER)
    draw = ImageDraw.Draw(page)
    columns = (30, 470, 970)
    for x, title, line in (
        (columns[0], "elements", "kept once, under short ids"),
        (columns[1], "recipe", "which element stands where, as text and in bytes"),
        (columns[2], "picture", "the same pixels on every machine"),
    ):
        draw.text((x, 22), title, INK, font(28))
        draw.text((x, 58), line, FAINT, font(18))

    cell = 96
    for n, (id, image) in enumerate(elements.items()):
        left, top = columns[0] + n % 4 * (cell + 4), 96 + n // 4 * (cell + 40)
        draw.rounded_rectangle((left, top, left + cell, top + cell + 32), 8, "#f4f6f8")
        small = image.copy()
        small.thumbnail((cell - 16, cell - 16))
        page.paste(small, (left + (cell - small.width) // 2, top + (cell - small.height) // 2), small)
        draw.text((left + cell // 2, top + cell + 14), id, INK, font(20), anchor="mm")

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
