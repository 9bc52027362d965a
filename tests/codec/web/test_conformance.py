"""The web decoder makes what Python makes: the same pixels, in Node, Chromium and Firefox."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from haac import render, to_binary, to_text
from haac._vectors import load_vectors
from haac_repo import encode, pixel_hash
from tests.codec.scenes import ELEMENTS, random_scene
from tests.codec.web.engines import CONFORMANCE, ENGINES, run

HERE = Path(__file__).parent
SCENES = 500


def _write_cases(folder: Path) -> list[str]:
    """Write what the engines are to draw.

    Returns:
        The pixel hashes of the recipes.
    """
    names = [f"{number}.webp" for number in range(1, 6)]
    for number, name in enumerate(names, 1):
        (folder / name).write_bytes(encode(ELEMENTS.image(number)))
    vectors = load_vectors()
    recipes = [{"binary": _base64(vector.binary), "text": vector.text} for vector in vectors]
    pixels = [vector.pixels for vector in vectors]
    for seed in range(SCENES):
        scene = random_scene(random.Random(seed))
        recipes.append({"binary": _base64(to_binary(scene)), "text": to_text(scene)})
        pixels.append(pixel_hash(render(scene, ELEMENTS)))
    (folder / "cases.json").write_text(json.dumps({"elements": names, "recipes": recipes}), "utf-8")
    return pixels


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_same_pixels(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """Of all golden vectors and of 500 random scenes. (What is read of hostile inputs: tests/codec/test_hostile.py.)"""
    pixels = _write_cases(tmp_path)
    for engine in ENGINES:
        with subtests.test(engine=engine):
            found = run(engine, CONFORMANCE, tmp_path)
            differing = [n for n, (mine, its) in enumerate(zip(pixels, found, strict=True)) if mine != its]
            assert differing[:20] == [], "recipes of cases.json with other pixels"


def test_the_numbers_are_those_of_python() -> None:
    """Limits, tables and what was trained stand in generated files."""
    command = [sys.executable, "-m", "scripts.make.web.constants", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parents[2])
    assert done.returncode == 0, done.stderr
