"""The page of `haac serve` in Chromium: what it shows, and that all of it goes on when the server is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac import Layer, Scene, render, to_binary, to_text
from haac_repo import Repository, Server, pixel_hash, publish
from haac_repo._serve.page import page_files
from tests.codec.web.engines import driven_chromium
from tests.repo.elements import element_from

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if not page_files():
    pytest.skip("the web decoder is not installed (sh scripts/test --setup)", allow_module_level=True)

Page = Any
MARKUP = "<img src=x onerror=alert()>"
"""The name of an element."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with driven_chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def stickers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 elements of several sizes, published."""
    folder = tmp_path_factory.mktemp("offline") / "stickers"
    with Repository.create(folder) as repository:
        with repository.writer() as writer:
            for seed in range(60):
                name = MARKUP if seed == 58 else f"blob {seed}"
                writer.add(element_from(blob(seed), name=name, tags=("blob",)))
        publish(repository)
    return folder


def blob(seed: int) -> Image.Image:
    """A soft round spot with some texture."""
    rng = np.random.default_rng(seed)
    side = int(rng.integers(40, 200))
    y, x = np.mgrid[:side, : side + 20] / side - 0.5
    inside = np.clip(1.2 - 2.4 * np.hypot(x, y), 0, 1)
    colour = rng.integers(30, 225, 3) + 20 * np.sin(12 * x + seed)[..., None]
    pixels = np.dstack([np.broadcast_to(colour, (*x.shape, 3)), 255 * inside]).clip(0, 255).astype(np.uint8)
    pixels[pixels[..., 3] == 0] = 0
    return Image.fromarray(pixels, "RGBA")


@pytest.fixture
def scene(stickers: Path) -> Scene:
    with Repository.open(stickers) as repository:
        return Scene(
            width=320,
            height=240,
            fingerprint=repository.fingerprint,
            background=None,
            layers=[
                Layer(element=7, x=80, y=40),
                Layer(element=23, width=90, height=120, rotation=60, x=150, y=50, opacity=70),
                Layer(element=41, flip="h", blur=12, x=75, y=105),
            ],
        )


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    """A page of a browser that knows nothing; what goes wrong on it goes wrong here."""
    context = browser.new_context()
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None
    )
    yield opened
    context.close()
    assert wrong == []


def shown(page: Page, text: str) -> dict[str, str]:
    """What the page says of a recipe, once it is drawn."""
    page.get_by_label("Recipe, as text").fill(text)
    page.get_by_role("button", name="Draw", exact=True).click()
    return facts(page)


def facts(page: Page) -> dict[str, str]:
    page.locator("#frame haac-picture[data-drawn]").wait_for(timeout=30_000)
    names, values = (page.locator(f"#facts {kind}").all_inner_texts() for kind in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def expected(stickers: Path, scene: Scene) -> str:
    with Repository.open(stickers) as repository:
        return pixel_hash(render(scene, repository))


def test_a_picture_is_drawn_when_the_server_is_gone(page: Page, stickers: Path, scene: Scene) -> None:
    text = to_text(scene)
    with Server(stickers, page=True) as server:
        page.goto(server.url)
        page.get_by_role("button", name="Keep for offline use").click()
        page.locator("#kept[data-all=true]").wait_for(timeout=60_000)
        assert "and this page" in page.locator("#kept").inner_text()
        url = server.url
    page.goto("about:blank")
    page.goto(url)
    told = shown(page, text)
    assert told["SHA-256 of the pixels"] == expected(stickers, scene)
    assert "cannot be reached" in page.locator("#summary").inner_text()
    assert page.locator("#newest li").count() == 24


def test_what_the_page_says_of_a_recipe(page: Page, stickers: Path, scene: Scene) -> None:
    with Server(stickers, page=True) as server:
        page.goto(server.url)
        told = shown(page, to_text(scene))
        assert told["SHA-256 of the pixels"] == expected(stickers, scene)
        assert told["Picture"] == "320 \u00d7 240 pixels"
        assert told["Recipe"] == f"{len(to_binary(scene))} bytes; as text {len(to_text(scene))} characters"
        assert "blob 22" in told["Shows"]
        assert page.locator("#frame canvas").get_attribute("aria-label")
        with Repository.open(stickers) as repository:
            assert repository.id in page.locator("#summary").inner_text()
        assert page.locator("#summary").inner_text().startswith("60 elements")
        # The address has the recipe, and draws it.
        address = page.url
        page.goto("about:blank")
        page.goto(address)
        assert facts(page)["SHA-256 of the pixels"] == expected(stickers, scene)


def test_a_file_that_is_opened(page: Page, stickers: Path, scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "picture.haac").write_bytes(to_binary(scene))
    with Server(stickers, page=True) as server:
        page.goto(server.url)
        page.get_by_label("Open a recipe file").set_input_files(str(tmp_path / "picture.haac"))
        assert facts(page)["SHA-256 of the pixels"] == expected(stickers, scene)
        assert page.get_by_label("Recipe, as text").input_value() == to_text(scene)


def test_a_tile_draws_its_element(page: Page, stickers: Path) -> None:
    with Server(stickers, page=True) as server:
        page.goto(server.url)
        page.get_by_role("button", name="blob 59").focus()
        page.keyboard.press("Enter")
        told = facts(page)
        width, height = blob(59).size
        alone = Scene(width=width, height=height, layers=[Layer(element=60)])
        assert told["SHA-256 of the pixels"] == expected(stickers, alone)


def test_more_elements_are_shown(page: Page, stickers: Path) -> None:
    with Server(stickers, page=True) as server:
        page.goto(server.url)
        for count in (48, 60):
            page.get_by_role("button", name="Show more").click()
            assert page.locator("#newest li").count() == count
        assert not page.get_by_role("button", name="Show more").is_visible()
        assert page.locator("#newest code").all_inner_texts()[::59] == ["1w", "1"]


def test_markup_in_a_name_is_text(page: Page, stickers: Path) -> None:
    with Server(stickers, page=True) as server:
        page.goto(server.url)
        page.get_by_role("button", name=MARKUP).click()
        assert MARKUP in facts(page)["Shows"]
        assert page.locator("img").count() == 0


def test_what_is_no_recipe_is_said(page: Page, stickers: Path) -> None:
    with Server(stickers, page=True) as server:
        page.goto(server.url)
        page.get_by_label("Recipe, as text").fill("haac1:12")
        page.keyboard.press("Control+Enter")
        page.locator("#facts .wrong").wait_for()
        assert "WIDTHxHEIGHT" in page.locator("#facts .wrong").inner_text()
        page.get_by_label("Recipe, as text").fill("haac1:a0xa0;zzz")
        page.get_by_role("button", name="Draw", exact=True).click()
        said = page.locator("#frame haac-picture p")
        said.wait_for()
        assert "is not in the repository" in said.inner_text()


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window(browser: Any, stickers: Path, width: int, scheme: str) -> None:
    with Server(stickers, page=True) as server:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        opened = context.new_page()
        opened.goto(server.url)
        opened.locator("#newest li").first.wait_for()
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(20, 23, 26)") == (scheme == "dark")
        context.close()
