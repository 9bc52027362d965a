"""Mixed raster content: what no element explains, cut into what is drawn (text, bars) and what is taken (photographs).

Drawn parts go into one lossless WebP with a transparent background, of as few colours as nobody notices, taken ones into lossy WebPs of
their boxes: the layers of DjVu and of ITU-T T.44, as layers of a scene.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from haac import LIMITS, Inline, Layer
from haac_match._picture.arrays import Bools, Box, Bytes, area, overlap
from haac_match._rate import webp
from haac_match._rate.visible import CELL, cells_of, differs, widened

COLOURS = (256, 128, 64, 32, 16, 8, 4)
"""Sizes of palettes that drawn parts are tried in."""

_DRAWN = 0.5
"""Share of pixels like the one beside them, around a cell, from which on it counts as drawn."""
_AROUND = 2
"""Cells on each side of a cell that tell what it is."""
_ISLAND = 24
"""Cells of a taken part, at least: smaller ones count as drawn."""
_FAINT = 2
"""Levels from which on a pixel of a visible cell is carried: the smooth edges of letters."""
_FULL = 0.5
"""Share of its box that a taken part fills, at least, to be sent without a transparent background."""
_NEAR = 1.3
"""Times the area of two boxes that the box around both may have, to be sent as one."""
_BYTES_A_BOX = 40
"""About what another WebP takes beside its pixels, and its layer."""


@dataclass(frozen=True, slots=True)
class Part:
    """A box of the picture, to be sent as one WebP."""

    box: Box
    image: Image.Image
    """RGB, or RGBA where not all of it is sent."""

    def layer(self, inline: Inline) -> Layer:
        """It, where it belongs."""
        return Layer(inline, x=self.box[0], y=self.box[1])


class Split:
    """What a scene leaves unexplained of a picture.

    Args:
        picture: RGBA.
        wanted: (height, width, 4), the picture as it is compared.
        drawn: the same of the scene.
        covered: (height, width), where elements stand.
    """

    def __init__(self, picture: Image.Image, wanted: Bytes, drawn: Bytes, covered: Bools) -> None:
        self._picture = picture
        seen = differs(wanted, drawn, covered)
        self.cells = _around(cells_of(seen.astype(np.float32)) > 0, 1)
        off = np.abs(wanted.astype(np.int16) - drawn).max(axis=2)
        carried = seen | widened(self.cells, seen.shape) & ~covered & (off > _FAINT)
        taken = self.cells & ~_drawn(wanted)
        canvas = (0, 0, *picture.size)
        found = (overlap(box, canvas) for box in _merged(_boxes(taken)))
        self._taken = [box for box in found if box is not None]
        inside = np.zeros(seen.shape, bool)
        for left, top, right, bottom in self._taken:
            inside[top:bottom, left:right] = True
        self._carried = carried
        self._drawn_mask = carried & ~inside
        self._covered = covered

    @property
    def share(self) -> float:
        """Share of the picture that is not explained, by area."""
        return float(self.cells.mean())

    @property
    def drawn_pixels(self) -> int:
        """Pixels of the cells in which something drawn is visible."""
        return CELL**2 * int((cells_of(self._drawn_mask.astype(np.float32)) > 0).sum())

    def drawn_part(self, *, all_: bool = False) -> Part | None:
        """What is drawn, on a transparent background; `all_`: with what is taken. None if there is nothing, or too much for a recipe."""
        return self._part(self._carried if all_ else self._drawn_mask)

    def taken_parts(self) -> list[Part] | None:
        """Photographs and the like, each in its box; None if they are too large for a recipe."""
        parts = []
        for left, top, right, bottom in self._taken:
            box = left, top, right, bottom
            mask = self._carried[top:bottom, left:right]
            opaque = float(mask.mean()) >= _FULL and not self._covered[top:bottom, left:right].any()
            parts.append(Part(box, self._crop(box, None if opaque else mask)))
        return parts if sum(area(part.box) for part in parts) <= LIMITS.inline_pixels else None

    def _part(self, mask: Bools) -> Part | None:
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return None
        right, bottom = (
            min(side, -(-int(last[-1] + 1) // CELL) * CELL)
            for side, last in zip(self._picture.size, (columns, rows), strict=True)
        )
        box = int(columns[0]) // CELL * CELL, int(rows[0]) // CELL * CELL, right, bottom
        if area(box) > LIMITS.inline_pixels:
            return None
        return Part(box, self._crop(box, mask[box[1] : box[3], box[0] : box[2]]))

    def _crop(self, box: Box, mask: Bools | None) -> Image.Image:
        crop = self._picture.crop(box)
        if mask is not None and not mask.all():
            alpha = np.where(mask, np.asarray(crop.getchannel("A")), 0).astype(np.uint8)
            crop.putalpha(Image.fromarray(alpha))
        return crop.convert("RGB") if crop.getchannel("A").getextrema() == (255, 255) else crop


def coloured(part: Part, count: int) -> Image.Image:
    """A part in at most so many colours."""
    if part.image.mode == "RGB":
        return webp.of_colours(part.image, count)
    alpha = part.image.getchannel("A")
    few = webp.of_colours(part.image.convert("RGB"), count, np.asarray(alpha) > 0)
    few.putalpha(alpha)
    return few


def _drawn(pixels: Bytes) -> Bools:
    """Of each cell, whether what is around it has runs of equal pixels, as drawings have and photographs have not."""
    same = np.zeros(pixels.shape[:2], np.float32)
    same[:, 1:] = (pixels[:, 1:] == pixels[:, :-1]).all(axis=2)
    share = cells_of(same)
    side = 2 * _AROUND + 1
    padded = np.pad(share, _AROUND, "edge")
    rows = np.sum([padded[n : n + len(share)] for n in range(side)], axis=0)
    around = np.sum([rows[:, n : n + share.shape[1]] for n in range(side)], axis=0)
    found: Bools = around > _DRAWN * side * side
    return found


def _around(cells: Bools, reach: int) -> Bools:
    """Cells with those beside them."""
    padded = np.pad(cells, reach)
    out = np.zeros_like(cells)
    for down in range(2 * reach + 1):
        for across in range(2 * reach + 1):
            out |= padded[down : down + cells.shape[0], across : across + cells.shape[1]]
    return out


def _boxes(cells: Bools) -> list[Box]:
    """Boxes, in pixels, of connected cells (8 neighbours); those of few cells are left out."""
    left = {(int(y), int(x)) for y, x in np.argwhere(cells)}
    found = []
    while left:
        group = [left.pop()]
        for y, x in group:
            near = [(y + b, x + a) for b in (-1, 0, 1) for a in (-1, 0, 1)]
            new = [cell for cell in near if cell in left]
            left.difference_update(new)
            group += new
        if len(group) >= _ISLAND:
            rows, columns = zip(*group, strict=True)
            found.append((min(columns), min(rows), max(columns) + 1, max(rows) + 1))
    return [tuple(CELL * side for side in box) for box in sorted(found)]


def _merged(boxes: list[Box]) -> list[Box]:
    """Boxes that overlap, or that one WebP holds in fewer bytes than two, as one."""
    boxes = list(boxes)
    again = True
    while again:
        again = False
        for n, a in enumerate(boxes):
            for m in range(n + 1, len(boxes)):
                b = boxes[m]
                both = min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
                few = area(both) <= _NEAR * (area(a) + area(b)) + _BYTES_A_BOX * CELL**2
                if few or overlap(a, b) is not None or len(boxes) > LIMITS.inline_elements // 2:
                    boxes[n] = both
                    del boxes[m]
                    again = True
                    break
            if again:
                break
    return boxes
