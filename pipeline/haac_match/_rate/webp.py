"""WebP pictures for inline elements: with loss, without, of fewer colours; prepared for what a decoder will do to them."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from haac import Inline
from haac_match._picture.arrays import Bools, Bytes, Floats
from haac_repo import HaacError

_HEADER = 12
"""Bytes of a WebP file that a recipe leaves out."""

_METADATA = {"icc_profile": b"", "exif": b"", "xmp": b""}
"""None of it is kept."""

_ROUNDS = 3
"""Rounds of back-projection: what further ones gain does not show in the figures."""

_FINE = 0.3
"""Steps of WebP's quality that are worth another trial: its quantisers have no finer ones."""

_FULL = 0.995
"""A budget counts as full from this part of it on."""

_TRIALS = 10

_WIDE = 4096
"""Pixels of a row of those that get a palette."""

_NEAR = 6.0
"""How far from a quality that is about right is surely beyond it, mostly."""

_LUMA, _RED, _GREEN_BLUE, _GREEN_RED, _BLUE = 1.164, 1.596, 0.391, 0.813, 2.018
"""BT.601: what luma and chroma add to red, green and blue."""
_GAMMA = 0.8
"""By which libwebp averages the chroma of pixels."""

Pieces = list[Inline]
"""One picture, or several that are encoded alike."""

Encode = Callable[[float], "Pieces | None"]
"""Pictures at a quality from 0 to 100; None: beyond the limits of a recipe."""


def size_of(pieces: Pieces) -> int:
    """Bytes."""
    return sum(len(piece.data) for piece in pieces)


def lossy(image: Image.Image, quality: float, *, method: int = 6) -> Inline | None:
    """Encode with loss; None if a recipe cannot hold it.

    Args:
        image: RGB or RGBA.
        quality: 0 to 100, in any steps.
        method: 0 (quick) to 6.
    """
    return _encoded(image, quality=float(quality), method=method)


def lossless(image: Image.Image, *, thorough: bool = False) -> Inline | None:
    """Encode without loss, but for colours that are fully transparent; None if a recipe cannot hold it.

    Args:
        image: RGB or RGBA.
        thorough: some per cent smaller, in several times the time.
    """
    effort = {"quality": 100, "method": 6} if thorough else {"quality": 75, "method": 4}
    return _encoded(image, lossless=True, **effort)


def _encoded(image: Image.Image, **options: float | bool) -> Inline | None:
    buffer = io.BytesIO()
    try:
        image.save(buffer, "WEBP", **_METADATA, **options)
        return Inline(buffer.getvalue()[_HEADER:])
    except (HaacError, ValueError, OSError):  # too large for a recipe, or for WebP
        return None


def filled(encode: Encode, room: int, near: float | None = None) -> tuple[float, Pieces] | None:
    """The highest quality that takes at most so many bytes, and its pictures; None if none is that small.

    Searches by secants of the logarithm of the size, which is nearly linear.

    Args:
        encode: larger for a higher quality.
        room: bytes.
        near: about the quality, where that is known.
    """
    low, high = (0.0, 100.0) if near is None else (max(0.0, near - _NEAR), min(100.0, near + _NEAR))
    best = encode(low)
    if best is None or size_of(best) > room:
        return None if low == 0 else filled(encode, room)
    top = encode(high)
    if top is not None and size_of(top) <= room:
        return (high, top) if high == 100 else filled(encode, room)
    above = math.log(size_of(top) if top is not None else 4 * room)
    for _ in range(_TRIALS):
        if high - low < _FINE or size_of(best) > _FULL * room:
            break
        below = math.log(size_of(best))
        at = low + (high - low) * (math.log(room) - below) / max(above - below, 1e-9)
        at = min(max(at, low + 0.15 * (high - low)), high - 0.15 * (high - low))
        found = encode(at)
        if found is not None and size_of(found) <= room:
            low, best = at, found
        else:
            high = at
            above = above if found is None else math.log(size_of(found))
    return low, best


def least_quality(encode: Encode, good: Callable[[Pieces], bool]) -> tuple[float, Pieces] | None:
    """The least quality whose pictures are good, of every third; None if none is."""
    low, high, best = 0, 32, None
    at = 25
    while high - low > 1:
        found = encode(100 * at / 32)
        if found is not None and good(found):
            high, best = at, found
        else:
            low = at
        at = (low + high) // 2
    return None if best is None else (100 * high / 32, best)


def reduced(image: Image.Image, size: tuple[int, int], *, rounds: int = _ROUNDS) -> Image.Image:
    """Scale down so that the renderer's bicubic enlargement comes as near as it can (iterative back-projection, Irani and Peleg 1991).

    Args:
        image: RGB; of RGBA there are no rounds.
        size: of the smaller picture, pixels.
        rounds: 0: plain Lanczos.
    """
    small = image.resize(size, Image.Resampling.LANCZOS)
    if image.mode != "RGB" or not rounds:
        return small
    wanted, made = np.asarray(image, np.float32), np.asarray(small, np.float32)
    for _ in range(rounds):
        left = wanted - _resized(made, image.size, Image.Resampling.BICUBIC)
        made = made + _resized(left, size, Image.Resampling.LANCZOS)
    return Image.fromarray(_bytes(made))


def _resized(planes: Floats, size: tuple[int, int], how: Image.Resampling) -> Floats:
    """Scale (height, width, channels), one axis a call."""
    channels = []
    for channel in range(planes.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(planes[..., channel]))
        channels.append(np.asarray(plane.resize((size[0], plane.height), how).resize(size, how)))
    return np.stack(channels, axis=2)


def sharpened(image: Image.Image, *, rounds: int = _ROUNDS) -> Image.Image:
    """Prepare for 4:2:0: change what the encoder gets until its luma and halved chroma decode nearest to the picture.

    What `use_sharp_yuv` of libwebp does for the eye, which Pillow does not pass on, done for the squared error of red, green and blue, by
    iterative back-projection through the colour conversion, the averaging of chroma, and its bilinear upsampling.

    Args:
        image: RGB, or RGBA whose alpha stays.
        rounds: of it.
    """
    wanted: Floats = np.asarray(image.convert("RGB"), np.float32)
    made = wanted
    for _ in range(rounds):
        error: Floats = wanted - np.clip(_decoded(made), 0, 255)
        grey: Floats = error.mean(axis=2, dtype=np.float32)
        error -= grey[..., None]
        # Least squares: the chroma that would give these colours.
        blue = _spread(_mixed(error, (0, -_GREEN_BLUE, _BLUE), _BLUE**2 + _GREEN_BLUE**2))
        red = _spread(_mixed(error, (_RED, -_GREEN_RED, 0), _RED**2 + _GREEN_RED**2))
        made = np.clip(made + _colours(grey, blue, red), 0, 255)
    out = Image.fromarray(_bytes(made))
    if image.mode == "RGBA":
        out.putalpha(image.getchannel("A"))
    return out


def _mixed(pixels: Floats, weights: tuple[float, float, float], by: float) -> Floats:
    """Weighted sum of red, green and blue, divided by a number: without BLAS, whose sums differ from machine to machine."""
    red, green, blue = (np.float32(weight / by) for weight in weights)
    mixed: Floats = pixels[..., 0] * red + pixels[..., 1] * green + pixels[..., 2] * blue
    return mixed


def _decoded(pixels: Floats) -> Floats:
    """What comes back of pixels if only chroma is lost: BT.601 as libwebp has it, scaled to full range."""
    linear: Floats = np.power(pixels / np.float32(255), np.float32(_GAMMA))
    small: Floats = np.power(_quarter(linear), np.float32(1 / _GAMMA)) * np.float32(255)
    blue = _mixed(small, (-9719, -19081, 28800), 65536)
    red = _mixed(small, (28800, -24116, -4684), 65536)
    luma = _mixed(pixels, (16839, 33059, 6420), 65536 / _LUMA)
    return _colours(luma, _upsampled(blue, luma.shape), _upsampled(red, luma.shape))


def _colours(luma: Floats, blue: Floats, red: Floats) -> Floats:
    """(height, width, 3) of luma and chroma."""
    green = luma - np.float32(_GREEN_BLUE) * blue - np.float32(_GREEN_RED) * red
    return np.stack([luma + np.float32(_RED) * red, green, luma + np.float32(_BLUE) * blue], axis=2)


def _quarter(planes: Floats) -> Floats:
    """The means of 2x2 pixels; odd edges are repeated."""
    height, width = planes.shape[:2]
    if height % 2 or width % 2:
        edges = ((0, height % 2), (0, width % 2), *((0, 0),) * (planes.ndim - 2))
        planes = np.pad(planes, edges, "edge")
    rows: Floats = planes[::2] + planes[1::2]
    means: Floats = (rows[:, ::2] + rows[:, 1::2]) / np.float32(4)
    return means


def _spread(plane: Floats) -> Floats:
    """Each 2x2 pixels as their mean."""
    means = np.repeat(np.repeat(_quarter(plane), 2, 0), 2, 1)
    return means[: plane.shape[0], : plane.shape[1]]


def _upsampled(plane: Floats, shape: tuple[int, ...]) -> Floats:
    """Twice as large, with the weights 9, 3, 3, 1 of libwebp's "fancy" upsampling."""
    for _ in range(2):  # down, then across
        padded: Floats = np.pad(plane, ((1, 1), (0, 0)), "edge") * np.float32(0.25)
        middle: Floats = np.float32(0.75) * plane
        both: Floats = np.stack([middle + padded[:-2], middle + padded[2:]], 1)
        plane = both.reshape(-1, plane.shape[1]).T
    return plane[: shape[0], : shape[1]]


def of_colours(image: Image.Image, count: int, shown: Bools | None = None) -> Image.Image:
    """Reduce to a palette (median cut, then k-means), without dithering.

    Args:
        image: RGB.
        count: 2 to 256 colours.
        shown: (height, width), the pixels that matter; None: all.

    Returns:
        RGB.
    """
    if shown is None:
        return image.quantize(count, Image.Quantize.MEDIANCUT, 1, dither=Image.Dither.NONE).convert("RGB")
    pixels = np.asarray(image).copy()
    number = int(shown.sum())
    wide = min(number, _WIDE)
    few = Image.fromarray(np.resize(pixels[shown], (-(-number // wide), wide, 3)))  # filled up from the start
    made = few.quantize(count, Image.Quantize.MEDIANCUT, 1, dither=Image.Dither.NONE).convert("RGB")
    pixels[shown] = np.asarray(made).reshape(-1, 3)[:number]
    return Image.fromarray(pixels)


def _bytes(planes: Floats) -> Bytes:
    made: Bytes = np.clip(planes + np.float32(0.5), 0, 255).astype(np.uint8)
    return made
