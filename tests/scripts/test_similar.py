"""The benchmark of similar elements: its table of kinds, its halves, its scores, and the choice among files of other codecs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac_evidence._internal import Seen
from scripts.benchmark.similar import kinds as table
from scripts.benchmark.similar.codecs import chosen, within
from scripts.benchmark.similar.kinds import CLASSES, KINDS, TABLE, indices, kind_of_class, of_classes
from scripts.benchmark.similar.photographs import HALF_B, Photograph, folder, halves
from scripts.benchmark.similar.scores import average, judged, kind_of, scored, share, summary
from scripts.benchmark.similar.several import parts
from scripts.benchmark.similar.ways import vectors


def seen(**classes: float) -> Seen:
    """Probabilities of single classes (`c151=0.4`), and features of their own."""
    made = np.zeros(CLASSES)
    for name, probability in classes.items():
        made[int(name[1:])] = probability
    return Seen(made, made / np.linalg.norm(made))


def test_every_class_has_one_kind_or_none() -> None:
    listed = [index for text in TABLE.values() for index in indices(text)]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(range(CLASSES))
    assert (kind_of_class() >= 0).sum() == len(listed) == 877
    assert all(indices(text) for text in TABLE.values())


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        (0, "fish"),
        (268, "dog"),
        (285, "cat"),
        (407, "road vehicle"),
        (889, "musical instrument"),
        (957, "fruit"),
    ],
)
def test_known_classes_have_their_kinds(index: int, kind: str) -> None:
    assert KINDS[kind_of_class()[index]] == kind


@pytest.mark.parametrize("text", ["3-5 5", "999-1000"])
def test_a_class_twice_or_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(table, "TABLE", {"one": text, "two": "7"} if "999" in text else {"one": text})
    kind_of_class.cache_clear()
    try:
        with pytest.raises(ValueError, match="no class or has a kind already"):
            kind_of_class()
    finally:
        kind_of_class.cache_clear()


def test_kinds_sum_their_classes() -> None:
    kinds = of_classes(seen(c151=0.3, c200=0.3, c281=0.35).classes)
    assert kinds[KINDS.index("dog")] == pytest.approx(0.6)
    assert kinds.sum() == pytest.approx(0.95)


def test_the_kind_seen_is_that_of_the_largest_sum() -> None:
    """A cat is the single likeliest class, but two dogs together are likelier."""
    kind, probability = kind_of(seen(c281=0.4, c151=0.3, c152=0.3))
    assert (KINDS[kind], round(probability, 6)) == ("dog", 0.6)


def test_a_class_without_a_kind_can_be_seen() -> None:
    assert kind_of(seen(c719=0.6, c151=0.4))[0] == -1


def test_only_originals_of_their_own_kind_are_scored() -> None:
    dog, cat = KINDS.index("dog"), KINDS.index("cat")
    assert scored(seen(c151=0.3), dog, True)
    assert not scored(seen(c151=0.9), cat, True)
    assert not scored(seen(c151=0.9), None, True)
    assert scored(seen(c151=0.9), None, False)
    assert not scored(seen(c151=0.4), None, False)
    assert not scored(seen(c719=0.9), None, False)


@pytest.mark.parametrize(
    ("render", "right", "wrong"),
    [
        (seen(c200=0.2), True, False),
        (seen(c281=0.6), False, True),
        (seen(c281=0.4), False, False),
        (seen(c719=0.9), False, False),
    ],
    ids=["same kind", "another, sure", "another, unsure", "no kind"],
)
def test_right_and_confidently_wrong(render: Seen, right: bool, wrong: bool) -> None:
    row = judged(seen(c151=1), render)
    assert (row["right"], row["wrong"]) == (right, wrong)


def test_shares_have_binomial_errors() -> None:
    assert share([True] * 20 + [False] * 60) == {"share": 0.25, "error": 0.0484, "count": 80}
    assert share([])["share"] is None
    assert average([1.0, 3.0]) == {"mean": 2.0, "error": 1.0}


def test_a_cell_counts_kinds_over_what_is_scored_and_bytes_over_all() -> None:
    plain = {"psnr": 20.0, "different": 10.0, "seconds": 1.0}
    judgement = {"right": True, "wrong": False, "cosine": 0.5}
    records = [
        plain | {"bytes": 60, "judges": {"j": judgement | {"scored": True}}},
        plain | {"bytes": 50, "judges": {"j": judgement | {"right": False, "scored": False}}},
    ]
    cell = summary(records, "j")
    assert (cell["kind_right"]["share"], cell["kind_right"]["count"]) == (1.0, 1)
    assert (cell["bytes"]["mean"], cell["photographs"]) == (55.0, 2)


def test_halves_share_nothing_and_do_not_depend_on_the_order() -> None:
    every = [Photograph(Path(f"{n:04}.png"), None, False) for n in range(500)]
    first, second = halves(every), halves(every[::-1])
    assert first == second
    assert (len(first["a"]), len(first["b"])) == (71, HALF_B)
    assert len({one.path.name for half in first.values() for one in half}) == 500


def test_classes_of_a_folder_are_known_where_all_are_there(tmp_path: Path) -> None:
    for n in range(CLASSES):
        (tmp_path / f"n{n:08}_x.JPEG").touch()
    assert KINDS[folder(tmp_path)[151].label or 0] == "dog"
    (tmp_path / "n00000500_x.JPEG").unlink()
    assert all(one.label is None and not one.classed for one in folder(tmp_path))


def test_the_best_file_within_a_budget_is_taken_and_else_the_smallest() -> None:
    image = Image.new("RGB", (4, 4), (100, 100, 100))
    files = [
        (count, Image.new("RGB", (4, 4), (level,) * 3))
        for count, level in ((80, 90), (50, 60), (70, 99), (120, 100))
    ]
    found = chosen(image, files, [20, 60, 75, 100, 200])
    assert {budget: count for budget, (count, _) in found.items()} == {
        20: 50,
        60: 50,
        75: 70,
        100: 70,
        200: 120,
    }
    with pytest.raises(RuntimeError, match="made no file"):
        chosen(image, [], [20])


def test_webp_keeps_to_a_budget_that_it_can_keep() -> None:
    ramp = np.tile(np.arange(96, dtype=np.uint8)[:, None, None], (1, 128, 3))
    found = within(Image.fromarray(ramp), "WebP", [5, 150, 318])
    assert found[5][0] > 5
    assert found[150][0] <= 150
    assert found[318][0] <= 318
    assert found[318][1].size == (128, 96)


def test_parts_of_a_mask_are_found_and_specks_are_not() -> None:
    alpha = np.zeros((100, 200), np.uint8)
    alpha[20:60, 20:60], alpha[20:50, 120:150], alpha[90:92, 90:92] = 255, 255, 255
    assert parts(alpha) == [(16, 16, 64, 64), (117, 17, 153, 53)]
    assert parts(np.zeros((10, 10), np.uint8)) == []


def test_similarities_take_the_mean_away_and_add_classes() -> None:
    features = np.array([[1, 10], [-1, 10]], np.float32)
    assert vectors(features, None) @ vectors(features, None).T == pytest.approx(np.array([[1, -1], [-1, 1]]))
    both = vectors(features, np.array([[1, 0], [1, 0]], np.float32))
    assert both @ both.T == pytest.approx(np.array([[1.7, -0.3], [-0.3, 1.7]]), abs=1e-6)
