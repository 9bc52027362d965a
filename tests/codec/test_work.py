"""The limits of work and memory: what a recipe takes is known before anything is decoded, and what is too much is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from haac import (
    LIMITS,
    ElementCache,
    Layer,
    Plate,
    Scene,
    decode_blur,
    encode_blur,
    from_text,
    gradient,
    read_recipe,
    render,
    to_binary,
    to_script,
    to_text,
)
from haac._drawing import work
from haac._drawing.work import DECODE_COPIES, NOTHING, WEIGHTS, check_work, layer_work
from haac._forms.inspect import explain, inspect
from haac._vectors import DrawnElements, load_vectors
from haac_repo import NewElement, RecipeError, Repository, encode, pixel_hash

KEPT = 256 * 2**20


class Sized:
    """Elements of one size, none of which is ever to be decoded."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height

    def size(self, ref: int) -> tuple[int, int]:
        assert ref >= 1
        return self._size

    def image(self, ref: int) -> Image.Image:
        pytest.fail(f"element {ref} is decoded")


HOURS = "haac1:1000x1000" + ";1.w1000.h1000.r7b.b3e8" * 4096
NINE_SECONDS = "haac1:1x1" + ";1.w1800.h1555.r1.b3e8" * 300
HEAVY = {
    "hours out of 30 kB": (HOURS, (1000, 1000)),
    "blurs around one pixel": (NINE_SECONDS, (1000, 1000)),
    "rotations that fill the canvas": ("haac1:1000x1000" + ";1.r7b" * 40, (5000, 5000)),
    "large elements made small": ("haac1:64x64" + "".join(f";{n}.w9" for n in range(1, 9)) * 9, (5700, 5700)),
    "adjustments": ("haac1:10x10" + ";1.w9.u96" * 60, (4000, 4000)),
    "tall and narrow": ("haac1:800x3fff" + ";1.w800.h3fff.p0,0" * 20, (2000, 3)),
    "layers after layers": ("haac1:1000x1000:gff0000,0000ff,3" + ";1" * 90, (4096, 4096)),
}


@pytest.mark.parametrize(("text", "size"), HEAVY.values(), ids=HEAVY)
def test_what_takes_too_long_is_refused_before_an_element_is_decoded(
    text: str, size: tuple[int, int]
) -> None:
    with pytest.raises(
        RecipeError, match=r"units of work, .* of them for .*; at most 9 are allowed: use fewer"
    ):
        render(from_text(text), Sized(*size))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("haac1:3fffx800;1.w3fff.h800.r2.b3e8", (1000, 1000)),
        ("haac1:3fffx800;1.b3e8", (16_383, 2048)),
    ],
)
def test_what_takes_too_much_memory_is_refused_before_an_element_is_decoded(
    text: str, size: tuple[int, int]
) -> None:
    with pytest.raises(RecipeError, match=r"\d+ MB of memory; at most 880 are allowed: use a smaller canvas"):
        render(from_text(text), Sized(*size))


def test_recipes_that_draw_nothing_are_read_whatever_they_would_take() -> None:
    scene = from_text(HOURS)
    some = replace(scene, layers=scene.layers[:500])
    assert read_recipe(to_binary(some)) == from_text(to_text(some)) == some
    assert to_script(some).count("\n") > 500
    assert len(inspect(some).fields) > 500
    assert explain(some, str).count("\n") == 500
    with pytest.raises(RecipeError, match="units of work"):
        render(some, Sized(1000, 1000))


def test_the_message_names_what_takes_most() -> None:
    scene = from_text(
        "haac1:1000x1000;7.w10;!1.w1000;1.r7b.b3e8".replace("!1", "2") + ";3.w1000.h1000.b3e8" * 60
    )
    with pytest.raises(RecipeError, match=r"of them for layer 3 \(element 1\)"):
        render(scene, Sized(3000, 3000))


LARGE = 4096, 4096


@pytest.mark.parametrize(
    ("count", "layer", "size"),
    [
        (24, lambda n: Layer(n, width=2048, height=2048, rotation=180, x=90 * n, y=80 * n), (1000, 1000)),
        (40, lambda n: Layer(n, width=1500, rotation=n, x=60 * n, y=64 * n), (800, 900)),
        (50, lambda n: Layer(n, width=2048, height=2048, x=30 * n, y=33 * n), (1200, 1200)),
        (30, lambda n: Layer(n, width=1500, blur=20, opacity=60, x=90 * n, y=80 * n), (1000, 1000)),
        (300, lambda n: Layer(n, width=400, rotation=n, x=13 * n, y=12 * n), (512, 512)),
    ],
    ids=["24 turned of 2048", "40 turned of 1500", "50 of 2048", "30 blurred of 1500", "300 of 400"],
)
def test_a_large_canvas_with_many_large_layers_is_accepted(
    count: int, layer: Callable[[int], Layer], size: tuple[int, int]
) -> None:
    scene = Scene(*LARGE, gradient("skyblue", "white"), [layer(n) for n in range(1, count + 1)])
    check_work(scene, lambda _: size, KEPT)


def test_the_largest_canvas_takes_a_plate_and_layers_over_all_of_it() -> None:
    for size in ((5792, 5792), (7680, 4320), (16_383, 2048)):
        layers = [Layer(1), Layer(1, rotation=3), Layer(1, blur=8)]
        for layer in layers:
            scene = Scene(*size, Plate(1), [layer])
            check_work(scene, lambda _, size=size: size, KEPT)  # type: ignore[misc]


def test_golden_vectors_take_a_hundredth_of_the_limit_at_most() -> None:
    elements = DrawnElements()
    for vector in load_vectors():
        scene = from_text(vector.text)
        cache = ElementCache(elements)
        render(scene, cache)
        shown = [
            layer_work(layer, cache.size(layer.element), (scene.width, scene.height))
            for layer in scene.layers
        ]
        assert sum(one.units + WEIGHTS.layer for one in shown) < LIMITS.work / 100, vector.name


def test_layers_outside_the_canvas_take_nothing_and_are_not_decoded() -> None:
    scene = Scene(50, 40, layers=[Layer(n, rotation=31, blur=9, x=3000) for n in range(1, 4097)])
    assert layer_work(scene.layers[0], (900, 900), (50, 40)) == NOTHING
    assert render(scene, Sized(900, 900)).getbbox() is None


def units(canvas: tuple[int, int] = (300, 200), size: tuple[int, int] = (400, 300), **values: object) -> int:
    return layer_work(Layer(1, **values), size, canvas).units  # type: ignore[arg-type]


def test_everything_that_is_drawn_is_counted() -> None:
    plain = units()
    assert plain == 300 * 200 * (WEIGHTS.read + WEIGHTS.compose)
    for change in (
        {"rotation": 31},
        {"rotation": 360},
        {"blur": 4},
        {"flip": "h"},
        {"contrast": 90},
        {"saturation": 90},
        {"width": 401},
        {"scale": 1100},
    ):
        assert units(**change) > plain, change
    assert units(blur=400) > 2 * units(blur=40) > 0
    assert units(canvas=(4000, 4000), rotation=180) > units(canvas=(4000, 4000))
    assert units(canvas=(30, 20)) < plain / 50
    assert units(canvas=(30, 20), width=4000, height=3000) < units(canvas=(300, 200), width=4000, height=3000)


def test_elements_are_counted_once_unless_they_do_not_all_stay_decoded() -> None:
    side, decoded = 2000, 4_000_000 * WEIGHTS.decode
    few = Scene(10, 10, layers=[Layer(1 + n % 3, (0, 0, 9, 9)) for n in range(60)])
    check_work(few, lambda _: (side, side), KEPT)
    many = replace(few, layers=[Layer(1 + n % 30, (0, 0, 9, 9)) for n in range(95)])
    assert 30 * decoded < LIMITS.work < 95 * decoded
    with pytest.raises(RecipeError, match="for decoding its elements"):
        check_work(many, lambda _: (side, side), KEPT)
    check_work(many, lambda _: (side, side), 2 * KEPT)


def test_the_cache_makes_room_before_it_decodes() -> None:
    """Decoding takes the pixels several times: with what is held it stays within a bound."""
    held = []

    class Source:
        def size(self, ref: int) -> tuple[int, int]:
            return (4096, 4096) if ref == 9 else (1024, 1024)

        def image(self, ref: int) -> Image.Image:
            held.append(len(cache._images))
            return Image.new("RGBA", (1, 1)) if ref == 9 else Image.new("RGBA", (1024, 1024))

    cache = ElementCache(Source(), 2**31)
    for ref in range(10, 110):
        cache.image(ref)
    cache.image(9)
    copies = DECODE_COPIES * 4 * 4096 * 4096
    assert held[-1] == (640 * 2**20 - copies) // (4 * 2**20)
    assert held[-2] == 99


def test_a_repository_tells_sizes_without_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = DrawnElements().image(4)
    with Repository.create(tmp_path / "repo") as repository:
        with repository.writer() as writer:
            new = NewElement(data=encode(image), width=200, height=150, pixels_sha256=pixel_hash(image))
            writer.add(new)
        assert repository.size("1") == repository.size(1) == (200, 150)
        monkeypatch.setattr(Repository, "image", lambda *_: pytest.fail("decoded"))
        with pytest.raises(RecipeError, match="units of work"):
            render(from_text("haac1:1000x1000" + ";1.w1000.h1000.r7b" * 60), repository)


def test_the_background_is_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LIMITS", replace(LIMITS, work=5 * 10**7))
    hills = next(from_text(vector.text) for vector in load_vectors() if vector.name == "wash-hills")
    size = 2000, 1500  # the shape of that wash
    check_work(Scene(*size), lambda _: (1, 1), KEPT)
    for background in (gradient("red", "blue"), Plate(1), hills.background):
        with pytest.raises(RecipeError, match="for its background"):
            check_work(Scene(*size, background), lambda _: (1, 1), KEPT)


def test_a_blur_string_may_be_drawn_as_large_as_a_canvas_and_no_larger() -> None:
    text = encode_blur(DrawnElements().image(1), 25)
    assert decode_blur(text, 300).size == (300, 300)
    with pytest.raises(RecipeError, match="at most 33554432"):
        decode_blur(text, 16_000)


def test_the_figures_in_the_repository_are_within_what_is_promised() -> None:
    figures = json.loads((Path(__file__).parents[2] / "benchmarks" / "render_limits.json").read_text("utf-8"))
    assert figures["limits"] == {"work": LIMITS.work, "memory_bytes": LIMITS.memory_bytes}
    assert figures["most"]["cpu_seconds"] <= figures["allowed"]["cpu_seconds"] == 10
    assert figures["most"]["peak_mb"] <= figures["allowed"]["peak_mb"] == 1000
    for row in figures["operations"]:
        assert row["weight"] == getattr(WEIGHTS, row["operation"])
        assert row["nanoseconds"] < 1.1 * row["weight"], "weights are rounded, mostly up"
