"""The files of the house, parsed: for the tests of its rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "haac_repo": ROOT / "repo" / "haac_repo",
    "haac_web": ROOT / "codec" / "haac_web",
    "haac": ROOT / "codec" / "haac",
    "haac_match": ROOT / "pipeline" / "haac_match",
    "haac_similar": ROOT / "pipeline" / "haac_similar",
    "haac_layers": ROOT / "pipeline" / "haac_layers",
    "haac_pipeline": ROOT / "pipeline" / "haac_pipeline",
    "haac_evidence": ROOT / "pipeline" / "haac_evidence",
    "haac_studio": ROOT / "pipeline" / "haac_studio",
}
"""Each may import those before it."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def named(path: Path) -> str:
    """E.g. `haac_repo._store.packs`; of the `__init__` of a package or room the name of that."""
    for package, folder in PACKAGES.items():
        if path.is_relative_to(folder):
            parts = (package, *path.relative_to(folder).with_suffix("").parts)
            return ".".join(part for part in parts if part != "__init__")
    raise ValueError(path)


def package_of(module: str) -> str:
    return module.partition(".")[0]


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


MODULES = {named(path): path for folder in PACKAGES.values() for path in sorted(folder.rglob("*.py"))}
FILES = [
    *MODULES.values(),
    *(path for folder in ("scripts", "tests") for path in sorted((ROOT / folder).rglob("*.py"))),
]


def modules_of(package: str) -> list[str]:
    return [module for module in MODULES if package_of(module) == package]


def names_in(node: ast.Import | ast.ImportFrom) -> list[tuple[str, str]]:
    """(where, name) of what is imported; name: "" for `import where`."""
    if isinstance(node, ast.Import):
        return [(alias.name, "") for alias in node.names]
    assert node.level == 0, "imports are written in full"
    return [(node.module or "", alias.name) for alias in node.names]


def modules_in(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The modules that are imported; of `from package import name` the package, unless the name is a module."""
    return {whole if (whole := f"{where}.{name}") in MODULES else where for where, name in names_in(node)}


def _import_statements(module: str) -> list[ast.Import | ast.ImportFrom]:
    """Wherever in the file they stand."""
    return [
        node for node in ast.walk(parsed(MODULES[module])) if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def imports(module: str) -> list[tuple[str, str]]:
    """(where, name) of all that a module imports."""
    return [found for node in _import_statements(module) for found in names_in(node)]


@cache
def imported(module: str) -> set[str]:
    """The modules that it imports."""
    return {name for node in _import_statements(module) for name in modules_in(node)}


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Of the module, of its classes and functions, and of what is assigned, each with its line."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            for each in node.body:
                if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                    text = each.value.value
                    if isinstance(text, str):
                        yield each.lineno, text
