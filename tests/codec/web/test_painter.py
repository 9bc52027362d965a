"""`draw` and the painter: the same pixels as Python's, step by step, from a worker; given up and failing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from haac import from_text, render, to_text
from haac_repo import encode, pixel_hash
from tests.codec.scenes import ELEMENTS
from tests.codec.web.engines import run

HERE = Path(__file__).parent
BACKGROUND = "haac1:40x30:g0000ffff,00ff0080,5a"
RECIPE = f"{BACKGROUND};1.w20.p4,4;2.r2d.w18.p-3,9;3.w1a.b4.p10,2;4.fh.w14.p1c,12;5.s300.p8,1;2.w8.p30,20"
PLATE = "haac1:40x30:e2;1.w20.p4,4;3.w10.p20,10"
SLOW = "haac1:1000x1000:cffffffff" + ";1.w1000.r2d.bc8" * 6
"""Some seconds of work."""


def drawn(text: str) -> str:
    return pixel_hash(render(from_text(text), ELEMENTS))


@pytest.mark.parametrize("engine", ["node", "chromium", "firefox"])
def test_the_painter(tmp_path: Path, engine: str, subtests: pytest.Subtests) -> None:
    sizes = {}
    for number in range(1, 6):
        image = ELEMENTS.image(number)
        (tmp_path / f"{number}.webp").write_bytes(encode(image))
        sizes[number] = image.size
    similar = to_text(replace(from_text(RECIPE), similar=True))
    recipes = {"recipe": RECIPE, "similar": similar, "plate": PLATE, "slow": SLOW, "sizes": sizes}
    (tmp_path / "recipes.json").write_text(json.dumps(recipes), "utf-8")
    whole, background = drawn(RECIPE), drawn(BACKGROUND)
    told = run(engine, HERE / "painter.mjs", tmp_path)
    with subtests.test("pixels are those of Python"):
        assert told["drawn"] == [whole] * 4
        assert told["similar"] == drawn(similar)
        assert told["manyAtOnce"] == [whole]
        assert told["otherKinds"]["hashes"] == [whole] * 6
        assert told["withoutWorkers"] == [whole] * 2
        assert told["fromRepository"] == {"hashes": [whole] * 5, "asked": 2}
    with subtests.test("the background is there before the layers"):
        steps = told["stepByStep"]
        assert steps["stages"] == ["background", "layers"]
        assert steps["background"] == background
        assert steps["different"]
        assert steps["last"] == whole
        assert told["plate"] == {"first": "background", "hash": drawn(PLATE)}
        assert told["layerByLayer"] == {"stages": ["background", "layers"], "reason": "Error: seen"}
    with subtests.test("errors are those of the worker"):
        damaged, missing, as_well, broken, mine, away, lying = told["errors"]
        assert damaged.startswith("RecipeError: ")
        assert missing == as_well
        assert missing.startswith("ElementError: element 1 was not given")
        assert broken.startswith("PictureError: the picture is damaged")
        assert mine == "TypeError: mine"
        assert told["otherKinds"]["error"].startswith("PictureError: element 1 is neither a WebP file nor")
        assert away == "HaacError: the network is away"
        assert lying.startswith("ElementError: element 1 is a picture of ")
    with subtests.test("a drawing is given up, and the painter goes on"):
        reasons = ["Error: before", "Error: while elements come", "Error: while it is drawn"]
        assert told["givenUp"] == {"reasons": reasons, "hash": whole, "first": "after"}
        assert told["closed"] == ["HaacError: the painter was closed: make another one"] * 2
