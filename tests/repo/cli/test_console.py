"""What every command shares: exit codes, messages instead of tracebacks, --json, -q, completion."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from haac._cli import main
from haac_repo import HaacError, RepositoryError
from haac_repo._cli.console import Console, command

HAAC = Path(sys.executable).parent / "haac"


class FakeEntryPoint:
    def __init__(self, loaded: object) -> None:
        self.loaded = loaded

    def load(self) -> object:
        return self.loaded


def install(monkeypatch: pytest.MonkeyPatch, function: Callable[[Console], object]) -> None:
    """Make `haac try` run this function, as if a distribution had registered it."""
    made = command("try", "This machine", help="Try something.")(function)
    monkeypatch.setattr(main._Root, "_found", lambda _: {"try": FakeEntryPoint(made)})


def failing(error: BaseException) -> Callable[[Console], None]:
    def function(console: Console) -> None:
        console.note("about to fail")
        raise error

    return function


@pytest.fixture(autouse=True)
def no_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HAAC_DEBUG", raising=False)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (HaacError("found 3, allowed 2, ask for less"), "Error: found 3, allowed 2, ask for less"),
        (RepositoryError("no repository in x"), "Error: no repository in x"),
        (
            OSError(errno.ENOSPC, "No space left on device", "packs/1"),
            "Error: No space left on device: packs/1",
        ),
        (PermissionError(errno.EACCES, "Permission denied"), "Error: Permission denied"),
        (MemoryError(), "Error: not enough memory for this"),
    ],
)
def test_errors_become_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, message: str
) -> None:
    install(monkeypatch, failing(error))
    assert main._run(["try", "-q"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", message + "\n")


def test_a_fault_of_ours_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, failing(ZeroDivisionError("division by zero")))
    assert main._run(["try"]) == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in err
    assert "HAAC_DEBUG=1" in err
    assert "Traceback" not in err


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, failing(HaacError("no")))
    monkeypatch.setenv("HAAC_DEBUG", "1")
    with pytest.raises(HaacError):
        main._run(["try"])


def test_interrupting_gives_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    install(monkeypatch, failing(KeyboardInterrupt()))
    assert main._run(["try"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("args", [["no-such-command"], ["try", "--no-such-option"], ["try", "surplus"]])
def test_usage_errors_give_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    install(monkeypatch, lambda _: None)
    assert main._run(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: haac")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (HaacError("ask for less"), "HaacError", "ask for less"),
        (RepositoryError("no\nrepository"), "RepositoryError", "no\nrepository"),
        (
            OSError(errno.ENOSPC, "No space left on device", "packs/1"),
            "OSError",
            "No space left on device: packs/1",
        ),
        (PermissionError(errno.EACCES, "Permission denied"), "PermissionError", "Permission denied"),
        (MemoryError(), "MemoryError", "not enough memory for this"),
        (click.ClickException("no"), "ClickException", "no"),
    ],
)
def test_with_json_an_error_is_one_line_of_json(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    kind: str,
    message: str,
) -> None:
    install(monkeypatch, failing(error))
    assert main._run(["try", "--json", "-q"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert json.loads(err) == {"error": {"type": kind, "message": message, "exit_code": 1}}


def test_with_json_an_error_comes_after_the_notes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, failing(HaacError("Ä")))
    assert main._run(["try", "--json"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "about to fail",
        '{"error": {"type": "HaacError", "message": "Ä", "exit_code": 1}}',
    ]


@pytest.mark.parametrize(
    "args",
    [
        ["no-such-command", "--json"],
        ["--json"],
        ["try", "--json", "--no-such-option"],
        ["try", "--no-such-option", "--json"],
        ["try", "--no-such-option=3", "--json", "--", "x"],
        ["try", "surplus", "--json"],
    ],
)
def test_with_json_errors_of_usage_are_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    install(monkeypatch, lambda _: None)
    assert main._run(args) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    found = json.loads(err)["error"]
    assert (found["type"], found["exit_code"]) == ("UsageError", 2)
    assert found["message"]


def test_json_after_two_dashes_is_an_argument(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, lambda _: None)
    assert main._run(["try", "--", "--json"]) == 2
    assert capsys.readouterr().err.startswith("Usage: haac")


def test_with_json_a_fault_of_ours_is_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, failing(ZeroDivisionError("division by zero")))
    assert main._run(["try", "--json", "-q"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    found = json.loads(err)["error"]
    assert (found["type"], "fault of haac" in found["message"]) == ("ZeroDivisionError", True)


def test_with_json_interrupting_is_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, failing(KeyboardInterrupt()))
    assert main._run(["try", "--json", "-q"]) == 130
    found = json.loads(capsys.readouterr().err)
    assert found == {"error": {"type": "Interrupted", "message": "Interrupted.", "exit_code": 130}}


def test_an_end_of_file_is_no_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, failing(EOFError("a worker died")))
    assert main._run(["try", "--json", "-q"]) == 1
    found = json.loads(capsys.readouterr().err)["error"]
    assert (found["type"], "a worker died" in found["message"]) == ("EOFError", True)


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_real_ctrl_c(tmp_path: Path, option: list[str]) -> None:
    (tmp_path / "scene.py").write_text("import time\nprint('running', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(
        [HAAC, "compile", "scene.py", *option],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "running\n"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    message = json.loads(err)["error"]["message"] if option else err.strip()
    assert message == "Interrupted."


def test_where_no_viewer_is_somebody_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(click, "launch", lambda _: 1)
    Console(verbosity=-1).show_file(Path("a.png"))
    assert capsys.readouterr() == ("", "Warning: a.png could not be opened: this system names no viewer\n")
    monkeypatch.setattr(click, "launch", lambda _: 0)
    Console().show_file(Path("a.png"))
    assert capsys.readouterr() == ("", "")


def test_a_command_may_choose_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def function(_: Console) -> None:
        click.get_current_context().exit(1)

    install(monkeypatch, function)
    assert main._run(["try"]) == 1


def result(console: Console) -> None:
    console.note("a note")
    console.warn("a warning")
    console.detail("a detail")
    with console.progress("Counting", 3) as advance:
        advance(3)
    console.data({"count": 3, "name": "Äpfel"}, "3 Äpfel")


@pytest.mark.parametrize(
    ("args", "out", "err"),
    [
        ([], "3 Äpfel\n", "a note\nWarning: a warning\n"),
        (["-q"], "3 Äpfel\n", "Warning: a warning\n"),
        (["-v"], "3 Äpfel\n", "a note\nWarning: a warning\na detail\n"),
    ],
)
def test_data_goes_to_stdout_and_chatter_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str], out: str, err: str
) -> None:
    install(monkeypatch, result)
    assert main._run(["try", *args]) == 0
    assert capsys.readouterr() == (out, err)


def test_json_is_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    install(monkeypatch, result)
    assert main._run(["try", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"count": 3, "name": "Äpfel"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main._run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_HAAC_COMPLETE={shell}_complete" in script
    asked = subprocess.run(
        [HAAC], env={**os.environ, "_HAAC_COMPLETE": f"{shell}_source"}, capture_output=True, text=True
    )
    assert (asked.returncode, asked.stdout.rstrip()) == (0, script.rstrip())
    assert main._run(["completion", shell, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["shell"], found["script"].rstrip()) == (shell, script.rstrip())


def test_version() -> None:
    done = subprocess.run([HAAC, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("haac, version ")


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def test_a_reader_that_goes_away_gets_no_message(closed_pipe: int) -> None:
    done = subprocess.run([HAAC, "--help"], stdout=closed_pipe, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")
