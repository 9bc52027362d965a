"""The elements panel: search, the grid, its keyboard, dragging."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, Route, expect

from tests.pipeline.studio.panels.pages import NAMES, Running, scene_of


def test_an_element_is_found_and_added_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("goat")
    expect(page.locator("#element-count")).to_have_text("1 element found")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert [layer["element"] for layer in scene_of(page)["layers"]] == ["7"]
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox", name="Search elements")).to_be_focused()


def test_arrow_keys_move_through_the_grid_which_says_where_they_are(page: Page) -> None:
    grid = page.get_by_role("grid", name="Elements found")
    page.get_by_role("searchbox", name="Search elements").press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    columns = int(grid.get_attribute("aria-colcount") or 0)
    active = grid.get_attribute("aria-activedescendant")
    assert active is not None
    expect(page.locator(f"#{active}")).to_have_text(NAMES[columns + 1])
    expect(page.get_by_role("region", name="Details of the element")).to_contain_text(NAMES[columns + 1])


def test_typing_in_the_grid_goes_on_with_the_search(page: Page) -> None:
    page.get_by_role("searchbox", name="Search elements").press("ArrowDown")
    page.keyboard.type("egg")
    expect(page.get_by_role("searchbox", name="Search elements")).to_have_value("egg")
    expect(page.locator("#element-count")).to_have_text("1 element found")


def test_a_tag_narrows_the_search_until_its_chip_is_closed(page: Page) -> None:
    page.get_by_role("searchbox", name="Search elements").press("ArrowDown")
    page.get_by_role("group", name="Tags").get_by_role("button", name="odd").click()
    expect(page.locator("#element-count")).to_have_text("6 elements found")
    page.get_by_role("button", name="Search no longer by tag: odd").click()
    expect(page.locator("#element-count")).to_have_text("12 elements")


def test_a_colour_shows_the_elements_nearest_to_it_first(page: Page) -> None:
    page.get_by_role("button", name="Search for red").click()
    expect(page.get_by_role("gridcell").first).to_have_text("harp")
    page.get_by_role("button", name="Search no longer by colour").click()
    expect(page.get_by_role("gridcell").first).to_have_text(NAMES[0])


def test_dragging_a_thumbnail_puts_the_element_where_it_is_dropped(page: Page) -> None:
    stage = page.locator("#stage").bounding_box()
    cell = page.get_by_role("gridcell", name="drum").bounding_box()
    assert stage is not None
    assert cell is not None
    page.mouse.move(cell["x"] + 20, cell["y"] + 20)
    page.mouse.down()
    page.mouse.move(stage["x"] + 40, stage["y"] + 200, steps=4)
    expect(page.locator(".drag-ghost")).to_be_visible()
    page.mouse.move(stage["x"] + stage["width"] / 2 - 90, stage["y"] + stage["height"] / 2 - 60, steps=4)
    page.mouse.up()
    expect(page.locator(".drag-ghost")).to_have_count(0)
    (layer,) = scene_of(page)["layers"]
    assert layer["element"] == "4"
    scene = scene_of(page)
    assert layer["x"] < scene["width"] / 2 - 40
    assert layer["y"] < scene["height"] / 2 - 20


def test_a_catalog_of_100000_elements_takes_no_more_of_the_page_than_is_seen(page: Page) -> None:
    """The server's answers are made up here: this is about the grid."""
    total, asked = 100_000, []

    def answer(route: Route) -> None:
        given = {name: int(values[0]) for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        asked.append(given["offset"])
        numbers = range(given["offset"], min(total, given["offset"] + given["limit"]))
        elements = [
            {"id": f"{n:x}", "number": n, "name": f"element {n}", "tags": [], "width": 9, "height": 9}
            for n in numbers
        ]
        route.fulfill(
            body=json.dumps({"total": total, "elements": elements}), content_type="application/json"
        )

    page.route("**/api/elements?*", answer)
    page.route("**/api/elements/*/*", lambda route: route.fulfill(status=404, body="{}"))
    page.evaluate("document.querySelector('#element-search').dispatchEvent(new Event('input'))")
    expect(page.locator("#element-count")).to_have_text("100,000 elements")
    expect(page.get_by_role("gridcell", name="element 0", exact=True)).to_be_visible()
    before = page.locator(".element-grid .cell").count()
    page.get_by_role("searchbox", name="Search elements").press("ArrowDown")
    page.keyboard.press("End")
    expect(page.get_by_role("gridcell", name="element 99999", exact=True)).to_be_visible()
    assert page.locator(".element-grid .cell").count() == before < 120
    assert len(asked) < 10, "what was scrolled past was asked for too"


def test_a_finger_drags_sideways_and_scrolls_up_and_down(browser: Browser, studio: Running) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 560}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(studio.url)
    finger = context.new_cdp_session(page)
    expect(page.get_by_role("gridcell", name="boat")).to_be_visible()
    cell, stage = (
        page.get_by_role("gridcell", name="boat").bounding_box(),
        page.locator("#stage").bounding_box(),
    )
    assert cell is not None
    assert stage is not None
    x, y = cell["x"] + 20, cell["y"] + 20

    def touch(kind: str, *points: tuple[float, float]) -> None:
        finger.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]}
        )

    touch("touchStart", (x, y))
    for part in range(1, 9):
        touch("touchMove", (x + part * (stage["x"] + stage["width"] / 2 - x) / 8, y + 4 * part))
    touch("touchEnd")
    expect(page.locator(".bit-bars button")).to_have_count(1)
    assert scene_of(page)["layers"][0]["element"] == "2"
    touch("touchStart", (x, y + 60))
    for part in range(1, 9):
        touch("touchMove", (x, y + 60 - 12 * part))
    touch("touchEnd")
    expect(page.locator(".element-grid")).not_to_have_js_property("scrollTop", 0)
    assert len(scene_of(page)["layers"]) == 1
    context.close()
