"""Animation compositing: the frames of GIF and APNG, each a part of the canvas, to whole pictures.

Pillow composes too, but fills what no GIF frame covers with a palette's first colour, and blends the alpha of APNG frames as if it
were a colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


class Disposal(Enum):
    """What becomes of a frame before the next one is drawn."""

    KEEP = auto()
    CLEAR = auto()
    """Its part becomes transparent."""
    RESTORE = auto()
    """Its part becomes what it was before."""


@dataclass(frozen=True, slots=True)
class Part:
    """A frame as its file has it."""

    left: int
    top: int
    read: Callable[[], Image.Image]
    """Decode it: RGBA, of any size."""
    over: bool
    """Drawn over what is there; otherwise in its place."""
    disposal: Disposal


def composed(size: tuple[int, int], parts: Iterable[Part]) -> Iterator[Image.Image]:
    """Whole pictures, RGBA, one a part. The canvas begins transparent, as in browsers."""
    from PIL import Image

    canvas: Image.Image | None = None
    clear: tuple[int, int, int, int] | None = None
    for part in parts:
        image = part.read()
        whole = (part.left, part.top, *image.size) == (0, 0, *size)
        if canvas is None and whole:
            before, canvas = None, image  # of a still picture there is only one copy
        else:
            canvas = Image.new("RGBA", size) if canvas is None else canvas.copy()
            if clear:
                canvas.paste((0, 0, 0, 0), clear)
            before = canvas.copy() if part.disposal is Disposal.RESTORE else None
            image = (
                image.crop((0, 0, size[0] - part.left, size[1] - part.top))
                if _beyond(part, image, size)
                else image
            )
            if part.over:
                canvas.alpha_composite(image, (part.left, part.top))
            else:
                canvas.paste(image, (part.left, part.top))
        box = (part.left, part.top, part.left + image.width, part.top + image.height)
        clear = box if part.disposal is Disposal.CLEAR else None
        yield canvas
        if part.disposal is Disposal.RESTORE:
            canvas = before if before is not None else Image.new("RGBA", size)


def _beyond(part: Part, image: Image.Image, size: tuple[int, int]) -> bool:
    """Whether it reaches over the canvas's right or lower edge."""
    return part.left + image.width > size[0] or part.top + image.height > size[1]
