"""The studio's panels in a browser, with the real `haac studio`: elements, tracing, files, ingest, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("cv2", reason="finding elements needs OpenCV")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Browser, Page, expect, sync_playwright

from haac import Colour, Layer, Scene, read_recipe, render, to_binary, to_script, to_text
from haac_repo import Repository
from scripts.lib.elements import drawing, new_element

NAMES = ("apple", "boat", "cloud", "drum", "egg", "fern", "goat", "harp", "iris", "jug", "kite", "lamp")
WAIT = 120_000
"""Milliseconds; what takes longer hangs."""


@dataclass(frozen=True)
class Running:
    """A studio that serves."""

    url: str
    """With its token."""
    folder: Path
    """Where it was started."""
    repository: Path

    @property
    def origin(self) -> str:
        return self.url.split("/?")[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed")
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn elements under the ids 1, 2, 3, ..."""
    path = tmp_path_factory.mktemp("studio") / "haac-repo"
    with Repository.create(path) as made, made.writer() as writer:
        for n, name in enumerate(NAMES, 1):
            writer.add(new_element(drawing(n), name, ("drawn", "even" if n % 2 == 0 else "odd")))
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


def scene_of(page: Page) -> dict[str, Any]:
    """The document's scene, as a recipe has it."""
    found: dict[str, Any] = page.evaluate("haacStudio.document.recipe")
    return found


def known_scene(repository: Path) -> tuple[Scene, Image.Image]:
    """A scene of three known elements, and its picture."""
    layers = (Layer(1, x=12, y=20), Layer(2, x=150, y=30), Layer(3, x=70, y=130))
    with Repository.open(repository) as opened:
        scene = Scene(320, 240, Colour(0xCDE8F7FF), layers)
        return scene, render(scene, opened)


def paste(page: Page, text: str) -> None:
    """Paste a text into the page, outside of any field."""
    page.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        text,
    )


def choose(page: Page, button: str, path: Path) -> None:
    """Press a button that asks for a file, and give it one."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button, exact=True).click()
    chooser.value.set_files(path)


def test_an_element_is_found_and_added_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("goat")
    expect(page.locator("#element-count")).to_have_text("1 element found")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert [layer["element"] for layer in scene_of(page)["layers"]] == ["7"]
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox", name="Search elements")).to_be_focused()


def test_arrow_keys_move_through_the_grid_which_says_where_they_are(page: Page) -> None:
    grid = page.get_by_role("grid", name="Elements found")
    page.get_by_role("searchbox", name="Search elements").press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    columns = int(grid.get_attribute("aria-colcount") or 0)
    active = grid.get_attribute("aria-activedescendant")
    assert active is not None
    expect(page.locator(f"#{active}")).to_have_text(NAMES[columns + 1])
    expect(page.get_by_role("region", name="Details of the element")).to_contain_text(NAMES[columns + 1])


def test_typing_in_the_grid_goes_on_with_the_search(page: Page) -> None:
    page.get_by_role("searchbox", name="Search elements").press("ArrowDown")
    page.keyboard.type("egg")
    expect(page.get_by_role("searchbox", name="Search elements")).to_have_value("egg")
    expect(page.locator("#element-count")).to_have_text("1 element found")


def test_a_tag_narrows_the_search_until_its_chip_is_closed(page: Page) -> None:
    page.get_by_role("searchbox", name="Search elements").press("ArrowDown")
    page.get_by_role("group", name="Tags").get_by_role("button", name="odd").click()
    expect(page.locator("#element-count")).to_have_text("6 elements found")
    page.get_by_role("button", name="Search no longer by tag: odd").click()
    expect(page.locator("#element-count")).to_have_text("12 elements")


def test_dragging_a_thumbnail_puts_the_element_where_it_is_dropped(page: Page) -> None:
    stage = page.locator("#stage").bounding_box()
    cell = page.get_by_role("gridcell", name="drum").bounding_box()
    assert stage is not None
    assert cell is not None
    page.mouse.move(cell["x"] + 20, cell["y"] + 20)
    page.mouse.down()
    page.mouse.move(stage["x"] + 40, stage["y"] + 200, steps=4)
    expect(page.locator(".drag-ghost")).to_be_visible()
    page.mouse.move(stage["x"] + stage["width"] / 2 - 90, stage["y"] + stage["height"] / 2 - 60, steps=4)
    page.mouse.up()
    expect(page.locator(".drag-ghost")).to_have_count(0)
    (layer,) = scene_of(page)["layers"]
    assert layer["element"] == "4"
    scene = scene_of(page)
    assert layer["x"] < scene["width"] / 2 - 40
    assert layer["y"] < scene["height"] / 2 - 20


def test_a_picture_is_traced_to_the_recipe_that_made_it(page: Page, studio: Running, tmp_path: Path) -> None:
    scene, picture = known_scene(studio.repository)
    picture.save(tmp_path / "picture.png")
    page.get_by_role("tab", name="Trace").click()
    choose(page, "Choose a picture", tmp_path / "picture.png")
    expect(page.locator(".reference-facts")).to_contain_text(re.compile("320 . 240"))
    page.get_by_role("button", name="Find elements", exact=True).click()
    expect(page.locator(".tracing .progress-message")).to_contain_text("3 layers found")
    found = scene_of(page)
    assert sorted((layer["element"], layer["x"], layer["y"]) for layer in found["layers"]) == sorted(
        (str(layer.element), layer.x, layer.y) for layer in scene.layers
    )
    page.evaluate("haacStudio.document.undo()")
    assert scene_of(page)["layers"] == []


def test_what_is_traced_is_compared_with_the_canvas_while_it_is_edited(
    page: Page, studio: Running, tmp_path: Path
) -> None:
    scene, picture = known_scene(studio.repository)
    picture.save(tmp_path / "picture.png")
    page.get_by_role("tab", name="Trace").click()
    choose(page, "Choose a picture", tmp_path / "picture.png")
    psnr, share = page.locator(".psnr b"), page.locator(".boundary output").first
    expect(psnr).to_have_text(re.compile(r"^\d+\.\d$"))
    paste(page, to_text(scene))
    expect(psnr).to_have_text("∞")
    expect(share).to_have_text("0.00 %")
    page.get_by_role("radio", name="Difference").check()
    expect(page.locator(".difference-map")).to_be_visible()
    page.evaluate(
        """() => {
          const { document: doc } = haacStudio;
          doc.change("Move", [doc.scene.layers[0].key], (layer) => ({ x: layer.x + 30 }));
        }"""
    )
    expect(psnr).to_have_text(re.compile(r"^\d+\.\d$"))
    expect(share).not_to_have_text("0.00 %")


def test_a_recipe_is_saved_opened_and_the_same(page: Page, studio: Running) -> None:
    scene, _ = known_scene(studio.repository)
    (studio.folder / "before.txt").write_text(to_text(scene), encoding="utf-8")
    choose(page, "Open", studio.folder / "before.txt")
    expect(page.locator("#document-name")).to_have_text("before.txt")
    page.evaluate("haacStudio.document.apply('Wider', (scene) => ({ ...scene, width: 400 }))")
    expect(page.locator("#document-name")).to_contain_text("not saved")
    page.keyboard.press("Control+Shift+S")
    page.get_by_label("Name").fill("after")
    page.get_by_label("Binary (.haac)").check()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#document-name")).to_have_text("after.haac")
    saved = read_recipe((studio.folder / "after.haac").read_bytes())
    assert saved.width == 400
    assert list(saved.layers) == list(scene.layers)
    choose(page, "Open", studio.folder / "after.haac")
    expect(page.locator("#document-name")).to_have_text("after.haac")
    assert scene_of(page)["width"] == 400


def test_a_name_that_is_taken_is_overwritten_only_when_it_is_said_twice(page: Page, studio: Running) -> None:
    (studio.folder / "mine.txt").write_text("not a recipe", encoding="utf-8")
    page.keyboard.press("Control+S")
    page.get_by_label("Name").fill("mine")
    page.get_by_label("Text (.txt)").check()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("mine.txt is there already")
    assert (studio.folder / "mine.txt").read_text(encoding="utf-8") == "not a recipe"
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert (studio.folder / "mine.txt").read_text(encoding="utf-8").startswith("haac1:")


def test_a_script_with_code_in_it_is_refused_and_not_run(page: Page, studio: Running, tmp_path: Path) -> None:
    scene, _ = known_scene(studio.repository)
    mark = tmp_path / "mark"
    script = f"open({str(mark)!r}, 'w').close()\n{to_script(scene)}"
    (tmp_path / "code.py").write_text(script, encoding="utf-8")
    choose(page, "Open", tmp_path / "code.py")
    dialog = page.get_by_role("dialog", name="code.py could not be opened")
    expect(dialog).to_contain_text("haac studio code.py")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert scene_of(page)["layers"] == []
    assert not mark.exists()


def test_a_pasted_recipe_is_one_undo_step(page: Page, studio: Running) -> None:
    scene, _ = known_scene(studio.repository)
    paste(page, to_text(scene))
    expect(page.locator(".bit-bars button")).to_have_count(3)
    page.evaluate("haacStudio.document.undo()")
    assert scene_of(page)["layers"] == []


def test_a_download_has_the_pixels_that_python_renders(page: Page, studio: Running, tmp_path: Path) -> None:
    scene, picture = known_scene(studio.repository)
    (tmp_path / "known.haac").write_bytes(to_binary(scene))
    choose(page, "Open", tmp_path / "known.haac")
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "known.png")
    assert download.value.suggested_filename == "known.png"
    with Image.open(tmp_path / "known.png") as made:
        assert np.array_equal(np.asarray(made.convert("RGBA")), np.asarray(picture.convert("RGBA")))


def photograph(path: Path) -> Path:
    """An orange disc at the left and a smaller blue one at the right, on grainy grey."""
    rng = np.random.default_rng(8)
    y, x = np.mgrid[0:200, 0:320]
    rgb = np.full((200, 320, 3), 150)
    rgb[np.hypot(x - 90, y - 100) < 50] = (230, 120, 20)
    rgb[np.hypot(x - 245, y - 95) < 36] = (20, 40, 190)
    rgb = rgb + rng.integers(-5, 6, rgb.shape)
    Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)).save(path)
    return path


def test_accepted_cut_outs_become_elements_that_are_in_the_grid_at_once(
    page: Page, studio: Running, tmp_path: Path
) -> None:
    choose(page, "Elements from a picture", photograph(tmp_path / "two_discs.png"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem").first).to_be_visible(timeout=WAIT)
    cards = dialog.locator(".review-card")
    for n in range(cards.count()):
        cards.nth(n).get_by_role("checkbox").set_checked(n == 0)
    dialog.get_by_label("Name").fill("round disc")
    dialog.get_by_label("Tags").fill("round, flat")
    dialog.get_by_label("Licence").fill("CC0-1.0")
    dialog.get_by_role("button", name="Store elements").click()
    expect(page.locator("#element-count")).to_have_text(f"{len(NAMES) + 1} elements")
    page.keyboard.press("/")
    page.keyboard.type("round disc")
    expect(page.locator("#element-count")).to_have_text("1 element found")
    with Repository.open(studio.repository) as opened:
        (found,) = opened.search("round disc")
        assert set(found.tags) >= {"round", "flat"}
        assert found.provenance.licence == "CC0-1.0"


def test_discarded_cut_outs_are_nowhere(page: Page, studio: Running, tmp_path: Path) -> None:
    choose(page, "Elements from a picture", photograph(tmp_path / "two_discs.png"))
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".review-card").first).to_be_visible(timeout=WAIT)
    dialog.get_by_role("button", name="Discard all").click()
    expect(dialog).to_have_count(0)
    with Repository.open(studio.repository) as opened:
        assert len(list(opened.elements())) == len(NAMES)


def test_the_wrong_token_opens_nothing(browser: Browser, studio: Running) -> None:
    context = browser.new_context()
    stranger = context.new_page()
    for url in (f"{studio.origin}/?token=wrong", f"{studio.origin}/", f"{studio.origin}/api/state"):
        answer = stranger.goto(url)
        assert answer is not None
        assert answer.status == 403
    context.close()


def test_a_foreign_page_can_neither_read_nor_write(page: Page, studio: Running) -> None:
    """The browser has the cookie; a page of another origin still gets nothing, and nothing is saved."""
    foreign = page.context.new_page()
    foreign.route(
        "http://foreign.test/", lambda route: route.fulfill(body="<p>Hello", content_type="text/html")
    )
    foreign.goto("http://foreign.test/")
    tries = foreign.evaluate(
        """async origin => {
          const body = JSON.stringify({ scene: { width: 8, height: 8, fingerprint: null, similar: false,
            background: null, layers: [] }, name: "foreign.haac", overwrite: true });
          const headers = { "X-Haac-Studio": "1" };
          const ways = [
            () => fetch(origin + "/api/state", { credentials: "include" }),
            () => fetch(origin + "/api/save", { method: "POST", credentials: "include", headers, body }),
            () => fetch(origin + "/api/save", { method: "POST", credentials: "include", mode: "no-cors", body }),
          ];
          const seen = [];
          for (const way of ways) seen.push(await way().then((answer) => answer.status, () => "refused"));
          return seen;
        }""",
        studio.origin,
    )
    assert set(tries) <= {"refused", 0}  # 0: an answer that the page may not look into
    assert list(studio.folder.iterdir()) == []
    request = urllib.request.Request(f"{studio.origin}/api/state", headers={"Origin": "http://foreign.test"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as answer:
        assert answer.status == 403
        assert "error" in json.loads(answer.read())
