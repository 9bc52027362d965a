"""Backgrounds for drawn composites."""

from __future__ import annotations

from PIL import Image


def plain(colour: tuple[int, int, int]) -> Image.Image:
    """One colour."""
    return Image.new("RGB", (200, 200), colour)
