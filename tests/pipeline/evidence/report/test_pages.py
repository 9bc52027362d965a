"""The page: what is on it, what is escaped, what asks the network for anything, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac import Scene, encode_wash, to_binary
from haac_evidence._cli.report import report
from haac_evidence._report import compared as measuring
from haac_evidence._report import page as page_module
from haac_evidence._report.compared import scores
from haac_evidence._report.pairs import pairs_of
from haac_repo import HaacError
from tests.pipeline.evidence.report.conftest import HOSTILE, Run


class Page(HTMLParser):
    """Elements of a page with their attributes, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_a_picture_and_its_recipe_are_compared_whichever_comes_first(run: Run, folder: Path) -> None:
    for order in (("one.png", "one.haac"), ("one.haac", "one.png")):
        done = run(*order, "-o", "r.html", "--json")
        assert done.exit_code == 0, done.output
        (row,) = json.loads(done.stdout)
        assert (row["original"], row["pair"], row["identical"]) == ("one.png", "one.haac", True)
        assert row["bytes"] == (folder / "one.haac").stat().st_size
        assert row["percent_different"] == {"16": 0, "25": 0, "51": 0}
        assert row["largest_difference"] == 0
        assert row["similar"]
    page = Page(folder / "r.html")
    assert "Similar, not the same" in page.text
    assert "Take a canvas 120 pixels wide and 90 high" in page.text
    assert "haac1:" in page.text


def test_the_page_needs_nothing_but_itself(run: Run, folder: Path) -> None:
    assert run("one.png", "one.haac", "one.decoded.jpg").exit_code == 0
    page = Page(folder / "report.html")
    links = [
        value for _, attributes in page.found for name, value in attributes.items() if name in ("src", "href")
    ]
    assert len(links) == 4 + 2, "two pictures a pair, and a link a row of the summary"
    assert all((link or "").startswith(("data:image/webp;base64,", "#pair-")) for link in links)
    assert not page.all("link")
    text = (folder / "report.html").read_text("utf-8")
    assert "@import" not in text
    assert "url(" not in text
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    (script,) = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )


def test_pictures_on_the_page_are_the_pixels_that_were_compared_without_metadata(
    run: Run, folder: Path
) -> None:
    image = Image.open("one.png")
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    image.save("two.png", exif=exif)
    assert run("two.png", "one.decoded.jpg").exit_code == 0
    first, second = (
        base64.b64decode((i["src"] or "").partition(",")[2]) for i in Page(folder / "report.html").all("img")
    )
    for data, name in ((first, "two.png"), (second, "one.decoded.jpg")):
        shown = Image.open(io.BytesIO(data))
        assert not shown.getexif()
        assert b"secret" not in data
        assert np.array_equal(np.asarray(shown.convert("RGB")), np.asarray(Image.open(name).convert("RGB")))


def test_every_picture_and_control_has_words(run: Run, folder: Path) -> None:
    assert run("one.png", "one.haac", "one.decoded.jpg").exit_code == 0
    page = Page(folder / "report.html")
    assert all("one." in (image["alt"] or "") for image in page.all("img"))
    ranges = [one for one in page.all("input") if one["type"] == "range"]
    assert len(ranges) == 2
    assert all(one["aria-label"] for one in ranges)
    assert page.all("html") == [{"lang": "en"}]
    assert [one for one in page.all("meta") if one.get("name") == "viewport"]
    sections = page.all("section")
    named = {one.get("id") for one in page.all("h2")}
    assert {one["aria-labelledby"] for one in sections} <= named


def test_what_strangers_wrote_is_text_on_the_page(run: Run, folder: Path) -> None:
    """The name of an element, of a file, and a title."""
    evil = folder / "<b onmouseover=alert(3)>.png"
    Image.open("one.png").save(evil)
    done = run(evil, "one.haac", "--title", "</title><script>alert(4)</script>\x1b\u202e", "-o", "r.html")
    assert done.exit_code == 0, done.output
    page = Page(folder / "r.html")
    assert len(page.all("script")) == 1
    assert not [
        attributes for _, attributes in page.found if any(name.startswith("on") for name in attributes)
    ]
    assert not page.all("b")
    assert HOSTILE in page.text
    assert "</title><script>alert(4)</script>\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" in page.text
    assert "alert" not in page.scripts[0]


def test_a_folder_pairs_files_of_one_name(folder: Path) -> None:
    for name in (
        "two.png",
        "two.jpg",
        "three.jpg",
        "lonely.png",
        ".hidden.png",
        "two.report.png",
        "three.x.y.webp",
    ):
        Image.open("one.png").save(name)
    found = [(pair.original.name, pair.made.name) for pair in pairs_of([folder])]
    assert found == [
        ("one.png", "one.decoded.jpg"),
        ("one.png", "one.haac"),
        ("one.png", "one.txt"),
        ("three.jpg", "three.x.y.webp"),
        ("two.png", "two.jpg"),
    ]


def test_two_folders_pair_files_of_one_name(folder: Path) -> None:
    made = folder / "made"
    made.mkdir()
    for name in ("one.webp", "other.webp"):
        Image.open("one.png").save(made / name)
    assert [(pair.original.name, pair.made.name) for pair in pairs_of([folder, made])] == [
        ("one.png", "one.webp")
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["one.png"], 1, "compared with nothing"),
        (["one.png", "haac-repo"], 1, "a folder goes with no files"),
        (["empty"], 1, "has no pair"),
        (["no.png", "one.png"], 2, "does not exist"),
        (["one.png", "bad.png"], 1, "bad.png"),
        (["one.png", "bad.haac"], 1, "bad.haac: this is no recipe"),
        (["one.png", "one.haac", "-o", "one.png"], 2, "must end in .html"),
        (["one.png", "one.haac", "-o", "gone/r.html"], 2, "there is no folder gone"),
        (["one.png", "one.haac", "-o", "mine.html"], 2, "is no page of this command"),
        (["one.png", "one.haac", "--repo", "empty"], 1, "there is no repository"),
        (["double"], 1, "could both be the original"),
    ],
)
def test_what_cannot_be_compared_is_said_once_and_nothing_is_written(
    run: Run, folder: Path, arguments: list[str], code: int, told: str
) -> None:
    (folder / "empty").mkdir()
    (folder / "double").mkdir()
    for name in ("double/a.png", "double/a.bmp"):
        Image.open("one.png").save(name)
    (folder / "bad.png").write_bytes(b"no picture")
    (folder / "bad.haac").write_bytes(b"no recipe")
    (folder / "mine.html").write_text("my own page")
    before = sorted(folder.rglob("*.*"))
    done = run(*arguments)
    assert done.exit_code == code
    said = done.output or str(done.exception)
    assert told in (said + str(done.exception))
    assert "Traceback" not in said
    assert sorted(folder.rglob("*.*")) == before
    assert (folder / "mine.html").read_text() == "my own page"


def test_one_bad_pair_does_not_stop_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.open("one.png").save("two.png")
    (folder / "two.haac").write_bytes(b"no recipe")
    assert report.main([str(folder), "--json"], standalone_mode=False) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["pair"] for row in rows if "error" in row] == ["two.haac"]
    assert len(rows) == 4
    page = Page(folder / "report.html")
    assert len(page.all("section")) == 3
    assert "two.haac could not be compared" in page.text


def test_the_worst_come_first_if_asked(run: Run, folder: Path) -> None:
    done = run(folder, "--order", "worst", "--json")
    psnr = [math.inf if row["identical"] else row["psnr"] for row in json.loads(done.stdout)]
    assert psnr == sorted(psnr)
    assert psnr[0] < 60


def test_too_large_a_page_is_not_begun(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "MOST_BYTES", 5000)
    done = run("one.png", "one.haac")
    assert isinstance(done.exception, HaacError)
    assert "a smaller --side" in str(done.exception)
    assert not (folder / "report.html").exists()
    assert not list(folder.glob(".*"))


def test_too_large_a_picture_is_refused_before_it_is_measured(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "_MOST_PIXELS", 100)
    done = run("one.png", "one.decoded.jpg")
    assert "at most 100 pixels are compared" in str(done.exception)


def test_another_size_is_resized_and_said(run: Run, folder: Path) -> None:
    Image.open("one.png").resize((60, 45)).save("small.png")
    assert run("one.png", "small.png", "--side", "64").exit_code == 0
    text = Page(folder / "report.html").text
    assert "small.png has 60x45 pixels, the original 120x90: it was resized for the comparison." in text
    assert "Shown smaller than the 120x90 pixels that were measured." in text


def test_scores_are_those_of_the_reports_of_compress() -> None:
    from haac_pipeline._internal import percent_different, quality

    rng = np.random.default_rng(1)
    a = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8))
    b = Image.fromarray(
        np.clip(np.asarray(a).astype(int) + rng.integers(-30, 31, (40, 50, 3)), 0, 255).astype(np.uint8)
    )
    found, expected = scores(a, b), quality(a, b)
    assert (found.psnr, found.ssim) == (expected.psnr, expected.ssim)
    assert found.different[1] == expected.different == percent_different(a, b)
    assert list(found.different) == sorted(found.different, reverse=True)
    assert found.largest == 30


def test_a_recipe_without_elements_needs_no_repository(run: Run, folder: Path) -> None:
    picture = Image.open("one.png").convert("RGB")
    scene = Scene(*picture.size, background=encode_wash(picture, budget=60))
    Path("wash.haac").write_bytes(to_binary(scene))
    done = run("one.png", "wash.haac", "--repo", folder / "nowhere")
    assert done.exit_code == 0, done.output
    assert re.search(r"wash\.haac: \d+ bytes", done.output)


def test_chromium_shows_the_page_slides_by_keys_and_sorts(run: Run, folder: Path, chromium: Any) -> None:
    assert run(folder).exit_code == 0
    context = chromium.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark", offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text))
    page.on(
        "request",
        lambda asked: wrong.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None,
    )
    page.goto((folder / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 27)"
    assert page.evaluate(
        "[...document.images].every((image) => image.complete && image.naturalWidth === 120)"
    )

    page.get_by_role("radio", name="Slider").check(force=True)
    slide = page.locator(".slide").first
    slide.focus()
    page.keyboard.press("ArrowRight")
    assert slide.input_value() == "51"
    assert "inset(0px 0px 0px 51%)" in page.evaluate(
        "getComputedStyle(document.querySelector('.made .frame')).clipPath"
    )

    page.get_by_role("radio", name="Difference").check(force=True)
    page.get_by_role("radio", name="16\N{MULTIPLICATION SIGN}").check(force=True)
    assert page.locator(".both").first.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.both')).filter") == "brightness(16)"
    assert not page.locator(".original img").first.is_visible()

    names = page.locator("table.summary tbody td:first-child a")
    page.get_by_role("button", name="PSNR").click()
    assert names.first.inner_text() == "one.decoded.jpg"
    page.get_by_role("button", name="PSNR").click()
    assert names.last.inner_text() == "one.decoded.jpg"
    assert page.locator("section.pair h2").last.inner_text() == "one.decoded.jpg"
    context.close()
    assert wrong == []
