"""What a document's descriptors say, as values: numbers, colours, blend modes."""

from __future__ import annotations

import math
from typing import Any

UNREADABLE = AttributeError, KeyError, TypeError, ValueError, OverflowError
"""What reading raises of what Photoshop does not write."""
RGB = b"Rd  ", b"Grn ", b"Bl  "
"""Keys of a colour."""


def number_of(value: Any, least: float, most: float) -> float:
    """A number, as near to the file's as is allowed.

    Raises:
        ValueError: it is none, or endless.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no size")
    return min(max(number, least), most)


def colour_of(described: Any) -> tuple[int, int, int]:
    """A colour of red, green and blue; one of those in `UNREADABLE` is raised if it is none."""
    red, green, blue = (round(number_of(described[key], 0, 255)) for key in RGB)
    return red, green, blue


def mode_of(blended: Any) -> str:
    """The blend mode of a layer or effect by its name in CSS, where it has one."""
    name: str = blended.blend_mode.name.lower().replace("_", "-")
    return name
