"""Training of the net that draws a wash at twice its grid: for `scripts/train/wash.py`. numpy only, on one core, always the same result."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from haac._internal import DILATIONS, TRADE, WashEncoder, drawn_planes, finest, grid, opponent

Floats = NDArray[np.float32]
WIDTHS = (3, 16, 16, 12)
TURNS = 9000
PLACES = 14_000
"""Of a grid, in one batch."""
CROP = 48
USUAL = {1: (53, 1.0), 2: (48, 1.0), 3: (40, 1.2), 4: (33, 1.8), 5: (24, 1.0)}
"""For a number of levels: the middle of the steps to train for, and how often it is trained."""
Sample = tuple[int, Floats, Floats]
"""Levels, what was decoded, and what should be drawn: (y, x, channel) and (y, x, channel and cell), in the finest band's steps."""


def net_samples(path: Path, seed: int) -> list[Sample]:
    """A photograph, cut to 4:3, as washes of several grids."""
    rng = random.Random(seed)
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    if image.height > image.width:
        image = image.transpose(Image.Transpose.TRANSPOSE)
    width = min(image.width, image.height * 4 // 3)
    image = image.crop((0, 0, width, width * 3 // 4))
    encoder = WashEncoder(image)
    found = []
    for levels, (usual, _) in USUAL.items():
        if width < 12 << levels:
            continue
        step = usual + rng.randint(-7, 6)
        wash = encoder.trial(levels, step, TRADE * np.exp(rng.uniform(-0.4, 0.4))).wash
        size = grid(*image.size, levels)
        large = image.resize((2 * size[0], 2 * size[1]), Image.Resampling.LANCZOS)
        wanted = opponent(np.asarray(large, np.float64)) * 64 / finest(wash)
        cells = (
            wanted.reshape(3, size[1], 2, size[0], 2).transpose(1, 3, 0, 2, 4).reshape(size[1], size[0], 12)
        )
        decoded = np.moveaxis(drawn_planes(wash), 0, 2) / finest(wash)
        found.append((levels, decoded.astype(np.float32), cells.astype(np.float32)))
    return found


class Convolution:
    """3x3, inputs `dilation` apart, the edge going on beyond itself; with Adam's moments."""

    def __init__(self, dilation: int, weights: NDArray[Any]) -> None:
        self.dilation = dilation
        self.values = [weights.astype(np.float32), np.zeros(weights.shape[1], np.float32)]
        self.moments = [(np.zeros_like(v), np.zeros_like(v)) for v in self.values]
        self.slopes: list[Floats] = []

    def forward(self, x: Floats) -> Floats:
        """(picture, y, x, channel) to outputs."""
        n, h, w, c = self.shape = x.shape
        d = self.dilation
        padded = np.pad(x, ((0, 0), (d, d), (d, d), (0, 0)), mode="edge")
        taps = [padded[:, y : y + h, x : x + w] for y in (0, d, 2 * d) for x in (0, d, 2 * d)]
        self.columns = np.concatenate(taps, axis=3).reshape(-1, 9 * c)
        result: Floats = (self.columns @ self.values[0] + self.values[1]).reshape(n, h, w, -1)
        return result

    def backward(self, slope: Floats) -> Floats:
        """From the loss by outputs to that by inputs; the share of the continued edge is left out."""
        n, h, w, c = self.shape
        flat = slope.reshape(-1, slope.shape[-1])
        self.slopes = [self.columns.T @ flat, flat.sum(0)]
        taps = (flat @ self.values[0].T).reshape(n, h, w, 9, c)
        d = self.dilation
        padded = np.zeros((n, h + 2 * d, w + 2 * d, c), np.float32)
        for tap in range(9):
            y, x = tap // 3 * d, tap % 3 * d
            padded[:, y : y + h, x : x + w] += taps[:, :, :, tap]
        return padded[:, d : d + h, d : d + w]

    def step(self, rate: float, turn: int) -> None:
        """Adam (Kingma and Ba, arXiv:1412.6980)."""
        for value, slope, (mean, square) in zip(self.values, self.slopes, self.moments, strict=True):
            mean += np.float32(0.1) * (slope - mean)
            square += np.float32(0.01) * (slope * slope - square)
            large = np.sqrt(square / np.float32(1 - 0.99**turn)) + np.float32(1e-6)
            value -= np.float32(rate / (1 - 0.9**turn)) * mean / large


class Net:
    """A linear layer for each channel by itself, plus three layers with rectifiers between them."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        nearest = np.zeros((9, 4))
        nearest[4] = 1
        self.linear = Convolution(1, nearest)
        self.layers = []
        for n, (inputs, outputs) in enumerate(itertools.pairwise(WIDTHS)):
            scale = np.sqrt(2 / (9 * inputs)) * (0.1 if n == 2 else 1)
            weights = rng.standard_normal((9 * inputs, outputs)) * scale
            self.layers.append(Convolution(DILATIONS[n + 1], weights))

    def forward(self, x: Floats) -> Floats:
        """What is drawn: (picture, y, x, channel and cell)."""
        n, h, w, _ = x.shape
        alone = self.linear.forward(x.transpose(3, 0, 1, 2).reshape(3 * n, h, w, 1))
        self.held = []
        for layer in self.layers[:-1]:
            x = np.maximum(layer.forward(x), 0)
            self.held.append(x > 0)
        last = self.layers[-1].forward(x)
        return last + alone.reshape(3, n, h, w, 4).transpose(1, 2, 3, 0, 4).reshape(n, h, w, 12)

    def backward(self, slope: Floats) -> None:
        """The slopes of all weights."""
        n, h, w, _ = slope.shape
        self.linear.backward(slope.reshape(n, h, w, 3, 4).transpose(3, 0, 1, 2, 4).reshape(3 * n, h, w, 4))
        slope = self.layers[-1].backward(slope)
        for layer, held in zip(self.layers[-2::-1], self.held[::-1], strict=True):
            slope = layer.backward(slope * held)


def net_rows(net: Net) -> dict[str, list[list[int]]]:
    """The net as integers: weights in 1/128, biases in 2^-13."""
    rows = {}
    for n, layer in enumerate([net.linear, *net.layers]):
        weights, biases = np.round(layer.values[0] * 128), np.round(layer.values[1] * 128 * 64)
        rows[f"net {n}"] = [*weights.astype(int).tolist(), biases.astype(int).tolist()]
    return rows


def train_net(found: Iterable[Sample], turns: int = TURNS) -> Net:
    """Train on the samples of all photographs."""
    by_levels: dict[int, list[tuple[Floats, Floats]]] = {}
    for levels, decoded, wanted in found:
        by_levels.setdefault(levels, []).append((decoded, wanted))
    rng = np.random.default_rng(1)
    kinds = sorted(by_levels)
    shares = np.array([USUAL[levels][1] for levels in kinds])
    net, mean = Net(), 0.0
    for turn in range(1, turns + 1):
        batch = _batch(by_levels[kinds[rng.choice(len(kinds), p=shares / shares.sum())]], rng)
        x, wanted, counted = (np.stack(part) for part in zip(*batch, strict=True))
        missed = (net.forward(x) - wanted) * counted
        total = float(counted.sum()) * 12
        net.backward(missed * np.float32(2 / total))
        for layer in [net.linear, *net.layers]:
            layer.step(1.5e-3 * (1 + np.cos(np.pi * turn / turns)) + 1e-5, turn)
        mean += (float((missed**2).sum()) / total - mean) / min(turn, 1000)
        if turn % 1000 == 0:
            print(f"    net, turn {turn}: {mean:.5f}", file=sys.stderr)
    return net


def _batch(
    held: list[tuple[Floats, Floats]], rng: np.random.Generator
) -> list[tuple[Floats, Floats, Floats]]:
    """Crops, mirrored at random; where a crop was cut off, what lies near the cut is not counted."""
    height, width = min(CROP, held[0][0].shape[0]), min(CROP, held[0][0].shape[1])
    batch = []
    for _ in range(max(1, PLACES // (height * width))):
        decoded, wanted = held[rng.integers(len(held))]
        y, x = (
            int(rng.integers(full - part + 1))
            for full, part in zip(decoded.shape, (height, width), strict=False)
        )
        counted = np.zeros((*decoded.shape[:2], 1), np.float32)
        top, left = (4 if y else 0), (4 if x else 0)
        bottom = height - (4 if y + height < decoded.shape[0] else 0)
        right = width - (4 if x + width < decoded.shape[1] else 0)
        counted[y + top : y + bottom, x + left : x + right] = 1
        parts = [part[y : y + height, x : x + width] for part in (decoded, wanted, counted)]
        cells = parts[1].reshape(height, width, 3, 2, 2)
        if rng.random() < 0.5:
            parts, cells = [part[:, ::-1] for part in parts], cells[:, ::-1, :, :, ::-1]
        if rng.random() < 0.5:
            parts, cells = [part[::-1] for part in parts], cells[::-1, :, :, ::-1]
        batch.append((parts[0], cells.reshape(height, width, 12), parts[2]))
    return batch
