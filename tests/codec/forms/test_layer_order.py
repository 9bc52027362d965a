"""Layers that share no pixel go into ascending order, and not a pixel changes."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haac import Colour, ElementCache, Inline, Layer, Scene, encode_inline, render, to_binary
from haac._forms.layer_order import ordered
from haac._vectors import DrawnElements
from haac_repo import RecipeError

SOURCE = ElementCache(DrawnElements())
INLINE = encode_inline(DrawnElements().image(3), 60)

layers = st.builds(
    Layer,
    st.integers(1, 5) | st.just(INLINE),
    width=st.integers(1, 40),
    rotation=st.just(0) | st.integers(0, 1439),
    blur=st.just(0) | st.integers(0, 20),
    opacity=st.just(100) | st.integers(0, 100),
    x=st.integers(-30, 150),
    y=st.integers(-30, 110),
)


@given(st.lists(layers, max_size=12))
@settings(max_examples=200)
def test_the_picture_stays_as_it_is(given: list[Layer]) -> None:
    scene = Scene(140, 100, Colour(0x20406080), given)
    made = ordered(scene, SOURCE)
    assert sorted(map(repr, made.layers)) == sorted(map(repr, given))
    assert np.array_equal(np.asarray(render(made, SOURCE)), np.asarray(render(scene, SOURCE)))


@given(st.permutations(range(8)))
@settings(max_examples=50)
def test_what_is_apart_ascends(places: list[int]) -> None:
    elements: list[int | Inline] = [INLINE, 1, 2, 3, 3, 4, 5, 5]
    scene = Scene(400, 60, layers=[Layer(elements[n], width=20, x=50 * n, y=10) for n in places])
    assert [layer.element for layer in ordered(scene, SOURCE).layers] == elements


def test_what_is_in_the_way_comes_first_and_the_circle_goes_on() -> None:
    """5 lies under 2, which therefore waits for the next turn."""
    scene = Scene(300, 60, layers=[Layer(5, width=30, x=100), Layer(2, width=30, x=110)])
    scene.layers += [Layer(n, width=20, x=50 * n - 50) for n in (4, 1)]
    assert [layer.element for layer in ordered(scene, SOURCE).layers] == [1, 4, 5, 2]


def test_boxes_may_overlap_where_nothing_is_drawn() -> None:
    """A disc has empty corners: a square may stand in one, but not on the disc."""
    corner = [Layer(4, width=8, height=8, x=10, y=10), Layer(1, width=96, x=10, y=10)]
    assert ordered(Scene(120, 120, layers=corner), SOURCE).layers == corner[::-1]
    middle = [replace(corner[0], x=60, y=60), corner[1]]
    assert ordered(Scene(120, 120, layers=middle), SOURCE).layers == middle


def test_layers_off_the_canvas_are_in_nobodys_way() -> None:
    scene = Scene(50, 50, layers=[Layer(3, x=500), Layer(1, x=500), Layer(2, x=10)])
    assert [layer.element for layer in ordered(scene, SOURCE).layers] == [1, 2, 3]


def test_no_layers() -> None:
    assert ordered(Scene(5, 5), SOURCE) == Scene(5, 5)


def test_the_limits_hold() -> None:
    with pytest.raises(RecipeError, match="allowed"):
        ordered(Scene(5, 5, layers=[Layer(1, width=16_383, height=16_383)]), SOURCE)


def test_most_random_scenes_become_smaller() -> None:
    rng = random.Random(2)
    before = after = 0
    for _ in range(20):
        scene = Scene(900, 900)
        for _ in range(12):
            scene.layers.append(
                Layer(rng.randint(1, 5), width=40, x=rng.randrange(860), y=rng.randrange(860))
            )
        before += len(to_binary(scene))
        after += len(to_binary(ordered(scene, SOURCE)))
    assert after < 0.98 * before
