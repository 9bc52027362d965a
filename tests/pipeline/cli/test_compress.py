"""`haac compress`: which files are written, what is told, and what one bad picture does."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import LIMITS, Colour, Layer, Scene, from_binary, from_text, render, to_binary
from haac._cli.main import _run
from haac_pipeline import PassedOver, find_sources
from haac_pipeline._compress import run
from haac_pipeline._compress.task import CompressedFile, Outputs, Task
from haac_pipeline._engine.workers import Workers
from haac_pipeline._internal import compress_files, options_of
from haac_repo import NewElement, Repository, encode, pixel_hash

Made = dict[str, Any]


def sticker(seed: int, size: int = 96) -> Image.Image:
    """Something on a transparent background, other for each seed."""
    rng = np.random.default_rng(seed)
    colours = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    alpha = Image.new("L", (size, size))
    corners = [tuple(rng.integers(0, size, 2)) for _ in range(5)]
    ImageDraw.Draw(alpha).polygon([(int(x), int(y)) for x, y in corners], fill=255)
    ImageDraw.Draw(alpha).ellipse((size // 4, size // 4, size - 4, size - 9), fill=255)
    colours.putalpha(alpha)
    return colours


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "repo")
    with made.writer() as writer:
        for seed in range(6):
            image = sticker(seed)
            image = image.crop(image.getchannel("A").getbbox())
            writer.add(
                NewElement(
                    data=encode(image),
                    width=image.width,
                    height=image.height,
                    pixels_sha256=pixel_hash(Image.fromarray(cleared(image))),
                    name=f"sticker {seed}",
                    tags=("sticker",) if seed else ("sticker", "first"),
                )
            )
    return made


def cleared(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    pixels = np.array(image)
    pixels[pixels[:, :, 3] == 0] = 0
    return pixels


SCENE = Scene(
    320, 240, Colour(0x336699FF), [Layer(2, width=70, rotation=100, x=30, y=40), Layer(4, x=190, y=120)]
)


@dataclass
class Found:
    """What a matcher gives."""

    scene: Scene
    exact: bool
    unexplained: np.ndarray[Any, np.dtype[np.bool_]]
    elements: Scene | None = None
    lost: float = 0.0


class FakeMatcher:
    """Finds the scene that it was told, in pictures of whatever size."""

    def __init__(self) -> None:
        self.modes: list[str] = []
        self.jpegs: list[Any] = []
        self.options: list[Any] = []

    def compress(self, picture: Image.Image, options: Any, where: Any, jpeg: Any, monitor: Any) -> Found:
        """Raises for pictures that are 13 pixels wide."""
        self.jpegs.append(jpeg)
        self.modes.append(picture.mode)
        self.options.append(options)
        assert callable(where)
        assert not monitor.stop()
        if picture.width == 13:
            raise ZeroDivisionError("unlucky")
        scene = Scene(*picture.size, SCENE.background, list(SCENE.layers))
        return Found(scene, False, np.zeros((picture.height, picture.width), bool))


@pytest.fixture
def fake(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> FakeMatcher:
    """Used by commands that run in this process."""
    matcher = FakeMatcher()
    monkeypatch.setattr(run, "opened", lambda *_, **__: (repository, matcher))
    return matcher


@pytest.fixture
def pictures(tmp_path: Path, repository: Repository) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    render(SCENE, repository).convert("RGB").save(folder / "a.png")
    Image.new("RGB", (60, 50), "red").save(folder / "b.png")
    return folder


def compress(repository: Repository, *arguments: object) -> int:
    return _run(["compress", *map(str, arguments), "--repo", str(repository.path), "--jobs", "1"])


def told(capsys: pytest.CaptureFixture[str]) -> list[Made]:
    made: list[Made] = json.loads(capsys.readouterr().out)
    return made


def test_how_a_jpeg_was_encoded_reaches_the_matcher(
    repository: Repository, fake: FakeMatcher, pictures: Path
) -> None:
    Image.new("RGB", (40, 30), "teal").save(pictures / "t.jpg", quality=70, subsampling=0)
    assert compress(repository, pictures / "t.jpg") == 0
    assert compress(repository, pictures / "a.png") == 0
    assert [jpeg and jpeg.subsampling for jpeg in fake.jpegs] == [0, None]


@pytest.mark.usefixtures("fake")
def test_one_picture(repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = pictures / "x.haac"
    assert compress(repository, pictures / "a.png", "-o", recipe) == 0
    assert from_binary(recipe.read_bytes()) == replace(SCENE, fingerprint=repository.fingerprint)
    line = capsys.readouterr().out
    assert line == f"{recipe}: {recipe.stat().st_size} bytes, 2 layers, exact: 2 4\n"
    assert compress(repository, pictures / "b.png", "-o", pictures / "y.haac") == 0
    assert "exact" not in capsys.readouterr().out


@pytest.mark.usefixtures("fake")
def test_figures_as_json(repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = pictures / "out"
    assert compress(repository, pictures, "-o", out, "--report", out, "--script", out, "--json") == 0
    a, b = told(capsys)
    assert a["picture"] == str(pictures / "a.png")
    assert a["recipe"] == str(out / "a.haac")
    assert (a["exact"], a["psnr"], a["ssim"], a["percent_different"]) == (True, None, 1, 0)
    assert (a["ids"], a["background"], a["size"]) == (["2", "4"], None, [320, 240])
    assert a["binary_bytes"] == (out / "a.haac").stat().st_size
    assert from_text(a["text"]) == replace(SCENE, fingerprint=repository.fingerprint)
    assert not b["exact"]
    assert 0 < b["psnr"] < 30
    assert 0 < b["percent_different"] <= 100
    assert sorted(path.name for path in out.iterdir()) == [
        "a.haac", "a.py", "a.report.png", "b.haac", "b.py", "b.report.png"
    ]  # fmt: skip
    with Image.open(out / "a.report.png") as page:
        assert page.width > 1000
    assert _run(["compile", str(out / "a.py"), "-o", str(out / "again.haac")]) == 0
    assert (out / "again.haac").read_bytes() == (out / "a.haac").read_bytes()


@pytest.mark.usefixtures("fake")
def test_without_output_recipes_stand_beside_the_pictures(repository: Repository, pictures: Path) -> None:
    assert compress(repository, pictures / "a.png", pictures / "b.png") == 0
    assert (pictures / "a.haac").is_file()
    assert (pictures / "b.haac").is_file()


@pytest.mark.usefixtures("fake")
def test_pictures_that_differ_in_their_suffix_keep_it(repository: Repository, pictures: Path) -> None:
    Image.new("RGB", (40, 30), "teal").save(pictures / "a.jpg")
    assert compress(repository, pictures, "-o", pictures / "out") == 0
    assert sorted(path.name for path in (pictures / "out").iterdir()) == [
        "a.jpg.haac", "a.png.haac", "b.haac"
    ]  # fmt: skip


@pytest.mark.usefixtures("fake")
def test_a_report_as_jpeg(repository: Repository, pictures: Path) -> None:
    assert compress(repository, pictures / "a.png", "--report", pictures / "r.jpg") == 0
    with Image.open(pictures / "r.jpg") as page:
        assert page.format == "JPEG"


def test_an_empty_repository_is_told(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Repository.create(tmp_path / "empty") as empty:
        assert compress(empty, pictures / "b.png") == 0
    assert "no element yet" in capsys.readouterr().err


@pytest.mark.usefixtures("fake")
def test_text_form(repository: Repository, pictures: Path) -> None:
    assert compress(repository, pictures / "a.png", "-o", pictures / "x.txt") == 0
    marked = replace(SCENE, fingerprint=repository.fingerprint)
    assert from_text((pictures / "x.txt").read_text().strip()) == marked
    assert compress(repository, pictures / "a.png", "--form", "text") == 0
    assert (pictures / "a.txt").read_bytes() == (pictures / "x.txt").read_bytes()


@pytest.mark.usefixtures("fake")
def test_one_bad_picture_does_not_stop_the_run(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "a0.png").write_text("no picture")
    Image.new("RGB", (13, 13)).save(pictures / "a1.png")
    out = pictures / "out"
    assert compress(repository, pictures, pictures / "gone.png", "-o", out) == 1
    assert sorted(path.name for path in out.iterdir()) == ["a.haac", "b.haac"]
    errors = capsys.readouterr().err
    assert "a0.png: not a picture" in errors
    assert "a1.png: ZeroDivisionError: unlucky" in errors
    assert "gone.png: there is no such file" in errors
    assert "Traceback" not in errors


@pytest.mark.usefixtures("fake")
def test_names_are_checked_before_the_work(
    repository: Repository, pictures: Path, fake: FakeMatcher, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "deep").mkdir()
    Image.new("RGB", (9, 9)).save(pictures / "deep" / "a.jpg")
    out = pictures / "out"
    for arguments, message in (
        ([pictures, "-o", out], "written twice"),
        ([pictures / "a.png", pictures / "b.png", "-o", pictures / "x.haac"], "one file"),
        ([pictures / "a.png", pictures / "b.png", "--report", pictures / "r.png"], "one file"),
        ([pictures / "a.png", "-o", pictures / "x.png"], ".haac or .txt"),
        ([pictures / "a.png", "--report", pictures / "a.png"], "one of the pictures"),
        ([pictures / "a.png", "--script", pictures / "x.txt"], "ends in .py"),
        ([pictures / "a.png", "--report", pictures / "r.xyz"], "'.xyz' is no picture format"),
    ):
        assert compress(repository, *arguments) == 2
        assert message in capsys.readouterr().err
    assert not fake.modes
    assert sorted(path.name for path in pictures.iterdir()) == ["a.png", "b.png", "deep"]


def test_transparent_pictures_are_given_with_alpha(
    repository: Repository, pictures: Path, fake: FakeMatcher
) -> None:
    Image.new("RGBA", (40, 30), (1, 2, 3, 100)).save(pictures / "clear.png")
    Image.new("RGBA", (40, 30), (1, 2, 3, 255)).save(pictures / "opaque.png")
    assert compress(repository, pictures / "clear.png", pictures / "opaque.png") == 0
    assert fake.modes == ["RGBA", "RGB"]


class StoppedMatcher(FakeMatcher):
    """Finds what it was told, and somebody presses Ctrl-C meanwhile."""

    def compress(self, picture: Image.Image, options: Any, where: Any, jpeg: Any, monitor: Any) -> Found:
        found = super().compress(picture, options, where, jpeg, monitor)
        os.kill(os.getpid(), signal.SIGINT)
        assert monitor.stop()
        return found


def test_ctrl_c_writes_the_best_recipe_so_far(
    repository: Repository,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(run, "opened", lambda *_, **__: (repository, StoppedMatcher()))
    assert compress(repository, pictures / "a.png", pictures / "b.png") == 130
    assert (pictures / "a.haac").exists()
    assert not (pictures / "b.haac").exists()
    said = capsys.readouterr()
    assert "a.png: stopped by Ctrl-C: the best recipe so far is written" in said.err
    assert "a.haac: " in said.out


def test_a_picture_that_takes_too_long_gives_the_best_recipe_so_far(
    repository: Repository, pictures: Path, fake: FakeMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def late(picture: Image.Image, *_: Any) -> Found:
        time.sleep(0.06)
        seen.append(_[-1].stop())
        return Found(replace(SCENE), False, np.zeros((picture.height, picture.width), bool))

    monkeypatch.setattr(fake, "compress", late)
    assert compress(repository, pictures / "a.png", "--timeout", "0.05") == 0
    assert compress(repository, pictures / "a.png", "--timeout", "0") == 0
    assert seen == [True, False]


def test_options_reach_the_matcher(repository: Repository, pictures: Path, fake: FakeMatcher) -> None:
    given = ("--effort", 7, "--max-layers", 3, "--budget", 99, "--only-tag", "sticker", "--only-tag", "first")
    assert compress(repository, pictures / "a.png", *given) == 0
    (options,) = fake.options
    assert (options.effort, options.max_layers) == (7, 3)
    assert tuple(options.only_tags) == ("sticker", "first")


def test_a_recipe_carries_the_fingerprint_unless_the_budget_is_too_small(
    repository: Repository, pictures: Path, fake: FakeMatcher, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two bytes of the budget are kept free for it; where the smallest recipe needs them, it goes without."""
    bare, marked = to_binary(SCENE), to_binary(replace(SCENE, fingerprint=repository.fingerprint))
    size = len(bare)
    assert len(marked) == size + 2
    for options, expected in (
        ((), marked),
        (("--no-fingerprint",), bare),
        (("--fingerprint",), marked),
        (("--budget", size + 2), marked),
        (("--budget", size + 1), bare),
        (("--budget", size), bare),
        (("--budget", size + 2, "--no-fingerprint"), bare),
        (("--budget", size + 2, "--fingerprint"), marked),
    ):
        assert compress(repository, pictures / "a.png", *options) == 0
        assert (pictures / "a.haac").read_bytes() == expected, options
    assert [options.budget for options in fake.options] == [None] * 3 + [
        size,
        size - 1,
        size - 2,
        size + 2,
        size,
    ]
    assert compress(repository, pictures / "a.png", "--budget", size + 1, "--fingerprint") == 1
    assert f"the budget is {size + 1}" in capsys.readouterr().err


def test_a_recipe_without_elements_has_no_fingerprint_of_its_own(
    repository: Repository, pictures: Path, fake: FakeMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be decoded with any repository, or with none."""
    monkeypatch.setattr(SCENE, "layers", [])
    assert compress(repository, pictures / "b.png") == 0
    assert from_binary((pictures / "b.haac").read_bytes()).fingerprint is None
    assert compress(repository, pictures / "b.png", "--fingerprint") == 0
    assert from_binary((pictures / "b.haac").read_bytes()).fingerprint == repository.fingerprint
    assert len(fake.options) == 2


@pytest.mark.usefixtures("fake")
def test_a_recipe_above_the_budget_is_not_written(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compress(repository, pictures / "a.png", "--budget", 5) == 1
    assert "the budget is 5" in capsys.readouterr().err
    assert not (pictures / "a.haac").exists()


@pytest.mark.usefixtures("fake")
def test_a_tag_that_no_element_has(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compress(repository, pictures / "a.png", "--only-tag", "stikcer") == 1
    assert "'stikcer'" in capsys.readouterr().err


def test_what_is_missing_is_told(
    repository: Repository,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert compress(repository, pictures / "a.png") == 1
    assert "pip install 'haac[ingest]'" in capsys.readouterr().err


def named(task: Task) -> CompressedFile:
    """A worker's work that dies on b.png."""
    if task.name.endswith("b.png"):
        os._exit(3)
    return CompressedFile(picture=task.name)


def test_a_worker_that_dies_takes_only_its_picture_along(repository: Repository, pictures: Path) -> None:
    Image.new("RGB", (9, 9)).save(pictures / "c.png")
    found = [source for source in find_sources([str(pictures), "gone"]) if not isinstance(source, PassedOver)]
    sources = [(source, Outputs(pictures / "x.haac")) for source in found]
    options = options_of(max_layers=None)
    done = list(compress_files(sources, repository, options, workers=Workers(jobs=2), work=named))
    assert [Path(result.picture).name for result in done] == ["a.png", "b.png", "c.png", "gone"]
    assert [bool(result.error) for result in done] == [False, True, False, True]
    assert "crashed" in done[1].error


def test_the_real_thing_twice_in_processes_and_once_in_this_one(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = pictures / "again"
    again.mkdir()
    (again / "c.png").write_bytes((pictures / "a.png").read_bytes())
    command = ["compress", str(pictures / "a.png"), str(again / "c.png"), "--repo", str(repository.path)]
    assert _run([*command, "-o", str(pictures / "out"), "--jobs", "2", "--json"]) == 0
    assert [made["exact"] for made in told(capsys)] == [True, True]
    assert compress(repository, pictures / "a.png", "-o", pictures / "one.haac") == 0
    recipes = {path.read_bytes() for path in (pictures / "one.haac", *(pictures / "out").iterdir())}
    assert len(recipes) == 1
    found = from_binary(recipes.pop())
    assert found.background == SCENE.background
    assert {layer.element for layer in found.layers} == {2, 4}
    picture = pictures / "decoded.png"
    assert (
        _run(["decompress", str(pictures / "one.haac"), "-o", str(picture), "--repo", str(repository.path)])
        == 0
    )
    with Image.open(picture) as decoded, Image.open(pictures / "a.png") as original:
        assert decoded.convert("RGB").tobytes() == original.tobytes()


@pytest.mark.usefixtures("fake")
def test_what_was_broken_in_a_file_is_said(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (40, 30), "teal").save(pictures / "t.jpg")
    (pictures / "t.jpg").write_bytes((pictures / "t.jpg").read_bytes()[:-2])
    assert compress(repository, pictures / "t.jpg", "--json") == 0
    said = capsys.readouterr()
    assert "t.jpg: its end marker is missing" in said.err
    assert json.loads(said.out)[0]["notes"] == ["its end marker is missing; all pixels are there"]


@pytest.mark.usefixtures("fake")
def test_a_picture_beyond_a_canvas_is_made_smaller(
    repository: Repository,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Photographs of 50 megapixels were refused."""
    monkeypatch.setattr("haac.LIMITS", replace(LIMITS, canvas_pixels=3000))
    Image.new("RGB", (90, 60), (0x33, 0x66, 0x99)).save(pictures / "large.png")
    assert compress(repository, pictures / "large.png", "--json") == 0
    (made,) = told(capsys)
    assert made["size"] == [67, 44]
    assert not made["exact"]
    assert "90x60 to 67x44" in made["notes"][0]
