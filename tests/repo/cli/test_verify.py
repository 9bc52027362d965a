"""`haac verify`, as a person runs it: short lines, complete JSON, exit codes that a script can go by."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from haac._cli.main import _run
from haac_repo import Repository, publish, sync
from tests.repo.elements import MakeElement

Haac = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repo(repository: Repository, monkeypatch: pytest.MonkeyPatch, make_element: MakeElement) -> Path:
    """Three elements, published."""
    monkeypatch.setenv("HAAC_REPO", str(repository.path))
    with repository.writer() as writer:
        for seed in range(3):
            writer.add(make_element(seed))
    publish(repository)
    return repository.path


@pytest.fixture
def haac(capsys: pytest.CaptureFixture[str]) -> Haac:
    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = _run(args)
        return code, *capsys.readouterr()

    return run


def test_in_order(haac: Haac, repo: Path) -> None:
    code, out, err = haac("verify")
    assert (code, err) == (0, "")
    assert out.startswith(f"{repo} is in order; 3 elements, ")
    assert out.endswith("are what their hashes promise\n")
    assert haac("verify", "--deep")[1].endswith("are what their records promise\n")
    assert haac("verify", "--quick")[:2] == (0, f"{repo} is in order\n")


def test_json_has_it_all(haac: Haac, repo: Path) -> None:
    size = sum(path.stat().st_size for path in (repo / "public" / "packs").iterdir())
    code, out, _ = haac("verify", "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "ok": True,
            "problems": [],
            "repaired": [],
            "notes": [],
            "elements": 3,
            "bytes": size,
            "live": 3,
            "held": 3,
        },
    )


def test_quick_and_deep_are_refused_together(haac: Haac, repo: Path) -> None:
    code, out, err = haac("verify", "--quick", "--deep", "--repo", str(repo))
    assert (code, out) == (2, "")
    assert "give one of them" in err


def test_a_false_element_is_told(haac: Haac, repo: Path, make_element: MakeElement) -> None:
    with Repository.open(repo) as opened, opened.writer() as writer:
        writer.add(dataclasses.replace(make_element(9), pixels_sha256="0" * 64))
    assert haac("verify")[0] == 0
    code, out, _ = haac("verify", "--deep")
    assert code == 1
    assert out.startswith(
        "Wrong: not what the records say: 1 of the elements (4: the stored picture has other"
    )
    assert out.endswith(f"1 problem in {repo}\n")


def test_a_broken_mirror_and_one_that_holds_a_part_are_told_apart(
    haac: Haac, repo: Path, tmp_path: Path, make_element: MakeElement
) -> None:
    with Repository.open(repo) as opened:
        with opened.writer() as writer:
            for seed in range(10, 40):
                writer.add(make_element(seed))
        publish(opened)
    part, whole = tmp_path / "part", tmp_path / "whole"
    sync(repo, part, only=[1])
    code, out, err = haac("verify", "--repo", str(part))
    with Repository.open(part) as opened:
        held = len(opened.held())
    assert code == 0
    assert out.startswith(f"{part} is in order, as far as it goes: {held} of 33 elements are here; ")
    assert f"`haac sync {repo} {part}` brings the rest" in err

    sync(repo, whole)
    next((whole / "public" / "packs").iterdir()).unlink()
    for options in (["--repair"], [], ["--quick"]):
        code, out, _ = haac("verify", *options, "--repo", str(whole))
        assert code == 1
        assert f"`haac sync {repo} {whole}`" in out
    assert haac("sync", str(repo), str(whole))[0] == 0
    assert haac("verify", "--repo", str(whole))[0] == 0


def test_many_problems_are_told_in_a_few_lines(haac: Haac, repo: Path) -> None:
    for number in range(30):
        (repo / "public" / "packs" / f"{number:064x}.pack").write_bytes(b"x")
    code, out, _ = haac("verify")
    assert code == 1
    lines = out.splitlines()
    assert (len(lines), lines[-2:]) == (
        22,
        ["Wrong: and 10 problems more, which --json lists", f"30 problems in {repo}"],
    )
    assert len(json.loads(haac("verify", "--json")[1])["problems"]) == 30
