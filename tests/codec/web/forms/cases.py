"""Cases that both the web decoder and Python answer: about the forms of a recipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from haac import (
    Wash,
    read_recipe,
    to_binary,
    to_text,
)
from haac._vectors import load_vectors
from haac_repo import HaacError
from tests.codec.web.engines import run

MODULE = Path(__file__).with_name("forms.mjs")
VECTORS = load_vectors()
Answer = Callable[[Any], Any]


def ask(folder: Path, kind: str, given: Iterable[Any], engine: str = "node") -> list[dict[str, Any]]:
    """What the web decoder answers."""
    cases = [(kind, each.decode("latin1") if isinstance(each, bytes) else each) for each in given]
    (folder / "cases.json").write_text(json.dumps(cases), "ascii")
    found: list[dict[str, Any]] = run(engine, MODULE, folder)
    slowest = max(range(len(found)), key=lambda n: found[n]["took"])
    print(f"{kind}: the slowest of {len(found)} took {found[slowest]['took']:.0f} ms, number {slowest}")
    return found


def compare(folder: Path, kind: str, given: list[Any], answer: Answer, engine: str = "node") -> int:
    """Check that both answer alike, or both refuse.

    Returns:
        How many they accepted.
    """
    accepted = 0
    for one, found in zip(given, ask(folder, kind, given, engine), strict=True):
        try:
            expected = answer(one)
        except HaacError:
            assert found.get("error") == "RecipeError", (one, found)
            assert 0 < len(found["message"]) < 500, (one, found)
        else:
            assert found.get("value") == expected, (one, found)
            accepted += 1
    return accepted


def said(data: bytes) -> str:
    return to_text(read_recipe(data))


def forms(data: bytes) -> list[str]:
    scene = read_recipe(data)
    return [to_text(scene), to_binary(scene).decode("latin1")]


def plain(wash: Wash) -> list[Any]:
    return [
        wash.width,
        wash.height,
        wash.step,
        [np.frombuffer(channel, "<i2").tolist() for channel in wash.channels],
    ]
