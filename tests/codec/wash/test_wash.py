"""The wash as a part of recipes: forms, limits, hostile bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
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
from haac._vectors import DrawnElements
from haac._wash.slots import spread
from haac._wash_value import band_shapes, grid
from haac_repo import HaacError, RecipeError

Photograph = Callable[..., Image.Image]
"""The fixture of that name."""


def test_the_script_form(tmp_path: Path, photograph: Photograph) -> None:
    image = photograph()
    scene = Scene(*image.size, background=encode_wash(image, budget=60))
    scene.element("3").place(4, 5)
    path = tmp_path / "scene.py"
    path.write_text(to_script(scene), "utf-8")
    assert run_script(path) == scene


def test_a_wash_on_another_canvas_is_refused(photograph: Photograph) -> None:
    wash = encode_wash(photograph(), budget=60)
    assert render(Scene(480, 320, background=wash), DrawnElements()).size == (480, 320)
    with pytest.raises(RecipeError, match="another shape"):
        Scene(100, 100, background=wash)


def test_layers_on_a_wash(photograph: Photograph) -> None:
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


@settings(max_examples=60)
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


@pytest.fixture(scope="module")
def seeds(photograph: Photograph) -> list[bytes]:
    found = []
    for alpha, budget in product((False, True), (25, 80, 250)):
        image = photograph(90, 60, alpha)
        found.append(to_binary(Scene(*image.size, background=encode_wash(image, budget=budget))))
    return found


def test_every_bit_flip_and_truncation_gives_a_picture_or_a_haac_error(seeds: list[bytes]) -> None:
    drawn = refused = 0
    messages = set()
    rng = random.Random(4)
    for data in seeds:
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


def test_damaged_text_is_refused(photograph: Photograph) -> None:
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


@given(st.lists(st.integers(1, 300), min_size=2, max_size=16))
def test_slots_of_a_symbol_stand_evenly(frequencies: list[int]) -> None:
    slots, total = spread(frequencies), sum(frequencies)
    for symbol, (frequency, places) in enumerate(zip(frequencies, slots.owned, strict=True)):
        assert [(slots.symbols[n], slots.ranks[n]) for n in places] == [(symbol, r) for r in range(frequency)]
        assert all(abs(n - (r + 0.5) * total / frequency) <= len(frequencies) for r, n in enumerate(places))
