"""Networks and servers that fail, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from haac_repo import HistoryError, IntegrityError, Server, TransportError, sync
from haac_repo._mirror.download import Patience
from haac_repo._mirror.fetch import HttpFetcher

IMPATIENT = Patience(tries=3, first=0.01, longest=3)
END = b"\r\n\r\n"


class Rigged:
    """A server that sends for each request exactly the bytes that `answer(path, headers)` yields."""

    def __init__(self, origin: Any) -> None:
        self.origin = origin
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answer: Callable[[str, dict[str, str]], Iterator[bytes]] = self.honest
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            received = b""
            while END not in received:
                more = connection.recv(65536)
                if not more:
                    return
                received += more
            first, *lines = received.decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            path = first.split()[1].removeprefix("/")
            self.requests.append((path, headers))
            try:
                for part in self.answer(path, headers):
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # until the client has closed, so that it loses nothing
                    pass
            except OSError:
                pass

    def body(self, path: str) -> bytes:
        return bytes(self.origin.files[path])

    def honest(self, path: str, headers: dict[str, str]) -> Iterator[bytes]:
        data = self.body(path)
        if "range" in headers:
            start, last = map(int, headers["range"].removeprefix("bytes=").split("-"))
            yield (
                f'HTTP/1.1 206 x\r\nContent-Range: bytes {start}-{last}/{len(data)}\r\nETag: "1"\r\n'
                f"Content-Length: {last + 1 - start}{END.decode()}"
            ).encode()
            yield data[start : last + 1]
        else:
            yield f'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: {len(data)}{END.decode()}'.encode() + data

    def only_for(self, prefix: str, answer: Callable[..., Iterator[bytes]], times: int = 1000) -> None:
        """Answer like this `times` for paths that begin so, and honestly otherwise."""
        left = [times]

        def chosen(path: str, headers: dict[str, str]) -> Iterator[bytes]:
            if path.startswith(prefix) and left[0] > 0:
                left[0] -= 1
                yield from answer(path, headers)
            else:
                yield from self.honest(path, headers)

        self.answer = chosen

    def sync(self, mirror: Path, **options: Any) -> Any:
        fetcher = HttpFetcher(self.url, timeout=2, window=0.3, min_rate=2000)
        return sync(self.url, mirror, fetcher=fetcher, patience=IMPATIENT, **options)

    def asked(self, prefix: str) -> list[str]:
        return [headers.get("range", "all") for path, headers in self.requests if path.startswith(prefix)]

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def rigged(growing: Any) -> Iterator[Rigged]:
    server = Rigged(growing)
    yield server
    server.close()


def simple(status: str, *headers: str, body: bytes = b"") -> Callable[..., Iterator[bytes]]:
    def answer(_path: str, _headers: dict[str, str]) -> Iterator[bytes]:
        lines = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"])
        yield lines.encode() + END + body

    return answer


def failed(
    rigged: Rigged, mirror: Path, words: str, disk: Any, kind: type[Exception] = TransportError
) -> None:
    """The sync fails, with nothing unverified on disk; and works once the server does."""
    with pytest.raises(kind, match=words):
        rigged.sync(mirror)
    if mirror.exists():
        disk.check(mirror, complete=False)
        assert not (mirror / "head").exists()
    rigged.answer = rigged.honest
    rigged.sync(mirror)
    disk.check(mirror)


def test_honest(rigged: Rigged, mirror: Path, disk: Any) -> None:
    rigged.sync(mirror)
    disk.check(mirror)
    assert all(headers["accept-encoding"] == "identity" for _, headers in rigged.requests)


def test_our_own_server(published: Path, mirror: Path, disk: Any) -> None:
    lines: list[str] = []
    with Server(published, log=lines.append) as server:
        sync(server.url, mirror)
        report = sync(server.url, mirror)
    assert report.requests == 1
    assert " 304 " in lines[-1]
    disk.check(mirror)


def test_short_of_content_length(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """The connection breaks; what came is kept, and the rest is asked for."""

    def broken(path: str, _: Any) -> Iterator[bytes]:
        data = rigged.body(path)
        yield (
            f'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: {len(data)}{END.decode()}'.encode() + data[:999]
        )

    rigged.only_for(f"{rigged.origin.packs[0]}", broken, times=1)
    report = rigged.sync(mirror)
    assert rigged.asked(rigged.origin.packs[0]) == ["all", "bytes=999-" + rest(rigged)]
    assert report.received == sum(map(len, rigged.origin.files.values()))
    disk.check(mirror)


def rest(rigged: Rigged) -> str:
    return str(len(rigged.body(rigged.origin.packs[0])) - 1)


def test_close_delimited_truncation(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """HTTP/1.0 style: httpx takes the end of the connection for the end of the file."""

    def broken(path: str, _: Any) -> Iterator[bytes]:
        yield b'HTTP/1.1 200 OK\r\nETag: "1"\r\nConnection: close' + END + rigged.body(path)[:999]

    rigged.only_for("packs/", broken, times=2)
    rigged.sync(mirror)
    assert sum(asked != "all" for asked in rigged.asked("packs/")) == 2
    disk.check(mirror)


def test_close_delimited_truncation_of_the_head(rigged: Rigged, mirror: Path, disk: Any) -> None:
    def broken(path: str, _: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nConnection: close" + END + rigged.body(path)[:-30]

    rigged.only_for("head", broken)
    failed(rigged, mirror, "not readable JSON", disk, IntegrityError)


def test_extra_bytes(rigged: Rigged, mirror: Path, disk: Any) -> None:
    def longer(path: str, _: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nConnection: close" + END + rigged.body(path) + b"more"

    rigged.only_for("packs/", longer)
    failed(rigged, mirror, "goes on after byte", disk)


def test_another_content_length(rigged: Rigged, mirror: Path, disk: Any) -> None:
    rigged.only_for("packs/", simple("200 OK", body=b"short"))
    failed(rigged, mirror, "has 5 bytes; the head promises", disk)


def test_endless_body(rigged: Rigged, mirror: Path, disk: Any) -> None:
    def endless(*_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nConnection: close" + END
        while True:
            yield b" " * 65536

    rigged.only_for("head", endless)
    failed(rigged, mirror, "goes on after byte 16777216", disk)


def test_endless_headers(rigged: Rigged, mirror: Path, disk: Any) -> None:
    def endless(*_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X-More: " + b"x" * 1000 + b"\r\n"

    rigged.only_for("head", endless)
    failed(rigged, mirror, "given up after 3 tries", disk)


def test_dripping_body(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """A byte now and then keeps every timeout of httpx from firing."""

    def drip(path: str, _: Any) -> Iterator[bytes]:
        data = rigged.body(path)
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}{END.decode()}".encode()
        for at in range(len(data)):
            yield data[at : at + 1]
            time.sleep(0.05)

    rigged.only_for("packs/", drip)
    failed(rigged, mirror, "fewer than 2000 bytes a second", disk)


def test_dripping_headers(rigged: Rigged, mirror: Path, disk: Any) -> None:
    def drip(*_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX: "
        while True:
            yield b"x"
            time.sleep(0.05)

    rigged.only_for("head", drip)
    began = time.monotonic()
    failed(rigged, mirror, "given up after 3 tries", disk)
    assert time.monotonic() - began < 20  # without the watchdog: an hour and a half


def test_silence(rigged: Rigged, mirror: Path, disk: Any) -> None:
    def silent(*_: Any) -> Iterator[bytes]:
        time.sleep(1)
        yield b""

    rigged.only_for("head", silent)
    failed(rigged, mirror, "given up after 3 tries", disk)


def test_range_ignored(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """A 200 to a Range: starts over, appends nothing."""
    calls = [0]

    def answer(path: str, _: Any) -> Iterator[bytes]:
        calls[0] += 1
        data = rigged.body(path)
        cut = 999 if calls[0] == 1 else len(data)
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}{END.decode()}".encode() + data[:cut]

    rigged.only_for(rigged.origin.packs[0], answer)
    rigged.sync(mirror)
    assert rigged.asked(rigged.origin.packs[0]) == ["all", "bytes=999-" + rest(rigged)]
    disk.check(mirror)


@pytest.mark.parametrize(
    "content_range",
    ["bytes 0-{last}/{size}", "bytes 999-{last}/99", "bytes 999-1000/{size}", "pages 1-2/3", ""],
)
def test_wrong_content_range(rigged: Rigged, mirror: Path, disk: Any, content_range: str) -> None:
    def answer(path: str, headers: dict[str, str]) -> Iterator[bytes]:
        data = rigged.body(path)
        if "range" not in headers:
            yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}{END.decode()}".encode() + data[:999]
        else:
            shown = content_range.format(last=len(data) - 1, size=len(data))
            yield (
                f"HTTP/1.1 206 x\r\nContent-Range: {shown}\r\nConnection: close{END.decode()}".encode()
                + data[999:]
            )

    rigged.only_for(rigged.origin.packs[0], answer)
    failed(rigged, mirror, "asked for a part|has 99 bytes", disk)


def test_etag_changes_mid_range(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """The file was replaced between two pieces: they are not put together."""
    calls = [0]

    def answer(path: str, headers: dict[str, str]) -> Iterator[bytes]:
        calls[0] += 1
        data = rigged.body(path)
        if calls[0] == 1:
            yield f'HTTP/1.1 200 OK\r\nETag: "0"\r\nContent-Length: {len(data)}{END.decode()}'.encode()
            yield b"x" * 999
        else:
            yield from rigged.honest(path, headers)

    rigged.only_for(rigged.origin.packs[0], answer)
    rigged.sync(mirror)
    assert rigged.asked(rigged.origin.packs[0]) == ["all", "bytes=999-" + rest(rigged), "all"]
    disk.check(mirror)


def test_pieces_of_different_files_without_etags(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """A part that another server left, or an earlier run: noticed by its hash, fetched again in one go."""
    rigged.sync(mirror, only=[1])
    part = mirror / "open" / Path(rigged.origin.packs[0]).with_suffix(".part").name
    part.write_bytes(b"x" * 999)
    rigged.requests.clear()
    rigged.sync(mirror)
    assert rigged.asked(rigged.origin.packs[0]) == ["bytes=999-" + rest(rigged), "all"]
    disk.check(mirror)


def test_gzip_bomb(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """Nothing that the server calls compressed is inflated: its bytes are counted, and hashed, as they come."""
    bomb = b"\x1f\x8b\x08" + b"\0" * 5000

    def answer(*_: Any) -> Iterator[bytes]:
        yield (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}{END.decode()}".encode()
            + bomb
        )

    rigged.only_for("log/", answer)
    failed(rigged, mirror, "goes on after byte", disk)


def test_segments_labelled_as_encoded(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """Some servers call a .gz file encoded; its bytes are still the file's."""

    def answer(path: str, _: Any) -> Iterator[bytes]:
        data = rigged.body(path)
        yield (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(data)}{END.decode()}".encode()
            + data
        )

    rigged.only_for("log/", answer)
    rigged.sync(mirror)
    disk.check(mirror)


@pytest.mark.parametrize("status", ["301 x", "302 x", "307 x", "308 x"])
def test_redirect(rigged: Rigged, mirror: Path, disk: Any, status: str) -> None:
    rigged.only_for("head", simple(status, "Location: http://169.254.169.254/latest/meta-data"))
    failed(rigged, mirror, "redirects to 'http://169.254.169.254/.*follows no redirects", disk)


def test_captive_portal(rigged: Rigged, mirror: Path, disk: Any) -> None:
    page = b"<html>Welcome to the Grand Hotel</html>"
    rigged.only_for("head", simple("200 OK", "Content-Type: text/html; charset=utf-8", body=page))
    failed(rigged, mirror, "web page.*log-in", disk)


def test_captive_portal_without_a_type(rigged: Rigged, mirror: Path, disk: Any) -> None:
    rigged.only_for("head", simple("200 OK", body=b"\n<!doctype html>"))
    failed(rigged, mirror, "web page.*log-in", disk, IntegrityError)


@pytest.mark.parametrize("after", ["0", formatdate(0, usegmt=True), "nonsense", ""])
@pytest.mark.parametrize("status", ["429 x", "503 x"])
def test_busy_for_a_while(rigged: Rigged, mirror: Path, disk: Any, status: str, after: str) -> None:
    rigged.only_for("packs/", simple(status, f"Retry-After: {after}"), times=2)
    rigged.sync(mirror)
    disk.check(mirror)


def test_retry_after_is_honoured(rigged: Rigged, mirror: Path) -> None:
    rigged.only_for("head", simple("503 x", "Retry-After: 1"), times=1)
    began = time.monotonic()
    rigged.sync(mirror)
    assert time.monotonic() - began >= 1


def test_retry_after_an_hour_is_not_waited_for(rigged: Rigged, mirror: Path, disk: Any) -> None:
    rigged.only_for("head", simple("503 x", "Retry-After: 3600"))
    failed(rigged, mirror, "come back in 3600 seconds", disk)
    assert len(rigged.asked("head")) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 x", "refuses access"),
        ("403 x", "refuses access"),
        ("404 x", "is not there"),
        ("410 x", "is not there"),
        ("418 x", "HTTP 418"),
        ("451 x", "legal reasons"),
        ("500 x", "after 3 tries"),
        ("416 x", "shorter"),
        ("304 x", "HTTP 304"),
    ],
)
@pytest.mark.parametrize("where", ["head", "packs/"])
def test_statuses(rigged: Rigged, mirror: Path, disk: Any, where: str, status: str, words: str) -> None:
    rigged.only_for(where, simple(status))
    failed(rigged, mirror, words, disk)


def test_nobody_there(mirror: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(TransportError, match=r"refused.*after 3 tries"):
        sync(f"http://127.0.0.1:{port}", mirror, patience=IMPATIENT)
    assert not mirror.exists()


def test_mirror_failover_never_relaxes_verification(
    rigged: Rigged, growing: Any, mirror: Path, published: Path, disk: Any
) -> None:
    """Another address for the same mirror has to continue the same history."""
    rigged.sync(mirror)
    before = disk.tree(mirror)
    with Server(published) as other, pytest.raises(HistoryError, match="mirror of"):
        sync(other.url, mirror)
    first = growing.records()[0]
    growing.forge([first[:5]])
    with Server(growing.folder) as same:
        rigged.answer = rigged.honest
        with pytest.raises(HistoryError, match="went back"):
            rigged.sync(mirror)
        assert disk.tree(mirror) == before
        assert sync(same.url, mirror).requests == 1
    disk.check(mirror)


def test_interrupted_from_the_keyboard(rigged: Rigged, mirror: Path, disk: Any) -> None:
    """Ctrl-C ends it at once, although threads wait for the server; the next sync goes on."""
    stuck = threading.Event()

    def hang(path: str, _: Any) -> Iterator[bytes]:
        data = rigged.body(path)
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}{END.decode()}".encode() + data[:999]
        stuck.wait(30)

    rigged.only_for("packs/", hang)

    main = threading.get_ident()
    threading.Timer(0.25, lambda: interrupt(main)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        rigged.sync(mirror)
    assert time.monotonic() - began < 10
    stuck.set()
    rigged.answer = rigged.honest
    rigged.requests.clear()
    rigged.sync(mirror)
    assert all(asked.startswith("bytes=999-") for asked in rigged.asked("packs/"))
    disk.check(mirror)


def interrupt(thread: int) -> None:
    import signal

    signal.pthread_kill(thread, signal.SIGINT)
