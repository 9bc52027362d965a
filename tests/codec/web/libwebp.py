"""libwebp's encoder with all its options, of which Pillow passes on only some: it is called in the library that Pillow brings along."""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from pathlib import Path

import PIL
import pytest
from PIL import Image

_ABI = 0x0210
"""Version of the structures below; the library compares the upper byte."""
_INTEGERS = [
    "segments",
    "sns_strength",
    "filter_strength",
    "filter_sharpness",
    "filter_type",
    "autofilter",
    "alpha_compression",
    "alpha_filtering",
    "alpha_quality",
    "pass_",
    "show_compressed",
    "preprocessing",
    "partitions",
    "partition_limit",
    "emulate_jpeg_size",
    "thread_level",
    "low_memory",
    "near_lossless",
    "exact",
    "use_delta_palette",
    "use_sharp_yuv",
    "qmin",
    "qmax",
]


class _Config(ctypes.Structure):
    _fields_ = [
        ("lossless", ctypes.c_int),
        ("quality", ctypes.c_float),
        ("method", ctypes.c_int),
        ("image_hint", ctypes.c_int),
        ("target_size", ctypes.c_int),
        ("target_psnr", ctypes.c_float),
        *((name, ctypes.c_int) for name in _INTEGERS),
        ("spare", ctypes.c_int * 16),
    ]


class _Picture(ctypes.Structure):
    _fields_ = [
        ("use_argb", ctypes.c_int),
        ("colorspace", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("planes", ctypes.c_void_p * 3),
        ("strides", ctypes.c_int * 2),
        ("alpha", ctypes.c_void_p),
        ("alpha_stride", ctypes.c_int),
        ("pad1", ctypes.c_uint32 * 2),
        ("argb", ctypes.c_void_p),
        ("argb_stride", ctypes.c_int),
        ("pad2", ctypes.c_uint32 * 3),
        ("writer", ctypes.c_void_p),
        ("custom", ctypes.c_void_p),
        ("spare", ctypes.c_uint8 * 512),
    ]


class _Writer(ctypes.Structure):
    _fields_ = [
        ("memory", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("spare", ctypes.c_uint32 * 16),
    ]


class Encoder:
    """The library; skips a test where there is none."""

    def __init__(self) -> None:
        beside = sorted(Path(PIL.__file__).parent.parent.glob("pillow.libs/libwebp-*.so*"))
        name = str(beside[0]) if beside else find_library("webp")
        if name is None:
            pytest.skip("no libwebp beside Pillow")
        for needed in sorted(Path(PIL.__file__).parent.parent.glob("pillow.libs/libsharpyuv-*.so*")):
            ctypes.CDLL(str(needed), mode=ctypes.RTLD_GLOBAL)
        self._library = ctypes.CDLL(name)

    def encode(self, image: Image.Image, quality: float = 75, preset: int = 0, **options: int) -> bytes:
        """Encode an RGBA picture.

        Args:
            image: Mode RGBA.
            quality: 0 to 100.
            preset: 0 default, 1 picture, 2 photograph, 3 drawing, 4 icon, 5 text.
            options: Fields of WebPConfig.
        """
        config, picture, writer = _Config(), _Picture(), _Writer()
        library = self._library
        assert library.WebPConfigInitInternal(ctypes.byref(config), preset, ctypes.c_float(quality), _ABI)
        for option, value in options.items():
            assert hasattr(config, option)
            setattr(config, option, value)
        assert library.WebPValidateConfig(ctypes.byref(config)), options
        assert library.WebPPictureInitInternal(ctypes.byref(picture), _ABI)
        picture.use_argb = config.lossless
        picture.width, picture.height = image.size
        assert library.WebPPictureImportRGBA(ctypes.byref(picture), image.tobytes(), image.width * 4)
        library.WebPMemoryWriterInit(ctypes.byref(writer))
        picture.writer = ctypes.cast(library.WebPMemoryWrite, ctypes.c_void_p)
        picture.custom = ctypes.addressof(writer)
        try:
            assert library.WebPEncode(ctypes.byref(config), ctypes.byref(picture)), options
            return ctypes.string_at(writer.memory, writer.size)
        finally:
            library.WebPPictureFree(ctypes.byref(picture))
            library.WebPMemoryWriterClear(ctypes.byref(writer))
