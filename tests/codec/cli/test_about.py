"""What helps at the prompt: near names of commands, help, version."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from haac._cli.main import _run

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("compres", "Did you mean 'compress'?"),
        ("snyc", "Did you mean 'sync'?"),
        ("tga", "Did you mean 'tag'?"),
        ("INIT", "Did you mean 'init'?"),
        ("decom", "Did you mean one of 'decompile', 'decompress'?"),
        ("s", "`haac help` lists the commands."),
        ("frobnicate", "`haac help` lists the commands."),
        ("", "`haac help` lists the commands."),
    ],
)
@pytest.mark.parametrize("before", [[], ["help"]])
def test_a_mistyped_command_gets_the_near_ones(
    capsys: Capture, typed: str, meant: str, before: list[str]
) -> None:
    assert _run([*before, typed]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == f"Error: No such command {typed!r}. {meant}"
    assert err.count("Error") == 1


def test_a_mistyped_option_gets_the_near_one(capsys: Capture) -> None:
    assert _run(["compile", "scene.py", "--outptu", "x"]) == 2
    assert "--output" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["compile", "tag", "ingest", "help", "completion"])
def test_help_says_what_the_option_says(capsys: Capture, name: str) -> None:
    assert _run([name, "--help"]) == 0
    expected = capsys.readouterr().out
    assert expected.startswith(f"Usage: haac {name} ")
    assert _run(["help", name]) == 0
    assert capsys.readouterr() == (expected, "")
    assert _run(["help", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"command": name, "help": expected.rstrip("\n")}


def test_help_alone_lists_the_commands(capsys: Capture) -> None:
    assert _run(["--help"]) == 0
    expected = capsys.readouterr().out
    assert "takedown" in expected
    assert _run(["help"]) == 0
    assert capsys.readouterr() == (expected, "")


def test_version(capsys: Capture) -> None:
    assert _run(["version", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"haac", "python", "pillow", "numpy", "platform"}
    assert found["haac"] == metadata.version("haac")
    assert found["python"] == platform.python_version()
    assert _run(["version"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines()][:4] == list(found.values())[:4]


@pytest.mark.parametrize("args", [["version"], ["help"], ["completion", "fish"], ["nosuch"]])
def test_what_helps_loads_nothing_heavy(args: list[str], tmp_path: Path) -> None:
    heavy = {"PIL", "numpy", "httpx", "sqlite_utils", "rembg", "cv2", "numba", "onnxruntime", "haac_match"}
    program = (
        f"import sys\nfrom haac._cli.main import _run\n_run({args!r})\n"
        f"print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr.splitlines()[-1] == "[]"
