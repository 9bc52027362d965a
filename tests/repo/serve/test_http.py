"""HTTP/1.1 as it is not meant: bodies, many requests at once, what is no request; and what the log says."""

from __future__ import annotations

import contextlib
import errno
import http.client
import random
import re
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Server
from tests.repo.serve.asking import ask, raw

SECOND = b"GET /head HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_the_body_of_a_request_is_no_request(server: Server, method: str, framing: str) -> None:
    """It was answered as a second one: behind a proxy, as somebody else's."""
    if framing == "length":
        request = (
            f"{method} /head HTTP/1.1\r\nHost: x\r\nContent-Length: {len(SECOND)}\r\n\r\n".encode() + SECOND
        )
    else:
        request = f"{method} /head HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        request += b"%x\r\n%b\r\n0\r\n\r\n" % (len(SECOND), SECOND)
    answer = raw(server, request + SECOND)  # returns, so the connection was closed
    assert answer.count(b"HTTP/1.1 ") == 1
    expected = {"OPTIONS": b"204", "DELETE": b"405"}.get(method, b"413")
    assert answer.split()[1] == expected
    assert b"connection: close" in answer.lower()
    assert answer.endswith(b"\r\n\r\n")


def test_a_body_that_is_malformed(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """It is answered once, and is no fault of the server."""
    request = b"GET /head HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"
    answer = raw(server, request)
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not caplog.records


def test_an_empty_body_is_none(server: Server, origin: Any) -> None:
    assert ask(server, "/head", Content_Length="0")[2] == origin.files["head"]


@pytest.mark.parametrize("ends", [False, True])
def test_requests_one_after_the_other_are_answered_in_order(
    server: Server, origin: Any, pack: Any, ends: bool
) -> None:
    """Also if the client closes its side at once."""
    paths = ["/head", pack[0], "/nothing", pack[0], "/head"] * 20
    requests = [f"GET {path} HTTP/1.1\r\nHost: x\r\n" for path in paths]
    if not ends:
        requests[-1] += "Connection: close\r\n"
    answer = raw(server, "".join(f"{request}\r\n" for request in requests).encode(), ends=ends)
    for path in paths:
        head, _, answer = answer.partition(b"\r\n\r\n")
        body = origin.files.get(path[1:], b"")
        assert head.split()[1] == (b"200" if body else b"404")
        assert answer.startswith(body)
        answer = answer[len(body) :]
    assert answer == b""


def test_an_old_client(server: Server, origin: Any) -> None:
    answer = raw(server, b"GET /head HTTP/1.0\r\n\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == origin.files["head"]


@pytest.mark.parametrize(
    "request_", [b"\x00\x01\x02\r\n\r\n", b"GET /head\r\n\r\n", b"GET /head HTTP/1.1\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                 b"GET / HTTP/1.1\r\nHost: x\r\n smuggled: x\r\nA : b\r\n\r\n"],
)  # fmt: skip
def test_what_is_not_http(server: Server, request_: bytes) -> None:
    answer = raw(server, request_)
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.1 ") == 1


PIECES = [
    b"GET ", b"HEAD ", b"OPTIONS ", b"CONNECT ", b"POST ", b"/head", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\r\n\r\n",
    b"Host: x\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n", b"Range: bytes=0-9\r\n",
    b"Range: bytes=-\r\n", b"If-None-Match: *\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"\x00", b"\xff", b": ", b"%00", b"?",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", SECOND, SECOND.replace(b"GET", b"HEAD"),
]  # fmt: skip


def test_pieces_of_requests_in_any_order(
    server: Server, origin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever comes is answered or refused, and nothing that comes is a fault of the server."""
    draws = random.Random(7)
    for number in range(400):
        request = b"".join(draws.choices(PIECES, k=draws.randint(1, 14)))
        if number % 2:
            request = SECOND.removesuffix(b"\r\n") + request
        with contextlib.suppress(ConnectionError):
            answer = raw(server, request, ends=True)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
            assert b"HTTP/1.1 5" not in answer
    assert ask(server, "/head")[2] == origin.files["head"]
    assert not caplog.records


@pytest.mark.parametrize(
    "line", ["GET /{} HTTP/1.1\r\nHost: x\r\n", "GET /head HTTP/1.1\r\nHost: x\r\nLong: {}\r\n"]
)
def test_oversize_headers(server: Server, line: str) -> None:
    answer = raw(server, line.format("x" * 40_000).encode())
    assert answer.split()[1] == b"400"


def test_too_many_open_files_are_not_taken_for_missing_ones(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("haac_repo._serve.files._open", full)
    status, headers, _ = ask(server, "/head")
    assert (status, headers["Retry-After"]) == (503, "5")


def test_connections_are_kept(server: Server, origin: Any) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    for path, data in origin.files.items():
        connection.request("GET", f"/{path}")
        assert connection.getresponse().read() == data
        first = connection.sock
    assert connection.sock is first
    connection.close()


def test_requests_are_logged_without_control_characters(published: Path) -> None:
    lines: list[str] = []
    with Server(published, log=lines.append) as server:
        raw(server, b"GET /\x1b[31mred HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert lines
    assert all(line.isprintable() for line in lines)


LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1 (.*) \d+\.\d{3}")


def test_what_the_log_says(published: Path, pack: Any) -> None:
    lines: list[str] = []
    with Server(published, log=lines.append) as server:
        ask(server, pack[0])
        ask(server, pack[0], Range="bytes=5-9")
        ask(server, pack[0], "HEAD")
        ask(server, "/nothing?x=1")
        raw(server, b"nonsense\r\n\r\n")
    found = [match[1] for line in lines if (match := LINE.fullmatch(line))]
    assert found == [
        f"GET {pack[0]} 200 {len(pack[1])}",
        f"GET {pack[0]} 206 5",
        f"HEAD {pack[0]} 200 0",
        "GET /nothing 404 0",
        "- - 400 0",
    ]


def test_a_log_that_cannot_be_written(published: Path, origin: Any) -> None:
    def full(_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Server(published, log=full) as server:
        assert ask(server, "/head")[2] == origin.files["head"]
