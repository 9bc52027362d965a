"""Limits of picture files, compared before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from haac_repo import PictureError


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Upper bounds, with their units. A file beyond them is refused with its reason."""

    file_bytes: int = 256 * 2**20
    """Encoded bytes of one picture file."""
    pixels: int = 2**27
    """Pixels of one picture (134 megapixels, 512 MiB as RGBA)."""
    side: int = 65_535
    """Pixels; the largest side of a JPEG."""
    frames: int = 4096
    """Frames of one file that are read."""
    frames_pixels: int = 2**31
    """Pixels of all frames of one file that are read."""
    profile_bytes: int = 4 * 2**20
    """Bytes of a colour profile; a larger one is not applied."""
    drawing_bytes: int = 16 * 2**20
    """Bytes of an SVG, inflated."""
    drawing_elements: int = 200_000
    """Elements of an SVG."""
    drawing_depth: int = 256
    """Elements of an SVG inside each other."""


PICTURE_LIMITS = PictureLimits()


def check_bytes(size: int) -> None:
    """Refuse a file for its length.

    Raises:
        PictureError: it has no bytes, or too many.
    """
    if not size:
        raise PictureError("the file is empty")
    if size > PICTURE_LIMITS.file_bytes:
        raise PictureError(f"the file has {size:,} bytes; at most {PICTURE_LIMITS.file_bytes:,} are read")


def check_size(width: int, height: int) -> None:
    """Refuse a picture for its width and height, in pixels.

    Raises:
        PictureError: it has no pixels, or too many.
    """
    if max(width, height) > PICTURE_LIMITS.side or width * height > PICTURE_LIMITS.pixels:
        raise PictureError(
            f"the picture is {width}x{height}; at most {PICTURE_LIMITS.pixels:,} pixels "
            f"and {PICTURE_LIMITS.side:,} a side are read: make it smaller first"
        )
    if min(width, height) < 1:
        raise PictureError(f"the picture is {width}x{height}: it has no pixels")
