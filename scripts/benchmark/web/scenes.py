"""Scenes that are timed: 1024x768 with 8 layers of several kinds, and one with 12 layers in which one is dragged."""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from haac import Gradient, Layer, Plate, Scene, Wash, encode_wash

WIDTH, HEIGHT = 1024, 768
LAYERS = 8
PHOTOGRAPH = 13
"""Number of the element that stands behind all others."""
BACKGROUND = Gradient(0x88AAFFFF, 0xFFEECCFF)


def _drawn(rng: random.Random, width: int, height: int, cutout: bool) -> Image.Image:
    """Waves with grain; a cut-out is round, with a wavy soft edge."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    waves = [
        abs((x * rng.randint(-3, 3) + y * rng.randint(-3, 3) + rng.randint(0, 510)) % 510 - 255) // 2
        for _ in range(3)
    ]
    grain = (x * 73_856_093 ^ y * 19_349_663) >> 5 & 15
    away = ((2 * x - width) / width) ** 2 + ((2 * y - height) / height) ** 2
    edge = 0.9 - away + 0.1 * np.sin(x / 9) * np.cos(y / 11)
    alpha = np.clip(edge * width, 0, 255) if cutout else np.full_like(x, 255)
    pixels = np.stack([*(wave + grain for wave in waves), alpha], 2).astype(np.uint8)
    pixels[pixels[:, :, 3] == 0] = 0
    return Image.fromarray(pixels)


def elements() -> dict[int, Image.Image]:
    """Twelve cut-outs of 200 to 512 pixels, and a photograph."""
    rng = random.Random(1)
    found = {
        number: _drawn(rng, rng.randint(200, 512), rng.randint(200, 512), cutout=True)
        for number in range(1, PHOTOGRAPH)
    }
    return found | {PHOTOGRAPH: _drawn(rng, 1200, 900, cutout=False)}


class Source:
    """The elements, decoded."""

    def __init__(self) -> None:
        self.images = elements()

    def image(self, ref: int) -> Image.Image:
        """The element's RGBA pixels."""
        return self.images[ref]

    def size(self, ref: int) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.images[ref].size


def _layers(count: int, **values: Any) -> list[Layer]:
    """150 to 450 pixels wide, somewhere on the canvas."""
    rng = random.Random(2)
    return [
        Layer(
            number,
            width=rng.randint(150, 450),
            x=rng.randint(-50, WIDTH - 200),
            y=rng.randint(-50, HEIGHT - 200),
            **values,
        )
        for number in range(1, count + 1)
    ]


def _mixed(layers: list[Layer]) -> list[Layer]:
    """Every other one rotated, every third one blurred, every fifth one faded."""
    return [
        replace(
            layer,
            rotation=(37 * n + 5) * (n % 2),
            blur=6 * (n % 3 == 0),
            opacity=80 if n % 5 == 0 else 100,
        )
        for n, layer in enumerate(layers, 1)
    ]


@functools.cache
def _wash() -> Wash:
    return encode_wash(_drawn(random.Random(3), WIDTH, HEIGHT, cutout=False), budget=300)


def scenes() -> dict[str, Scene]:
    """What is rendered, by kind."""
    plain = _layers(LAYERS)
    return {
        "plain": Scene(WIDTH, HEIGHT, BACKGROUND, plain),
        "rotated": Scene(
            WIDTH, HEIGHT, BACKGROUND, [replace(layer, rotation=37 * n + 5) for n, layer in enumerate(plain)]
        ),
        "blurred": Scene(
            WIDTH, HEIGHT, BACKGROUND, [replace(layer, blur=3 + 3 * n) for n, layer in enumerate(plain)]
        ),
        "mixed, on an element": Scene(WIDTH, HEIGHT, Plate(PHOTOGRAPH), _mixed(plain)),
        "mixed, on a wash": Scene(WIDTH, HEIGHT, _wash(), _mixed(plain)),
    }


def dragged() -> tuple[Scene, dict[str, int]]:
    """A scene with 12 layers on a wash, and which of them are dragged: kind and index."""
    layers = _mixed(_layers(12))
    layers[5] = replace(layers[5], width=1400)
    kinds = {
        "plain, beneath ten others": 1,
        "rotated": 6,
        "blurred and rotated": 8,
        "blurred, 1400 pixels wide": 5,
        "plain, on top": 7,
    }
    layers.append(layers.pop(7))
    kinds = {kind: 11 if kind == "plain, on top" else at - (at > 7) for kind, at in kinds.items()}
    return Scene(WIDTH, HEIGHT, _wash(), layers), kinds
