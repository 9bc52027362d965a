"""The rules of the house that no tool checks: which room may import which, what loads when, how long a file gets."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "haac_repo": ROOT / "repo" / "haac_repo",
    "haac": ROOT / "codec" / "haac",
    "haac_match": ROOT / "pipeline" / "haac_match",
    "haac_pipeline": ROOT / "pipeline" / "haac_pipeline",
}
MAY_IMPORT = {
    "haac_repo": {"haac_repo"},
    "haac": {"haac_repo", "haac"},
    "haac_match": {"haac_repo", "haac", "haac_match"},
    "haac_pipeline": {"haac_repo", "haac", "haac_match", "haac_pipeline"},
}
MODULES = [
    pytest.param(package, path, id=f"{package}/{path.name}")
    for package, folder in PACKAGES.items()
    for path in sorted(folder.rglob("*.py"))
]


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            yield node.module or ""


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_imports_point_one_way(package: str, path: Path) -> None:
    ours = {name.partition(".")[0] for name in imported(ast.parse(path.read_text("utf-8")))} & set(PACKAGES)
    assert ours <= MAY_IMPORT[package]


NOT_COMMANDS = {"main", "sheet", "elements"}


@pytest.mark.parametrize(
    ("package", "path"),
    [p for p in MODULES if "/_cli/" in str(p.values[1]) and p.values[1].stem not in NOT_COMMANDS],
)
def test_command_modules_load_nothing_heavy(package: str, path: Path) -> None:
    """`haac --help` loads them all, so at their top stand click, the standard library and one another only."""
    top = [
        node
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {name for node in top for name in imported(node)}
    foreign = {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
    heavy = {
        name
        for name in foreign - {"click"}
        if "_cli" not in name.split(".") or name.rpartition(".")[2] in NOT_COMMANDS
    }
    assert not heavy, package


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_files_stay_small(package: str, path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 450, f"{package}: one file, one idea"


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_libraries_do_not_print_or_exit(package: str, path: Path) -> None:
    if path.name in {"main.py", "_vectors.py"}:  # programs
        return
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not calls & {"print", "sys.exit", "exit", "quit", "os._exit"}, package


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_exact(package: str) -> None:
    module = import_module(package)
    names: list[str] = module.__all__
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "TYPE_CHECKING"
    }
    assert public <= set(names), "public, but not in __all__"
    assert all(hasattr(module, name) for name in names), "in __all__, but not there"  # loads the lazy ones
    order = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert names == order


@pytest.mark.parametrize("package", PACKAGES)
def test_types_are_shipped(package: str) -> None:
    assert (PACKAGES[package] / "py.typed").is_file()


SEGMENTATION = {
    "rembg",
    "onnxruntime",
    "cv2",
    "faiss",
    "torch",
    "skimage",
    "scipy",
    "numba",
    "pymatting",
    "haac_match",
    "haac_pipeline",
}


def loaded_by(code: str) -> set[str]:
    """Top-level names of the modules that a fresh Python has loaded after running this code."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("package", ["haac", "haac_repo"])
def test_importing_loads_nothing_heavy(package: str) -> None:
    loaded = loaded_by(f"import {package}")
    assert package in loaded
    assert not loaded & (SEGMENTATION | {"PIL", "numpy", "httpx", "sqlite_utils"})


def test_importing_the_pipeline_loads_no_segmentation() -> None:
    loaded = loaded_by("import haac_pipeline")
    assert not loaded & (SEGMENTATION - {"haac_pipeline"})


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_by("from haac._cli.main import _run\nassert _run(['--help']) == 0")
    assert "click" in loaded
    assert not loaded & (SEGMENTATION - {"haac_pipeline"} | {"PIL", "numpy", "httpx", "sqlite_utils"})
