"""Wash synthesis: dequantisation, inverse DCT and CDF 9/7 wavelet, colour transform, upscaling; in integers (docs/format.md, "Wash")."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from haac._wash.bitstream import taken_apart
from haac._wash.contexts import depth, kind
from haac._wash.tables import Ints, load_tables
from haac._wash.upsample import upsample
from haac._wash_value import Wash, band_shapes

STEP = tuple(math.floor(32 * 2 ** (n / 8) + 0.5) for n in range(64))
"""The quantiser's steps: amplitude in the lowest band, 1/64 of a level (of a channel whose transform has the norm 1)."""

GAIN = (242, 394, 394, 624)
"""256 over the norm of a coefficient of an LL, HL, LH, HH band."""

LIFT = (-25987, -868, 14466, 7266, 20155)
"""The CDF 9/7 wavelet's lifting steps, and the gain of its low band; 2^-14."""

COLOUR = np.array([[9459, 11585, 6689], [9459, 0, -13377], [9459, -11585, 6689]], np.int64)
"""Red, green, blue out of luma and two opponent colours; 2^-14."""


def amplitude(band: int, step: int) -> int:
    """Step size of the quantiser in a band; 2^-14 of a level."""
    return STEP[step] * GAIN[kind(band)] << max(0, depth(band) - 1)


def wash_picture(wash: Wash, size: tuple[int, int]) -> Image.Image:
    """Decode a wash to pixels, at any size.

    Returns:
        RGBA, straight alpha.
    """
    planes = drawn_planes(wash)
    colours = upsample(planes[:3], finest(wash))
    levels = (np.einsum("rc,chw->hwr", COLOUR, colours) + (128 << 20) + (1 << 19)) >> 20
    image = _upscaled(Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8), "RGB"), size)
    if len(planes) < 4:
        return image.convert("RGBA")
    alpha = np.clip((planes[3] + (128 << 6) + 32) >> 6, 0, 255).astype(np.uint8)
    image.putalpha(_upscaled(Image.fromarray(alpha, "L"), size))
    return image.convert("RGBa").convert("RGBA")  # what is transparent has no colour


def _upscaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Bicubic resize, one axis a call."""
    return image.resize((size[0], image.height), Image.Resampling.BICUBIC).resize(
        size, Image.Resampling.BICUBIC
    )


def finest(wash: Wash) -> int:
    """Step size of a wash's finest band, 1/64 of a level."""
    return finest_step(wash.step, wash.levels)


def finest_step(step: int, levels: int) -> int:
    """Step size of the finest band of so many levels, 1/64 of a level."""
    return STEP[step] * GAIN[1] << levels >> 9


def drawn_planes(wash: Wash) -> Ints:
    """Dequantise and invert the transform: the samples on the grid, (channel, y, x), 1/64 of a level, 0 is the middle."""
    points = load_tables().points
    parts = taken_apart(wash)
    shapes = band_shapes(wash.width, wash.height)
    bands = [np.zeros((len(wash.channels), *shape), np.int64) for shape in shapes]
    for c, rows in enumerate(parts.contexts):
        for b, where in enumerate(rows):
            values = parts.bands[c][b]
            size = np.abs(values)
            size = 64 * size + points[where, np.minimum(size, 3)]
            bands[b][c] = (np.sign(values) * size * amplitude(b, wash.step) + (1 << 13)) >> 14
    low = bands[0]
    across, down = cosines(low.shape[2]), cosines(low.shape[1])
    planes = (np.swapaxes(down, 0, 1) @ low @ across + (1 << 27)) >> 28
    for level in range(wash.levels):
        hl, lh, hh = bands[1 + 3 * level : 4 + 3 * level]
        planes = inverse_wavelet(inverse_wavelet(planes, hl, 2), inverse_wavelet(lh, hh, 2), 1)
    return planes


def cosines(size: int) -> Ints:
    """Matrix of the orthonormal DCT: row k, sample i; 2^-14, rounded to nearest (no value is near a rounding boundary)."""
    rows = [
        [
            math.floor(
                math.cos(math.pi * (2 * i + 1) * k / (2 * size)) * math.sqrt((2 if k else 1) / size) * 16384
                + 0.5
            )
            for i in range(size)
        ]
        for k in range(size)
    ]
    return np.array(rows, np.int64)


def inverse_wavelet(low: Ints, high: Ints, axis: int) -> Ints:
    """One level of the inverse wavelet along an axis, by lifting, mirrored at the edges."""
    low, high = np.moveaxis(low, axis, 0), np.moveaxis(high, axis, 0)
    if len(high) == 0:
        return np.moveaxis(low, 0, axis)
    a, b, c, d, gain = LIFT
    even = (low * gain + 8192) >> 14
    odd = high
    even = even - _lift(d, *_beside_even(odd, len(even)))
    odd = odd - _lift(c, *_beside_odd(even, len(odd)))
    even = even - _lift(b, *_beside_even(odd, len(even)))
    odd = odd - _lift(a, *_beside_odd(even, len(odd)))
    result = np.empty((len(even) + len(odd), *even.shape[1:]), np.int64)
    result[0::2], result[1::2] = even, odd
    return np.moveaxis(result, 0, axis)


def _lift(weight: int, left: Ints, right: Ints) -> Ints:
    return ((left + right) * weight + 8192) >> 14


def _beside_even(odd: Ints, count: int) -> tuple[Ints, Ints]:
    """The odd samples to the left and to the right of each even one."""
    left = np.concatenate([odd[:1], odd])[:count]
    right = odd if len(odd) == count else np.concatenate([odd, odd[-1:]])
    return left, right


def _beside_odd(even: Ints, count: int) -> tuple[Ints, Ints]:
    """The even samples to the left and to the right of each odd one."""
    right = even[1:] if len(even) > count else np.concatenate([even[1:], even[-1:]])
    return even[:count], right
