"""Differentiable decoder of a wash, in floating point: the squared error of the decoded picture, and its gradient by each coefficient.

The decoder's inverse transform, upsampling net and resizing (`_wash.synthesis`) as one function of the bands; the gradient goes back
through it by the chain rule. Resizing is linear: with R the matrix of an axis, y the output of the net and x the picture,
the error |R y R' - x|^2 needs only R'R and R'xR, all at the size of y.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from haac._wash.synthesis import COLOUR, cosines, inverse_wavelet
from haac._wash.tables import load_tables
from haac._wash_value import grid

Floats = NDArray[Any]
_REAL = np.float32
_AT_A_TIME = 2048
"""Places that a convolution works on: they stay in the cache."""
_BITS = 14
"""Fraction bits of an identity matrix that goes through integer lifting."""


class Drawing:
    """Decodes washes of one grid, and compares them with a picture.

    Args:
        image: RGB.
        levels: of the grid.
        weights: (height, width) of the picture: how much errors matter there, 1 on the mean; None for all alike.
    """

    def __init__(self, image: Image.Image, levels: int, weights: Floats | None) -> None:
        width, height = grid(*image.size, levels)
        twice = 2 * width, 2 * height
        self.shape = twice[::-1]
        """(y, x) of the output of the net."""
        pixels = np.moveaxis(np.asarray(image, _REAL), 2, 0)
        across, down = _upscaling(twice[0], image.width), _upscaling(twice[1], image.height)
        self._across, self._down = across.T @ across, down.T @ down
        self._wanted = np.moveaxis(np.asarray(image.resize(twice, Image.Resampling.BICUBIC), _REAL), 2, 0)
        self._beyond = self._down @ self._wanted @ self._across - down.T @ pixels @ across
        """Half the gradient where the wash would show the reduced picture itself."""
        self._weights = None
        if weights is not None:
            reduced = Image.fromarray(weights.astype(_REAL)).resize(twice, Image.Resampling.BILINEAR)
            self._weights = np.asarray(reduced)
        self.scale = image.width * image.height / (width * height)
        """Pixels of a sample."""
        self._sizes: list[tuple[int, int]] = []
        for _ in range(levels):
            self._sizes.insert(0, (width, height))
            width, height = (width + 1) // 2, (height + 1) // 2
        self._cosines = [(cosines(n) / 16384).astype(_REAL) for n in (width, height)]
        self._net = [
            (layer.dilation, (layer.weights / 128).astype(_REAL), (layer.biases / 8192).astype(_REAL))
            for layer in load_tables().net
        ]
        self._colour = (COLOUR / 16384).astype(_REAL)

    def error(self, bands: list[Floats], unit: float) -> tuple[float, Drawn]:
        """Squared error of all pixels, less a constant of the picture, and what its gradient needs.

        Args:
            bands: (channel, y, x), levels.
            unit: the finest band's step, levels.
        """
        planes = self._planes(bands)
        layers: list[Floats] = []
        _, height, width = planes.shape
        alone = convolved(planes[..., None] / _REAL(unit), *self._net[0])
        x = np.moveaxis(planes, 0, 2)[None] / _REAL(unit)
        for layer in self._net[1:-1]:
            x = np.maximum(convolved(x, *layer), 0)
            layers.append(x > 0)
        cells = convolved(x, *self._net[-1])[0].reshape(height, width, 3, 4) + np.moveaxis(alone, 0, 2)
        cells = (cells * _REAL(unit)).reshape(height, width, 3, 2, 2).transpose(2, 0, 3, 1, 4)
        colours = np.tensordot(self._colour, cells.reshape(3, -1), 1).reshape(3, 2 * height, 2 * width) + 128
        missed = np.clip(colours, 0, 255) - self._wanted
        half = self._down @ missed @ self._across + self._beyond
        density = missed * (half + self._beyond)
        if self._weights is not None:
            density, half = density * self._weights, half * self._weights
        slope = 2 * half * ((colours > 0) & (colours < 255))
        return float(density.sum(dtype=np.float64)), Drawn(slope, layers, density.sum(0))

    def slopes(self, drawn: Drawn) -> list[Floats]:
        """Backpropagation: the gradient of the error by each coefficient, by band, (channel, y, x)."""
        _, height, width = drawn.slope.shape
        height, width = height // 2, width // 2
        cells = np.tensordot(self._colour.T, drawn.slope.reshape(3, -1), 1).reshape(3, height, 2, width, 2)
        outputs = cells.transpose(1, 3, 0, 2, 4).reshape(height, width, 3, 4)
        alone = transposed(np.moveaxis(outputs, 2, 0), *self._net[0][:2])[..., 0]
        x = outputs.reshape(1, height, width, 12)
        for layer, held in zip(self._net[:1:-1], drawn.held[::-1], strict=True):
            x = transposed(x, *layer[:2]) * held
        planes = alone + np.moveaxis(transposed(x, *self._net[1][:2])[0], 2, 0)
        bands: list[Floats] = []
        for width, height in self._sizes[::-1]:
            parts = _synthesis(height).T @ planes @ _synthesis(width)
            y, z = (height + 1) // 2, (width + 1) // 2
            bands = [parts[:, :y, z:], parts[:, y:, :z], parts[:, y:, z:], *bands]
            planes = parts[:, :y, :z]
        across, down = self._cosines
        return [down @ planes @ across.T, *bands]

    def _planes(self, bands: list[Floats]) -> Floats:
        across, down = self._cosines
        planes = down.T @ bands[0].astype(_REAL) @ across
        for level, (width, height) in enumerate(self._sizes):
            hl, lh, hh = (band.astype(_REAL) for band in bands[1 + 3 * level : 4 + 3 * level])
            parts = np.concatenate([np.concatenate([planes, hl], 2), np.concatenate([lh, hh], 2)], 1)
            planes = _synthesis(height) @ parts @ _synthesis(width).T
        return planes


class Drawn:
    """What a forward pass leaves: the error by place, (y, x) at twice the grid; its gradient by the output, (colour, y, x); and where the
    net's layers are not 0."""

    __slots__ = ("density", "held", "slope")

    def __init__(self, slope: Floats, held: list[Floats], density: Floats) -> None:
        self.slope, self.held, self.density = slope, held, density


@functools.lru_cache(maxsize=32)
def _synthesis(size: int) -> Floats:
    """(sample, coefficient): the matrix of one level of the inverse wavelet along a line."""
    unit = np.eye(size, dtype=np.int64) << _BITS
    matrix: Floats = (
        inverse_wavelet(unit[: (size + 1) // 2], unit[(size + 1) // 2 :], 0) / (1 << _BITS)
    ).astype(_REAL)
    return matrix


@functools.lru_cache(maxsize=8)
def _upscaling(size: int, full: int) -> Floats:
    """(pixel, sample): the matrix of Pillow's bicubic upscaling along a line."""
    unit = Image.fromarray(np.eye(size, dtype=_REAL))
    return np.asarray(unit.resize((size, full), Image.Resampling.BICUBIC))


def convolved(x: Floats, reach: int, weights: Floats, biases: Floats) -> Floats:
    """3x3 convolution with a dilation, its edge repeated: (picture, y, x, channel) to (picture, y, x, output)."""
    count, height, width, channels = x.shape
    padded = np.empty((count, height + 2 * reach, width + 2 * reach, channels), _REAL)
    padded[:, reach:-reach, reach:-reach] = x
    padded[:, :reach, reach:-reach], padded[:, -reach:, reach:-reach] = x[:, :1], x[:, -1:]
    padded[:, :, :reach], padded[:, :, -reach:] = padded[:, :, reach, None], padded[:, :, -reach - 1, None]
    found = np.empty((count, height, width, len(biases)), _REAL)
    places = (0, reach, 2 * reach)
    strip = max(1, _AT_A_TIME // (count * width))
    for y in range(0, height, strip):
        rows = min(strip, height - y)
        taps = [padded[:, y + top : y + top + rows, left : left + width] for top in places for left in places]
        columns = np.concatenate(taps, axis=3).reshape(-1, 9 * channels)
        found[:, y : y + rows] = (columns @ weights + biases).reshape(count, rows, width, -1)
    return found


def transposed(slope: Floats, reach: int, weights: Floats) -> Floats:
    """Transpose of `convolved`: the gradient by its inputs from that by its outputs."""
    count, height, width, outputs = slope.shape
    channels = len(weights) // 9
    padded = np.zeros((count, height + 2 * reach, width + 2 * reach, channels), _REAL)
    strip = max(1, _AT_A_TIME // (count * width))
    for y in range(0, height, strip):
        rows = min(strip, height - y)
        taps = (slope[:, y : y + rows].reshape(-1, outputs) @ weights.T).reshape(count, rows, width, 9, -1)
        for tap in range(9):
            top, left = y + tap // 3 * reach, tap % 3 * reach
            padded[:, top : top + rows, left : left + width] += taps[:, :, :, tap]
    for edges in (padded, padded.swapaxes(1, 2)):
        edges[:, reach] += edges[:, :reach].sum(1)
        edges[:, -reach - 1] += edges[:, -reach:].sum(1)
    return padded[:, reach : reach + height, reach : reach + width]
