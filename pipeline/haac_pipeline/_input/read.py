"""Decode untrusted picture files to 8-bit sRGB with alpha: EXIF orientation, ICC profiles, bit depths."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageCms import ImageCmsTransform

# Ordered so that Pillow loads its rarer plugins only where the common ones fail. JPEG brings MPO along, which phones write.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF", "TIFF")

_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Picture:
    """A decoded picture file."""

    image: Image.Image
    """Mode RGBA, upright, sRGB, without metadata."""
    has_alpha: bool
    """True if some pixel's alpha is below 255."""
    format: str
    """Pillow's name of the file's format: JPEG, MPO, PNG, GIF, BMP, WEBP, AVIF or TIFF."""
    frames: int = 1
    """Of the file that it is from: of an animation, or pages of a TIFF."""


def read_picture(data: bytes) -> Picture:
    """Decode a picture file; of an animation, its first frame.

    Orientation (EXIF) and colour profile (ICC) are applied; a broken profile or broken EXIF is ignored, as browsers do.

    Raises:
        PictureError: no picture, broken, cut short or outside the limits. Sizes are compared before any pixel is decoded.
    """
    return next(read_frames(data, 1))


def read_frames(data: bytes, most: int | None) -> Iterator[Picture]:
    """Decode the frames of an animation, or the pages of a TIFF, one by one, each as a whole picture.

    Args:
        data: the file.
        most: at most so many, from the first on; None: all.

    Raises:
        PictureError: as `read_picture`, or at a later frame that is broken.
    """
    from PIL import Image

    image: Image.Image | None = None
    index = 0
    while most is None or index < most:
        with _refusals(data), warnings.catch_warnings():
            # Pillow warns of large pictures, odd metadata and the like; our own limits are below.
            warnings.simplefilter("ignore")
            if image is None:
                _check_bytes(data)
                image = Image.open(io.BytesIO(data), formats=FORMATS)
                _check_size(*image.size)
                frames = _count(image)
            if index >= frames:
                return
            if frames > 1:
                image.seek(index)
                _check_size(*image.size)  # pages of a TIFF have sizes of their own
            image.load()
            picture = _picture(image, frames)
        yield picture
        index += 1


@contextmanager
def _refusals(data: bytes) -> Iterator[None]:
    """Turn whatever decoders raise into a PictureError."""
    from PIL import Image, UnidentifiedImageError, features

    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"too many pixels; at most {INGEST_LIMITS.source_pixels:,} are read: make it smaller first"
        ) from error
    except UnidentifiedImageError as error:
        avif = data[4:12] in (b"ftypavif", b"ftypavis") and not features.check("avif")
        hint = "; this Pillow reads no AVIF: pip install 'pillow>=11.3'" if avif else ""
        raise PictureError(
            f"not a picture, or broken at its very beginning; {', '.join(FORMATS)} are read{hint}"
        ) from error
    except MemoryError as error:
        raise PictureError("not enough memory to decode it; make it smaller first") from error
    except Exception as error:  # Pillow raises whatever its decoders do
        raise PictureError(f"the picture is broken or cut short ({error or type(error).__name__})") from error


def _count(image: Image.Image) -> int:
    """Frames or pages; the further pictures of an MPO are other views and previews of the first."""
    with suppress(Exception):  # cut short after the first
        return 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    return 1


def _check_bytes(data: bytes) -> None:
    if len(data) > INGEST_LIMITS.source_bytes:
        raise PictureError(
            f"the file has {len(data):,} bytes; at most {INGEST_LIMITS.source_bytes:,} are read"
        )
    if not data:
        raise PictureError("the file is empty")


def _check_size(width: int, height: int) -> None:
    if max(width, height) > INGEST_LIMITS.source_side or width * height > INGEST_LIMITS.source_pixels:
        raise PictureError(
            f"the picture is {width}x{height}; at most {INGEST_LIMITS.source_pixels:,} pixels "
            f"and {INGEST_LIMITS.source_side:,} a side are read: make it smaller first"
        )
    if min(width, height) < 1:
        raise PictureError(f"the picture is {width}x{height}: it has no pixels")


def _picture(image: Image.Image, frames: int) -> Picture:
    # Asked after loading, since Pillow itself turns TIFFs upright while it loads them, and PNGs may say it after their pixels.
    orientation = _orientation(image)
    rgba = _upright(_rgba(image), orientation)
    rgba.info = {}  # a profile left here would be written into every element
    return Picture(rgba, rgba.getchannel("A").getextrema() != (255, 255), image.format or "", frames)


def _orientation(image: Image.Image) -> object:
    try:
        return image.getexif().get(_ORIENTATION)
    except Exception:  # broken EXIF raises whatever its parser does
        return None


def _upright(image: Image.Image, orientation: object) -> Image.Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


def _rgba(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA" and "icc_profile" not in image.info:
        return image.copy()
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    elif image.mode in ("La", "RGBa"):
        profile = image.info.get("icc_profile")
        image = image.convert(image.mode.upper())
        image.info["icc_profile"] = profile
    elif image.mode == "LAB":
        from PIL import ImageCms

        image = _to_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), image)
    clear = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        # Of a 16-bit PNG, whose pixels Pillow has cut to their upper 8 bits.
        image.info["transparency"] = tuple(value >> 8 for value in clear)
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        image = _to_srgb(profile, image)
    if image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA"):
        image = image.convert("RGB")
    return image.convert("RGBA")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Reduce greyscale of more than 8 bits (I;16 and its kin, I, F) to L, or LA if one grey is transparent.

    16 bits are scaled by their whole range. 32-bit integers and floats say no range: 0 to 1 and 0 to 255 (floats) and 0 to 65535
    are taken for what they look like, anything else is stretched from its least to its greatest value.
    """
    import numpy as np
    from PIL import Image

    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        table = ((np.arange(65_536, dtype=np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)
        grey = table[values]
    else:
        numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        low, high = float(numbers.min()), float(numbers.max())
        tops = (1.0, 255.0, 65_535.0) if image.mode == "F" else (65_535.0,)
        top = next((top for top in tops if low >= 0 and high <= top), None)
        if top is not None:
            low, high = 0.0, top
        numbers -= low
        numbers *= 255.0 / ((high - low) or 1.0)
        grey = np.rint(numbers).clip(0, 255).astype(np.uint8)
    result = Image.fromarray(grey)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        result.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    result.info["icc_profile"] = image.info.get("icc_profile")
    return result


def _to_srgb(profile: bytes, image: Image.Image) -> Image.Image:
    """Convert from an ICC profile to sRGB; unchanged if the profile is broken, is sRGB itself or is meant for other pixels."""
    try:
        found = _transform(profile)
        if found is None:
            return image
        mode, transform = found
        fits = {"RGB": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"), "L": ("1", "L", "LA")}
        if image.mode not in fits.get(mode, (mode,)):
            return image
        alpha = None
        if image.has_transparency_data:
            image = image.convert("LA" if mode == "L" else "RGBA")
            alpha = image.getchannel("A")
        result = transform.apply(image.convert(mode))
    except Exception:  # Little CMS, on a profile that is broken
        return image
    result.info = {}
    if alpha is not None:
        result.putalpha(alpha)
    return result


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
