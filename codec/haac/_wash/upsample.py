"""Learned 2x upsampler of a wash, a convolutional net in integers: it undoes some of the blur and ringing of coarse steps.

Convolutions with integer weights. The sums are done in double precision, where whole numbers of this size are exact in any order,
so that every machine gets the same ones.
"""

from __future__ import annotations

import numpy as np

from haac._wash.tables import Convolution, Ints, load_tables

_SHARP = 7
"""Weights are in 2^-7."""
_FINE = 6
"""Activations are in 2^-6 of the finest band's step."""
_RANGE = 1 << 15
_AT_A_TIME = 1 << 14
"""Places: bounds the memory."""


def upsample(planes: Ints, step: int) -> Ints:
    """Run the net: the colour channels at twice the size.

    Args:
        planes: (3, y, x), 1/64 of a level.
        step: of the finest band's quantiser, 1/64 of a level.

    Returns:
        (3, 2y, 2x), 1/64 of a level.
    """
    net = load_tables().net
    values = np.clip((np.moveaxis(planes, 0, 2) << _FINE) // step, -_RANGE, _RANGE - 1)
    linear = convolved(np.moveaxis(values, 2, 0)[..., None], net[0])  # each channel by itself
    for layer in net[1:-1]:
        values = np.clip((convolved(values[None], layer)[0] + (1 << (_SHARP - 1))) >> _SHARP, 0, _RANGE - 1)
    height, width, _ = values.shape
    drawn = convolved(values[None], net[-1])[0].reshape(height, width, 3, 4) + np.moveaxis(linear, 0, 2)
    drawn = (drawn * step + (1 << (_SHARP + _FINE - 1))) >> (_SHARP + _FINE)
    cells = drawn.reshape(height, width, 3, 2, 2).transpose(2, 0, 3, 1, 4)
    picture: Ints = cells.reshape(3, 2 * height, 2 * width)
    return picture


def convolved(values: Ints, layer: Convolution) -> Ints:
    """3x3 convolution with a dilation, its edge repeated: (picture, y, x, channel) to (picture, y, x, output)."""
    count, height, width, channels = values.shape
    reach = layer.dilation
    weights = layer.weights.astype(np.float64)
    padded = np.pad(values.astype(np.float64), ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    found = np.empty((count, height, width, len(layer.biases)), np.int64)
    strip = max(1, _AT_A_TIME // width)
    for top in range(0, height, strip):
        rows = min(strip, height - top)
        taps = [
            padded[:, top + y : top + y + rows, x : x + width]
            for y in (0, reach, 2 * reach)
            for x in (0, reach, 2 * reach)
        ]
        sums = np.concatenate(taps, axis=3).reshape(-1, 9 * channels) @ weights
        found[:, top : top + rows] = sums.reshape(count, rows, width, -1)
    return found + layer.biases
