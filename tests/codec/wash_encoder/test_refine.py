"""The encoder's model of the drawing, and the refinement by it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from haac import Scene, Wash, encode_wash, render, to_binary
from haac._vectors import DrawnElements
from haac._wash.synthesis import drawn_planes, finest
from haac._wash_encoder.analysis import analysed
from haac._wash_encoder.differentiable import Drawing
from haac._wash_encoder.encoder import WashEncoder
from haac._wash_encoder.rate_control import TRADE
from haac._wash_encoder.refine import Refinement

LEVELS, STEP = 3, 38


def landscape(width: int = 219, height: int = 150) -> Image.Image:
    """A hill before a sky, with waves, in integers; no side is a multiple of the grid's."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    hill = y * 300 > 22_000 + (x - 90) ** 2 * 2
    waves = ((x * x // 40 + y * 3) % 23) * 4
    colours = [
        np.where(hill, 40 + waves, 150 + y // 3),
        np.where(hill, 120 - y // 2, 170),
        np.where(hill, 50, 225 - y),
    ]
    return Image.fromarray(np.stack(colours, 2).clip(0, 255).astype(np.uint8))


def missed(image: Image.Image, wash: Wash) -> np.ndarray:
    """Squared error of red, green and blue, added."""
    made = render(Scene(*image.size, background=wash), DrawnElements()).convert("RGB")
    off = np.asarray(image, np.float64) - np.asarray(made, np.float64)
    squares: np.ndarray = np.square(off).sum(2)
    return squares


def bands_of(wash: Wash) -> list[np.ndarray]:
    """As decoded, levels."""
    return analysed(drawn_planes(wash) / 64, wash.levels)


def test_the_model_tells_how_the_error_of_the_picture_changes() -> None:
    image = landscape()
    encoder = WashEncoder(image)
    washes = [encoder.trial(LEVELS, STEP + n).wash for n in (0, 3, 8)]
    drawing = Drawing(image, LEVELS, None)
    told = [drawing.error(bands_of(wash), finest(wash) / 64)[0] for wash in washes]
    true = [float(missed(image, wash).sum()) for wash in washes]
    for n in (1, 2):
        assert told[n] - told[0] == pytest.approx(true[n] - true[0], rel=0.06)


@pytest.mark.parametrize("weighted", [False, True])
def test_slopes_are_those_of_the_error(weighted: bool) -> None:
    image = landscape()
    wash = WashEncoder(image).trial(LEVELS, STEP).wash
    weights = np.full((image.height, image.width), 1.5) if weighted else None
    drawing, unit = Drawing(image, LEVELS, weights), finest(wash) / 64
    bands = bands_of(wash)
    slopes = drawing.slopes(drawing.error(bands, unit)[1])
    draw = np.random.default_rng(3)
    for n, band in enumerate(bands):
        move = [np.zeros(other.shape) for other in bands]
        move[n] = 0.05 * unit * draw.standard_normal(band.shape)
        after, before = (
            drawing.error([b + sign * m for b, m in zip(bands, move, strict=True)], unit)[0]
            for sign in (1, -1)
        )
        size = float(np.sqrt((slopes[n] ** 2).sum() * (move[n] ** 2).sum()))
        assert (after - before) / 2 == pytest.approx(float((slopes[n] * move[n]).sum()), abs=0.06 * size)


def test_a_refinement_fits_and_is_nearer() -> None:
    image = landscape()
    encoder = WashEncoder(image)
    trial = encoder.trial(LEVELS, STEP)
    quantiser = encoder.on_grid(LEVELS).quantiser
    refinement = Refinement(Drawing(image, LEVELS, None), quantiser, STEP, trial.values)
    room = refinement.bits
    refinement.descend(TRADE, room, 20)
    assert refinement.fit(TRADE, room)
    assert refinement.bits <= room
    wash = encoder.on_grid(LEVELS).wash(STEP, refinement.values)
    assert missed(image, wash).sum() < 0.993 * missed(image, trial.wash).sum()
    assert refinement.fit(TRADE, 0.7 * room)  # much less room
    assert refinement.bits <= 0.7 * room


@pytest.mark.parametrize("budget", [60, 200, 318])
def test_an_encoder_that_refines_is_nearer_for_the_same_bytes(
    budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = landscape()
    refined = encode_wash(image, budget=budget)
    monkeypatch.setattr(WashEncoder, "_refine", lambda *_, **__: None)
    plain = encode_wash(image, budget=budget)
    assert len(to_binary(Scene(*image.size, background=refined))) <= budget
    assert missed(image, refined).sum() < 0.998 * missed(image, plain).sum()


@pytest.mark.parametrize("budget", [60, 300])
def test_a_rough_wash_fits_and_is_nearly_as_near(budget: int) -> None:
    image = landscape()
    encoder = WashEncoder(image)
    rough, refined = encoder.within(budget, refined=False).wash, encoder.within(budget).wash
    assert len(to_binary(Scene(*image.size, background=rough))) <= budget
    errors = [float(missed(image, wash).sum()) for wash in (refined, rough)]
    assert errors[0] < errors[1] < 1.5 * errors[0]


@pytest.mark.parametrize("budget", [100, 300])
def test_a_wash_refined_quickly_fits_and_lies_between(budget: int) -> None:
    image = landscape()
    encoder = WashEncoder(image)
    quick = encoder.within(budget, thorough=False).wash
    assert len(to_binary(Scene(*image.size, background=quick))) <= budget
    rough, thorough = encoder.within(budget, refined=False).wash, encoder.within(budget).wash
    errors = [float(missed(image, wash).sum()) for wash in (thorough, quick, rough)]
    assert errors[0] < errors[1] < errors[2]


def test_weights_count_in_a_refinement() -> None:
    image = landscape()
    weights = np.ones((image.height, image.width))
    weights[:, :80] = 6
    plain = encode_wash(image, budget=200)
    weighted = encode_wash(image, budget=200, weights=weights)
    assert missed(image, weighted)[:, :80].sum() < missed(image, plain)[:, :80].sum()
