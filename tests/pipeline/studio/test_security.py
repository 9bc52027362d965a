"""Attacks on the studio: pages of other origins, other names of this machine, wrong tokens, bodies that are too large."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from haac_studio._document.drafts import Draft
from haac_studio._limits import STUDIO_LIMITS
from haac_studio._server.bodies import Answered
from haac_studio._server.security import MARK, TOKEN, Door
from tests.pipeline.studio.studios import Browser, scene_json


def test_the_first_address_sets_a_cookie_that_opens_everything(client: Browser) -> None:
    del client.headers[TOKEN]
    entered = client.get(client.door.url)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/api/state").status_code == 200


@pytest.mark.parametrize(
    "change", [lambda _: "", lambda _: "x", lambda t: t[:-1], lambda t: t + "x", lambda t: t.swapcase()]
)
def test_a_wrong_token_opens_nothing(client: Browser, change: Callable[[str], str]) -> None:
    token = change(client.door.token)
    del client.headers[TOKEN]
    assert client.get("/", params={"token": token}).status_code == 403
    assert client.get("/api/state", headers={TOKEN: token}).status_code == 403
    assert client.get("/api/state", headers={"cookie": f"{client.door.cookie}={token}"}).status_code == 403
    assert not client.cookies


@pytest.mark.parametrize("token", [b"\xc3\xa9", b"\xff"])
def test_a_token_of_other_characters_is_wrong_too(client: Browser, token: bytes) -> None:
    assert client.get("/api/state", headers={TOKEN.encode(): token}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/", "/api/state", "/static/app.js", "/web/haac.js", "/api/elements/1/file", "/nothing"]
)
def test_without_the_token_nothing_is_told(client: Browser, path: str) -> None:
    del client.headers[TOKEN]
    answer = client.get(path)
    assert answer.status_code == 403
    assert "haac studio" in answer.json()["error"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost",
        "evil.example:{}",
        "127.0.0.1.evil.example:{}",
        "[::1]:{}",
    ],
)
def test_dns_rebinding_is_refused(client: Browser, host: str) -> None:
    host = host.format(client.door.port)
    assert client.get("/api/state", headers={"host": host}).status_code == 403
    assert client.get("/", params={"token": client.door.token}, headers={"host": host}).status_code == 403


def test_localhost_is_a_name_of_this_machine(client: Browser) -> None:
    assert client.get("/api/state", headers={"host": f"localhost:{client.door.port}"}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "https://127.0.0.1:{}",
        "http://localhost:{}",
        "http://127.0.0.1:1",
    ],
)
def test_a_foreign_origin_is_refused(client: Browser, origin: str) -> None:
    foreign = {"origin": origin.format(client.door.port)}
    for method, path in (
        ("GET", "/api/state"),
        ("POST", "/api/forms"),
        ("DELETE", "/api/draft"),
        ("OPTIONS", "/api/forms"),
    ):
        answer = client.request(method, path, headers=foreign)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_and_ports_are_refused(client: Browser, site: str) -> None:
    assert client.get("/api/elements/1/file", headers={"sec-fetch-site": site}).status_code == 403


def test_the_own_page_is_not_foreign(client: Browser) -> None:
    own = {"origin": f"http://{client.here}", "sec-fetch-site": "same-origin"}
    assert client.post("/api/forms", json={"scene": scene_json()}, headers=own).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/forms"), ("PUT", "/api/draft"), ("DELETE", "/api/draft"), ("POST", "/api/jobs/publish")],
)
def test_a_form_of_another_page_changes_nothing(client: Browser, method: str, path: str) -> None:
    """It can have the cookie of an old browser, but no header."""
    del client.headers[MARK]
    assert client.request(method, path).status_code == 403


def test_no_page_may_frame_it_or_put_scripts_in(client: Browser) -> None:
    for path in ("/api/state", "/nothing", "/api/elements/zz"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_a_huge_body_is_refused_before_it_is_read(client: Browser) -> None:
    """Nothing of it is sent: the answer comes all the same."""
    paths = (
        "forms",
        "read?name=a.haac",
        "reference?name=a.png",
        "jobs/ingest?name=a.png",
        "jobs/publish",
        "draft",
    )
    for path in paths:
        with socket.create_connection(("127.0.0.1", client.door.port), timeout=30) as connection:
            method = "PUT" if path == "draft" else "POST"
            head = f"{method} /api/{path} HTTP/1.1\r\nHost: {client.here}\r\n{TOKEN}: {client.door.token}\r\n{MARK}: 1\r\n"
            connection.sendall(f"{head}Content-Length: {10**15}\r\n\r\n".encode())
            assert b" 413 " in connection.recv(4096)


def test_a_body_that_grows_while_it_comes_is_refused(client: Browser) -> None:

    def growing() -> Iterator[bytes]:
        for _ in range(STUDIO_LIMITS.file_bytes // 2**16 + 1):
            yield b"x" * 2**16

    assert client.post("/api/read?name=a.txt", content=growing()).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", b'"x"', b"\xff", b"NaN", b'{"scene": NaN}', b"[" * 100_000, b'{"a":' * 100_000],
)
def test_bodies_that_are_no_objects_are_refused(client: Browser, body: bytes) -> None:
    answer = client.post("/api/forms", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        b"/static/../__init__.py",
        b"/static/..%2f..%2f__init__.py",
        b"/static/%2e%2e/__init__.py",
        b"/static//etc/passwd",
        b"/static/..%5c__init__.py",
        b"/static/C:%5cwindows.js",
        b"/web/__init__.py",
        b"/web/../haac/__init__.py",
        b"/web/.hidden.js",
        b"/static/",
        b"/static/x%00.js",
        b"/static/" + b"a/" * 50 + b"x.js",
    ],
)
def test_no_path_leads_out_of_the_page(client: Browser, path: bytes) -> None:
    answer = client.raw(path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}


def test_links_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from haac_studio._server import files

    page, secret = tmp_path / "page", tmp_path / "secret.js"
    page.mkdir()
    secret.write_text("secret")
    (page / "link.js").symlink_to(secret)
    (page / "own.js").write_text("export {};")
    monkeypatch.setattr(files, "STATIC", page)
    assert files._find(page, "own.js").read_text() == "export {};"
    with pytest.raises(Answered):
        files._find(page, "link.js")


def test_an_unknown_endpoint_answers_in_json(client: Browser) -> None:
    assert client.get("/api/nothing").json()["error"]
    assert client.post("/api/state").status_code == 405
    assert client.post("/api/state").json()["error"]


def test_a_fault_tells_no_traceback(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("of all numbers")

    monkeypatch.setattr(Draft, "load", broken)
    answer = client.get("/api/state")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "fault of haac" in answer.json()["error"]


def test_the_token_is_not_shown() -> None:
    assert Door(1).token not in repr(Door(1))
    assert Door(1).token != Door(1).token
