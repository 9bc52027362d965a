"""Draws docs/pictures/studio.png and studio_dark.png: the studio at work, as Chromium shows it.

The elements are drawn by `scripts.make.drawings`, or cut out of pictures that come with scikit-image; the studio is the real one.
Look at the pictures afterwards.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import skimage.data
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from haac import Scene, gradient, to_binary
from haac_repo import Repository
from scripts.lib.elements import new_element
from scripts.make.drawings import DRAWINGS
from scripts.make.readme_picture import describe

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "pictures"
SIZE = ViewportSize(width=1280, height=760)
CUTS = {"chelsea": (90, 20, 360, 290), "coffee": (90, 30, 520, 370)}
"""Ellipses in pictures of scikit-image."""


def cut(name: str) -> Image.Image:
    """An element: an ellipse of a photograph with a soft edge."""
    image = Image.fromarray(getattr(skimage.data, name)()).convert("RGBA")
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).ellipse(CUTS[name], fill=255)
    image.putalpha(mask.filter(ImageFilter.GaussianBlur(1.5)))
    return image.crop(CUTS[name])


def fill(path: Path) -> dict[str, str]:
    """Make the repository; ids by name."""
    with Repository.create(path) as repository, repository.writer() as writer:
        made = {name: draw() for name, draw in DRAWINGS.items()} | {name: cut(name) for name in CUTS}
        return {name: writer.add(new_element(image, name))[0].id for name, image in made.items()}


@contextmanager
def studio(folder: Path, *arguments: str) -> Iterator[str]:
    """Run `haac studio`; gives its address."""
    command = [sys.executable, "-c", "from haac._cli.main import main; main()", "studio", *arguments]
    environment = {**os.environ, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    with subprocess.Popen(
        [*command, "--repo", "stickers", "--no-browser"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def opened(browser: Browser, url: str, **options: Any) -> Page:
    """The studio's page, ready."""
    page = browser.new_page(viewport=SIZE, **options)
    page.goto(url)
    page.wait_for_selector("body.ready")
    page.wait_for_timeout(1500)
    return page


def select(page: Page, name: str) -> None:
    """Select the topmost layer of this name."""
    page.get_by_role("listbox", name="Layers").get_by_role("option", name=name).first.click()


def save(page: Page, name: str) -> None:
    """Keep what is shown."""
    page.mouse.move(4, 4)
    page.wait_for_timeout(800)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.save(FOLDER / name, optimize=True)
    print(f"{FOLDER / name}: {(FOLDER / name).stat().st_size:,} bytes")


def photographs(ids: dict[str, str]) -> Scene:
    """A scene to trace: a cup of coffee among drawings."""
    scene = Scene(960, 640, background=gradient("#20334d", "#c9a27a"))
    scene.element(ids["sun"]).resize(150).brightness(1.1).place(690, 60)
    scene.element(ids["mountain"]).resize(620).saturation(0.6).place(-60, 210)
    scene.element(ids["hill"]).resize(1100).brightness(0.7).place(-60, 430)
    scene.element(ids["coffee"]).resize(380).rotate(-6).place(300, 270)
    scene.element(ids["chelsea"]).resize(210).rotate(9).place(610, 330)
    return scene


def main() -> None:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("this needs Chromium")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        ids = fill(folder / "stickers")
        (folder / "boats.haac").write_bytes(to_binary(describe(ids)))
        (folder / "coffee.haac").write_bytes(to_binary(photographs(ids)))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with studio(folder, "boats.haac") as url:
            page = opened(browser, url)
            select(page, "balloon")
            save(page, "studio.png")
        with studio(folder, "coffee.haac") as url:
            page = opened(browser, url, color_scheme="dark")
            select(page, "coffee")
            page.get_by_role("button", name="Crop", exact=True).first.click()
            page.get_by_role("tab", name="Script").click()
            save(page, "studio_dark.png")
        browser.close()


if __name__ == "__main__":
    main()
