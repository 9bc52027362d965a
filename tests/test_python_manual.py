"""docs/python.md is true: its examples run in order, in one namespace, and show what the page says that they show.

A comment `# -> ...` after a statement is what it prints, or the `repr` of the value of an expression. `...` stands for anything.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import haac_repo._errors
from haac_repo import Repository

PAGE = Path(__file__).resolve().parent.parent / "docs" / "python.md"
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = "# ->"


@dataclass(frozen=True)
class Example:
    """One statement of the page."""

    line: int
    """Of the page."""
    node: ast.stmt
    shown: str | None
    """What the page says that it prints; None if it says nothing."""


def examples(text: str) -> Iterator[Example]:
    """The statements of all Python blocks, in order."""
    for block in FENCE.finditer(text):
        first = text.count("\n", 0, block.start(1))
        source = block[1]
        nodes = ast.parse(source).body
        shown: dict[int, list[str]] = {}
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and token.string.startswith(SHOWN):
                # It belongs to the last statement that ends in its line, or before it.
                of = max(i for i, node in enumerate(nodes) if (node.end_lineno or 0) <= token.start[0])
                shown.setdefault(of, []).append(token.string.removeprefix(SHOWN).strip())
        for i, node in enumerate(nodes):
            yield Example(first + node.lineno, node, "\n".join(shown[i]) if i in shown else None)


def run(example: Example, names: dict[str, Any]) -> str:
    """Run a statement; what it printed, or else the `repr` of its value."""
    node, printed, value = example.node, io.StringIO(), None
    ast.increment_lineno(node, example.line - node.lineno)
    with contextlib.redirect_stdout(printed):
        if isinstance(node, ast.Expr):
            value = eval(compile(ast.Expression(node.value), str(PAGE), "eval"), names)
        else:
            exec(compile(ast.Module([node], []), str(PAGE), "exec"), names)
    return printed.getvalue().rstrip("\n") or ("" if value is None else repr(value))


def matches(shown: str, got: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in shown.split("..."))
    return re.fullmatch(pattern, got, re.DOTALL) is not None


def test_the_examples_of_the_page_show_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "manual"}
    checked = 0
    try:
        for example in examples(PAGE.read_text("utf-8")):
            got = run(example, names)
            if example.shown is not None:
                assert matches(example.shown, got), f"line {example.line} of {PAGE.name} shows {got!r}"
                checked += 1
    finally:
        for value in names.values():
            if isinstance(value, Repository):
                value.close()
    assert checked >= 40, "the page shows what its examples give"


def test_the_errors_are_those_that_there_are() -> None:
    """The page shows the tree that stands in the code."""
    tree = re.search(r"^```text\n(HaacError\n.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert tree
    assert tree[1] in inspect.cleandoc(haac_repo._errors.__doc__ or "").replace("\n    ", "\n") + "\n"


def test_what_is_shown_is_compared() -> None:
    """The test of the test: a page that says something else fails."""
    text = "```python\nx = [1,\n  2]\nx  # -> [1, 2]\nfor n in x:\n    print(n)\n# -> 1\n# -> 2\n```\n"
    found = list(examples(text))
    assert [(each.line, each.shown) for each in found] == [(2, None), (4, "[1, 2]"), (5, "1\n2")]
    names: dict[str, Any] = {}
    assert [run(each, names) for each in found] == ["", "[1, 2]", "1\n2"]
    assert matches("haac1:...;1", "haac1:10x10;1")
    assert not matches("[1, 2]", "[1, 3]")
