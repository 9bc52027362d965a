"""Captions of paraphrases: the photograph in plain English, whatever the recipe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haac import Colour, Gradient, Layer, Plate, Scene, encode_inline, from_text
from haac._forms.caption import caption, with_article
from haac._vectors import DrawnElements
from haac_repo import parse_id

NAMES = {"7k2": "dog", "3f": "beach", "5": "orange", "9": "scissors", "b": "golden_retriever", "c": ""}
NUMBERS = {parse_id(id): name for id, name in NAMES.items()}


def said(text: str, sizes: dict[str, tuple[int, int]] | None = None) -> str:
    known = {parse_id(id): size for id, size in (sizes or {}).items()}
    return caption(from_text(text), lambda number: NUMBERS.get(number, ""), known.get)


def test_one_element_on_a_plate() -> None:
    assert said("haac1:like:1f4x177:e3f;7k2.wfa.hc8.p7d,50") == (
        "A photograph of something like a dog (7k2), in the middle, large, in front of something like a beach (3f)."
    )


def test_without_names() -> None:
    assert said("haac1:like:1f4x177:ec;d.w32.h32.p0,0") == (
        "A photograph of something like element d, at the top left, small, in front of something like element c."
    )


def test_a_plate_alone() -> None:
    assert said("haac1:like:1f4x177:e3f") == "A photograph of something like a beach (3f)."


def test_what_is_in_front_comes_first() -> None:
    """Layers are written back to front."""
    assert said("haac1:like:100x100:e3f;5.w60.h60.p0,0;9.w60.h60.p20,20") == (
        "A photograph of something like scissors (9), at the top left, in front of something like an orange (5),"
        " at the top left, in front of something like a beach (3f)."
    )


def test_what_stands_apart_is_told_apart() -> None:
    apart = "haac1:like:100x100:{};5.w40.h40.p0,60;9.w40.h40.pc0,60"
    told = "something like scissors (9), on the right; something like an orange (5), on the left"
    assert (
        said(apart.format("e3f")) == f"A photograph of {told}; all in front of something like a beach (3f)."
    )
    assert said(apart.format("c102030")) == f"A photograph of {told}; all in front of a plain colour."
    assert (
        said(apart.format("g102030,405060,0")) == f"A photograph of {told}; all in front of a plain gradient."
    )
    assert said(apart.replace(":{}", "")) == f"A photograph of {told}."


def test_a_wash_is_told() -> None:
    washed = from_text("haac1:like:80x80;7k2.w80.h80")
    assert (
        caption(washed, lambda _: "dog") == "A photograph of something like a dog (7k2), filling the picture."
    )
    from haac import encode_wash

    washed.background = encode_wash(DrawnElements().image(4).resize((128, 128)), budget=40)
    assert caption(washed, lambda _: "dog").endswith("filling the picture; the rest in rough colours only.")


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        (["p0,60", "pc0,60"], "two things like a dog (7k2), one on the right, and one on the left."),
        (["p60,60", "p62,60"], "two things like a dog (7k2), both in the middle."),
        (["p60,60"] * 3, "three things like a dog (7k2), all in the middle."),
        (
            ["p0,0", "p60,60", "pc0,c0"],
            "one at the bottom right, one in the middle, and one at the top left.",
        ),
        (["p60,60"] * 4, "four things like a dog (7k2)."),
        (["p60,60"] * 12, "12 things like a dog (7k2)."),
        (["p200,0"], "something like a dog (7k2), outside the picture."),
    ],
)
def test_repeated_elements_and_places(layers: list[str], told: str) -> None:
    text = said("haac1:like:100x100" + "".join(f";7k2.w40.h40.{place}" for place in layers))
    assert text.endswith(told)


@pytest.mark.parametrize(
    ("across", "down", "where"),
    [
        (0, 0, "at the top left"),
        (1, 0, "at the top"),
        (2, 0, "at the top right"),
        (0, 1, "on the left"),
        (1, 1, "in the middle"),
        (2, 1, "on the right"),
        (0, 2, "at the bottom left"),
        (1, 2, "at the bottom"),
        (2, 2, "at the bottom right"),
    ],
)
def test_every_place(across: int, down: int, where: str) -> None:
    scene = Scene(300, 300, layers=[Layer(1, width=60, height=60, x=20 + 100 * across, y=20 + 100 * down)])
    assert caption(scene, lambda _: "boat") == f"A photograph of something like a boat (1), {where}."


def test_only_what_is_on_the_canvas_counts() -> None:
    """Most of it is beyond the left edge: what is visible is at the left, and small."""
    scene = Scene(300, 300, layers=[Layer(1, width=400, height=30, x=-360, y=135)])
    assert "on the left, small" in caption(scene, lambda _: "boat")


def test_sizes_come_from_the_catalog_where_a_layer_says_none() -> None:
    text = "haac1:like:100x100;7k2.w80.p0,0;5.s3e8.p80,80;3f.pc0,c0"
    assert said(text) == (
        "A photograph of something like a beach (3f); something like an orange (5); something like a dog (7k2)."
    )
    assert said(text, {"7k2": (64, 128), "5": (20, 20), "3f": (64, 64)}) == (
        "A photograph of something like a beach (3f), at the bottom right; something like an orange (5), in the middle, small;"
        " something like a dog (7k2), on the left, large."
    )
    beyond_the_limits = {"3f": (16_384, 16_384)}
    assert "a beach (3f); something" in said(text, beyond_the_limits)


def test_a_quarter_turn_lies_down() -> None:
    lying, standing = (
        Scene(300, 300, layers=[Layer(1, width=300, height=20, x=x, y=140, rotation=turn)])
        for x, turn in ((0, 0), (-120, 360))
    )
    assert "in the middle" in caption(lying, lambda _: "")
    assert "on the left" in caption(standing, lambda _: "")


def test_of_many_elements_the_largest_are_named() -> None:
    layers = [Layer(n, width=20 + n, height=20, x=30 * n, y=0) for n in range(1, 10)]
    told = caption(Scene(400, 300, layers=layers), lambda _: "")
    assert told.count("something like") == 6
    assert told.endswith("; and three more.")
    assert "element 9" in told
    assert "element 3," not in told


def test_pieces_of_the_picture_itself_are_like_nothing() -> None:
    bare = encode_inline(DrawnElements().image(1), 30)
    scene = Scene(200, 200, Plate(1), [Layer(bare, width=50, height=50, x=0, y=75)], similar=True)
    assert caption(scene, lambda _: "sky") == (
        "A photograph of a piece of the picture itself, on the left, in front of something like a sky (1)."
    )
    scene.layers.append(scene.layers[0])
    assert "two times a piece of the picture itself, both on the left" in caption(scene, lambda _: "sky")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("dog", "a dog"),
        ("orange", "an orange"),
        ("golden retriever", "a golden retriever"),
        ("Irish setter", "an Irish setter"),
        ("hourglass", "an hourglass"),
        ("house", "a house"),
        ("unicycle", "a unicycle"),
        ("umbrella", "an umbrella"),
        ("urn", "an urn"),
        ("ukulele", "a ukulele"),
        ("one-armed bandit", "a one-armed bandit"),
        ("onion", "an onion"),
        ("ewer", "a ewer"),
        ("bus", "a bus"),
        ("octopus", "an octopus"),
        ("hourglass of glass", "an hourglass of glass"),
        ("iris", "an iris"),
        ("wine glass", "a wine glass"),
        ("lens", "a lens"),
        ("scissors", "scissors"),
        ("sun glasses", "sun glasses"),
        ("jar of olives", "a jar of olives"),
        ("dry grass", "dry grass"),
        ("grass snake", "a grass snake"),
        ("people", "people"),
        ("the sea", "the sea"),
        ("two dogs", "two dogs"),
        ("A Dog", "A Dog"),
        ("éclair", "an éclair"),
        ("IMG 1234", "IMG 1234"),
        ("?", "?"),
    ],
)
def test_articles(name: str, told: str) -> None:
    assert with_article(name) == told


names = st.text(max_size=12)
boxes = st.builds(
    Layer,
    st.integers(1, 12),
    width=st.none() | st.integers(1, 16383),
    height=st.none() | st.integers(1, 16383),
    rotation=st.integers(0, 1439),
    x=st.integers(-(2**30), 2**30) | st.integers(-20, 120),
    y=st.integers(-(2**30), 2**30) | st.integers(-20, 120),
)
backgrounds = st.sampled_from([None, Colour(0xFF), Gradient(0, 0xFF, 0), Plate(3)])


@given(st.lists(boxes, min_size=1, max_size=12), backgrounds, names)
def test_any_paraphrase_has_one_sentence(
    layers: list[Layer], background: Colour | Gradient | Plate | None, name: str
) -> None:
    told = caption(Scene(100, 80, background, layers, similar=True), lambda _: name, lambda _: (60, 40))
    assert told.startswith("A photograph of ")
    assert told.endswith(".")
    assert "\n" not in told
    assert told.count(" like ") <= 7 + 8 * name.count(" like ")
