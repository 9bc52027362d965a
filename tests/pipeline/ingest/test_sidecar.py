"""What is said of pictures, in files beside them and in their names."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from haac_pipeline._ingest import sidecar
from haac_pipeline._ingest.sidecar import About, Sidecars, default_name, read_sidecar
from haac_pipeline._input.source import Source
from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import DataError, HaacError


def source(name: str | Path, *, plain: bool = True) -> Source:
    return Source(name=str(name), path=Path(name) if plain else None, read=lambda: b"")


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


FULL = About("Red apple", ("fruit", "red"), "CC0-1.0", "Ann, of Somewhere")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.csv", 'file,name,tags,licence,attribution\na.png,Red apple,fruit;red,CC0-1.0,"Ann, of Somewhere"\n'),
        ("s.csv", '\ufefffile,name,tags,license,attribution\r\na.png, Red apple ,"fruit, red",CC0-1.0,"Ann, of Somewhere"'),
        ("s.csv", 'Tags,File,Licence,Name,Attribution,More\n;fruit;;red;fruit,./a.png,CC0-1.0,Red apple,"Ann, of Somewhere",x\n'),
        ("s.csv", 'file;name;tags;licence;attribution\n\na.png;Red apple;fruit,red;CC0-1.0;Ann, of Somewhere\n'),
        ("s.json", json.dumps({"a.png": {"name": "Red apple", "tags": ["fruit", "red"], "licence": "CC0-1.0",
                                        "attribution": "Ann, of Somewhere"}})),
        ("s.json", json.dumps([{"file": "a.png", "name": "Red apple", "tags": "fruit; red", "license": "CC0-1.0",
                                "attribution": "Ann, of Somewhere", "more": 1}])),
    ],
)  # fmt: skip
def test_forms(tmp_path: Path, name: str, text: str) -> None:
    sidecars = Sidecars(written(tmp_path / name, text))
    assert sidecars.about(source("a.png")) == FULL
    assert sidecars.about(source("b.png")) == About(None, (), "", "")


def test_fields_that_are_not_there_are_empty(tmp_path: Path) -> None:
    table = read_sidecar(written(tmp_path / "s.csv", "file,name,tags\na.png\nb.png,,\n"))
    assert table == {"a.png": About(), "b.png": About()}


def test_the_longest_end_of_the_name_counts(tmp_path: Path) -> None:
    text = (
        "file,name\na.png,any\nx/a.png,in x\npics.zip/y/a.png,in a zip\nhttps://w.org/p/a.png,from the web\n"
    )
    sidecars = Sidecars(written(tmp_path / "s.csv", text))

    def name(of: str, *, plain: bool = True) -> str | None:
        return sidecars.about(source(of, plain=plain)).name

    assert name("a.png") == name("/q/a.png") == name("./a.png") == "any"
    assert name("/q/x/a.png") == name("x/a.png") == name("q\\x\\a.png") == "in x"
    assert name("dir/pics.zip/y/a.png", plain=False) == "in a zip"
    assert name("https://w.org/p/a.png", plain=False) == "from the web"
    assert name("ba.png") is None


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_beside_the_picture(tmp_path: Path, kind: str) -> None:
    for folder in ("one", "two", "none"):
        (tmp_path / folder).mkdir()
    for folder in ("one", "two"):
        text = f"file,name\na.png,{folder}\n" if kind == "csv" else json.dumps({"a.png": {"name": folder}})
        written(tmp_path / folder / f"haac.{kind}", text)
    sidecars = Sidecars(None)
    names = [
        sidecars.about(source(tmp_path / folder / "a.png")).name for folder in ("one", "two", "none", "one")
    ]
    assert names == ["one", "two", None, "one"]
    assert sidecars.about(source(tmp_path / "one" / "a.png", plain=False)) == About()


def test_a_folder_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "haac.csv", "file,name\na.png,A\nb.png,B\n")
    reads: list[Path] = []
    read = read_sidecar

    def counted(path: Path) -> dict[str, About]:
        reads.append(path)
        return read(path)

    monkeypatch.setattr(sidecar, "read_sidecar", counted)
    sidecars = Sidecars(None)
    for name in ("a.png", "b.png", "c.png") * 20:
        sidecars.about(source(tmp_path / name))
    assert reads == [tmp_path / "haac.csv"]


def test_many_folders(tmp_path: Path) -> None:
    sidecars = Sidecars(None)
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir()
        written(folder / "haac.csv", f"file,name\na.png,{number}\n")
        assert sidecars.about(source(folder / "a.png")).name == str(number)


def test_of_one_picture(tmp_path: Path) -> None:
    written(
        tmp_path / "a.jpg.json", json.dumps({"name": "own", "tags": ["t"], "title": "of another program"})
    )
    written(tmp_path / "haac.csv", "file,name\na.jpg,folder\nb.jpg,folder\n")
    sidecars = Sidecars(None)
    assert sidecars.about(source(tmp_path / "a.jpg")) == About("own", ("t",))
    assert sidecars.about(source(tmp_path / "b.jpg")).name == "folder"


def test_the_explicit_one_comes_first(tmp_path: Path) -> None:
    written(tmp_path / "haac.csv", "file,name\na.jpg,folder\nb.jpg,folder\n")
    sidecars = Sidecars(written(tmp_path / "mine.csv", "file,name\na.jpg,mine\n"))
    assert sidecars.about(source(tmp_path / "a.jpg")).name == "mine"
    assert sidecars.about(source(tmp_path / "b.jpg")).name == "folder"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s.csv", "name,tags\nx,y\n", "line 1: there is no column 'file'"),
        ("s.csv", "file,name\na.png,A\n,B\n", "line 3: no file is named"),
        ("s.csv", "file,name\na.png,A\nb.png,B,C\n", "line 3: 3 fields under 2 columns"),
        ("s.csv", "file,name\na.png,A\n\n./a.png,B\n", "line 4: 'a.png' is there already"),
        ("s.csv", f"file,name\na.png,{'x' * 2001}\n", "line 2: 'name' has 2,001 characters; at most 2,000"),
        ("s.csv", f"file,name\na.png,{'x' * 200_000}\n", "line 2: field larger"),
        ("s.csv", f"file,tags\na.png,{';'.join(map(str, range(65)))}\n", "line 2: at most 64 tags"),
        ("s.csv", f"file,tags\na.png,{'x' * 65}\n", "line 2: at most 64 tags of 64"),
        ("s.csv", b"file,name\na.png,caf\xe9\n", "line 2: not UTF-8"),
        ("s.json", '{\n"a.png": {,}}', "line 2: "),
        ("s.json", "3", "neither an object"),
        ("s.json", "", "line 1: "),
        ("s.json", '{"a.png": 3}', "entry 'a.png': not an object"),
        ("s.json", '[{"file": "a.png"}, {"name": "x"}]', "entry 2: no file is named"),
        ("s.json", '[{"file": 3}]', "entry 1: no file is named"),
        ("s.json", '{"a.png": {"name": 3}}', "entry 'a.png': 'name' must be text"),
        ("s.json", '{"a.png": {"tags": {"a": 1}}}', "entry 'a.png': 'tags' must be text"),
        ("s.json", '{"a.png": {"tags": [1]}}', "entry 'a.png': 'tags' must be text"),
        ("s.json", "[" * 200_000, "not usable JSON"),
        ("s.json", '{"a.png": {"name": ' + "9" * 5000 + "}}", "not usable JSON"),
    ],
)
def test_malformed_ones_say_where(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    path = written(tmp_path / name, text)
    with pytest.raises(DataError) as caught:
        Sidecars(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_malformed_ones_beside_the_picture(tmp_path: Path) -> None:
    written(tmp_path / "a.png.json", "[]")
    written(tmp_path / "haac.json", "{")
    for name in ("a.png", "b.png"):
        with pytest.raises(HaacError, match=r"json"):
            Sidecars(None).about(source(tmp_path / name))


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"cannot be read \(No such file"):
        Sidecars(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"cannot be read"):
        Sidecars(tmp_path)
    monkeypatch.setattr(sidecar, "INGEST_LIMITS", replace(INGEST_LIMITS, sidecar_bytes=10))
    with pytest.raises(DataError, match=r"more than 10 bytes"):
        Sidecars(written(tmp_path / "s.csv", "file,name\na.png,A\n"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_red-apple_2.png", "red apple 2"),
        ("pics/in/Eiffel Tower.JPG", "Eiffel Tower"),
        ("pics.zip/in/green__pear.png", "green pear"),
        ("C:\\pics\\old car.bmp", "old car"),
        ("IMG_2034.jpg", "IMG 2034"),
        ("DSC_0001_beach.jpg", "0001 beach"),
        ("https://w.org/a%20b/big%20dog.png?size=3.5#x", "big dog"),
        ("unicorn.png", "unicorn"),
        ("u2.png", "u2"),
        ("useful.png", "useful"),
        ("Äpfel_und_Öl.webp", "Äpfel und Öl"),
        ("___.png", "picture"),
        ("https://w.org/", "picture"),
        ("emoji_u110000.png", "emoji u110000"),
    ],
)
def test_names_out_of_file_names(name: str, expected: str) -> None:
    assert default_name(name) == (expected, ())


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("emoji_u1f600", "grinning face"),
        ("u1f600", "grinning face"),
        ("emoji_u1F600", "grinning face"),
        ("emoji_u1f468_200d_1f33e", "man, ear of rice"),
        ("emoji_u1f44b_1f3fd", "waving hand sign, medium skin tone"),
        ("emoji_u1f469_200d_1f9b0", "woman, red hair"),
        ("emoji_u2764_fe0f", "heavy black heart"),
        ("emoji_u0023_20e3", "number sign, keycap"),
        ("emoji_u1f1e9_1f1ea", "flag de"),
        ("emoji_u1f3f4_e0067_e0062_e0073_e0063_e0074_e007f", "waving black flag, flag gbsct"),
        ("emoji_u1f6ff", "u+1f6ff"),
    ],
)
def test_names_of_emoji(stem: str, expected: str) -> None:
    assert default_name(f"set/128/{stem}.png") == (expected, ("emoji",))


def test_default_names_fit_the_catalog() -> None:
    assert len(default_name("x" * 5000 + ".png")[0]) == 2000
