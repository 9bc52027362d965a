"""The web decoder reads washes and blur strings as Python does: the same coefficients and contexts."""

from __future__ import annotations

import base64
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from haac import (
    LIMITS,
    Layer,
    Scene,
    Wash,
    decode_blur,
    encode_blur,
    encode_wash,
    read_recipe,
    to_binary,
    to_text,
)
from haac._blur import _code
from haac._forms.binary import FORMAT, _code_scene
from haac._rans import Decoder, Encoder, Uniform
from haac._wash.bitstream import _HAS_ALPHA as HAS_ALPHA
from haac._wash.bitstream import _LEVELS as LEVELS
from haac._wash.bitstream import _LUMA_BANDS as LUMA_BANDS
from haac._wash.bitstream import _encode, _step_table, taken_apart
from haac._wash_value import band_shapes
from haac_repo import HaacError
from tests.codec.scenes import ELEMENTS
from tests.codec.test_hostile import mutated
from tests.codec.web.forms.cases import VECTORS, compare, forms, plain, said


def test_wash_coefficients(tmp_path: Path) -> None:
    pictures = [photographs.astronaut(), photographs.coffee()]
    scenes = [read_recipe(vector.binary) for vector in VECTORS]
    scenes = [scene for scene in scenes if isinstance(scene.background, Wash)]
    assert len(scenes) > 5
    for budget, picture in zip((60, 400), pictures, strict=True):
        image = Image.fromarray(picture).reduce(6)
        scenes.append(Scene(*image.size, encode_wash(image, budget=budget)))
    image.putalpha(Image.radial_gradient("L").resize(image.size))
    scenes.append(Scene(*image.size, encode_wash(image, budget=300)))
    given = [data for scene in scenes for data in (to_binary(scene), to_text(scene).encode())]
    assert compare(tmp_path, "wash", given, lambda data: plain(wash_of(data))) == len(given)
    assert compare(tmp_path, "contexts", given[::2], contexts) == len(scenes)


def wash_of(data: bytes) -> Wash:
    background = read_recipe(data).background
    assert isinstance(background, Wash)
    return background


def contexts(data: bytes) -> list[Any]:
    return [[band.ravel().tolist() for band in bands] for bands in taken_apart(wash_of(data)).contexts]


def random_wash(rng: random.Random) -> tuple[tuple[int, int], Wash]:
    """A wash of a canvas: of any shape, with few coefficients or many, large ones among them."""
    canvas = rng.choice([(100, 1), (1, 70), (64, 48), (300, 7), (8, 8), (90, 160)])
    levels = rng.randrange(5)
    from haac._wash_value import grid

    width, height = grid(*canvas, levels)
    sizes = [rows * columns for rows, columns in band_shapes(width, height)]

    def channel() -> bytes:
        size = sum(sizes[: rng.randint(0, len(sizes))])
        most, share = rng.choice([(1, 0.1), (3, 0.7), (15, 0.5), (4095, 0.3)]), rng.random()
        values = [
            rng.randint(-most[0], most[0]) if share < most[1] or rng.random() < 0.1 else 0
            for _ in range(size)
        ]
        return np.array([*values[:-1], rng.choice([-1, 1])][: len(values)], "<i2").tobytes()

    while True:
        try:
            channels = tuple(channel() for _ in range(rng.choice([3, 3, 4])))
            return canvas, Wash(width, height, rng.randrange(64), channels)
        except HaacError:  # ends with a band that has no places
            continue


def uncut(rng: random.Random, wash: Wash) -> int:
    """The number of a wash that may count bands at the end of a channel which have no places, and which no encoder counts."""
    sizes = [rows * columns for rows, columns in band_shapes(wash.width, wash.height)]
    encoder = Encoder()
    encoder.pick("", LEVELS, lambda: wash.levels)
    encoder.pick("", _step_table(wash.levels), lambda: wash.step)
    encoder.pick("", HAS_ALPHA, lambda: len(wash.channels) - 3)
    for n, channel in enumerate(wash.channels):
        fitting = [k for k in range(len(sizes) + 1) if sum(sizes[:k]) * 2 == len(channel)]
        count = rng.choice(fitting)
        if n == 0:
            encoder.pick("", LUMA_BANDS, lambda count=count: len(sizes) - count)  # type: ignore[misc]
        else:
            encoder.pick("", Uniform(len(sizes) + 1), lambda count=count: count)  # type: ignore[misc]
    _encode(encoder, wash)
    return encoder.result()


def test_washes_by_chance(tmp_path: Path) -> None:
    from haac._digits import to_digits

    rng = random.Random(12)
    given = []
    for _ in range(80):
        canvas, wash = random_wash(rng)
        head = to_text(Scene(*canvas))
        given.append(f"{head}:w{to_digits(uncut(rng, wash))}".encode())
        given.append(to_binary(Scene(*canvas, wash, [Layer(5)] * rng.randrange(2))))
    given += [mutated(rng, data) for data in given for _ in range(2)]
    accepted = compare(tmp_path, "forms", given, forms)
    assert 100 < accepted < len(given) - 30


@pytest.mark.parametrize("held", [100, 500])
def test_a_wash_is_measured_by_all_bits_of_its_coefficients(tmp_path: Path, held: int) -> None:
    """The last ones are free, as nothing is left of the number. So it may be short enough where they are too many."""
    sizes = [rows * columns for rows, columns in band_shapes(512, 512)]
    luma, first, second = (np.zeros(sum(sizes[:count]), "<i2") for count in (16, 17, 17))
    luma[:: luma.size // held] = 1
    luma[-1] = first[-1] = second[sum(sizes[:16])] = 1
    wash = Wash(512, 512, 15, (luma.tobytes(), first.tobytes(), second.tobytes()))
    encoder = Encoder()
    _code_scene(encoder, Scene(512, 512, wash))
    number = encoder.result()
    allowed = LIMITS.wash_work / (luma.size + first.size + second.size)
    bits = sum(coded.bits for coded in encoder.trace)
    assert number.bit_length() < allowed
    data = bytes([FORMAT]) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    assert compare(tmp_path, "recipe", [data], said) == (bits < allowed)


def blurred(text: str) -> list[Any]:
    decode_blur(text, 8)
    stripped = text.rstrip("=")
    number = int.from_bytes(base64.urlsafe_b64decode(stripped + "=" * (-len(stripped) % 4)), "big")
    (width, height), wash = _code(Decoder(number), None, None)
    return [width, height, plain(wash)]


def test_blur_strings(tmp_path: Path) -> None:
    rng = random.Random(7)
    images = [Image.fromarray(photographs.astronaut()).resize(size) for size in ((90, 60), (7, 99))]
    images.append(ELEMENTS.image(1))
    texts = [encode_blur(image, budget) for image in images for budget in (25, 90)]
    alphabet = "abcxyzABCXYZ019-_="
    given = [*texts, *(text + "=" * n for text in texts[:3] for n in (1, 2, 3))]
    given += [
        "",
        "?",
        "A",
        "AA",
        "AAAA",
        "AB",
        "____________",
        "-" * 4096,
        "-" * 4097,
        "é",
        "AAAA\n",
        "A===",
        "==",
    ]
    for text in texts * 100:
        at = rng.randrange(len(text))
        given.append(text[:at] + rng.choice(alphabet) + text[at + rng.randint(0, 2) :])
    accepted = compare(tmp_path, "blur", given, blurred)
    assert len(texts) <= accepted < len(given) - 200
