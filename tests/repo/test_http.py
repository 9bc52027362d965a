"""Environment variables about proxies and certificates that cannot be used: the message names the variable."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from haac._cli.main import _run
from haac_pipeline._input.web import download
from haac_repo import Server, TransportError
from haac_repo._http import open_client
from haac_repo._mirror.fetch import HttpFetcher
from haac_repo._store.layout import published_folder

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *(name.lower() for name in VARIABLES), "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "ALL_PROXY",
            "socks5://me:secret@10.0.0.1:1080",
            "ALL_PROXY is socks5://***@10.0.0.1:1080: .*haac\\[socks\\]",
        ),
        ("all_proxy", "socks5://10.0.0.1", "all_proxy is socks5://10.0.0.1: .*haac\\[socks\\]"),
        (
            "HTTPS_PROXY",
            "socks4://me:secret@host:1",
            "HTTPS_PROXY is socks4://\\*\\*\\*@host:1: .*socks5 is supported",
        ),
        ("HTTP_PROXY", "ftp://me:secret@host", "HTTP_PROXY is ftp://\\*\\*\\*@host: it is not the address"),
        ("HTTP_PROXY", "http://[::1", "HTTP_PROXY is http://\\[::1: it is not the address of a proxy"),
        ("HTTP_PROXY", "me:secret@[::1", "HTTP_PROXY is \\*\\*\\*@\\[::1: it is not the address of a proxy"),
        ("NO_PROXY", "localhost,::1,[::1],fine.example", "NO_PROXY has '\\[::1\\]', .*without brackets"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv(name, value)
    told = told.replace("***", re.escape("***"))
    with pytest.raises(TransportError, match=told) as raised:
        open_client()
    assert "secret" not in str(raised.value)
    with pytest.raises(TransportError, match=told):
        download("http://127.0.0.1:9/a.png")
    fetcher = HttpFetcher("http://127.0.0.1:9")
    with pytest.raises(TransportError, match=told), fetcher.fetch("head", None):
        pass


def test_sync_with_a_proxy_that_cannot_be_used_is_no_fault_of_haac(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("NO_PROXY", "[::1]")
    assert _run(["sync", "http://127.0.0.1:9", str(tmp_path / "mirror")]) == 1
    err = capsys.readouterr().err
    assert "NO_PROXY has '[::1]'" in err
    assert "fault of haac" not in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "there", "told"),
    [
        ("SSL_CERT_FILE", None, "SSL_CERT_FILE is .*nowhere, and there is no such file"),
        ("SSL_CERT_DIR", None, "SSL_CERT_DIR is .*nowhere, and there is no such folder"),
        ("SSL_CERT_FILE", b"words", "SSL_CERT_FILE is .*nowhere, which cannot be read as certificates"),
    ],
)
def test_certificates_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, there: bytes | None, told: str
) -> None:
    path = tmp_path / "nowhere"
    if there is not None:
        path.write_bytes(there)
    monkeypatch.setenv(name, str(path))
    with pytest.raises(TransportError, match=told):
        download("https://127.0.0.1:9/a.png")
    with pytest.raises(TransportError, match=told), HttpFetcher("https://127.0.0.1:9").fetch("head", None):
        pass


def test_plain_http_needs_no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,::1,*.example,10.0.0.0/8")
    (published_folder(tmp_path)).mkdir()
    (published_folder(tmp_path) / "head").write_bytes(b"x")
    with (
        Server(tmp_path) as server,
        HttpFetcher(server.url) as fetcher,
        fetcher.fetch("head", None) as fetched,
    ):
        assert b"".join(fetched.chunks) == b"x"
