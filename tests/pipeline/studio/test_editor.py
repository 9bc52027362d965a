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

from haac import Colour, Layer, Scene, read_recipe, render, to_binary
from haac_repo import Repository
from scripts.lib.elements import drawing, new_element

NAMES = ("apple", "boat", "cloud", "drum", "egg", "fern")
SIZES = {name: drawing(n).size for n, name in enumerate(NAMES, 1)}
WAIT = 15_000
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
    place = {name: dict(zip("xy", corner(name), strict=True)) for name in NAMES}
    place["fern"] = {"x": place["fern"]["x"] - 17, "y": place["fern"]["y"] + 9}
    return Scene(
        480,
        320,
        Colour(0xCDE8F7FF),
        [
            Layer(6, **place["fern"]),
            Layer(1, **place["apple"]),
            Layer(2, rotation=120, **place["boat"]),
            Layer(3, width=(3 * SIZES["cloud"][0] + 1) // 2, **place["cloud"]),
            Layer(4, flip="h", **place["drum"]),
            Layer(5, opacity=60, **place["egg"]),
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
            [sys.executable, "-c", command, "studio", *arguments, "--repo", str(self.repository), "--no-browser"],
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder.parent), "XDG_STATE_HOME": str(self.folder.parent / "state")},
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
    text = page.evaluate("() => document.querySelector('canvas.picture').toDataURL('image/png').split(',')[1]")
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
    command = [sys.executable, "-c", "from haac._cli.main import main; main()", "compile", "made.py", "-o", "made.haac"]
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
