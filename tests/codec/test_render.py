"""The renderer: the golden vectors, and what must hold of any picture."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from haac import ElementCache, Scene, colour, from_text, gradient, plate, render
from haac._drawing.boxes import COS, ONE, sin
from haac._vectors import DrawnElements, Vector, check_vectors, load_vectors
from haac_repo import RecipeError, pixel_hash

ELEMENTS = DrawnElements()
VECTORS = load_vectors()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_golden_vector(vector: Vector, tmp_path: Path) -> None:
    wrong = check_vectors([vector])
    if wrong:
        render(from_text(vector.text), ELEMENTS).save(tmp_path / "found.png")
        pytest.fail(
            f"{wrong} (picture: {tmp_path / 'found.png'}, expected: tests/vectors/renders/{vector.name}.png)"
        )


def test_a_vector_that_differs_is_noticed() -> None:
    wrong = Vector("wrong", VECTORS[0].text, VECTORS[0].binary, "0" * 64)
    assert list(check_vectors([VECTORS[0], wrong])) == ["wrong"]


def test_a_blur_with_floats_of_another_precision_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of Pillow built for the x87: the radius ends one step beside the one of single precision."""
    tender = [vector for vector in VECTORS if vector.name.startswith("blur-") and vector.name[5:].isdigit()]
    assert len(tender) == 6
    blur = ImageFilter.GaussianBlur
    monkeypatch.setattr(
        ImageFilter, "GaussianBlur", lambda radius: blur(tuple(one * (1 + 1e-7) for one in radius))
    )
    assert len(check_vectors(tender)) >= 5


def test_the_drawn_elements_are_those_on_disk() -> None:
    folder = Path(__file__).parents[1] / "vectors" / "elements"
    assert len(list(folder.iterdir())) == 5
    for n in range(1, 6):
        with Image.open(folder / f"{n}.png") as image:
            assert pixel_hash(image.convert("RGBA")) == pixel_hash(ELEMENTS.image(n))


def test_no_cosine_depends_on_the_last_bit_of_the_mathematics_library() -> None:
    for quarter in range(1440):
        exact = math.cos(math.radians(quarter / 4)) * ONE
        assert abs(exact - math.floor(exact) - 0.5) > 1e-6
        assert abs(COS[quarter] - exact) <= 0.5
        assert abs(COS[quarter] ** 2 + sin(quarter) ** 2 - ONE**2) < 2 * ONE


def picture(build: Callable[[Scene], object], size: tuple[int, int] = (200, 200)) -> np.ndarray:
    scene = Scene(*size)
    build(scene)
    return np.array(render(scene, ELEMENTS)).astype(int)


def test_own_size_is_the_element_itself() -> None:
    shown = picture(lambda s: s.element("4").place(0, 0), (200, 150))
    assert (shown == np.array(ELEMENTS.image(4))).all()


def test_turning_is_counter_clockwise_about_the_centre() -> None:
    """Compared with Pillow's own `rotate`, which is not bit-exact between machines but right."""
    shown = picture(lambda s: s.element("4").resize(100, 60).rotate(30).place(50, 70))
    canvas = Image.new("RGBA", (200, 200))
    canvas.paste(ELEMENTS.image(4).resize((100, 60), Image.Resampling.BICUBIC), (50, 70))
    expected = np.array(canvas.rotate(30, Image.Resampling.BICUBIC, center=(100, 100))).astype(int)
    assert np.abs(shown - expected).mean() < 1.0


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_move_pixels_and_change_none(quarters: int) -> None:
    shown = picture(lambda s: s.element("4").rotate(90 * quarters).place(0, 25))
    expected = np.rot90(np.array(ELEMENTS.image(4)), quarters)
    height, width = expected.shape[:2]
    top, left = (200 - height) // 2, (200 - width) // 2
    assert (shown[top : top + height, left : left + width] == expected).all()


def test_a_turn_by_nearly_nothing_is_nearly_the_same_as_none() -> None:
    still = picture(lambda s: s.element("1").place(50, 50))
    turned = picture(lambda s: s.element("1").rotate(0.25).place(50, 50))
    assert 0 < np.abs(still - turned).mean() < 1


def test_only_what_is_seen_is_computed_and_no_pixel_tells() -> None:
    rng = random.Random(7)
    for _ in range(150):
        element, x, y = rng.choice("1234"), rng.randint(-150, 150), rng.randint(-150, 150)
        turn, blur = (
            rng.choice([0, 90, 270, rng.randrange(1440) / 4]),
            rng.choice([0, rng.randrange(120) / 4]),
        )
        width, height = rng.randint(1, 250), rng.randint(1, 250)
        small, large = Scene(120, 90), Scene(1120, 1090)
        for scene, shift in ((small, 0), (large, 500)):
            scene.element(element).resize(width, height).rotate(turn).blur(blur).place(x + shift, y + shift)
        cut = render(large, ELEMENTS).crop((500, 500, 620, 590))
        assert render(small, ELEMENTS).tobytes() == cut.tobytes(), (element, x, y, turn, blur, width, height)


def test_blur_keeps_the_amount_and_the_centre() -> None:
    sharp = picture(lambda s: s.element("1").place(50, 50))[:, :, 3]
    soft = picture(lambda s: s.element("1").blur(5).place(50, 50))[:, :, 3]
    assert abs(int(sharp.sum()) - int(soft.sum())) < sharp.sum() * 0.01
    for axis in (0, 1):
        at = [np.average(np.arange(200), weights=alpha.sum(axis)) for alpha in (sharp, soft)]
        assert abs(at[0] - at[1]) < 0.1


def test_opacity_scales_alpha() -> None:
    whole = picture(lambda s: s.element("1").place(5, 5))[:, :, 3]
    half = picture(lambda s: s.element("1").opacity(0.5).place(5, 5))[:, :, 3]
    assert np.abs(half - whole * 0.5).max() <= 1
    assert picture(lambda s: s.element("1").opacity(0).place(5, 5)).max() == 0


def test_adjustments_do_what_they_say() -> None:
    plain = picture(lambda s: s.element("4").place(0, 0))
    assert picture(lambda s: s.element("4").brightness(0).place(0, 0))[:150, :, :3].max() == 0
    assert set(np.unique(picture(lambda s: s.element("4").contrast(0).place(0, 0))[:150, :, :3])) == {128}
    grey = picture(lambda s: s.element("4").saturation(0).place(0, 0))[:150, :, :3]
    assert (grey == grey[:, :, :1]).all()
    assert np.abs(grey.mean() - plain[:150, :, :3].mean()) < 25
    for shown in (picture(lambda s: s.element("1").saturation(3).brightness(2).place(0, 0)),):
        assert (shown[:, :, 3] == picture(lambda s: s.element("1").place(0, 0))[:, :, 3]).all()


def test_backgrounds() -> None:
    assert set(render(Scene(3, 2), ELEMENTS).tobytes()) == {0}
    assert render(Scene(3, 2, colour("#10203040")), ELEMENTS).tobytes() == bytes([0x10, 0x20, 0x30, 0x40]) * 6
    down = np.array(render(Scene(8, 256, gradient("black", "white")), ELEMENTS))
    assert (np.abs(down[:, 0, 0].astype(int) - np.arange(256)) <= 1).all()
    assert (down == down[:, :1]).all()
    across = np.array(render(Scene(256, 8, gradient("black", "white", 0)), ELEMENTS))
    assert (across[0, :, 0] == down[:, 0, 0]).all()
    oblique = np.array(render(Scene(50, 40, gradient("black", "white", 45)), ELEMENTS)).astype(int)
    assert oblique[-1, 0, 0] < 5
    assert oblique[0, -1, 0] > 250
    shown = render(Scene(200, 150, plate("4")), ELEMENTS)
    assert pixel_hash(shown) == pixel_hash(ELEMENTS.image(4))


def test_kept_shape_rounds_to_the_nearest_pixel_and_never_to_nothing() -> None:
    scene = Scene(10, 10)
    for placed, expected in [
        (scene.element("4").resize(100), (100, 75)),
        (scene.element("4").resize(height=50), (67, 50)),
        (scene.element("4").resize(1), (1, 1)),
        (scene.element("4").scale(0.001), (1, 1)),
        (scene.element("4").scale(1.5), (300, 225)),
        (scene.element("4").crop(0, 0, 10, 20), (10, 20)),
    ]:
        assert scene.layers[placed.index].size(200, 150) == expected


def test_layers_stand_back_to_front() -> None:
    scene = Scene(20, 20)
    scene.element("2").place(0, 0)
    scene.element("4").place(0, 0)
    assert render(scene, ELEMENTS).getpixel((5, 5)) == ELEMENTS.image(4).getpixel((5, 5))


def test_a_cache_gives_the_same_pixels_and_asks_once() -> None:
    asked = []

    class Source:
        def image(self, ref: int) -> Image.Image:
            asked.append(ref)
            return ELEMENTS.image(ref)

    scene = from_text("haac1:50x50:e4;1;2;1.p5,5")
    cache = ElementCache(Source())
    first, second = render(scene, cache), render(scene, cache)
    assert first.tobytes() == second.tobytes() == render(scene, ELEMENTS).tobytes()
    assert sorted(asked) == [1, 2, 4]


def test_a_small_cache_forgets_the_longest_unused() -> None:
    asked = []

    class Source:
        def image(self, ref: int) -> Image.Image:
            asked.append(ref)
            return Image.new("RGBA", (10, 10))

    cache = ElementCache(Source(), limit_bytes=800)
    for ref in (1, 2, 1, 3, 1, 2):
        cache.image(ref)
    assert asked == [1, 2, 3, 2]


def test_wrong_scenes_are_refused() -> None:
    with pytest.raises(RecipeError, match="background"):
        Scene(10, 10, "red")  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="is not a colour"):
        colour("no such colour")
