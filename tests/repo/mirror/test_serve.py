"""The static server: exactly the published files, exactly as HTTP says."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haac_repo import RepositoryError, Server


@pytest.fixture
def server(published: Path) -> Iterator[Server]:
    with Server(published) as made:
        yield made


@pytest.fixture
def pack(origin: Any) -> tuple[str, bytes]:
    return f"/{origin.packs[0]}", origin.files[origin.packs[0]]


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def raw(server: Server, request: bytes) -> bytes:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received


def test_all_published_files(server: Server, origin: Any) -> None:
    for path, data in origin.files.items():
        status, headers, body = ask(server, f"/{path}")
        assert (status, body) == (200, data)
        assert headers["Content-Length"] == str(len(data))
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_listens_on_this_machine_only(server: Server) -> None:
    assert server.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "path",
    [
        "/", "/catalog.sqlite", "/repository.json", "/lock", "/open/1.pack", "/log/", "/packs", "/head/",
        "/head?x", "/./head", "/packs/../catalog.sqlite", "/packs/../head", "/..", "/../../etc/passwd",
        "/%2e%2e/etc/passwd", "/packs/%2e%2e/catalog.sqlite", "/log\\..\\catalog.sqlite", "/head%00",
        "/log/1.jsonl.gz", "/log/00000009.jsonl.gz", "/packs/" + "0" * 64 + ".pack", "/HEAD", "http://x/head",
        "/packs/" + "../" * 20 + "etc/passwd", "*",
    ],
)  # fmt: skip
def test_nothing_else(server: Server, path: str) -> None:
    answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ")[1] == b"404"
    assert answer.endswith(b"\r\n\r\n")


def test_names_in_another_case(server: Server, pack: Any) -> None:
    assert ask(server, pack[0].upper())[0] == 404


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_planted_links_and_folders(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    link = tmp_path / "packs" / f"{'1' * 64}.pack"
    link.symlink_to(tmp_path / "secret")
    (tmp_path / "packs" / f"{'2' * 64}.pack").mkdir()
    os.mkfifo(tmp_path / "packs" / f"{'3' * 64}.pack")
    with Server(tmp_path) as server:
        for digit in "123":
            assert ask(server, f"/packs/{digit * 64}.pack")[0] == 404


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("5-99", 5, 100), ("100-", 100, None), ("-10", -10, None), ("7-999999999", 7, None)],
)
def test_ranges(server: Server, pack: Any, asked: str, start: int, stop: int | None) -> None:
    path, data = pack
    status, headers, body = ask(server, path, Range=f"bytes={asked}")
    assert (status, body) == (206, data[start:stop])
    first = start % len(data)
    assert headers["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{len(data)}"
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,3-4", "bytes=9-2", "bytes=-", "lines=1-2", "bytes=x-y", "bytes=1-2-3"]
)
def test_ranges_that_are_ignored(server: Server, pack: Any, asked: str) -> None:
    status, _, body = ask(server, pack[0], Range=asked)
    assert (status, body) == (200, pack[1])


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=999999999-1999999999", "bytes=-0"])
def test_ranges_beyond_the_end(server: Server, pack: Any, asked: str) -> None:
    status, headers, body = ask(server, pack[0], Range=asked)
    assert (status, body) == (416, b"")
    assert headers["Content-Range"] == f"bytes */{len(pack[1])}"


def test_etags(server: Server, origin: Any) -> None:
    for path in origin.files:
        etag = ask(server, f"/{path}")[1]["ETag"]
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            status, headers, body = ask(server, f"/{path}", If_None_Match=known)
            assert (status, body, headers["ETag"]) == (304, b"", etag)
        assert ask(server, f"/{path}", If_None_Match='"other"')[0] == 200


def test_if_range(server: Server, pack: Any) -> None:
    etag = ask(server, pack[0])[1]["ETag"]
    assert ask(server, pack[0], Range="bytes=5-", If_Range=etag)[0] == 206
    assert ask(server, pack[0], Range="bytes=5-", If_Range='"other"')[0] == 200


def test_head_requests_have_no_body(server: Server, origin: Any) -> None:
    for path, data in origin.files.items():
        status, headers, body = ask(server, f"/{path}", "HEAD")
        assert (status, body) == (200, b"")
        assert headers["Content-Length"] == str(len(data))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_written(server: Server, method: str) -> None:
    assert ask(server, "/head", method)[0] == 501


def test_the_heads_etag_changes_with_its_bytes(growing: Any, grow: Any) -> None:
    with Server(growing.folder) as server:
        etag = ask(server, "/head")[1]["ETag"]
        grow(growing, [99])
        status, headers, body = ask(server, "/head", If_None_Match=etag)
        assert status == 200
        assert headers["ETag"] != etag
        assert body == growing.files["head"]


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


def test_ipv6(published: Path) -> None:
    try:
        made = Server(published, "::1")
    except RepositoryError:
        pytest.skip("this machine has no IPv6")
    with made as server:
        assert server.url.startswith("http://[::1]:")


def test_a_port_in_use(server: Server, published: Path) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(RepositoryError, match="choose others with --host and --port"):
        Server(published, port=port)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no folder"):
        Server(tmp_path / "nowhere")
