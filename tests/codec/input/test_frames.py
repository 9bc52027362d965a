"""Frames of GIF, APNG, WebP, AVIF, TIFF: as they are seen, one by one."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, features

from haac._input import limits, read
from haac._internal import read_frames, read_picture
from haac_repo import PictureError
from tests.codec.input.pictures import gif, gif_frame, png, png_chunk, saved

CLEAR, DARK, MIDDLE, LIGHT = (0, 0, 0, 0), (0, 1, 2, 255), (3, 4, 5, 255), (9, 10, 11, 255)


def row(image: Image.Image) -> list[tuple[int, ...]]:
    return [tuple(pixel) for pixel in np.asarray(image)[0].tolist()]


def seen(data: bytes, most: int | None = None) -> list[list[tuple[int, ...]]]:
    return [row(picture.image) for picture in read_frames(data, most)]


def test_what_the_first_gif_frame_does_not_cover_is_transparent() -> None:
    picture = read_picture(gif((3, 1), gif_frame([[1]], x=1)))
    assert row(picture.image) == [CLEAR, MIDDLE, CLEAR]
    assert picture.has_alpha


def test_a_frame_beyond_the_screen() -> None:
    assert read_picture(gif((1, 1), gif_frame([[1, 3]]))).image.size == (2, 1)
    frames = seen(gif((2, 1), gif_frame([[0, 0]]), gif_frame([[3, 3]], x=1)))
    assert frames == [[DARK, DARK], [DARK, LIGHT]]


@pytest.mark.parametrize(
    ("disposal", "third"),
    [
        (0, [DARK, LIGHT, MIDDLE]),
        (1, [DARK, LIGHT, MIDDLE]),
        (2, [DARK, CLEAR, MIDDLE]),
        (3, [DARK, DARK, MIDDLE]),
    ],
)
def test_disposal_of_gif_frames(disposal: int, third: list[tuple[int, ...]]) -> None:
    frames = (
        gif_frame([[0, 0, 0]]),
        gif_frame([[3]], x=1, disposal=disposal),
        gif_frame([[2, 1]], x=1, clear=2),
    )
    data = gif((3, 1), *frames)
    assert seen(data) == [[DARK] * 3, [DARK, LIGHT, DARK], third]
    assert [picture.frames for picture in read_frames(data)] == [3, 3, 3]


@pytest.mark.parametrize("disposal", [2, 3])
def test_a_first_frame_that_is_disposed_of(disposal: int) -> None:
    data = gif((2, 1), gif_frame([[0, 0]], disposal=disposal), gif_frame([[3]]))
    assert seen(data) == [[DARK, DARK], [LIGHT, CLEAR]]


def test_a_broken_later_frame_is_an_error_when_it_is_asked_for() -> None:
    data = gif((2, 1), gif_frame([[0, 0]]), gif_frame([[3, 3]]))
    cut = data[:-6]
    assert row(read_picture(cut).image) == [DARK, DARK]
    with pytest.raises(PictureError):
        list(read_frames(cut))


def apng(*frames: tuple[bytes, int, int, int, int], default: bool = False) -> bytes:
    """Frames of one row: (RGBA samples, x, disposal, blending, width of the canvas at the first)."""
    made, number = b"", 0
    whole = png(frames[0][4], 1, 8, 6, b"\0" + bytes(4 * frames[0][4]))
    for index, (samples, x, disposal, blend, _) in enumerate(frames):
        width = len(samples) // 4
        made += png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, 1, x, 0, 1, 10, disposal, blend))
        number += 1
        packed = png(width, 1, 8, 6, b"\0" + samples)
        pixels = packed[packed.index(b"IDAT") + 4 : -16]
        if index or default:
            made += png_chunk(b"fdAT", struct.pack(">I", number) + pixels)
            number += 1
        else:
            made += png_chunk(b"IDAT", pixels)
    control = png_chunk(b"acTL", struct.pack(">II", len(frames), 0))
    if default:
        return whole[:33] + control + whole[33:-12] + made + whole[-12:]
    return whole[:33] + control + made + whole[-12:]


RED, HALF = bytes((255, 0, 0, 255)), bytes((0, 0, 255, 128))


def test_half_transparent_apng_frames_are_drawn_over_what_is_there() -> None:
    """Pillow blends alpha as if it were a colour, and gives alpha 64 on a transparent canvas."""
    frames = seen(apng((bytes(4) + RED, 0, 0, 0, 2), (HALF + HALF, 0, 0, 1, 2)))
    assert frames[1][0] == (0, 0, 255, 128)
    assert frames[1][1][3] == 255
    assert abs(frames[1][1][0] - 127) <= 1


def test_an_apng_frame_in_place_of_what_is_there() -> None:
    assert seen(apng((RED + RED, 0, 0, 0, 2), (HALF, 1, 0, 0, 2)))[1] == [(255, 0, 0, 255), (0, 0, 255, 128)]


@pytest.mark.parametrize(
    ("disposal", "left"), [(0, (0, 0, 255, 128)), (1, (0, 0, 0, 0)), (2, (255, 0, 0, 255))]
)
def test_disposal_of_apng_frames(disposal: int, left: tuple[int, ...]) -> None:
    frames = seen(apng((RED + RED, 0, 0, 0, 2), (HALF, 0, disposal, 0, 2), (RED, 1, 0, 0, 2)))
    assert frames[2] == [left, (255, 0, 0, 255)]


def test_a_still_picture_beside_an_animation_is_not_shown() -> None:
    data = apng((RED + RED, 0, 0, 0, 2), default=True)
    assert row(read_picture(data).image) == [(255, 0, 0, 255)] * 2


def test_an_apng_frame_beyond_the_canvas_is_refused() -> None:
    with pytest.raises(PictureError, match="beyond"):
        list(read_frames(apng((RED + RED, 0, 0, 0, 2), (RED + RED, 1, 0, 0, 2))))


@pytest.mark.parametrize(
    "kind", ["GIF", "WEBP", "PNG", "TIFF", *(["AVIF"] if features.check("avif") else [])]
)
def test_all_frames_of_several(kind: str) -> None:
    colours = ("red", "lime", "blue")
    frames = [Image.new("RGB", (16, 16), colour) for colour in colours]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    for most, count in ((None, 3), (2, 2), (1, 1), (9, 3)):
        found = list(read_frames(data, most))
        assert len(found) == count
        assert {picture.frames for picture in found} == {3}
    for picture, frame in zip(read_frames(data), frames, strict=True):
        assert np.abs(np.asarray(picture.image.convert("RGB")).astype(int) - np.asarray(frame)).max() < 12


def test_frames_do_not_share_pixels() -> None:
    data = gif((2, 1), gif_frame([[0, 0]]), gif_frame([[3, 3]]))
    first, second = read_frames(data)
    second.image.putpixel((0, 0), (1, 1, 1, 1))
    assert row(first.image) == [DARK, DARK]


def test_a_still_picture_has_one_frame() -> None:
    assert [picture.frames for picture in read_frames(saved(Image.new("RGB", (3, 3))))] == [1]


@pytest.mark.parametrize(("limit", "count"), [({"frames": 2}, 2), ({"frames_pixels": 3 * 256}, 3)])
def test_the_limits_on_frames(limit: dict[str, int], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (limits, read):
        monkeypatch.setattr(module, "PICTURE_LIMITS", replace(limits.PICTURE_LIMITS, **limit))
    file = io.BytesIO()
    frames = [Image.new("RGB", (16, 16), (n * 9, 0, 0)) for n in range(6)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    found = list(read_frames(file.getvalue()))
    assert len(found) == count
    assert found[0].frames == 6
