"""The inner API: what haac's other packages use of haac_repo beside its public names, all of it and nothing else."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from haac_repo import _internal

MODULES = {"completion"}
"""Given as a whole."""

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [path for room in ("codec", "pipeline") for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of every `from module import name`, lazy ones too; the name is empty for `import module`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def test_all_is_exact() -> None:
    names = _internal.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert {*_internal._LAZY, *MODULES} == set(names)
    assert all(isinstance(getattr(_internal, name), ModuleType) for name in MODULES)
    assert dir(_internal) == sorted(names)
    for name, home in _internal._LAZY.items():
        assert getattr(_internal, name) is getattr(importlib.import_module(f"haac_repo.{home}"), name)
    with pytest.raises(AttributeError, match="no attribute 'Repository'"):
        _internal.Repository  # noqa: B018


def test_every_name_is_used_by_another_package() -> None:
    used = {name for path in OTHERS for module, name in imported(path) if module == "haac_repo._internal"}
    assert used == set(_internal.__all__)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_other_packages_reach_into_nothing_else(path: Path) -> None:
    reached = {
        f"{module}.{name}"
        for module, name in imported(path)
        if f"{module}.{name}".startswith("haac_repo._") and module != "haac_repo._internal"
    }
    assert not reached
