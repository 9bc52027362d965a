"""Which cut-outs are stored, which are listed instead, and what a dry run shows of both."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac._cli.main import _run
from haac_pipeline import Cutting, IngestReport, Settings, find_sources, ingest
from haac_repo import Repository

pytest.importorskip("cv2")

from haac_pipeline._ingest.keep import Preview, reason_to_leave
from haac_pipeline._ingest.preview import caption
from haac_pipeline._segment.cutout import Part
from haac_pipeline._segment.quality import EMBEDDED, NETWORK, Fit, Judgement


def ground(seed: int, cells: tuple[int, int], low: int, high: int) -> Image.Image:
    """A blurred ground of random colours, 320x240."""
    colours = np.random.default_rng(seed).integers(low, high, (cells[1], cells[0], 3), np.uint8)
    return Image.fromarray(colours).resize((320, 240), Image.Resampling.BICUBIC)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """One of a disc that stands out, one of nothing in particular."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    disc = ground(1, (20, 15), 90, 130)
    ImageDraw.Draw(disc).ellipse((90, 50, 220, 190), fill=(220, 40, 30))
    disc.save(folder / "disc.png")
    ground(3, (32, 24), 0, 255).save(folder / "noise.png")
    return folder


@pytest.fixture
def stickers(tmp_path: Path) -> Path:
    """Of 8, 16, 24 ... pixels."""
    folder = tmp_path / "stickers"
    folder.mkdir()
    for n in range(1, 5):
        image = Image.new("RGBA", (16 * n, 16 * n))
        image.paste((50 * n, 9, 90, 255), (2, 3, 2 + 8 * n, 3 + 10 * n))
        image.save(folder / f"s{n}.png")
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "repo")


def run(repository: Repository, folder: Path, *, dry_run: bool = False, **options: object) -> IngestReport:
    cutting = Cutting(model="offline", **options)  # type: ignore[arg-type]
    sheet = repository.path.parent / "sheet.png"
    settings = Settings(cutting=cutting, jobs=1, dry_run=dry_run, sheet=sheet)
    return ingest(repository, find_sources([str(folder)]), settings)


def test_what_is_not_good_is_listed_and_a_run_that_keeps_all_stores_it(
    repository: Repository, photographs: Path
) -> None:
    first = run(repository, photographs, keep="good")
    assert first.ok
    disc, noise = first.files
    assert (disc.status, disc.left, len(disc.ids)) == ("stored", [], 1)
    assert (noise.status, noise.ids, noise.new) == ("left", [], 0)
    assert noise.left
    for cutout in noise.left:
        assert cutout.quality is not None
        assert cutout.quality < EMBEDDED.good
        assert cutout.doubts
        assert str(cutout.quality) in cutout.reason
    assert first.counts()["left"] == 1
    assert first.counts()["elements_left"] == len(noise.left)
    element = repository.element(1)
    assert element.quality is not None
    assert element.quality >= EMBEDDED.good
    assert element.doubts == ()
    assert repository.search(doubtful=True) == []

    assert {file.status for file in run(repository, photographs, keep="good").files} == {"skipped"}

    rest = run(repository, photographs, keep="all")
    assert [file.status for file in rest.files] == ["duplicate", "stored"]
    assert rest.counts()["elements_left"] == 0
    doubtful = repository.search(doubtful=True)
    assert len(doubtful) == len(noise.left)
    assert [(e.quality, e.doubts) for e in doubtful] == sorted((c.quality, c.doubts) for c in noise.left)


def test_pictures_with_alpha_are_not_judged(repository: Repository, stickers: Path) -> None:
    report = run(repository, stickers, keep="good")
    assert {file.status for file in report.files} == {"stored"}
    assert {element.quality for element in repository.elements()} == {None}


def test_small_ones_are_left_out_by_their_shorter_side(repository: Repository, stickers: Path) -> None:
    report = run(repository, stickers, min_size=24)
    assert [file.status for file in report.files] == ["left", "left", "stored", "stored"]
    [cutout] = report.files[1].left
    assert (cutout.width, cutout.height, cutout.quality) == (16, 20, None)
    assert "16 pixels" in cutout.reason
    assert [element.width for element in repository.elements()] == [24, 32]


@pytest.mark.parametrize("fit", [NETWORK, EMBEDDED])
def test_three_thresholds(fit: Fit) -> None:
    part = Part(np.full((30, 40, 4), 255, np.uint8), 0, 0)
    for quality, kept in (
        (fit.good, "good doubtful all"),
        (fit.good - 1, "doubtful all"),
        (fit.hopeless, "doubtful all"),
        (fit.hopeless - 1, "all"),
    ):
        judgement = Judgement(quality, (), fit)
        stored = [
            keep for keep in ("good", "doubtful", "all") if not reason_to_leave(part, judgement, keep, 0)
        ]
        assert stored == kept.split()
        assert reason_to_leave(part, judgement, "all", 31)


def test_a_dry_run_shows_what_would_be_stored_and_what_not(repository: Repository, photographs: Path) -> None:
    report = run(repository, photographs, keep="good", dry_run=True)
    assert len(repository) == 0
    assert [file.status for file in report.files] == ["stored", "left"]
    [path] = report.sheets
    with Image.open(path) as opened:
        page = np.asarray(opened.convert("RGB")).astype(int)
    red = (page[:, :, 0] > 150) & (page[:, :, 1] < 90) & (page[:, :, 2] < 90)
    assert red.sum() > 1000, "the disc"
    assert run(repository, photographs, keep="good").sheets == []


@pytest.mark.parametrize(
    ("quality", "doubts", "reason", "said"),
    [
        (83, (), "", "quality 83"),
        (20, ("soft", "in pieces"), "", "quality 20: soft, in pieces"),
        (5, ("soft",), "its quality is 5, below 18", "its quality is 5, below 18: soft"),
        (90, (), "its shorter side has 9 pixels", "its shorter side has 9 pixels"),
        (None, (), "", ""),
    ],
)
def test_a_caption_says_why_a_cutout_is_left_out(
    quality: int | None, doubts: tuple[str, ...], reason: str, said: str
) -> None:
    preview = Preview(b"", 20, 30, quality, doubts, reason)
    assert " ".join(caption(preview)) == said
    long = caption(replace(preview, doubts=("off the edges of the photograph",) * 20))
    assert 3 < len(long) < 8
    assert max(map(len, long)) <= 30


def test_many_cutouts_take_more_pages(repository: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(70):
        image = Image.new("RGBA", (12, 12))
        image.paste((3 * n, 99, 30, 255), (2, 2, 9, 9))
        image.save(folder / f"{n:02}.png")
    report = run(repository, folder, dry_run=True)
    assert [Path(path).name for path in report.sheets] == ["sheet.png", "sheet-2.png"]
    heights = []
    for path in report.sheets:
        with Image.open(path) as opened:
            heights.append(opened.height)
    assert heights[1] < heights[0]


def test_the_command_lists_what_it_left_out_and_how_to_get_it(
    repository: Repository, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["ingest", "--repo", str(repository.path), "--model", "offline", "--jobs", "1", "--no-index"]
    assert _run([*command, "--json", str(photographs)]) == 0
    out, err = capsys.readouterr()
    noise = json.loads(out)["files"][1]
    assert noise["status"] == "left"
    assert {"part", "width", "height", "quality", "doubts", "reason", "frame", "poor"} == set(
        noise["left"][0]
    )
    assert "--keep all" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--sheet", "x.png"), "--sheet goes with --dry-run"),
        (("--keep", "some"), "'some' is not one of"),
        (("--min-size", "-1"), "-1 is not in the range"),
    ],
)
def test_options_that_make_no_sense(
    repository: Repository, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["ingest", "--repo", str(repository.path), *options, "x.png"]) == 2
    assert said in capsys.readouterr().err


def test_a_sheet_without_a_place_is_refused_before_anything_is_done(
    repository: Repository, stickers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["ingest", "--repo", str(repository.path), "--dry-run", "--sheet"]
    assert _run([*command, str(tmp_path / "none" / "x.png"), str(stickers)]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert _run([*command, str(tmp_path / "x.jpg"), str(stickers)]) == 1
    assert "must end in .png" in capsys.readouterr().err


def test_a_background_goes_with_its_cutouts(repository: Repository, photographs: Path) -> None:
    disc, noise = run(repository, photographs, keep="good", keep_background=True).files
    assert (disc.new, noise.new, noise.status) == (2, 0, "left")


def test_a_dry_run_also_shows_what_was_ingested_before(repository: Repository, photographs: Path) -> None:
    run(repository, photographs, keep="good")
    report = run(repository, photographs, keep="good", dry_run=True)
    assert [file.status for file in report.files] == ["duplicate", "left"]
    assert len(report.sheets) == 1


def test_only_what_is_left_out_for_its_quality_is_said_to_come_by_keeping_all(
    repository: Repository, photographs: Path, stickers: Path
) -> None:
    assert not any(
        cutout.poor for file in run(repository, stickers, min_size=24).files for cutout in file.left
    )
    left = [c for file in run(repository, photographs, keep="good").files for c in file.left]
    assert all(cutout.poor for cutout in left)
