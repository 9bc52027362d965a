"""JPEG: missing ends, smaller decoding, and more than 8 bits."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from haac._internal import full_size, read_picture
from haac_repo import PictureError
from tests.codec.input.pictures import saved


def noise(width: int = 72, height: int = 56) -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8))


KINDS = [
    {"progressive": progressive, "restart_marker_blocks": restart, "subsampling": subsampling}
    for progressive in (False, True)
    for restart in (0, 4)
    for subsampling in (0, 2)
]


@pytest.mark.parametrize("end", [b"", b"\xff", b"\0\0\0\0"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_lacks_only_its_end_is_read(kind: dict[str, int], end: bytes) -> None:
    data = saved(noise(), "JPEG", **kind)
    picture = read_picture(data[:-2] + end)
    assert (np.asarray(picture.image) == np.asarray(read_picture(data).image)).all()
    assert picture.notes == ("its end marker is missing; all pixels are there",)
    assert read_picture(data).notes == ()


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_lacks_pixels_is_refused_wherever_it_was_cut(kind: dict[str, int], grey: bool) -> None:
    data = saved(noise().convert("L") if grey else noise(), "JPEG", **kind)
    start = data.index(b"\xff\xda")
    # Its last bytes, some others, and where a restart interval or a scan ends.
    cuts = {len(data) - 2 - lost for lost in range(2, 24)} | set(range(start + 20, len(data) - 2, 379))
    cuts |= {
        found.start() for found in re.finditer(rb"\xff[\xd0-\xd7\xc4\xda]", data) if found.start() > start
    }
    for cut in sorted(cuts):
        for filled in (b"", b"\0" * 500):
            with pytest.raises(PictureError):
                read_picture(data[:cut] + filled)


def test_a_flat_picture_that_was_cut_is_refused() -> None:
    """What libjpeg makes up looks just like the rest of it."""
    data = saved(Image.new("RGB", (256, 256), "white"), "JPEG")
    for cut in range(len(data) - 60, len(data) - 3):
        with pytest.raises(PictureError):
            read_picture(data[:cut])


@pytest.mark.parametrize(
    ("at_least", "side"), [(None, 1600), (1600, 1600), (801, 1600), (800, 800), (300, 400), (1, 200)]
)
def test_a_jpeg_is_decoded_as_small_as_is_enough(at_least: int | None, side: int) -> None:
    data = saved(noise(1600, 1000), "JPEG")
    assert max(read_picture(data, at_least=at_least).image.size) == side


def test_other_formats_are_decoded_whole() -> None:
    assert read_picture(saved(noise()), at_least=1).image.size == (72, 56)


@pytest.mark.parametrize(("bits", "lossless"), [(12, False), (12, True), (16, True)])
def test_more_than_8_bits(bits: int, lossless: bool) -> None:
    codecs = pytest.importorskip("imagecodecs")
    grey = np.linspace(0, 2**bits - 1, 64 * 48).reshape(48, 64).astype(np.uint16)
    data = codecs.jpeg8_encode(grey, bitspersample=bits, lossless=lossless, level=98)
    picture = read_picture(data)
    assert (picture.format, picture.image.size) == ("JPEG", (64, 48))
    assert np.abs(np.asarray(picture.image)[..., 0] - grey / (2**bits - 1) * 255).max() < 3
    with pytest.raises(PictureError):
        read_picture(data[: len(data) // 2])


def test_more_than_8_bits_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haac._input.formats.extra.find_spec", lambda _: None)
    data = bytearray(saved(noise(), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(PictureError, match=r"12 bits.*imagecodecs.*haac\[formats\]"):
        read_picture(bytes(data))


def test_the_size_of_a_deep_jpeg_is_compared_before_anything_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("haac._input.formats.jpeg.need", lambda *_: pytest.fail("went on"))
    data = bytearray(saved(noise(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 4 : at + 9] = bytes((12, 0xFF, 0xFF, 0xFF, 0xFF))
    with pytest.raises(PictureError, match="at most"):
        read_picture(bytes(data))


def test_what_an_mpo_has_behind_its_picture_is_no_frame() -> None:
    file = io.BytesIO()
    noise().save(file, "MPO", save_all=True, append_images=[noise()])
    assert read_picture(file.getvalue()).frames == 1


@pytest.mark.parametrize("orientation", range(1, 10))
def test_the_full_size_of_one_that_is_decoded_smaller_is_that_of_its_header(
    orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(noise(721, 563), "JPEG", exif=exif.tobytes())
    whole = read_picture(data)
    smaller = read_picture(data, at_least=200)
    assert smaller.image.width < 0.6 * whole.image.width
    monkeypatch.setattr("haac._input.read.read_picture", None)  # nothing is decoded again
    assert full_size(data, smaller) == full_size(data, whole) == whole.image.size
