"""The static server: exactly the published files, exactly as HTTP says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haac_repo import RepositoryError, Server
from tests.repo.serve.asking import ask, raw


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
