"""Tracing: finding elements in a picture, comparing with it, suggestions for a part of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect

from haac import to_text
from tests.pipeline.studio.editor.pages import choose
from tests.pipeline.studio.panels.pages import Running, known_scene, paste, scene_of


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


def test_options_are_those_of_the_command_and_what_was_lost_is_said(
    page: Page, studio: Running, tmp_path: Path
) -> None:
    _, picture = known_scene(studio.repository)
    picture.save(tmp_path / "picture.png")
    sent = []

    def start(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}")["options"])
        route.fulfill(json={"job": "made-up"})

    layer = {"element": "4", "x": 0, "y": 0}
    scene = {"width": 320, "height": 240, "fingerprint": None, "similar": False, "background": None}
    answer = {
        "scene": {**scene, "layers": [layer]},
        "carried": "a wash",
        "percent_lost": 5.2,
        "notes": ["read in part"],
    }
    event = f"event: result\ndata: {json.dumps(answer)}\n\n"
    page.route("**/api/jobs/compress", start)
    page.route(
        "**/api/jobs/made-up/events",
        lambda route: route.fulfill(body=event, content_type="text/event-stream"),
    )
    page.get_by_role("tab", name="Trace").click()
    choose(page, "Choose a picture", tmp_path / "picture.png")
    find = page.get_by_role("button", name="Find elements", exact=True)
    find.click()
    said = page.locator(".tracing .progress-message")
    expect(said).to_contain_text(
        "1 layer found; what no element shows is carried as a wash; 5 % of what is visible was lost"
    )
    expect(said).to_contain_text("read in part")
    page.get_by_text("More options").click()
    page.get_by_label("What no element shows").select_option("A small wash")
    page.get_by_label("Effort").fill("9")
    page.get_by_label("Layers at most").fill("7")
    page.get_by_label("Only with tags").fill("Drawn, even")
    page.get_by_label("Quality").fill("40")
    find.click()
    expect(said).to_contain_text("1 layer found")
    assert sent == [
        {"only_tags": []},
        {"only_tags": ["drawn", "even"], "effort": 9, "max_layers": 7, "quality": 40, "inline": False},
    ]


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


def test_a_suggestion_is_put_into_the_region_it_is_for(
    browser: Browser, studio: Running, tmp_path: Path
) -> None:
    """What the similar index finds is made up here: the network's weights are not."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    sent = []

    def with_suggestions(route: Route) -> None:
        state = route.fetch().json()
        state["features"].update(similar=True, suggest=True)
        route.fulfill(json=state)

    def start(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(json={"job": "made-up"})

    found = {"id": "4", "number": 4, "name": "drum", "tags": [], "width": 50, "height": 100}
    event = f"event: result\ndata: {json.dumps({'elements': [found]})}\n\n"
    page.route("**/api/state", with_suggestions)
    page.route("**/api/jobs/suggest", start)
    page.route(
        "**/api/jobs/made-up/events",
        lambda route: route.fulfill(body=event, content_type="text/event-stream"),
    )
    page.goto(studio.url)
    _, picture = known_scene(studio.repository)
    picture.resize((640, 480)).save(tmp_path / "picture.png")
    page.get_by_role("tab", name="Trace").click()
    choose(page, "Choose a picture", tmp_path / "picture.png")
    page.evaluate("haacStudio.document.apply('Half', (scene) => ({ ...scene, width: 320, height: 240 }))")
    for side, value in {"left": 100, "top": 40, "right": 200, "bottom": 140}.items():
        page.get_by_label(f"Region: {side}, pixels").fill(str(value))
    page.get_by_role("button", name="Suggest for the region that the numbers say").click()
    page.get_by_role("button", name="Add drum").click()
    (layer,) = scene_of(page)["layers"]
    assert [layer[name] for name in ("element", "x", "y", "width", "height")] == ["4", 125, 40, None, None]
    assert sent[0]["box"] == [200, 80, 400, 280], "in pixels of the picture, which is twice as large"
    context.close()
