"""Trained parameters of the wash, integers: `tables.json` beside this file, written by `scripts/train/wash.py`."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

CONTEXTS = 48
DILATIONS = (1, 1, 2, 1)
"""Of the layers of the net: how far apart the inputs of its 3x3 convolutions are."""
SYMBOLS = 16
"""Magnitudes 0 to 14, and one symbol for all that are larger."""
ZONES = 8
CAUSAL = ((0, -1), (0, -2), (-1, 0), (-2, 0), (-1, -1), (-1, 1))
"""Rows and columns to the neighbours that are decoded before a coefficient of the same band."""
FEATURES = len(CAUSAL) + 16
"""Weighted sums of neighbours; see `_wash.bitstream`."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A 3x3 convolution of the net, its inputs `dilation` apart."""

    dilation: int
    weights: Ints
    """(row, column and input channel, output), 1/128."""
    biases: Ints
    """Of the outputs, 2^-13 of the finest band's step."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """All trained parameters: context weights, frequencies, points of reconstruction, the net."""

    weights: Ints
    """Channel (3), kind of band (LL, HL, LH, HH), feature; then a bias and a slope by step for each zone. 2^-14 of a nat of log-odds."""
    signs: Ints
    """Channel (3), kind of band, place: of the signs around, as the weights; then two of the channels before."""
    sign_shares: Ints
    """Of the plus sign, of 4096, for log-odds of -3 to 3 nats in quarters."""
    frequencies: Ints
    """Context (48 of the lowest band, then 48 of all others), symbol (16); each row sums up to 4096."""
    points: Ints
    """Context, magnitude (0 to 3, the last for all from 3 on): how far the point of reconstruction is beyond it, 1/64."""
    net: tuple[Convolution, ...]
    """A linear one for each channel by itself, then those that work on all (`_wash.upsample`)."""


@functools.cache
def load_tables() -> Tables:
    """Read the trained parameters, once a process."""
    return make_tables(json.loads(Path(__file__).with_name("tables.json").read_text("utf-8")))


def make_tables(rows: dict[str, Any]) -> Tables:
    """Parse the rows of the file."""
    frequencies = np.array(rows["frequencies"], np.int64)
    weights = np.array(rows["weights"], np.int64).reshape(3, 4, FEATURES + 2 * ZONES)
    points = np.pad(np.array(rows["points"], np.int64), ((0, 0), (1, 0)))
    net = tuple(
        Convolution(dilation, np.array(layer[:-1], np.int64), np.array(layer[-1], np.int64))
        for dilation, layer in zip(DILATIONS, (rows[f"net {n}"] for n in range(len(DILATIONS))), strict=True)
    )
    signs = np.array(rows["signs"], np.int64).reshape(3, 4, len(CAUSAL) + 2)
    sign_shares = np.array(rows["sign shares"][0], np.int64)
    return Tables(weights, signs, sign_shares, frequencies, points, net)
