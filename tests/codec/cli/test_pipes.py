"""Pipes at standard output: readers that go away, and encodings that lack characters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from haac._vectors import DrawnElements
from haac_repo import NewElement, Repository, encode, pixel_hash, publish

HAAC = [sys.executable, "-c", "import sys; from haac._cli.main import main; sys.exit(main())"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    image = DrawnElements().image(1)
    size, pixels = image.size, pixel_hash(image)
    new = NewElement(
        data=encode(image), width=size[0], height=size[1], pixels_sha256=pixels, name="n" * 2000, tags=("狗",)
    )
    with Repository.create(tmp_path / "repo") as repository, repository.writer() as writer:
        writer.add(new)
    return tmp_path / "repo"


def into_a_closed_pipe(*args: object) -> tuple[int, str]:
    """Exit code and standard error of a command whose output nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run([*HAAC, *map(str, args)], stdout=writes, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writes)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("search",),
        ("search", "--json"),
        ("stats",),
        ("show", "1"),
        ("compile", "scene.py", "--form", "binary"),
        ("--help",),
        ("search", "--help"),
    ],
)
def test_a_reader_that_goes_away_is_no_failure(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAAC_REPO", str(repo))
    Path("scene.py").write_text("from haac import Scene\nscene = Scene(9, 9)\n")
    assert into_a_closed_pipe(*args) == (0, "")


def test_a_failure_is_one_though_nobody_reads_what_is_said(repo: Path) -> None:
    with Repository.open(repo) as repository:
        publish(repository)
    (repo / "public" / "head").unlink()
    code, err = into_a_closed_pipe("verify", "--repo", repo)
    assert code == 1
    assert "Traceback" not in err


def test_watching_ends_when_nobody_reads(repo: Path, tmp_path: Path) -> None:
    with Repository.open(repo) as repository:
        publish(repository)
    code, err = into_a_closed_pipe("sync", repo, tmp_path / "mirror", "--watch", "10000", "-q")
    assert (code, err) == (0, "")


def test_characters_that_the_encoding_of_a_pipe_lacks_are_escaped(repo: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([*HAAC, "search", "狗", "--repo", str(repo)], capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.rstrip().endswith(b"#\\u72d7")
