"""Pages drawn by Chromium."""

from __future__ import annotations

import atexit
import base64
import html
import io
import shutil
from functools import cache

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from scripts.benchmark.life.fonts import FAMILY
from scripts.benchmark.life.page import Box, Drawn, Frame, Gradient, Habits, Item, Page, Picture, Text


@cache
def _browser() -> Browser:
    playwright = sync_playwright().start()
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError("no `chromium` on the path: `apt-get install chromium`")
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])

    def stop() -> None:
        browser.close()
        playwright.stop()

    atexit.register(stop)
    return browser


@cache
def _tab(ratio: float) -> Tab:
    return _browser().new_context(device_scale_factor=ratio).new_page()


def draw(page: Page, habits: Habits) -> Drawn:
    """The page in device pixels: `img` for what is upright, where its layout rounds to device pixels; CSS transforms for the rest."""
    tab = _tab(page.ratio)
    width, height = -(-page.width // page.ratio), -(-page.height // page.ratio)
    tab.set_viewport_size({"width": int(width), "height": int(height)})
    frames: list[Frame] = []
    body = "".join(_html(item, page, habits, frames) for item in page.items)
    tab.set_content(
        f"<!doctype html><meta charset=utf-8><style>*{{position:absolute;margin:0}}"
        f"body{{inset:0;overflow:hidden}}span{{white-space:pre;line-height:1;font-family:'{FAMILY}'}}</style>"
        f"<body><div style='left:0;top:0;{_background(page)}'></div>{body}</body>"
    )
    tab.evaluate("Promise.all([...document.images].map(image => image.decode()))")
    shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    return Drawn(shot.crop((0, 0, page.width, page.height)), frames)


def _background(page: Page) -> str:
    """Style of the page's own box."""
    size = f"width:{page.width / page.ratio}px;height:{page.height / page.ratio}px;"
    if isinstance(page.background, Image.Image):
        return f"{size}background:url({_data(page.background.convert('RGB'))}) center/cover"
    if isinstance(page.background, Gradient):
        way = "to right" if page.background.horizontal else "to bottom"
        return f"{size}background:linear-gradient({way},rgb{page.background.first},rgb{page.background.last})"
    return f"{size}background:rgb{page.background}"


def _html(item: Item, page: Page, habits: Habits, frames: list[Frame]) -> str:
    if isinstance(item, Box):
        return (
            f"<div style='left:{item.x}px;top:{item.y}px;width:{item.width}px;height:{item.height}px;"
            f"background:rgb{item.colour};border-radius:{item.radius}px'></div>"
        )
    if isinstance(item, Text):
        weight = ";font-weight:bold" if item.bold else ""
        # The baseline of a line as high as its font stands .928 / 1.164 of DejaVu's ascent and descent from its top.
        top = item.y - item.size * (0.5 + (0.928 - 0.236) / 2)
        return (
            f"<span style='left:{item.x}px;top:{top}px;font-size:{item.size}px;color:rgb{item.colour}{weight}'>"
            f"{html.escape(item.text)}</span>"
        )
    return _img(item, page, habits, frames)


def _img(item: Picture, page: Page, habits: Habits, frames: list[Frame]) -> str:
    """Upright: snapped to device pixels, which is what Chromium itself does. Else by a transform, from the element's own size."""
    frame, ratio = item.frame, page.ratio
    radius = f"border-radius:{100 * item.radius:.0f}%;" if item.radius else ""
    if frame.rotation or frame.mirrored or not habits.whole:
        width, height = item.image.size
        x, y = frame.centre
        style = (
            f"left:0;top:0;width:{width}px;height:{height}px;transform-origin:0 0;"
            f"transform:translate({x}px,{y}px) rotate({frame.rotation}deg) "
            f"scale({(-1 if frame.mirrored else 1) * frame.width / width},{frame.height / height}) "
            f"translate({-width / 2}px,{-height / 2}px)"
        )
        shown = frame.scaled(ratio, ratio)
    else:
        left, top = round(frame.x * ratio), round(frame.y * ratio)
        width, height = max(1, round(frame.width * ratio)), max(1, round(frame.height * ratio))
        style = f"left:{left / ratio}px;top:{top / ratio}px;width:{width / ratio}px;height:{height / ratio}px"
        shown = Frame(left, top, width, height)
    if item.element:
        frames.append(shown)
    return f"<img src='{_data(item.image)}' style='{radius}{style}'>"


def _data(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
