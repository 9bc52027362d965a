"""The other readers: libvips and OpenCV, asked for what haac's reader gives."""

from __future__ import annotations

import logging
from typing import Any

import cv2
import numpy as np
import pyvips

from scripts.check.readers.case import Samples

logging.getLogger("pyvips").setLevel(logging.ERROR)


def versions() -> dict[str, str]:
    """Of the libraries."""
    return {
        "libvips": ".".join(str(pyvips.version(n)) for n in range(3)),
        "pyvips": pyvips.__version__,
        "opencv": cv2.__version__,
    }


def vips(data: bytes) -> Samples:
    """Read by libvips: turned, in sRGB, 8 bits, with alpha."""
    image: Any = pyvips.Image.new_from_buffer(data, "").autorot()
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True)
    elif image.interpretation not in ("srgb", "multiband"):
        image = image.colourspace("srgb")
    if image.format == "ushort":
        image = (image / 257).rint()
    if image.format != "uchar":
        image = image.cast("uchar")
    if image.bands in (1, 2):
        image = image[0].bandjoin([image[0], image[0], *([image[1]] if image.bands == 2 else [])])
    if image.bands == 3:
        image = image.addalpha()
    samples: Samples = np.ascontiguousarray(image.numpy()[..., :4])
    return samples


def opencv(data: bytes) -> Samples:
    """Read by OpenCV: unchanged where there is alpha, which nothing else of it keeps; else in colours, turned, 8 bits."""
    file = np.frombuffer(data, np.uint8)
    whole = cv2.imdecode(file, cv2.IMREAD_UNCHANGED)
    if whole is None:
        raise ValueError("not decoded")
    if whole.ndim == 3 and whole.shape[2] == 4:
        if whole.dtype == np.uint16:
            whole = np.rint(whole / 257.0)
        samples: Samples = whole[..., (2, 1, 0, 3)].astype(np.uint8)
        return samples
    found = cv2.imdecode(file, cv2.IMREAD_COLOR)
    if found is None:
        raise ValueError("not decoded")
    return np.dstack([found[..., ::-1], np.full(found.shape[:2], 255, np.uint8)])
