"""The element commands, through the `haac` command as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac._cli.main import _run
from haac_repo import Provenance, Repository, pixel_hash
from tests.repo.elements import MakeElement

Haac = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_element: MakeElement) -> Path:
    path = tmp_path / "repo"
    monkeypatch.setenv("HAAC_REPO", str(path))
    monkeypatch.chdir(tmp_path)
    with Repository.create(path) as made, made.writer() as writer:
        for seed, (name, colour) in enumerate(
            [("red car", 0xFF0000), ("blue car", 0x0000FF), ("tree", 0x00AA00)]
        ):
            provenance = Provenance(
                licence="CC0-1.0", attribution="Ann", source=f"{name}.jpg", model="u2net 1"
            )
            writer.add(
                make_element(
                    seed, 16 + seed, name=name, tags=("thing",), colour=colour, provenance=provenance
                )
            )
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


def test_init(haac: Haac, tmp_path: Path) -> None:
    target = tmp_path / "new"
    code, out, err = haac("init", "--repo", str(target))
    assert (code, out) == (0, f"Made the repository {target}\n")
    assert "haac ingest" in err
    with Repository.open(target) as made:
        code, out, err = haac("init", "--repo", str(target), "-q")
        assert (code, out) == (1, "")
        assert err == f"Error: there is a repository in {target} already\n"
        other = tmp_path / "other"
        code, out, _ = haac("init", "--repo", str(other), "--json")
        assert json.loads(out)["id"] != made.id


@pytest.mark.usefixtures("repo")
def test_search(haac: Haac) -> None:
    code, out, _ = haac("search", "car")
    assert (code, out) == (0, "1  16x16  red car   #thing\n2  17x17  blue car  #thing\n")
    code, out, err = haac("search", "--limit", "1")
    assert out.count("\n") == 1
    assert "--limit shows more" in err
    code, out, _ = haac("search", "--colour", "darkgreen", "--json")
    assert (json.loads(out)[0]["id"], json.loads(out)[0]["colour"]) == ("3", "#00aa00")
    code, out, _ = haac("search", "car", "--color", "#0000fe")
    assert out.startswith("2")
    code, out, err = haac("search", "nothing")
    assert (code, out, err) == (0, "", "Nothing was found.\n")
    code, out, err = haac("search", "--colour", "blurple")
    assert code == 2
    assert "'blurple' is no colour" in err


@pytest.mark.usefixtures("repo")
def test_show(haac: Haac, tmp_path: Path) -> None:
    code, out, _ = haac("show", "2")
    assert code == 0
    assert "17x17 pixels" in out
    assert "CC0-1.0" in out
    code, out, _ = haac("show", "2", "--json")
    shown = json.loads(out)
    assert (shown["id"], shown["number"], shown["provenance"]["attribution"]) == ("2", 2, "Ann")
    for name in ("two.png", "two.webp"):
        code, _, err = haac("show", "2", "-o", name)
        assert (code, err) == (0, f"Wrote {name}\n")
        with Image.open(tmp_path / name) as image:
            assert pixel_hash(image.convert("RGBA")) == shown["pixels_sha256"]
    code, _, _ = haac("show", "2", "-o", "board.png", "--checkerboard")
    with Image.open(tmp_path / "board.png") as image:
        assert (image.mode, image.size) == ("RGB", (17, 17))
    assert haac("show", "2", "-o", "two.jpg")[0] == 2
    assert haac("show", "zz")[:2] == (1, "")
    assert "its ids run from 1 to 3" in haac("show", "zz")[2]


@pytest.mark.usefixtures("repo")
def test_sheet(haac: Haac, tmp_path: Path) -> None:
    code, out, _ = haac("sheet", "--per-page", "2", "--cell", "64", "--columns", "2")
    assert (code, out) == (0, "sheet.png\nsheet-2.png\n")
    with Image.open(tmp_path / "sheet.png") as one, Image.open(tmp_path / "sheet-2.png") as two:
        assert one.size == two.size
        assert len(one.convert("RGB").getcolors(2**20) or ()) > len(two.convert("RGB").getcolors(2**20) or ())
    code, out, _ = haac("sheet", "-o", "some.png", "--ids", "3,1", "--json")
    assert (code, json.loads(out)) == (0, ["some.png"])
    assert haac("sheet", "--ids", "9")[0] == 1
    assert haac("sheet", "nothing")[0] == 1
    assert haac("sheet", "car", "--ids", "1")[0] == 2
    assert haac("sheet", "-o", "sheet.jpg")[0] == 2


def test_sheet_shows_elements_where_they_belong(haac: Haac, repo: Path, tmp_path: Path) -> None:
    """The element's own pixels stand in the middle of its cell."""
    haac("sheet", "--ids", "1", "--cell", "32", "-o", "one.png")
    with Repository.open(repo) as opened, Image.open(tmp_path / "one.png") as sheet:
        element = np.asarray(opened.image(1))
        x, y = 32 + 8, 32 + 40 + 8  # margin, title, (32 - 16) / 2
        part = np.asarray(sheet.convert("RGB").crop((x, y, x + 16, y + 16)))
        opaque = element[..., 3] == 255
        assert opaque.any()
        assert np.array_equal(part[opaque], element[opaque][:, :3])


def test_doubtful_ones_are_listed_and_drawn(
    haac: Haac, repo: Path, tmp_path: Path, make_element: MakeElement
) -> None:
    assert haac("search", "--doubtful")[1:] == ("", "Nothing was found.\n")
    with Repository.open(repo) as opened, opened.writer() as writer:
        writer.add(make_element(8, name="half a cup", quality=20, doubts=("soft", "in pieces")))
    rows = json.loads(haac("search", "--doubtful", "--json")[1])
    assert [(row["name"], row["quality"], row["doubts"]) for row in rows] == [
        ("half a cup", 20, ["soft", "in pieces"])
    ]
    assert "soft, in pieces" in haac("show", rows[0]["id"])[1]
    assert haac("sheet", "-o", "plain.png", "--ids", rows[0]["id"])[0] == 0
    assert haac("sheet", "-o", "doubtful.png", "--doubtful")[0] == 0
    with Image.open(tmp_path / "plain.png") as plain, Image.open(tmp_path / "doubtful.png") as doubtful:
        assert doubtful.height == plain.height + 14, "a line for quality and doubts"
    assert haac("sheet", "--doubtful", "--ids", "1")[0] == 2
    assert haac("sheet", "--doubtful", "car")[0] == 1


@pytest.mark.usefixtures("repo")
def test_sheet_says_what_cannot_be_shown(haac: Haac) -> None:
    haac("takedown", "1", "--reason", "no")
    code, _, err = haac("sheet", "--ids", "1,2", "-v")
    assert code == 0
    assert "element 1 was withdrawn: no" in err


def test_tag(haac: Haac, repo: Path) -> None:
    code, out, _ = haac("tag", "1", "2", "--add", "Fast,four wheels", "--remove", "thing")
    assert code == 0
    assert "#fast #four wheels" in out
    haac("tag", "3", "--name", "oak")
    with Repository.open(repo) as opened:
        assert opened.element(2).tags == ("fast", "four wheels")
        assert opened.element(3).name == "oak"
    assert haac("tag", "1")[0] == 2
    assert haac("tag", "1", "--add", " , ")[0] == 2
    assert haac("tag", "1", "--add", "a,B", "--remove", "b")[0] == 2
    assert haac("tag", "77", "--name", "x")[0] == 1


@pytest.mark.usefixtures("repo")
def test_tag_says_what_there_was_nothing_to_change_about(haac: Haac) -> None:
    records = json.loads(haac("stats", "--json")[1])["unpublished"]
    code, out, err = haac("tag", "1", "--remove", "Gone", "--add", "thing", "--name", "red car")
    assert (code, out) == (0, "1  16x16  red car  #thing\n")
    assert err.splitlines() == [
        "Element 1 has the tag 'thing' already.",
        "Element 1 has no tag 'gone' to remove.",
        "Element 1 is named 'red car' already.",
    ]
    assert haac("tag", "1", "--remove", "gone", "-q")[1:] == (out, "")
    (row,) = json.loads(haac("tag", "1", "--remove", "gone", "--add", "thing", "--json")[1])
    told = ("changed", "added", "added_before", "removed", "not_there", "name_before")
    assert [row[key] for key in told] == [False, [], ["thing"], [], ["gone"], "red car"]
    assert json.loads(haac("stats", "--json")[1])["unpublished"] == records, "nothing was written"

    code, out, err = haac("tag", "1", "2", "--remove", "thing,gone", "--add", "new", "--json")
    rows = json.loads(out)
    assert [(row["changed"], row["added"], row["removed"], row["not_there"]) for row in rows] == [
        (True, ["new"], ["thing"], ["gone"])
    ] * 2
    assert [row["tags"] for row in rows] == [["new"]] * 2


def test_tag_takes_a_name_away(haac: Haac, repo: Path) -> None:
    assert haac("tag", "1", "--name", " ")[2] == "Element 1 has no name any more; it was 'red car'.\n"
    with Repository.open(repo) as opened:
        assert opened.element(1).name == ""
    assert haac("tag", "1", "--name", "")[2] == "Element 1 has no name to remove.\n"
    (row,) = json.loads(haac("tag", "1", "--name", "x", "--json")[1])
    assert (row["changed"], row["name"], row["name_before"]) == (True, "x", "")


@pytest.mark.usefixtures("repo")
def test_an_element_named_twice_is_changed_once(haac: Haac) -> None:
    assert len(json.loads(haac("tag", "1", "1", "--add", "x", "--json")[1])) == 1
    assert haac("takedown", "2", "2", "--reason", "no")[:2] == (0, "Withdrew 2\n")


@pytest.mark.parametrize(
    ("command", "more"), [("tag --add x", "; element 2 was withdrawn: no"), ("takedown --reason x", "")]
)
def test_where_one_element_is_not_there_none_is_changed(
    haac: Haac, repo: Path, command: str, more: str
) -> None:
    haac("takedown", "2", "--reason", "no")
    name, *options = command.split()
    before = json.loads(haac("stats", "--json")[1])
    code, out, err = haac(name, "1", "2", "77", "88", *options)
    assert (code, out) == (1, "")
    assert err == f"Error: elements 77, 88 are not in {repo}: its ids run from 1 to 3{more}\n"
    assert json.loads(haac("stats", "--json")[1]) == before


@pytest.mark.usefixtures("repo")
def test_options_that_would_do_nothing_are_refused(haac: Haac, tmp_path: Path) -> None:
    assert haac("show", "1", "--checkerboard")[0] == 2
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    for args in (
        ["blur", "a.png", "--size", "9"],
        ["blur", "a.png", "-o", "b.png"],
        ["blur", "Axx", "--decode", "-o", "b.png", "--bytes", "9"],
        ["blur", "Axx", "--decode", "-o", "b.png", "--bytes", "20"],
        ["decompress", "haac1:5x5", "-o", "b.png", "--format", "webp"],
        ["compress", "a.png", "--no-catalog", "--effort", "9"],
        ["compress", "a.png", "--no-catalog", "--max-layers", "3"],
        ["compress", "a.png", "--no-catalog", "--only-tag", "x"],
        ["compress", "a.png", "--no-catalog", "--fingerprint"],
        ["ingest", "a.png", "-o", "b.haac"],
        ["ingest", "--from", "x.haac", "--dry-run"],
    ):
        code, out, err = haac(*args)
        assert (code, out) == (2, ""), args
        assert err.splitlines()[-1].startswith("Error: "), args
    assert [path.name for path in tmp_path.glob("b.*")] == []


@pytest.mark.usefixtures("repo")
def test_takedown(haac: Haac) -> None:
    code, out, err = haac("takedown", "2", "--reason", "asked by its author")
    assert (code, out) == (0, "Withdrew 2\n")
    assert "haac publish" in err
    code, out, err = haac("show", "2", "-o", "x.png")
    assert (code, err) == (1, "Error: element 2 was withdrawn: asked by its author\n")
    assert "asked by its author" in haac("show", "2")[1]
    assert haac("takedown", "2", "--reason", "again") == (
        0,
        "",
        "Withdrawn before, and left as it was: element 2.\n",
    )
    assert "asked by its author" in haac("show", "2")[1]
    assert haac("takedown", "3")[0] == 2
    assert haac("takedown", "--reason", "x")[0] == 2


def test_takedown_of_ranges_and_tags(haac: Haac, repo: Path) -> None:
    haac("tag", "3", "--add", "odd")
    code, out, err = haac("takedown", "1-2", "--tag", "odd", "--reason", "no")
    assert (code, out) == (0, "Withdrew 1\nWithdrew 2\nWithdrew 3\n")
    assert haac("takedown", "--tag", "even", "--reason", "no") == (
        1,
        "",
        "Error: no element has the tag 'even'\n",
    )
    assert haac("takedown", "5-9", "--reason", "no")[2] == f"Error: element 5-9 is not in {repo}\n"
    assert haac("takedown", "9-5", "--reason", "no")[2] == (
        "Error: the range '9-5' ends before it begins: write 5-9\n"
    )
    code, _, err = haac("takedown", "1-", "--reason", "no")
    assert (code, err.startswith("Error: '' is not an element id")) == (1, True)


def test_discard(haac: Haac, repo: Path) -> None:
    code, out, err = haac("discard", "2-3", "--dry-run")
    assert (code, err) == (0, "Dry run: 2 elements would be discarded.\n")
    assert [line.split()[0] for line in out.splitlines()] == ["2", "3"]
    found = json.loads(haac("discard", "2", "77", "--json")[1])
    assert ([row["id"] for row in found["elements"]], found["next_id"]) == (["2"], "4")
    assert (
        haac("show", "2")[2]
        == f"Error: element 2 is not in {repo}: it was discarded before it was published\n"
    )
    # Given again, it does nothing.
    code, out, err = haac("discard", "2")
    assert (code, out) == (0, "")
    assert err.startswith(f"Passed over: element 2 is not in {repo}")
    assert haac("discard", "--tag", "thing")[2] == "Discarded 2 elements; the next new one gets the id 1.\n"
    assert haac("verify")[0] == 0
    assert haac("discard")[0] == 2


@pytest.mark.usefixtures("repo")
def test_what_was_published_is_not_discarded(haac: Haac, make_element: MakeElement, repo: Path) -> None:
    haac("publish")
    with Repository.open(repo) as opened, opened.writer() as writer:
        writer.add(make_element(50))
    for options in ([], ["--dry-run"]):
        code, out, err = haac("discard", "2-4", *options)
        assert (code, out) == (1, "")
        assert err.startswith("Error: published already: elements 2, 3. Nothing was discarded")
        assert "haac takedown" in err
    assert json.loads(haac("stats", "--json")[1])["elements"] == 4


def test_verify(haac: Haac, repo: Path) -> None:
    code, out, _ = haac("verify")
    assert code == 0
    assert "is in order; 3 elements" in out
    pack = repo / "open" / "1.pack"
    data = bytearray(pack.read_bytes())
    data[-1] ^= 1
    pack.write_bytes(data)
    assert haac("verify", "--quick")[0] == 0
    code, out, _ = haac("verify", "--json")
    assert code == 1
    assert json.loads(out)["problems"][0]["elements"] == [3]
    code, out, _ = haac("verify")
    assert (code, "elements: 3" in out, "1 problem in" in out) == (1, True, True)
    data[-1] ^= 1
    pack.write_bytes(data + b"tail")
    code, out, err = haac("verify")
    assert (code, "4 bytes at its end" in err) == (0, True)
    code, out, _ = haac("verify", "--repair")
    assert (code, "Repaired: cut off" in out) == (0, True)
    assert haac("verify", "--repo", "nowhere")[0] == 1


@pytest.mark.usefixtures("repo")
def test_stats(haac: Haac) -> None:
    code, out, _ = haac("stats")
    assert code == 0
    assert "CC0-1.0 3" in out
    found = json.loads(haac("stats", "--json")[1])
    assert (found["elements"], found["tags"], found["models"]) == (3, {"thing": 3}, {"u2net 1": 3})
    assert found["biggest"][0]["id"] == "3"
    assert found["unpublished"] == 3
    assert found["packs"] == {"open": {"packs": 1, "bytes": found["bytes"]}}


@pytest.mark.parametrize("command", ["search", "stats", "show 1", "sheet", "verify"])
def test_no_repository_is_one_clear_line(
    haac: Haac, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    code, out, err = haac(*command.split())
    assert (code, out) == (1, "")
    assert err.startswith("Error: there is no repository in haac-repo")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("repo")
def test_search_finds_other_forms_and_other_spellings(haac: Haac) -> None:
    assert haac("search", "trees")[1].split()[:3] == ["3", "18x18", "tree"]
    code, out, err = haac("search", "blu", "caar")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["2"]
    assert err == "No element has 'blu caar': these have 'blu car'. --exact asks for nothing else.\n"
    code, out, err = haac("search", "caar", "--json")
    assert [(row["id"], row["found_by"]) for row in json.loads(out)] == [("1", "car"), ("2", "car")]
    assert all("found_by" not in row for row in json.loads(haac("search", "trees", "--json")[1]))
    assert haac("search", "caar", "thing", "--colour", "blue")[1].split()[0] == "2"


@pytest.mark.parametrize("words", [["caar"], ["trees"], ["tre"]])
@pytest.mark.usefixtures("repo")
def test_exact_words_are_not_replaced(haac: Haac, words: list[str]) -> None:
    assert haac("search", "--exact", *words) == (0, "", "Nothing was found.\n")
    code, out, err = haac("sheet", "--exact", *words)
    assert (code, out) == (1, "")
    assert "no such elements" in err


@pytest.mark.parametrize("command", ["search", "sheet"])
def test_exact_goes_with_words(haac: Haac, command: str) -> None:
    code, out, err = haac(command, "--exact")
    assert (code, out) == (2, "")
    assert "--exact goes with words." in err


def test_a_sheet_has_what_search_finds(haac: Haac, repo: Path) -> None:
    code, out, err = haac("sheet", "caar")
    assert (code, out) == (0, "sheet.png\n")
    assert "these have 'car'" in err
    assert (repo.parent / "sheet.png").exists()
