"""Catalogs of growing size, measured for real: drawn elements, scenes of them, and photographs told with a stub of a network."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

pytest.importorskip("cv2", reason="the selection needs OpenCV")

import numpy as np
from click.testing import CliRunner

from haac import render
from haac_evidence._cli.study import study
from haac_evidence._scores.judge import kind_of, seen
from haac_evidence._study import draw, exact
from haac_evidence._study.catalog import GrowingCatalog
from haac_evidence._study.draw import RANDOM, USED, orders, scenes, sizes_up_to
from haac_evidence._study.exact import ExactMeasure, ExactOptions
from haac_evidence._study.kept import Kept
from haac_evidence._study.peers import Rates, rates
from haac_repo import HaacError, Repository
from scripts.lib.elements import drawing, new_element

COUNT = 24


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn elements."""
    path = tmp_path_factory.mktemp("study") / "world"
    with Repository.create(path) as made, made.writer() as writer:
        for seed in range(COUNT):
            writer.add(new_element(drawing(seed), f"drawing {seed}"))
    return path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small scenes, and files of other formats that take no time: poor ones, and one without loss."""
    monkeypatch.setattr(draw, "_CANVAS", (120, 80))
    monkeypatch.setattr(draw, "_SIDE", (20, 34))
    files = [("WebP", 500, 20.0), ("WebP", 900, 45.0), ("WebP", 9000, math.inf)]
    monkeypatch.setattr(exact, "rates", lambda *_: Rates(files))


def test_sizes_are_doublings_and_all() -> None:
    assert sizes_up_to(100) == [8, 16, 32, 64, 100]
    assert sizes_up_to(64) == [8, 16, 32, 64]
    assert sizes_up_to(100, (50, 10, 500)) == [10, 50, 100]
    with pytest.raises(HaacError, match=r"8 elements are too few .* `haac ingest`"):
        sizes_up_to(8)
    with pytest.raises(HaacError, match="smaller --sizes"):
        sizes_up_to(8, (100, 200))


def test_random_orders_hold_every_element_once_and_follow_the_seed() -> None:
    numbers = list(range(1, 50))
    first, second = orders(numbers, 3, 2)
    assert sorted(first) == sorted(second) == numbers
    assert first != second
    assert orders(numbers, 3, 2) == [first, second]
    assert orders(numbers, 4)[0] != first


def test_a_catalog_grows_with_short_ids_and_the_same_pixels(world: Path) -> None:
    with Repository.open(world) as whole, GrowingCatalog(whole, [9, 4, 7, 2]) as catalog:
        catalog.grow(2)
        small = dict(catalog.origin)
        few = catalog.fetched()
        catalog.grow(4)
        assert small == {1: 9, 2: 4}
        assert catalog.origin == {1: 9, 2: 4, 3: 7, 4: 2}
        assert catalog.repository.data(3) == whole.data(7)
        lengths = {number: catalog.repository.element(number).length for number in catalog.origin}
        assert few < catalog.fetched()
        assert catalog.fetched() > sum(lengths.values())
        saved = catalog.fetched() - catalog.fetched([3])
        assert saved == pytest.approx(sum(lengths.values()) - lengths[3], abs=400), (
            "all but the log stays away"
        )
        folder = catalog.repository.path.parent
    assert not folder.exists()


def test_scenes_show_all_their_layers_and_follow_the_seed(world: Path) -> None:
    with Repository.open(world) as whole:
        numbers = [element.number for element in whole.elements()]
        made = scenes(numbers, whole, 6, 1, 1.0)
        again = scenes(numbers, whole, 6, 1, 1.0)
        assert [each.scene for each in made] == [each.scene for each in again]
        assert all(2 <= len(each.scene.layers) <= 6 for each in made)
        for each in made:
            whole_picture = np.asarray(render(each.scene, whole))
            for z in range(len(each.scene.layers)):
                layers = each.scene.layers[:z] + each.scene.layers[z + 1 :]
                without = type(each.scene)(each.scene.width, each.scene.height, each.scene.background, layers)
                assert (np.asarray(render(without, whole)) != whole_picture).any(), "a layer is hidden"


@pytest.mark.usefixtures("quick")
def test_a_larger_catalog_holds_more_of_the_scenes_and_the_whole_gives_them_exactly(world: Path) -> None:
    sizes = [4, 12, COUNT]
    with Repository.open(world) as whole:
        numbers = [element.number for element in whole.elements()]
        measure = ExactMeasure(whole, numbers, ExactOptions(scenes=2, matched=0, quality=10))
        rows = measure.rows(USED, sizes, Kept(None, {}))
    assert [row["elements"] for row in rows] == sizes
    held = [row["layers_held"] for row in rows]
    shares = [row["held_share"] for row in rows]
    assert held == sorted(held)
    assert shares == sorted(shares)
    assert (held[-1], shares[-1], rows[-1]["exact"], rows[-1]["psnr"]) == (1.0, 1.0, 1.0, 60.0)
    assert rows[0]["psnr"] < 60
    assert rows[-1]["peer_bytes"] > rows[0]["peer_bytes"], "what is exact is compared with files without loss"
    assert rows[0]["mirror_bytes"] < rows[-1]["mirror_bytes"]
    assert measure.shares(RANDOM)[11] == 0.5


def test_the_peer_is_the_smallest_file_that_is_as_good() -> None:
    from haac_pipeline._internal import psnr

    picture = drawing(3).convert("RGB").resize((40, 40))
    found = rates(picture, psnr)
    assert found.at_least(math.inf) == (
        "WebP",
        max(size for _, size, reached in found.files if reached == math.inf),
    )
    name, size = found.at_least(25.0)
    assert size == min(size for _, size, reached in found.files if reached >= 25)
    assert {kind for kind, _, _ in found.files} <= {"WebP", "AVIF"}
    assert name in ("WebP", "AVIF")


def test_the_kind_of_a_picture_is_the_likeliest_group_of_classes() -> None:
    classes = np.zeros(1000)
    classes[[200, 201, 285]] = 0.3, 0.3, 0.4  # two dogs and a cat
    one, sure = kind_of(seen(classes, [3.0, 4.0]))
    classes[285] = 0.0
    assert (one, round(sure, 3)) == (kind_of(seen(classes, [1.0]))[0], 0.6)
    assert np.linalg.norm(seen(classes, [3.0, 4.0]).features) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--sizes", "8,x"], "numbers with commas"),
        (["--sizes", "0,8"], "at least one element"),
        (["--no-exact"], "nothing is left to measure"),
        (["--similar"], "name some with --pictures"),
        (["--draws", "3"], "--draws goes with --similar"),
        (["-o", "x.txt"], "must end in .json"),
        (["-o", "no-such-folder/x.json"], "there is no folder no-such-folder"),
        (["--plot", "x.gif"], "must end in .png or .svg"),
        (["--pictures", "."], "holds no picture"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(study, ["catalog-size", "--repo", str(world), *arguments])
    assert done.exit_code == 2
    assert told in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_the_command_writes_its_figures_and_leaves_nothing_else(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss", reason="matching needs faiss")
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in world.rglob("*") if path.is_file()}
    command = [
        "catalog-size",
        "--repo",
        str(world),
        "--sizes",
        f"4,{COUNT}",
        "--scenes",
        "1",
        "--matched",
        "0",
    ]
    done = CliRunner().invoke(study, [*command, "--quality", "10", "-o", "out.json", "--json"])
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert found["machine"]["haac"]
    rows = found["exact"]["most used first"]["rows"]
    knee = found["exact"]["most used first"]["knee"]
    assert [row["elements"] for row in rows] == sorted({4, knee, COUNT}), "the knee is measured too"
    assert len(found["sentences"]) == 2
    after = {path: path.stat().st_mtime_ns for path in world.rglob("*") if path.is_file()}
    changed = {path.name for path in after if before.get(path) != after[path]}
    assert not {name for name in changed if not name.startswith("catalog.sqlite-")}, (
        "the repository is as it was"
    )
