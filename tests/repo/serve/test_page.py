"""The page of `haac serve`, and the modules that it loads: exact names, types, and nothing else of the package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from haac_repo import Server
from haac_repo._serve.page import page_files
from tests.repo.serve.asking import ask, raw
from tests.repo.serve.test_command import command

if not page_files():
    pytest.skip("the web decoder is not installed (sh scripts/test --setup)", allow_module_level=True)


@pytest.fixture(scope="module")
def paged(published: Path) -> Iterator[Server]:
    with Server(published, page=True) as server:
        yield server


def test_the_page_runs_nothing_but_what_the_server_sends(paged: Server) -> None:
    status, headers, body = ask(paged, "/")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-cache"
    text = body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|https?://", text)


def test_all_that_the_page_imports_is_there(paged: Server) -> None:
    todo = [f"/{name}" for name in re.findall(r'(?:src|href)="([^":]+)"', ask(paged, "/")[2].decode())]
    assert len(todo) == 2
    done: set[str] = set()
    while todo:
        path = todo.pop()
        if path in done:
            continue
        done.add(path)
        status, headers, body = ask(paged, path)
        assert status == 200, path
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        assert headers["Content-Type"] == f"{kind}; charset=utf-8", path
        assert headers["Access-Control-Allow-Origin"] == "*"
        if path.endswith(".js"):
            found = re.findall(
                r'(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"|new URL\("(\.[^"]+)",\s*import\.meta', body.decode()
            )
            todo += [urljoin(path, one or other) for one, other in found]
    assert {"/web/haac.js", "/web/worker.js", "/web/mirror/repository.js"} <= done


def test_names_are_exact(paged: Server) -> None:
    refused = (
        "web", "web/", "web/haac", "web/HAAC.js", "web/haac.js/", "web/haac.js?x", "web//haac.js", "web/./haac.js", "web/%68aac.js",
        "web/../head", "web/page", "web/__init__.py", "web/package.json", "web/py.typed", "haac.js", "index.html", "?x", "/", "web/mirror",
    )  # fmt: skip
    for name in refused:
        assert (
            b" 404 "
            in raw(paged, f"GET /{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())[:20]
        ), name


def test_modules_are_sent_once(paged: Server) -> None:
    _, headers, body = ask(paged, "/web/errors.js")
    assert ask(paged, "/web/errors.js", If_None_Match=headers["ETag"])[0] == 304
    status, part, piece = ask(paged, "/web/errors.js", Range="bytes=0-9")
    assert (status, piece, part["ETag"]) == (206, body[:10], headers["ETag"])
    assert ask(paged, "/web/errors.js", "HEAD")[2] == b""
    assert ask(paged, "/web/errors.js", "POST")[0] == 405


def test_what_is_published_goes_before_nothing_of_the_page(paged: Server, published: Path) -> None:
    """The head is the head; no name of the page is one that could be published."""
    _, headers, body = ask(paged, "/head")
    assert body == (published / "public" / "head").read_bytes()
    assert headers["Content-Type"] == "application/json"
    assert "Content-Security-Policy" not in headers
    names = page_files()
    assert not [
        name for name in names if name.startswith(("head", "log/", "packs/", "metadata/", "targets/"))
    ]


def test_a_module_that_is_gone_is_not_there(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone.js"
    gone.write_text("")
    (tmp_path / "folder.js").mkdir()
    files = {"web/gone.js": gone, "web/folder.js": tmp_path / "folder.js"}
    monkeypatch.setattr("haac_repo._serve.server.page_files", lambda: files)
    with Server(published, page=True) as server:
        assert ask(server, "/web/gone.js")[0] == 200
        gone.unlink()
        assert ask(server, "/web/gone.js")[0] == 404
        assert ask(server, "/web/folder.js")[0] == 404
        assert not server.has_page


def test_without_a_page(published: Path) -> None:
    with Server(published) as server:
        assert ask(server, "/")[0] == ask(server, "/web/haac.js")[0] == 404


def test_the_command_has_a_page_and_leaves_it_out(published: Path) -> None:
    for options, status in (([], 200), (["--no-page"], 404)):
        with command(published, *options) as (_, url):
            assert ask(url, "/")[0] == status
            assert ask(url, "/head")[0] == 200
