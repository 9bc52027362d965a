"""Quality of cut-outs: what is measured means what it says, and what is doubtful says why."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("cv2")

from haac_pipeline._segment.cutout import cut_out, parts
from haac_pipeline._segment.measure import Measures, Photograph
from haac_pipeline._segment.quality import EMBEDDED, NETWORK, Fit, doubts, features, fit_of, judge, judged
from tests.house import ROOT

Bytes = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]


def photograph(*boxes: Box, size: tuple[int, int] = (320, 240)) -> tuple[Bytes, Bytes]:
    """Red discs in these boxes on a green ground, and their mask."""
    image, mask = Image.new("RGB", size, (60, 120, 70)), Image.new("L", size)
    for box in boxes:
        ImageDraw.Draw(image).ellipse(box, fill=(220, 40, 30))
        ImageDraw.Draw(mask).ellipse(box, fill=255)
    return np.asarray(image), np.asarray(mask)


def measures(rgb: Bytes, mask: Bytes, *, colours: bool = False) -> list[Measures]:
    photo = Photograph(rgb, mask, colours=colours)
    return [photo.measure(part) for part in parts(cut_out(rgb, mask), split=True)]


DISC = (90, 50, 219, 179)


def test_a_clean_disc_is_kept_at_any_resolution() -> None:
    [small] = measures(*photograph(DISC))
    [large] = measures(*photograph(tuple(4 * v for v in DISC), size=(1280, 960)))  # type: ignore[arg-type]
    for found in (small, large):
        assert found.solid > 0.95
        assert found.haze == 0
        assert found.cut == (0, 0, 0, 0)
        assert found.largest == 1
        assert found.bays < 0.02
        assert found.faint < 0.1
        assert judge(found, NETWORK).quality >= NETWORK.good
    assert large.side == pytest.approx(4 * small.side, rel=0.02)


@pytest.mark.parametrize(
    ("box", "side"),
    [((-60, 50, 60, 170), 0), ((90, -60, 210, 60), 1), ((260, 50, 380, 170), 2), ((90, 180, 210, 300), 3)],
)
def test_a_side_of_the_photograph_that_cuts_it_off_is_named(box: Box, side: int) -> None:
    [found] = measures(*photograph(box))
    assert found.cut[side] > 0.9
    assert sum(found.cut) == found.cut[side]
    words = judge(replace(found, solid=0.2), NETWORK).doubts
    assert f"cut off at the {('left', 'top', 'right', 'bottom')[side]}" in words


def test_fog_is_no_edge() -> None:
    rgb, mask = photograph(DISC)
    y, x = np.mgrid[0:240, 0:320]
    edge = np.clip((68 - np.hypot(y - 114.5, x - 154.5)) / 6, 0, 1) * 255
    [soft_edge] = measures(rgb, edge.astype(np.uint8))
    foggy = np.where((mask == 0) & (x > 150) & (x < 280) & (y > 40) & (y < 200), np.uint8(70), mask)
    [fog] = measures(rgb, foggy)
    assert soft_edge.haze < 0.03 < 0.2 < fog.haze
    assert fog.faint > soft_edge.faint + 0.3
    assert judge(fog, NETWORK).quality < judge(soft_edge, NETWORK).quality
    assert "soft" in doubts(fog)
    assert "soft" not in doubts(soft_edge)


def test_a_contour_beside_its_object_is_doubted() -> None:
    rgb, mask = photograph(DISC)
    [right] = measures(rgb, mask, colours=True)
    [off] = measures(rgb, np.roll(mask, 60, axis=1), colours=True)
    assert right.colours
    assert off.colours
    assert right.colours.mixed < 0.1 < off.colours.mixed
    assert off.colours.follows < right.colours.follows
    assert right.colours.follows > 1.5
    assert off.colours.weak > right.colours.weak
    assert judge(off, EMBEDDED).quality < judge(right, EMBEDDED).quality
    assert {"like its background", "off the edges of the photograph"} & set(doubts(off))
    assert "like its background" not in doubts(right)


def test_the_colours_are_measured_for_the_embedded_segmenter_alone() -> None:
    rgb, mask = photograph(DISC)
    [form] = measures(rgb, mask)
    [both] = measures(rgb, mask, colours=True)
    assert form.colours is None
    assert replace(both, colours=None) == form
    assert fit_of("offline") is EMBEDDED
    assert fit_of("u2net") is fit_of("u2netp") is NETWORK


def test_a_speck_beside_a_thing_has_its_small_share() -> None:
    rgb, mask = photograph(DISC, (280, 20, 306, 46))
    first, speck = sorted(measures(rgb, mask), key=lambda m: -m.rank)
    assert first.rank + speck.rank == pytest.approx(1, abs=0.02)
    assert judge(speck, NETWORK).quality < judge(first, NETWORK).quality


def test_what_lies_at_a_side_is_less_central_and_less_likely_meant() -> None:
    rgb, mask = photograph(DISC)
    [middle] = measures(rgb, mask)
    aside = [np.roll(array, 85, axis=1) for array in (rgb, mask)]
    [right] = measures(*aside)
    [left] = measures(*(array[:, ::-1] for array in aside))
    assert 0 < right.central < 0.7 * middle.central < 0.7
    assert left.central == pytest.approx(right.central, rel=0.05)
    assert judge(right, NETWORK).quality < judge(middle, NETWORK).quality


@pytest.mark.parametrize("fit", [NETWORK, EMBEDDED])
def test_quality_is_a_logistic_regression_of_the_features(fit: Fit) -> None:
    [found] = measures(*photograph((-60, 50, 60, 170)), colours=fit is EMBEDDED)
    row = {"1": 1.0, **features(found)}
    assert set(fit.coefficients) == set(row)
    odds = sum(fit.coefficients[name] * value for name, value in row.items())
    assert judge(found, fit).quality == round(100 / (1 + math.exp(-odds)))


def test_doubts_are_named_where_it_is_doubtful_and_only_there() -> None:
    [found] = measures(*photograph(DISC))
    assert judge(found, NETWORK).doubts == ()
    for solid in np.linspace(-2, 1, 40):
        judgement = judge(replace(found, solid=float(solid)), NETWORK)
        assert 0 <= judgement.quality <= 100
        assert bool(judgement.doubts) == (judgement.quality < NETWORK.good)
    # Nothing in particular is wrong with it.
    assert judge(replace(found, central=-9.0), NETWORK).doubts == ("unlike what is kept",)
    for fit in (NETWORK, EMBEDDED):
        assert 0 < fit.hopeless < fit.good < 100


@pytest.mark.parametrize("model", ["u2netp", "offline"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (7, 5)])
def test_tiny_photographs_are_judged(size: tuple[int, int], model: str) -> None:
    rgb = np.full((size[1], size[0], 3), 99, np.uint8)
    mask = np.full((size[1], size[0]), 255, np.uint8)
    for where in (mask, mask // 2, mask // 20):
        for judgement in judged(rgb, where, parts(cut_out(rgb, where), split=True), model):
            assert 0 <= judgement.quality <= 100


def test_the_judgement_has_two_sets_of_other_photographs() -> None:
    entries = json.loads((ROOT / "benchmarks" / "cutout_judgement.json").read_text("utf-8"))["cutouts"]
    sets = {name: [entry for entry in entries if entry["set"] == name] for name in ("tune", "test")}
    assert len(sets["tune"]) + len(sets["test"]) == len(entries)
    assert all(len(chosen) >= 60 for chosen in sets.values())
    assert all({entry["good"] for entry in chosen} == {True, False} for chosen in sets.values())
    photographs = [{entry["sha256"] for entry in chosen} for chosen in sets.values()]
    assert not photographs[0] & photographs[1]
    assert all(entry["good"] or entry["why"] for entry in entries)


def test_three_of_four_bad_ones_of_a_network_are_found_in_what_was_fitted() -> None:
    """The figures on other photographs are in the benchmark, as they are."""
    rows = json.loads((ROOT / "benchmarks" / "cutout_quality.json").read_text("utf-8"))["rows"]
    [tune] = [row for row in rows if (row["set"], row["model"]) == ("tune", "u2netp")]
    assert tune["bad_found"] >= 0.75
    assert tune["good_doubted"] <= 0.1
    assert tune["good_doubted"] <= 0.1
