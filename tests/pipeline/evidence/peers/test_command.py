"""The command `haac bench peers`, end to end with few formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from haac_repo import Repository
from scripts.lib.elements import drawing, new_element
from tests.command_line import Run, run

__all__ = ["run"]

pytest.importorskip("skimage")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    from skimage.data import coffee

    path = tmp_path / "coffee.png"
    Image.fromarray(coffee()).convert("RGB").resize((96, 64), Image.Resampling.LANCZOS).save(path)
    return path


def test_photographs_and_scenes(
    run: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMBG_HOME", str(tmp_path / "no weights"))
    monkeypatch.delenv("U2NET_HOME", raising=False)
    pytest.importorskip("cv2")
    pytest.importorskip("faiss")
    pytest.importorskip("matplotlib")
    with Repository.create(tmp_path / "repo") as repository, repository.writer() as writer:
        for seed in range(6):
            writer.add(new_element(drawing(seed), str(seed)))
    output, plot = tmp_path / "peers.json", tmp_path / "peers.png"
    options = ["--scenes", "1", "--budgets", "150,3000", "--only", "jpeg", "--jobs", "1", "--json"]
    code, out, err = run(
        "bench", "peers", photo, "--repo", tmp_path / "repo", *options, "-o", output, "--plot", plot
    )
    assert code == 0, err
    made = json.loads(output.read_text("utf-8"))
    assert made["groups"].keys() == {"photographs", "scenes"}
    assert json.loads(out)["budgets"] == made["budgets"] == [150, 3000]
    photographs, scenes = made["groups"]["photographs"], made["groups"]["scenes"]
    assert photographs["files"]["coffee"].keys() == {"haac", "JPEG"}
    assert photographs["summary"]["counted"]["psnr"]["against"]["JPEG"]["alone"] == [1, 0]
    exact = next(row for row in scenes["break_even"] if row["quality"] == "all pixels equal")
    assert exact["bytes"]["haac"] < 100
    catalog = scenes["catalog"]
    assert catalog["elements"] == 6
    assert 0 < catalog["used_bytes"] < catalog["bytes"]
    assert "--fetch efficientnet-lite0" in made["absent"]["kind recognised"]
    assert made["judge"] is None
    assert made["similar"] is None
    assert plot.stat().st_size > 10_000
    assert plot.with_name("peers-scenes.png").exists()
    assert not output.with_name("peers.json.part").exists()


def test_a_run_that_was_stopped_goes_on(
    run: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haac_evidence._peers.measure import Outcome, Work, measure

    output = tmp_path / "peers.json"
    arguments = ("bench", "peers", photo, "--budgets", "200", "--only", "jpeg", "--jobs", "1", "-o", output)
    asked: list[str] = []

    def once(work: Work) -> Outcome:
        asked.append(work.format)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return measure(work)

    monkeypatch.setattr("haac_evidence._peers.run.measure", once)
    code, _, _ = run(*arguments)
    assert code != 0
    assert not output.exists()
    code, _, err = run(*arguments)
    assert code == 0, err
    assert asked == ["haac", "JPEG", "JPEG"], "haac was kept"
    assert set(json.loads(output.read_text("utf-8"))["groups"]["photographs"]["files"]["coffee"]) == {
        "haac",
        "JPEG",
    }


def test_what_cannot_be(run: Run, photo: Path, tmp_path: Path) -> None:
    code, _, err = run("bench", "peers")
    assert code == 2
    assert "nothing to measure" in err
    code, _, err = run("bench", "peers", photo, "--only", "gif")
    assert code == 2
    assert "WebP" in err
    code, _, err = run("bench", "peers", photo, "--budgets", "10,x")
    assert code == 2
    assert "whole numbers" in err
    code, _, err = run("bench", "peers", photo, "--plot", tmp_path / "a.txt")
    assert code == 2
    assert ".png" in err
    code, _, err = run("bench", "peers", photo, "--model", "u2netp")
    assert code == 2
    assert "--similar-repo" in err
    code, _, err = run("bench", "peers", "--repo", tmp_path, "--similar-repo", tmp_path)
    assert code == 2
    assert "tells photographs" in err
    (tmp_path / "judge.onnx").write_bytes(b"no network")
    code, _, err = run("bench", "peers", photo, "--judge", tmp_path / "judge.onnx")
    assert code == 1
    assert "judge.onnx" in err
    (tmp_path / "bad.png").write_bytes(b"no picture")
    code, _, err = run("bench", "peers", tmp_path / "bad.png")
    assert code == 1
    assert "bad.png" in err
