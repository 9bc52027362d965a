"""What is visible: where two pictures differ visibly, whether one is as good as the other, and how much of it is lost.

All of it looks at *cells*, squares of 8x8 pixels: that is what an eye takes in at once at the usual distance, and the blocks of the codecs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from haac_match._picture.arrays import Bools, Box, Bytes, Floats

CELL = 8
"""Pixels of a side."""

_STRIP = 32 * CELL
"""Rows that are looked at together, so that large pictures take little memory."""

_STRONG = 24
"""Levels that a single pixel may be off before it is visible."""
_SOFT = 6
"""The same of the mean of 3x3 pixels: a faint line, a shade..."""
_SOFT_ON_LAYERS = 20
"""...and where an element was found: what other programs make of its edges goes up and down, and cancels out in the mean."""
_ENERGY = 300
"""Levels in all by which the pixels of a cell must be off: less is a speck."""

_PLAIN = 2
"""Levels between neighbours, at most, in a plain place."""
_PLAIN_SHARE = 0.3
"""Share of plain pixels from which on a cell hides no error: beside letters, ringing is visible."""
_HIDDEN_PLAIN, _HIDDEN, _HIDDEN_BY, _HIDDEN_MOST = 4.0, 4.0, 0.25, 10.0
"""Root mean squared error that a cell hides: if it is plain; else, and with each level of its own standard deviation; at most."""
_WRONG_SHARE = 0.03
"""Share of the cells that may be worse."""
_GROSS, _GROSS_SHARE = 3.0, 0.0005
"""So many times as large is gross: an icon that lost its colour. And the share of the cells in which that may be."""

_CONTENT = 3.0
"""Standard deviation of luma from which on there is something in a cell."""
_STABLE = 58.5
"""(0.03 * 255)^2: the constant of SSIM for contrast and structure (Wang et al. 2004)."""
_LOST = 0.5
"""Structural similarity of a cell below which what it shows cannot be made out."""
_OFF = 24
"""Levels by which the mean of a lost cell may be off instead."""


def differs(a: Bytes, b: Bytes, covered: Bools) -> Bools:
    """Where two pictures differ visibly.

    Args:
        a: (height, width, channels).
        b: the same.
        covered: (height, width), where elements stand.
    """
    seen = np.zeros(a.shape[:2], bool)
    for top in range(0, len(a), _STRIP):
        first, last = max(0, top - 1), min(len(a), top + _STRIP + 1)
        signed = a[first:last].astype(np.int16) - b[first:last]
        off, soft = np.abs(signed).max(axis=2), np.abs(_box3(signed)).max(axis=2)
        on = soft > 9 * _SOFT_ON_LAYERS
        found = np.where(covered[first:last], on, (off > _STRONG) | (soft > 9 * _SOFT))
        kept = slice(top - first, min(len(a), top + _STRIP) - first)
        found, off = found[kept], off[kept]
        energy = cells_of(np.where(found, off, 0).astype(np.float32))
        seen[top : top + _STRIP] = found & widened(energy * CELL**2 >= _ENERGY, found.shape)
    return seen


def _box3(planes: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Sums of 3x3 pixels."""
    padded = np.pad(planes, ((1, 1), (1, 1), (0, 0)), "edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    sums: npt.NDArray[np.int16] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return sums


def cells_of(plane: Floats) -> Floats:
    """Mean of each cell; those at the right and the bottom edge are filled up by repeating it."""
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % CELL), (0, -width % CELL)), "edge")
    means: Floats = padded.reshape(padded.shape[0] // CELL, CELL, -1, CELL).mean(axis=(1, 3))
    return means


def widened(cells: Bools, shape: tuple[int, ...]) -> Bools:
    """Of each pixel, what is true of its cell."""
    return np.repeat(np.repeat(cells, CELL, 0), CELL, 1)[: shape[0], : shape[1]]


def luma(pixels: Bytes) -> Floats:
    """(height, width) of (height, width, 3 or more): BT.601."""
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    grey: Floats = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return grey


class Hidden:
    """How large an error each cell of a picture hides (contrast masking).

    Args:
        pixels: (height, width, channels).
    """

    def __init__(self, pixels: Bytes) -> None:
        self._pixels = pixels
        grey = luma(pixels)
        across = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
        down = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
        plain = cells_of((np.maximum(across, down) <= _PLAIN).astype(np.float32)) >= _PLAIN_SHARE
        hidden = np.minimum(_HIDDEN_MOST, _HIDDEN + _HIDDEN_BY * _deviation(grey))
        self._allowed = np.square(np.where(plain, _HIDDEN_PLAIN, hidden)).astype(np.float32)

    def errors(self, made: Bytes, box: Box) -> Floats:
        """Of each cell of a box, its squared error by that which it hides.

        Args:
            made: (height, width, channels) of the box.
            box: of whole cells, but for the picture's edges.
        """
        left, top, right, bottom = box
        wanted, parts = self._pixels[top:bottom, left:right, :3], []
        for row in range(0, len(made), _STRIP):
            rows = slice(row, row + _STRIP)
            squared = np.square(wanted[rows].astype(np.int16) - made[rows, :, :3], dtype=np.int32)
            parts.append(cells_of(squared.mean(axis=2, dtype=np.float32)))
        found = np.concatenate(parts)
        down, across = top // CELL, left // CELL
        return found / self._allowed[down : down + found.shape[0], across : across + found.shape[1]]


def good(errors: Floats, *, strict: bool) -> bool:
    """Whether cells with these errors (`Hidden.errors`) look as they should.

    Args:
        errors: of the cells that count.
        strict: as good as none may be altogether wrong, as an icon that lost its colour; halved chroma is always wrong somewhere.
    """
    if errors.size == 0:
        return True
    gross = float((errors > _GROSS**2).mean()) if strict else 0.0
    return float((errors > 1).mean()) <= _WRONG_SHARE and gross <= _GROSS_SHARE


def _deviation(grey: Floats) -> Floats:
    """Standard deviation of each cell."""
    mean = cells_of(grey)
    deviation: Floats = np.sqrt(np.maximum(cells_of(np.square(grey)) - np.square(mean), 0))
    return deviation


def lost(a: Bytes, b: Bytes) -> float:
    """Share of what is visible in a picture, 0 to 1, that cannot be made out in another one.

    Args:
        a: (height, width, channels), what is to be shown.
        b: what was made of it.
    """
    first, second = luma(a), luma(b)
    mean, other = cells_of(first), cells_of(second)
    spread = np.maximum(cells_of(np.square(first)) - np.square(mean), 0)
    made = np.maximum(cells_of(np.square(second)) - np.square(other), 0)
    together = cells_of(first * second) - mean * other
    alike = (2 * together + _STABLE) / (spread + made + _STABLE)
    shifted = np.abs(
        np.stack([cells_of(a[..., c].astype(np.float32) - b[..., c]) for c in range(a.shape[2])])
    ).max(axis=0)
    content = spread > _CONTENT**2
    gone = shifted > _OFF
    shown = content | gone
    if not shown.any():
        return 0.0
    return float(((content & (alike < _LOST)) | gone).sum() / shown.sum())
