"""The recipes of docs/hosting.md, in real servers: what they serve, what they do not, and that a sync is content with them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Pin, Repository, Server, create_keys, sync, verify, write_file
from haac_repo._serve.page import page_files
from scripts.lib.web_servers import SERVERS, examples, missing
from tests.repo.serve.asking import ask, raw


def test_the_pages_examples_of_buckets() -> None:
    """Two that S3 takes as they stand, and a script that a shell takes."""
    policy, cors = (json.loads(text) for text in examples("json"))
    (statement,) = policy["Statement"]
    assert (statement["Action"], statement["Resource"].endswith("/*")) == ("s3:GetObject", True)
    (rule,) = cors["CORSRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (["*"], ["GET", "HEAD"])
    (upload,) = (text for text in examples("sh") if text.startswith("set -e"))
    subprocess.run(["sh", "-n"], input=upload, check=True, text=True)
    order = [
        upload.index(f"s3://my-elements/stickers/{name} ")
        for name in ("metadata", "metadata/timestamp.json", "head")
    ]
    assert order == sorted(order)


@pytest.fixture(params=sorted(SERVERS))
def name(request: pytest.FixtureRequest) -> str:
    reason = missing(request.param)
    if reason:
        pytest.skip(reason)
    return str(request.param)


@pytest.fixture
def host(name: str, growing: Any, tmp_path: Path) -> Iterator[str]:
    """URL of `growing`, signed and hosted; with everything beside its published tree that a repository may have."""
    with Repository.open(growing.folder) as repository:
        create_keys(repository)
    growing.load()
    for private in ("keys/more.json", "open/1.pack", "match/index.npz"):
        (growing.folder / private).parent.mkdir(exist_ok=True)
        (growing.folder / private).write_bytes(b"private")
    (tmp_path / name).mkdir()
    with SERVERS[name](growing.folder / "public", tmp_path / name) as (url, _):
        yield url


def test_a_sync_from_it(host: str, growing: Any, tmp_path: Path) -> None:
    report = sync(host, tmp_path / "mirror", pin=Pin())
    assert (report.packs, report.missing_packs) == (2, 0)
    assert verify(tmp_path / "mirror").ok
    for path, data in growing.files.items():
        assert (tmp_path / "mirror" / "public" / path).read_bytes() == data
    again = sync(host, tmp_path / "mirror")
    assert again.requests == 2  # is there a newer root; the timestamp
    assert again.received < 1_000


def test_single_elements_from_it(host: str, growing: Any, tmp_path: Path) -> None:
    report = sync(host, tmp_path / "mirror", only=[3], pin=Pin())
    assert report.received < sum(len(data) for data in growing.files.values())
    assert report.missing_packs == 2


def test_a_head_that_is_replaced(host: str, growing: Any, grow: Any, tmp_path: Path) -> None:
    """Seen at once, however quickly one follows the other."""
    assert sync(host, tmp_path / "mirror", pin=Pin()).elements == 10
    for seed in range(50, 55):
        before = ask(host, "/head")[1]["ETag"]
        grow(growing, [seed])
        status, _, body = ask(host, "/head", If_None_Match=before)
        assert (status, body) == (200, growing.files["head"])
        assert sync(host, tmp_path / "mirror").new_records == 1


def test_heads_of_one_length_within_a_second(host: str, growing: Any) -> None:
    """Servers that make ETags of length and second would say that nothing is new: publishing has to give each another second."""
    from haac_repo._files import write_newer

    etags = set()
    for number in range(5):
        write_newer(growing.folder / "public" / "head", b"head %d" % number)
        _, headers, body = ask(host, "/head")
        assert body == b"head %d" % number
        etags.add(headers["ETag"])
    assert len(etags) == 5


@pytest.mark.parametrize(
    "path",
    ["/", "/catalog.sqlite", "/repository.json", "/lock", "/open/1.pack", "/keys/more.json", "/match/index.npz",
     "/../catalog.sqlite", "/packs/../../catalog.sqlite", "/%2e%2e/catalog.sqlite", "/packs/..%2f..%2fcatalog.sqlite",
     "/public/head", "/log/", "/packs", "/head/", "/head.0123.tmp", "/metadata/", "/metadata/../../keys/more.json"],
)  # fmt: skip
def test_nothing_else_is_to_be_had(host: str, path: str) -> None:
    answer = raw(host, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] in (b"400", b"404")
    assert b"private" not in answer
    assert b"SQLite" not in answer


def test_links_are_not_followed(name: str, host: str, growing: Any) -> None:
    if name == "caddy":
        pytest.skip("Caddy follows links; the page says so")
    (growing.folder / "public" / "packs" / f"{'1' * 64}.pack").symlink_to(growing.folder / "catalog.sqlite")
    assert ask(host, f"/packs/{'1' * 64}.pack")[0] in (403, 404)


def test_conditional_requests(host: str, growing: Any) -> None:
    for path in growing.files:
        etag = ask(host, f"/{path}")[1]["ETag"]
        status, headers, body = ask(host, f"/{path}", If_None_Match=etag)
        assert (status, headers["ETag"], body) == (304, etag, b"")
        assert ask(host, f"/{path}", If_None_Match='"other"')[2] == growing.files[path]


def test_ranges(host: str, growing: Any) -> None:
    path, data = growing.packs[0], growing.files[growing.packs[0]]
    etag = ask(host, f"/{path}")[1]["ETag"]
    for asked, part in [("5-99", data[5:100]), ("100-", data[100:]), ("-10", data[-10:])]:
        status, headers, body = ask(host, f"/{path}", Range=f"bytes={asked}", If_Range=etag)
        assert (status, body) == (206, part)
        assert headers["Content-Range"].endswith(f"/{len(data)}")
    assert ask(host, f"/{path}", Range="bytes=5-99", If_Range='"other"')[2] == data
    assert ask(host, f"/{path}", Range="bytes=99999999-")[0] == 416
    assert "Content-Encoding" not in ask(host, f"/{path}", Accept_Encoding="gzip, br, zstd")[1]


def test_what_may_be_kept(host: str, growing: Any) -> None:
    immutable = [path for path in growing.files if path.startswith(("log/", "packs/", "targets/"))]
    assert len(immutable) > 3
    for path in immutable:
        for more in ({}, {"Range": "bytes=0-9"}):
            headers = ask(host, f"/{path}", **more)[1]
            assert headers.get_all("Cache-Control") == ["public, max-age=31536000, immutable"], path
    for path in ("head", "metadata/1.root.json", "metadata/timestamp.json"):
        status, headers, _ = ask(host, f"/{path}")
        assert (status, headers.get_all("Cache-Control")) == (200, ["no-cache"]), path
    for path in ("metadata/2.root.json", f"packs/{'0' * 64}.pack", "catalog.sqlite"):
        status, headers, _ = ask(host, f"/{path}")
        assert (status, headers.get_all("Cache-Control")) == (404, ["no-cache"]), path


def test_pages_of_other_origins(host: str, growing: Any) -> None:
    for path in ("head", growing.packs[0]):
        for more in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": ask(host, f"/{path}")[1]["ETag"]}):
            headers = ask(host, f"/{path}", Origin="https://example.org", **more)[1]
            assert headers.get_all("Access-Control-Allow-Origin") == ["*"]
            exposed = set(headers["Access-Control-Expose-Headers"].split(", "))
            assert exposed == {"Accept-Ranges", "Content-Length", "Content-Range", "ETag"}
    asking = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    status, headers, body = ask(host, "/head", "OPTIONS", Origin="https://example.org", **asking)
    assert (status, body) == (204, b"")
    assert headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert "Range" in headers["Access-Control-Allow-Headers"].split(", ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(host: str, growing: Any, method: str) -> None:
    assert ask(host, "/head", method)[0] in (403, 405)
    assert (growing.folder / "public" / "head").read_bytes() == growing.files["head"]


def test_a_file_that_is_being_replaced(host: str, growing: Any) -> None:
    """Whoever asks gets one head or the other."""
    heads = [b"a" * 100_000, b"b" * 100_000]
    for number in range(20):
        write_file(growing.folder / "public" / "head", heads[number % 2])
        assert ask(host, "/head")[2] == heads[number % 2]


def test_the_decoder_and_the_page_beside_it(name: str, growing: Any, tmp_path: Path) -> None:
    """As `haac serve` has them: the same bytes under the same names, and the page's policy."""
    files = page_files()
    if not files:
        pytest.skip("the web decoder is not installed (sh scripts/test --setup)")
    (tmp_path / name).mkdir()
    decoder = files["web/haac.js"].parent
    with (
        SERVERS[name](growing.folder / "public", tmp_path / name, decoder=decoder) as (url, _),
        Server(growing.folder, page=True) as own,
    ):
        for path in (
            "/",
            "/service_worker.js",
            *(f"/{each}" for each in files if each.endswith((".js", ".css")) and each.startswith("web/")),
        ):
            status, headers, body = ask(url, path)
            _, wanted, there = ask(own, path)
            assert (status, body) == (200, there), path
            assert headers["Content-Type"].split(";")[0] == wanted["Content-Type"].split(";")[0], path
            assert "utf-8" in headers["Content-Type"] or path == "/service_worker.js", path
            assert headers["Cache-Control"] == "no-cache", path
        assert ask(url, "/")[1]["Content-Security-Policy"] == ask(own, "/")[1]["Content-Security-Policy"]
        for path in (
            "/web/",
            "/web/__init__.py",
            "/web/package.json",
            "/web/../head.py",
            "/page/index.html",
            "/web/page/index.html",
        ):
            assert raw(url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()).split()[
                1
            ] in (b"400", b"404"), path
        assert ask(url, "/head")[2] == growing.files["head"]
