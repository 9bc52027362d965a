"""`haac compress --similar`: a photograph told by elements that are like it, what is said of that, and what does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

import haac_similar
from haac import read_recipe
from haac_similar import SimilarIndex, open_similar_index
from tests.pipeline.cli.test_similar import Haac, data, haac, weights

pytest.importorskip("onnx")
pytest.importorskip("cv2")
__all__ = ["haac", "weights"]


@pytest.fixture
def photograph(haac: Haac) -> str:
    """A disc before something transparent: its alpha tells where the object is."""
    assert haac("index", "--similar")[0] == 0
    picture = Image.new("RGBA", (64, 48), (90, 120, 160, 0))
    ImageDraw.Draw(picture).ellipse((16, 10, 46, 40), fill=(180, 90, 40, 255))
    picture.save("photo.png")
    return "photo.png"


def test_a_photograph_is_told_and_says_so(haac: Haac, photograph: str) -> None:
    [done] = data(
        haac("compress", "--similar", "--always", "--budget", "40", photograph, "--json", "-o", "a.haac")
    )
    assert done["similar"].startswith("like ")
    recipe = Path("a.haac").read_bytes()
    assert len(recipe) == done["binary_bytes"] <= 40
    scene = read_recipe(recipe)
    assert scene.similar
    assert scene.fingerprint is not None
    assert len(scene.layers) == 1
    code, out, err = haac("explain", "a.haac")
    assert (code, err) == (0, "")
    assert "similar, not the same" in out.lower()
    code, _, err = haac("decompress", "a.haac", "-o", "drawn.png")
    assert code == 0
    assert "similar, not the same" in err.lower()
    with Image.open("drawn.png") as drawn:
        assert drawn.size == (64, 48)


def test_what_is_in_doubt_becomes_a_wash_of_the_whole_budget(haac: Haac, photograph: str) -> None:
    """The little network of the tests is sure of nothing."""
    code, out, _ = haac("compress", "--similar", "--budget", "40", photograph, "-o", "a.haac")
    assert code == 0
    assert "a wash, because what it is cannot be told for sure" in out
    scene = read_recipe(Path("a.haac").read_bytes())
    assert (scene.similar, scene.fingerprint, scene.layers) == (False, None, [])


def test_the_fingerprint_stays_within_the_budget(haac: Haac, photograph: str) -> None:
    for always in ([], ["--always"]):
        for mark, marked in (("--fingerprint", True), ("--no-fingerprint", False)):
            command = ["compress", "--similar", *always, mark, "--budget", "30", photograph, "-o", "a.haac"]
            assert haac(*command)[0] == 0
            recipe = Path("a.haac").read_bytes()
            assert len(recipe) <= 30
            assert (read_recipe(recipe).fingerprint is not None) is marked


@pytest.mark.parametrize(
    "options",
    [
        ("--similar", "--quality", "5"),
        ("--similar", "--no-catalog"),
        ("--similar", "--inline"),
        ("--similar", "--effort", "3"),
        ("--people",),
        ("--always",),
    ],
)
def test_options_that_do_not_go_together(haac: Haac, options: tuple[str, ...]) -> None:
    code, out, err = haac("compress", *options, "1.png", "-o", "a.haac")
    assert (code, out) == (2, "")
    assert "--similar" in err
    assert not Path("a.haac").exists()


def test_without_an_index_nothing_is_written(haac: Haac) -> None:
    code, out, err = haac("compress", "--similar", "1.png", "2.png", "-o", "recipes")
    assert (code, out) == (1, "")
    assert err.count("haac index --similar") == 1
    assert not list(Path("recipes").glob("*"))


def test_one_picture_opens_the_similar_index_once(
    haac: Haac, photograph: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once to see whether it is up to date, and for that picture it was opened again."""
    opened = []

    def counted(*given: Any, **named: Any) -> SimilarIndex:
        opened.append(given)
        return open_similar_index(*given, **named)

    monkeypatch.setattr(haac_similar, "open_similar_index", counted)
    given = ("compress", "--similar", "--always", "--budget", "40", photograph, "-o", "a.haac")
    assert haac(*given)[0] == 0
    assert len(opened) == 1
    first = Path("a.haac").read_bytes()
    assert haac(*given)[0] == 0  # nothing of the closed repository is used again
    assert Path("a.haac").read_bytes() == first
    assert len(opened) == 2
