"""Wash, the value: quantised wavelet coefficients of a whole picture, a background of a scene (docs/format.md, "Wash").

It takes a few dozen to a few hundred bytes. Here is what a wash is and which bands it has; the rooms that work on it load only for a recipe
that has one: `_wash` is the normative decoder (`_wash.bitstream` from and to symbols, `_wash.synthesis` to pixels), `_wash_encoder` makes
one of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from haac._limits import LIMITS
from haac_repo import RecipeError

BASE = 8
"""Samples of the lowest band on the long side."""

LEVELS = 6
"""At most so many halvings: grids of 8 to 512 samples on the long side."""

STEPS = 64
"""Quantiser steps, an eighth of an octave apart."""

COEFFICIENT = 4095
"""Largest magnitude."""


@dataclass(frozen=True, slots=True)
class Wash:
    """A picture as quantised wavelet coefficients.

    Args:
        width: of the grid, samples; the long side is 8 * 2^levels.
        height: of the grid, samples.
        step: of the quantiser, 0 (finest) to 63, an eighth of an octave apart.
        channels: luma, two opponent colours and perhaps alpha: the coefficients of the first bands (`band_shapes`) row by row, 16-bit
            little-endian integers. What is missing at the end is zero; the last band that is there has one that is not.

    Raises:
        RecipeError: outside the limits.
    """

    width: int
    height: int
    step: int
    channels: tuple[bytes, ...]

    def __post_init__(self) -> None:
        long = max(self.width, self.height)
        if long not in {BASE << level for level in range(LEVELS + 1)} or min(self.width, self.height) < 1:
            raise RecipeError(
                f"a wash has a grid of {self.width}x{self.height}; a long side of 8, 16, ... {BASE << LEVELS} is allowed"
            )
        if not 0 <= self.step < STEPS:
            raise RecipeError(f"a wash has the step {self.step}; 0 to {STEPS - 1} is allowed")
        if len(self.channels) not in {3, 4}:
            raise RecipeError(f"a wash has {len(self.channels)} channels; 3 or 4 are allowed")
        sizes = [height * width for height, width in band_shapes(self.width, self.height)]
        check_size(sizes, tuple(cut(sizes, channel) for channel in self.channels))

    @property
    def levels(self) -> int:
        """Wavelet levels: how often the grid is halved down to the lowest band."""
        return (max(self.width, self.height) // BASE).bit_length() - 1

    def check_work(self, bits: int) -> None:
        """Check the decoding time of this wash in a number of so many bits.

        Raises:
            RecipeError: it would take too long to decode.
        """
        check_size([sum(map(len, self.channels)) // 2], (1,), bits)

    def check_canvas(self, width: int, height: int) -> None:
        """Check that the grid is that of a canvas.

        Raises:
            RecipeError: another shape.
        """
        if (self.width, self.height) != grid(width, height, self.levels):
            raise RecipeError(
                f"a wash for {self.width}x{self.height} stands on a canvas of {width}x{height}, which has another shape"
            )


def check_size(sizes: list[int], cuts: tuple[int, ...], bits: int = 0) -> None:
    """Check the limits: the number of coefficients, and its product with the bits of the number that they are in.

    Raises:
        RecipeError: too many.
    """
    total = sum(sum(sizes[:count]) for count in cuts)
    if total > LIMITS.wash_coefficients:
        raise RecipeError(
            f"a wash has {total} coefficients; at most {LIMITS.wash_coefficients} are allowed: use a smaller budget"
        )
    if total * bits > LIMITS.wash_work:
        raise RecipeError(
            f"a wash has {total} coefficients in a number of {bits} bits; their product may be {LIMITS.wash_work} at most"
        )


def cut(sizes: list[int], channel: bytes) -> int:
    """Count the bands of a channel.

    Raises:
        RecipeError: it ends within a band, with a band of zeros, or a coefficient is out of range.
    """
    count = total = last = 0
    while count < len(sizes) and total * 2 < len(channel):
        last = total
        total += sizes[count]
        count += 1
    if total * 2 != len(channel) or (channel and not any(channel[last * 2 :])):
        raise RecipeError("a channel of a wash does not end with a band that holds something")
    return count


def grid(width: int, height: int, levels: int) -> tuple[int, int]:
    """Width and height of the coefficient grid of so many levels for a picture of this size, in samples."""
    long, most = BASE << levels, max(width, height)
    return max(1, (2 * long * width + most) // (2 * most)), max(1, (2 * long * height + most) // (2 * most))


def band_shapes(width: int, height: int) -> list[tuple[int, int]]:
    """(height, width) of the bands of a grid: the lowest one, then for each level from the coarsest: HL, LH, HH."""
    bands: list[tuple[int, int]] = []
    while max(width, height) > BASE:
        low_width, low_height = (width + 1) // 2, (height + 1) // 2
        high_width, high_height = width // 2, height // 2
        bands = [(low_height, high_width), (high_height, low_width), (high_height, high_width), *bands]
        width, height = low_width, low_height
    return [(height, width), *bands]
