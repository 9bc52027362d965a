"""An element's pixels encoded and described: mean colour, perceptual hash (dHash), software versions."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from haac_repo import NewElement, encode, pixel_hash

if TYPE_CHECKING:
    from PIL import Image


def as_element(image: Image.Image) -> NewElement:
    """Encode and describe RGBA pixels; without name, tags and provenance."""
    return NewElement(
        data=encode(image),
        width=image.width,
        height=image.height,
        pixels_sha256=pixel_hash(image),
        colour=mean_colour(np.asarray(image)),
        phash=perceptual_hash(image),
    )


def mean_colour(rgba: npt.NDArray[np.uint8]) -> int:
    """Mean colour 0xRRGGBB of (height, width, 4) straight-alpha pixels, weighted by alpha."""
    weights = rgba[:, :, 3].ravel().astype(np.float32)
    total = max(float(weights.sum(dtype=np.float64)), 1.0)
    red, green, blue = (
        round(float(c)) for c in (weights @ rgba[:, :, :3].reshape(-1, 3).astype(np.float32)) / total
    )
    return min(red, 255) << 16 | min(green, 255) << 8 | min(blue, 255)


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
