"""The wash: budgets, shapes, alpha, weights, hostile bytes, blur strings."""

from __future__ import annotations

import functools
import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from haac import (
    LIMITS,
    Scene,
    Wash,
    decode_blur,
    encode_blur,
    encode_wash,
    from_binary,
    from_text,
    read_recipe,
    render,
    run_script,
    to_binary,
    to_script,
    to_text,
)
from haac._cli.main import _run
from haac._forms.binary import measured
from haac._vectors import DrawnElements
from haac._wash.slots import spread
from haac._wash_encoder.encoder import WashEncoder
from haac._wash_value import band_shapes, grid
from haac_repo import HaacError, PictureError, RecipeError


@functools.cache
def photograph(width: int = 240, height: int = 160, alpha: bool = False) -> Image.Image:
    """Hills, a sun and some grain, drawn with integers."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    x, y = x * 240 // width, y * 160 // height
    hill = y * 240 > 15_000 + (x - 70) ** 2 * 2
    sun = (x - 180) ** 2 + (y - 40) ** 2 < 400
    grain = (x * 73_856_093 ^ y * 19_349_663) >> 5 & 15
    red = np.where(sun, 250, np.where(hill, 60 + grain, 120 + y // 3))
    green = np.where(sun, 220, np.where(hill, 130 - y // 3 + grain, 170 - y // 4))
    blue = np.where(sun, 90, np.where(hill, 50, 230))
    image = Image.fromarray(np.stack([red, green, blue], 2).astype(np.uint8))
    if alpha:
        away = (x - 120) ** 2 + (y - 80) ** 2
        image.putalpha(Image.fromarray(np.clip((6400 - away) // 4, 0, 255).astype(np.uint8)))
    return image


def drawn(image: Image.Image, wash: Wash) -> Image.Image:
    return render(Scene(*image.size, background=wash), DrawnElements())


def error(image: Image.Image, other: Image.Image, mask: np.ndarray | None = None) -> float:
    """Mean squared error of red, green and blue."""
    missed = (np.asarray(image.convert("RGB"), float) - np.asarray(other.convert("RGB"), float)) ** 2
    return float(missed.mean() if mask is None else missed[mask].mean())


@pytest.mark.parametrize("budget", [20, 120, 1000])
def test_a_budget_is_kept_and_used(budget: int) -> None:
    image = photograph()
    scene = Scene(*image.size, background=encode_wash(image, budget=budget))
    data = to_binary(scene)
    assert 0.93 * budget - 2 <= len(data) <= budget
    assert from_binary(data) == scene
    assert from_text(to_text(scene)) == scene


def test_more_bytes_are_better() -> None:
    image = photograph()
    errors = [error(image, drawn(image, encode_wash(image, budget=b))) for b in (20, 50, 120, 318)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] < 2000
    assert errors[-1] < errors[0] / 3


def test_more_quality_is_better_and_larger() -> None:
    image = photograph()
    washes = [encode_wash(image, quality=quality) for quality in (0, 20, 40, 60)]
    errors = [error(image, drawn(image, wash)) for wash in washes]
    sizes = [len(to_binary(Scene(*image.size, background=wash))) for wash in washes]
    assert errors == sorted(errors, reverse=True)
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (17, 5), (333, 7), (63, 65)])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_shape(size: tuple[int, int], alpha: bool) -> None:
    image = photograph(*size, alpha=alpha)
    scene = Scene(*size, background=encode_wash(image, budget=100))
    assert from_binary(to_binary(scene)) == scene == from_text(to_text(scene))
    picture = render(scene, DrawnElements())
    assert picture.size == size
    assert error(image, picture) < 3000 or alpha


def test_alpha_is_kept() -> None:
    image = photograph(alpha=True)
    picture = drawn(image, encode_wash(image, budget=200))
    difference = np.abs(np.asarray(picture, int)[..., 3] - np.asarray(image, int)[..., 3])
    assert difference.mean() < 12
    pixels = np.asarray(picture)
    assert not pixels[pixels[..., 3] == 0].any()
    inside = np.asarray(image)[..., 3] == 255
    assert error(image, picture, inside) < 300


def test_an_opaque_picture_pays_nothing_for_alpha() -> None:
    image = photograph()
    assert encode_wash(image.convert("RGBA"), budget=100) == encode_wash(image, budget=100)


def test_weights_move_bytes_to_where_they_are() -> None:
    image = photograph()
    mask = np.zeros((160, 240), bool)
    mask[15:70, 150:215] = True
    plain = drawn(image, encode_wash(image, budget=120))
    weighted = drawn(image, encode_wash(image, budget=120, weights=1 + 7 * mask))
    assert error(image, weighted, mask) < 0.95 * error(image, plain, mask)
    assert error(image, weighted, ~mask) > error(image, plain, ~mask)


def test_a_trial_tells_bits_and_errors() -> None:
    image = photograph()
    trial = WashEncoder(image).trial(4, 30)
    assert abs(trial.bits - 8 * len(to_binary(Scene(*image.size, background=trial.wash)))) < 16
    measured = error(image, drawn(image, trial.wash)) * 3 * 160 * 240
    assert 0.4 < trial.error / measured < 1.5


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"budget": 100, "quality": 50},
        {"budget": 3},
        {"quality": 101},
        {"budget": 100, "weights": np.ones((3, 3))},
        {"budget": 100, "weights": np.zeros((160, 240))},
    ],
)
def test_bad_arguments(arguments: dict[str, object]) -> None:
    with pytest.raises(PictureError):
        encode_wash(photograph(), **arguments)  # type: ignore[arg-type]


def test_the_script_form(tmp_path: Path) -> None:
    image = photograph()
    scene = Scene(*image.size, background=encode_wash(image, budget=60))
    scene.element("3").place(4, 5)
    path = tmp_path / "scene.py"
    path.write_text(to_script(scene), "utf-8")
    assert run_script(path) == scene


def test_a_wash_on_another_canvas_is_refused() -> None:
    wash = encode_wash(photograph(), budget=60)
    assert render(Scene(480, 320, background=wash), DrawnElements()).size == (480, 320)
    with pytest.raises(RecipeError, match="another shape"):
        Scene(100, 100, background=wash)


def test_layers_on_a_wash() -> None:
    image = photograph()
    scene = Scene(*image.size, background=encode_wash(image, budget=100))
    scene.element("2").place(10, 10)
    assert from_binary(to_binary(scene)) == scene == from_text(to_text(scene))
    picture = np.asarray(render(scene, DrawnElements()))
    assert np.array_equal(picture[10:90, 10:130], np.asarray(DrawnElements().image(2)))


@pytest.mark.parametrize(
    ("width", "height", "step", "channels"),
    [
        (12, 8, 5, (b"", b"", b"")),
        (16, 0, 5, (b"", b"", b"")),
        (16, 11, 64, (b"", b"", b"")),
        (16, 11, 5, (b"", b"")),
        (16, 11, 5, (b"\1\0", b"", b"")),
        (16, 11, 5, (bytes(96), b"", b"")),
    ],
)
def test_no_wash(width: int, height: int, step: int, channels: tuple[bytes, ...]) -> None:
    with pytest.raises(RecipeError):
        Wash(width, height, step, channels)


@given(st.integers(1, 16_383), st.integers(1, 16_383), st.integers(0, 6))
def test_bands_cover_the_grid(width: int, height: int, levels: int) -> None:
    across, down = grid(width, height, levels)
    assert max(across, down) == 8 << levels
    shapes = band_shapes(across, down)
    assert len(shapes) == 3 * levels + 1
    assert sum(rows * columns for rows, columns in shapes) == across * down


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_coefficients_round_trip_and_draw(data: st.DataObject) -> None:
    canvas = data.draw(st.tuples(st.integers(1, 60), st.integers(1, 60)))
    levels = data.draw(st.integers(0, 2))
    across, down = grid(*canvas, levels)
    shapes = band_shapes(across, down)
    channels = []
    for _ in range(data.draw(st.integers(3, 4))):
        count = data.draw(st.integers(0, len(shapes)))
        rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
        large = data.draw(st.sampled_from([1, 20, 4096]))
        flat = rng.integers(-large + 1, large, sum(r * c for r, c in shapes[:count]))
        if not flat[sum(r * c for r, c in shapes[: count - 1]) :].any():
            flat = flat[:0]
        channels.append(flat.astype("<i2").tobytes())
    scene = Scene(*canvas, background=Wash(across, down, data.draw(st.integers(0, 63)), tuple(channels)))
    assert from_binary(to_binary(scene)) == scene == from_text(to_text(scene))
    assert render(scene, DrawnElements()).size == canvas


@functools.cache
def seeds() -> list[bytes]:
    found = []
    for alpha, budget in product((False, True), (25, 80, 250)):
        image = photograph(90, 60, alpha)
        found.append(to_binary(Scene(*image.size, background=encode_wash(image, budget=budget))))
    return found


@pytest.mark.parametrize("shape", [(160, 160), (200, 130)])
@pytest.mark.parametrize("kind", ["hills", "noise", "stripes"])
def test_budgets_are_used(kind: str, shape: tuple[int, int]) -> None:
    """However little a picture is like a photograph, and where more is allowed than can be decoded in time."""
    number = {"hills": 4, "noise": 2, "stripes": 3}[kind]
    picture = DrawnElements().image(number).convert("RGB").resize(shape, Image.Resampling.NEAREST)
    sizes = [len(to_binary(Scene(*shape, encode_wash(picture, budget=b)))) for b in (300, 2500, 20_000)]
    assert sizes == sorted(sizes)
    assert all(size <= budget for size, budget in zip(sizes, (300, 2500, 20_000), strict=True))
    assert sizes[1] > 1000


def test_every_bit_flip_and_truncation_gives_a_picture_or_a_haac_error() -> None:
    drawn = refused = 0
    messages = set()
    rng = random.Random(4)
    for data in seeds():
        flips = range(8 * len(data)) if len(data) < 60 else rng.sample(range(8 * len(data)), 150)
        cases = [data[:end] for end in range(len(data))]
        for bit in flips:
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            cases.append(bytes(changed))
        for case in cases:
            try:
                scene = read_recipe(case)
                if scene.width * scene.height > 10**6:
                    continue  # allowed, and only slow
                assert render(scene, DrawnElements()).size == (scene.width, scene.height)
                drawn += 1
            except HaacError as refusal:
                messages.add(str(refusal))
                refused += 1
    assert all(0 < len(message) < 500 for message in messages)
    assert drawn > 5
    assert refused > 100


def test_damaged_text_is_refused() -> None:
    image = photograph()
    text = to_text(Scene(*image.size, background=encode_wash(image, budget=40)))
    for changed in (
        text[:-1],
        text + "0",
        text.replace(":w", ":w0"),
        text + "i",
        text + ",1",
        text[: text.index(":w") + 2],
    ):
        try:
            scene = from_text(changed)
        except RecipeError:
            continue
        assert to_text(scene) == changed


def test_too_many_coefficients_are_refused() -> None:
    shapes = band_shapes(512, 512)
    sizes = [rows * columns for rows, columns in shapes]
    flat = np.ones(sum(sizes), "<i2")
    with pytest.raises(RecipeError, match="allowed"):
        Wash(512, 512, 5, (flat.tobytes(),) * 3)
    assert sum(sizes) <= LIMITS.wash_coefficients
    scene = Scene(512, 512, background=Wash(512, 512, 5, (flat.tobytes(), b"", b"")))
    with pytest.raises(RecipeError, match="product"):
        to_binary(scene)


@pytest.mark.parametrize(
    ("size", "alpha"),
    [((240, 160), True), ((160, 240), False), ((500, 90), False), ((3, 400), True), ((1, 1), False)],
)
def test_blur_strings(size: tuple[int, int], alpha: bool) -> None:
    image = photograph(*size, alpha=alpha)
    text = encode_blur(image)
    assert len(text) <= 34
    for long in (32, 320):
        picture = decode_blur(text, long)
        assert max(picture.size) == long
        wanted = long * min(size) / max(size)
        assert abs(min(picture.size) - max(1, wanted)) <= 2 + 0.012 * wanted
        if min(size) > 9:
            assert (picture.getchannel("A").getextrema()[0] < 255) == alpha
    if not alpha and min(size) > 50:
        assert error(image, decode_blur(text, max(size)).resize(size)) < 2500


@pytest.mark.parametrize("text", ["", "?", "ab cd", "A", "AAAA", "____________", "-" * 9000, "é"])
def test_no_blur_string(text: str) -> None:
    with pytest.raises(RecipeError):
        decode_blur(text, 32)


def test_any_change_of_a_blur_string_gives_a_picture_or_a_haac_error() -> None:
    rng = random.Random(7)
    text = encode_blur(photograph(alpha=True))
    refused = 0
    for _ in range(400):
        at = rng.randrange(len(text))
        changed = text[:at] + rng.choice("abcxyzABCXYZ019-_") + text[at + rng.randint(0, 2) :]
        try:
            assert max(decode_blur(changed, 24).size) == 24
        except HaacError:
            refused += 1
    assert refused > 100


def test_the_command_blur(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    photograph().save(tmp_path / "photo.jpg", exif=exif)
    assert _run(["blur", str(tmp_path / "photo.jpg")]) == 0
    text = capfd.readouterr().out.strip()
    assert _run(["blur", "--decode", text, "-o", str(tmp_path / "out.png"), "--size", "90"]) == 0
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (60, 90)
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    for arguments in (["no.jpg"], ["missing.jpg"]):
        assert _run(["blur", str(tmp_path / arguments[0])]) == 1
    assert _run(["blur", "--decode", "!", "-o", str(tmp_path / "no.png")]) == 1
    assert _run(["blur", "--decode", text]) == 2
    assert not (tmp_path / "no.png").exists()
    assert "Traceback" not in capfd.readouterr().err


@given(st.lists(st.integers(1, 300), min_size=2, max_size=16))
def test_slots_of_a_symbol_stand_evenly(frequencies: list[int]) -> None:
    slots, total = spread(frequencies), sum(frequencies)
    for symbol, (frequency, places) in enumerate(zip(frequencies, slots.owned, strict=True)):
        assert [(slots.symbols[n], slots.ranks[n]) for n in places] == [(symbol, r) for r in range(frequency)]
        assert all(abs(n - (r + 0.5) * total / frequency) <= len(frequencies) for r, n in enumerate(places))


def test_a_recipe_with_nothing_but_a_wash_has_the_bits_that_it_says() -> None:
    """Whatever symbols it ends with."""
    encoder, over = WashEncoder(photograph(96, 64)), []
    for step in range(20, 60, 2):
        data, bits = measured(Scene(96, 64, background=encoder.trial(2, step).wash))
        over.append(int.from_bytes(data[1:], "big").bit_length() + 8 - bits)
    assert max(over) <= 4
