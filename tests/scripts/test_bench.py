"""What `sh scripts/bench` would run, without running it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.lib import evidence


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands, in their order."""
    commands: list[str] = []
    monkeypatch.setattr(evidence, "run", lambda _, told: commands.append(told))
    monkeypatch.setattr(evidence, "check_elements", lambda _: None)
    monkeypatch.setattr(evidence, "WORK", tmp_path / "bench")
    for name in ("photos", "emoji", "train"):
        (tmp_path / name).mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(b"")
    (tmp_path / "judge.onnx").write_bytes(b"")
    return commands


def bench(monkeypatch: pytest.MonkeyPatch, start: Path, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--from", str(start), *words])
    evidence.main()


def test_the_large_form_takes_its_folders_and_judge_everywhere(
    shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench(monkeypatch, tmp_path, "--large", "photos", "emoji", "train", "--judge", "judge.onnx")
    peers = next(each for each in shown if "evidence.peers" in each)
    study = next(each for each in shown if "evidence.catalog_size" in each)
    elements = f"{tmp_path / 'bench' / 'study_large' / 'similar'}"
    for words in (
        f"--photos {tmp_path / 'photos'}",
        f"--emoji {tmp_path / 'emoji'}",
        f"--train {tmp_path / 'train'}",
        f"--similar-repo {elements}",
        f"--judge {tmp_path / 'judge.onnx'}",
    ):
        assert words in peers
    assert f"--folders {tmp_path / 'photos'} {tmp_path / 'emoji'} {tmp_path / 'train'}" in study
    assert f"--judge {tmp_path / 'judge.onnx'}" in study
    assert f"--work {Path(elements).parent}" in study, "it goes on with the elements that were cut out"
    assert shown.index(peers) < shown.index(study)
    assert shown[-1] == "python -m scripts.make.tables"
    assert not Path(elements).parent.exists(), "the next run measures anew"


def test_the_small_form_makes_the_first_screen_of_the_readme_anew(
    shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench(monkeypatch, tmp_path, "--only", "readme")
    assert [each.rpartition(".")[2] for each in shown if "scripts.make" in each] == [
        "readme_picture",
        "chat_picture",
        "quickstart_picture",
        "tables",
    ]


def test_what_is_not_there_is_said_before_anything_runs(
    shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, said in (
        (("--judge", "judge.onnx"), "goes with --large"),
        (("--large", "photos", "emoji", "none"), "there is no folder"),
        (("--large", "photos", "emoji", "train", "--judge", "none.onnx"), "there is no file"),
    ):
        with pytest.raises(SystemExit) as stopped:
            bench(monkeypatch, tmp_path, *words)
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err
    assert not shown
