"""Picture files with every oddity that the reader promises to bear, made here."""

import random
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin, features

from haac._input import limits, read
from haac._input.colour import to_srgb
from haac._internal import read_picture
from haac_repo import PictureError
from tests.codec.input.pictures import gradient, pixels, png, saved

FORMATS = ("JPEG", "PNG", "WEBP", *(["AVIF"] if features.check("avif") else []), "TIFF", "GIF", "BMP")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format(kind: str) -> None:
    picture = read_picture(saved(gradient(), kind))
    assert (picture.image.mode, picture.image.size, picture.has_alpha) == ("RGBA", (24, 16), False)
    assert picture.format == kind
    difference = np.abs(np.asarray(picture.image.convert("RGB")).astype(int) - np.asarray(gradient()))
    assert difference.mean() < 12


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_formats_are_exact(kind: str) -> None:
    assert (pixels(saved(gradient(), kind))[..., :3] == np.asarray(gradient())).all()


def test_rgba_png_is_exact_also_where_it_is_invisible() -> None:
    samples = np.random.default_rng(1).integers(0, 256, (9, 7, 4), dtype=np.uint8)
    samples[0, 0] = (1, 2, 3, 0)
    picture = read_picture(saved(Image.fromarray(samples)))
    assert (np.asarray(picture.image) == samples).all()
    assert picture.has_alpha


def test_mpo_gives_its_first_picture() -> None:
    data = saved(gradient(), "MPO", save_all=True, append_images=[Image.new("RGB", (24, 16))])
    assert read_picture(data).format in ("MPO", "JPEG")
    assert pixels(data)[..., 1].max() > 200


def test_an_opaque_alpha_channel_is_no_alpha() -> None:
    assert not read_picture(saved(gradient().convert("RGBA"))).has_alpha


def test_one_pixel_that_is_hardly_transparent_is_alpha() -> None:
    image = gradient().convert("RGBA")
    image.putpixel((23, 15), (0, 0, 0, 254))
    assert read_picture(saved(image)).has_alpha


# Orientation


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind not in ("GIF", "BMP")])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (48, 32), "black")
    upright.paste("white", (0, 0, 16, 16))  # top left
    undo: Callable[[Image.Image], Image.Image] = {
        1: lambda i: i,
        2: lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda i: i.transpose(Image.Transpose.ROTATE_180),
        4: lambda i: i.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda i: i.transpose(Image.Transpose.TRANSPOSE),
        6: lambda i: i.transpose(Image.Transpose.ROTATE_90),
        7: lambda i: i.transpose(Image.Transpose.TRANSVERSE),
        8: lambda i: i.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = read_picture(saved(undo(upright), kind, exif=exif)).image
    assert result.size == (48, 32)
    assert np.abs(np.asarray(result.convert("L")).astype(int) - np.asarray(upright.convert("L"))).mean() < 6


def test_broken_exif_is_ignored() -> None:
    data = saved(gradient(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage")
    assert read_picture(data).image.size == (24, 16)


# Modes


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk(kind: str) -> None:
    image = Image.merge("CMYK", [Image.new("L", (16, 16), value) for value in (0, 255, 255, 0)])
    red, green, blue, alpha = pixels(saved(image, kind))[8, 8]
    assert red > 200
    assert max(green, blue) < 60
    assert alpha == 255


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled(kind: str) -> None:
    samples = np.array([[0, 255, 256, 32_768, 65_535]], dtype=np.uint16)
    result = pixels(saved(Image.fromarray(samples), kind))
    assert result[0, :, 0].tolist() == [0, 1, 1, 128, 255]
    assert (result[..., 3] == 255).all()


def test_big_endian_16_bit_tiff() -> None:
    values = struct.pack(">4H", 0, 257 * 10, 257 * 200, 65_535)
    tags = [
        (256, 4, 1),
        (257, 1, 1),
        (258, 16, 1),
        (259, 1, 1),
        (262, 1, 1),
        (273, 0, 1),
        (277, 1, 1),
        (278, 1, 1),
    ]
    tags += [(279, 8, 1)]
    offset = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(
        struct.pack(">HHI", tag, 4, count) + struct.pack(">I", offset if tag == 273 else value)
        for tag, value, count in tags
    )
    data = b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + bytes(4) + values
    assert pixels(data)[0, :, 0].tolist() == [0, 10, 200, 255]


def test_16_bit_png_with_a_transparent_grey() -> None:
    rows = b"\0" + struct.pack(">3H", 1000, 40_000, 65_535)
    result = pixels(png(3, 1, 16, 0, rows, (b"tRNS", struct.pack(">H", 40_000))))
    assert result[0, :, 3].tolist() == [255, 0, 255]
    assert result[0, :, 0].tolist() == [4, 156, 255]


def test_16_bit_rgb_png_with_a_transparent_colour() -> None:
    rows = b"\0" + struct.pack(">6H", 65_535, 0, 40_000, 1000, 1000, 1000)
    result = pixels(png(2, 1, 16, 2, rows, (b"tRNS", struct.pack(">3H", 65_535, 0, 40_000))))
    assert result[0, :, 3].tolist() == [0, 255]
    assert abs(result[0, 0, 2] - 156) <= 1


def test_16_bit_rgba_png() -> None:
    result = pixels(png(1, 1, 16, 6, b"\0" + struct.pack(">4H", 65_535, 32_768, 0, 32_768)))
    assert result[0, 0].tolist() == [255, 128, 0, 128]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 32_768.0, 65_535.0], [0, 128, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
    ],
)
def test_floats_are_scaled(samples: list[float], expected: list[int]) -> None:
    result = pixels(saved(Image.fromarray(np.array([samples], dtype=np.float32)), "TIFF"))
    assert np.abs(result[0, :, 0] - expected).max() <= 1


def test_32_bit_integers_are_scaled() -> None:
    result = pixels(saved(Image.fromarray(np.array([[0, 2**20, 2**21]], dtype=np.int32)), "TIFF"))
    assert np.abs(result[0, :, 0] - [0, 128, 255]).max() <= 1


def test_constant_floats_and_nan() -> None:
    flat = read_picture(saved(Image.new("F", (3, 3), -7.0), "TIFF"))
    assert flat.image.size == (3, 3)
    strange = Image.fromarray(np.array([[np.nan, np.inf, 1.0]], dtype=np.float32))
    assert pixels(saved(strange, "TIFF"))[0, :, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("transparency", [3, bytes([255, 255, 0, 0]), None])
@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palettes(transparency: int | bytes | None, kind: str) -> None:
    image = Image.new("P", (4, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    image.putdata([0, 1, 2, 3])
    if kind == "GIF" and isinstance(transparency, bytes):
        transparency = 3
    options = {} if transparency is None else {"transparency": transparency}
    result = pixels(saved(image, kind, **options))
    assert result[0, :2, :3].tolist() == [[255, 0, 0], [0, 255, 0]]
    clear = {3: [255, 255, 255, 0], None: [255] * 4}.get(transparency, [255, 255, 0, 0])  # type: ignore[arg-type]
    assert result[0, :, 3].tolist() == clear


def test_true_colour_png_with_a_transparent_colour() -> None:
    image = Image.new("RGB", (2, 1), (10, 20, 30))
    image.putpixel((1, 0), (1, 2, 3))
    assert pixels(saved(image, transparency=(1, 2, 3)))[0, :, 3].tolist() == [255, 0]


def test_grey_png_with_a_transparent_grey() -> None:
    image = Image.fromarray(np.array([[5, 6, 7]], dtype=np.uint8))
    assert pixels(saved(image, transparency=6))[0, :, 3].tolist() == [255, 0, 255]


def test_bilevel() -> None:
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    for kind in ("PNG", "TIFF", "BMP"):
        assert pixels(saved(image, kind))[0].tolist() == [[0, 0, 0, 255], [255, 255, 255, 255]]


def test_grey_with_alpha() -> None:
    image = Image.merge("LA", [Image.new("L", (2, 2), 90), Image.new("L", (2, 2), 30)])
    assert pixels(saved(image))[0, 0].tolist() == [90, 90, 90, 30]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBX", (10, 20, 30, 0), (10, 20, 30, 255)),
        ("YCbCr", (128, 128, 128), (128, 128, 128, 255)),
        ("LAB", (255, 128, 128), (255, 255, 255, 255)),
        ("RGBA", (10, 20, 30, 40), (10, 20, 30, 40)),
    ],
)
def test_rare_modes_of_tiff(mode: str, colour: tuple[int, ...], expected: tuple[int, ...]) -> None:
    image = Image.new(mode, (4, 4), colour)
    assert np.abs(pixels(saved(image, "TIFF"))[0, 0] - expected).max() <= 3


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("La", [100, 100, 100, 128]), ("PA", None), ("RGBa", None), ("HSV", None), ("I;16B", [1, 1, 1, 255])],
)
def test_modes_that_pillow_keeps_in_memory(mode: str, expected: list[int] | None) -> None:
    """Whatever mode a plugin may come up with is turned into RGBA."""
    if mode == "La":
        image = Image.merge("LA", [Image.new("L", (2, 2), 100), Image.new("L", (2, 2), 128)]).convert("La")
    elif mode == "PA":
        image = Image.new("RGBA", (2, 2), (1, 2, 3, 4)).convert("PA")
    elif mode == "RGBa":
        image = Image.new("RGBA", (2, 2), (100, 100, 100, 128)).convert("RGBa")
    elif mode == "I;16B":
        image = Image.frombytes("I;16B", (2, 2), struct.pack(">4H", 257, 257, 257, 257))
    else:
        image = Image.new("RGB", (2, 2)).convert(mode)
    result = to_srgb(image)
    assert result.mode == "RGBA"
    if expected is not None:
        assert np.abs(np.asarray(result)[0, 0].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind not in ("JPEG", "BMP")])
def test_the_first_frame_of_several(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    assert np.abs(pixels(data)[8, 8] - [255, 0, 0, 255]).max() < 12


# What is refused


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_truncated_files_are_refused(kind: str, share: float) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    with pytest.raises(PictureError, match=r"."):
        read_picture(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"hello",
        b"BM hello",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"II*\0",
        b"\xff\x0a",
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError, match=r"empty|not a picture|broken|JPEG XL"):
        read_picture(data)


@pytest.mark.parametrize("kind", ["PPM", "ICO", "TGA", "PCX", "PDF", "EPS", "JPEG2000"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(PictureError):
        read_picture(saved(gradient(16, 16), kind))


@pytest.mark.parametrize("size", [(100_000, 1), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (12_000, 12_000)])
def test_huge_pictures_are_refused_before_they_are_decoded(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(PictureError, match=r"at most"):
        read_picture(png(*size, 8, 2, b""))


def limited(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    for module in (limits, read):
        monkeypatch.setattr(module, "PICTURE_LIMITS", replace(limits.PICTURE_LIMITS, **values))


def test_large_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(gradient())
    limited(monkeypatch, file_bytes=len(data) - 1)
    with pytest.raises(PictureError, match=r"at most"):
        read_picture(data)


def test_the_limit_itself_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(gradient(20, 10))
    limited(monkeypatch, file_bytes=len(data), pixels=200, side=20)
    assert read_picture(data).image.size == (20, 10)
    limited(monkeypatch, pixels=199)
    with pytest.raises(PictureError, match=r"20x10"):
        read_picture(data)


def test_a_text_chunk_that_is_a_bomb_is_left_out_with_a_note() -> None:
    bomb = (b"zTXt", b"k\0\0" + zlib.compress(bytes(2**26)))
    picture = read_picture(png(1, 1, 8, 0, b"\0\0", *[bomb] * 40))
    assert picture.image.size == (1, 1)
    assert any("packed text" in note for note in picture.notes)


def test_out_of_memory_is_an_error_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail, raising=False)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(PictureError, match=r"memory"):
        read_picture(saved(gradient()))


def test_no_warning_escapes() -> None:
    odd = TiffImagePlugin.ImageFileDirectory_v2()
    odd[305] = "x"
    data = bytearray(saved(gradient(), "TIFF", tiffinfo=odd))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_picture(bytes(data))
        read_picture(png(9500, 9500, 1, 0, bytes(9500 * (1 + 1188))))  # over Pillow's own warning


@pytest.mark.parametrize("kind", FORMATS)
def test_mutated_files_give_a_picture_or_an_error(kind: str) -> None:
    chance = random.Random(kind)
    data = (
        saved(gradient().convert("RGB"), kind, exif=Image.Exif())
        if kind != "BMP"
        else saved(gradient(), kind)
    )

    def mutated() -> bytes:
        result = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            result[chance.randrange(min(len(result), chance.choice((64, 10**6))))] = chance.randrange(256)
        return bytes(result)

    outcomes: set[bool] = set()
    for _ in range(150):
        try:
            read_picture(mutated())
        except PictureError:
            outcomes.add(False)
        else:
            outcomes.add(True)
    assert outcomes == {False, True}
