"""The studio's layers list and inspector, with the real `haac studio` and a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Page, expect

from haac import Colour, render
from haac_repo import Repository
from tests.pipeline.studio.editor.pages import (
    drag,
    field,
    grab,
    pixels_in,
    put,
    recipe_of,
    row,
    scene_in,
    selected,
)


def test_the_layers_list_is_worked_with_by_keys(page: Page) -> None:
    put(page, {"element": "1"}, {"element": "2"}, {"element": "3"}, {"element": "4"})
    layers = page.get_by_role("listbox", name="Layers")
    layers.focus()
    page.keyboard.press("Home")
    expect(row(page, "drum")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Alt+ArrowDown")
    assert names(page) == ["cloud", "drum", "boat", "apple"]
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    assert names(page) == ["cloud", "apple", "drum", "boat"]
    page.keyboard.press("End")
    page.keyboard.press("h")
    expect(row(page, "boat, 0, 0, hidden")).to_have_count(1)
    assert [layer["element"] for layer in recipe_of(page)["layers"]] == ["4", "1", "3"]
    page.keyboard.press("F2")
    page.keyboard.type("ship")
    page.keyboard.press("Enter")
    assert names(page)[-1] == "ship"
    page.keyboard.press("l")
    expect(row(page, "ship, 0, 0, hidden, locked")).to_have_count(1)
    expect(layers).to_be_focused()
    assert [layer["element"] for layer in recipe_of(page)["layers"]] == ["4", "1", "3"]


def test_rows_of_the_layers_list_are_dragged(page: Page) -> None:
    put(page, {"element": "1"}, {"element": "2"}, {"element": "3"}, {"element": "4"})
    boxes = [box for box in (one.bounding_box() for one in page.locator(".layer-row").all()) if box]
    middle = [(box["x"] + 60, box["y"] + box["height"] / 2) for box in boxes]
    drag(page, middle[3], (middle[0][0], middle[0][1] - 8))
    assert names(page) == ["apple", "drum", "cloud", "boat"]
    drag(page, middle[0], (middle[2][0], middle[2][1] + 8))
    assert names(page) == ["drum", "cloud", "apple", "boat"]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert names(page) == ["drum", "cloud", "boat", "apple"]


def test_locked_layers_are_neither_clicked_at_nor_changed(page: Page) -> None:
    put(page, {"element": "4", "x": 100, "y": 100})
    spot = grab(page, "drum")
    page.get_by_role("listbox", name="Layers").focus()
    page.keyboard.press("l")
    page.keyboard.press("Escape")
    page.mouse.click(*spot)
    assert selected(page) == []
    row(page, "drum").click()
    page.get_by_role("application", name="Canvas").focus()
    for key in ("ArrowRight", "r", "Delete", "Shift+H"):
        page.keyboard.press(key)
    field(page, "Opacity").fill("10")
    layer = recipe_of(page)["layers"][0]
    assert (layer["x"], layer["rotation"], layer["flip"], layer["opacity"]) == (100, 0, "", 100)


def test_what_is_outside_the_limits_is_said_in_its_place(page: Page) -> None:
    put(page, {"element": "4", "x": 100, "y": 100})
    row(page, "drum").click()
    brightness = field(page, "Brightness")
    brightness.fill("500")
    expect(brightness).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("500 is outside: 0 to 400 %")).to_be_visible()
    assert recipe_of(page)["layers"][0]["brightness"] == 100
    brightness.fill("400")
    expect(page.get_by_text("is outside")).to_have_count(0)
    assert recipe_of(page)["layers"][0]["brightness"] == 400
    field(page, "Rotation").fill("-12.3")
    assert recipe_of(page)["layers"][0]["rotation"] == 1440 - 49, "quarter degrees"
    field(page, "Blur").fill("0.8")
    assert recipe_of(page)["layers"][0]["blur"] == 3
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    field(page, "Canvas width").fill("16000")
    field(page, "Canvas height").fill("16000")
    expect(page.get_by_text("33,554,432 are allowed")).to_be_visible()
    assert recipe_of(page)["height"] == 320


def test_fields_of_several_layers_say_mixed_and_set_all(page: Page) -> None:
    put(page, {"element": "1", "x": 10}, {"element": "2", "x": 20, "opacity": 30})
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("Control+a")
    opacity = field(page, "Opacity")
    expect(opacity).to_have_value("")
    expect(opacity).to_have_attribute("placeholder", "mixed")
    opacity.press_sequentially("45")
    assert [layer["opacity"] for layer in recipe_of(page)["layers"]] == [45, 45]
    opacity.press("Enter")
    page.keyboard.press("Control+z")
    assert [layer["opacity"] for layer in recipe_of(page)["layers"]] == [100, 30], (
        "what was typed is one step"
    )


def test_what_is_being_typed_stays_whatever_else_changes(page: Page) -> None:
    told = (
        "() => { for (const type of ['scene', 'forms']) haacStudio.document.dispatchEvent(new Event(type)); }"
    )
    page.get_by_label("Kind").select_option("colour")
    page.get_by_role("textbox", name="Colour", exact=True).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("#cd")
    page.evaluate(told)
    page.keyboard.type("e8f7")
    field(page, "Canvas width").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.evaluate(told)
    page.keyboard.type("320")
    page.keyboard.press("Enter")
    scene = scene_in(page)
    assert (scene.background, scene.width) == (Colour(0xCDE8F7FF), 320)


def test_backgrounds_are_chosen_and_drawn(page: Page, repository: Path) -> None:
    put(page, {"element": "5", "x": 30, "y": 30}, background=None)
    assert (pixels_in(page)[0, 0] == 0).all()
    page.get_by_label("Kind").select_option("gradient")
    field(page, "Angle").fill("90")
    page.get_by_role("textbox", name="From", exact=True).fill("#102030")
    page.get_by_role("textbox", name="To", exact=True).fill("#405060c0")
    scene = scene_in(page)
    assert recipe_of(page)["background"] == {
        "kind": "gradient",
        "start": "#102030",
        "end": "#405060c0",
        "angle": 360,
    }
    with Repository.open(repository) as opened:
        assert np.array_equal(pixels_in(page), np.asarray(render(scene, opened)))
    row(page, "egg").click()
    page.get_by_role("button", name="Use as background").click()
    assert recipe_of(page)["background"] == {"kind": "plate", "element": "5"}
    assert recipe_of(page)["layers"] == []
    scene = scene_in(page)
    with Repository.open(repository) as opened:
        assert np.array_equal(pixels_in(page), np.asarray(render(scene, opened)))


def names(page: Page) -> list[str]:
    """Of the layers, topmost first, as the list has them."""
    return [text.strip() for text in page.locator(".layer-row .name").all_inner_texts()]
