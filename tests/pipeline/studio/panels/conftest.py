"""The real `haac studio` and a page of it in headless Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("cv2", reason="finding elements needs OpenCV")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Browser, Page, expect

from haac_repo import Repository
from scripts.lib.elements import drawing, new_element
from tests.codec.web.engines import driven_chromium
from tests.pipeline.studio.panels.pages import NAMES, WAIT, Running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT)
    with driven_chromium() as running:
        yield running


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn elements under the ids 1, 2, 3, ..."""
    path = tmp_path_factory.mktemp("studio") / "haac-repo"
    with Repository.create(path) as made, made.writer() as writer:
        for n, name in enumerate(NAMES, 1):
            new = new_element(drawing(n), name, ("drawn", "even" if n % 2 == 0 else "odd"))
            writer.add(replace(new, colour=0xD83A30 if name == "harp" else 0x2F70D0))
    return path


@pytest.fixture
def studio(repository: Path, tmp_path: Path) -> Iterator[Running]:
    """A studio over a copy of the repository, in a folder of its own."""
    own = tmp_path / "haac-repo"
    shutil.copytree(repository, own)
    folder = tmp_path / "work"
    folder.mkdir()
    command = "from haac._cli.main import main; main()"
    arguments = ["studio", "--repo", str(own), "--no-browser"]
    state = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    environment = {**os.environ, "U2NET_HOME": str(tmp_path / "no-weights"), **state}
    with subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield Running(process.stdout.readline().strip(), folder, own)
        finally:
            process.terminate()


@pytest.fixture
def page(browser: Browser, studio: Running) -> Iterator[Page]:
    """The studio's page; a fault of a script in it fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(WAIT)
    shown = context.new_page()
    faults: list[str] = []
    shown.on("pageerror", lambda error: faults.append(str(error)))
    shown.goto(studio.url)
    expect(shown.locator("#element-count")).to_have_text(f"{len(NAMES)} elements")
    yield shown
    context.close()
    assert faults == []
