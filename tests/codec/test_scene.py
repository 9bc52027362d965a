"""The recording API: what a describer may say, and what he is told."""

from __future__ import annotations

from typing import Any

import pytest

from haac import Scene, encode_inline, plate
from haac._vectors import DrawnElements
from haac_repo import LIMITS, RecipeError, format_id


def test_an_id_is_text() -> None:
    scene = Scene(10, 10)
    for id in ("24", "7K2", "zzzzzzzz"):
        scene.element(id)
    assert [layer.element for layer in scene.layers] == [68, 7778, LIMITS.id_max]
    assert plate("24").element == 68
    scene.element(format_id(24))
    assert scene.layers[-1].element == 24


@pytest.mark.parametrize("id", [24, 2.5, None, True, b"24", ["24"], -1, pytest.param(10**5000, id="huge")])
def test_what_is_no_text_is_refused(id: Any) -> None:
    scene = Scene(10, 10)
    for refused in (scene.element, plate):
        with pytest.raises(RecipeError, match=f"id is text, such as '7k2'; .* type {type(id).__name__}"):
            refused(id)
    assert scene.layers == []


def test_both_meanings_of_a_number_are_told() -> None:
    with pytest.raises(RecipeError, match=r"write '24' for the id, or format_id\(24\), 'r', for the element"):
        Scene(10, 10).element(24)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("id", "said"),
    [("u", "'u' is no digit"), ("7-2", "'-' is no digit"), ("", "ids run"), ("z" * 50, "ids run")],
)
def test_no_id(id: str, said: str) -> None:
    for refused in (Scene(10, 10).element, plate):
        with pytest.raises(RecipeError, match=f"is not an element id: {said}"):
            refused(id)


def test_an_inline_element_is_a_layer_but_no_background() -> None:
    inline = encode_inline(DrawnElements().image(3))
    scene = Scene(10, 10)
    scene.element(inline)
    assert scene.inlines() == [inline]
    with pytest.raises(RecipeError, match="cannot be the background"):
        plate(inline)  # type: ignore[arg-type]
