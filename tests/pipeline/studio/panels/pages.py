"""What the tests of the panels share: known elements and scenes, and what is done with the page again and again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from haac import Colour, Layer, Scene, render
from haac_repo import Repository

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


def scene_of(page: Page) -> dict[str, Any]:
    """The document's scene, as a recipe has it."""
    found: dict[str, Any] = page.evaluate("haacStudio.document.recipe")
    return found


def known_scene(repository: Path) -> tuple[Scene, Image.Image]:
    """A scene of three known elements, and its picture."""
    layers = [Layer(1, x=12, y=20), Layer(2, x=150, y=30), Layer(3, x=70, y=130)]
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
