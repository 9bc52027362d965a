"""The studio's canvas: selecting, dragging, snapping, scaling, cropping, zooming; it shows what Python renders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Page, expect

from haac import Scene, encode_inline, encode_wash, render, to_binary
from haac_repo import Repository
from scripts.lib.elements import drawing
from tests.pipeline.studio.editor.pages import (
    SIZES,
    Open,
    Studio,
    at,
    drag,
    field,
    grab,
    handle,
    pixels_in,
    put,
    recipe_of,
    row,
    scene_in,
    selected,
    until,
)


def test_a_click_at_a_transparent_pixel_selects_what_is_beneath(page: Page, repository: Path) -> None:
    """The element's own pixels say where: a place at which the upper one has none and the lower one has."""
    with Repository.open(repository) as opened:
        upper = np.asarray(opened.image("6"))[:, :, 3]
        lower = np.asarray(opened.image("5"))[:, :, 3]
    height, width = upper.shape
    # Away from all that is visible by more than one pixel, so that no rounding can matter.
    seen = upper > 0
    near = np.zeros_like(seen)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            near |= np.roll(seen, (dy, dx), (0, 1))
    free = ~near & (lower[:height, :width] == 255)
    y, x = (int(value) for value in np.argwhere(free)[len(np.argwhere(free)) // 2])
    solid_y, solid_x = (int(value) for value in np.argwhere(upper == 255)[0])
    put(page, {"element": "5", "x": 100, "y": 100}, {"element": "6", "x": 100, "y": 100})
    page.mouse.click(*at(page, 100 + x + 0.5, 100 + y + 0.5))
    expect(row(page, "egg")).to_have_attribute("aria-selected", "true")
    page.mouse.click(*at(page, 100 + solid_x + 0.5, 100 + solid_y + 0.5))
    expect(row(page, "fern")).to_have_attribute("aria-selected", "true")
    expect(row(page, "egg")).to_have_attribute("aria-selected", "false")


def test_dragging_snaps_to_the_canvas_and_not_with_alt(page: Page) -> None:
    put(page, {"element": "4", "x": 37, "y": 41})
    x, y = grab(page, "drum")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 34, y - 37, steps=4)
    expect(page.locator(".overlay .guide")).to_have_count(2)
    page.mouse.up()
    expect(page.locator(".overlay .guide")).to_have_count(0)
    assert (selected(page)[0]["x"], selected(page)[0]["y"]) == (0, 0)
    x, y = grab(page, "drum")
    drag(page, (x, y), (x + 3, y + 4), "Alt")
    assert (selected(page)[0]["x"], selected(page)[0]["y"]) == (3, 4)


def test_escape_breaks_a_drag_off_as_if_it_had_never_been(page: Page) -> None:
    put(page, {"element": "4", "x": 37, "y": 41})
    x, y = grab(page, "drum")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert recipe_of(page)["layers"][0]["x"] == 37
    assert page.evaluate("() => haacStudio.document.canUndo") is False


def test_one_drag_is_one_step(page: Page) -> None:
    put(page, {"element": "4", "x": 137, "y": 141})
    for _ in range(2):
        x, y = grab(page, "drum")
        drag(page, (x, y), (x + 20, y + 20), "Alt")
    assert page.evaluate("() => haacStudio.document.history.labels") == ["Opened", "Move", "Move"]
    page.keyboard.press("Control+z")
    assert (recipe_of(page)["layers"][0]["x"], recipe_of(page)["layers"][0]["y"]) == (157, 161)


def test_several_layers_are_caught_by_a_box_moved_and_scaled_together(page: Page) -> None:
    put(
        page,
        {"element": "1", "x": 100, "y": 100},
        {"element": "4", "x": 200, "y": 160},
        {"element": "6", "x": 400, "y": 20},
    )
    page.get_by_role("application", name="Canvas").focus()
    drag(page, at(page, 60, 60), at(page, 290, 240))
    assert {layer["name"] for layer in selected(page)} == {"apple", "drum"}
    expect(page.get_by_role("heading", name="2 layers")).to_be_visible()
    x, y = handle(page, 1, 1)
    box = page.evaluate("() => haacStudio.stage.selectedBox()")
    drag(page, (x, y), (x + box[2] - box[0], y + box[3] - box[1]))
    apple, drum = selected(page)
    assert (apple["x"], apple["y"], apple["width"]) == (100, 100, 2 * SIZES["apple"][0])
    assert (drum["x"], drum["y"], drum["width"]) == (300, 220, 2 * SIZES["drum"][0])
    assert recipe_of(page)["layers"][2]["width"] is None


def test_an_edge_changes_the_shape_and_a_corner_keeps_it(page: Page) -> None:
    width, height = SIZES["egg"]
    put(page, {"element": "5", "x": 100, "y": 80})
    row(page, "egg").click()
    x, y = handle(page, 1, 0)
    drag(page, (x, y), (x + 31, y))
    layer = selected(page)[0]
    assert (layer["width"], layer["height"], layer["x"], layer["y"]) == (width + 31, height, 100, 80)
    page.keyboard.press("Control+z")
    row(page, "egg").click()
    x, y = handle(page, -1, -1)
    drag(page, (x, y), (x - width / 2, y - height / 2))
    layer = selected(page)[0]
    assert (layer["width"], layer["height"]) == ((3 * width + 1) // 2, None)
    assert layer["x"] + layer["width"] == 100 + width


def test_cropping_moves_nothing_that_stays_visible(page: Page) -> None:
    put(page, {"element": "5", "x": 150, "y": 100, "flip": "h"})
    before = pixels_in(page)
    x, y = grab(page, "egg")
    page.mouse.dblclick(x, y)
    expect(page.locator(".overlay .handle.crop")).to_have_count(8)
    width, height = SIZES["egg"]
    start = at(page, 150 + width, 100 + height / 2)
    drag(page, start, (start[0] - 20, start[1]))
    page.keyboard.press("Enter")
    expect(page.locator(".overlay .handle.crop")).to_have_count(0)
    layer = selected(page)[0]
    assert layer["crop"] == [20, 0, width, height], "mirrored, its right side is the element's left one"
    assert layer["x"] == 150
    after = pixels_in(page)
    assert np.array_equal(after[:, : 150 + width - 20], before[:, : 150 + width - 20])
    assert (after[:, 150 + width - 20 :] == 255).all()


def test_copies_are_pasted_beside_their_originals(page: Page) -> None:
    put(page, {"element": "4", "x": 37, "y": 41, "rotation": 120, "opacity": 50})
    row(page, "drum").click()
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(page.get_by_role("listbox", name="Layers").get_by_role("option")).to_have_count(2)
    first, second = recipe_of(page)["layers"]
    assert second == {**first, "x": 53, "y": 57}
    page.keyboard.press("Control+x")
    expect(page.get_by_role("listbox", name="Layers").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Control+v")
    page.keyboard.press("Backspace")
    expect(page.get_by_role("listbox", name="Layers").get_by_role("option")).to_have_count(1)


def test_all_that_a_layer_can_be_is_drawn_as_python_draws_it(page: Page, repository: Path) -> None:
    put(
        page,
        {"element": "5", "x": -20, "y": 30, "rotation": 77, "width": 200, "height": 90},
        {"element": "3", "x": 200, "y": 100, "crop": [3, 5, 30, 50], "scale": 3333, "blur": 13},
        {
            "element": "2",
            "x": 300,
            "y": 200,
            "brightness": 140,
            "contrast": 70,
            "saturation": 30,
            "flip": "hv",
        },
        {"element": "6", "x": 90, "y": 180, "height": 130, "opacity": 55, "rotation": 360},
        background={"kind": "colour", "rgba": "#33669980"},
    )
    scene = scene_in(page)
    with Repository.open(repository) as opened:
        assert np.array_equal(pixels_in(page), np.asarray(render(scene, opened)))


def test_zoom_by_keys_wheel_and_buttons(page: Page) -> None:
    put(page, {"element": "5", "x": 30, "y": 30})
    page.get_by_role("application", name="Canvas").focus()

    def zoom() -> float:
        found: float = page.evaluate("() => haacStudio.canvas.zoom")
        return found

    page.keyboard.press("+")
    assert zoom() == 1.5
    page.keyboard.press("1")
    assert zoom() == 1
    x, y = at(page, 100, 100)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    until(page, "haacStudio.canvas.zoom > 2")
    assert zoom() == pytest.approx(2.718, abs=0.01)
    assert at(page, 100, 100) == pytest.approx((x, y), abs=1), "what is beneath the pointer stays"
    left = page.evaluate("() => haacStudio.canvas.box().left")
    page.mouse.wheel(30, 40)
    until(page, f"haacStudio.canvas.box().left !== {left}")
    assert at(page, 100, 100) == pytest.approx((x - 30, y - 40), abs=1)
    page.keyboard.down(" ")
    drag(page, (x, y), (x + 50, y + 60))
    page.keyboard.up(" ")
    assert at(page, 100, 100) == pytest.approx((x + 20, y + 20), abs=1)
    page.keyboard.press("0")
    assert zoom() == 1


def test_a_recipe_with_a_wash_and_inline_elements_is_shown_and_kept(opened: Open, studio: Studio) -> None:
    rows, columns = np.mgrid[0:360, 0:480]
    photograph = np.dstack([rows * 255 // 360, columns * 255 // 480, (rows + columns) % 256]).astype(np.uint8)
    scene = Scene(480, 360, encode_wash(Image.fromarray(photograph), budget=60))
    brought = encode_inline(drawing(9))
    for x in (20, 300):
        scene.element(brought).rotate(15).place(x, 120)
    scene.element("5").place(200, 40)
    (studio.folder / "brought.haac").write_bytes(to_binary(scene))
    studio.kill()
    studio.start("brought.haac")
    page = opened()
    with Repository.open(studio.repository) as repository:
        assert np.array_equal(pixels_in(page), np.asarray(render(scene, repository)))
    row(page, "Inline element").first.click()
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("ArrowRight")
    changed = scene_in(page)
    assert changed.background == scene.background
    assert changed.layers == [scene.layers[0], replace(scene.layers[1], x=301), scene.layers[2]]
    with Repository.open(studio.repository) as repository:
        assert np.array_equal(pixels_in(page), np.asarray(render(changed, repository)))
    page.keyboard.press("Escape")
    expect(page.get_by_text("It is kept as it is")).to_be_visible()
    field(page, "Canvas width").fill("500")
    expect(page.get_by_text("The wash belongs to a canvas of this shape")).to_be_visible()


def test_a_box_is_drawn_for_whoever_asks_for_one(page: Page) -> None:
    put(page, {"element": "5", "x": 40, "y": 40})
    ask = "() => { window.box = undefined; haacStudio.stage.pickBox().then((box) => { window.box = box; }); }"
    page.evaluate(ask)
    expect(page.locator(".pick-hint")).to_be_visible()
    drag(page, at(page, 50, 60), at(page, 150, 900))
    until(page, "window.box")
    assert page.evaluate("() => window.box") == [50, 60, 150, 320], "cut to the canvas"
    assert selected(page) == []
    page.evaluate(ask)
    page.keyboard.press("Escape")
    until(page, "window.box === null")
    expect(page.locator(".pick-hint")).to_be_hidden()
