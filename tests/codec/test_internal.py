"""The inner API (`haac._internal`): exact, all of it used, and the only private door that others take."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import haac._internal as internal

ROOT = Path(__file__).parents[2]


def imports() -> Iterator[tuple[Path, str, str]]:
    """(file, module, name) of all that the other packages and the scripts import of haac."""
    for folder in ("pipeline", "scripts", "repo"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "haac":
                    yield from ((path, node.module or "", alias.name) for alias in node.names)
                elif isinstance(node, ast.Import):
                    yield from ((path, alias.name, "") for alias in node.names if alias.name[:5] == "haac.")


def test_all_is_exact() -> None:
    assert sorted(internal._LAZY | internal._MODULES) == sorted(internal.__all__) == dir(internal)
    order = sorted(internal.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert internal.__all__ == order
    for name in internal.__all__:
        assert getattr(internal, name) is not None


def test_what_it_gives_is_what_stands_in_its_place() -> None:
    for name, module in internal._LAZY.items():
        assert getattr(internal, name) is getattr(importlib.import_module(f"haac.{module}"), name)


def test_all_of_it_is_used_outside_the_package() -> None:
    used = {name for _, module, name in imports() if module == "haac._internal"}
    assert used == set(internal.__all__)


def test_there_is_no_other_private_door() -> None:
    """But for the command line, which the commands of the other packages share."""
    for path, module, name in imports():
        private = module != "haac" or name.startswith("_")
        assert not private or module == "haac._internal" or module.startswith("haac._cli"), (path, module)
