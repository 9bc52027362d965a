"""Elements from a picture: cut-outs are reviewed, refined, accepted, discarded; and publishing."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from haac_repo import Repository, read_head
from tests.pipeline.studio.editor.pages import choose
from tests.pipeline.studio.panels.pages import NAMES, Running, photograph


def test_accepted_cut_outs_become_elements_that_are_in_the_grid_at_once(
    page: Page, studio: Running, tmp_path: Path
) -> None:
    choose(page, "Elements from a picture", photograph(tmp_path / "two_discs.png"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem").first).to_be_visible()
    cards = dialog.locator(".review-card")
    for n in range(cards.count()):
        cards.nth(n).get_by_role("checkbox").set_checked(n == 0)
    dialog.get_by_label("Name").fill("round disc")
    dialog.get_by_label("Tags").fill("round, flat")
    dialog.get_by_label("Licence").fill("CC-BY-4.0")
    dialog.get_by_label("Attribution").fill("Ann Example")
    dialog.get_by_role("button", name="Store elements").click()
    expect(page.locator("#element-count")).to_have_text(f"{len(NAMES) + 1} elements")
    page.keyboard.press("/")
    page.keyboard.type("round disc")
    expect(page.locator("#element-count")).to_have_text("1 element found")
    with Repository.open(studio.repository) as opened:
        (found,) = opened.search("round disc")
        assert set(found.tags) >= {"round", "flat"}
        terms = found.provenance
        assert (terms.licence, terms.attribution) == ("CC-BY-4.0", "Ann Example")


def test_discarded_cut_outs_are_nowhere(page: Page, studio: Running, tmp_path: Path) -> None:
    choose(page, "Elements from a picture", photograph(tmp_path / "two_discs.png"))
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".review-card").first).to_be_visible()
    dialog.get_by_role("button", name="Discard all").click()
    expect(dialog).to_have_count(0)
    with Repository.open(studio.repository) as opened:
        assert len(list(opened.elements())) == len(NAMES)


def test_strokes_cut_a_cut_out_again(page: Page, tmp_path: Path) -> None:
    choose(page, "Elements from a picture", photograph(tmp_path / "two_discs.png"))
    expect(page.locator(".review-card").first).to_be_visible()
    facts = page.locator(".review-facts").first
    before = facts.inner_text()
    page.get_by_role("button", name="Refine edges").first.click()
    board = page.locator(".brush-strokes")
    expect(page.locator(".brush-photograph")).to_have_js_property("naturalWidth", 320)
    box = board.bounding_box()
    assert box is not None
    page.get_by_role("radio", name="Keep").check()  # a strip of the background below the disc
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.86)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.36, box["y"] + box["height"] * 0.86, steps=6)
    page.mouse.up()
    page.get_by_role("button", name="Cut again").click()
    result = page.locator(".refine-result img")
    expect(page.locator(".refine .progress-row")).to_be_hidden()
    expect(page.locator(".refine .progress-message")).to_be_hidden()
    expect(result).to_be_visible()
    page.get_by_role("button", name="Done").click()
    expect(facts).not_to_have_text(before)


def test_publishing_is_asked_about_and_says_what_it_did(page: Page, studio: Running) -> None:
    page.get_by_role("button", name="Publish", exact=True).click()
    dialog = page.get_by_role("dialog", name="Publish")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert not (studio.repository / "public" / "head.json").exists()
    page.get_by_role("button", name="Publish", exact=True).click()
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("dialog").locator(".facts")).to_contain_text(str(len(NAMES)))
    head = read_head(studio.repository)
    assert head is not None
    assert head.elements == len(NAMES)
