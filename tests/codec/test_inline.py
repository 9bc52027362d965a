"""Elements inside a recipe: made, written, refused when damaged or too large."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest
from PIL import Image

from haac import (
    LIMITS,
    Inline,
    Layer,
    Scene,
    encode_inline,
    from_binary,
    from_text,
    inline,
    plate,
    render,
    to_binary,
    to_text,
)
from haac._inline import inline_digits
from haac._render import NO_ELEMENTS
from haac._vectors import DrawnElements
from haac_repo import HaacError, PictureError, RecipeError

DISC = DrawnElements().image(1)
HILLS = DrawnElements().image(4)


def carrying(*elements: Inline) -> Scene:
    return Scene(120, 100, None, [Layer(element, x=3, y=4) for element in elements])


def webp(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    return buffer.getvalue()[12:]


def test_without_loss_the_pixels_are_the_same() -> None:
    made = np.asarray(render(carrying(encode_inline(DISC, 100)), NO_ELEMENTS))[4:100, 3:99]
    wanted = np.asarray(render(Scene(96, 96, None, [Layer(1)]), DrawnElements()))
    assert np.array_equal(made[:, :96], wanted)


def test_quality_trades_bytes_for_errors() -> None:
    sizes, errors = [], []
    for quality in (5, 50, 95):
        made = encode_inline(HILLS, quality)
        sizes.append(len(made.data))
        errors.append(int(np.square(np.asarray(made.image(), np.int32) - np.asarray(HILLS)).sum()))
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("quality", [0, 60, 100])
@pytest.mark.parametrize("image", [DISC, HILLS.convert("RGB"), HILLS.convert("P"), DISC.convert("LA")])
def test_any_picture_goes_there_and_back(image: Image.Image, quality: int) -> None:
    made = encode_inline(image, quality)
    assert made.size == image.size
    assert made.image().mode == "RGBA"
    assert inline(inline_digits(made)) == made
    scene = carrying(made, made)
    assert from_binary(to_binary(scene)) == scene == from_text(to_text(scene).upper())
    assert len(to_binary(scene)) < len(made.data) + 30, "it stands once"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"VP8 ",
        webp(DISC, quality=50, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
        webp(HILLS.convert("RGB"), quality=50, icc_profile=b"x" * 200),
        webp(DISC, save_all=True, append_images=[DISC.rotate(90)]),
        webp(DISC, quality=50) + b"\0\0",
        webp(DISC, quality=50)[:-1],
        webp(HILLS.convert("RGB"), quality=50)[:8],
        b"VP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a\0\0\0\0",
        b"VP8L" + struct.pack("<I", 2**32 - 1) + b"\x2f" * 20,
    ],
    ids=["nothing", "name", "exif", "profile", "moving", "more", "cut", "head", "no-size", "lies"],
)
def test_what_is_no_still_webp_is_refused(data: bytes) -> None:
    with pytest.raises(RecipeError, match="inline element"):
        Inline(data)


def test_sizes_that_disagree_are_refused() -> None:
    data = bytearray(webp(DISC, quality=50))
    data[12] += 1
    with pytest.raises(RecipeError, match="does not fit"):
        Inline(bytes(data))


def test_too_large_ones_are_refused_before_they_are_decoded() -> None:
    large = b"VP8L" + struct.pack("<I", 6) + b"\x2f" + (16382 | 16382 << 14).to_bytes(4, "little") + b"\0"
    with pytest.raises(RecipeError, match="16383x16383"):
        Inline(large)
    with pytest.raises(PictureError, match="5000x5000"):
        encode_inline(Image.new("RGB", (5000, 5000)))
    with pytest.raises(PictureError, match="quality 101"):
        encode_inline(DISC, 101)
    with pytest.raises(RecipeError, match=f"at most {LIMITS.inline_bytes} are allowed"):
        inline("a" * 2**20)
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8))
    with pytest.raises(RecipeError, match=f"at most {LIMITS.inline_bytes}"):
        encode_inline(noise, 100)


def test_the_limits_are_those_of_all_together() -> None:
    half = [encode_inline(Image.new("RGB", (1024, 1025), (n * 60, 0, 0)), 0) for n in range(4)]
    with pytest.raises(RecipeError, match=f"pixels of inline elements; at most {LIMITS.inline_pixels}"):
        carrying(*half)
    small = [encode_inline(Image.new("RGB", (1, n)), 0) for n in range(1, LIMITS.inline_elements + 2)]
    carrying(*small[:-1])
    with pytest.raises(RecipeError, match=f"inline elements; at most {LIMITS.inline_elements}"):
        carrying(*small)


@pytest.mark.parametrize("quality", [30, 100])
@pytest.mark.parametrize("image", [DISC, HILLS], ids=["alpha", "opaque"])
def test_every_cut_and_many_flips_give_a_picture_or_an_error(image: Image.Image, quality: int) -> None:
    data = to_binary(carrying(encode_inline(image.resize((40, 30)), quality)))
    for end in range(len(data)):
        with pytest.raises(RecipeError):
            render(from_binary(data[:end]), NO_ELEMENTS)
    rng = random.Random(3)
    drawn = 0
    for _ in range(600):
        changed = bytearray(data)
        changed[rng.randrange(1, len(data))] ^= 1 << rng.randrange(8)
        try:
            scene = from_binary(bytes(changed))
            if scene.width * scene.height < 10**6:
                drawn += render(scene, NO_ELEMENTS).size == (scene.width, scene.height)
        except HaacError:
            continue
    assert drawn > 20


def test_as_many_layers_as_allowed_and_an_inline_element() -> None:
    scene = Scene(9, 9, None, [Layer(encode_inline(DISC, 5)), *[Layer(7)] * (LIMITS.layers - 1)])
    assert from_text(to_text(scene)) == scene


def test_inline_elements_are_no_backgrounds() -> None:
    with pytest.raises(RecipeError, match="first layer"):
        plate(encode_inline(DISC, 5))  # type: ignore[arg-type]


@pytest.mark.parametrize("image", [Image.new("RGB", (0, 5)), Image.new("La", (3, 3))])
def test_what_cannot_be_encoded(image: Image.Image) -> None:
    with pytest.raises(PictureError, match="inline element"):
        encode_inline(image)


def test_text_that_refers_to_nothing_is_refused() -> None:
    digits = inline_digits(encode_inline(DISC, 20))
    other = inline_digits(encode_inline(DISC, 30))
    for rest, message in (
        (";!1", "none of the recipe's 0"),
        (f";={digits};!2", "none of the recipe's 1"),
        (f";={digits};!0", "none of the recipe's 1"),
        (f";={digits};={other};!1", "in no layer"),
        (f";={digits};={digits};!1;!2", "stands twice"),
        (f";={digits[:-1]}u;!1", "base32"),
    ):
        with pytest.raises(RecipeError, match=message):
            from_text("haac1:40x40" + rest)
