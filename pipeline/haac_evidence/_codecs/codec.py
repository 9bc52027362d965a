"""Other formats that Pillow and its plugins write: their settings, and files with them."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from PIL import Image, features

from haac_evidence._codecs.headers import PAYLOADS, without_comment
from haac_match import sharpened

Options = dict[str, Any]

EFFORTS = 3
"""How hard an encoder tries: 0 to search, 1 for what is found, 2 at its best."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How to write files of one kind."""

    name: str
    format: str
    """Pillow's name."""
    best_quality: int
    """From 1 to this, by growing size of the file."""
    variants: tuple[Options, ...]
    """Settings that are tried side by side: none is best for all pictures. The first one is tried at all scales."""
    quick: Options = field(default_factory=dict)
    """For a search..."""
    thorough: Options = field(default_factory=dict)
    """...and for the file that is found."""
    lossless: Options | None = None
    efforts: tuple[str, tuple[tuple[int, ...], ...]] | None = None
    """An option, and its values by effort: for large pictures, for small ones, for tiny ones."""
    of_quality: Callable[[int, tuple[int, int]], Options] | None = None
    """Options of a quality, for a picture of a size; None: it is the option `quality`."""

    def options(self, variant: int, quality: int, size: tuple[int, int], effort: int) -> Options:
        """All options of a file.

        Args:
            variant: index of `variants`.
            quality: 1 to `best_quality`.
            size: width and height of what is encoded, in pixels.
            effort: 0 to EFFORTS - 1.
        """
        of_quality = {"quality": quality} if self.of_quality is None else self.of_quality(quality, size)
        options = {**self.quick, **self.variants[variant], **of_quality}
        if self.efforts is not None:
            name, values = self.efforts
            pixels = size[0] * size[1]
            options[name] = values[0 if pixels > LARGE else 1 if pixels > SMALL else 2][effort]
        return options

    def write(self, picture: Image.Image, options: Options) -> bytes | None:
        """A file; None if the library refuses such a picture or settings."""
        return written(picture, self.format, options)

    def payload(self, data: bytes) -> int:
        """Bytes of a file without its header."""
        return PAYLOADS[self.name](data)


LARGE, SMALL = 1 << 16, 1 << 13
"""Pixels, at most, of small and of tiny pictures, on which encoders may try harder in the same time."""


def written(picture: Image.Image, format: str, options: Options) -> bytes | None:
    """A file by Pillow, or by the package `webp` for what Pillow does not pass on (the option `libwebp`).

    `sharpened`: the picture is prepared for halved chroma before, as haac does with its own WebP.
    """
    options = dict(options)
    if options.pop("sharpened", False):
        picture = sharpened(picture)
    if "libwebp" in options:
        return _libwebp(picture, options["quality"], options["libwebp"])
    buffer = io.BytesIO()
    try:
        picture.save(buffer, format, **options)
    except (OSError, RuntimeError, ValueError):
        return None
    data = buffer.getvalue()
    return without_comment(data) if format == "JPEG2000" else data


def read(data: bytes) -> Image.Image:
    """Decode a file of any of the formats, RGB."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def _libwebp(picture: Image.Image, quality: int, settings: dict[str, int]) -> bytes:
    import webp

    config = webp.WebPConfig.new(quality=quality)
    config.ptr.method = 6
    for name, value in settings.items():
        setattr(config.ptr, name, value)
    return bytes(webp.WebPPicture.from_pil(picture).encode(config).buffer())


def _jpeg_2000(quality: int, size: tuple[int, int]) -> Options:
    """A rate for a file of 12 bytes and more, 5 % more each; as many resolutions as the size allows."""
    resolutions = min(6, int(math.log2(min(size))) + 1)
    ratio = 3 * size[0] * size[1] / (12 * 1.05**quality)
    return {"quality_layers": [max(ratio, 1.0)], "num_resolutions": resolutions}


_TUNED = tuple(
    {
        "sharpened": True,
        "libwebp": {"segments": 1, "pass": 6, "sns_strength": shaping, "filter_strength": filtering},
    }
    for shaping, filtering in ((0, 20), (50, 60))
)
"""One segment, filters, more passes: better for small files."""

CODECS = (
    Codec(
        "AVIF",
        "AVIF",
        100,
        (
            {"subsampling": "4:2:0", "advanced": {"tune": "psnr"}},
            {"subsampling": "4:4:4", "advanced": {"tune": "psnr"}},
            {"subsampling": "4:2:0"},
            {"subsampling": "4:4:4"},
            {"subsampling": "4:0:0"},
        ),
        {"speed": 4, "max_threads": 1},
        {"speed": 0, "max_threads": 1},
        efforts=("speed", ((8, 6, 4), (8, 4, 2), (6, 3, 0))),
    ),
    Codec(
        "WebP",
        "WEBP",
        100,
        ({}, {"sharpened": True}, *(_TUNED if find_spec("webp") else ())),
        {"method": 6},
        {},
        {"lossless": True, "quality": 100, "method": 6},
    ),
    Codec(
        "JPEG XL",
        "JXL",
        99,
        ({"effort": 7}, {"effort": 9}),  # more effort is not always better by PSNR
        lossless={"lossless": True, "effort": 9},
    ),
    Codec(
        "JPEG 2000",
        "JPEG2000",
        190,
        tuple({"irreversible": lossy, "mct": mixed} for lossy in (True, False) for mixed in (1, 0)),
        {"quality_mode": "rates", "no_jp2": True},
        lossless={"irreversible": False, "mct": 1, "no_jp2": True},
        of_quality=_jpeg_2000,
    ),
    Codec(
        "JPEG",
        "JPEG",
        100,
        ({"subsampling": 2}, {"subsampling": 0}),
        {"optimize": True, "progressive": True},
    ),
)


def available_codecs() -> list[Codec]:
    """Those that this Pillow, with its plugins, writes."""
    with contextlib.suppress(ImportError):
        import pillow_jxl  # noqa: F401
    Image.init()
    module = {"AVIF": "avif", "WEBP": "webp", "JPEG2000": "jpg_2000", "JPEG": "jpg"}
    return [
        codec
        for codec in CODECS
        if codec.format in Image.SAVE and (codec.format not in module or features.check(module[codec.format]))
    ]


def codec_versions() -> dict[str, str | None]:
    """Of the libraries behind them."""
    found: dict[str, str | None] = {
        "avif": features.version("avif"),
        "webp": features.version("webp"),
        "jpeg": features.version("libjpeg_turbo"),
        "jpeg 2000": features.version("jpg_2000"),
    }
    for package in ("pillow-jxl-plugin", "imagecodecs", "webp", "blurhash-rs", "thumbhash-rs", "ssimulacra2"):
        with contextlib.suppress(PackageNotFoundError):
            found[f"{package} (package)" if package == "webp" else package] = version(package)
    return found
