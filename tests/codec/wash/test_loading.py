"""What loads for a recipe: without a wash none of its code, and never the encoder."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import haac
from haac import Scene, encode_wash, to_binary
from haac._vectors import DrawnElements

PLAIN = "haac1:60x50:gffffff,87ceeb,0;1.w20.p5,5;4.w30.r1f.b5.o5a.p2,8"
USE = """
import sys
from haac import from_binary, from_text, read_recipe, render, run_script, to_binary, to_script, to_text
from haac._files import decode_files
from haac._forms.inspect import explain, inspect
from haac._vectors import DrawnElements

scene = read_recipe(bytes.fromhex(sys.argv[1]))
assert from_text(to_text(scene)) == from_binary(to_binary(scene)) == scene
assert to_script(scene) and inspect(scene).fields and explain(scene, str)
assert render(scene, DrawnElements()).size == (scene.width, scene.height)
"""
"""Reads a recipe, prints all its forms, explains and draws it."""


def loaded(program: str, *arguments: str) -> set[str]:
    """The modules that a fresh Python has loaded after a program."""
    program += "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", program, *arguments]
    return set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def of_room(modules: set[str], room: str) -> set[str]:
    return {name for name in modules if name == f"haac.{room}" or name.startswith(f"haac.{room}.")}


def test_a_recipe_without_a_wash_loads_no_wash_code() -> None:
    modules = loaded(USE, to_binary(haac.from_text(PLAIN)).hex())
    assert "haac._render" in modules
    assert not of_room(modules, "_wash") | of_room(modules, "_wash_encoder")


def test_a_recipe_with_a_wash_loads_its_decoder_and_no_encoder() -> None:
    picture = DrawnElements().image(4)
    recipe = to_binary(Scene(*picture.size, background=encode_wash(picture, budget=60)))
    modules = loaded(USE, recipe.hex())
    assert {"haac._wash.bitstream", "haac._wash.synthesis"} <= modules
    assert not of_room(modules, "_wash_encoder")


@pytest.mark.parametrize("room", ["_wash", "_forms"])
def test_no_decoder_knows_the_encoder(room: str) -> None:
    """Nor where an import waits within a function, or for the type checker."""
    for path in (Path(haac.__file__).parent / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                assert not any("_wash_encoder" in name for name in names), path
