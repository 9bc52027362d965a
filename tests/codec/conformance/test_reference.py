"""docs/format.md is enough to write a decoder: one written from it alone (reference.py) gives the pixels of all vectors."""

from __future__ import annotations

import functools
import importlib.util
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import haac
from tests.codec.scenes import random_layer, random_paraphrase, random_recipe

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VECTORS = {
    vector["name"]: vector
    for vectors in json.loads((ROOT / "vectors" / "golden.json").read_text()).values()
    for vector in vectors
}

_spec = importlib.util.spec_from_file_location("haac_reference", HERE / "reference.py")
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
    assert_equal(reference.from_binary(bytes.fromhex(vector["binary"])), scene)
    assert reference.pixel_hash(reference.render(scene, pixels)) == vector["pixels"]


def assert_equal(scene: dict[str, Any], other: dict[str, Any]) -> None:
    """Also of scenes with arrays in them."""
    assert repr(scene) == repr(other)
    if scene["background"][0] == "wash":
        for bands, others in zip(
            scene["background"][1]["bands"], other["background"][1]["bands"], strict=True
        ):
            assert all(np.array_equal(band, same) for band, same in zip(bands, others, strict=True))


def test_the_page_has_all_tables() -> None:
    assert len(reference.TABLES) == 58
    assert len(reference.CANVASES) == len(reference.TABLES["CANVAS"][0]) - 1


class Source:
    def image(self, number: int) -> Image.Image:
        return picture(number)


def assert_same(text: str) -> None:
    scene, other = haac.from_text(text), reference.from_text(text)
    assert reference.from_binary(haac.to_binary(scene)) == other
    assert np.array_equal(reference.render(other, pixels), np.asarray(haac.render(scene, Source()))), text


@pytest.mark.parametrize("seed", range(60))
def test_random_scene(seed: int) -> None:
    assert_same(random_recipe(random.Random(seed)))


@pytest.mark.parametrize("seed", range(40))
def test_random_paraphrase(seed: int) -> None:
    """Which has tables of its own, on a grid or not, with canvases of photographs and others."""
    scene = random_paraphrase(random.Random(seed), usual_canvas=bool(seed % 2))
    assert_same(haac.to_text(scene))


@pytest.mark.parametrize("seed", range(20))
def test_the_binary_form_of_many_layers(seed: int) -> None:
    """Sets, repeats, order, and tables that grew."""
    rng = random.Random(seed)
    bits = rng.randint(1, 40)
    few = [rng.randrange(1, 1 << bits) for _ in range(rng.randint(1, 60))]
    scene = haac.from_text(random_recipe(rng))
    layers = [haac.from_text(f"haac1:1x1;{random_layer(rng)}").layers[0] for _ in range(rng.randint(2, 90))]
    scene.layers = [replace(layer, element=rng.choice(few)) for layer in layers]
    if seed % 2:
        scene.layers.sort(key=lambda layer: layer.number)
    for similar in (False, True):
        scene.similar = similar
        assert_equal(reference.from_binary(haac.to_binary(scene)), reference.from_text(haac.to_text(scene)))


def test_turned_off_the_canvas() -> None:
    assert_same("haac1:8x8;4.w2.h40.r166.b4")


def test_the_reference_stands_without_haac() -> None:
    """It imports none of it, so that it cannot share a mistake."""
    code = f"import runpy, sys; runpy.run_path({str(HERE / 'reference.py')!r}); print('haac' in sys.modules, 'haac_repo' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-I", "-c", code], text=True) == "False False\n"
