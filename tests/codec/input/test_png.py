"""PNG: transparency at every depth, and damage beside the pixels."""

import struct
import zlib

import numpy as np
import pytest
from PIL import ImageCms, PngImagePlugin

from haac._internal import read_picture
from haac_repo import PictureError
from tests.codec.input.pictures import gradient, pixels, png, png_chunk, saved


@pytest.mark.parametrize(
    ("depth", "row", "clear", "grey"),
    [
        (1, b"\x40", 1, [0, 255]),
        (2, b"\x18", 2, [0, 85, 170, 0]),
        (4, b"\x1b", 11, [17, 187]),
        (8, b"\x01\x0b", 11, [1, 11]),
    ],
)
def test_the_transparent_grey_is_found_at_its_depth(
    depth: int, row: bytes, clear: int, grey: list[int]
) -> None:
    result = pixels(png(len(grey), 1, depth, 0, b"\0" + row, (b"tRNS", struct.pack(">H", clear))))
    assert result[0, :, 0].tolist() == grey
    assert result[0, :, 3].tolist() == [
        0 if value == clear * 255 // (2**depth - 1) else 255 for value in grey
    ]


def test_bits_of_the_transparent_sample_beyond_the_depth_are_ignored() -> None:
    high = struct.pack(">H", 0xFF02)
    assert pixels(png(4, 1, 2, 0, b"\0\x18", (b"tRNS", high)))[0, :, 3].tolist() == [255, 255, 0, 255]


def test_two_16_bit_colours_of_the_same_upper_byte_are_told_apart_no_more() -> None:
    rows = b"\0" + struct.pack(">6H", 256, 0, 0, 257, 0, 0)
    result = pixels(png(2, 1, 16, 2, rows, (b"tRNS", struct.pack(">3H", 256, 0, 0))))
    assert result[0, :, 3].tolist() == [0, 0]


def damaged(kind: bytes, data: bytes, *, after: bool = False) -> bytes:
    whole = saved(gradient())
    at = len(whole) - 12 if after else 33
    return whole[:at] + png_chunk(kind, data, wrong=True) + whole[at:]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (b"tEXt", b"k\0v"),
        (b"pHYs", bytes(9)),
        (b"gAMA", bytes(4)),
        (b"iCCP", b"p\0\0"),
        (b"eXIf", b"x"),
        (b"quUx", b""),
    ],
)
def test_a_wrong_checksum_beside_the_pixels_is_a_note(kind: bytes, data: bytes, after: bool) -> None:
    picture = read_picture(damaged(kind, data, after=after))
    assert (np.asarray(picture.image)[..., :3] == np.asarray(gradient())).all()
    assert len(picture.notes) == 1
    assert kind.decode() in picture.notes[0]


def test_a_sound_picture_has_no_notes() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("a", "b" * 5000, zip=True)
    assert read_picture(saved(gradient(), pnginfo=info)).notes == ()


def test_transparency_with_a_wrong_checksum_is_left_out_and_said() -> None:
    bad = png(3, 1, 8, 0, b"\0\1\2\3")
    picture = read_picture(bad[:33] + png_chunk(b"tRNS", b"\0\2", wrong=True) + bad[33:])
    assert not picture.has_alpha
    assert "transparency" in picture.notes[0]


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE"])
def test_a_wrong_checksum_of_header_or_palette_is_an_error(kind: bytes) -> None:
    data = bytearray(png(1, 1, 8, 3, b"\0\0", (b"PLTE", bytes(3))))
    at = data.index(kind) + 4 + int.from_bytes(data[data.index(kind) - 4 : data.index(kind)], "big")
    data[at] ^= 1
    with pytest.raises(PictureError, match="broken"):
        read_picture(bytes(data))


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(("more", "said"), [(0, ""), (2**21, "unusually large"), (2**23, "not applied")])
def test_large_profiles(more: int, said: str) -> None:
    whole = saved(gradient())
    packed = png_chunk(b"iCCP", b"p\0\0" + zlib.compress(srgb() + bytes(more)))
    picture = read_picture(whole[:33] + packed + whole[33:])
    assert (np.asarray(picture.image)[..., :3] == np.asarray(gradient())).all()
    assert [said in note for note in picture.notes] == [True] * bool(said)


XMP = b'<rdf:Description tiff:Orientation="6"/>'


def test_orientation_in_xmp_or_a_raw_profile_is_not_asked() -> None:
    whole = saved(gradient())
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    for text in (
        png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n%8d\n" % len(exif) + exif.hex().encode()),
    ):
        assert read_picture(whole[:33] + text + whole[33:]).image.size == gradient().size
    for kind in ("JPEG", "WEBP", "TIFF"):
        options = {"tiffinfo": {700: XMP}} if kind == "TIFF" else {"xmp": XMP}
        assert read_picture(saved(gradient(), kind, **options)).image.size == gradient().size


def test_a_million_empty_chunks_are_refused() -> None:
    whole = saved(gradient())
    with pytest.raises(PictureError, match="chunks"):
        read_picture(whole[:33] + png_chunk(b"IDAT", b"") * (2**20 + 1) + whole[33:])
