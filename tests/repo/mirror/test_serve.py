"""The static server: exactly the published files, exactly as HTTP says."""

from __future__ import annotations

import errno
import http.client
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haac_repo import RepositoryError, Server, write_file


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


def raw(server: Server, request: bytes, *, ends: bool = False) -> bytes:
    """All that the server sends until it closes; `ends` says that nothing more will be asked."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
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
        "/packs/" + "../" * 20 + "etc/passwd", "*", "head", "//head", "/public/head", "/keys/root.json",
        "/metadata/", "/metadata/0.root.json", "/metadata/1.timestamp.json", "/metadata/x.json", "/targets/head",
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
    (tmp_path / "packs").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    link = tmp_path / "packs" / f"{'1' * 64}.pack"
    link.symlink_to(tmp_path / "secret")
    (tmp_path / "packs" / f"{'2' * 64}.pack").mkdir()
    os.mkfifo(tmp_path / "packs" / f"{'3' * 64}.pack")
    with Server(tmp_path) as server:
        for digit in "123":
            assert ask(server, f"/packs/{digit * 64}.pack")[0] == 404


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_planted_links_of_folders(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(parents=True)
    (tmp_path / "elsewhere" / f"{'1' * 64}.pack").write_bytes(b"secret")
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "packs").symlink_to(tmp_path / "elsewhere")
    with Server(tmp_path / "served") as server:
        assert ask(server, f"/packs/{'1' * 64}.pack")[0] == 404


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_planted_links_where_the_system_follows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haac_repo._serve.files._REFUSES_LINKS", False)
    test_planted_links_and_folders(tmp_path / "first")
    test_planted_links_of_folders(tmp_path / "second")
    (tmp_path / "third").mkdir()
    (tmp_path / "third" / "head").write_bytes(b"head")
    with Server(tmp_path / "third") as server:
        assert ask(server, "/head")[2] == b"head"


def test_the_published_folder_of_a_repository(tmp_path: Path) -> None:
    """What is in `public` is served, and what is beside it is not."""
    public = tmp_path / "public"
    served = {
        "head": b"{}",
        "log/00000001.jsonl.gz": b"log",
        f"packs/{'a' * 64}.pack": b"pack",
        f"targets/{'b' * 64}.head": b"target",
        **{
            f"metadata/{name}.json": name.encode()
            for name in (
                "root", "1.root", "12.root", "timestamp", "3.snapshot", "4.targets", "snapshot", "targets"
            )
        },
    }  # fmt: skip
    for name, data in served.items():
        (public / name).parent.mkdir(parents=True, exist_ok=True)
        (public / name).write_bytes(data)
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / f"{'c' * 64}.pack").write_bytes(b"not published")
    with Server(tmp_path) as server:
        for name, data in served.items():
            status, headers, body = ask(server, f"/{name}")
            assert (status, body) == (200, data), name
            immutable = name.startswith(("log/", "packs/", "targets/"))
            assert headers["Cache-Control"] == (
                "public, max-age=31536000, immutable" if immutable else "no-cache"
            )
        assert ask(server, f"/packs/{'c' * 64}.pack")[0] == 404


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


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get"])
def test_nothing_can_be_written(server: Server, method: str) -> None:
    status, headers, body = ask(server, "/head", method)
    assert (status, body) == (405, b"")
    assert headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_range_of_a_head_request_is_ignored(server: Server, pack: Any) -> None:
    status, headers, body = ask(server, pack[0], "HEAD", Range="bytes=0-9")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(pack[1])))


def test_pages_of_other_origins_may_read(server: Server, pack: Any) -> None:
    for path, method, more in [
        ("/head", "GET", {}),
        (pack[0], "GET", {"Range": "bytes=0-9"}),
        (pack[0], "GET", {"Range": "bytes=999999999-"}),
        (pack[0], "GET", {"If-None-Match": "*"}),
        ("/nothing", "GET", {}),
        ("/head", "POST", {}),
    ]:
        headers = ask(server, path, method, Origin="https://example.org", **more)[1]
        assert headers["Access-Control-Allow-Origin"] == "*"
        exposed = headers["Access-Control-Expose-Headers"].split(", ")
        assert set(exposed) == {"Accept-Ranges", "Content-Length", "Content-Range", "ETag"}
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_preflight_of_a_page_of_another_origin(server: Server, pack: Any) -> None:
    status, headers, body = ask(
        server,
        pack[0],
        "OPTIONS",
        Origin="https://example.org",
        Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="range,if-none-match",
    )
    assert (status, body) == (204, b"")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert headers["Access-Control-Allow-Headers"] == "If-None-Match, If-Range, Range"
    assert "Content-Length" not in headers


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


def test_the_heads_etag_changes_with_its_bytes(growing: Any, grow: Any) -> None:
    with Server(growing.folder) as server:
        etag = ask(server, "/head")[1]["ETag"]
        grow(growing, [99])
        status, headers, body = ask(server, "/head", If_None_Match=etag)
        assert status == 200
        assert headers["ETag"] != etag
        assert body == growing.files["head"]


def test_the_head_is_replaced_again_and_again(growing: Any) -> None:
    """Heads of one length, replaced faster than a file's time tells: the ETag always fits the bytes."""
    heads = [f'{{"head": {number}}}'.encode() for number in range(10)]
    etags: dict[bytes, str] = {}
    with Server(growing.folder) as server:
        for number in range(100):
            data = heads[number % 10]
            write_file(growing.folder / "head", data)
            status, headers, body = ask(
                server, "/head", If_None_Match=etags.get(heads[(number - 1) % 10], '"x"')
            )
            assert (status, body) == (200, data)
            assert etags.setdefault(data, headers["ETag"]) == headers["ETag"]
            assert ask(server, "/head", If_None_Match=headers["ETag"])[0] == 304
    assert len(set(etags.values())) == 10


@pytest.mark.skipif(os.name == "nt", reason="there, open packs cannot be deleted")
def test_a_file_that_is_replaced_while_it_is_sent(tmp_path: Path) -> None:
    """The old one comes whole."""
    old, new = os.urandom(2**24), os.urandom(2**24)
    write_file(tmp_path / "head", old)
    with Server(tmp_path) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/head")
        answer = connection.getresponse()
        first = answer.read(1000)
        write_file(tmp_path / "head", new)
        assert first + answer.read() == old
        connection.request("GET", "/head")
        assert connection.getresponse().read() == new
        connection.close()


def test_a_file_that_shrinks_while_it_is_sent(tmp_path: Path) -> None:
    """The client sees that bytes are missing, and the server goes on."""
    (tmp_path / "packs").mkdir()
    path = tmp_path / "packs" / f"{'1' * 64}.pack"
    path.write_bytes(os.urandom(2**25))
    with Server(tmp_path) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.request("GET", f"/packs/{path.name}")
        answer = connection.getresponse()
        answer.read(1000)
        os.truncate(path, 10)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
        connection.close()
        assert ask(server, f"/packs/{path.name}")[1]["Content-Length"] == "10"


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
