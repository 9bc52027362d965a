"""The studio's editor in a browser, with the real `haac studio`: building a scene by mouse, by keys, by fingers; what is kept."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from haac import Colour, Layer, Scene, read_recipe, render
from haac_repo import Repository
from scripts.lib.elements import drawing, new_element

NAMES = ("apple", "boat", "cloud", "drum", "egg", "fern")
SIZES = {name: drawing(n).size for n, name in enumerate(NAMES, 1)}
WAIT = 60_000
"""Milliseconds; what takes longer hangs."""

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


@dataclass
class Studio:
    """A process that serves, in a folder of its own; it can be killed and started again."""

    folder: Path
    repository: Path
    process: subprocess.Popen[str] | None = None
    url: str = ""

    def start(self, *arguments: str) -> None:
        command = "from haac._cli.main import main; main()"
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                command,
                "studio",
                *arguments,
                "--repo",
                str(self.repository),
                "--no-browser",
            ],
            cwd=self.folder,
            env={
                **os.environ,
                "HOME": str(self.folder.parent),
                "XDG_STATE_HOME": str(self.folder.parent / "state"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six drawn elements under the ids 1 to 6."""
    path = tmp_path_factory.mktemp("studio") / "haac-repo"
    with Repository.create(path) as made, made.writer() as writer:
        for n, name in enumerate(NAMES, 1):
            writer.add(new_element(drawing(n), name))
    return path


@pytest.fixture
def studio(repository: Path, tmp_path: Path) -> Iterator[Studio]:
    folder = tmp_path / "work"
    folder.mkdir()
    running = Studio(folder, repository)
    running.start()
    yield running
    running.kill()


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, studio: Studio) -> Iterator[Open]:
    """Opens pages of the studio; a fault of a script in one fails the test."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def go(width: int = 1280, height: int = 720, *, ready: bool = True, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(studio.url)
        if ready:
            page.wait_for_selector("body.ready")
            expect(page.locator("#element-count")).to_have_text(f"{len(NAMES)} elements")
        return page

    yield go
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(opened: Open) -> Page:
    return opened()


def recipe_of(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("() => haacStudio.document.recipe")
    return found


def settled(page: Page) -> None:
    """Wait until all is drawn and kept."""
    for _ in range(WAIT // 20):
        if page.evaluate("() => haacStudio.stage.picture.settled && !haacStudio.autosave.busy"):
            return
        page.wait_for_timeout(20)
    raise AssertionError("the studio does not come to rest")


def written(page: Page, kind: str) -> bytes:
    """The scene as a file of this kind, as the studio writes it."""
    text = page.evaluate(
        """async (kind) => {
            const blob = await haacStudio.api.write(haacStudio.document.recipe, kind);
            const bytes = new Uint8Array(await blob.arrayBuffer());
            return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
        }""",
        kind,
    )
    return base64.b64decode(text)


def scene_in(page: Page) -> Scene:
    scene = read_recipe(written(page, "haac"))
    scene.fingerprint = None
    return scene


def pixels_in(page: Page) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """What the canvas shows, as the renderer in the browser made it."""
    settled(page)
    width, height, text = page.evaluate(
        """() => {
            const { width, height, data } = haacStudio.stage.pixels();
            let text = "";
            for (let at = 0; at < data.length; at += 4096) text += String.fromCharCode(...data.subarray(at, at + 4096));
            return [width, height, btoa(text)];
        }"""
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)


def shown(page: Page) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """What the canvas element itself holds."""
    text = page.evaluate(
        "() => document.querySelector('canvas.picture').toDataURL('image/png').split(',')[1]"
    )
    return np.asarray(Image.open(BytesIO(base64.b64decode(text))).convert("RGBA"))


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the canvas is in the window."""
    left, top = page.evaluate(
        "([x, y]) => { const b = haacStudio.canvas.box(); const z = haacStudio.canvas.zoom; return [b.left + x * z, b.top + y * z]; }",
        [x, y],
    )
    return left, top


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], *keys: str) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    for key in keys:
        page.keyboard.down(key)
    page.mouse.move(*end, steps=5)
    page.mouse.up()
    for key in keys:
        page.keyboard.up(key)


def handle(page: Page, across: int, down: int) -> tuple[float, float]:
    """Where a handle of the selected layer is in the window."""
    x, y = page.evaluate(
        """([across, down]) => {
            const { stage } = haacStudio;
            const [x, y] = stage.overlay.handleAt(stage.grip().frame, [across, down]);
            const { left, top } = stage.element.getBoundingClientRect();
            return [left + x, top + y];
        }""",
        [across, down],
    )
    return x, y


def row(page: Page, name: str) -> Any:
    return page.get_by_role("listbox", name="Layers").get_by_role("option", name=name)


def put(page: Page, *layers: dict[str, Any], **scene: Any) -> None:
    """Begin with a scene."""
    page.evaluate(
        """(scene) => haacStudio.document.open(scene)""",
        {
            "width": 480,
            "height": 320,
            "fingerprint": None,
            "similar": False,
            "background": {"kind": "colour", "rgba": "#ffffff"},
            "layers": [{"name": NAMES[int(layer["element"]) - 1], **layer} for layer in layers],
            **scene,
        },
    )
    page.evaluate("() => haacStudio.stage.fit()")
    settled(page)


def field(page: Page, name: str) -> Any:
    return page.get_by_role("complementary", name="Inspector").get_by_role("spinbutton", name=name)


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


def add_by_keys(page: Page, name: str) -> None:
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type(name)
    expect(page.get_by_role("gridcell")).to_have_text([name])
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(row(page, name)).to_have_attribute("aria-selected", "true")
    settled(page)


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
    settled(page)
    scene = page.evaluate("() => haacStudio.document.scene")
    page.reload()
    page.wait_for_selector("body.ready")
    assert page.evaluate("() => haacStudio.document.scene") == scene, (
        "loaded again, it goes on without a question"
    )

    studio.kill()
    studio.start()
    again = opened(ready=False)
    expect(again.get_by_role("dialog", name="Go on with the draft?")).to_contain_text("2 layers")
    again.get_by_role("button", name="Go on with it").click()
    again.wait_for_selector("body.ready")
    assert again.evaluate("() => haacStudio.document.scene") == scene
    assert len(recipe_of(again)["layers"]) == 1, "what is hidden is not in the recipe"


def test_a_draft_that_is_not_wanted_is_not_asked_about_again(opened: Open, studio: Studio) -> None:
    page = opened()
    add_by_keys(page, "egg")
    settled(page)
    studio.kill()
    studio.start()
    again = opened(ready=False)
    again.get_by_role("button", name="Throw it away").click()
    again.wait_for_selector("body.ready")
    assert recipe_of(again)["layers"] == []
    third = opened()
    expect(third.get_by_role("dialog")).to_have_count(0)


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


def selected(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("() => haacStudio.document.selected")
    return found


def grab(page: Page, name: str) -> tuple[float, float]:
    """A place in the window where a layer has a visible pixel; it is selected."""
    row(page, name).click()
    x, y = page.evaluate(
        """() => {
            const { stage, document } = haacStudio;
            const [layer] = document.selected;
            const frame = stage.frameOf(layer.key);
            const spots = [];
            for (let v = -0.45; v < 0.5; v += 0.05) for (let u = -0.45; u < 0.5; u += 0.05) spots.push([u, v]);
            spots.sort((a, b) => Math.hypot(...a) - Math.hypot(...b));
            const points = spots.map(([u, v]) => [frame.cx + u * frame.width, frame.cy + v * frame.height]);
            return points.find((point) => stage.hit(point)?.key === layer.key);
        }"""
    )
    return at(page, x, y)


def test_dragging_snaps_to_the_canvas_and_not_with_alt(page: Page) -> None:
    put(page, {"element": "4", "x": 37, "y": 41})
    x, y = grab(page, "drum")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 34, y - 37, steps=4)
    assert page.locator(".overlay .guide").count() == 2
    page.mouse.up()
    assert page.locator(".overlay .guide").count() == 0
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


def names(page: Page) -> list[str]:
    """Of the layers, topmost first, as the list has them."""
    return [text.strip() for text in page.locator(".layer-row .name").all_inner_texts()]


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
    page.wait_for_timeout(50)
    assert zoom() == pytest.approx(2.718, abs=0.01)
    assert at(page, 100, 100) == pytest.approx((x, y), abs=1), "what is beneath the pointer stays"
    page.mouse.wheel(30, 40)
    page.wait_for_timeout(50)
    assert at(page, 100, 100) == pytest.approx((x - 30, y - 40), abs=1)
    page.keyboard.down(" ")
    drag(page, (x, y), (x + 50, y + 60))
    page.keyboard.up(" ")
    assert at(page, 100, 100) == pytest.approx((x + 20, y + 20), abs=1)
    page.keyboard.press("0")
    assert zoom() == 1


def test_fingers_move_layers_and_two_of_them_zoom(opened: Open) -> None:
    page = opened(1024, 768, has_touch=True, is_mobile=True)
    put(page, {"element": "5", "x": 200, "y": 100})
    x, y = grab(page, "egg")
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": px, "y": py, "id": n} for n, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    scale = page.evaluate("() => haacStudio.canvas.zoom")
    send("touchStart", (x, y))
    for step in range(1, 6):
        send("touchMove", (x + 8 * step, y + 4 * step))
    send("touchEnd")
    layer = recipe_of(page)["layers"][0]
    assert (layer["x"], layer["y"]) == pytest.approx((200 + 40 / scale, 100 + 20 / scale), abs=7)
    assert layer["x"] > 220
    before = page.evaluate("() => haacStudio.canvas.zoom")
    send("touchStart", (450, 300), (550, 300))
    for step in range(1, 6):
        send("touchMove", (450 - 10 * step, 300), (550 + 10 * step, 300))
    send("touchEnd")
    assert page.evaluate("() => haacStudio.canvas.zoom") == pytest.approx(2 * before, rel=0.02)
    assert recipe_of(page)["layers"][0]["x"] == layer["x"]


def test_what_fingers_touch_is_large_enough(opened: Open) -> None:
    page = opened(1024, 768, has_touch=True, is_mobile=True)
    put(page, {"element": "5", "x": 200, "y": 100})
    row(page, "egg").click()
    small = page.evaluate(
        """() => [...document.querySelectorAll("#toolbar button, #inspector button, #inspector input, #layers button, " +
            "#layers [role=option], #status button")].flatMap((node) => {
                const { width, height } = node.getBoundingClientRect();
                return width && (width < 36 || height < 36) ? [`${node.id || node.className} ${width}x${height}`] : [];
            })"""
    )
    assert small == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    bar = page.locator("#toolbar")
    assert bar.evaluate("(node) => node.scrollWidth <= node.clientWidth"), "all tools are visible"


CONTRAST = """() => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const probe = document.body.appendChild(document.createElement("i"));
    const light = (name) => {
        probe.style.color = `var(${name})`;
        context.fillStyle = getComputedStyle(probe).color;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
        const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    };
    const texts = ["--ink", "--ink-soft", "--ink-faint", "--bad"];
    const found = {};
    for (const text of texts) for (const back of ["--surface", "--raised", "--field"]) found[text + back] = ratio(text, back);
    found.selected = ratio("--ink", "--accent-soft");
    found.primary = ratio("--accent-ink", "--accent");
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(opened: Open, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    button = page.get_by_role("button", name="Theme: dark")
    if scheme == "light":
        button.click()
        page.get_by_role("button", name="Theme: system").click()
    low = {name: ratio for name, ratio in page.evaluate(CONTRAST).items() if ratio < 4.5}
    assert low == {}


def test_everything_has_a_name_for_screen_readers(page: Page) -> None:
    put(page, {"element": "5", "x": 200, "y": 100})
    row(page, "egg").click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, [role=listbox], [role=application]")]
            .filter((node) => node.offsetParent && !node.getAttribute("aria-label") && !node.labels?.length &&
                !node.textContent.trim() && !node.getAttribute("aria-labelledby") && !node.closest("label"))
            .map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    for role, name in (
        ("toolbar", "Tools"),
        ("complementary", "Elements"),
        ("main", "Canvas"),
        ("complementary", "Recipe"),
        ("complementary", "Inspector"),
        ("region", "Layers and history"),
    ):
        expect(page.get_by_role(role, name=name, exact=True)).to_have_count(1)  # type: ignore[arg-type]


def test_the_help_lists_the_keys(page: Page) -> None:
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys and gestures")
    for text in ("Undo", "Duplicate", "Mirror left and right", "Fit the canvas", "Rotate by 15° to the left"):
        expect(dialog.get_by_role("row", name=text)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("application", name="Canvas")).to_be_focused()
