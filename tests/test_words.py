"""Words that docs/glossary.md retires do not come back."""

from __future__ import annotations

import re

import pytest

from tests.house import FILES, PACKAGES, ROOT, docstrings


def retired() -> list[tuple[str, str]]:
    """(word, where) of the table of docs/glossary.md that lists words we no longer use: | retired | use | where |."""
    page = ROOT / "docs" / "glossary.md"
    text = page.read_text("utf-8") if page.exists() else ""
    table = re.search(r"^\| *retired *\| *use *\| *where *\|\n\|[-| :]+\|\n((?:\|.*\n?)*)", text, re.M | re.I)
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in (table[1] if table else "").splitlines()
    ]
    return [(word.strip(' `*"'), where) for words, _, where in rows for word in words.split(",")]


def test_the_glossary_lists_retired_words() -> None:
    words = [word for word, _ in retired()]
    assert words
    assert all(re.fullmatch(r"[\w' -]+", word) for word in words)


@pytest.mark.parametrize(("word", "where"), retired())
def test_retired_words_stand_in_no_docstring(word: str, where: str) -> None:
    """Of the packages and scripts; those named as the place where a word is retired, or all if none is named."""
    places = [name for name in (*PACKAGES, "scripts") if re.search(rf"\b{name}\b", where)]
    pattern = re.compile(rf"(?<![\w'/.-]){re.escape(word)}(?![\w'/-])", re.IGNORECASE)
    found = []
    for path in FILES:
        place = path.relative_to(ROOT).parts[0 if path.is_relative_to(ROOT / "scripts") else 1]
        if place not in (places or (*PACKAGES, "scripts")):
            continue
        found += [
            f"{path.relative_to(ROOT)}:{line}: {text.strip()}"
            for line, docstring in docstrings(path)
            for text in re.sub(r"`[^`\n]*`|\"[^\"\n]*\"", "", docstring).splitlines()
            if pattern.search(text)
        ]
    assert not found, "\n".join(found)
