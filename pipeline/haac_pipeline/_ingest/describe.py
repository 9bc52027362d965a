"""An element's pixels encoded and described: mean colour, perceptual hash (dHash), software versions."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

from haac_repo import NewElement, encode, pixel_hash
from haac_repo._internal import bands

if TYPE_CHECKING:
    from PIL import Image


def as_element(image: Image.Image, *, quick: bool = False) -> NewElement:
    """Encode and describe RGBA pixels; without name, tags and provenance.

    Args:
        image: RGBA.
        quick: see `encode`.
    """
    return NewElement(
        data=encode(image, quick=quick),
        width=image.width,
        height=image.height,
        pixels_sha256=pixel_hash(image),
        colour=mean_colour(image),
        phash=perceptual_hash(image),
    )


def mean_colour(image: Image.Image) -> int:
    """Mean colour 0xRRGGBB of RGBA pixels, weighted by alpha; in integers, the same on any machine."""
    sums, total = [0, 0, 0], 0
    for band in bands(image):
        pixels = np.asarray(band)
        weights = pixels[:, :, 3].astype(np.uint16)
        total += int(weights.sum(dtype=np.uint64))
        for n in range(3):
            sums[n] += int((pixels[:, :, n] * weights).sum(dtype=np.uint64))
    total = max(total, 1)
    red, green, blue = ((2 * each + total) // (2 * total) for each in sums)
    return red << 16 | green << 8 | blue


def perceptual_hash(image: Image.Image) -> int:
    """Perceptual hash: 64-bit difference hash (dHash) of an RGBA picture on a grey background.

    Source: N. Krawetz, "Kind of like that" (2013), dHash; half of the bits compare brightness, half alpha, because
    cut-outs differ in outline as much as in what is inside.
    """
    from PIL import Image

    small = image.convert("RGBa").resize((9, 4), Image.Resampling.BOX)
    pixels = np.frombuffer(small.tobytes(), np.uint8).reshape(4, 9, 4).astype(np.int32)
    grey = pixels[:, :, :3] @ np.array([299, 587, 114]) // 1000 + (255 - pixels[:, :, 3]) // 2
    # Brighter to the right, by more than noise.
    bits = [np.diff(values, axis=1) > 1 for values in (grey, pixels[:, :, 3])]
    return int.from_bytes(np.packbits(np.concatenate(bits)).tobytes())


def software() -> str:
    """Names and versions of the software that makes elements, as provenance keeps them."""
    found = []
    for package in ("haac", "pillow", "numpy", "rembg", "opencv-python-headless", "onnxruntime"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
