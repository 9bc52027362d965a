"""`haac serve`, as a process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.repo.serve.asking import ask

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send there")
BIG = f"{'1' * 64}.pack"


@contextmanager
def command(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and its URL."""
    program = [sys.executable, "-c", "import haac._cli.main as m; m.main()", "serve", "--repo", str(folder)]
    with subprocess.Popen(
        [*program, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def test_requests_are_shown_when_asked_for(growing: Any) -> None:
    for options, shown in ((["-v"], 2), ([], 0)):
        with command(growing.folder, *options) as (process, url):
            ask(url, "/head")
            ask(url, "/nothing")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert process.returncode == 0
        lines = re.findall(r"^\d{4}-.*Z 127\.0\.0\.1 GET /\w+ (\d{3}) \d+ \d+\.\d{3}$", err, re.MULTILINE)
        assert lines == ["200", "404"][:shown]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_whoever_is_connected(growing: Any, number: signal.Signals) -> None:
    """Somebody who is being sent a file, somebody who waits between requests, and somebody who sends nothing."""
    with (growing.folder / "public" / "packs" / BIG).open("wb") as file:
        file.truncate(2**30)
    with command(growing.folder) as (process, url):
        host, port = url.removeprefix("http://").split(":")
        clients = [socket.create_connection((host, int(port)), timeout=20) for _ in range(3)]
        clients[0].sendall(f"GET /packs/{BIG} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        clients[1].sendall(b"GET /head HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients[:2]:
            assert client.recv(12) == b"HTTP/1.1 200"
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
        for client in clients:
            client.close()
    assert process.returncode == (0 if number == signal.SIGINT else -number)
    assert "Traceback" not in err
    assert "rror" not in err
