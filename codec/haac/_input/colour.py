"""Colour management: pixels of any mode to 8-bit sRGB with alpha, through ICC profiles, with little memory beside the pixels."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from haac._input.depth import is_deep, strips, to_8_bits
from haac._input.limits import PICTURE_LIMITS

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageCms import ImageCmsTransform

_PLAIN = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")


def to_srgb(image: Image.Image, *, inverted: bool = False, unsigned: bool = False) -> Image.Image:
    """Convert to RGBA, 8 bits, sRGB, without metadata; `image` itself may be changed and given back.

    Args:
        image: decoded, of any mode; its `info` may have "icc_profile" and "transparency".
        inverted: see `to_8_bits`.
        unsigned: see `to_8_bits`.
    """
    from PIL import Image

    profile = image.info.get("icc_profile")
    if is_deep(image):
        image = to_8_bits(image, inverted=inverted, unsigned=unsigned)
    elif image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    elif image.mode == "LAB":
        image = _converted(_lab(), image)
        profile = None
    if isinstance(profile, bytes) and 0 < len(profile) <= PICTURE_LIMITS.profile_bytes:
        image = _converted(profile, image)
    if image.mode not in _PLAIN:
        image = image.convert("RGB")
    if image.mode == "RGB" and "transparency" not in image.info:
        image.putalpha(255)  # in place, other than `convert`
    elif image.mode != "RGBA":
        image = image.convert("RGBA")
    # The pixels alone: tags or a profile left beside them would be written into every element.
    plain = Image.Image()._new(image.im)
    plain.readonly = image.readonly  # of a WebP they are the decoder's buffer: who changes it gets a copy
    return plain


def has_alpha(image: Image.Image) -> bool:
    """Whether some pixel's alpha is below 255."""
    return image.getchannel("A").getextrema() != (255, 255)


def _converted(profile: bytes, image: Image.Image) -> Image.Image:
    """Convert from an ICC profile to sRGB; unchanged if the profile is broken, is sRGB itself or is meant for other pixels."""
    from PIL import Image

    try:
        found = _transform(profile)
        if found is None:
            return image
        mode, transform = found
        fits = {"RGB": (*_PLAIN, "RGBX"), "L": ("1", "L", "LA")}
        if image.mode not in fits.get(mode, (mode,)):
            return image
        clear = image.has_transparency_data
        if clear and image.mode != "RGBA":
            image = image.convert("LA" if mode == "L" else "RGBA")
        in_place = image.mode == ("RGBA" if clear else "RGB")
        result = image if in_place else Image.new("RGBA" if clear else "RGB", image.size)
        for top, strip in strips(image):
            part = transform.apply(strip.convert(mode))
            if clear:
                part.putalpha(strip.getchannel("A"))
            result.paste(part, (0, top))
    except Exception:  # Little CMS, on a profile that is broken
        return image
    result.info = {}
    return result


def _lab() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@lru_cache(maxsize=16)
def _transform(profile: bytes) -> tuple[str, ImageCmsTransform] | None:
    """The mode of the pixels that a profile is for, and the way from there to sRGB; None if there is nothing to do."""
    import numpy as np
    from PIL import Image, ImageChops, ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L", "Lab": "LAB"}.get(source.profile.xcolor_space.strip())
    if mode is None:
        return None
    transform = ImageCms.ImageCmsTransform(
        source,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if mode == "RGB":
        # Most profiles are sRGB under one name or another: one that changes no colour is left out.
        steps = np.arange(0, 256, 15, dtype=np.uint8)
        before = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3))
        if np.asarray(ImageChops.difference(before, transform.apply(before))).max() <= 1:
            return None
    return mode, transform
