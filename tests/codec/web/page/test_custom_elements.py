"""`<haac-picture>` and `<haac-blur>` in Chromium, on pages of another origin than the repository."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from haac import Layer, Scene, decode_blur, encode_blur, read_recipe, render, to_binary, to_text
from haac._render import NO_ELEMENTS
from haac_repo import Repository, Server, pixel_hash
from haac_web import FOLDER
from tests.codec.web.page.test_offline import blob, browser, stickers

__all__ = ["browser", "stickers"]

Page = Any

HASH = """async (element) => (await import("/web/haac.js")).hashPixels(element.picture)"""
"""JavaScript: the hash of what an element shows."""


class Site:
    """A site of its own: pages by name, and the modules below /web/."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *arguments: Any) -> None:
                pass

            def do_GET(self) -> None:
                kind, body = site.file(self.path)
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def file(self, path: str) -> tuple[str, bytes]:
        if path.startswith("/web/") and path.endswith(".js"):
            return "text/javascript", (FOLDER / path.removeprefix("/web/")).read_bytes()
        return self.files.get(path, ("", b""))

    def page(self, body: str) -> str:
        text = f'<!doctype html><meta charset="utf-8"><script type="module" src="/web/custom_elements.js"></script>{body}'
        self.files["/page"] = ("text/html", text.encode())
        return f"{self.url}/page"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    context = browser.new_context(device_scale_factor=2)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.add_init_script(
        """window.told = [];
        for (const kind of ["load", "error"]) document.addEventListener(kind, (event) => {
          if (event.target.localName?.startsWith("haac-")) window.told.push(`${kind} ${event.message ?? ""}`.trim());
        }, true);"""
    )
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def server(stickers: Path) -> Iterator[Server]:
    with Server(stickers) as made:
        yield made


def scene(**changed: Any) -> Scene:
    return Scene(
        **{
            "width": 200,
            "height": 100,
            "layers": (Layer(element=3, x=10, y=5), Layer(element=9, x=90, y=0)),
            **changed,
        }
    )


def drawn(page: Page, selector: str = "haac-picture") -> str:
    """The hash of what an element shows, once it does."""
    page.wait_for_function("(selector) => document.querySelector(selector)?.picture", arg=selector)
    return str(page.locator(selector).evaluate(HASH))


def expected(stickers: Path, wanted: Scene) -> str:
    with Repository.open(stickers) as repository:
        return pixel_hash(render(wanted, repository))


def test_a_file_of_another_origins_repository(page: Page, site: Site, server: Server, stickers: Path) -> None:
    site.files["/picture.haac"] = ("application/octet-stream", to_binary(scene()))
    page.goto(site.page(f'<haac-picture src="picture.haac" repository="{server.url}"></haac-picture>'))
    assert drawn(page) == expected(stickers, scene())
    assert page.evaluate("told") == ["load"]
    image = page.get_by_role("img")
    assert "blob 2 (3)" in image.get_attribute("aria-label")
    # Pixels are the recipe's, though the screen has two to each.
    assert page.evaluate(
        "[document.querySelector('haac-picture').offsetWidth, document.querySelector('haac-picture').offsetHeight]"
    ) == [200, 100]
    assert page.locator("haac-picture canvas").evaluate("(canvas) => [canvas.width, canvas.height]") == [
        200,
        100,
    ]


def test_sizes_are_those_of_an_image(page: Page, site: Site, server: Server) -> None:
    text = to_text(scene())
    styles = ["width: 100px", "width: 100px; height: 100px", "width: 50%", ""]
    body = "".join(
        f'<haac-picture style="{style}" recipe="{text}" repository="{server.url}"></haac-picture>'
        for style in styles
    )
    page.goto(site.page(f'<div style="width: 120px">{body}</div>'))
    page.wait_for_function("told.length === 4")
    sizes = page.locator("haac-picture").evaluate_all(
        "(all) => all.map((each) => [each.offsetWidth, each.offsetHeight])"
    )
    assert sizes == [[100, 50], [100, 100], [60, 30], [120, 60]]


def test_alternative_texts(page: Page, site: Site, server: Server) -> None:
    plain, like = scene(), scene(similar=True)
    body = "".join(
        f'<haac-picture {alt} recipe="{to_text(each)}" repository="{server.url}"></haac-picture>'
        for each, alt in (
            (plain, 'alt="Two blobs"'),
            (plain, 'alt=""'),
            (like, 'alt="Two blobs"'),
            (like, ""),
            (like, 'alt=""'),
        )
    )
    page.goto(site.page(body))
    page.wait_for_function("told.length === 5")
    labels = page.locator("haac-picture canvas").evaluate_all(
        "(all) => all.map((each) => each.getAttribute('aria-label'))"
    )
    assert labels[:3] == ["Two blobs", None, "Two blobs (similar, not the same)"]
    assert labels[3].startswith("A photograph of")
    assert labels[3].endswith("imilar, not the same.")
    assert labels[4] == "(similar, not the same)"
    roles = page.locator("haac-picture canvas").evaluate_all(
        "(all) => all.map((each) => each.getAttribute('role'))"
    )
    assert roles == ["img", "presentation", "img", "img", "img"]


def test_only_what_is_nearly_seen_is_drawn(page: Page, site: Site, server: Server) -> None:
    text = to_text(scene())
    element = f'<haac-picture {{}} recipe="{text}" repository="{server.url}"></haac-picture>'
    page.goto(
        site.page(f'{element.format("id=near")}<div style="height: 9000px"></div>{element.format("id=far")}')
    )
    drawn(page, "#near")
    assert page.evaluate("document.getElementById('far').picture") is None
    assert page.evaluate("document.getElementById('far').offsetHeight") == 100  # its place is kept
    page.evaluate("document.getElementById('far').scrollIntoView()")
    assert drawn(page, "#far") == drawn(page, "#near")
    page.goto(site.page(f'<div style="height: 9000px"></div>{element.format("id=far loading=eager")}'))
    drawn(page, "#far")


def test_a_recipe_that_is_changed_is_drawn_anew(
    page: Page, site: Site, server: Server, stickers: Path
) -> None:
    page.goto(
        site.page(f'<haac-picture recipe="{to_text(scene())}" repository="{server.url}"></haac-picture>')
    )
    drawn(page)
    other = scene(width=90)
    page.locator("haac-picture").evaluate(
        "(element, text) => element.setAttribute('recipe', text)", to_text(other)
    )
    assert drawn(page) == expected(stickers, other)
    assert page.evaluate("told") == ["load", "load"]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ('recipe="haac1:no"', "WIDTHxHEIGHT"),
        ('recipe="haac1:8x8;1"', "attribute `repository`"),
        ('src="nowhere.haac"', "HTTP 404"),
        ('src="http://127.0.0.1:1/x.haac"', "cannot be fetched"),
        ('recipe="haac1:8x8;zzz" repository="URL"', "element zzz is not in the repository"),
        ('recipe="haac1:8x8~0000;1" repository="URL"', "made for a repository with the fingerprint 0000"),
        ('recipe="haac1:8x8;1" repository="http://127.0.0.1:1/"', "cannot be reached"),
        (
            'recipe="haac1:8x8;1" repository="URL" repository-id="00000000000000000000000000000000"',
            "accepts 0{32} only",
        ),
    ],
)
def test_what_goes_wrong_is_said(page: Page, site: Site, server: Server, attributes: str, words: str) -> None:
    page.goto(site.page(f"<haac-picture {attributes.replace('URL', server.url)}></haac-picture>"))
    page.wait_for_function("told.length", timeout=30_000)
    (told,) = page.evaluate("told")
    assert told.startswith("error ")
    said = page.locator("haac-picture p").inner_text()
    assert re.search(words, said)
    assert told == f"error {said}"
    assert not page.locator("haac-picture canvas").is_visible()


def test_an_endless_recipe_is_given_up(page: Page, site: Site) -> None:
    site.files["/long.haac"] = ("text/plain", b"haac1:8x8;" + b" " * 2**21)
    page.goto(site.page('<haac-picture src="long.haac"></haac-picture>'))
    page.wait_for_function("told.length")
    assert "which no recipe has" in page.evaluate("told")[0]


def test_a_picture_that_needs_no_repository(page: Page, site: Site) -> None:
    plain = read_recipe(b"haac1:20x10:gff0000,0000ff80,168")
    page.goto(site.page(f'<haac-picture recipe="{to_text(plain)}"></haac-picture>'))
    assert drawn(page) == pixel_hash(render(plain, NO_ELEMENTS))


def test_a_blur_stands_in_until_the_picture_has_come(page: Page, site: Site, tmp_path: Path) -> None:
    image = blob(5)
    text = encode_blur(image)
    image.save(tmp_path / "picture.png")
    page.goto(
        site.page(
            f'<haac-blur value="{text}"><img src="late.png" width="{image.width}" height="{image.height}" alt=""></haac-blur>'
        )
    )
    canvas = page.locator("haac-blur canvas")
    canvas.wait_for()
    box = "(element) => { const { x, y, width, height } = element.getBoundingClientRect(); return [x, y, width, height]; }"
    assert canvas.evaluate(box) == page.locator("haac-blur img").evaluate(box)
    pixels = canvas.evaluate(
        "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
    )
    wanted = decode_blur(text, 64)
    shown = Image.frombytes("RGBA", wanted.size, bytes(pixels))
    assert (
        max(
            abs(a - b)
            for a, b in zip(shown.getchannel("A").tobytes(), wanted.getchannel("A").tobytes(), strict=True)
        )
        == 0
    )
    site.files["/picture.png"] = ("image/png", (tmp_path / "picture.png").read_bytes())
    page.locator("haac-blur img").evaluate("(image) => { image.src = 'picture.png'; }")
    canvas.wait_for(state="hidden")


def test_a_damaged_blur_leaves_the_picture_alone(page: Page, site: Site) -> None:
    page.goto(site.page('<haac-blur value="!"><p>inside</p></haac-blur>'))
    page.wait_for_function("told.length")
    assert page.evaluate("told")[0].startswith("error ")
    assert page.get_by_text("inside").is_visible()


def test_a_strict_policy_is_kept(page: Page, site: Site, server: Server, stickers: Path) -> None:
    url = site.page(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'self'; worker-src 'self';"
        f' connect-src \'self\' {server.url}"><haac-picture recipe="{to_text(scene())}" repository="{server.url}"></haac-picture>'
    )
    broken: list[str] = []
    page.on("console", lambda told: broken.append(told.text))
    page.goto(url)
    assert drawn(page) == expected(stickers, scene())
    assert [text for text in broken if "Content Security Policy" in text] == []
