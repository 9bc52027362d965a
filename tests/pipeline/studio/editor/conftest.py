"""A browser, a repository of six drawn elements, and the real `haac studio` over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Browser, BrowserContext, Page, expect

from haac_repo import Repository
from scripts.lib.elements import drawing, new_element
from tests.codec.web.engines import driven_chromium
from tests.pipeline.studio.editor.pages import NAMES, WAIT, Open, Studio


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT)
    with driven_chromium() as running:
        yield running


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
