"""Decode untrusted picture files to 8-bit sRGB with alpha: the one reader of everything that opens a user's picture."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from haac._input.limits import PICTURE_LIMITS, check_bytes
from haac._input.sniff import format_of
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

    from haac._input.opened import Opened

T = TypeVar("T")

_READERS = {
    "AVIF": ("stills", "open_still"),
    "BMP": ("stills", "open_still"),
    "GIF": ("gif", "open_gif"),
    "HEIF": ("extra", "open_heif"),
    "JPEG": ("jpeg", "open_jpeg"),
    "JXL": ("extra", "open_jxl"),
    "PNG": ("png", "open_png"),
    "SVG": ("svg", "open_svg"),
    "TIFF": ("tiff", "open_tiff"),
    "WEBP": ("stills", "open_still"),
}
"""Modules of `formats`, and their functions, by what `format_of` gives."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture file, or a frame of one."""

    image: Image.Image
    """Mode RGBA, upright, sRGB, without metadata."""
    has_alpha: bool
    """True if some pixel's alpha is below 255."""
    format: str
    """Pillow's name of the file's format: JPEG, MPO, PNG, GIF, BMP, WEBP, AVIF or TIFF; or HEIF, JXL, SVG."""
    frames: int = 1
    """How many frames or pages the file has."""
    notes: tuple[str, ...] = ()
    """What a person should know of how it was read: what was broken beside the pixels, or left out."""


def read_picture(data: bytes, *, at_least: int | None = None) -> Picture:
    """Decode a picture file; of an animation, its first frame.

    Orientation (EXIF) and colour profile (ICC) are applied; a broken profile or broken EXIF is ignored, as browsers do. What is read
    and how is told in docs/formats.md.

    Args:
        data: the file.
        at_least: pixels of the long side that are needed; None: all. A JPEG may be given at a half, a quarter or an eighth of
            its size where that leaves so many, which takes less time and memory.

    Raises:
        PictureError: no picture, broken, cut short or outside the limits. Sizes are compared before any pixel is decoded.
    """
    return next(_pictures(data, at_least))


def full_size(data: bytes, read: Picture) -> tuple[int, int]:
    """Width and height that `read_picture` gives a file without `at_least`; only a drawing is decoded again for it.

    Args:
        data: the file.
        read: its first frame, as it came with `at_least`.
    """
    if read.format == "SVG":
        return read_picture(data).image.size
    if read.format not in ("JPEG", "MPO"):
        return read.image.size
    from haac._input.formats.stills import jpeg_size

    try:
        return _guarded(partial(jpeg_size, data))
    except PictureError:  # of more than 8 bits a sample: never made smaller
        return read.image.size


def read_frames(data: bytes, most: int | None = None, *, at_least: int | None = None) -> Iterator[Picture]:
    """Decode the frames of an animation, or the pages of a file, in order; of a still picture, the one that it has.

    Frames of an animation come as they are seen, drawn over those before. Each has the `frames` of the file: fewer come where `most`
    or the limits on frames and on all their pixels say so.

    Args:
        data: the file.
        most: at most so many; None: all within the limits.
        at_least: as of `read_picture`.

    Raises:
        PictureError: as `read_picture`, when the frame that is broken is asked for.
    """
    for index, picture in enumerate(_pictures(data, at_least)):
        yield picture
        if index + 1 == most:
            return


def _pictures(data: bytes, at_least: int | None) -> Iterator[Picture]:
    check_bytes(len(data))
    opened = _guarded(partial(_opened, data, at_least))
    pixels = 0
    for _ in range(PICTURE_LIMITS.frames):
        image = _guarded(lambda: next(opened.images, None))
        if image is None:
            return
        pixels += max(image.width * image.height, opened.size[0] * opened.size[1])
        yield Picture(
            image, _guarded(partial(_has_alpha, image)), opened.format, opened.frames, tuple(opened.notes)
        )
        if pixels + opened.size[0] * opened.size[1] > PICTURE_LIMITS.frames_pixels:
            return


def _opened(data: bytes, at_least: int | None) -> Opened:
    """Choose the reader; each brings the libraries that it needs."""
    kind = format_of(data)
    module, function = _READERS[kind]
    reader: Callable[..., Opened] = getattr(import_module(f"haac._input.formats.{module}"), function)
    return reader(data, at_least, kind=kind) if module == "stills" else reader(data, at_least)


def _has_alpha(image: Image.Image) -> bool:
    from haac._input.colour import has_alpha

    return has_alpha(image)


@contextmanager
def _silent_logs() -> Iterator[None]:
    """Pillow and tifffile log what is wrong with a file, which goes to a person's screen; we say it ourselves."""
    loggers = [logging.getLogger(name) for name in ("PIL", "tifffile")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _guarded(work: Callable[[], T]) -> T:
    """Call a decoder: whatever it raises becomes a PictureError, and no warning of it gets out."""
    from PIL import Image, UnidentifiedImageError

    try:
        with _silent_logs(), warnings.catch_warnings():
            # Pillow warns of large pictures, odd metadata and the like; our own limits are elsewhere.
            warnings.simplefilter("ignore")
            return work()
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"too many pixels; at most {PICTURE_LIMITS.pixels:,} are read: make it smaller first"
        ) from error
    except UnidentifiedImageError as error:
        raise PictureError("the picture is broken at its very beginning") from error
    except MemoryError as error:
        raise PictureError("not enough memory to decode it; make it smaller first") from error
    except Exception as error:  # decoders raise whatever they do
        raise PictureError(f"the picture is broken or cut short ({error or type(error).__name__})") from error
