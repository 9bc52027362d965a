"""Building a scene in the studio by mouse and by keys alone; its bytes, its script, its pixels; what survives a crash."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Page, expect

from haac import Colour, Layer, Scene, render
from haac_repo import Repository
from scripts.lib.elements import drawing
from tests.pipeline.studio.editor.pages import (
    NAMES,
    SIZES,
    Open,
    Studio,
    add_by_keys,
    at,
    choose,
    drag,
    field,
    handle,
    pixels_in,
    recipe_of,
    scene_in,
    settled,
    shown,
    written,
)

CENTRES = {
    "apple": (100, 100),
    "boat": (300, 90),
    "cloud": (220, 200),
    "drum": (380, 230),
    "egg": (90, 250),
    "fern": (240, 80),
}


def corner(name: str) -> tuple[int, int]:
    """Where a layer's top left corner is if its centre is where CENTRES says; halves go up, as in the studio."""
    return tuple((2 * at - side + 1) // 2 for at, side in zip(CENTRES[name], SIZES[name], strict=True))  # type: ignore[return-value]


def target() -> Scene:
    """The scene that is built by mouse and by keys."""
    x, y = ({name: corner(name)[axis] for name in NAMES} for axis in (0, 1))
    wide = (3 * SIZES["cloud"][0] + 1) // 2
    return Scene(
        480,
        320,
        Colour(0xCDE8F7FF),
        [
            Layer(6, x=x["fern"] - 17, y=y["fern"] + 9),
            Layer(1, x=x["apple"], y=y["apple"]),
            Layer(2, rotation=120, x=x["boat"], y=y["boat"]),
            Layer(3, width=wide, x=x["cloud"], y=y["cloud"]),
            Layer(4, flip="h", x=x["drum"], y=y["drum"]),
            Layer(5, opacity=60, x=x["egg"], y=y["egg"]),
        ],
    )


def new_canvas(page: Page) -> None:
    """The canvas of `target`, by its fields."""
    for name, value in (("Canvas width", "480"), ("Canvas height", "320")):
        field(page, name).fill(value)
        field(page, name).press("Enter")
    page.get_by_label("Kind").select_option("colour")
    colour = page.get_by_role("textbox", name="Colour", exact=True)
    colour.fill("#cde8f7")
    colour.press("Escape")
    page.keyboard.press("Escape")


def check_built(page: Page, studio: Studio) -> None:
    """The scene is `target`: its bytes, its script, its pixels."""
    settled(page)
    wanted = target()
    assert scene_in(page) == wanted
    (studio.folder / "made.py").write_bytes(written(page, "py"))
    command = [
        sys.executable,
        "-c",
        "from haac._cli.main import main; main()",
        "compile",
        "made.py",
        "-o",
        "made.haac",
    ]
    done = subprocess.run(command, cwd=studio.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (studio.folder / "made.haac").read_bytes() == written(page, "haac")
    with Repository.open(studio.repository) as opened:
        picture = np.asarray(render(wanted, opened))
    assert np.array_equal(pixels_in(page), picture)
    assert np.array_equal(shown(page), picture)


def tab_to(page: Page, wanted: Any, *, back: bool = False) -> None:
    """Press Tab until something has the focus."""
    for _ in range(150):
        if wanted.evaluate("(node) => node === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"Tab does not reach {wanted}")


def type_into(page: Page, name: str, value: int) -> None:
    """A number, into a field of the inspector; only keys are pressed."""
    tab_to(page, field(page, name))
    page.keyboard.press("Control+a")
    page.keyboard.type(str(value))
    page.keyboard.press("Enter")


def trace(page: Page, studio: Studio) -> None:
    """Trace a picture."""
    drawing(7).convert("RGB").save(studio.folder / "traced.png")
    page.get_by_role("tab", name="Trace").click()
    choose(page, "Choose a picture", studio.folder / "traced.png")
    expect(page.locator(".reference-facts")).to_contain_text("traced.png")


def test_a_scene_is_built_by_mouse(page: Page, studio: Studio) -> None:
    new_canvas(page)
    page.get_by_role("button", name="Fit the canvas").click()
    assert page.evaluate("() => haacStudio.canvas.zoom") == 1
    for name in NAMES:
        cell = page.get_by_role("gridcell", name=name).bounding_box()
        assert cell
        drag(page, (cell["x"] + 20, cell["y"] + 20), at(page, *CENTRES[name]))
        settled(page)
    page.mouse.click(*at(page, *CENTRES["fern"]))
    drag(page, at(page, *CENTRES["fern"]), at(page, CENTRES["fern"][0] - 17, CENTRES["fern"][1] + 9), "Alt")
    page.get_by_role("button", name="To the back").click()

    page.mouse.click(*at(page, *CENTRES["boat"]))
    x, y = page.evaluate(
        "() => { const { stage } = haacStudio; const [, [x, y]] = stage.overlay.rotationHandle(stage.grip().frame);"
        " const { left, top } = stage.element.getBoundingClientRect(); return [left + x, top + y]; }"
    )
    across, down = at(page, *CENTRES["boat"])
    reach = down - y
    drag(page, (x, y), (across - reach * 0.52, down - reach * 0.85), "Shift")

    page.mouse.click(*at(page, *CENTRES["cloud"]))
    x, y = handle(page, 1, 1)
    width, height = SIZES["cloud"]
    drag(page, (x, y), (x + width / 2, y + height / 2))

    page.mouse.click(*at(page, *CENTRES["drum"]))
    page.get_by_role("toolbar", name="Tools").get_by_role("button", name="Mirror left and right").click()
    page.mouse.click(*at(page, *CENTRES["egg"]))
    field(page, "Opacity").fill("60")
    check_built(page, studio)


def test_the_same_scene_is_built_by_keys_alone(page: Page, studio: Studio) -> None:
    stage = page.get_by_role("application", name="Canvas")
    type_into(page, "Canvas width", 480)
    type_into(page, "Canvas height", 320)
    tab_to(page, page.get_by_label("Kind"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("textbox", name="Colour", exact=True))
    page.keyboard.press("Control+a")
    page.keyboard.type("#cde8f7")
    tab_to(page, stage)
    for name in NAMES:
        add_by_keys(page, name)
        x, y = corner(name)
        type_into(page, "Position X", x)
        type_into(page, "Position Y", y)
        if name == "cloud":
            type_into(page, "Width", (3 * SIZES["cloud"][0] + 1) // 2)
            type_into(page, "Position X", x)
            type_into(page, "Position Y", y)
        if name == "egg":
            type_into(page, "Opacity", 60)
        page.keyboard.press("Escape")
        expect(stage).to_be_focused()
        if name == "boat":
            page.keyboard.press("r")
            page.keyboard.press("r")
        if name == "drum":
            page.keyboard.press("Shift+H")
        if name == "fern":
            page.keyboard.press("Shift+ArrowLeft")
            for _ in range(7):
                page.keyboard.press("ArrowLeft")
            for _ in range(9):
                page.keyboard.press("ArrowDown")
            page.keyboard.press("{")
    check_built(page, studio)


def test_undone_to_nothing_and_redone_the_bytes_are_the_same(page: Page) -> None:
    add_by_keys(page, "drum")
    page.get_by_role("application", name="Canvas").focus()
    for key in (
        "ArrowLeft",
        "r",
        "Shift+V",
        "Control+d",
        "{",
        "Shift+ArrowDown",
        "Delete",
        "Control+a",
        "Control+d",
    ):
        page.keyboard.press(key)
    field(page, "Blur").fill("2.5")
    field(page, "Blur").press("Escape")
    made = written(page, "haac")
    steps = page.evaluate("() => haacStudio.document.history.index")
    assert steps >= 9
    for _ in range(steps):
        page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")
    assert recipe_of(page)["layers"] == []
    page.keyboard.press("Control+z")
    for _ in range(steps):
        page.keyboard.press("Control+Shift+z")
    assert written(page, "haac") == made
    page.get_by_role("tab", name="History").click()
    history = page.get_by_role("listbox", name="History")
    expect(history.get_by_role("option")).to_have_count(steps + 1)
    history.get_by_role("option").first.click()
    assert recipe_of(page)["layers"] == []


def test_what_was_made_survives_the_end_of_the_server(opened: Open, studio: Studio) -> None:
    page = opened()
    add_by_keys(page, "egg")
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+d")
    page.keyboard.press("Control+Shift+H")
    trace(page, studio)
    settled(page)
    scene = page.evaluate("() => haacStudio.document.scene")
    page.reload()
    page.wait_for_selector("body.ready")
    assert page.evaluate("() => haacStudio.document.scene") == scene, (
        "loaded again, it goes on without a question"
    )
    expect(page.locator(".reference-facts")).to_contain_text("traced.png")

    studio.kill()
    studio.start()
    again = opened(ready=False)
    expect(again.get_by_role("dialog", name="Go on with the draft?")).to_contain_text("2 layers")
    again.get_by_role("button", name="Go on with it").click()
    again.wait_for_selector("body.ready")
    assert again.evaluate("() => haacStudio.document.scene") == scene
    expect(again.locator(".reference-facts")).to_contain_text("traced.png")
    assert len(recipe_of(again)["layers"]) == 1, "what is hidden is not in the recipe"
    assert again.title().startswith("• Untitled ")


def test_a_draft_that_is_not_wanted_is_not_asked_about_again(opened: Open, studio: Studio) -> None:
    page = opened()
    add_by_keys(page, "egg")
    trace(page, studio)
    settled(page)
    studio.kill()
    studio.start()
    again = opened(ready=False)
    again.get_by_role("button", name="Throw it away").click()
    again.wait_for_selector("body.ready")
    assert recipe_of(again)["layers"] == []
    expect(again.get_by_role("button", name="Choose a picture")).to_be_visible()
    third = opened()
    expect(third.get_by_role("dialog")).to_have_count(0)
