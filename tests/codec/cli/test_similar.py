"""Paraphrases on the command line: every command that shows one says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from haac import from_text, read_recipe
from haac._vectors import DrawnElements
from haac_repo import NewElement, Repository, encode, pixel_hash

Run = Callable[..., tuple[int, str, str]]

SAME = "haac1:a0x80:e4;1.w50.h50.p28,18"
LIKE = SAME.replace("haac1:", "haac1:like:")
SAID = "imilar, not the same"
CAPTION = "A photograph of something like an orange (1), in the middle, large, in front of something like element 4."


@pytest.fixture
def haac(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    with Repository.create(tmp_path / "repo") as repository, repository.writer() as writer:
        for number, name in enumerate(["orange", "noise", "stripes", ""], 1):
            image = DrawnElements().image(number)
            size = image.size
            new = NewElement(
                data=encode(image), width=size[0], height=size[1], pixels_sha256=pixel_hash(image), name=name
            )
            writer.add(new)
    monkeypatch.setenv("HAAC_REPO", str(tmp_path / "repo"))
    monkeypatch.chdir(tmp_path)
    return run


def test_explain_begins_with_a_caption(haac: Run) -> None:
    code, out, _ = haac("explain", LIKE)
    lines = out.splitlines()
    assert (code, lines[:2]) == (0, [CAPTION, f"S{SAID}."])
    assert out.endswith(haac("explain", SAME)[1])
    facts = json.loads(haac("explain", LIKE, "--json")[1])
    assert (facts["similar"], facts["caption"]) == (True, CAPTION)


def test_a_caption_without_a_repository_has_no_names(haac: Run) -> None:
    first = haac("explain", LIKE, "--repo", "nowhere")[1].splitlines()[0]
    assert first == CAPTION.replace("an orange (1)", "element 1")


def test_inspect_says_it(haac: Run) -> None:
    assert f"S{SAID}" in haac("inspect", LIKE)[1]
    assert json.loads(haac("inspect", LIKE, "--json")[1])["similar"] is True


def test_decompress_says_it_beside_the_result(haac: Run) -> None:
    code, out, err = haac("decompress", LIKE, "-o", "one.png")
    assert (code, SAID in out, SAID in err) == (0, False, True)
    assert err.startswith("one.png: ")
    rows = json.loads(haac("decompress", LIKE, "-o", "one.png", "--json")[1])
    assert rows[0]["similar"] is True
    Path("a.txt").write_text(LIKE)
    Path("b.txt").write_text(LIKE)
    Path("c.txt").write_text(SAME)
    err = haac("decompress", "a.txt", "b.txt", "c.txt")[2]
    assert err.startswith("2 of the pictures: ")


def test_credits_says_it(haac: Run) -> None:
    code, _, err = haac("credits", LIKE)
    assert (code, SAID in err) == (0, True)
    rows = json.loads(haac("credits", LIKE, "--json")[1])
    assert [row["similar"] for row in rows] == [True, True]


def test_scripts_keep_it_and_preview_and_compile_say_it(haac: Run) -> None:
    assert haac("decompile", LIKE, "-o", "scene.py")[0] == 0
    assert "similar=True" in Path("scene.py").read_text()
    code, out, _ = haac("compile", "scene.py", "-o", "scene.haac", "--no-fingerprint")
    assert (code, SAID in out) == (0, True)
    assert read_recipe(Path("scene.haac").read_bytes()) == from_text(LIKE)
    assert SAID in haac("preview", "scene.py")[1]
    for command in (["compile", "scene.py"], ["preview", "scene.haac"]):
        assert json.loads(haac(*command, "--json")[1])["similar"] is True


def test_other_recipes_say_nothing_of_it(haac: Run) -> None:
    Path("scene.txt").write_text(SAME)
    haac("decompile", SAME, "-o", "scene.py")
    for command in ("explain", "inspect", "decompress", "credits", "preview"):
        _, out, err = haac(command, "scene.txt")
        assert SAID not in out + err, command
        answer = json.loads(haac(command, "scene.txt", "--json")[1])
        for row in answer if isinstance(answer, list) else [answer]:
            assert row["similar"] is False, command
    assert SAID not in haac("compile", "scene.py", "-o", "scene.haac")[1]


def test_a_mark_that_is_about_nothing_is_one_clear_error(haac: Run) -> None:
    Path("none.py").write_text("from haac import Scene\nscene = Scene(20, 10, similar=True)\n")
    for args in (["explain", "haac1:like:14xa"], ["compile", "none.py"], ["preview", "none.py"]):
        code, out, err = haac(*args)
        assert (code, out) == (1, ""), args
        assert "shows no element" in err
        assert err.count("\n") == 1
