"""The studio on a tablet, for screen readers, in both themes."""

from __future__ import annotations

import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("playwright", reason="the browser is driven by playwright")

from playwright.sync_api import Page, expect

from tests.pipeline.studio.editor.pages import Open, grab, put, recipe_of, row


def test_fingers_move_layers_and_two_of_them_zoom(opened: Open) -> None:
    page = opened(1024, 768, has_touch=True, is_mobile=True)
    put(page, {"element": "5", "x": 200, "y": 100})
    x, y = grab(page, "egg")
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": px, "y": py, "id": n} for n, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    scale = page.evaluate("() => haacStudio.canvas.zoom")
    send("touchStart", (x, y))
    for step in range(1, 6):
        send("touchMove", (x + 8 * step, y + 4 * step))
    send("touchEnd")
    layer = recipe_of(page)["layers"][0]
    assert (layer["x"], layer["y"]) == pytest.approx((200 + 40 / scale, 100 + 20 / scale), abs=7)
    assert layer["x"] > 220
    before = page.evaluate("() => haacStudio.canvas.zoom")
    send("touchStart", (450, 300), (550, 300))
    for step in range(1, 6):
        send("touchMove", (450 - 10 * step, 300), (550 + 10 * step, 300))
    send("touchEnd")
    assert page.evaluate("() => haacStudio.canvas.zoom") == pytest.approx(2 * before, rel=0.02)
    assert recipe_of(page)["layers"][0]["x"] == layer["x"]


@pytest.mark.parametrize("size", [(1024, 768), (820, 1180)])
def test_what_fingers_touch_is_large_enough(opened: Open, size: tuple[int, int]) -> None:
    page = opened(*size, has_touch=True, is_mobile=True)
    put(page, {"element": "5", "x": 200, "y": 100})
    row(page, "egg").click()
    small = page.evaluate(
        """() => [...document.querySelectorAll("#toolbar button, #inspector button, #inspector input, #layers button, " +
            "#layers [role=option], #status button")].flatMap((node) => {
                const { width, height } = node.getBoundingClientRect();
                return width && (width < 36 || height < 36) ? [`${node.id || node.className} ${width}x${height}`] : [];
            })"""
    )
    assert small == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    bar = page.locator("#toolbar")
    assert bar.evaluate("(node) => node.scrollWidth <= node.clientWidth"), "all tools are visible"


CONTRAST = """() => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const probe = document.body.appendChild(document.createElement("i"));
    const light = (name) => {
        probe.style.color = `var(${name})`;
        context.fillStyle = getComputedStyle(probe).color;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
        const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    };
    const texts = ["--ink", "--ink-soft", "--ink-faint", "--bad"];
    const found = {};
    for (const text of texts) for (const back of ["--surface", "--raised", "--field"]) found[text + back] = ratio(text, back);
    found.selected = ratio("--ink", "--accent-soft");
    found.primary = ratio("--accent-ink", "--accent");
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(opened: Open, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    button = page.get_by_role("button", name="Theme: dark")
    if scheme == "light":
        button.click()
        page.get_by_role("button", name="Theme: system").click()
    low = {name: ratio for name, ratio in page.evaluate(CONTRAST).items() if ratio < 4.5}
    assert low == {}


def test_everything_has_a_name_for_screen_readers(page: Page) -> None:
    put(page, {"element": "5", "x": 200, "y": 100})
    row(page, "egg").click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, [role=listbox], [role=application]")]
            .filter((node) => node.offsetParent && !node.getAttribute("aria-label") && !node.labels?.length &&
                !node.textContent.trim() && !node.getAttribute("aria-labelledby") && !node.closest("label"))
            .map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    for role, name in (
        ("toolbar", "Tools"),
        ("complementary", "Elements"),
        ("main", "Canvas"),
        ("complementary", "Recipe"),
        ("complementary", "Inspector"),
        ("region", "Layers and history"),
    ):
        expect(page.get_by_role(role, name=name, exact=True)).to_have_count(1)  # type: ignore[arg-type]


def test_the_help_lists_the_keys(page: Page) -> None:
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys and gestures")
    for text in ("Undo", "Duplicate", "Mirror left and right", "Fit the canvas", "Rotate by 15° to the left"):
        expect(dialog.get_by_role("row", name=text)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("application", name="Canvas")).to_be_focused()


def test_areas_are_made_larger_by_keys_and_stay_so(page: Page) -> None:
    edge = page.get_by_role("separator", name="Width of the elements panel")
    before = page.locator("#elements-panel").evaluate("(node) => node.offsetWidth")
    edge.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(edge).to_have_attribute("aria-valuenow", str(before + 48))
    page.reload()
    page.wait_for_selector("body.ready")
    assert page.locator("#elements-panel").evaluate("(node) => node.offsetWidth") == before + 48
    for _ in range(30):
        page.keyboard.press("Alt+1")
    expect(page.locator("#elements-panel")).to_be_visible()
    page.keyboard.press("Alt+1")
    expect(page.locator("#elements-panel")).to_be_hidden()
