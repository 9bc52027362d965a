"""Script, text and binary: the same scene, without loss, in each direction."""

from __future__ import annotations

import ast
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haac import (
    LIMITS,
    Colour,
    Gradient,
    Inline,
    Layer,
    Plate,
    Scene,
    encode_inline,
    from_binary,
    from_text,
    read_recipe,
    run_script,
    to_binary,
    to_script,
    to_text,
)
from haac._forms.binary import (
    _BACKGROUND,
    _CANVAS,
    _RESERVED,
    COMMON_CANVASES,
    FORMAT,
    _code_scene,
    trace_binary,
)
from haac._forms.binary_similar import SIDE, near_lengths
from haac._forms.inspect import explain, inspect
from haac._internal import Background
from haac._rans import Encoder, Uniform
from haac._vectors import DrawnElements
from haac_repo import RecipeError, format_id

colours = st.integers(0, 0xFFFFFFFF) | st.sampled_from([0xFFFFFFFF, 0x000000FF, 0x12345678, 0xABCDEFFF])
INLINES = [
    encode_inline(DrawnElements().image(number), quality) for number, quality in ((1, 40), (3, 100), (4, 5))
]
numbers = st.integers(1, 40) | st.integers(1, 2**40 - 1)
percents = st.just(100) | st.integers(0, 400)
positions = st.integers(-100, 2000) | st.integers(-LIMITS.position, LIMITS.position)
turns = st.just(0) | st.integers(0, 1439) | st.integers(0, 71).map(lambda n: n * 20)
sides = st.integers(1, LIMITS.layer_side)


@st.composite
def crops(draw: st.DrawFn) -> tuple[int, int, int, int]:
    left, top = draw(st.integers(0, 500)), draw(st.integers(0, 500))
    return left, top, left + draw(st.integers(1, 500)), top + draw(st.integers(1, 15000))


sizes: st.SearchStrategy[dict[str, int]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"scale": st.integers(1, LIMITS.scale)}),
    st.fixed_dictionaries({}, optional={"width": sides, "height": sides}),
)
layers = st.builds(
    lambda size, **rest: Layer(**size, **rest),
    sizes,
    element=numbers | st.sampled_from(INLINES),
    crop=st.none() | crops(),
    flip=st.sampled_from(["", "h", "v", "hv"]),
    brightness=percents,
    contrast=percents,
    saturation=percents,
    rotation=turns,
    blur=st.just(0) | st.integers(0, LIMITS.blur),
    opacity=st.just(100) | st.integers(0, 100),
    x=positions,
    y=positions,
)
backgrounds = st.one_of(
    st.none(),
    st.builds(Colour, colours),
    st.builds(Gradient, colours, colours, turns),
    st.builds(Plate, numbers),
)
photographs = st.sampled_from([(500, 375), (333, 500), (4032, 2268), (341, 512), (1, 1), (7, 7), (2, 1)])
canvases = (
    st.sampled_from(COMMON_CANVASES) | photographs | st.tuples(st.integers(1, 5000), st.integers(1, 5000))
)


def _scene(
    canvas: tuple[int, int],
    background: Background,
    layers: list[Layer],
    fingerprint: int | None,
    grid: int,
    similar: bool,
) -> Scene:
    """On a grid, if it is not 1; marked as similar, if it is to be and may be."""
    if grid > 1:
        layers = [
            replace(
                layer,
                x=layer.x // grid * grid,
                y=layer.y // grid * grid,
                width=layer.width and max(grid, layer.width // grid * grid),
                height=layer.height and max(grid, layer.height // grid * grid),
            )
            for layer in layers
        ]
    scene = Scene(*canvas, background, layers, fingerprint)
    scene.similar = similar and bool(scene.elements())
    return scene


scenes = st.builds(
    _scene,
    canvases,
    backgrounds,
    st.lists(layers, max_size=6),
    st.none() | st.integers(0, 0xFFFF),
    st.sampled_from([1, 1, 2, 4, 32]),
    st.booleans(),
)


@given(scenes)
@settings(max_examples=300)
def test_script_binary_text_script_binary_gives_identical_bytes(scene: Scene) -> None:
    binary = to_binary(scene)
    text = to_text(from_binary(binary))
    script = to_script(from_text(text))
    again = _run(script)
    assert again == scene
    assert to_binary(again) == binary
    assert to_text(again) == text
    assert read_recipe(binary) == read_recipe(text.encode()) == scene


def _run(script: str) -> Scene:
    names: dict[str, object] = {}
    exec(compile(script, "scene.py", "exec"), names)
    scene = names["scene"]
    assert isinstance(scene, Scene)
    return scene


@given(
    st.lists(st.integers(1, 2**40 - 1) | st.integers(1, 50) | st.sampled_from(INLINES), max_size=40),
    st.none() | st.integers(1, 50).map(Plate),
)
@settings(max_examples=200)
def test_any_elements_in_any_order_come_back(elements: list[int | Inline], background: Plate | None) -> None:
    scene = Scene(100, 100, background, [Layer(element) for element in elements])
    assert from_binary(to_binary(scene)) == scene


def test_ascending_elements_take_fewer_bytes() -> None:
    numbers = random.Random(3).sample(range(1, 4000), 20)
    sizes = [
        len(to_binary(Scene(100, 100, layers=[Layer(number) for number in order])))
        for order in (sorted(numbers), numbers)
    ]
    assert sizes[0] + 6 <= sizes[1]  # log2(20!) is 61 bits


@given(scenes)
@settings(max_examples=100)
def test_the_bits_of_an_inspection_add_up_to_the_bytes(scene: Scene) -> None:
    found = inspect(scene)
    total = sum(field.bits for field in found.fields)
    assert found.binary_bytes == len(to_binary(scene))
    # A value of slot 0 at the very end is free, so the number may be shorter than the sum; longer only by rounding.
    assert found.binary_bytes * 8 <= total + 16
    parts = {field.part for field in found.fields}
    layers = {f"layer {n + 1}" for n in range(len(scene.layers))}
    assert parts == {"file", "scene"} | layers | ({"inline"} if scene.inlines() else set())
    for n, layer in enumerate(scene.layers, 1):
        shown = [f.value for f in found.fields if f.part == f"layer {n}" and f.name == "element"]
        inlines = scene.inlines()
        assert shown == [
            f"inline {inlines.index(layer.element) + 1}"
            if isinstance(layer.element, Inline)
            else format_id(layer.element)
        ]


@given(scenes)
@settings(max_examples=100)
def test_explain_names_every_element_once_a_layer(scene: Scene) -> None:
    told = explain(scene, lambda number: f"<{number}>")
    assert told.count("<") == len(scene.layers) + isinstance(scene.background, Plate)
    assert len(told.splitlines()) == len(scene.layers) + 1


def test_explain_in_words() -> None:
    scene = Scene(1024, 683)
    scene.element("3f").resize(1024, 400).place(0, 0)
    scene.element("7k2").resize(210, 400).rotate(12).blur(1.5).place(640, -180)
    assert explain(scene, lambda element: "the sea" if element == 111 else "a boat").splitlines() == [
        "Take a canvas 1024 pixels wide and 683 high, transparent.",
        "First, take the sea, make it 1024 pixels wide and 400 high, and put it at the left edge and at the top edge.",
        "On top of it all, take a boat, make it 210 pixels wide and 400 high, turn it 12 degrees to the left, blur it by"
        " 1.5 pixels, and put it 640 pixels from the left edge and 180 pixels beyond the top edge.",
    ]


def test_text_is_forgiving_about_white_space_capitals_and_order() -> None:
    scene = from_text("haac1:400x2ab:e3f;7k2.wd2.h190.r30.b6.p280,b4")
    assert from_text(" HAAC1:400X2AB:E3F;\n7K2.P280,B4.B6.R30.\tH190.Wd2\n") == scene


def test_unused_operations_cost_almost_nothing() -> None:
    scene = Scene(1024, 768)
    scene.element("z").resize(300).place(10, 10)
    idle = {"crop?", "flip", "adjustment?", "blur?", "opacity?"}
    cost = {coded.field: coded.bits for coded in trace_binary(to_binary(scene))[1]}
    assert sum(cost[field] for field in idle) < 1.0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "begins with ''"),
        ("haac2:10x10", "begins with"),
        ("haac1:", "WIDTHxHEIGHT"),
        ("haac1:like:", "WIDTHxHEIGHT"),
        ("haac1:like:like:10x10:e1", "WIDTHxHEIGHT"),
        ("haac1:like:10x10", "marked as similar"),
        ("haac1:like:10x10:cffffff", "marked as similar"),
        ("haac1:0x10", "canvas width is 0"),
        ("haac1:4000x10", "canvas width is 16384"),
        ("haac1:3fff x 3fff", "16383x16383"),
        ("haac1:-1x10", "WIDTHxHEIGHT"),
        ("haac1:10x10:q", "background"),
        ("haac1:10x10:c12345", "six or eight"),
        ("haac1:10x10;", "not an element id"),
        ("haac1:10x10;u", "not an element id"),
        ("haac1:10x10;0", "ids run from 1"),
        ("haac1:10x10;zzzzzzzzz", "ids run from 1"),
        ("haac1:10x10;1.q1", "no function"),
        ("haac1:10x10;1.r", "not a hexadecimal number"),
        ("haac1:10x10;1.r1.r2", "twice"),
        ("haac1:10x10;1.r5a0", "rotation is 1440"),
        ("haac1:10x10;1.w0", "width is 0"),
        ("haac1:10x10;1.w5.s5", "not both"),
        ("haac1:10x10;1.c5,5,5,9", "keeps nothing"),
        ("haac1:10x10;1.p1", "no function"),
        ("haac1:10x10;1.o65", "opacity is 101"),
        ("haac1:10x10;1.b3e9", "blur is 1001"),
        ("haac1:10x10;1.fx", "no function"),
        ("haac1:10x10;1.p1,fffffffff", "hexadecimal number"),
        ("haac1:10x10;1.r٣", "not a hexadecimal number"),
        ("haac1:10x10" + ";1" * (LIMITS.layers + 1), "at most 4096"),
        ("haac1:" + " " * LIMITS.text_chars, "characters"),
    ],
)
def test_malformed_text_is_one_clear_error(text: str, complaint: str) -> None:
    with pytest.raises(RecipeError) as caught:
        from_text(text)
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_canvas_without_pixels_is_refused_before_its_wash() -> None:
    encoder = Encoder()
    encoder.pick("canvas", _CANVAS, lambda: len(COMMON_CANVASES))
    encoder.number("width", SIDE, lambda: 0)
    encoder.number("height", near_lengths(0), lambda: 0)
    encoder.pick("reserved", _RESERVED, lambda: 0)
    encoder.pick("background", _BACKGROUND, lambda: 8)
    encoder.pick("more", Uniform(2**80), lambda: 2**79)
    number = encoder.result()
    with pytest.raises(RecipeError, match="canvas width is 0"):
        from_binary(bytes([FORMAT]) + number.to_bytes((number.bit_length() + 7) // 8, "big"))


def test_binary_refuses_what_no_encoder_writes() -> None:
    good = to_binary(Scene(123, 45))
    more = Encoder()
    _code_scene(more, Scene(123, 45))
    more.pick("something left over", Uniform(10), lambda: 7)
    for data, complaint in [
        (b"", "is empty"),
        (b"\x89PNG", "begins with the byte 0x89"),
        (bytes([FORMAT, 0]) + good[1:], "zero byte"),
        (bytes([FORMAT]) + more.result().to_bytes(9, "big").lstrip(b"\0"), "left over"),
        (bytes([FORMAT]) * (LIMITS.recipe_bytes + 1), "at most"),
        (bytes([FORMAT | 4, 0x12]), "within its fingerprint"),
        (bytes([FORMAT | 8, 0]) + good[1:], "written otherwise"),
    ]:
        with pytest.raises(RecipeError, match=complaint):
            from_binary(data)


def test_a_scene_of_the_most_layers_still_fits() -> None:
    scene = Scene(1024, 768)
    for n in range(LIMITS.layers):
        scene.element(format_id(n + 1)).place(n % 1024, n % 768)
    assert from_binary(to_binary(scene)) == scene
    scene.element("1")
    with pytest.raises(RecipeError, match="4097 layers"):
        to_binary(scene)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30, "12", None])
def test_the_recording_api_refuses_what_is_no_number(value: Any) -> None:
    placed = Scene(10, 10).element("1")
    for method in (placed.rotate, placed.blur, placed.scale, placed.opacity, placed.brightness):
        with pytest.raises(RecipeError):
            method(value)


def test_the_recording_api_goes_to_the_nearest_step() -> None:
    scene = Scene(10, 10)
    scene.element("1").rotate(-12.1).blur(1.4).scale(0.33333).opacity(0.666)
    layer = scene.layers[0]
    assert (layer.rotation, layer.blur, layer.scale, layer.opacity) == (1440 - 48, 6, 333, 67)


def run(tmp_path: Path, source: str) -> Scene:
    path = tmp_path / "scene.py"
    path.write_text(source)
    return run_script(path)


def test_a_script_leaves_its_scene(tmp_path: Path) -> None:
    assert run(tmp_path, "from haac import Scene\nmine = Scene(5, 6)\nalias = mine\n") == Scene(5, 6)
    two = "from haac import Scene\nscene = Scene(5, 6)\nother = Scene(7, 8)\n"
    assert run(tmp_path, two) == Scene(5, 6)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("x = 1\n", "no scene"),
        ("from haac import Scene\na = Scene(1, 1)\nb = Scene(2, 2)\n", "several scenes"),
        ("x = 1\ny = x / 0\n", "line 2: ZeroDivisionError"),
        ("def broken(:\n", "line 1"),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit"),
        (
            "from haac import Scene\nscene = Scene(10, 10)\nscene.element('1').opacity(7)\n",
            "line 3: opacity is 700",
        ),
        (
            "from haac import Scene\nscene = Scene(10, 10)\nscene.element('u')\n",
            "line 3: 'u' is not an element id",
        ),
        ("open('missing')\n", "line 1: FileNotFoundError"),
    ],
)
def test_a_failing_script_is_one_clear_error(tmp_path: Path, source: str, complaint: str) -> None:
    with pytest.raises(RecipeError) as caught:
        run(tmp_path, source)
    assert complaint in str(caught.value)


def test_decompiled_scripts_are_plain_data() -> None:
    """Nothing in a recipe can put code into a script: it has one import, one assignment, and calls on literals."""
    script = to_script(
        from_text("haac1:400x2ab~7f2c:gffffff,87ceeb80,7b;7k2.c1,2,3,4.fhv.s10.r30.b6.p-280,b4")
    )
    literals = (ast.Constant, ast.UnaryOp)
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.Call):
            assert all(isinstance(argument, literals) for argument in node.args)
