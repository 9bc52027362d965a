"""The matcher end to end, on composites of drawn elements."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import Colour, Gradient, Inline, Layer, Plate, Scene, Wash, render, to_binary
from haac_match import Matcher, Options
from haac_match._picture.canvas import place
from haac_repo import HaacError, Repository
from tests.pipeline.match.pictures import BACKGROUNDS, LAYERS, drawn, scenery


@pytest.mark.parametrize("ground", BACKGROUNDS, ids=["plain", "gradient", "photograph"])
def test_a_composite_is_found_bit_for_bit(
    repository: Repository, matcher: Matcher, ground: Colour | Gradient | Plate
) -> None:
    scene = Scene(520, 400, ground, LAYERS)
    picture = render(scene, repository)
    found = matcher.compress(picture)
    assert found.exact
    assert not found.unexplained.any()
    assert np.array_equal(np.asarray(render(found.scene, repository)), np.asarray(picture))
    assert sorted(layer.number for layer in found.scene.layers) == sorted(layer.number for layer in LAYERS)
    assert len(to_binary(found.scene)) < 9 * len(LAYERS) + 16


@pytest.mark.parametrize("ground", BACKGROUNDS, ids=["plain", "gradient", "photograph"])
def test_what_a_jpeg_was_made_of_is_found_bit_for_bit(
    repository: Repository, matcher: Matcher, ground: Colour | Gradient | Plate
) -> None:
    scene = Scene(520, 400, ground, LAYERS)
    picture = render(scene, repository).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    found = matcher.compress(Image.open(file))
    assert sorted(layer.number for layer in found.scene.layers) == sorted(layer.number for layer in LAYERS)
    assert np.array_equal(np.asarray(render(found.scene, repository).convert("RGB")), np.asarray(picture))


def test_what_another_program_drew_is_found_beside_what_is_exact(
    repository: Repository, matcher: Matcher
) -> None:
    picture = Image.new("RGBA", (420, 260), (135, 206, 235, 255))
    picture.alpha_composite(repository.image(3), (20, 30))
    larger = repository.image(9).resize((120, 140), Image.Resampling.LANCZOS)
    picture.alpha_composite(larger, (150, 60))
    turned = repository.image(7).rotate(25, Image.Resampling.BICUBIC, expand=True)
    picture.alpha_composite(turned, (290, 70))
    found = matcher.compress(picture.convert("RGB"))
    assert sorted(layer.number for layer in found.scene.layers) == [3, 7, 9]
    assert found.scene.background == Colour(0x87CEEBFF)
    assert found.unexplained.mean() < 0.01


def test_a_ground_that_gives_way_to_a_wash_explains_what_it_did(matcher: Matcher) -> None:
    picture = Image.new("RGBA", (420, 260), (135, 206, 235, 255))
    picture.alpha_composite(drawn(77).resize((140, 140)), (150, 60))  # of no repository
    found = matcher.compress(picture.convert("RGB"))
    assert isinstance(found.scene.background, Wash)
    assert found.unexplained[70:190, 160:280].mean() > 0.5
    assert not found.unexplained[:, :130].any()


def test_on_a_foreign_ground_what_is_found_is_there(repository: Repository, matcher: Matcher) -> None:
    ground = scenery(99).resize((700, 520), Image.Resampling.BICUBIC)
    layer = Layer(4, width=200, rotation=222, x=250, y=150)
    placed = place(layer, repository.image(4), ground.size)
    assert placed is not None
    ground.alpha_composite(placed.pixels, placed.box[:2])
    found = matcher.compress(ground.convert("RGB"))
    assert [replace(one, height=None) for one in found.scene.layers] == [layer]
    assert isinstance(found.scene.background, Wash)


def test_a_picture_without_anything_of_the_catalog_gets_no_layers(matcher: Matcher) -> None:
    found = matcher.compress(scenery(50).resize((500, 400)).convert("RGB"))
    assert found.scene.layers == []
    assert not found.exact
    assert found.unexplained.any()


def test_a_transparent_picture_stays_transparent(repository: Repository, matcher: Matcher) -> None:
    scene = Scene(400, 300, None, LAYERS[:3])
    picture = render(scene, repository)
    found = matcher.compress(picture)
    assert found.scene.background is None
    assert np.array_equal(np.asarray(render(found.scene, repository)), np.asarray(picture))
    assert found.exact


def test_a_photograph_in_a_frame_is_found(repository: Repository, matcher: Matcher) -> None:
    inner = render(Scene(420, 300, Plate(15), LAYERS[:1]), repository)
    picture = Image.new("RGB", (480, 380), (230, 231, 232))
    picture.paste(inner.convert("RGB"), (30, 50))
    found = matcher.compress(picture)
    assert found.exact
    assert [layer.element for layer in found.scene.layers] == [15, 3]


@pytest.mark.parametrize(
    "ground", [BACKGROUNDS[0], Gradient(0xC0A080FF, 0x405060FF, 1123)], ids=["plain", "gradient"]
)
def test_a_window_is_seen_through(
    repository: Repository, matcher: Matcher, ground: Colour | Gradient
) -> None:
    """What is cut off by the window's side is under its border in the recipe."""
    cut = Layer(3, width=110, rotation=130, x=-40, y=90)
    inner = render(Scene(420, 300, ground, [cut, *LAYERS[1:3]]), repository).convert("RGB")
    picture = Image.new("RGB", (460, 380), (40, 41, 42))
    ImageDraw.Draw(picture).line((0, 49, 460, 49), "#707070")
    ImageDraw.Draw(picture).ellipse((8, 20, 20, 32), "red")
    picture.paste(inner, (20, 50))
    found = matcher.compress(picture)
    layers = [layer for layer in found.scene.layers if not isinstance(layer.element, Inline)]
    assert {layer.element for layer in layers} == {3, *(layer.element for layer in LAYERS[1:3])}
    assert len(found.scene.inlines()) == 1
    made = np.asarray(render(found.scene, repository).convert("RGB")).astype(np.int16)
    off = np.abs(made - np.asarray(picture)).max(axis=2)[50:350, 20:440]
    # The ends of a gradient of the whole canvas are whole numbers, too.
    assert off.max() <= (0 if isinstance(ground, Colour) else 2)


def test_the_same_picture_gives_the_same_bytes(repository: Repository) -> None:
    picture = render(Scene(520, 400, BACKGROUNDS[1], LAYERS[:3]), repository)
    first, second = (to_binary(Matcher(repository).compress(picture).scene) for _ in range(2))
    assert first == second


def test_only_wanted_elements_are_found(repository: Repository, matcher: Matcher) -> None:
    layers = [Layer(1, width=90, x=30, y=30), Layer(6, width=90, x=200, y=60)]
    picture = render(Scene(360, 240, Colour(0xFFFFFFFF), layers), repository)
    found = matcher.compress(picture, Options(only_tags=("round",)))
    assert [layer.element for layer in found.scene.layers] == [1]
    with pytest.raises(HaacError, match="no element has the tag nowhere"):
        matcher.compress(picture, Options(only_tags=("nowhere",)))


def test_limits_of_layers_and_bytes_hold(repository: Repository, matcher: Matcher) -> None:
    picture = render(Scene(520, 400, BACKGROUNDS[0], LAYERS), repository)
    assert 1 <= len(matcher.compress(picture, Options(max_layers=2)).scene.layers) <= 2
    small = matcher.compress(picture, Options(budget=30)).scene
    assert 0 < len(small.layers) < len(LAYERS)
    assert len(to_binary(small)) <= 30


@pytest.mark.parametrize("size", [(1, 1), (300, 2), (7, 7), (15, 400)])
def test_tiny_pictures_are_no_problem(matcher: Matcher, size: tuple[int, int]) -> None:
    plain = matcher.compress(Image.new("RGB", size, "teal"))
    assert plain.exact
    assert plain.scene.layers == []
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    assert matcher.compress(Image.fromarray(noise)).unexplained.shape == (size[1], size[0])
