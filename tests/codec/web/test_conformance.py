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
from tests.codec.web.engines import CONFORMANCE, EVERY, run

HERE = Path(__file__).parent
SCENES = 500


def _write_elements(folder: Path) -> list[str]:
    """Names of the files."""
    names = [f"{number}.webp" for number in range(1, 6)]
    for number, name in enumerate(names, 1):
        (folder / name).write_bytes(encode(ELEMENTS.image(number)))
    return names


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_same_pixels(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """Of all golden vectors and of 500 random scenes, fewer in Firefox. (Hostile inputs are read in tests/codec/test_hostile.py.)"""
    vectors = load_vectors()
    scenes = [random_scene(random.Random(seed)) for seed in range(SCENES)]
    hashes = [pixel_hash(render(scene, ELEMENTS)) for scene in scenes]
    names = _write_elements(tmp_path)
    for engine, every in EVERY.items():
        recipes = [{"binary": _base64(vector.binary), "text": vector.text} for vector in vectors]
        recipes += [
            {"binary": _base64(to_binary(scene)), "text": to_text(scene)} for scene in scenes[::every]
        ]
        pixels = [vector.pixels for vector in vectors] + hashes[::every]
        (tmp_path / "cases.json").write_text(json.dumps({"elements": names, "recipes": recipes}), "utf-8")
        with subtests.test(engine=engine):
            found = run(engine, CONFORMANCE, tmp_path)
            differing = [n for n, (mine, its) in enumerate(zip(pixels, found, strict=True)) if mine != its]
            assert differing[:20] == [], "recipes of cases.json with other pixels"


def test_the_numbers_are_those_of_python() -> None:
    """Limits, tables and what was trained stand in generated files."""
    command = [sys.executable, "-m", "scripts.make.web.constants", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parents[2])
    assert done.returncode == 0, done.stderr
