"""The web decoder's captions are Python's."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from haac import (
    Colour,
    Inline,
    Layer,
    Plate,
    Scene,
    from_text,
    to_text,
)
from haac._forms.caption import caption, with_article
from haac._forms.inspect import explain
from haac_repo import format_id
from tests.codec.scenes import random_recipe
from tests.codec.web.forms.cases import VECTORS, compare

NAMES = [
    "dog",
    "golden_retriever",
    "orange",
    "scissors",
    "",
    "éclair",
    "Irish setter",
    "jar of olives",
    "IMG 12",
    "\u0131ğ",
]


def name_of(number: int) -> str:
    return NAMES[number % len(NAMES)]


def size_of(number: int) -> tuple[int, int] | None:
    return (30 * (number % 7), 64) if number % 7 else None


def told(recipe: str) -> str:
    scene = from_text(recipe)
    if scene.similar:
        return f"{caption(scene, name_of, size_of)}\nSimilar, not the same."
    inlines = scene.inlines()

    def called(element: int | Inline) -> str:
        if isinstance(element, Inline):
            return f"inline element {inlines.index(element) + 1}"
        name = name_of(element)
        return f"{name} ({format_id(element)})" if name else f"element {format_id(element)}"

    return explain(scene, called)


def test_captions(tmp_path: Path) -> None:
    rng = random.Random(10)
    scenes = [from_text(vector.text) for vector in VECTORS]
    scenes += [from_text(random_recipe(rng)) for _ in range(100)]
    for _ in range(400):
        size = {"width": rng.randint(1, 120), "height": rng.choice([None, rng.randint(1, 90)])}
        layers = [
            Layer(rng.randint(1, 12), rotation=rng.choice([0, 360, rng.randrange(1440)]), x=x, y=y, **size)  # type: ignore[arg-type]
            for x, y in ((rng.randint(-90, 120), rng.randint(-90, 90)) for _ in range(rng.randint(0, 9)))
        ]
        background = rng.choice([None, Colour(0xFF), Plate(3)])
        scenes.append(Scene(100, 80, background, layers))
    scenes += [replace(scene, similar=True) for scene in scenes if scene.elements() and not scene.similar]
    words = {
        number: {"name": name_of(number)}
        | dict(zip(("width", "height"), size_of(number) or (), strict=False))
        for scene in scenes
        for number in scene.elements()
    }
    recipes = [to_text(scene) for scene in scenes]
    given = [{"recipe": recipe, "names": words} for recipe in recipes]
    assert compare(tmp_path, "caption", given, lambda one: told(one["recipe"])) == len(given)


def test_articles(tmp_path: Path) -> None:
    vowels = ["a", "e", "i", "o", "u", "h", "b", "heir", "honest", "hono", "hour", "1", "_"]
    spoken = ["eu", "ewe", "on", "one", "once", "uku", "uni", "unin", "ura", "usa", "ute", "uto"]
    beginnings = [*vowels, *spoken, "É", "\u0130", "\u0131", "\u017f", "\u212a"]
    endings = [
        "",
        "s",
        "ss",
        "us",
        "lens",
        "x é",
        " of glass",
        "-b",
        "'c",
        " snow",
        "é",
        "2",
        "ß",
        " species",
        "\u0301",
    ]
    given = [start + end for start in beginnings for end in endings]
    given += [
        "the sea",
        "TWO dogs",
        "s\u0131x dogs",
        "\u017fome sand",
        "A Dog",
        "people",
        "dry grass",
        " ",
        "?",
    ]
    assert compare(tmp_path, "article", given, with_article) == len(given)
