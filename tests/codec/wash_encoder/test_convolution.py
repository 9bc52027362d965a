"""The net's convolution stands twice: exact in integers for the decoder, in floating point with a transpose for the encoder."""

from __future__ import annotations

import numpy as np
import pytest

from haac._wash.tables import Convolution
from haac._wash.upsample import convolved as integer_convolved
from haac._wash_encoder.differentiable import convolved, transposed

CASES = [
    (1, 1, 1, 3, 12, 1),
    (3, 7, 5, 1, 4, 1),
    (1, 40, 33, 8, 8, 2),
    (1, 1, 50, 3, 2, 2),
    (1, 300, 70, 3, 4, 1),
]
"""Pictures, height, width, channels, outputs, dilation; the last is taller than a strip of either."""


def layer(draw: np.random.Generator, channels: int, outputs: int, dilation: int) -> Convolution:
    weights = draw.integers(-128, 128, (9 * channels, outputs))
    return Convolution(dilation, weights, draw.integers(-8192, 8192, outputs))


@pytest.mark.parametrize(("count", "height", "width", "channels", "outputs", "dilation"), CASES)
def test_both_give_the_same(
    count: int, height: int, width: int, channels: int, outputs: int, dilation: int
) -> None:
    """Of numbers so small that single precision holds every sum exactly."""
    draw = np.random.default_rng(height)
    given = layer(draw, channels, outputs, dilation)
    values = draw.integers(-100, 100, (count, height, width, channels))
    exact = integer_convolved(values, given)
    floats = convolved(
        values.astype(np.float32), dilation, given.weights.astype(np.float32), given.biases.astype(np.float32)
    )
    assert exact.shape == (count, height, width, outputs)
    assert np.array_equal(exact, floats)


@pytest.mark.parametrize(("count", "height", "width", "channels", "outputs", "dilation"), CASES)
def test_the_transpose_is_one(
    count: int, height: int, width: int, channels: int, outputs: int, dilation: int
) -> None:
    """<A x, y> = <x, A' y>, which holds for no other operator."""
    draw = np.random.default_rng(width)
    given = layer(draw, channels, outputs, dilation)
    given.biases[:] = 0
    weights = given.weights.astype(np.float32)
    x = draw.integers(-5, 6, (count, height, width, channels))
    y = draw.integers(-5, 6, (count, height, width, outputs))
    there = int((integer_convolved(x, given) * y).sum())
    back = transposed(y.astype(np.float32), dilation, weights)
    assert there == int((x * back.astype(np.int64)).sum())
