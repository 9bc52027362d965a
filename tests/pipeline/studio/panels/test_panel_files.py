"""Files: saving, opening, pasting, downloading, and scripts that are not run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from haac import read_recipe, to_binary, to_script, to_text
from tests.pipeline.studio.editor.pages import choose
from tests.pipeline.studio.panels.pages import Running, known_scene, paste, scene_of


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


def test_a_picture_that_is_opened_is_traced(page: Page, studio: Running, tmp_path: Path) -> None:
    _, picture = known_scene(studio.repository)
    picture.save(tmp_path / "holiday.png")
    choose(page, "Open", tmp_path / "holiday.png")
    expect(page.locator(".reference-facts")).to_contain_text("holiday.png")
    assert [scene_of(page)[side] for side in ("width", "height")] == [320, 240]


def test_a_file_that_was_changed_meanwhile_is_overwritten_only_when_it_is_said_twice(
    page: Page, studio: Running
) -> None:
    scene, _ = known_scene(studio.repository)
    (studio.folder / "known.txt").write_text(to_text(scene), encoding="utf-8")
    choose(page, "Open", studio.folder / "known.txt")
    expect(page.locator("#document-name")).to_have_text("known.txt")
    page.keyboard.press("Control+S")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("known.txt is there already")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    (studio.folder / "known.txt").write_text("of somebody else", encoding="utf-8")
    page.keyboard.press("Control+S")
    expect(dialog).to_contain_text("changed by another program")
    dialog.get_by_role("button", name="Cancel").click()
    assert (studio.folder / "known.txt").read_text(encoding="utf-8") == "of somebody else"


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


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_a_picture_is_written_and_the_document_is_not_saved_by_it(
    page: Page, studio: Running, ending: str
) -> None:
    scene, picture = known_scene(studio.repository)
    paste(page, to_text(scene))
    expect(page.locator("#status-draft")).to_have_text("Draft saved")
    page.keyboard.press("Control+S")
    page.get_by_label("Name").fill("known")
    page.get_by_label(f"{'PNG' if ending == 'png' else 'WebP'} picture").check()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#status-draft")).to_contain_text(f"known.{ending} saved")
    expect(page.locator("#document-name")).to_contain_text("not saved")
    with Image.open(studio.folder / f"known.{ending}") as made:
        assert np.array_equal(np.asarray(made.convert("RGBA")), np.asarray(picture.convert("RGBA")))


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
    expect(page.locator(".bit-bars button")).to_have_count(3)
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "known.png")
    assert download.value.suggested_filename == "known.png"
    with Image.open(tmp_path / "known.png") as made:
        assert np.array_equal(np.asarray(made.convert("RGBA")), np.asarray(picture.convert("RGBA")))
