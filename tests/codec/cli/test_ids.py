"""`haac compile` and `haac preview` compare ids with the repository before anything is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from haac import from_text, to_binary
from haac._vectors import DrawnElements
from haac_repo import NewElement, Repository, Server, encode, pixel_hash, publish

Run = Callable[..., tuple[int, str, str]]

GOOD = "from haac import Scene\nscene = Scene(64, 48)\nscene.element('1')\nscene.element('2').place(3, 4)\n"
BAD = """\
from haac import Scene, plate

scene = Scene(64, 48, background=plate("zz"))
for id in ("1", "2", "yy", "3", "4", "yy"):
    scene.element(id)
"""


def made(path: Path) -> Path:
    """Elements 1 to 4."""
    with Repository.create(path) as repository, repository.writer() as writer:
        for number in range(1, 5):
            image = DrawnElements().image(number)
            size = image.size
            writer.add(
                NewElement(data=encode(image), width=size[0], height=size[1], pixels_sha256=pixel_hash(image))
            )
    return path


@pytest.fixture
def haac(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("HAAC_REPO", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)

    return run


def test_without_a_repository_ids_are_taken_as_they_are(haac: Run, tmp_path: Path) -> None:
    code, out, err = haac("compile", "bad.py")
    assert (code, err) == (0, "")
    assert len(from_text(out).layers) == 6
    (tmp_path / "haac-repo").mkdir()  # a folder of that name is not one yet
    assert haac("compile", "bad.py") == (0, out, "")


def test_with_one_that_has_them_its_fingerprint_is_added(haac: Run, tmp_path: Path) -> None:
    without = haac("compile", "good.py")
    assert without[0] == 0
    with Repository.open(made(tmp_path / "haac-repo")) as repository:
        mark = repository.fingerprint
    assert haac("compile", "good.py", "--no-fingerprint") == without
    assert haac("compile", "good.py") == (0, without[1].replace("x30;", f"x30~{mark:04x};"), "")
    assert haac("preview", "good.py")[0] == 0
    for options, size in ((("--no-fingerprint",), 0), ((), 2), (("--fingerprint",), 2)):
        assert haac("compile", "good.py", "-o", "good.haac", *options)[0] == 0
        bare = to_binary(from_text(without[1].strip()))
        assert len((tmp_path / "good.haac").read_bytes()) == len(bare) + size


def test_a_fingerprint_in_the_script_can_be_left_out(haac: Run, tmp_path: Path) -> None:
    with Repository.open(made(tmp_path / "haac-repo")) as repository:
        mark = repository.fingerprint
    (tmp_path / "own.py").write_text(GOOD.replace("Scene(64, 48", f"Scene(64, 48, fingerprint={mark}"))
    assert from_text(haac("compile", "own.py")[1]).fingerprint == mark
    assert from_text(haac("compile", "own.py", "--no-fingerprint")[1]).fingerprint is None


@pytest.mark.parametrize("command", ["compile", "preview"])
def test_all_unknown_and_withdrawn_ids_are_told_in_one_error(haac: Run, tmp_path: Path, command: str) -> None:
    with Repository.open(made(tmp_path / "haac-repo")) as repository, repository.writer() as writer:
        writer.withdraw("3", "asked to")
        writer.withdraw("4", "")
    before = sorted(tmp_path.iterdir())
    code, out, err = haac(command, "bad.py", "-o", "out.txt" if command == "compile" else "out.png")
    assert (code, out) == (1, "")
    assert err == (
        "Error: elements yy, zz are not in haac-repo: its ids run from 1 to 4;"
        " elements 3 (asked to), 4 (no reason given) were withdrawn\n"
    )
    assert sorted(tmp_path.iterdir()) == before
    error = json.loads(haac(command, "bad.py", "--json")[2])["error"]
    assert (error["type"], error["exit_code"]) == ("ElementError", 1)


def test_a_background_element_counts_too(haac: Run, tmp_path: Path) -> None:
    made(tmp_path / "haac-repo")
    (tmp_path / "plate.py").write_text("from haac import Scene, plate\nscene = Scene(9, 9, plate('zz'))\n")
    code, _, err = haac("compile", "plate.py")
    assert (code, err) == (1, "Error: element zz is not in haac-repo: its ids run from 1 to 4\n")
    with Repository.open(tmp_path / "haac-repo") as repository, repository.writer() as writer:
        writer.withdraw("2", "no")
    (tmp_path / "plate.py").write_text("from haac import Scene, plate\nscene = Scene(9, 9, plate('2'))\n")
    assert haac("compile", "plate.py")[2] == "Error: element 2 was withdrawn: no\n"


def test_a_repository_that_is_named_must_be_there(
    haac: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = haac("compile", "good.py", "--repo", "nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("Error: there is no repository in nowhere")
    monkeypatch.setenv("HAAC_REPO", str(tmp_path / "nowhere"))
    assert haac("compile", "good.py")[0] == 1
    made(tmp_path / "nowhere")
    assert haac("compile", "good.py")[0] == 0
    assert haac("compile", "bad.py")[0] == 1
    monkeypatch.delenv("HAAC_REPO")
    assert haac("compile", "good.py", "--fingerprint")[0] == 1


def test_a_scene_without_elements_needs_no_repository(haac: Run, tmp_path: Path) -> None:
    (tmp_path / "haac-repo").mkdir()
    (tmp_path / "haac-repo" / "catalog.sqlite").write_bytes(b"damaged")
    (tmp_path / "bare.py").write_text("from haac import Scene\nscene = Scene(10, 10)\n")
    assert haac("compile", "bare.py")[:2] == (0, "haac1:axa\n")
    assert haac("compile", "bare.py", "--fingerprint")[0] == 1


def test_an_empty_name_is_no_folder_of_recipes(haac: Run, tmp_path: Path) -> None:
    (tmp_path / "scene.txt").write_text("haac1:5x5")
    code, out, err = haac("decompress", "")
    assert (code, out) == (2, "")
    assert "name is empty" in err
    assert not (tmp_path / "scene.png").exists()


def test_a_scene_of_another_repository_is_not_compared_with_this_one(haac: Run, tmp_path: Path) -> None:
    with Repository.open(made(tmp_path / "haac-repo")) as repository:
        other, own = repository.fingerprint ^ 1, repository.fingerprint
    (tmp_path / "other.py").write_text(BAD.replace("Scene(64, 48,", f"Scene(64, 48, fingerprint={other},"))
    code, out, err = haac("compile", "other.py")
    assert (code, from_text(out).fingerprint) == (0, other)
    assert err.startswith("The ids are not checked: ")
    code, out, err = haac("compile", "other.py", "--repo", "haac-repo")
    assert (code, out) == (1, "")
    assert (f"{other:04x}" in err, f"{own:04x}" in err) == (True, True)
    assert "not in haac-repo" in haac("compile", "other.py", "--fingerprint")[2]


def test_a_published_repository_is_asked_for_its_log_only(
    haac: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with Repository.open(made(tmp_path / "published")) as repository:
        publish(repository)
        fingerprint = repository.fingerprint
    with Server(tmp_path / "published", port=0) as server:
        code, out, _ = haac("compile", "good.py", "--repo", server.url, "--fingerprint")
        assert (code, from_text(out).fingerprint) == (0, fingerprint)
        assert list(tmp_path.glob("cache/**/*.pack")) == []
        code, _, err = haac("compile", "bad.py", "--repo", server.url)
        assert (code, "yy, zz are not in" in err) == (1, True)
