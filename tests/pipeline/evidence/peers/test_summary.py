"""Who leads, how many bytes another format takes for the same, and from how many pictures on a catalog pays."""

from __future__ import annotations

import math

import pytest

from haac_evidence._peers.breakeven import break_even, pictures_until
from haac_evidence._peers.drawn import CatalogBytes
from haac_evidence._peers.files import COLUMNS, Measured
from haac_evidence._peers.summary import best, bytes_for, crossing, curves, duel, summarised
from haac_evidence._peers.verdict import answer, verdict
from haac_evidence._scores.scores import PERFECT, Scores


def scored(psnr: float, ssimulacra2: float | None = None, kind: float | None = None) -> Scores:
    return {
        "psnr": psnr,
        "ssim": 0.5,
        "ms_ssim": None,
        "ssimulacra2": ssimulacra2,
        "different": 100 - psnr,
        "kind": kind,
    }


def file(size: int, psnr: float, header: int = 10, ssimulacra2: float | None = None) -> Measured:
    return Measured(size, size - header, scored(psnr, ssimulacra2), "q1")


def seen(size: int, kind: float | None, header: int = 10) -> Measured:
    return Measured(size, size - header, scored(20.0, kind=kind), "q1")


OURS = [file(50, 20.0, 0), file(500, 25.0, 0), file(5000, 27.0, 0)]
THEIRS = [file(400, 21.0), file(800, 25.0), file(4000, 33.0)]
FILES = {"haac": OURS, "AVIF": THEIRS}
BUDGETS = (50, 500, 5000)


def test_a_file_survives_its_line() -> None:
    each = Measured(
        120, 90, {**PERFECT, "psnr": math.inf, "ssimulacra2": None, "ssim": 0.25}, "q3 tune=psnr scale=0.5"
    )
    assert Measured.of_line(each.line()) == each
    assert len(each.line().split(" ", len(COLUMNS) - 1)) == len(COLUMNS)


def test_the_best_file_fits_the_budget_and_may_be_the_smaller_one() -> None:
    files = [file(100, 20.0), file(200, 19.0)]
    found = best(files, 250, "psnr", counted=True)
    assert found is not None
    assert found.bytes == 100
    assert best(files, 95, "psnr", counted=True) is None
    assert best(files, 95, "psnr", counted=False) is files[0]
    assert best(files, 95, "ms_ssim", counted=False) is None
    less = best(files, 250, "different", counted=True)  # there less is better
    assert less is files[0]


def test_a_duel_counts_wins_leads_and_bytes() -> None:
    found = duel([FILES], BUDGETS, "psnr", "AVIF", counted=True)
    assert found["alone"] == [1, 0, 0]
    assert found["ahead"] == [None, 4.0, -6.0]
    assert found["wins"] == [1, 1, 0]
    # 20 dB: its smallest file; 25 dB: 800 bytes; 27 dB: a quarter of the way from 800 to 4000, on the logarithm
    assert found["bytes"] == [8.0, 1.6, pytest.approx(800 * 5**0.25 / 5000, abs=1e-3)]


KINDS = [
    {
        "haac": [seen(50, 0.0, 0), seen(500, 100.0, 0)],
        "haac similar": [seen(40, 100.0, 0)],
        "AVIF": [seen(400, 0.0, 350), seen(2000, 100.0, 350)],
    },
    {
        "haac": [seen(50, 0.0, 0), seen(500, 0.0, 0)],
        "haac similar": [seen(40, 0.0, 0)],
        "AVIF": [seen(400, 0.0, 350), seen(2000, 100.0, 350)],
    },
    {
        "haac": [seen(50, None, 0)],
        "haac similar": [seen(50, None, 0)],
        "AVIF": [seen(400, None)],
    },
]
"""The judge does not know what the last one shows."""


def test_kinds_are_averaged_over_the_pictures_whose_kind_is_known() -> None:
    found = curves(KINDS, BUDGETS, "kind", counted=True)
    assert found["haac"] == [0.0, 50.0, 50.0]
    assert found["haac similar"] == [50.0, 50.0, 50.0]
    assert found["AVIF"] == [None, 0.0, 100.0]
    assert curves(KINDS, BUDGETS, "psnr", counted=True)["haac"] == [20.0, 20.0, 20.0]
    summary = summarised(KINDS, BUDGETS)["counted"]
    assert (summary["psnr"]["pictures"], summary["kind"]["pictures"]) == (3, 2)
    assert summary["kind"]["similar_against"].keys() == {"AVIF"}, "haac is no format beside itself"
    assert "kind" not in summarised(KINDS[2:], BUDGETS)["counted"]


def test_bytes_are_compared_only_where_a_kind_is_recognised() -> None:
    """A picture that shows nothing needs no bytes at all: that says nothing."""
    found = duel(KINDS, BUDGETS, "kind", "AVIF", counted=True)
    assert found["bytes"] == [None, 4.0, 4.0]
    assert found["ahead"] == [0.0, 50.0, -50.0], "no file shows nothing, as does one that is not recognised"
    assert found["wins"] == [0, 1, 0]
    assert found["alone"] == [2, 0, 0]
    assert duel(KINDS, BUDGETS, "kind", "AVIF", counted=True, own="haac similar")["bytes"] == [50.0] * 3


def test_bytes_for_a_score_that_is_never_reached() -> None:
    assert bytes_for(OURS, "psnr", 40.0, counted=True) is None
    assert bytes_for(OURS, "psnr", 10.0, counted=True) == 50


def test_where_the_lead_is_lost() -> None:
    assert crossing((10, 100, 1000), (1.0, 1.0, -1.0), (0, 0, 0)) == pytest.approx(math.sqrt(100 * 1000))
    assert crossing((10, 100, 1000, 10_000), (1.0, 1.0, -1.0, 9.0), (0, 0, 0, 0)) == pytest.approx(
        math.sqrt(100 * 1000)
    ), "what comes after does not count"
    assert crossing((10, 100), (-1.0, 2.0), (0, 0)) == 0.0
    assert crossing((10, 100), (1.0, 2.0), (0, 0)) is None
    assert crossing((10, 100), (-1.0, -2.0), (0, 0)) == 0.0
    assert crossing((10, 100), (None, 2.0), (3, 0)) is None
    assert crossing((10, 100, 1000), (None, 300.0, -1.0), (3, 2, 0)) == 100, "where one of three has a file"


@pytest.mark.parametrize(
    ("catalog", "recipe", "peer", "count"),
    [
        (1000, 50, 150, 11),  # at 10 both take 1500
        (1000, 50, 151, 10),
        (0, 50, 60, 1),
        (1000, 50, 50, None),
        (1000, 60, 50, None),
    ],
)
def test_pictures_until_a_catalog_pays(catalog: int, recipe: int, peer: int, count: int | None) -> None:
    assert pictures_until(catalog, recipe, peer) == count
    if count is not None:
        assert catalog + count * recipe < count * peer
        assert count == 1 or catalog + (count - 1) * recipe >= (count - 1) * peer


def test_break_even_takes_the_smallest_file_of_the_quality() -> None:
    ours = {"haac": [Measured(40, 40, PERFECT, "layers=3")]}
    theirs = {
        "WebP": [Measured(9_000, 8_980, PERFECT, "lossless"), file(2_000, 40.0, ssimulacra2=92.0)],
        "AVIF": [file(1_000, 41.0, ssimulacra2=93.0)],
    }
    rows = break_even([{**ours, **theirs}], CatalogBytes(10, 90_000, 3, 3_000))
    whole, near = rows[0], rows[1]
    assert whole["best"] == "WebP"
    assert whole["bytes"] == {"haac": 40, "WebP": 9_000, "AVIF": None}
    assert whole["times"] == 225
    assert whole["pictures_whole_catalog"] == 11
    assert whole["pictures_used_elements"] == 1
    assert near["best"] == "AVIF"
    assert near["pictures_used_elements"] == 4


def test_the_verdict_says_who_leads_and_where() -> None:
    group = {"pictures": 1, "summary": summarised([FILES], BUDGETS)}
    told = list(verdict({"budgets": list(BUDGETS), "groups": {"photographs": group}}))
    first = told[0]
    assert "PSNR" in first
    assert "AVIF has no file of 50 bytes or less" in first
    assert "haac leads up to" in first
    assert "haac is ahead by 4 dB at 500 bytes; AVIF is ahead by 6 dB at 5,000 bytes" in first


def test_the_verdict_says_what_of_kinds_is_known() -> None:
    group = {"pictures": 3, "summary": summarised(KINDS, BUDGETS)}
    told = "\n".join(verdict({"budgets": list(BUDGETS), "groups": {"photographs": group}}))
    assert "kind recognised (2 pictures): AVIF has no file of 50 bytes or less; haac leads up to" in told
    assert "Photographs told by similar elements, kind recognised (2 pictures)" in told
    nowhere = [{"haac": [seen(50, 0.0, 0)], "AVIF": [seen(40, 0.0)]}]
    group = {"pictures": 1, "summary": summarised(nowhere, BUDGETS)}
    told = "\n".join(verdict({"budgets": list(BUDGETS), "groups": {"photographs": group}}))
    assert "kind recognised: neither haac nor AVIF is ahead anywhere" in told


def test_the_answer_says_where_similar_elements_are_better_and_washes_worse() -> None:
    budgets = (50, 500, 30_000)
    large = [{**files, "AVIF": [*files["AVIF"], file(20_000, 35.0)]} for files in KINDS[:2]]
    group = {"pictures": 2, "summary": summarised(large, budgets)}
    told = list(answer({"budgets": list(budgets), "groups": {"photographs": group}}))
    assert len(told) == 3, "no scenes were measured"
    assert "AVIF has no file of 50 bytes or less" in told[0]
    assert "At 50 bytes a judge recognises the kind of 50 % of 2 photographs, in 0 % of washes" in told[1]
    assert "AVIF reaches that at 30,000" in told[1]
    assert "worse.** At 30,000 bytes AVIF is ahead by 15.0 dB." in told[2]


def test_the_answer_does_not_boast_where_similar_elements_are_not_ahead() -> None:
    same = [{**files, "haac similar": files["haac"]} for files in KINDS[:2]]
    told = list(
        answer(
            {"budgets": [50], "groups": {"photographs": {"pictures": 2, "summary": summarised(same, [50])}}}
        )
    )
    assert any("told by similar elements: not better" in sentence for sentence in told)


def test_the_answer_to_few_budgets_says_what_they_show() -> None:
    files = {"haac": [file(50_000, 30.0, 0)], "AVIF": [file(40_000, 35.0)]}
    group = {"pictures": 1, "summary": summarised([files], [60_000])}
    told = list(answer({"budgets": [60_000], "groups": {"photographs": group}}))
    assert told[0].startswith("**A photograph that no catalog knows: not better**, nowhere by PSNR")
    assert "At 60,000 bytes AVIF is ahead by 5.0 dB." in told[1]
    without = {"haac": files["haac"], "AVIF": [file(400_000, 35.0)]}
    group = {"pictures": 1, "summary": summarised([without], [60_000])}
    (alone,) = answer({"budgets": [60_000], "groups": {"photographs": group}})
    assert "AVIF has no file of 60,000 bytes or less" in alone
