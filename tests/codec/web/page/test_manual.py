"""The examples of docs/web.md, in Chromium and Node: they do what the page says."""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from haac import encode_blur, read_recipe, render, to_binary
from haac_repo import Repository, Server, pixel_hash
from haac_web import FOLDER
from tests.codec.web.engines import ROOT, node
from tests.codec.web.page.test_custom_elements import Site, drawn, page, scene, site
from tests.codec.web.page.test_offline import browser, stickers

__all__ = ["browser", "page", "site", "stickers"]

MANUAL = (ROOT / "docs" / "web.md").read_text("utf-8")
Page = Any


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", MANUAL, re.MULTILINE | re.DOTALL)


class Hosted(Site):
    """A site that has a published repository at its root."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._public = folder / "public"

    def file(self, path: str) -> tuple[str, bytes]:
        name = path.lstrip("/")
        if name == "service_worker.js":
            return "text/javascript", (FOLDER / name).read_bytes()
        if name == "web/page/page.css":
            return "text/css", (FOLDER / "page" / "page.css").read_bytes()
        if re.fullmatch(r"head|(log|packs)/[\w.]+", name):
            return "application/octet-stream", (self._public / name).read_bytes()
        return super().file(path)


@pytest.fixture
def hosted(stickers: Path) -> Iterator[Hosted]:
    made = Hosted(stickers)
    yield made
    made.close()


def example_recipe(stickers: Path) -> str:
    """The hash of the recipe that the examples draw."""
    (text,) = {re.search(r'"(haac1:[^"]+)"', each)[1] for each in examples("js") if "haac1:" in each}  # type: ignore[index]
    with Repository.open(stickers) as repository:
        return pixel_hash(render(read_recipe(text.encode()), repository))


def test_the_page_with_a_picture(page: Page, hosted: Hosted, stickers: Path) -> None:
    hosted.files["/example"] = ("text/html", examples("html")[0].encode())
    hosted.files["/picture.haac"] = ("application/octet-stream", to_binary(scene()))
    page.goto(f"{hosted.url}/example")
    with Repository.open(stickers) as repository:
        assert drawn(page) == pixel_hash(render(scene(), repository))
    assert page.get_by_role("img", name="A cat on a red sofa").is_visible()


def test_the_button_that_keeps_everything(page: Page, hosted: Hosted) -> None:
    hosted.files["/"] = ("text/html", examples("html")[1].encode())
    page.goto(hosted.url)
    page.get_by_role("button").click()
    page.get_by_text("60 elements are kept here").wait_for()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    hosted.close()
    page.reload()
    assert page.get_by_role("button", name="Keep for offline use").is_visible()


def test_the_scripts(page: Page, hosted: Hosted, stickers: Path) -> None:
    scripts = examples("js")[:2]
    hosted.files["/script"] = (
        "text/html",
        f'<!doctype html><body><script type="module">{scripts[0]}</script>'.encode(),
    )
    with page.expect_console_message(lambda told: told.text.startswith("64 64 ")) as told:
        page.goto(f"{hosted.url}/script")
    assert told.value.text == f"64 64 {example_recipe(stickers)}"
    hosted.files["/script"] = (
        "text/html",
        f'<!doctype html><body><script type="module">{scripts[1]}</script>'.encode(),
    )
    page.goto(f"{hosted.url}/script")
    page.locator("canvas").wait_for()
    data = bytes(
        page.locator("canvas").evaluate(
            "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 64, 64).data]"
        )
    )
    # The recipe covers its canvas, so that nothing is lost where a browser multiplies with alpha.
    assert hashlib.sha256(struct.pack(">II", 64, 64) + data).hexdigest() == example_recipe(stickers)


def test_the_blur(page: Page, hosted: Hosted, tmp_path: Path) -> None:
    image = Image.new("RGB", (80, 60), "teal")
    image.save(tmp_path / "photo.jpg")
    (example,) = (each for each in examples("html") if "<haac-blur" in each)
    hosted.files["/blur"] = ("text/html", example.replace("BLUR", encode_blur(image)).encode())
    page.goto(f"{hosted.url}/blur")
    page.wait_for_function(
        "document.querySelector('haac-blur').shadowRoot?.querySelector('canvas').width === 64"
    )
    assert page.evaluate("told") == []


def test_in_node(stickers: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "haac").symlink_to(FOLDER)
    (tmp_path / "example.mjs").write_text(examples("js")[2])
    (tmp_path / "picture.haac").write_bytes(to_binary(scene()))
    with Repository.open(stickers) as repository:
        wanted = pixel_hash(render(scene(), repository))
    with Server(stickers) as server:
        url = server.url
        for _ in range(2):  # then without its server
            done = subprocess.run(
                [node(), "example.mjs", url],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert (done.stdout, done.returncode) == (f"200x100 {wanted}\n", 0), done.stderr
            server.close()
    assert len((tmp_path / "picture.rgba").read_bytes()) == 200 * 100 * 4
