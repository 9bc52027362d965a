"""The rules of the house that no tool checks: which room may import which, and how long files and functions get.

A *room* is a folder or a file directly inside a package. Rooms are named for the stages of the field and stand in an order: a module
imports its own room and those before it, nothing else, wherever in the file the import stands.
"""

from __future__ import annotations

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from types import ModuleType

import pytest

from tests.house import (
    FILES,
    MODULES,
    PACKAGES,
    ROOT,
    Function,
    functions,
    imported,
    imports,
    modules_in,
    modules_of,
    package_of,
    parsed,
    room_of,
    shown,
)

ROOMS = {
    "haac_repo": (
        "_errors",
        "_http",
        "_limits",
        "_text",
        "_ids",
        "_element",
        "_pixels",
        "_files",
        "_lock",
        "_search",
        "_derived",
        "_store",
        "_pages",
        "_set_aside",
        "_trust",
        "_mirror",
        "_publish",
        "_serve",
        "_upload",
        "_check",
        "__init__",
        "_cli",
        "_internal",
    ),
    "haac_web": ("__init__",),
    "haac": (
        "_limits",
        "_input",
        "_digits",
        "_rans",
        "_wash_value",
        "_inline",
        "_scene",
        "_wash",
        "_drawing",
        "_render",
        "_forms",
        "_files",
        "_vectors",
        "_wash_encoder",
        "_blur",
        "__init__",
        "_cli",
        "_internal",
    ),
    "haac_match": (
        "_thresholds",
        "_picture",
        "_options",
        "_fit",
        "_index",
        "_detect",
        "_rate",
        "_propose",
        "_solve",
        "_matcher",
        "__init__",
    ),
    "haac_similar": (
        "_runtime",
        "_kinds",
        "_options",
        "_weights",
        "_embed",
        "_index",
        "_place",
        "_compose",
        "_similar",
        "__init__",
        "_internal",
    ),
    "haac_layers": ("_document", "_limits", "_flatten", "_photoshop", "_read", "_write", "__init__"),
    "haac_pipeline": (
        "_limits",
        "_extra",
        "_parallel",
        "_engine",
        "_describe",
        "_input",
        "_segment",
        "_ingest",
        "_compress",
        "__init__",
        "_cli",
        "_internal",
    ),
    "haac_evidence": (
        "_record",
        "_plots",
        "_scores",
        "_tables",
        "_report",
        "_study",
        "_codecs",
        "_peers",
        "__init__",
        "_cli",
        "_internal",
    ),
    "haac_studio": ("_limits", "_document", "_jobs", "_server", "__init__", "_cli"),
}
"""From bottom to top. What is public is told in `__init__`, what other packages of ours may use beside it in `_internal`."""

COMMAND_LINE = {"haac._cli.arguments"}
"""Options that commands of several packages share: the one way past `_internal`."""

LONG_FILE, LONG_FUNCTION, MANY_PARAMETERS, FULL_ROOM = 450, 80, 8, 12
KERNELS = {
    "pipeline/haac_match/_fit/levenberg_marquardt.py:descend",
    "pipeline/haac_match/_fit/warp.py:system",
}
"""Compiled loops, which take arrays and numbers one by one and are not cut up: they may be longer, and have more parameters."""


every_package = pytest.mark.parametrize("package", PACKAGES)


# Imports


@every_package
def test_packages_import_one_way(package: str) -> None:
    order = list(PACKAGES)
    above = set(order[order.index(package) + 1 :])
    assert not {m for m in modules_of(package) if {package_of(name) for name in imported(m)} & above}


@every_package
def test_every_room_stands_in_the_order(package: str) -> None:
    assert {room_of(module) for module in modules_of(package)} == set(ROOMS[package])


@every_package
def test_rooms_import_downwards_only(package: str) -> None:
    order = ROOMS[package]
    upwards = [
        f"{module} -> {name}"
        for module in modules_of(package)
        for name in imported(module)
        if package_of(name) == package and order.index(room_of(name)) > order.index(room_of(module))
    ]
    assert not upwards


def test_no_circle_of_files() -> None:
    graph = {module: {name for name in imported(module) if name in MODULES} - {module} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_decoder_needs_no_encoder() -> None:
    decoder = [module for module in modules_of("haac") if room_of(module) in {"_wash", "_forms"}]
    assert decoder
    assert not [m for m in decoder if any(name.startswith("haac._wash_encoder") for name in imported(m))]


@every_package
def test_packages_use_each_other_by_the_front_door(package: str) -> None:
    """That is what is public, and what `_internal` lists."""
    private = []
    for module in modules_of(package):
        for where, name in imports(module):
            other = package_of(where)
            if other == package or other not in PACKAGES or where in COMMAND_LINE:
                continue
            if where == f"{other}._internal":
                open_door = name in import_module(where).__all__
            else:
                open_door = where == other and (not name.startswith("_") or name == "_internal")
            if not open_door:
                private.append(f"{module}: {where} {name}")
    assert not private


def test_the_matcher_has_ten_rooms_at_most() -> None:
    assert len({room_of(module) for module in modules_of("haac_match")} - {"__init__"}) <= 10


NOT_COMMANDS = ("main", "sheet", "elements")
COMMANDS = [
    m for m in MODULES if room_of(m) == "_cli" and m.rpartition(".")[2] not in (*NOT_COMMANDS, "_cli")
]


@pytest.mark.parametrize("module", COMMANDS)
def test_command_modules_load_nothing_heavy(module: str) -> None:
    """`haac --help` loads them all, so at their top stand click, the standard library and one another only."""
    top = {
        name
        for node in parsed(MODULES[module]).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in modules_in(node)
    }
    foreign = {name for name in top if package_of(name) not in sys.stdlib_module_names}
    assert foreign <= {"click", *COMMANDS, *(f"{package}._internal" for package in PACKAGES)}


# Sizes


def test_files_stay_small() -> None:
    """One file, one idea."""
    lines = {shown(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert not {path: count for path, count in lines.items() if count > LONG_FILE}


def test_rooms_stay_small() -> None:
    folders = [path.parent for path in FILES if path.name != "__init__.py"]
    assert not {shown(folder) for folder in folders if folders.count(folder) > FULL_ROOM}


def parameters(function: Function) -> list[str]:
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def is_command(function: Function) -> bool:
    """Its parameters are the options of a command of `haac`."""
    return any(re.match(r"(click\.)?command\b", ast.unparse(mark)) for mark in function.decorator_list)


def is_compiled(function: Function) -> bool:
    return any(ast.unparse(mark).startswith("njit") for mark in function.decorator_list)


def too_much(function: Function) -> str:
    """What is too large about it; empty if nothing is."""
    assert function.end_lineno is not None
    lines, count = function.end_lineno - function.lineno + 1, len(parameters(function))
    if lines > LONG_FUNCTION:
        return f"{lines} lines"
    return f"{count} parameters" if count > MANY_PARAMETERS and not is_command(function) else ""


def test_functions_stay_small() -> None:
    large = {
        name: said
        for path in FILES
        for function in functions(path)
        if (name := f"{shown(path)}:{function.name}") not in KERNELS and (said := too_much(function))
    }
    assert not large


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_only_compiled_kernels_may_be_large(kernel: str) -> None:
    where, _, name = kernel.partition(":")
    (function,) = (function for function in functions(ROOT / where) if function.name == name)
    assert is_compiled(function)
    assert too_much(function), "it needs no exception"


# Manners


@every_package
def test_libraries_do_not_print_or_exit(package: str) -> None:
    programs = {"haac._cli.main", "haac._vectors"}
    ends = {"print", "sys.exit", "exit", "quit", "os._exit"}
    assert not {
        module
        for module in set(modules_of(package)) - programs
        for node in ast.walk(parsed(MODULES[module]))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ends
    }


@every_package
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


@every_package
def test_types_are_shipped(package: str) -> None:
    assert (PACKAGES[package] / "py.typed").is_file()
