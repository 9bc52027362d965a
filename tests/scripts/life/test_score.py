"""The scorer counts known cases right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haac import Layer, Scene, render
from haac_repo import Repository
from scripts.benchmark.life.page import Frame
from scripts.benchmark.life.scoring.figures import counts, figures
from scripts.benchmark.life.scoring.haac_finder import frame_of
from scripts.benchmark.life.scoring.score import Found, iou, judge
from scripts.benchmark.life.truth import TrueElement, coverage
from scripts.lib.elements import drawing, new_element

NUMBERS = {"a": 1, "b": 2, "c": 3}


def true(
    name: str, x: float, size: float = 30, visible: float = 1.0, alike: tuple[str, ...] = ()
) -> TrueElement:
    band = "16-24" if size < 24 else "24-40" if size < 40 else "40-96"
    return TrueElement(name, x, 0, size, size, 0, False, visible, band, "", alike)


def found(number: int, x: float, size: float = 30) -> Found:
    return Found(number, Frame(x, 0, size, size))


def test_known_cases() -> None:
    drawn = [
        true("a", 0),
        true("b", 50),
        true("c", 100),
        true("a", 150, visible=0.3),
        true("b", 200, alike=("c",)),
    ]
    seen = [found(1, 2), found(1, 51), found(1, 1), found(2, 300), found(1, 150), found(3, 201)]
    judged = judge(drawn, seen, NUMBERS.__getitem__)
    assert judged.true == ["hit", "wrong", "", "free", "alike"]
    assert judged.found == ["hit", "wrong", "twice", "junk", "free", "alike"] or judged.found == [
        "twice", "wrong", "hit", "junk", "free", "alike"
    ]  # fmt: skip
    row = {"true": judged.true, "found": judged.found, "true_bands": judged.true_bands} | {
        "found_bands": judged.found_bands
    }
    made = counts([row], ["24-40"])
    assert made["recall"] == pytest.approx(1 / 3, abs=1e-4)  # of a, b and c: the look-alike is counted apart
    assert made["precision"] == pytest.approx(1 / 4)  # of the hit, the wrong one, the second and the junk
    assert (made["elements"], made["alike"], made["twice"], made["junk"]) == (4, 1, 1, 1)
    assert counts([row], ["40-96"])["recall"] is None


def test_each_true_element_is_found_once_and_by_the_nearest() -> None:
    judged = judge([true("a", 0), true("a", 10)], [found(1, 9), found(1, 1)], NUMBERS.__getitem__)
    assert judged.true == judged.found == ["hit", "hit"]


def test_what_is_too_far_off_is_missed_and_junk() -> None:
    judged = judge([true("a", 0)], [found(1, 12)], NUMBERS.__getitem__)
    assert (judged.true, judged.found) == ([""], ["junk"])


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        (Frame(0, 0, 10, 10), Frame(0, 0, 10, 10), 1.0),
        (Frame(0, 0, 10, 10), Frame(5, 0, 10, 10), 1 / 3),
        (Frame(0, 0, 10, 10), Frame(10, 0, 10, 10), 0.0),
        (Frame(0, 0, 20, 10, 90), Frame(5, -5, 10, 20), 1.0),
        (Frame(0, 0, 10, 10, 45), Frame(0, 0, 10, 10), 2 * (2**0.5 - 1) / (2 - 2 * (2**0.5 - 1))),
        (Frame(0, 0, 10, 10, 30, True), Frame(0, 0, 10, 10, -60), 1.0),
    ],
)
def test_overlap_of_turned_frames(a: Frame, b: Frame, value: float) -> None:
    assert (iou(a, b), iou(b, a)) == pytest.approx((value, value))


@pytest.mark.parametrize("flip", ["", "h", "v", "hv"])
@pytest.mark.parametrize("crop", [None, (0, 0, 30, 30), (10, 5, 44, 38)])
def test_a_layers_frame_is_where_it_is_drawn(
    tmp_path: Path, flip: str, crop: tuple[int, int, int, int] | None
) -> None:
    """Alpha of the element in the frame, and that of the rendered layer, are the same; a cropped one covers a part of it."""
    image = drawing(4)
    with Repository.create(tmp_path / "repo") as repository, repository.writer() as writer:
        number = writer.add(new_element(image))[0].number
    layer = Layer(number, crop=crop, flip=flip, width=48, rotation=60, x=30, y=25)  # type: ignore[arg-type]
    repository = Repository.open(tmp_path / "repo")
    rendered = np.asarray(render(Scene(120, 120, layers=[layer]), repository))[:, :, 3] >= 128
    mask, _ = coverage(image, frame_of(layer, image.size), (120, 120))
    assert (rendered & mask).sum() > 0.95 * rendered.sum()
    if crop is None:
        assert rendered.sum() > 0.95 * mask.sum()


def test_figures_tell_held_out_pictures_apart() -> None:
    row: dict[str, Any] = {
        "true": ["hit", ""],
        "found": ["hit"],
        "true_bands": ["40-96"] * 2,
        "found_bands": ["40-96"],
    }
    row |= {
        "background": "plain",
        "group": "light",
        "chain": "jpeg85",
        "engine": "skia",
        "indistinguishable": 1,
    }
    row |= {"cpu": 2.0, "peak_mb": 100, "error": "", "bytes": 30}
    empty = row | {"background": "nothing", "true": [], "true_bands": [], "found": ["junk"]}
    made = figures([row | {"held_out": True}, empty | {"held_out": True}, row | {"held_out": False}])
    assert set(made) == {"held out", "tuned on"}
    assert made["held out"]["goals"][0]["recall"] == 0.5
    assert made["held out"]["nothing"]["junk"] == 1
    assert "nothing" not in made["tuned on"]
