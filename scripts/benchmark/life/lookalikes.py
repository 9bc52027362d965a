"""Elements that cannot be told apart in a picture: they differ by less than what the chain does to the right one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from scripts.benchmark.life.chains import Chain
from scripts.benchmark.life.elements import Elements
from scripts.benchmark.life.page import Colour, Frame

_MARGIN = 16
"""Pixels around the element in the patches that go through the chain: two blocks of JPEG."""


def patch(image: Image.Image, frame: Frame, behind: Colour) -> Image.Image:
    """An element on one colour, as large as its frame, by a renderer of no engine: premultiplied, areas and cubic."""
    size = max(1, round(frame.width)), max(1, round(frame.height))
    made = image.resize(size, Image.Resampling.LANCZOS)
    if frame.mirrored:
        made = made.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if frame.rotation:
        made = made.rotate(-frame.rotation, Image.Resampling.BICUBIC, expand=True)
    canvas = Image.new("RGB", (made.width + 2 * _MARGIN, made.height + 2 * _MARGIN), behind)
    canvas.paste(made, (_MARGIN, _MARGIN), made)
    return canvas


def indistinguishable(
    elements: Elements, name: str, others: list[tuple[str, bool]], frame: Frame, behind: Colour, chain: Chain
) -> list[str]:
    """Those of `others` whose patch, after the chain, differs from that of the right one by less than the chain's own noise.

    The noise is the root mean square difference between the right one's patch after the whole chain and after its resizing alone; without
    one (PNG), half a level.

    Args:
        others: names, and whether they are mirrored beside it: many elements are each other's mirror image.
        frame: of the element without its transparent edge, in pixels of the engine, before the chain.
        behind: colour of the page there.
    """
    chain = replace(chain, around=(0, 0, 0, 0))
    right = patch(elements.trimmed(name), frame, behind)
    after = _pixels(chain.applied(right))
    clean = _pixels(chain.resized(right))
    noise = max(0.5, _difference(after, clean))
    found: dict[str, None] = {}
    for other, mirrored in others:
        turned = replace(frame, mirrored=frame.mirrored != mirrored)
        made = patch(elements.trimmed(other), turned, behind)
        if made.size == right.size and _difference(_pixels(chain.applied(made)), after) < noise:
            found[other] = None
    return list(found)


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32)


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(np.square(a - b).mean()))
