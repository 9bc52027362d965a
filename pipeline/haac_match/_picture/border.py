"""Plain borders, as screenshots and windows have them: split off before the solver, and put around its scene afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Colour, Gradient, Layer, Plate, Scene, encode_inline
from haac._internal import COS, sin
from haac_match._picture.arrays import Box, Bytes
from haac_match._picture.estimate import BackgroundEstimate
from haac_match._thresholds.picture import BORDER


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture, or what is inside of its border.

    Args:
        pixels: (height, width, 3), what is to be explained.
        background: what is behind its elements; None if that is not known.
        border: the whole picture, and the box of `pixels` in it; None if there is no border.
        transparent: the picture has transparent places.
    """

    pixels: Bytes
    background: BackgroundEstimate | None
    border: tuple[Bytes, Box] | None = None
    transparent: bool = False

    @property
    def whole(self) -> bool:
        """Whether `pixels` are the picture as its file has it."""
        return self.border is None and not self.transparent

    def around(self, scene: Scene) -> Scene:
        """The scene of the whole picture out of that of `pixels`."""
        return scene if self.border is None else with_border(scene, self.border[1], self.border[0])


def find_frame(target: Bytes, estimate: Callable[[Bytes], BackgroundEstimate | None]) -> Frame:
    """Split a plain border off, where that explains more than the picture as a whole.

    Args:
        target: (height, width, 3).
        estimate: finds the background of a picture.
    """
    background = estimate(target)
    if background is None or background.share < BORDER.explained or not _explains_outline(background, target):
        inside = find_border(target)
        if inside is not None:
            box, plain_part = inside
            inner = np.ascontiguousarray(target[box[1] : box[3], box[0] : box[2]])
            inner_background = estimate(inner)
            part = inner.shape[0] * inner.shape[1] / (target.shape[0] * target.shape[1])
            share = (
                0.0 if inner_background is None else inner_background.share * part + plain_part * (1 - part)
            )
            if share > (0.0 if background is None else background.share + BORDER.worth * (1 - part)):
                return Frame(inner, inner_background, (target, box))
    return Frame(target, background)


def _explains_outline(background: BackgroundEstimate, target: Bytes) -> bool:
    """Whether a background is right along most of the sides of the picture."""
    made = np.asarray(background.pixels.convert("RGB")).astype(np.int16)
    off = np.abs(made - target).max(axis=2) > BORDER.outline_off
    outline = np.concatenate([off[0], off[-1], off[:, 0], off[:, -1]])
    return float(outline.mean()) < BORDER.outline_share


def find_border(target: Bytes) -> tuple[Box, float] | None:
    """The box inside a plain border, and the share of the border that has its colour; None if there is none.

    Args:
        target: (height, width, 3).
    """
    near = np.abs(target.astype(np.int16) - target[0, 0]).max(axis=2) <= BORDER.near
    rows, columns = (np.flatnonzero(near.mean(axis=axis) < BORDER.row_share) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return None
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    left, top, right, bottom = _without_lines(target, box)
    outside = np.ones(near.shape, bool)
    outside[top:bottom, left:right] = False
    if not outside.any() or (~outside).mean() < BORDER.least_inside:
        return None
    plain_part = float(near[outside].mean())
    return ((left, top, right, bottom), plain_part) if plain_part >= BORDER.plain else None


def _without_lines(target: Bytes, box: Box) -> Box:
    """The box without lines along its sides."""
    left, top, right, bottom = box
    inner = target[top:bottom, left:right].astype(np.int16)
    cuts = [_lines(side) for side in (inner, inner[::-1], inner.swapaxes(0, 1), inner.swapaxes(0, 1)[::-1])]
    return left + cuts[2], top + cuts[0], right - cuts[3], bottom - cuts[1]


def _lines(rows: npt.NDArray[np.int16]) -> int:
    """How many of the first rows are of one colour, and end where another one begins."""
    for count in range(1, min(BORDER.lines, len(rows) - 1) + 1):
        last, following = rows[count - 1], rows[count]
        if np.abs(last - last[0]).max() > BORDER.near:
            break
        if (np.abs(following - last[0]).max(axis=1) > BORDER.near).mean() > BORDER.line_end:
            return count
    return 0


def with_border(inner: Scene, box: Box, target: Bytes) -> Scene:
    """The scene of the whole picture out of that of what is inside its border.

    Args:
        inner: on a colour, a gradient or an element.
        box: where that is.
        target: (height, width, 3), the whole picture.
    """
    left, top, right, bottom = box
    height, width = target.shape[:2]
    red, green, blue = (int(value) for value in target[0, 0])
    border = Colour(red << 24 | green << 16 | blue << 8 | 0xFF)
    layers = [replace(layer, x=layer.x + left, y=layer.y + top) for layer in inner.layers]
    match inner.background:
        case Plate(element):
            plate = Layer(element, width=right - left, height=bottom - top, x=left, y=top)
            return Scene(width, height, border, [plate, *layers])
        case Gradient() as gradient:
            background: Colour | Gradient | None = _extended(gradient, box, (width, height))
        case Colour() as colour:
            background = colour
        case _:
            background = None
    pixel = encode_inline(Image.new("RGB", (1, 1), (red, green, blue)), 100)
    strips = (
        (0, 0, width, top),
        (0, bottom, width, height),
        (0, top, left, bottom),
        (right, top, width, bottom),
    )
    layers += [Layer(pixel, width=r - x, height=b - y, x=x, y=y) for x, y, r, b in strips if r > x and b > y]
    return Scene(width, height, background, layers)


def _extended(gradient: Gradient, box: Box, size: tuple[int, int]) -> Gradient:
    """The gradient of the whole canvas that goes through that of a box; off by a level, as its ends are whole numbers.

    It is off by more where it would have to begin or end beyond black or white.

    Args:
        gradient: of the box.
        box: on the canvas.
        size: of the canvas.
    """
    across, down = COS[gradient.angle], -sin(gradient.angle)
    own, whole = (box[2] - box[0], box[3] - box[1]), size
    reach, wide = (side[0] * abs(across) + side[1] * abs(down) for side in (own, whole))
    moved = (whole[0] - own[0] - 2 * box[0]) * across + (whole[1] - own[1] - 2 * box[1]) * down
    ends = []
    for place in (moved + reach - wide, moved + reach + wide):
        channels = (
            (a * (2 * reach - place) + b * place) / (2 * reach)
            for a, b in zip(gradient.start.to_bytes(4), gradient.end.to_bytes(4), strict=True)
        )
        ends.append(int.from_bytes(bytes(min(255, max(0, round(value))) for value in channels)))
    return Gradient(ends[0], ends[1], gradient.angle)
