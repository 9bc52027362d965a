"""BlurHash and ThumbHash: strings of some dozen bytes that pages show until a picture is there.

BlurHash has 1 to 9 waves each way, which is how it gets a size; ThumbHash has one size for each shape. Both are drawn as large as the
picture at once, or scaled up smoothly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec

from PIL import Image

_SIDE = 100
"""Pixels to which pictures are reduced before: all that ThumbHash takes, far more than the waves of BlurHash show."""
_DRAWN = 128
"""Pixels of the long side at which a BlurHash is drawn, before it is scaled up."""


def placeholders() -> list[str]:
    """Names of those that are installed."""
    packages = {"BlurHash": "blurhash_rs", "ThumbHash": "thumbhash"}
    return [name for name, package in packages.items() if find_spec(package)]


def blurhashes(picture: Image.Image, most: int) -> Iterator[tuple[int, int]]:
    """Waves across and down of the BlurHashes with the most waves in `most` characters, for each width."""
    waves = min(81, (most - 4) // 2)
    tall = picture.height > picture.width
    pairs = {(x, min(9, waves // x)) for x in range(1, 10) if waves >= x}
    yield from sorted(pairs, key=lambda pair: pair[::-1] if tall else pair)


def blurhash(picture: Image.Image, waves: tuple[int, int]) -> str:
    """The BlurHash of a picture, RGB."""
    from blurhash_rs import blurhash_encode

    return str(blurhash_encode(_reduced(picture), *waves))


def blurhash_bytes(text: str) -> tuple[int, int]:
    """Bytes of a BlurHash: its characters; and its values as bits, without the character of the size.

    The mean colour has 24 bits, the largest value one of 83, every other wave three values of 19.
    """
    bits = 24 + math.log2(83) + (len(text) - 6) / 2 * math.log2(19**3)
    return len(text), math.ceil(bits / 8)


def draw_blurhash(text: str, size: tuple[int, int]) -> Image.Image:
    """What it shows, as large as `size`, RGB."""
    from blurhash_rs import blurhash_decode

    scale = min(1.0, _DRAWN / max(size))
    small = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    drawn: Image.Image = blurhash_decode(text, *small)
    return drawn.convert("RGB").resize(size, Image.Resampling.BICUBIC)


def thumbhash(picture: Image.Image) -> bytes:
    """The ThumbHash of a picture, RGB."""
    from thumbhash import rgba_to_thumb_hash

    small = _reduced(picture).convert("RGBA")
    return bytes(rgba_to_thumb_hash(small.width, small.height, small.tobytes()))


def thumbhash_bytes(data: bytes) -> tuple[int, int]:
    """Bytes of a ThumbHash; and its values as bits, without the five bits of shape and transparency."""
    return len(data), math.ceil((8 * len(data) - 5) / 8)


def draw_thumbhash(data: bytes, size: tuple[int, int]) -> Image.Image:
    """What it shows, scaled up to `size`, RGB."""
    from thumbhash import thumb_hash_to_rgba

    width, height, pixels = thumb_hash_to_rgba(data)
    drawn = Image.frombytes("RGBA", (width, height), bytes(pixels)).convert("RGB")
    return drawn.resize(size, Image.Resampling.BICUBIC)


def _reduced(picture: Image.Image) -> Image.Image:
    small = picture.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return small
