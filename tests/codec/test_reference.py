"""docs/format.md is enough to write a decoder: one written from it alone (reference.py) gives the pixels of all vectors."""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
VECTORS = {
    vector["name"]: vector for vector in json.loads((ROOT / "vectors" / "golden.json").read_text())["vectors"]
}

_spec = importlib.util.spec_from_file_location("haac_reference", Path(__file__).with_name("reference.py"))
assert _spec is not None
assert _spec.loader is not None
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)


@functools.cache
def picture(number: int) -> Image.Image:
    with Image.open(ROOT / "vectors" / "elements" / f"{number}.png") as image:
        return image.convert("RGBA")


def pixels(number: int) -> np.ndarray:
    return np.asarray(picture(number))


@pytest.mark.parametrize("name", VECTORS)
def test_vector(name: str) -> None:
    vector = VECTORS[name]
    scene = reference.from_text(vector["text"])
    assert reference.from_binary(bytes.fromhex(vector["binary"])) == scene
    assert reference.pixel_hash(reference.render(scene, pixels)) == vector["pixels"]


def test_the_page_has_all_tables() -> None:
    assert len(reference.TABLES) == 21
    assert len(reference.CANVASES) == len(reference.TABLES["CANVAS"]) - 1
