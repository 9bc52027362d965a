"""TIFF: kinds of samples that Pillow mistakes or does not know, and raw photographs."""

import io
import struct
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from haac._internal import read_picture
from haac_repo import PictureError
from tests.codec.input.pictures import gradient, pixels, saved, tiff

needs_tifffile = pytest.mark.skipif(find_spec("tifffile") is None, reason="tifffile is in haac[formats]")

GREY = np.array([[0, 10, 128, 255]])


def grey_tiff(dtype: str, values: np.ndarray, photometric: int = 1, sample: int = 1) -> bytes:
    """A strip of grey samples; the byte order is that of `dtype`."""
    kind = np.dtype(dtype)
    order = ">" if dtype.startswith(">") else "<"
    entries = {
        256: (values.shape[1],),
        257: (values.shape[0],),
        258: (8 * kind.itemsize,),
        262: (photometric,),
        339: (sample,),
    }
    return tiff(order, entries, values.astype(kind).tobytes())


@pytest.mark.parametrize("white", [False, True])
@pytest.mark.parametrize(
    ("dtype", "sample", "values"),
    [
        ("<u2", 1, GREY * 257),
        ("<f4", 3, GREY / 255),
        (">f4", 3, GREY / 255),
        (">f4", 3, GREY * 1.0),
        ("u1", 1, GREY),
    ],
)
def test_white_is_zero_is_inverted(dtype: str, sample: int, values: np.ndarray, white: bool) -> None:
    result = pixels(grey_tiff(dtype, values, 0 if white else 1, sample))[0, :, 0]
    assert result.tolist() == (255 - GREY[0] if white else GREY[0]).tolist()


def test_unsigned_32_bits_do_not_wrap() -> None:
    result = pixels(grey_tiff("<u4", np.array([[0, 2**31, 2**32 - 1]])))[0, :, 0]
    assert result.tolist() == [0, 128, 255]


@pytest.mark.parametrize("dtype", ["<i2", "<i4", ">i2", ">i4", "i1"])
def test_signed_samples_are_stretched(dtype: str) -> None:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    assert pixels(grey_tiff(dtype, np.array([[low, 0, high]]), sample=2))[0, :, 0].tolist() == [0, 128, 255]


@needs_tifffile
@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["float32", "int16", "int32", "uint16", "uint32"])
def test_byte_order_does_not_matter(dtype: str, order: str, compression: str | None) -> None:
    import tifffile

    low, high = (0, 1) if dtype == "float32" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    values = (low + GREY / 255 * (float(high) - low)).astype(dtype)
    file = io.BytesIO()
    tifffile.imwrite(
        file, values, byteorder=order, compression=compression, photometric="minisblack", metadata=None
    )
    assert np.abs(pixels(file.getvalue())[0, :, 0] - GREY[0]).max() <= 1


@needs_tifffile
@pytest.mark.parametrize("order", ["<", ">"])
def test_planes_of_16_bits(order: str) -> None:
    import tifffile

    wide = np.moveaxis(np.asarray(gradient()).astype(np.uint16) * 257, 2, 0)
    file = io.BytesIO()
    tifffile.imwrite(file, wide, byteorder=order, photometric="rgb", planarconfig="separate", metadata=None)
    assert (pixels(file.getvalue())[..., :3] == np.asarray(gradient())).all()


@needs_tifffile
@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
def test_kinds_that_pillow_does_not_know(alpha: str) -> None:
    import tifffile

    rgba = np.dstack([np.asarray(gradient()), np.full((16, 24), 128)]) / 255
    stored = rgba * [0.5, 0.5, 0.5, 1] if alpha == "assocalpha" else rgba
    for dtype in (np.float32, np.float64):
        file = io.BytesIO()
        tifffile.imwrite(file, stored.astype(dtype), photometric="rgb", extrasamples=[alpha], metadata=None)
        result = pixels(file.getvalue())
        assert (result[..., 3] == 128).all()
        assert np.abs(result[..., :3] - np.asarray(gradient())).max() <= 2


def test_a_kind_that_nobody_reads_is_told() -> None:
    entries = {256: (1,), 257: (1,), 258: (32,), 262: (6,), 339: (3,)}
    with pytest.raises(PictureError, match=r"32 bits|tifffile"):
        read_picture(tiff("<", entries, bytes(4)))


@pytest.mark.parametrize("tags", [{50706: b"\1\4\0\0"}, {254: 1, 271: "NIKON", 330: 8}])
def test_raw_photographs_are_refused_not_their_previews(tags: dict[int, object]) -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info[tag] = value
        if tag == 330:
            info.tagtype[tag] = 4
    with pytest.raises(PictureError, match="raw photograph"):
        read_picture(saved(gradient(), "TIFF", tiffinfo=info))


def test_an_unspecified_fourth_sample_is_no_alpha() -> None:
    rows = np.dstack([np.asarray(gradient()), np.zeros((16, 24), np.uint8)])
    entries = {256: (24,), 257: (16,), 258: (8, 8, 8, 8), 262: (2,), 277: (4,), 338: (0,)}
    picture = read_picture(tiff("<", entries, rows.tobytes()))
    assert not picture.has_alpha
    assert (np.asarray(picture.image)[..., :3] == np.asarray(gradient())).all()


def test_pages_are_frames() -> None:
    data = saved(gradient(), "TIFF", save_all=True, append_images=[Image.new("RGB", (3, 5))])
    assert read_picture(data).frames == 2


@pytest.mark.parametrize("empty", [True, False])
def test_bmp_whose_alpha_is_empty_is_opaque(empty: bool) -> None:
    values = np.zeros((2, 3, 4), np.uint8)
    values[..., 2] = 200
    values[0, 0, 3] = 0 if empty else 9
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs"
    head = struct.pack("<IiiHHIIiiII", 108, 3, 2, 1, 32, 3, 0, 0, 0, 0, 0) + masks.ljust(68, b"\0")
    picture = read_picture(b"BM" + struct.pack("<IHHI", 122 + 24, 0, 0, 122) + head + values.tobytes())
    assert picture.has_alpha is not empty
    assert picture.image.getpixel((2, 0))[:3] == (200, 0, 0)  # type: ignore[index]


@needs_tifffile
@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}, {"rowsperstrip": 3, "compression": "lzw"}]
)
def test_a_rare_tiff_that_was_cut_short_is_refused(
    options: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    """tifffile would fill up with black, and log."""
    import tifffile

    file = io.BytesIO()
    wide = (np.asarray(gradient(50, 40)) / 255).astype(np.float32)
    tifffile.imwrite(file, wide, photometric="rgb", metadata=None, **options)
    data = file.getvalue()
    assert read_picture(data).image.size == (50, 40)
    for cut in (20, len(data) // 2, len(data) - 1):
        with pytest.raises(PictureError):
            read_picture(data[:cut])
    assert capfd.readouterr() == ("", "")
