"""A layered document as a reader gives it, whatever its file: a tree of raster layers and groups, and the file's own merged picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels of the canvas."""
NORMAL = "normal"
PASS_THROUGH = "pass-through"
"""Of a group: its children are composited with what is below it, as if there were no group."""


@dataclass(frozen=True, slots=True)
class Raster:
    """One layer of pixels. Masks and clipping are in its alpha already.

    Args:
        name: as the file has it; may be empty.
        image: RGBA, straight alpha, its own box only; sRGB, unless the document has a profile.
        x: left edge of the box, pixels of the canvas; may be outside.
        y: top edge of it.
        opacity: 0 to 1.
        visible: False where it is hidden by itself; a hidden group hides its children too.
        blend: mode of blending; a recipe says `NORMAL` only.
        baked: what is in the pixels that was more than pixels in the file ("drop shadow", "text"), for the report.
    """

    name: str
    image: Image.Image
    x: int = 0
    y: int = 0
    opacity: float = 1.0
    visible: bool = True
    blend: str = NORMAL
    baked: tuple[str, ...] = ()

    @property
    def box(self) -> Box:
        """On the canvas."""
        return self.x, self.y, self.x + self.image.width, self.y + self.image.height


@dataclass(frozen=True, slots=True)
class Group:
    """Layers that are composited by themselves first, unless it is `PASS_THROUGH`.

    Args:
        name: as the file has it.
        children: back to front.
        opacity: 0 to 1, of all of it.
        visible: whether any of it shows.
        blend: of the group with what is below it.
    """

    name: str
    children: tuple[Raster | Group, ...]
    opacity: float = 1.0
    visible: bool = True
    blend: str = NORMAL


@dataclass(frozen=True, slots=True)
class Document:
    """A layered picture.

    Args:
        width: canvas, pixels.
        height: canvas, pixels.
        layers: back to front.
        merged: RGBA, the picture that the file itself has of all of it, as its program drew it; None if it has none.
        notes: what a person should know of how it was read, a sentence each.
        profile: ICC profile of the layers' colours, in which they are blended; None: sRGB, as the merged picture is.
    """

    width: int
    height: int
    layers: tuple[Raster | Group, ...]
    merged: Image.Image | None = None
    notes: list[str] = field(default_factory=list)
    profile: bytes | None = None


def around(boxes: Sequence[Box], frame: Box) -> Box:
    """What is around some boxes, as far as it is in a frame; without pixels if nothing is."""
    if not boxes:
        return 0, 0, 0, 0
    left, top, right, bottom = zip(*boxes, strict=True)
    return (
        max(min(left), frame[0]),
        max(min(top), frame[1]),
        min(max(right), frame[2]),
        min(max(bottom), frame[3]),
    )
