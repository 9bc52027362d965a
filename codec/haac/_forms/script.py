"""Script form of a recipe: ordinary Python over the recording API. Only its author runs it (`haac compile`, `haac preview`)."""

from __future__ import annotations

import os
import runpy
import shlex
import sys
import traceback
from pathlib import Path

from haac._forms.binary import FORMATS
from haac._inline import Inline, inline_digits
from haac._scene import Colour, Gradient, Layer, Plate, Scene, format_colour
from haac._wash_value import Wash
from haac_repo import HaacError, RecipeError, format_id

_BEGIN = 1024
"""Bytes by which a file is told that cannot be a script."""


def to_script(scene: Scene) -> str:
    """Write a scene as a script that compiles to the same recipe."""
    scene.check()
    background, needed = _background(scene)
    arguments = [str(scene.width), str(scene.height), *([f"background={background}"] if background else [])]
    if scene.fingerprint is not None:
        arguments.append(f"fingerprint=0x{scene.fingerprint:04x}")
    if scene.similar:
        arguments.append("similar=True")
    inlines = scene.inlines()
    needed += ["inline"] if inlines else []
    lines = [
        f"from haac import {', '.join(['Scene', *sorted(needed)])}",
        "",
        *(f'inline_{n} = inline("{inline_digits(each)}")' for n, each in enumerate(inlines, 1)),
        f"scene = Scene({', '.join(arguments)})",
        *(_layer(layer, inlines) for layer in scene.layers),
    ]
    return "\n".join(lines) + "\n"


def _background(scene: Scene) -> tuple[str, list[str]]:
    match scene.background:
        case Colour(rgba):
            return f'colour("{format_colour(rgba)}")', ["colour"]
        case Gradient(start, end, angle):
            return f'gradient("{format_colour(start)}", "{format_colour(end)}", {_decimal(angle, 4)})', [
                "gradient"
            ]
        case Plate(element):
            return f'plate("{format_id(element)}")', ["plate"]
        case Wash() as given:
            from haac._wash.text import wash_digits  # only a wash pays for loading its decoder

            digits = wash_digits(given, scene.width, scene.height)
            return f'wash({scene.width}, {scene.height}, "{digits}")', ["wash"]
    return "", []


def _layer(layer: Layer, inlines: list[Inline]) -> str:
    element = layer.element
    named = (
        f"inline_{inlines.index(element) + 1}" if isinstance(element, Inline) else f'"{format_id(element)}"'
    )
    calls = [f"scene.element({named})"]
    if layer.crop is not None:
        calls.append(f"crop({', '.join(map(str, layer.crop))})")
    if layer.flip:
        calls.append(f'flip("{layer.flip}")')
    for name in ("brightness", "contrast", "saturation"):
        if getattr(layer, name) != 100:
            calls.append(f"{name}({_decimal(getattr(layer, name), 100)})")
    if layer.width is not None:
        calls.append(
            f"resize({layer.width})" if layer.height is None else f"resize({layer.width}, {layer.height})"
        )
    elif layer.height is not None:
        calls.append(f"resize(height={layer.height})")
    if layer.scale is not None:
        calls.append(f"scale({_decimal(layer.scale, 1000)})")
    if layer.rotation:
        calls.append(f"rotate({_decimal(layer.rotation, 4)})")
    if layer.blur:
        calls.append(f"blur({_decimal(layer.blur, 4)})")
    if layer.opacity != 100:
        calls.append(f"opacity({_decimal(layer.opacity, 100)})")
    calls.append(f"place({layer.x}, {layer.y})")
    return ".".join(calls)


def _decimal(value: int, steps: int) -> str:
    return f"{value / steps:.6g}"


def run_script(path: str | os.PathLike[str]) -> Scene:
    """Execute a script, and take the scene that it leaves in a variable (`scene`, if there are several).

    This executes the file: never call it on a script from somebody else.

    Raises:
        RecipeError: the script failed (the message says in which line), or left no scene.
    """
    path = Path(path)
    _refuse_recipe(path)
    if not path.is_file():
        raise RecipeError(f"there is no script {path}")
    before = sys.path[:]
    try:
        names = runpy.run_path(str(path), run_name="__main__")
    except (Exception, SystemExit) as error:
        raise RecipeError(_where(path, error)) from error
    finally:
        sys.path[:] = before
    scenes = {name: value for name, value in names.items() if isinstance(value, Scene)}
    if len({id(scene) for scene in scenes.values()}) > 1 and "scene" in scenes:
        return scenes["scene"]
    if len({id(scene) for scene in scenes.values()}) != 1:
        found = f"several scenes ({', '.join(scenes)})" if scenes else "no scene"
        raise RecipeError(
            f"{path} leaves {found}: end with one in the variable `scene`, as in `scene = Scene(640, 480)`"
        )
    return next(iter(scenes.values()))


def _refuse_recipe(path: Path) -> None:
    """Refuse what is a recipe already, or no text at all, before Python tries to run it.

    Raises:
        RecipeError: it is.
    """
    name = str(path)
    begin = name.encode(errors="replace")
    if path.is_file():
        with path.open("rb") as file:
            begin = file.read(_BEGIN)
    form = "binary" if begin[:1] and begin[0] in FORMATS else "text"
    if form == "binary" or begin.lstrip()[:6].lower() == b"haac1:":
        shown = shlex.quote(name if len(name) <= 80 else "RECIPE")
        raise RecipeError(
            f"{name[:80]} is a recipe already, in the {form} form, and no script: `haac decompile {shown}` turns it into one,"
            f" `haac decompress {shown}` into a picture"
        )
    if b"\0" in begin:
        raise RecipeError(f"{path} is no script: it is not text. A script is Python that makes a Scene")


def _where(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}: {error.msg}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    place = f"{path}, line {lines[-1]}" if lines else str(path)
    said = str(error) if isinstance(error, HaacError) else f"{type(error).__name__}: {error}"
    return f"{place}: {said}"
