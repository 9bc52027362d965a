"""Single figures in the sentences of the documentation."""

from __future__ import annotations

import pytest

from scripts.make import markdown


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One benchmark, of two rows."""
    figures = {"kept": {"rows": [{"share": 0.25}, {"share": 0.5, "bytes": 12345}]}}
    monkeypatch.setattr(markdown, "load", figures.get)


def test_a_figure_is_put_into_its_sentence_in_the_format_that_it_names() -> None:
    page = "Of all, <!-- figure: kept rows.1.share .0% -->9%<!-- end --> in <!-- figure: kept rows.1.bytes , --><!-- end --> bytes."
    made = markdown.figures_in_words(page)
    assert made == (
        "Of all, <!-- figure: kept rows.1.share .0% -->50%<!-- end --> in"
        " <!-- figure: kept rows.1.bytes , -->12,345<!-- end --> bytes."
    )
    assert markdown.figures_in_words(made) == made


@pytest.mark.parametrize("path", ["rows.2.share", "rows.0.bytes", "columns"])
def test_a_figure_that_was_not_measured_is_an_error(path: str) -> None:
    with pytest.raises(LookupError):
        markdown.figures_in_words(f"<!-- figure: kept {path} d -->7<!-- end -->")
