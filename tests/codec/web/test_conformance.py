"""The web decoder makes what Python makes: same pixels, same verdict on every input, in Node, Chromium and Firefox."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from haac import read_recipe, render, to_binary, to_text
from haac._vectors import load_vectors
from haac_repo import HaacError, encode, pixel_hash
from tests.codec.scenes import ELEMENTS, random_scene
from tests.codec.test_hostile import CASES, hostile
from tests.codec.web.engines import run

HERE = Path(__file__).parent
SCENES = 500
HOSTILE_SHARDS = 1
"""Of the eight with which Python's own reader is tried: reading its 12,500 inputs takes ten seconds here, and then again in each engine."""


def _write_cases(folder: Path) -> tuple[list[str], list[str]]:
    """Write what the engines are to read.

    Returns:
        The pixel hashes of the recipes, and what the hostile inputs say as text: nothing if they are refused.
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
    inputs = [data for shard in range(HOSTILE_SHARDS) for data in hostile(shard, CASES)]
    cases = {"elements": names, "recipes": recipes, "hostile": list(map(_base64, inputs))}
    (folder / "cases.json").write_text(json.dumps(cases), "utf-8")
    return pixels, list(map(_verdict, inputs))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _verdict(data: bytes) -> str:
    try:
        return to_text(read_recipe(data))
    except HaacError:
        return ""


def _fnv(text: str) -> int:
    """See conformance.mjs."""
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return found


def test_same_pixels_and_same_verdicts(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """Of all golden vectors, 500 random scenes, and the mutated recipes that Python's own reader is tried with."""
    pixels, texts = _write_cases(tmp_path)
    assert sum(map(bool, texts)) > len(texts) // 50, "the cases are too hostile to show anything"
    hashes = list(map(_fnv, texts))
    for engine in ("node", "chromium", "firefox"):
        with subtests.test(engine=engine):
            found = run(engine, HERE / "conformance.mjs", tmp_path)
            assert _differing(pixels, found["pixels"]) == [], "recipes of cases.json with other pixels"
            assert _differing(hashes, found["verdicts"]) == [], "inputs that are read otherwise"
            assert found["wrong"] == [], "no errors of haac, or without a message"
            assert found["slow"] == [], "inputs that hang"


def _differing(mine: Sequence[object], theirs: Sequence[object]) -> list[int]:
    return [n for n, (one, other) in enumerate(zip(mine, theirs, strict=True)) if one != other][:20]


def test_the_numbers_are_those_of_python() -> None:
    """Limits, tables and what was trained stand in generated files."""
    command = [sys.executable, "-m", "scripts.make.web.constants", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parents[2])
    assert done.returncode == 0, done.stderr
