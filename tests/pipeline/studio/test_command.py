"""The command `haac studio`: what it opens, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from haac import Scene, to_binary, to_script, to_text
from tests.command_line import Run, run  # noqa: F401
from tests.pipeline.studio.studios import Command, png, scene_json, shape

END = signal.SIGINT


def scene() -> Scene:
    made = Scene(64, 48)
    made.element("3").place(1, 2)
    return made


def test_it_serves_until_ctrl_c(filled: Path, folder: Path) -> None:
    command = Command(folder, filled)
    assert command.url.startswith("http://127.0.0.1:")
    assert command.client.get("/api/state").json()["document"]["kind"] == "new"
    assert command.client.post("/api/forms", json={"scene": scene_json()}).status_code == 200
    assert command.client.post("/api/save", json={"scene": scene_json(), "name": "a.haac"}).status_code == 200
    code, said = command.end(END)
    assert code == 0
    assert "Ctrl-C ends" in said
    assert "Traceback" not in said
    assert [path.name for path in folder.iterdir()] == ["a.haac"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_it_ends_by_sigterm_without_a_traceback(filled: Path, folder: Path) -> None:
    command = Command(folder, filled)
    code, said = command.end(signal.SIGTERM)
    assert code in {-signal.SIGTERM, 128 + signal.SIGTERM, 0}
    assert "Traceback" not in said


def test_ctrl_c_ends_it_while_somebody_listens_to_a_job(filled: Path, folder: Path) -> None:
    command = Command(folder, filled)
    reference = command.client.post("/api/reference?name=a.png", content=png(shape(0x102030))).json()["id"]
    started = command.client.post("/api/jobs/compress", json={"reference": reference, "options": {}})
    if started.status_code == 400:
        command.end(END)
        pytest.skip("matching is not installed")
    with command.client.stream("GET", f"/api/jobs/{started.json()['job']}/events") as events:
        assert next(events.iter_lines()).startswith("id: ")
        code, said = command.end(END)
    assert (code, "Traceback" in said) == (0, False)


@pytest.mark.parametrize("name", ["a.haac", "a.txt", "a.py", "a.bin"])
def test_it_opens_recipes_and_scripts(filled: Path, folder: Path, name: str) -> None:
    made = scene()
    forms = {
        "a.haac": to_binary(made),
        "a.txt": to_text(made).encode(),
        "a.py": to_script(made).encode(),
        "a.bin": to_binary(made),
    }
    (folder / name).write_bytes(forms[name])
    command = Command(folder, filled, name)
    document = command.client.get("/api/state").json()["document"]
    command.end(END)
    assert (document["name"], document["kind"]) == (name, "script" if name == "a.py" else "recipe")
    assert document["scene"]["layers"][0]["element"] == "3"


def test_it_opens_the_text_form_itself(filled: Path, folder: Path) -> None:
    command = Command(folder, filled, to_text(scene()), "--name", "new.haac")
    document = command.client.get("/api/state").json()["document"]
    command.end(END)
    assert (document["name"], document["kind"], document["scene"]["width"]) == ("new.haac", "recipe", 64)


def test_it_opens_a_picture_to_trace(filled: Path, folder: Path) -> None:
    (folder / "photo.png").write_bytes(png(shape(0x102030, 90)))
    command = Command(folder, filled, "photo.png")
    state = command.client.get("/api/state").json()
    shown = command.client.get(state["reference"]["url"])
    command.end(END)
    assert (state["document"]["kind"], state["document"]["scene"]["width"]) == ("picture", 90)
    assert (state["reference"]["width"], state["reference"]["height"], state["reference"]["name"]) == (
        90,
        90,
        "photo.png",
    )
    assert shown.content[:4] == b"\x89PNG"


def test_a_script_is_run_on_the_command_line_only(filled: Path, folder: Path) -> None:
    script = "import pathlib\npathlib.Path('ran').write_text('x')\n" + to_script(scene())
    (folder / "own.py").write_text(script)
    command = Command(folder, filled, "own.py")
    assert (folder / "ran").exists()
    (folder / "ran").unlink()
    assert command.client.post("/api/read?name=own.py", content=script.encode()).status_code == 400
    command.end(END)
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_script_that_was_written_by_hand_is_not_overwritten_unasked(
    filled: Path, folder: Path, by_hand: bool
) -> None:
    plain = to_script(scene())
    script = plain.replace("scene =", "# by hand\nscene =") if by_hand else plain
    (folder / "own.py").write_text(script)
    command = Command(folder, filled, "own.py")
    asked = {"scene": scene_json(), "name": "own.py", "overwrite": True}
    answer = command.client.post("/api/save", json=asked)
    assert answer.status_code == (409 if by_hand else 200)
    if by_hand:
        assert "comments" in answer.json()["error"]
        assert (folder / "own.py").read_text() == script
        assert command.client.post("/api/save", json=asked).status_code == 200
    command.end(END)


def test_unknown_elements_are_told_and_the_rest_can_be_edited(filled: Path, folder: Path) -> None:
    (folder / "a.txt").write_text("haac1:40x40;zz;1")
    command = Command(folder, filled, "a.txt")
    notes = command.client.get("/api/state").json()["notes"]
    _, said = command.end(END)
    assert "element zz" in notes[0]
    assert notes[0] in said


WRONG = {
    "there is no repository": ("--repo", "nowhere"),
    "No such file": ("missing.haac",),
    "is a folder": (".",),
    "no plain name": ("--name", "../x.haac"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("said", WRONG)
def test_what_cannot_be_opened_is_told_once(run: Run, filled: Path, said: str) -> None:  # noqa: F811
    given = WRONG[said]
    repo = () if "--repo" in given else ("--repo", filled)
    code, out, err = run("studio", "--no-browser", *repo, *given)
    assert (code, out) == (1, "")
    assert said in err


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.haac", b"\xa1\xff", "canvas"),
        ("a.png", b"no picture", "picture"),
        ("a.py", b"1 / 0", "line 1"),
        ("a.txt", b"haac1:9x9~0001;1", "fingerprint"),
    ],
)
def test_files_that_cannot_be_opened_are_told_once(
    run: Run,  # noqa: F811
    filled: Path,
    folder: Path,
    name: str,
    data: bytes,
    said: str,
) -> None:
    (folder / name).write_bytes(data)
    code, out, err = run("studio", "--no-browser", "--repo", filled, name)
    assert (code, out) == (1, "")
    assert said in err


def test_a_port_that_is_taken_is_told(run: Run, filled: Path, folder: Path) -> None:  # noqa: F811
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = run("studio", "--no-browser", "--repo", filled, "--port", taken.getsockname()[1])
    assert code == 1
    assert "cannot listen on 127.0.0.1, port" in err
    assert "leave --port out" in err
    assert not list(folder.iterdir())


def test_without_starlette_it_says_what_to_install(
    run: Run,  # noqa: F811
    filled: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "starlette" else find(name, *more)
    )
    code, out, err = run("studio", "--json", "--no-browser", "--repo", filled)
    assert (code, out) == (1, "")
    error = json.loads(err)["error"]
    assert error["type"] == "MissingExtraError"
    assert "pip install 'haac[studio]'" in error["message"]


def test_the_address_is_data(filled: Path, folder: Path) -> None:
    command = Command(folder, filled, "--json")
    assert command.process.stdout is not None
    lines = [command.url, *(command.process.stdout.readline() for _ in range(4))]
    command.end(END)
    told = json.loads("".join(lines))
    assert told["url"].startswith("http://127.0.0.1:")
    assert (told["repository"], told["document"]) == (str(filled), "")
