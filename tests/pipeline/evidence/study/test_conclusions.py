"""What is concluded from figures: the knee, what a catalog costs, after how many pictures it pays, and the sentences."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from haac_evidence._study.cost import Prices, break_even, cost
from haac_evidence._study.draw import popularity
from haac_evidence._study.kept import Kept
from haac_evidence._study.knee import enough, knee
from haac_evidence._study.plot import plot
from haac_evidence._study.sentence import sentence
from haac_evidence._study.similar import wash_as_like

SIZES = [8, 16, 32, 64, 128, 256]


def test_the_knee_of_a_curve_that_saturates_is_where_its_slope_is_that_of_the_chord() -> None:
    """1 - exp(-x / 20) from 0 to 200: its slope is the chord's at 20 ln(10 / (1 - exp(-10))) = 46."""
    sizes = list(range(201))
    assert knee(sizes, [1 - math.exp(-size / 20) for size in sizes]) == 46


def test_the_knee_of_zipfs_law_is_at_the_number_of_elements_by_the_sum_of_frequencies() -> None:
    count = 1000
    shares = popularity(count, 1.0).cumsum().tolist()
    expected = (count - 1) / (sum(1 / rank for rank in range(1, count + 1)) - 1)
    found = knee(range(1, count + 1), shares)
    assert found is not None
    assert abs(found - expected) <= 1.5


@pytest.mark.parametrize(
    "values",
    [
        [size / 256 for size in SIZES],
        [(size / 256) ** 2 for size in SIZES],
        [0.5] * 6,
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
    ],
    ids=["straight", "bends upwards", "level", "falls"],
)
def test_a_curve_that_does_not_saturate_has_no_knee(values: list[float]) -> None:
    assert knee(SIZES, values) is None


def test_two_points_have_no_knee() -> None:
    assert knee([8, 16], [0.1, 0.9]) is None


def test_doubling_is_enough_where_no_later_one_brings_more() -> None:
    assert enough([50, 100, 200, 400], [0.2, 0.5, 0.51, 0.52], 0.05) == 100
    assert enough([50, 100, 200, 400], [0.2, 0.5, 0.51, 0.7], 0.05) is None
    assert enough([64, 80], [0.5, 0.51], 0.02) is None, (
        "a third of a doubling brings a third of what one does"
    )


def test_costs_are_bytes_by_prices() -> None:
    prices = Prices(stored=1, transferred=10, pictures_a_day=1_000_000, days=365, clients=3)
    pictures, months = 365_000_000, 12
    alone = (pictures * 100 * months / 2 * 1 + pictures * 100 * 10) / 1e9
    assert cost(prices, 100) == pytest.approx(alone)
    assert cost(prices, 100, 5e9) == pytest.approx(alone + 5 * months + 5 * 3 * 10)


def test_a_catalog_pays_when_its_bytes_are_saved() -> None:
    assert break_even(60, 160, 1000) == 10
    assert break_even(60, 160, 1001) == 11
    assert break_even(160, 160, 1000) is None


def test_a_wash_as_like_stands_between_those_that_were_measured() -> None:
    washes = [{"recipe_bytes": 100, "likeness": 0.2}, {"recipe_bytes": 400, "likeness": 0.6}]
    assert wash_as_like(washes, 0.4) == pytest.approx(200)
    assert wash_as_like(washes, 0.1) == pytest.approx(100)
    assert wash_as_like(washes, 0.7) is None


def test_what_was_measured_before_an_interrupt_is_taken_over_by_the_same_study_only(tmp_path: Path) -> None:
    path = tmp_path / "out.json.part"
    about = {"seed": 1}
    Kept(path, about).row("a", lambda: {"value": 1})
    with path.open("a") as file:
        file.write('["b", {"val')  # killed while it wrote
    again = Kept(path, about)
    assert len(again) == 1
    assert again.row("a", lambda: pytest.fail("measured twice")) == {"value": 1}
    assert again.row("b", lambda: {"value": 2}) == {"value": 2}
    assert len(Kept(path, about)) == 2
    assert len(Kept(path, {"seed": 2})) == 0


def row(size: int, **others: Any) -> dict[str, Any]:
    return {"elements": size, "mirror_bytes": 1000 * size, "mirror_bytes_of_recipes": 500, **others}


def studied() -> dict[str, Any]:
    """As a study of 64 elements and 4 photographs ends."""
    exact = [
        row(8, held_share=0.5, recipe_bytes=90.0, peer_bytes=900.0, pays_after=10),
        row(64, held_share=1.0, recipe_bytes=30.0, peer_bytes=9000.0, pays_after=8),
    ]
    told = {"told": 0.5, "kind_right": 0.4, "kinds_known": 3, "recipe_bytes": 99.0}
    similar = [
        row(8, likeness=0.30, wash_bytes=150.0, pays_after=157, **told),
        row(64, likeness=0.35, wash_bytes=None, pays_after=None, **told),
    ]
    return {
        "elements": 64,
        "gain": 0.02,
        "exact": {
            "most used first": {"rows": exact, "knee": 8, "enough": None, "cheapest": 64},
            "random": {"rows": exact, "knee": None, "enough": None, "cheapest": 64},
        },
        "similar": {
            "rows": similar,
            "knee": None,
            "enough": 8,
            "photographs": 4,
            "judge": "net",
            "judge_held_out": False,
            "washes": [
                {"recipe_bytes": 100.0, "likeness": 0.2, "kind_right": 0.2},
                {"recipe_bytes": 400.0, "likeness": 0.4, "kind_right": 0.6},
            ],
        },
    }


def test_sentences_name_the_knee_and_what_a_doubling_brings() -> None:
    used, random, similar, kinds = sentence(studied())
    assert used.startswith("With 8 elements (0.01 MB) chosen by use, a catalog holds 50% of the layers")
    assert "it pays after 10 pictures; the knee is at 8 elements" in used
    assert "With 64 elements" in random
    assert "the curve has no knee, and the last doubling still brings 2% of the layers or more" in random
    assert "50% of 4 photographs are told" in similar
    assert "net, which also chose them" in similar
    assert "beyond 8 elements each doubling brings less than 2% of likeness" in similar
    # 40% is halfway from 20 to 60%: 200 bytes; 64,000 bytes are saved by 101 bytes a picture
    assert (
        "40% of the recipes with 64 elements for that kind (40% with 8), and 20% of washes of 100 bytes"
        in kinds
    )
    assert "a wash reaches that at 200 bytes, beside which the catalog pays after 634 pictures" in kinds


def test_of_kinds_nothing_is_said_that_was_not_seen() -> None:
    found = studied()
    for each in found["similar"]["rows"]:
        each["kind_right"] = None
    assert len(sentence(found)) == 3, "the judge knew no kind"
    for each in found["similar"]["rows"]:
        each["kind_right"] = 0.1
    assert sentence(found)[3].endswith("and 20% of washes of 100 bytes.")
    for each in found["similar"]["rows"]:
        each["kind_right"] = 0.7
    assert sentence(found)[3].endswith("none of the washes that were tried reaches that.")


def test_a_study_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    plot(studied(), tmp_path / "plot.svg")
    drawn = (tmp_path / "plot.svg").read_text("utf-8")
    assert drawn.count('<g id="axes_') == 4
