"""The commands about recipes, run as a user runs them, on a small repository."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from haac import Scene, from_binary, from_text, read_recipe, render, to_text
from haac._forms import inspect as inspection
from haac._vectors import DrawnElements
from haac_repo import NewElement, Provenance, Repository, Server, encode, pixel_hash

Run = Callable[..., tuple[int, str, str]]

SCRIPT = """\
from haac import Scene, gradient

scene = Scene(160, 120, background=gradient("skyblue", "white"))
scene.element("4").resize(160, 60).place(0, 60)
scene.element("1").resize(40).rotate(12).blur(1.5).place(60, 20)
"""


def drawn(number: int, **known: Any) -> NewElement:
    """A picture of the golden vectors."""
    image = DrawnElements().image(number)
    return NewElement(
        data=encode(image),
        width=image.width,
        height=image.height,
        pixels_sha256=pixel_hash(image),
        **known,
    )


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    names = ["disc", "noise", "stripes", "hills"]
    with Repository.create(path) as repository, repository.writer() as writer:
        for number, name in enumerate(names, 1):
            terms = Provenance(licence="CC0-1.0", attribution="the tests", source=f"{name}.png")
            writer.add(drawn(number, name=name, provenance=terms))
    return path


@pytest.fixture
def haac(repo: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("HAAC_REPO", str(repo))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scene.py").write_text(SCRIPT)

    return run


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_from_script_to_picture_and_back(haac: Run, repo: Path, tmp_path: Path) -> None:
    code, out, _ = haac("compile", "scene.py", "-o", "scene.haac")
    data = (tmp_path / "scene.haac").read_bytes()
    assert (code, out) == (0, f"scene.haac: {len(data)} bytes, 2 layers\n")
    assert len(data) < 30

    code, out, _ = haac("compile", "scene.py")
    assert code == 0
    assert from_text(out) == from_binary(data)

    assert haac("decompile", "scene.haac", "-o", "again.py")[0] == 0
    assert haac("compile", "again.py", "-o", "again.haac")[0] == 0
    assert (tmp_path / "again.haac").read_bytes() == data

    code, out, _ = haac("decompress", "scene.haac", "--json")
    assert code == 0
    with Repository.open(repo) as repository:
        expected = render(read_recipe(data), repository)
    with Image.open(tmp_path / "scene.png") as image:
        assert pixel_hash(image.convert("RGBA")) == pixel_hash(expected) == json.loads(out)[0]["pixels"]


def test_a_picture_beside_its_recipe_is_not_replaced(haac: Run, tmp_path: Path) -> None:
    assert haac("compile", "scene.py", "-o", "scene.haac")[0] == 0
    original = tmp_path / "scene.png"
    Image.new("RGB", (20, 10), "red").save(original)
    before = original.read_bytes()
    code, _, err = haac("decompress", "scene.haac")
    assert (code, original.read_bytes()) == (1, before)
    assert "--force" in err
    assert haac("decompress", "scene.haac", "--force")[0] == 0
    assert original.read_bytes() != before
    assert haac("decompress", "scene.haac")[0] == 0  # it shows just that
    assert haac("decompress", "scene.haac", "-o", "scene.png")[0] == 0  # as it was told


def test_a_folder_is_made_only_for_a_picture(haac: Run, tmp_path: Path) -> None:
    assert haac("decompress", "haac1:20x20;zz", "-o", "new")[0] == 1
    assert not (tmp_path / "new").exists()
    assert haac("decompress", "haac1:20x20;1", "-o", "new")[0] == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["picture.png"]


@pytest.mark.parametrize("form", ["binary", "text"])
def test_a_recipe_is_not_run_as_a_script(haac: Run, tmp_path: Path, form: str) -> None:
    haac("compile", "scene.py", "-o", "a scene.py.haac", "--form", form)
    (tmp_path / "other.py").write_bytes((tmp_path / "a scene.py.haac").read_bytes())
    code, _, err = haac("compile", "a scene.py.haac", "-o", "new.haac")
    assert code == 1
    assert f"a scene.py.haac is a recipe already, in the {form} form, and no script" in err
    assert "`haac decompile 'a scene.py.haac'`" in err
    assert "`haac decompress 'a scene.py.haac'`" in err
    assert not (tmp_path / "new.haac").exists()
    assert f"other.py is a recipe already, in the {form} form" in haac("preview", "other.py")[2]


def test_a_preview_does_not_go_to_a_folder(haac: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    code, _, err = haac("preview", "scene.py", "-o", "folder")
    assert (code, err.count("Error:"), "'folder' is a directory" in err) == (2, 1, True)
    assert list((tmp_path / "folder").iterdir()) == []


def test_preview_of_a_script_and_of_a_recipe(haac: Run, tmp_path: Path) -> None:
    assert haac("preview", "scene.py")[0] == 0
    haac("compile", "scene.py", "-o", "scene.txt")
    assert haac("preview", "scene.txt", "-o", "other.webp")[0] == 0
    with Image.open(tmp_path / "scene.preview.png") as a, Image.open(tmp_path / "other.webp") as b:
        assert a.convert("RGBA").tobytes() == b.convert("RGBA").tobytes()


def test_the_text_itself_and_standard_input_are_recipes_too(haac: Run, tmp_path: Path) -> None:
    assert haac("decompress", "haac1:20x20;1")[0] == 0
    assert size_of(tmp_path / "picture.png") == (32, 32)
    piped = subprocess.run(
        [sys.executable, "-c", "from haac._cli.main import main; main()", "decompile", "-"],
        input=b"haac1:20x20;1",
        capture_output=True,
        check=True,
    )
    assert b'scene.element("1")' in piped.stdout


def test_a_folder_of_recipes_goes_on_after_a_bad_one(haac: Run, tmp_path: Path) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    for n in range(6):
        (folder / f"{n}.txt").write_text(f"haac1:{n + 10:x}x10;{n % 4 + 1}")
    (folder / "bad.haac").write_bytes(b"\xa1\x00\x01")
    (folder / "gone.txt").write_text("haac1:10x10;z")
    (folder / "unrelated.md").write_text("hello")
    code, out, err = haac("decompress", folder, "-o", "pictures", "--json")
    assert code == 1
    rows = {Path(row["recipe"]).stem: row for row in json.loads(out)}
    assert len(rows) == 8
    assert "damaged" in rows["bad"]["error"]
    assert "bad.haac: " in err
    assert "gone.txt: " in err
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == [f"{n}.png" for n in range(6)]
    assert size_of(tmp_path / "pictures" / "3.png") == (13, 16)


def test_usage_errors_exit_with_2(haac: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("haac1:5x5")
    (tmp_path / "x.txt").write_text("haac1:5x5")
    for args in (
        ["decompress"],
        ["decompress", "empty"],
        ["decompress", "x.txt", "a/x.txt", "-o", "one.png"],
        ["decompress", "x.txt", "a/x.txt", "-o", "folder"],
        ["compile", "scene.py", "--form", "paper"],
    ):
        code, _, err = haac(*args)
        assert code == 2, args
        assert "Error" in err


def test_failures_exit_with_1_and_leave_nothing_behind(haac: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("nonsense(\n")
    (tmp_path / "zeros.py").write_bytes(b"GIF89a\0\0")
    (tmp_path / "photo.haac").write_bytes(b"\x89PNG\r\n\x1a\n")
    before = sorted(tmp_path.iterdir())
    for args, complaint in (
        (["compile", "broken.py", "-o", "out.haac"], "line 1"),
        (["compile", "missing.py", "-o", "out.haac"], "no script missing.py"),
        (["compile", "haac1:9x9"], "is a recipe already, in the text form"),
        (["compile", "zeros.py"], "zeros.py is no script: it is not text"),
        (["preview", "scene.py", "-o", "new"], "the picture's name has no suffix"),
        (["decompress", "missing.haac", "-o", "out.png"], "No such file"),
        (["decompress", "photo.haac", "-o", "out.png"], "no recipe"),
        (["decompress", "haac1:5x5;zz", "-o", "out.png"], "zz"),
        (["decompress", "haac1:5x5;1", "-o", "out.xyz"], ".xyz"),
        (["decompress", "haac1:5x5;1", "--repo", "nowhere"], "nowhere"),
        (["inspect", "photo.haac"], "no recipe"),
        (["credits", "haac1:5x5;zz"], "zz"),
    ):
        code, out, err = haac(*args)
        assert (code, out) == (1, ""), args
        assert complaint in err
        assert err.count("\n") == 1, "one message"
    assert sorted(tmp_path.iterdir()) == before


def test_a_wrong_repository_is_noticed_by_the_fingerprint(haac: Run, repo: Path, tmp_path: Path) -> None:
    assert haac("compile", "scene.py", "-o", "scene.haac", "--fingerprint")[0] == 0
    assert haac("decompress", "scene.haac")[0] == 0
    other = tmp_path / "other"
    with Repository.open(repo) as repository:
        fingerprint = repository.fingerprint
    while True:
        with Repository.create(other) as repository:
            if repository.fingerprint != fingerprint:
                break
        other = other.with_name(other.name + "r")
    code, _, err = haac("decompress", "scene.haac", "--repo", other)
    assert code == 1
    assert f"{fingerprint:04x}" in err


def test_a_recipe_for_another_repository_is_not_drawn_with_what_has_its_ids_here(
    haac: Run, repo: Path, tmp_path: Path
) -> None:
    """By default, of recipes that were made beside their repository."""
    with Repository.open(repo) as repository:
        mark = repository.fingerprint
    other = tmp_path / "other"
    with Repository.create(other) as repository, repository.writer() as writer:
        for number in (1, 2, 3, 4):
            image = DrawnElements().image(number).rotate(180)
            size, pixels = image.size, pixel_hash(image)
            writer.add(
                NewElement(data=encode(image), width=size[0], height=size[1], pixels_sha256=pixels, name="x")
            )
        found = repository.fingerprint
    if found == mark:  # one in 65,536
        pytest.skip("both repositories have the same fingerprint")
    assert haac("compile", "scene.py", "-o", "scene.haac")[0] == 0
    code, out, err = haac("decompress", "scene.haac", "-o", "scene.png", "--repo", other)
    assert (code, out, f"{mark:04x}" in err, (tmp_path / "scene.png").exists()) == (1, "", True, False)
    for command in ("explain", "inspect"):
        out = haac(command, "scene.haac", "--repo", other)[1]
        assert f"fingerprint {mark:04x}, not the one in {other}, which has {found:04x}" in out
        assert "element 1" in out, "the names there are of other elements"
        facts = json.loads(haac(command, "scene.haac", "--repo", other, "--json")[1])
        assert (facts["fingerprint"], facts["fits_repository"]) == (f"{mark:04x}", False)


def test_explain_and_inspect_show_the_fingerprint(haac: Run, repo: Path) -> None:
    with Repository.open(repo) as repository:
        mark = f"{repository.fingerprint:04x}"
    haac("compile", "scene.py", "-o", "marked.haac")
    haac("compile", "scene.py", "-o", "bare.haac", "--no-fingerprint")
    for command in ("explain", "inspect"):
        assert f"fingerprint {mark}, as {repo} has." in haac(command, "marked.haac")[1]
        assert "none at hand" in haac(command, "marked.haac", "--repo", "nowhere")[1]
        assert "It has no fingerprint" in haac(command, "bare.haac")[1]
        assert "fingerprint" not in haac(command, "haac1:5x5")[1]
        for recipe, where, expected in (
            ("marked.haac", repo, (mark, True)),
            ("marked.haac", "nowhere", (mark, None)),
            ("bare.haac", repo, (None, None)),
        ):
            facts = json.loads(haac(command, recipe, "--repo", where, "--json")[1])
            assert (facts["fingerprint"], facts["fits_repository"]) == expected
    fields = json.loads(haac("inspect", "marked.haac", "--json")[1])["fields"]
    assert {"part": "file", "name": "fingerprint", "value": mark, "bits": 16.0} in fields


def test_inspecting_thousands_of_layers_goes_through_the_fields_a_few_times_only(
    haac: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went through all of them for every layer: minutes for a recipe at the limit."""
    passes = []

    class Fields(list[inspection.Field]):
        def __iter__(self) -> Iterator[inspection.Field]:
            passes.append(1)
            return super().__iter__()

    def counted(scene: Scene) -> inspection.Inspection:
        found = inspect(scene)
        return replace(found, fields=Fields(found.fields))

    inspect = inspection.inspect
    monkeypatch.setattr(inspection, "inspect", counted)
    layers = ";".join(["1.p1,1"] * 500)
    (tmp_path / "many.txt").write_text(f"haac1:5x5;{layers}")
    lines = haac("inspect", "many.txt")[1].splitlines()
    titles = [line for line in lines if line.startswith("layer ")]
    assert (len(titles), len(passes) < 6) == (500, True)
    bits = float(next(line for line in lines if "bits: " in line).partition(" ")[0])
    told = [float(line.rpartition("[")[2].partition(" ")[0]) for line in lines if line.endswith(" bits]")]
    assert abs(sum(told) - bits) < 0.05 * 502


def test_a_withdrawn_element_is_told_with_its_reason(haac: Run, repo: Path) -> None:
    with Repository.open(repo) as repository, repository.writer() as writer:
        writer.withdraw("1", "the rights holder asked")
    code, _, err = haac("decompress", "haac1:5x5;1")
    assert code == 1
    assert "the rights holder asked" in err
    code, out, _ = haac("credits", "haac1:5x5;1;2")
    assert code == 0
    assert "WITHDRAWN: the rights holder asked" in out


def test_inspect_explain_credits(haac: Run) -> None:
    haac("compile", "scene.py", "-o", "scene.haac")
    code, out, _ = haac("inspect", "scene.haac")
    assert code == 0
    assert "layer 2: disc (1)" in out
    assert "bytes as binary" in out
    facts = json.loads(haac("inspect", "scene.haac", "--json")[1])
    assert facts["binary_bytes"] == Path("scene.haac").stat().st_size
    assert abs(sum(field["bits"] for field in facts["fields"]) - facts["bits"]) < 0.1
    code, out, _ = haac("explain", "scene.haac")
    assert code == 0
    assert "take disc (1), make it 40 pixels wide, turn it 12 degrees to the left" in out
    code, out, _ = haac("credits", "scene.haac")
    assert code == 0
    assert out.splitlines()[0].split() == [
        "1",
        "disc:",
        "CC0-1.0,",
        "by",
        "the",
        "tests,",
        "from",
        "disc.png",
    ]


def test_inspect_and_explain_need_no_repository(haac: Run) -> None:
    for command in ("inspect", "explain"):
        code, out, _ = haac(command, "haac1:20x20;7k2", "--repo", "nowhere")
        assert code == 0
        assert "element 7k2" in out


def test_offline_decoding_opens_no_socket(haac: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    haac("compile", "scene.py", "-o", "scene.haac")
    assert haac("decompress", "scene.haac")[0] == 0


def test_decoding_imports_nothing_that_only_ingest_needs(repo: Path, tmp_path: Path) -> None:
    script = (
        "import sys\nfrom haac._cli.main import _run\n"
        "assert _run(['decompress', 'haac1:20x20;1', '-o', 'out.png', '-q']) == 0\n"
        "heavy = {'rembg', 'onnxruntime', 'cv2', 'torch', 'skimage', 'scipy', 'httpx'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    environment = os.environ | {"HAAC_REPO": str(repo)}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_doctor_passes_here(haac: Run) -> None:
    code, out, _ = haac("doctor", "--json")
    rows = json.loads(out)
    assert code == 0, [row for row in rows if row["state"] == "fail"]
    assert {"renderer", "pillow", "repository"} <= {row["name"] for row in rows}


def test_doctor_tells_a_wrong_renderer(haac: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from haac import _vectors

    monkeypatch.setattr(
        _vectors, "render", lambda scene, _source: Image.new("RGBA", (scene.width, scene.height), "red")
    )
    code, out, _ = haac("doctor")
    assert code == 1
    assert "FAIL  renderer" in out


def test_doctor_notes_a_32_bit_python(haac: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from haac._cli import doctor

    note = "note  renderer                32-bit Python draws other pixels in some scenes"
    assert note not in haac("doctor")[1]
    monkeypatch.setattr(doctor, "pointer_bits", lambda: 32)
    code, out, _ = haac("doctor")
    assert code == 0
    assert note in out


def test_compile_writes_the_form_that_the_suffix_names(haac: Run, tmp_path: Path) -> None:
    haac("compile", "scene.py", "-o", "a.txt")
    haac("compile", "scene.py", "-o", "b.haac", "--form", "text")
    text = (tmp_path / "a.txt").read_text()
    assert text == (tmp_path / "b.haac").read_text() == to_text(read_recipe(text.encode())) + "\n"


def test_decoding_from_a_url_fetches_what_it_needs_and_later_does_without_the_server(
    haac: Run, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    haac("compile", "scene.py", "-o", "scene.haac")
    expected = json.loads(haac("decompress", "scene.haac", "-o", "here.png", "--json")[1])[0]["pixels"]
    assert haac("publish")[0] == 0
    with Server(repo, port=0) as server:
        code, out, err = haac("decompress", "scene.haac", "-o", "there.png", "--repo", server.url, "--json")
        assert code == 0, err
        assert json.loads(out)[0]["pixels"] == expected
    code, out, err = haac("decompress", "scene.haac", "-o", "again.png", "--repo", server.url, "--json")
    assert code == 0
    assert "Using what is in the cache" in err
    assert json.loads(out)[0]["pixels"] == expected
    assert haac("decompress", "scene.haac", "--repo", "http://127.0.0.1:9/nothing")[0] == 1
