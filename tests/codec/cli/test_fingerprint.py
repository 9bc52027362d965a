"""A recipe that was made for another repository: its elements are neither fetched from this one nor credited."""

from __future__ import annotations

from pathlib import Path

import pytest

from haac_repo import Repository, publish
from tests.codec.cli.test_recipes import Run, drawn, haac, repo

__all__ = ["haac", "repo"]


def test_elements_of_another_repository_are_neither_fetched_nor_credited(
    haac: Run, repo: Path, tmp_path: Path
) -> None:
    haac("compile", "scene.py", "-o", "scene.haac")
    assert haac("credits", "scene.haac")[0] == 0
    other = tmp_path / "other"
    with Repository.open(repo) as right, Repository.create(other) as wrong, wrong.writer() as writer:
        if right.fingerprint == wrong.fingerprint:  # one in 65,536
            pytest.skip("both repositories have the same fingerprint")
        for number in (1, 2, 3, 4):
            writer.add(drawn(number, name="x"))
        marks = f"{right.fingerprint:04x}", f"{wrong.fingerprint:04x}"
    code, out, err = haac("credits", "scene.haac", "--repo", other)
    assert (code, out, all(mark in err for mark in marks)) == (1, "", True)
    with Repository.open(other) as wrong, Repository.open(repo) as right:
        publish(wrong)
        publish(right)
    mirror = tmp_path / "mirror"
    code, out, err = haac("sync", other, mirror, "--for", "haac1:5x5;1;2", "--for", "scene.haac")
    assert (code, out, all(mark in err for mark in marks), mirror.exists()) == (1, "", True, False)
    assert haac("sync", other, mirror, "--for", "haac1:5x5")[0] == 0  # of no repository, and of no element
    code, _, err = haac("sync", other, mirror, "--for", "scene.haac")
    assert (code, "nothing was fetched" in err) == (1, True)
    with Repository.open(mirror) as opened:
        assert list(opened.held()) == []
    assert haac("sync", repo, tmp_path / "right", "--for", "scene.haac")[0] == 0


def test_decoding_from_a_url_fetches_no_elements_of_another_repository(
    haac: Run, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haac._cli.arguments.is_url", lambda repo: "other" in repo)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    haac("compile", "scene.py", "-o", "scene.haac")
    other = tmp_path / "other"
    with Repository.open(repo) as right, Repository.create(other) as wrong:
        if right.fingerprint == wrong.fingerprint:
            pytest.skip("both repositories have the same fingerprint")
        with wrong.writer() as writer:
            for number in (1, 2, 3, 4):
                writer.add(drawn(number))
        publish(wrong)
    for command in ("decompress", "credits", "preview"):
        code, _, err = haac(command, "scene.haac", "--repo", other)
        assert (code, "was made for a repository with the fingerprint" in err) == (1, True)
    (mirror,) = (tmp_path / "cache" / "haac").iterdir()
    with Repository.open(mirror) as opened:
        assert list(opened.held()) == []
