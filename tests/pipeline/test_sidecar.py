"""Sidecars, and names out of file names."""

import json
from pathlib import Path

import pytest

from haac_pipeline._sidecar import About, Sidecars, default_name, read_sidecar
from haac_pipeline._sources import Source
from haac_repo import DataError


def source(path: Path) -> Source:
    return Source(name=str(path), path=path, read=lambda: b"")


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        '\ufefffile,name,tags,license,attribution\nx.png,Apple,"red; fruit,red",CC0,Ann\n', "utf-8"
    )
    row = {"name": "Apple", "tags": ["red", "fruit"], "licence": "CC0", "attribution": "Ann"}
    (tmp_path / "b.json").write_text(json.dumps({"x.png": row}), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps([{"file": "x.png", **row}]), "utf-8")
    expected = {"x.png": About("Apple", ("red", "fruit"), "CC0", "Ann")}
    assert all(read_sidecar(tmp_path / name) == expected for name in ("a.csv", "b.json", "c.json"))


def test_which_one_counts(tmp_path: Path) -> None:
    (tmp_path / "haac.csv").write_text("file,name\na.png,folder\nb.png,folder\nc.png,folder\n", "utf-8")
    (tmp_path / "b.png.json").write_text('{"name": "own"}', "utf-8")
    (tmp_path / "all.csv").write_text("file,name\nc.png,explicit\n", "utf-8")
    sidecars = Sidecars(tmp_path / "all.csv")
    said = [sidecars.about(source(tmp_path / f"{letter}.png")).name for letter in "abcd"]
    assert said == ["folder", "own", "explicit", None]


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.csv", "name\nx\n", "line 1"),
        ("a.csv", "file,name\nx,y\nx2,y,z\n", "line 3"),
        ("a.csv", "file,name\n,y\n", "line 2"),
        ("a.json", '{\n"x": \n', "line"),
        ("a.json", '[{"file": "x"}, 3]', "entry 2"),
        ("a.json", '[{"file": "x", "tags": [1]}]', "entry 1"),
        ("a.json", "3", "a.json"),
        ("a.json", "[" * 100_000, "a.json"),
    ],
)
def test_malformed(tmp_path: Path, name: str, text: str, place: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(DataError, match=place):
        read_sidecar(tmp_path / name)


def test_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"file,name\nx,\xff\n")
    with pytest.raises(DataError, match="line 2"):
        read_sidecar(tmp_path / "a.csv")
    with pytest.raises(DataError):
        Sidecars(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("emoji_u1f600", "grinning face"),
        ("u1f600", "grinning face"),
        ("emoji_u1f468_200d_1f33e", "man, ear of rice"),
        ("emoji_u1f44b_1f3fd", "waving hand sign, medium skin tone"),
        ("emoji_u2764_fe0f", "heavy black heart"),
        ("emoji_u1f1eb_1f1f7", "flag fr"),
    ],
)
def test_emoji(stem: str, name: str) -> None:
    assert default_name(f"some/folder/{stem}.png") == (name, ("emoji",))


@pytest.mark.parametrize(
    "name", ["red-apple.png", "IMG_red-apple.jpg", "a.zip/red_apple.png", "http://x/red%20apple.png?size=3"]
)
def test_plain_names(name: str) -> None:
    assert default_name(name) == ("red apple", ())


@pytest.mark.parametrize("name", ["IMG_1234.jpg", "unicorn.png", "x", ".png"])
def test_there_is_always_a_name(name: str) -> None:
    words, tags = default_name(name)
    assert words
    assert tags == ()
