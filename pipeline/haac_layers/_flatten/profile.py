"""Colours of a document that has a profile of its own, as sRGB: after they were blended, which is done in the document's own colours."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageCms

_STEPS = 9
"""Values of each channel at which profiles are compared."""


def srgb(profile: bytes) -> Callable[[Image.Image], Image.Image]:
    """What makes sRGB of RGBA pixels in the colours of an ICC profile; their alpha stays.

    Raises:
        OSError: it is no profile.
        PyCMSError: it is none of RGB colours.
    """
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), "RGB", "RGB"
    )

    def convert(image: Image.Image) -> Image.Image:
        made = ImageCms.applyTransform(image.convert("RGB"), transform)
        assert made is not None
        made.putalpha(image.getchannel("A"))
        return made

    return convert


def other_than_srgb(profile: bytes | None) -> bytes | None:
    """The profile, if it says other colours than sRGB does: by more than the one step of 256 that rounding makes."""
    if profile is None:
        return None
    values = np.linspace(0, 255, _STEPS).astype(np.uint8)
    cube = np.stack(np.meshgrid(values, values, values), axis=-1).reshape(_STEPS, -1, 3)
    pixels = Image.fromarray(cube).convert("RGBA")
    try:
        made = srgb(profile)(pixels)
    except (OSError, ImageCms.PyCMSError):  # the former where it cannot be opened
        return None
    different = np.abs(np.asarray(made).astype(np.int16) - np.asarray(pixels)).max()
    return profile if different > 1 else None
