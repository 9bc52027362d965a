"""The web decoder reads recipes as Python does: the same verdict on every input, the same scenes."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from haac import (
    LIMITS,
    Inline,
    Layer,
    Plate,
    Scene,
    encode_inline,
    from_text,
    to_binary,
    to_text,
)
from haac._forms.binary import FORMAT, FORMATS, _code_scene
from haac._rans import AnyTable, Coder, Encoder, Uniform
from haac_repo import HaacError
from tests.codec.scenes import ELEMENTS, random_scene
from tests.codec.test_hostile import hostile, mutated
from tests.codec.web.forms.cases import VECTORS, compare, forms, said


@pytest.mark.parametrize("engine", ["node", "chromium", "firefox"])
def test_golden_vectors_in_both_forms(tmp_path: Path, engine: str) -> None:
    given = [data for vector in VECTORS for data in (vector.binary, vector.text.encode())]
    assert compare(tmp_path, "forms", given, forms, engine) == len(given)


def test_hostile_recipes(tmp_path: Path) -> None:
    assert compare(tmp_path, "recipe", hostile(31, 6000), said) > 300


def test_random_scenes(tmp_path: Path) -> None:
    scenes = [random_scene(random.Random(seed)) for seed in range(25)]
    given = [data for scene in scenes for data in (to_binary(scene), to_text(scene).encode())]
    assert compare(tmp_path, "forms", given, forms) == len(given)
    rng = random.Random(8)
    compare(tmp_path, "recipe", [mutated(rng, data) for data in given for _ in range(3)], said)


class Dice(Coder):
    """Takes symbols by chance: a format run with it is decoded to the end, and mostly written otherwise than an encoder does."""

    def __init__(self, rng: random.Random, even: bool) -> None:
        super().__init__()
        self._rng, self._even = rng, even
        self.coded = Encoder()

    def _transfer(self, table: AnyTable, wanted: Callable[[], int]) -> int:  # noqa: ARG002 (the encoder's)
        value = table.symbol(self._rng.randrange(table.total))
        if self._even and isinstance(getattr(table, "frequencies", None), tuple | list):
            shares = table.frequencies  # type: ignore[union-attr]
            value = self._rng.choice([symbol for symbol, share in enumerate(shares[:6]) if share])
        self.coded.steps.append((table.slots(value), table.total))
        return value


def diced(rng: random.Random) -> bytes | None:
    """A binary recipe out of symbols by chance; nothing if a symbol is refused at once."""
    similar, marked = rng.random() < 0.5, rng.random() < 0.2
    dice = Dice(rng, rng.random() < 0.7)
    try:
        _code_scene(dice, Scene(1, 1, similar=similar))
    except (HaacError, AssertionError):  # a wash
        return None
    head = bytes([FORMAT | 16 * similar | 4 * marked]) + b"\0\x07" * marked
    number = dice.coded.result()
    return head + number.to_bytes((number.bit_length() + 7) // 8, "big")


def test_symbols_by_chance(tmp_path: Path) -> None:
    """What is decoded to the end and yet is not what an encoder writes."""
    rng = random.Random(5)
    given = [data for data in (diced(rng) for _ in range(8000)) if data]
    accepted = compare(tmp_path, "recipe", given, said)
    assert 100 < accepted < len(given) - 100


def long_scene(rng: random.Random, count: int, similar: bool) -> Scene:
    """Layers with everything: some 28 bytes each."""

    def layer() -> Layer:
        left, top = rng.randrange(1000), rng.randrange(1000)
        return Layer(
            rng.randrange(1, 2**40) if rng.random() < 0.7 else rng.randrange(1, 9),
            crop=(left, top, rng.randint(left + 1, 16383), rng.randint(top + 1, 16383))
            if rng.random() < 0.5
            else None,
            flip=rng.choice(["", "h", "v", "hv"]),
            brightness=rng.choice([100, rng.randrange(401)]),
            contrast=rng.choice([100, rng.randrange(401)]),
            saturation=rng.randrange(401),
            **rng.choice(
                [
                    {"width": rng.randint(1, 9999), "height": rng.randint(1, 9999)},
                    {"scale": 70},
                    {"width": 64},
                    {},
                ]
            ),
            rotation=rng.choice([0, rng.randrange(1440)]),
            blur=rng.choice([0, rng.randrange(1001)]),
            opacity=rng.choice([100, rng.randrange(101)]),
            x=rng.choice([rng.randrange(1024), rng.randint(-(2**30), 2**30)]),
            y=rng.choice([rng.randrange(768), rng.randint(-(2**30), 2**30)]),
        )

    return Scene(1024, 768, layers=[layer() for _ in range(count)], similar=similar)


def left_over(scene: Scene, size: int) -> bytes:
    """The binary form of a scene, in a number of so many bytes: something is left over at the end."""
    encoder = Encoder()
    _code_scene(encoder, scene)
    bits = 8 * size - 8 - encoder.result().bit_length()
    encoder.pick("more", Uniform(1 << bits), lambda: (1 << bits) - 1)
    number = encoder.result()
    return bytes([FORMAT | 16 * scene.similar]) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def test_long_recipes(tmp_path: Path) -> None:
    """They are decoded through a window of their number."""
    rng = random.Random(3)
    scenes = [long_scene(rng, count, n % 2 == 1) for n, count in enumerate((70, 80, 90, 100, 300, 301))]
    scenes.append(Scene(500, 500, Plate(3), [Layer(n + 1, x=n % 500) for n in range(LIMITS.layers)]))
    given = [to_binary(scene) for scene in scenes]
    assert len(given[0]) > 1024 + 100, "too short for a window"
    assert compare(tmp_path, "forms", given, forms) == len(given)
    damaged = [mutated(rng, data) for data in given[:4] for _ in range(20)]
    damaged += [left_over(scene, 4000) for scene in scenes[:3]]
    damaged += [given[0][:-1], bytes([FORMAT]) + b"\xff" * (LIMITS.recipe_bytes - 1), b"\xa1" * 65_537]
    compare(tmp_path, "recipe", damaged, said)


def test_text_by_chance(tmp_path: Path) -> None:
    """Of the grammar, with values at the limits and beyond."""
    rng = random.Random(4)
    numbers = ["0", "-0", "1", "64", "190", "191", "3e8", "3e9", "3e80", "3e81", "59f", "5a0", "3fff", "4000"]
    numbers += [
        "40000000",
        "-40000000",
        "40000001",
        "-40000001",
        "ffffffff",
        "00000001",
        "",
        "g",
        "1_0",
        "+1",
    ]
    ids = [
        "1",
        "7k2",
        "u",
        "OIL",
        "zzzzzzzz",
        "100000000",
        "0",
        "",
        "0" * 39 + "1",
        "0" * 40 + "1",
        "!1",
        "!2",
    ]
    ids += ["0" * 39 + "7k2", "7K2", "!0", "!-1"]
    inlines = ["=" + part.split("=")[1] for v in VECTORS for part in v.text.split(";") if part[:1] == "="]

    def layer() -> str:
        functions = [
            letter + ",".join(rng.choice(numbers) for _ in range({"c": 4, "p": 2}.get(letter, 1)))
            for letter in rng.sample("lkuwhsrbocp", rng.randint(0, 3))
        ]
        functions += rng.sample(["fh", "fv", "fhv", "fvh", "f", "F" + "H"], rng.random() < 0.3)
        return ".".join([rng.choice(ids), *functions])

    def text() -> str:
        size = f"{rng.choice(numbers[2:14])}x{rng.choice(numbers[2:14])}"
        mark = rng.choice(["", "", "~12ab", "~ABCD", "~12", "~123456"])
        background = rng.choice(
            ["", ":", ":c123456", ":c12345678", ":g123456,12345678,", ":e", ":cFFf", ":w"]
        )
        background += rng.choice(numbers) if background[:2] in {":g", ":e", ":w"} else ""
        items = [layer() for _ in range(rng.randint(0, 2))] + rng.sample(inlines, rng.choice([0, 0, 0, 1, 2]))
        rng.shuffle(items)
        return ";".join([rng.choice(["haac1:", "HAAC1:", "haac1:like:"]) + size + mark + background, *items])

    given = [text().encode() for _ in range(6000)]
    accepted = compare(tmp_path, "recipe", given, said)
    assert 200 < accepted < len(given) - 300


def test_text_with_other_letters_and_spaces(tmp_path: Path) -> None:
    """As a string, not as bytes: what Python takes for white space or for a small letter."""
    plain = "haac1:a0xa0;7k2.w40.h30.p5,6"
    others = "\0\t\x0b\x1c\x1f\x7f\x85\xa0\xad\u1680\u180e\u2003\u2028\u202f\u205f\u3000\ufeff\u0130\u0131\u017f\u212a"
    given = [
        plain[:at] + other + plain[at:]
        for other in [*others, "\U0001d7d7", "𐐀", "é", "İ"]
        for at in (0, 3, 12, 15)
    ]
    given += [
        plain.replace("k", "\u212a"),
        plain.replace("k2", "k\uff12"),
        "İ" * 100,
        "haac1:" + " " * 2**20,
        "",
    ]
    accepted = compare(tmp_path, "string", given, lambda text: to_text(from_text(text)))
    assert accepted > 40


def test_inline_headers(tmp_path: Path) -> None:
    rng = random.Random(6)
    inlines = [encode_inline(ELEMENTS.image(n), quality).data for n in range(1, 6) for quality in (30, 100)]
    extended = io.BytesIO()
    ELEMENTS.image(1).save(extended, "WEBP", exif=Image.Exif(), icc_profile=b"x" * 200)
    inlines.append(extended.getvalue()[12:])
    given = inlines + [mutated(rng, data[:40]) + data[40:] for data in inlines for _ in range(150)]
    given += [
        b"",
        b"VP8 ",
        inlines[0] + b"\0",
        inlines[0][:-1],
        inlines[0] + inlines[0],
        b"\0" * 2**18 + b"\0",
    ]
    accepted = compare(tmp_path, "inline", given, lambda data: list(Inline(data).size))
    assert 50 < accepted < len(given) - 200


def test_recipes_of_inline_elements(tmp_path: Path) -> None:
    """Framed in every way: lengths longer than they need to be, the same element twice, in another order, one that no layer shows."""
    rng = random.Random(9)
    inlines = [encode_inline(ELEMENTS.image(n), 30) for n in range(1, 5)]
    given = []
    for _ in range(300):
        chosen = rng.sample(inlines, rng.randint(1, 3))
        shown: list[int | Inline] = [*chosen, 3, 4]
        layers = [Layer(rng.choice(shown)) for _ in range(rng.randint(1, 5))]
        if not any(isinstance(layer.element, Inline) for layer in layers):
            continue
        binary, text = to_binary(Scene(64, 64, layers=layers)), to_text(Scene(64, 64, layers=layers))
        given += [binary, text.encode(), mutated(rng, binary[:60]) + binary[60:]]
        parts = text.split(";")
        rng.shuffle(parts[1:])
        given.append(";".join([*parts, rng.choice(parts[1:])]).encode())
        given.append(text.replace("!1", "!2", 1).encode())
    first = to_binary(Scene(64, 64, layers=[Layer(inlines[0])]))
    length = len(inlines[0].data)
    assert first[1] == length & 127 | 128
    given.append(bytes([first[0], length & 127 | 128, length >> 7 | 128, 0]) + first[3:])
    given.append(bytes([first[0], *[128] * 5]) + first[3:])
    accepted = compare(tmp_path, "forms", given, forms)
    assert 300 < accepted < len(given) - 100


def test_first_bytes(tmp_path: Path) -> None:
    good = to_binary(Scene(123, 45))
    given = [bytes([first]) + good[1:] for first in range(256)] + [bytes([first]) for first in FORMATS]
    given += [b"", good, bytes([FORMAT | 4, 0x12]), bytes([FORMAT, 0]) + good[1:], b"haac1:" + b" " * 2**20]
    assert compare(tmp_path, "recipe", given, said) >= 3
