"""`haac sync --watch`: goes on through failures of the network, ends for what is wrong for good, and when it is told to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import haac._cli.watch as watch
from haac._cli.main import _run
from haac_repo import Repository, Server, publish, verify
from haac_repo._store.layout import published_folder
from tests.repo.elements import element_of


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "repo") as made:
        add(made, 1)
        yield made


def add(repository: Repository, seed: int) -> None:
    with repository.writer() as writer:
        writer.add(element_of(seed, 16))
    publish(repository)


def run(
    monkeypatch: pytest.MonkeyPatch, steps: Sequence[Callable[[], object]], *args: str
) -> tuple[int, list[float]]:
    """Run the command; each pause is a step instead, and after the last one comes a Ctrl-C."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > len(steps):
            raise KeyboardInterrupt
        steps[len(pauses) - 1]()

    monkeypatch.setattr(watch, "_with_jitter", lambda seconds: seconds)
    monkeypatch.setattr("haac._cli.watch.time.sleep", sleep)
    return _run(["sync", *args]), pauses


def test_each_update_is_one_line(
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = [lambda: None, lambda: add(repository, 2)]
    code, pauses = run(monkeypatch, steps, str(repository.path), str(tmp_path / "mirror"), "--watch", "7")
    out, err = capsys.readouterr()
    assert (code, pauses) == (0, [7, 7, 7])
    first, second = out.splitlines()
    assert first[:2] == "20"
    assert "1 new log records, 1 packs" in first
    assert "1 new log records, 1 packs" in second
    assert "2 elements known" in second
    assert err.splitlines()[0] == "Syncing every 7 seconds; Ctrl-C ends."
    assert err.splitlines()[-1] == "Ended."


def test_updates_as_json_are_a_line_each(
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = [lambda: add(repository, 2)]
    run(monkeypatch, steps, str(repository.path), str(tmp_path / "mirror"), "--json", "--watch")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["elements"] for line in lines] == [1, 2]


def test_failures_of_the_network_are_told_and_do_not_end_it(
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hidden = tmp_path / "hidden"

    def hide() -> None:
        repository.path.rename(hidden)

    def bring_back() -> None:
        hidden.rename(repository.path)

    steps = [hide, lambda: None, lambda: None, bring_back, lambda: add(repository, 2)]
    code, pauses = run(monkeypatch, steps, str(repository.path), str(tmp_path / "mirror"), "--watch", "600")
    out, err = capsys.readouterr()
    # Twice as long each time, an hour at most; and as before, once it works again.
    assert (code, pauses) == (0, [600, 1200, 2400, 3600, 600, 600])
    assert err.count("there is no folder") == 3
    assert "the next try is in 1,200 seconds or so" in err
    assert len(out.splitlines()) == 2


def test_a_server_that_sends_other_bytes_ends_it(
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def lie() -> None:
        add(repository, 2)
        for pack in (published_folder(repository.path) / "packs").iterdir():
            pack.write_bytes(b"\0" * pack.stat().st_size)

    code, pauses = run(monkeypatch, [lie], str(repository.path), str(tmp_path / "mirror"), "--watch", "1")
    assert (code, len(pauses)) == (1, 1)
    assert capsys.readouterr().err.splitlines()[-1].startswith("Error: ")


def test_many_mirrors_do_not_come_in_the_same_moment() -> None:
    pauses = {watch._with_jitter(100) for _ in range(50)}
    assert len(pauses) > 10
    assert all(90 <= pause <= 110 for pause in pauses)


@pytest.mark.parametrize("value", ["http://host", "0", "x"])
def test_seconds_that_are_none(value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["sync", "http://127.0.0.1:9", str(tmp_path / "mirror"), f"--watch={value}"]) == 2
    assert "put --watch last" in capsys.readouterr().err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(repository: Repository, tmp_path: Path, sent: Any) -> None:
    with Server(repository.path) as server:
        command = [sys.executable, "-c", "import haac._cli.main as m; m.main()", "sync", server.url]
        with subprocess.Popen(
            [*command, str(tmp_path / "mirror"), "--watch", "3600"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            assert "1 new log records" in process.stdout.readline()
            process.send_signal(sent)
            _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err.splitlines()[-1] == "Ended."
    assert verify(tmp_path / "mirror").ok
