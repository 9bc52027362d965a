"""What the reader of a format hands on: the frames still to be decoded, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


@dataclass(slots=True)
class Opened:
    """A picture file of which nothing is decoded yet."""

    format: str
    frames: int
    """How many the file has."""
    images: Iterator[Image.Image]
    """RGBA, sRGB, upright; decoded one by one as they are taken."""
    size: tuple[int, int]
    """Width and height of the largest frame, for the limit on the pixels of all of them."""
    notes: list[str] = field(default_factory=list)
    """What a person should know of the file; more may come with the first frame."""
