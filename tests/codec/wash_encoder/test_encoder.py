"""The wash encoder: budgets, qualities, shapes, alpha, weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from haac import Scene, Wash, encode_wash, from_binary, from_text, render, to_binary, to_text
from haac._forms.binary import measured
from haac._vectors import DrawnElements
from haac._wash_encoder.encoder import WashEncoder
from haac_repo import PictureError

Photograph = Callable[..., Image.Image]
"""The fixture of that name."""


def drawn(image: Image.Image, wash: Wash) -> Image.Image:
    return render(Scene(*image.size, background=wash), DrawnElements())


def error(image: Image.Image, other: Image.Image, mask: np.ndarray | None = None) -> float:
    """Mean squared error of red, green and blue."""
    missed = (np.asarray(image.convert("RGB"), float) - np.asarray(other.convert("RGB"), float)) ** 2
    return float(missed.mean() if mask is None else missed[mask].mean())


@pytest.mark.parametrize("budget", [20, 120, 1000])
def test_a_budget_is_kept_and_used(budget: int, photograph: Photograph) -> None:
    image = photograph()
    scene = Scene(*image.size, background=encode_wash(image, budget=budget))
    data = to_binary(scene)
    assert 0.93 * budget - 2 <= len(data) <= budget
    assert from_binary(data) == scene
    assert from_text(to_text(scene)) == scene


def test_more_bytes_are_better(photograph: Photograph) -> None:
    image = photograph()
    errors = [error(image, drawn(image, encode_wash(image, budget=b))) for b in (20, 50, 120, 318)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] < 2000
    assert errors[-1] < errors[0] / 3


def test_more_quality_is_better_and_larger(photograph: Photograph) -> None:
    image = photograph()
    washes = [encode_wash(image, quality=quality) for quality in (0, 20, 40, 60)]
    errors = [error(image, drawn(image, wash)) for wash in washes]
    sizes = [len(to_binary(Scene(*image.size, background=wash))) for wash in washes]
    assert errors == sorted(errors, reverse=True)
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (17, 5), (333, 7), (63, 65)])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_shape(size: tuple[int, int], alpha: bool, photograph: Photograph) -> None:
    image = photograph(*size, alpha=alpha)
    scene = Scene(*size, background=encode_wash(image, budget=100))
    assert from_binary(to_binary(scene)) == scene == from_text(to_text(scene))
    picture = render(scene, DrawnElements())
    assert picture.size == size
    assert error(image, picture) < 3000 or alpha


def test_alpha_is_kept(photograph: Photograph) -> None:
    image = photograph(alpha=True)
    picture = drawn(image, encode_wash(image, budget=200))
    difference = np.abs(np.asarray(picture, int)[..., 3] - np.asarray(image, int)[..., 3])
    assert difference.mean() < 12
    pixels = np.asarray(picture)
    assert not pixels[pixels[..., 3] == 0].any()
    inside = np.asarray(image)[..., 3] == 255
    assert error(image, picture, inside) < 300


def test_an_opaque_picture_pays_nothing_for_alpha(photograph: Photograph) -> None:
    image = photograph()
    assert encode_wash(image.convert("RGBA"), budget=100) == encode_wash(image, budget=100)


def test_weights_move_bytes_to_where_they_are(photograph: Photograph) -> None:
    image = photograph()
    mask = np.zeros((160, 240), bool)
    mask[15:70, 150:215] = True
    plain = drawn(image, encode_wash(image, budget=120))
    weighted = drawn(image, encode_wash(image, budget=120, weights=1 + 7 * mask))
    assert error(image, weighted, mask) < 0.95 * error(image, plain, mask)
    assert error(image, weighted, ~mask) > error(image, plain, ~mask)


def test_a_trial_tells_bits_and_errors(photograph: Photograph) -> None:
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
def test_bad_arguments(arguments: dict[str, object], photograph: Photograph) -> None:
    with pytest.raises(PictureError):
        encode_wash(photograph(), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "shape"),
    [(4, (100, 100)), (2, (200, 130)), (3, (100, 100))],
    ids=["hills", "noise", "stripes"],
)
def test_budgets_are_used(number: int, shape: tuple[int, int]) -> None:
    """However little a picture is like a photograph, and where more is allowed than can be decoded in time."""
    picture = DrawnElements().image(number).convert("RGB").resize(shape, Image.Resampling.NEAREST)
    sizes = [len(to_binary(Scene(*shape, encode_wash(picture, budget=b)))) for b in (300, 2500, 20_000)]
    assert sizes == sorted(sizes)
    assert all(size <= budget for size, budget in zip(sizes, (300, 2500, 20_000), strict=True))
    assert sizes[1] > 1000


def test_a_recipe_with_nothing_but_a_wash_has_the_bits_that_it_says(photograph: Photograph) -> None:
    """Whatever symbols it ends with."""
    encoder, over = WashEncoder(photograph(96, 64)), []
    for step in range(20, 60, 2):
        data, bits = measured(Scene(96, 64, background=encoder.trial(2, step).wash))
        over.append(int.from_bytes(data[1:], "big").bit_length() + 8 - bits)
    assert max(over) <= 4
