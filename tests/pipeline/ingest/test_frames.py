"""Animations: which frames become elements, what they are called, and how many were left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac._cli.main import _run
from haac_pipeline import Cutting, IngestReport, Settings, find_sources, ingest
from haac_pipeline._ingest.worker import Task, make
from haac_repo import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "repo")


def ball(number: int) -> Image.Image:
    """A disc on a transparent background, other for each number."""
    image = Image.new("RGBA", (40, 30))
    ImageDraw.Draw(image).ellipse((2 + number, 4, 16 + 2 * number, 24), fill=(40 * number, 200, 90, 255))
    return image


def animation(path: Path, numbers: list[int]) -> Path:
    """A lossless WebP of these balls."""
    first, *others = map(ball, numbers)
    first.save(path, save_all=True, append_images=others, lossless=True, exact=True, duration=50)
    return path


def run(repository: Repository, path: Path, **cutting: object) -> IngestReport:
    settings = Settings(jobs=1, cutting=Cutting(**cutting))  # type: ignore[arg-type]
    return ingest(repository, find_sources(path), settings)


def test_the_first_frame_counts_and_the_rest_is_reported(repository: Repository, tmp_path: Path) -> None:
    report = run(repository, animation(tmp_path / "red_ball.webp", [0, 1, 2]))
    assert (report.files[0].frames, report.files[0].frames_left, report.files[0].new) == (3, 2, 1)
    assert report.counts()["frames_left"] == 2
    assert report.as_json()["files"][0]["frames"] == 3


@pytest.mark.parametrize(("frames", "new", "left"), [(None, 3, 0), (2, 2, 1), (9, 3, 0)])
def test_frames_become_elements_that_are_called_after_them(
    repository: Repository, tmp_path: Path, frames: int | None, new: int, left: int
) -> None:
    report = run(repository, animation(tmp_path / "ball.webp", [0, 1, 2]), frames=frames)
    assert (report.files[0].new, report.files[0].frames_left) == (new, left)
    assert [each.name for each in repository.elements()] == ["ball", "ball frame 2", "ball frame 3"][:new]
    box = ball(1).getchannel("A").getbbox()
    assert repository.image(2).tobytes() == ball(1).crop(box).tobytes()


def test_frames_that_repeat_are_dropped(repository: Repository, tmp_path: Path) -> None:
    report = run(repository, animation(tmp_path / "ball.webp", [0, 1, 0, 2, 1]), frames=None)
    assert (report.files[0].new, report.files[0].duplicates, report.files[0].frames_left) == (3, 0, 0)
    assert [each.name for each in repository.elements()] == ["ball", "ball frame 2", "ball frame 4"]


def test_other_frames_are_other_settings(repository: Repository, tmp_path: Path) -> None:
    path = animation(tmp_path / "ball.webp", [0, 1])
    assert run(repository, path).files[0].status == "stored"
    assert run(repository, path).files[0].status == "skipped"
    report = run(repository, path, frames=None)
    assert (report.files[0].new, report.files[0].duplicates) == (1, 1)


def test_an_empty_frame_does_not_matter_if_another_has_something(
    repository: Repository, tmp_path: Path
) -> None:
    path = tmp_path / "ball.webp"
    Image.new("RGBA", (40, 30)).save(
        path, save_all=True, append_images=[ball(1)], lossless=True, exact=True, duration=50
    )
    report = run(repository, path)
    assert report.files[0].reason == "nothing in it is visible"
    report = run(repository, path, frames=None)
    assert (report.files[0].status, report.files[0].reason) == ("stored", "")
    assert [each.name for each in repository.elements()] == ["ball frame 2"]


def test_a_broken_later_frame_costs_no_earlier_one(repository: Repository, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (4, 60, 60, 4), np.uint8)
    pages = [Image.fromarray(page) for page in noise]
    path = tmp_path / "pages.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    data = bytearray(path.read_bytes())
    at = data.index(noise[2].tobytes())
    # The strip of the third page is said to be far behind the end of the file.
    data = data.replace(at.to_bytes(4, "little"), (2**31).to_bytes(4, "little"))
    path.write_bytes(data)
    report = run(repository, path, frames=None, model="none")
    file = report.files[0]
    assert (file.status, file.new, file.frames, file.frames_left) == ("stored", 2, 4, 2)
    assert len(file.notes) == 1
    assert file.notes[0].startswith("frame 3 and those after it are left out: ")


def test_backgrounds_come_last_whatever_their_frame(tmp_path: Path) -> None:
    for module in ("rembg", "cv2"):
        pytest.importorskip(module)
    first = Image.new("RGB", (60, 50), "navy")
    ImageDraw.Draw(first).ellipse((15, 10, 40, 40), fill="gold")
    second = Image.new("RGB", (60, 50), "maroon")
    ImageDraw.Draw(second).ellipse((20, 12, 48, 42), fill="white")
    path = tmp_path / "two.webp"
    first.save(path, save_all=True, append_images=[second], lossless=True, duration=50)
    cutting = Cutting(model="offline", keep_background=True, split=False, frames=None)
    made = make(Task(path.read_bytes(), cutting, "offline"))
    assert (made.plates, made.frame_of, made.frames_read) == (2, [1, 2, 1, 2], 2)
    assert [(each.width, each.height) for each in made.elements[2:]] == [(60, 50)] * 2
    assert make(Task(path.read_bytes(), cutting, None)).needs_model


def test_a_still_picture_has_one_frame(repository: Repository, tmp_path: Path) -> None:
    ball(1).save(tmp_path / "a.png")
    report = run(repository, tmp_path / "a.png", frames=None)
    assert (report.files[0].frames, report.files[0].frames_left, report.files[0].new) == (1, 0, 1)


def test_the_command(repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = animation(tmp_path / "ball.webp", [0, 1, 2])
    args = ["ingest", "--repo", str(repository.path), "--jobs", "1", "--no-index", str(path)]
    assert _run(args) == 0
    out = capsys.readouterr().out
    assert [line.split()[:3] for line in out.splitlines() if "Frames" in line] == [["Frames", "left", "2"]]
    assert _run([*args, "--frames", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["frames_left"] == 1
    assert _run([*args, "--frames", "all"]) == 0
    assert "Frames" not in capsys.readouterr().out
    for value in ("0", "-1", "some", "1.5", "٣"):
        assert _run([*args, "--frames", value]) == 2
        assert "neither 'first' nor 'all'" in capsys.readouterr().err


def test_a_photograph_gives_the_same_elements_however_many_frames_are_asked_for(tmp_path: Path) -> None:
    """A large JPEG comes at half its size, by whichever way it is read."""
    noise = np.random.default_rng(5).integers(0, 256, (75, 100, 3), np.uint8)
    Image.fromarray(noise).resize((1600, 1200), Image.Resampling.BICUBIC).save(tmp_path / "large.jpg")
    data = (tmp_path / "large.jpg").read_bytes()
    one, all_ = (
        make(Task(data, Cutting(model="none", max_side=300, frames=frames), None)) for frames in (1, None)
    )
    assert [e.pixels_sha256 for e in one.elements] == [e.pixels_sha256 for e in all_.elements]


def test_a_cutout_of_a_later_frame_that_is_left_out_is_listed_with_its_frame(
    repository: Repository, tmp_path: Path
) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (24, 32, 3), np.uint8)
    nothing, something = Image.new("RGB", (320, 240), "grey"), Image.fromarray(noise).resize((320, 240))
    nothing.save(tmp_path / "a.webp", save_all=True, append_images=[something], lossless=True)
    report = run(repository, tmp_path / "a.webp", model="offline", keep="good", frames=None)
    assert report.ok
    [file] = report.files
    assert (file.status, file.reason, file.new) == ("left", "", 0)
    assert {cutout.frame for cutout in file.left} == {2}
