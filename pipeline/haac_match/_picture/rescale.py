"""Degradation model of rescaling: a canvas whose layers stand on the original's grid and are compared after the same resampling."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from haac_match._picture.arrays import Box, Bytes, overlap
from haac_match._picture.canvas import Canvas, Placed, composite
from haac_match._thresholds.picture import PICTURE

KERNELS = {
    Image.Resampling.LANCZOS: 3.0,
    Image.Resampling.BICUBIC: 2.0,
    Image.Resampling.BOX: 0.5,
    Image.Resampling.BILINEAR: 1.0,
    Image.Resampling.HAMMING: 1.0,
}
"""Resampling filters, the commonest first, and their radius, pixels of the smaller picture."""


@dataclass(frozen=True, slots=True)
class Rescaling:
    """How a picture was rescaled, across and then down.

    Args:
        original: width and height before, pixels.
        size: and after.
        kernel: the filter, one of KERNELS.
    """

    original: tuple[int, int]
    size: tuple[int, int]
    kernel: Image.Resampling

    @property
    def factor(self) -> tuple[float, float]:
        """Pixels of the original to one of the picture, across and down."""
        return self.original[0] / self.size[0], self.original[1] / self.size[1]

    def around(self, box: Box) -> Box:
        """The pixels of the original that make those of a box of the picture."""
        spans = [self._from(axis, box[axis], box[axis + 2]) for axis in (0, 1)]
        return spans[0][0], spans[1][0], spans[0][1], spans[1][1]

    def within(self, box: Box) -> Box:
        """The pixels of the picture that those of a box of the original have a part in."""
        spans = [self._to(axis, box[axis], box[axis + 2]) for axis in (0, 1)]
        return spans[0][0], spans[1][0], spans[0][1], spans[1][1]

    def _reach(self, axis: int) -> float:
        """Pixels of the original."""
        return KERNELS[self.kernel] * max(1.0, self.factor[axis])

    def _from(self, axis: int, first: int, end: int) -> tuple[int, int]:
        factor, reach = self.factor[axis], self._reach(axis)
        return (
            max(0, math.floor(first * factor - reach) - 1),
            min(self.original[axis], math.ceil(end * factor + reach) + 1),
        )

    def _to(self, axis: int, first: int, end: int) -> tuple[int, int]:
        factor, reach = self.factor[axis], self._reach(axis)
        return (
            max(0, math.floor((first - reach) / factor - 0.5)),
            min(self.size[axis], math.ceil((end + reach) / factor + 0.5)),
        )

    def resized(self, made: Image.Image, box: Box) -> Image.Image:
        """A box of the picture, resampled from the pixels `around` it.

        One axis at a time, as Pillow does it by itself too, so that a part comes out as it does in the whole but for rounding.
        """
        left, top, _, _ = self.around(box)
        fx, fy = self.factor
        across = box[0] * fx - left, 0.0, min(box[2] * fx - left, made.width), made.height
        width, height = box[2] - box[0], box[3] - box[1]
        made = made.resize((width, made.height), self.kernel, box=across)
        down = 0.0, box[1] * fy - top, width, min(box[3] * fy - top, made.height)
        return made.resize((width, height), self.kernel, box=down)


class RescaledCanvas(Canvas):
    """A rescaled picture, and the layer stack that explains it, on the canvas of the original.

    Boxes and pixels are those of the picture, `Placed.layer` is on the grid of the original.

    Args:
        target: (height, width, 3), the picture.
        background: RGBA, of the original's size.
        scaling: what was done.
    """

    def __init__(self, target: Bytes, background: Image.Image, scaling: Rescaling) -> None:
        self._scaling, self._whole = scaling, background
        everything = (0, 0, *scaling.size)
        super().__init__(target, scaling.resized(background, everything))
        self.area, self.factor = scaling.original, scaling.factor
        self.slack = PICTURE.rescaled_slack  # a part is rescaled as the whole is, but for rounding

    def frame(self, box: Box) -> Box:
        """The box of the original that a box of the picture comes from."""
        return self._scaling.around(box)

    def resized(self, made: Image.Image, box: Box) -> Image.Image:
        """A box of the picture, resampled from its frame."""
        return self._scaling.resized(made, box)

    def drawn(self, box: Box, layers: list[Placed]) -> Image.Image:
        """RGBA of the frame of a box with the background and these layers."""
        frame = self.frame(box)
        out = self._whole.crop(frame)
        for placed in layers:
            composite(out, frame, placed.drawn)
        return out

    def scaled(self, placed: Placed) -> Placed | None:
        """A layer drawn on the original, as it is in the picture."""
        box = self._scaling.within(placed.box)
        if overlap(box, (0, 0, *self.size)) is None:
            return None
        left, top, right, bottom = self.frame(box)
        x, y = placed.box[:2]
        pixels = placed.pixels.crop((left - x, top - y, right - x, bottom - y))
        return Placed(placed.layer, self.resized(pixels, box), box, placed)
