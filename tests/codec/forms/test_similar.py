"""The mark of a paraphrase: what it costs, what it may stand on, and the tables that come with it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haac import (
    LIMITS,
    Layer,
    Plate,
    Scene,
    encode_inline,
    from_binary,
    from_text,
    read_recipe,
    render,
    run_script,
    to_binary,
    to_script,
    to_text,
)
from haac._forms.binary import FORMATS
from haac._forms.binary_similar import GRIDS, LONG_SIDES, SHAPES, code_canvas
from haac._forms.inspect import inspect
from haac._internal import measured
from haac._rans import Decoder, Encoder
from haac._vectors import DrawnElements
from haac_repo import RecipeError

TEXT = "haac1:like:180x120~1a2b:e3f;7k2.wd0.h190.p280,b4"


def bits(scene: Scene, *names: str) -> float:
    return sum(field.bits for field in inspect(scene).fields if field.name in names)


def told(rng: random.Random, grid: int) -> Scene:
    """Like a photograph that is told by two elements."""
    scene = Scene(500, 375, Plate(rng.randint(1, 1000)), similar=True)
    for number in rng.sample(range(1, 1001), 2):
        width, height = (
            grid * rng.randint(60 // grid, 300 // grid),
            grid * rng.randint(60 // grid, 300 // grid),
        )
        scene.layers.append(
            Layer(
                number,
                flip=rng.choice(["", "h"]),
                brightness=5 * rng.randint(10, 36),
                contrast=5 * rng.randint(13, 30),
                saturation=5 * rng.randint(8, 36),
                width=width,
                height=height,
                rotation=rng.choice([0, 32, 1408]),
                x=(rng.randrange(500) - width // 2) // grid * grid,
                y=(rng.randrange(375) - height // 2) // grid * grid,
            )
        )
    return scene


def test_all_forms_say_it(tmp_path: Path) -> None:
    scene = from_text(TEXT)
    assert scene.similar
    assert to_text(scene) == TEXT
    assert "Scene(384, 288, " in to_script(scene)
    assert "similar=True" in to_script(scene)
    (tmp_path / "scene.py").write_text(to_script(scene))
    assert run_script(tmp_path / "scene.py") == scene
    assert to_binary(scene)[0] == 0xA1 | 0x10 | 0x04
    assert read_recipe(to_binary(scene)) == scene
    assert from_text(TEXT.upper()) == scene


def test_the_mark_changes_no_pixel() -> None:
    scene = from_text("haac1:like:40x30:e4;1.w20.h10;3.l78.w14.p8,8")
    pictures = [render(each, DrawnElements()).tobytes() for each in (scene, replace(scene, similar=False))]
    assert pictures[0] == pictures[1]


def test_a_reader_without_the_mark_refuses_it_by_the_first_byte() -> None:
    """So do all bytes that are none of the eight: here one that stands for what a later version might say."""
    data = to_binary(from_text(TEXT))
    assert sorted(FORMATS) == [0xA1, 0xA5, 0xA9, 0xAD, 0xB1, 0xB5, 0xB9, 0xBD]
    for first in set(range(256)) - set(FORMATS):
        with pytest.raises(RecipeError, match=f"begins with the byte {first:#04x}"):
            from_binary(bytes([first]) + data[1:])


@pytest.mark.parametrize("rest", ["", ":cffffff", ":gffffff,000000,0"])
def test_a_scene_without_an_element_is_not_similar_to_anything(rest: str) -> None:
    with pytest.raises(RecipeError, match="shows no element"):
        from_text(f"haac1:like:20x10{rest}")
    scene = replace(from_text(f"haac1:20x10{rest}"), similar=True)
    for write in (to_text, to_binary, to_script, lambda given: render(given, DrawnElements())):
        with pytest.raises(RecipeError, match="shows no element"):
            write(scene)
    bare = encode_inline(DrawnElements().image(1), 30)
    scene.layers.append(Layer(bare))
    with pytest.raises(RecipeError, match="shows no element"):
        to_binary(scene)
    scene.layers.append(Layer(7))
    assert from_binary(to_binary(scene)) == scene


def test_a_script_marks_its_scene_before_it_has_layers() -> None:
    scene = Scene(64, 48, similar=True)
    scene.element("7k2").place(4, 4)
    assert from_binary(to_binary(scene)) == scene


@pytest.mark.parametrize("value", [1, None, "yes"])
def test_the_mark_is_true_or_false(value: object) -> None:
    with pytest.raises(RecipeError, match="True and False"):
        Scene(5, 5, similar=value)  # type: ignore[arg-type]


@given(st.integers(1, 16383), st.integers(1, 16383))
def test_any_canvas_comes_back(width: int, height: int) -> None:
    encoder = Encoder()
    assert code_canvas(encoder, width, height) == (width, height)
    decoder = Decoder(encoder.result())
    assert code_canvas(decoder, 1, 1) == (width, height)
    decoder.finish()


@pytest.mark.parametrize("long", LONG_SIDES)
@pytest.mark.parametrize("shape", SHAPES)
def test_canvases_of_photographs_are_cheap(long: int, shape: tuple[int, int]) -> None:
    short = (2 * long * shape[1] + shape[0]) // (2 * shape[0])
    for size in ((long, short), (short, long)):
        encoder = Encoder()
        code_canvas(encoder, *size)
        assert sum(coded.bits for coded in encoder.trace) < 11.1


@pytest.mark.parametrize("grid", GRIDS)
def test_a_coarser_grid_costs_less(grid: int) -> None:
    """And is found by itself: there is one binary form of a scene."""
    scene = Scene(500, 375, similar=True)
    for n in (7, 11):
        scene.layers.append(Layer(n, width=5 * grid, height=3 * grid, x=grid * n, y=-grid))
    found = {field.name: field.value for field in inspect(scene).fields}
    assert found["grid"] == str(GRIDS.index(grid))
    moved = replace(scene, layers=[replace(scene.layers[0], x=7 * grid + 1), scene.layers[1]])
    names = ("x", "y", "width", "height")
    if grid > 1:
        # A bit less for each halving of each value, of which some come back for unusual lengths.
        assert bits(scene, *names) < bits(moved, *names) - 4 * (GRIDS.index(grid))
    assert from_binary(to_binary(scene)) == scene
    assert from_binary(to_binary(moved)) == moved


def test_a_photograph_told_by_two_elements_takes_a_quarter_less_than_without_the_mark() -> None:
    rng = random.Random(5)
    scenes = [told(rng, 4) for _ in range(50)]
    marked, plain = (
        sum(measured(replace(scene, similar=similar))[1] for scene in scenes) for similar in (True, False)
    )
    assert marked < 0.75 * plain


@pytest.mark.parametrize("similar", [True, False])
def test_rounder_adjustments_and_those_nearer_to_none_cost_less(similar: bool) -> None:
    def cost(value: int) -> float:
        scene = Scene(64, 64, layers=[Layer(1, contrast=value)], similar=similar)
        assert from_binary(to_binary(scene)) == scene
        return bits(scene, "contrast")

    assert cost(110) < cost(150) < cost(400)
    assert cost(85) < cost(84)
    assert cost(115) < cost(116)
    assert cost(98) < cost(131)


@pytest.mark.parametrize("similar", [True, False])
def test_every_adjustment_comes_back(similar: bool) -> None:
    for value in range(401):
        layers = [Layer(1, brightness=value, saturation=400 - value), Layer(2, contrast=value)]
        scene = Scene(64, 64, layers=layers, similar=similar)
        assert from_binary(to_binary(scene)) == scene


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("side", [None, 1, 16_383])
def test_the_farthest_positions_come_back(grid: int, side: int | None) -> None:
    """The middle of the box is farther away than the edge that the limit is for."""
    size = side and max(grid, side // grid * grid)
    for x, y in ((LIMITS.position, -LIMITS.position), (-LIMITS.position, LIMITS.position)):
        scene = Scene(64, 64, layers=[Layer(1, width=size, height=size, x=x, y=y)], similar=True)
        assert from_binary(to_binary(scene)) == scene


@pytest.mark.parametrize("start", range(0, 1440, 120))
def test_every_rotation_comes_back(start: int) -> None:
    layers = [Layer(1, rotation=turn) for turn in range(start, start + 120)]
    scene = Scene(64, 64, layers=layers, similar=True)
    assert from_binary(to_binary(scene)) == scene
