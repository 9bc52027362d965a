"""What takedown, publish and compact say, through the `haac` command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from haac._cli.main import _run
from haac_repo import Repository, publish
from tests.repo.elements import MakeElement

Haac = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_element: MakeElement) -> Path:
    """Four published elements in two packs."""
    path = tmp_path / "repo"
    monkeypatch.setenv("HAAC_REPO", str(path))
    monkeypatch.chdir(tmp_path)
    with Repository.create(path) as made:
        for seeds in ((1, 2), (3, 4)):
            with made.writer() as writer:
                for seed in seeds:
                    writer.add(make_element(seed))
            publish(made)
    return path


@pytest.fixture
def haac(capsys: pytest.CaptureFixture[str]) -> Haac:
    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = _run(args)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def test_a_takedown_and_the_publish_that_frees_its_bytes(
    haac: Haac, repo: Path, make_element: MakeElement
) -> None:
    code, out, err = haac("takedown", "2-3", "--reason", "no")
    assert (code, out) == (0, "Withdrew 2\nWithdrew 3\n")
    assert (
        err == "Mirrors learn of it with the next `haac publish`, which takes their bytes out of the packs.\n"
    )
    for index in ("match", "similar"):
        (repo / index).mkdir()
        (repo / index / "index.npz").touch()
    code, out, err = haac("publish")
    assert code == 0
    assert out == f"{repo}: published 4 new log records; 4 elements in 2 packs\n"
    assert err.splitlines() == [
        f"Rewrote 2 packs, without 2 withdrawn elements; {sum(len(make_element(n).data) for n in (2, 3))} bytes freed.",
        "The match index still says what they look like: `haac index` takes them out.",
        "The similar index still says what they look like: `haac index --similar` takes them out.",
    ]
    code, out, err = haac("publish", "--json")
    found = json.loads(out)
    assert (found["changed"], found["erased"]["elements"], err) == (False, 0, "")


@pytest.mark.usefixtures("repo")
def test_a_takedown_that_keeps_bytes_and_one_that_lets_go(haac: Haac) -> None:
    err = haac("takedown", "2", "--reason", "no", "--keep-bytes")[2]
    assert err == "Mirrors learn of it with the next `haac publish`.\n"
    assert haac("publish")[2] == ""
    assert haac("takedown", "2", "--reason", "no", "--keep-bytes")[2] == (
        "Withdrawn before, and left as it was: element 2.\n"
    )
    assert haac("takedown", "2-3", "--reason", "all of it")[1] == "Withdrew 2\nWithdrew 3\n"
    code, _, err = haac("takedown", "2-3", "--reason", "no", "--keep-bytes")
    assert code == 0
    assert err.splitlines() == [
        "Withdrawn before, and left as it was: elements 2, 3.",
        "Withdrawn without --keep-bytes, which nothing undoes: elements 2, 3.",
    ]
    assert haac("publish")[2].startswith("Rewrote 2 packs, without 2 withdrawn elements")


def test_what_was_never_published_is_better_discarded(
    haac: Haac, repo: Path, make_element: MakeElement
) -> None:
    with Repository.open(repo) as opened, opened.writer() as writer:
        writer.add(make_element(5))
    err = haac("takedown", "1", "5", "--reason", "no")[2]
    assert "Never published: element 5; `haac discard` leaves nothing of them, and frees the ids." in err
    err = haac("publish")[2]
    assert err.startswith("Rewrote 1 pack, without 2 withdrawn elements")


def test_publish_says_what_could_not_be_rewritten(haac: Haac, repo: Path) -> None:
    for path in (repo / "public" / "packs").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    haac("takedown", "1", "3", "--reason", "no")
    code, out, err = haac("publish")
    assert (code, out) == (1, f"{repo}: published 2 new log records; 4 elements in 2 packs\n")
    assert "bytes of withdrawn elements are still published" in err
    assert "All else is published" in err
    assert err.count(".pack is damaged") == 2
    with Repository.open(repo) as opened:
        assert publish_counts(opened) == 6


def publish_counts(repository: Repository) -> int:
    from haac_repo import read_head

    head = read_head(repository.path)
    assert head is not None
    return head.records


def test_compact(haac: Haac, repo: Path) -> None:
    size = sum(path.stat().st_size for path in (repo / "public" / "packs").iterdir())
    kilobytes = f"{size / 1000:.3g} kB"
    code, out, err = haac("compact", "--dry-run")
    text = f"1 ({kilobytes}): 1 pack instead of 2, and a full sync takes 5 requests instead of 5\n"
    assert (code, out) == (0, f"{repo}: 2 small packs would become {text}")
    assert err == "Dry run: nothing was changed.\n"
    code, out, err = haac("compact")
    assert (code, out) == (0, f"{repo}: 2 small packs became {text}")
    assert err.startswith("Mirrors learn of it with the next `haac publish`, which deletes the packs")
    assert len(list((repo / "public" / "packs").iterdir())) == 3
    assert haac("publish")[0] == 0
    assert len(list((repo / "public" / "packs").iterdir())) == 1
    code, out, err = haac("compact")
    assert (code, out, err) == (0, f"{repo}: nothing to do; of 1 pack no two small ones can be merged\n", "")


def test_compact_says_what_is_damaged(haac: Haac, repo: Path) -> None:
    next((repo / "public" / "packs").iterdir()).unlink()
    code, out, err = haac("compact", "--json")
    assert (code, json.loads(out)["merged"]) == (1, 0)
    assert "is gone" in err
    assert "haac verify" in err


@pytest.mark.usefixtures("repo")
def test_keep_bytes_is_shown(haac: Haac) -> None:
    haac("takedown", "2", "--reason", "no", "--keep-bytes")
    assert json.loads(haac("show", "2", "--json")[1])["keep_bytes"] is True
