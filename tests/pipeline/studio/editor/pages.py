"""What tests of the studio's editor do with its page: reading its scene and pixels, dragging, filling in."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from haac import Scene, read_recipe
from scripts.lib.elements import drawing

NAMES = ("apple", "boat", "cloud", "drum", "egg", "fern")


SIZES = {name: drawing(n).size for n, name in enumerate(NAMES, 1)}


WAIT = 60_000
"""Milliseconds; what takes longer hangs."""


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


Open = Callable[..., Page]


def recipe_of(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("() => haacStudio.document.recipe")
    return found


def until(page: Page, condition: str) -> None:
    """Wait until an expression of JavaScript holds. (Playwright's own way evaluates text in the page, which the studio forbids.)"""
    for _ in range(WAIT // 20):
        if page.evaluate(f"() => Boolean({condition})"):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"it does not come to this: {condition}")


def settled(page: Page) -> None:
    """Wait until all is drawn and kept."""
    until(page, "haacStudio.stage.picture.settled && !haacStudio.autosave.busy")


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


def add_by_keys(page: Page, name: str) -> None:
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type(name)
    expect(page.get_by_role("gridcell")).to_have_text([name])
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(row(page, name)).to_have_attribute("aria-selected", "true")
    settled(page)


def choose(page: Page, button: str, path: Path) -> None:
    """Press a button that asks for a file, and give it one."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button, exact=True).click()
    chooser.value.set_files(path)
