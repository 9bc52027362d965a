"""Photographs of which a judge knows what they show, and what is cut out of others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.benchmark.evidence import sources
from scripts.benchmark.evidence.sources import cut_out, known_photographs


class Eye:
    """Sure of what is bright."""

    name = "eye"

    def __call__(self, picture: Image.Image) -> object:
        return np.asarray(picture).mean() / 255


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten bright pictures and ten dark ones, and what is no picture."""
    for number in range(20):
        Image.new("RGB", (8, 8), "white" if number % 2 else "black").save(tmp_path / f"{number:02}.png")
    (tmp_path / "README.md").write_text("no picture", "utf-8")
    monkeypatch.setattr(sources, "choose_judge", lambda path: path)
    monkeypatch.setattr(sources, "load_judge", lambda _: Eye())
    monkeypatch.setattr(sources, "kind_of", lambda seen: (7, seen))
    return tmp_path


def test_they_are_taken_evenly_from_those_that_are_known(folder: Path) -> None:
    found = [int(path.stem) for path in known_photographs(folder, 5, None)]
    assert found == [1, 5, 9, 13, 17]


def test_all_are_taken_where_there_are_no_more(folder: Path) -> None:
    assert len(known_photographs(folder, 99, None)) == 10


def test_elements_are_cut_out_once_and_what_was_interrupted_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[str] = []

    def haac(command: str, *arguments: str | Path) -> None:
        run.append(command)
        repository = Path(arguments[arguments.index("--repo") + 1])
        (repository / ("similar" if command == "ingest" else "")).mkdir()

    monkeypatch.setattr(sources, "haac", haac)
    (tmp_path / "repository").mkdir()
    for _ in range(2):
        cut_out(tmp_path, tmp_path / "repository", "offline")
    assert run == ["ingest"]
    cut_out(tmp_path, tmp_path / "another", "offline")
    assert run == ["ingest", "init", "ingest"]
