"""Pictures for the tests of the matcher, drawn from seeds."""

from __future__ import annotations

import random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from haac import Colour, Gradient, Layer, Plate
from haac_match._picture.canvas import place
from haac_repo import NewElement, Repository, encode, pixel_hash

LAYERS = [
    Layer(3, width=120, rotation=130, x=40, y=50),
    Layer(7, width=60, height=80, rotation=901, blur=4, x=300, y=60),
    Layer(5, width=140, flip="h", rotation=333, blur=2, x=200, y=220),
    Layer(9, width=90, rotation=1200, x=260, y=280),
    Layer(11, width=100, rotation=77, opacity=70, x=60, y=260),
    Layer(3, width=75, rotation=700, blur=6, x=420, y=-20),
]
"""Uneven, blurred, mirrored, one over another, transparent, twice the same, and partly off the canvas."""

BACKGROUNDS: list[Colour | Gradient | Plate] = [
    Colour(0x20406FFF),
    Gradient(0xF0D0A0FF, 0x305080FF, 1123),
    Plate(16),
]

PHOTO_LAYERS = [
    Layer(1, width=120, rotation=222, x=60, y=40),
    Layer(3, width=70, height=92, rotation=900, blur=3, x=300, y=60),
    Layer(5, flip="h", width=110, rotation=1300, blur=8, x=480, y=90),
    Layer(6, width=100, rotation=40, blur=4, x=90, y=300),
    Layer(8, width=64, rotation=700, x=330, y=330),
]


def drawn(seed: int) -> Image.Image:
    """An element of some colours on a transparent background, unlike those of other seeds."""
    rng = random.Random(seed)
    width, height = rng.randint(70, 110), rng.randint(70, 110)
    sheet = Image.new("RGBA", (4 * width, 4 * height))
    pen = ImageDraw.Draw(sheet)

    def colour() -> tuple[int, int, int, int]:
        return rng.randrange(256), rng.randrange(256), rng.randrange(256), 255

    pen.rounded_rectangle((8, 8, 4 * width - 8, 4 * height - 8), rng.randint(10, 150), fill=colour())
    for _ in range(6):
        x, y, side = rng.randint(0, 3 * width), rng.randint(0, 3 * height), rng.randint(40, 160)
        shape = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        shape((x, y, x + side, y + rng.randint(40, 160)), fill=colour())
    small = sheet.convert("RGBa").resize((width, height), Image.Resampling.BOX).convert("RGBA")
    return small.crop(small.getchannel("A").getbbox())


def scenery(seed: int) -> Image.Image:
    """An opaque picture with something everywhere, as a photograph has."""
    noise = np.random.default_rng(seed)
    coarse = noise.integers(0, 256, (12, 16, 3), np.uint8)
    fine = noise.integers(0, 40, (240, 320, 3), np.uint8)
    big = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
    return Image.fromarray(cv2.add(big // 2 + 40, fine)).convert("RGBA")


def calm(seed: int, size: tuple[int, int]) -> Image.Image:
    """As `scenery`, but nearly grey."""
    made = Image.fromarray(np.asarray(scenery(seed).resize(size, Image.Resampling.BICUBIC)) // 8 + 112)
    made.putalpha(255)
    return made


def thin() -> Image.Image:
    """An element of bars that a blur leaves nothing opaque of."""
    sheet = Image.new("RGBA", (400, 400))
    pen = ImageDraw.Draw(sheet)
    pen.line((20, 60, 380, 300), (220, 30, 60, 255), 70)
    pen.line((80, 380, 150, 20), (30, 90, 220, 255), 60)
    pen.line((330, 20, 200, 380), (250, 200, 20, 255), 64)
    return sheet.convert("RGBa").resize((100, 100), Image.Resampling.BOX).convert("RGBA")


def composed(repository: Repository, layers: list[Layer], background: Image.Image) -> Image.Image:
    picture = background.copy()
    for layer in layers:
        placed = place(layer, repository.image(layer.number), picture.size)
        assert placed is not None
        picture.alpha_composite(placed.pixels, placed.box[:2])
    return picture.convert("RGB")


def shown(repository: Repository, layers: list[Layer], size: tuple[int, int]) -> np.ndarray:
    """(height, width) bool: where layers are."""
    made = np.zeros((size[1], size[0]), bool)
    for layer in layers:
        placed = place(layer, repository.image(layer.number), size)
        assert placed is not None
        left, top, right, bottom = placed.box
        made[top:bottom, left:right] |= np.asarray(placed.pixels.getchannel("A")) >= 128
    return made


def new_element(image: Image.Image, tags: tuple[str, ...]) -> NewElement:
    return NewElement(
        data=encode(image), width=image.width, height=image.height, pixels_sha256=pixel_hash(image), tags=tags
    )
