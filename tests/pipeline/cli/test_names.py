"""Names of files that are no text, or as long as names may be: the recipe stands under the same bytes, and output stays valid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from haac import from_binary
from haac_repo import Repository, write_file

NAMES = (
    b"plain.png", b"caf\xe9.png", b"\xff.png", b"\xfe.png", b"\x1b[31m.png", b"two\nlines.png",
    b"d\xe9/deep.png", b"a" * 242 + b".png", b"b" * 246 + b".png", b"c" * 251 + b".png", "ü".encode() * 125 + b".png",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures under NAMES, each of another size."""
    made = tmp_path / "p"
    made.mkdir()
    for number, name in enumerate(NAMES):
        path = made / os.fsdecode(name)
        try:
            path.parent.mkdir(exist_ok=True)
            Image.new("RGBA", (20 + number, 9), (number, 2, 3, 255)).save(path)
        except OSError:
            pytest.skip("this file system refuses such names")
    return made


def haac(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-c", "from haac._cli.main import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=os.environ | environment, check=False)


def inside(folder: Path) -> Iterator[bytes]:
    top = os.fsencode(folder)
    for where, _, names in os.walk(top):
        yield from (os.path.relpath(os.path.join(where, name), top) for name in names)  # noqa: PTH118


LOCALES: list[dict[str, str]] = [
    {"LC_ALL": "C.UTF-8"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "latin-1"},
]


@pytest.mark.parametrize("locale", LOCALES, ids=["utf-8", "c", "latin-1"])
def test_ingest_and_compress_go_on(folder: Path, tmp_path: Path, locale: dict[str, str]) -> None:
    Repository.create(tmp_path / "r").close()
    report = tmp_path / os.fsdecode(b"rep\xe9.json")
    done = haac(
        "ingest", folder, "--repo", tmp_path / "r", "--jobs", 1, "--no-index", "--model", "none", "--report", report, **locale
    )  # fmt: skip
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert json.loads(report.read_bytes().decode("utf-8"))["counts"]["stored"] == len(NAMES)
    with Repository.open(tmp_path / "r") as repository:
        assert len(repository) == len(NAMES)
    done = haac("compress", folder, "--no-catalog", "--jobs", 1, "--subject-weight", 1, "--json", **locale)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout.decode("utf-8"))
    assert len(told) == len(NAMES)
    recipes = sorted(name for name in inside(folder) if name.endswith(b".haac"))
    short = [name for name in NAMES if len(name) < 254]
    assert {name.removesuffix(b".png") + b".haac" for name in short} <= set(recipes)
    assert len(recipes) == len(NAMES)
    for number, name in enumerate(NAMES):
        if name in short:
            path = folder / os.fsdecode(name.removesuffix(b".png") + b".haac")
            assert from_binary(path.read_bytes()).width == 20 + number
    assert max(len(os.path.basename(name)) for name in recipes) <= 255  # noqa: PTH119
    assert not [name for name in inside(folder) if name.endswith(b".tmp")]


def test_long_names_that_begin_alike_get_recipes_of_their_own(tmp_path: Path) -> None:
    for end in "xyz":
        Image.new("RGB", (9, 9), "teal").save(tmp_path / ("a" * 250 + end + ".png"))
    done = haac(
        "compress",
        tmp_path,
        "--no-catalog",
        "--jobs",
        1,
        "--subject-weight",
        1,
        "--report",
        tmp_path / "reports",
    )
    assert done.returncode == 0, done.stderr
    assert len([name for name in inside(tmp_path) if name.endswith(b".haac")]) == 3
    assert len(list((tmp_path / "reports").iterdir())) == 3


def test_what_is_passed_over_is_listed(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9), "teal").save(tmp_path / "a.png")
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).touch()
    (tmp_path / "b.cr2").touch()
    args = ("compress", tmp_path, "--no-catalog", "--jobs", 1, "--subject-weight", 1)
    done = haac(*args, "--json", PYTHONIOENCODING="utf-8")
    assert done.returncode == 0, done.stderr
    first, last = json.loads(done.stdout)
    assert first["recipe"] == str(tmp_path / "a.haac")
    assert last["picture"] is None
    assert [(group["suffix"], group["count"]) for group in last["passed_over"]] == [(".cr2", 1), (".txt", 1)]
    assert b"passed over: 1 .cr2 (camera raw" in done.stderr
    (tmp_path / "a.png").unlink()
    done = haac(*args)
    assert done.returncode == 1
    assert b"no pictures" in done.stderr
    assert b".cr2" in done.stderr


def test_files_are_written_whole_under_names_of_any_length(tmp_path: Path) -> None:
    for name in ("x" * 255, "ü" * 127, os.fsdecode(b"\xff" * 255)):
        try:
            (tmp_path / name).touch()
        except OSError:
            pytest.skip("this file system refuses such names")
        write_file(tmp_path / name, b"data")
        assert (tmp_path / name).read_bytes() == b"data"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_and_devices_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(FileExistsError, match="pipe or device"):
            write_file(tmp_path / name, b"data")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]
    assert (tmp_path / "pipe").is_fifo()


def test_errors_name_the_file_and_not_its_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(name: str, *_: object) -> None:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(PermissionError) as caught:
        write_file(tmp_path / "a.haac", b"data")
    assert caught.value.filename == str(tmp_path / "a.haac")


def test_a_sidecar_lists_a_name_as_it_is_shown(tmp_path: Path) -> None:
    from haac_pipeline import find_sources
    from haac_pipeline._ingest.sidecar import Sidecars

    (tmp_path / os.fsdecode(b"caf\xe9.png")).touch()
    (tmp_path / ("x" * 251 + ".png")).touch()
    (tmp_path / "haac.json").write_text('{"caf\\ufffd.png": {"name": "coffee"}}')
    names = [Sidecars(None).about(each).name for each in find_sources(tmp_path)]  # type: ignore[arg-type]
    assert names == ["coffee", None]


def test_a_malformed_sidecar_costs_the_pictures_of_its_folder(tmp_path: Path) -> None:
    for name in ("p/a/1.png", "p/b/2.png", "p/c/3.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("RGBA", (20, 9), (int(name[-5]), 2, 3, 255)).save(tmp_path / name)
    (tmp_path / "p/b/haac.csv").write_text("no,columns\n")
    (tmp_path / "p/c/3.png.json").write_text("[]")
    Repository.create(tmp_path / "r").close()
    done = haac(
        "ingest",
        tmp_path / "p",
        "--repo",
        tmp_path / "r",
        "--model",
        "none",
        "--jobs",
        1,
        "--no-index",
        "--json",
    )
    assert done.returncode == 1
    files = json.loads(done.stdout)["files"]
    assert [file["status"] for file in files] == ["stored", "refused", "refused"]
    assert "there is no column 'file'" in files[1]["reason"]


def test_pictures_of_the_same_name_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for number, name in enumerate(("a/1.png", "b/1.png", "../../2.png")):
            with archive.open(name, "w") as file:
                Image.new("RGB", (20 + number, 9)).save(file, "PNG")
    out = tmp_path / "out"
    args = ("compress", tmp_path / "x.zip", "--no-catalog", "--jobs", 1, "--subject-weight", 1, "-o", out)
    done = haac(*args)
    assert done.returncode == 0, done.stderr
    widths = {path.name: from_binary(path.read_bytes()).width for path in out.iterdir()}
    assert widths == {"a-1.png.haac": 20, "b-1.png.haac": 21, "2.haac": 22}
