"""Networks and servers that fail, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haac_repo import HistoryError, IntegrityError, Server, TransportError, sync
from haac_repo._mirror.download import Patience

IMPATIENT = Patience(tries=3, first=0.01, longest=3)
END = b"\r\n\r\n"


def test_honest(rigged: Any, mirror: Path, disk: Any) -> None:
    rigged.sync(mirror)
    disk.assert_sound(mirror)
    assert all(headers["accept-encoding"] == "identity" for _, headers in rigged.requests)


def test_our_own_server(published: Path, mirror: Path, disk: Any) -> None:
    lines: list[str] = []
    with Server(published, log=lines.append) as server:
        sync(server.url, mirror)
        report = sync(server.url, mirror)
    assert report.requests == 1
    assert " 304 " in lines[-1]
    disk.assert_sound(mirror)


def test_short_of_content_length(rigged: Any, mirror: Path, disk: Any) -> None:
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
    disk.assert_sound(mirror)


def rest(rigged: Any) -> str:
    return str(len(rigged.body(rigged.origin.packs[0])) - 1)


def test_close_delimited_truncation(rigged: Any, mirror: Path, disk: Any) -> None:
    """HTTP/1.0 style: httpx takes the end of the connection for the end of the file."""

    def broken(path: str, _: Any) -> Iterator[bytes]:
        yield b'HTTP/1.1 200 OK\r\nETag: "1"\r\nConnection: close' + END + rigged.body(path)[:999]

    rigged.only_for("packs/", broken, times=2)
    rigged.sync(mirror)
    assert sum(asked != "all" for asked in rigged.asked("packs/")) == 2
    disk.assert_sound(mirror)


def test_close_delimited_truncation_of_the_head(rigged: Any, mirror: Path) -> None:
    def broken(path: str, _: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nConnection: close" + END + rigged.body(path)[:-30]

    rigged.only_for("head", broken)
    rigged.assert_sync_fails(mirror, "not readable JSON", IntegrityError)


def test_extra_bytes(rigged: Any, mirror: Path) -> None:
    def longer(path: str, _: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nConnection: close" + END + rigged.body(path) + b"more"

    rigged.only_for("packs/", longer)
    rigged.assert_sync_fails(mirror, "goes on after byte")


def test_another_content_length(rigged: Any, mirror: Path) -> None:
    rigged.only_for("packs/", rigged.simple("200 OK", body=b"short"))
    rigged.assert_sync_fails(mirror, "has 5 bytes; the head promises")


def test_endless_body(rigged: Any, mirror: Path) -> None:
    def endless(*_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nConnection: close" + END
        while True:
            yield b" " * 65536

    rigged.only_for("head", endless)
    rigged.assert_sync_fails(mirror, "goes on after byte 4194304")


def test_a_head_that_says_how_much_too_long_it_is(rigged: Any, mirror: Path) -> None:
    """Refused at once: nothing of it is waited for."""

    def long(*_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 4194305" + END

    rigged.only_for("head", long)
    rigged.assert_sync_fails(mirror, "has 4194305 bytes; at most 4194304 are allowed")


def test_dripping_within_the_limits_of_each_window(rigged: Any, mirror: Path) -> None:
    """Fast enough never to be hung up on, and too slow for the object as a whole: not waited for till the end of days."""

    def drip(path: str, _: Any) -> Iterator[bytes]:
        data = rigged.body(path)
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}{END.decode()}".encode()
        for at in range(0, len(data), 50):
            yield data[at : at + 50]
            time.sleep(0.02)

    rigged.only_for("packs/", drip)
    with pytest.raises(TransportError, match="fewer than 20000 a second"):
        rigged.sync(mirror, patience=Patience(tries=3, first=0.01, rate=20_000, grace=0.2))
    rigged.only_for("head", drip)
    with pytest.raises(TransportError, match=r"of the head or its metadata in .*; 0.1 are allowed"):
        rigged.sync(mirror, patience=Patience(tries=3, first=0.01, deadline=0.1))
    rigged.answer = rigged.honest
    rigged.sync(mirror)


def test_endless_headers(rigged: Any, mirror: Path) -> None:
    def endless(*_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X-More: " + b"x" * 1000 + b"\r\n"

    rigged.only_for("head", endless)
    rigged.assert_sync_fails(mirror, "given up after 3 tries")


def test_dripping_body(rigged: Any, mirror: Path) -> None:
    """A byte now and then keeps every timeout of httpx from firing."""

    def drip(path: str, _: Any) -> Iterator[bytes]:
        data = rigged.body(path)
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}{END.decode()}".encode()
        for at in range(len(data)):
            yield data[at : at + 1]
            time.sleep(0.05)

    rigged.only_for("packs/", drip)
    rigged.assert_sync_fails(mirror, "fewer than 2000 bytes a second")


def test_dripping_headers(rigged: Any, mirror: Path) -> None:
    def drip(*_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX: "
        while True:
            yield b"x"
            time.sleep(0.05)

    rigged.only_for("head", drip)
    began = time.monotonic()
    rigged.assert_sync_fails(mirror, "given up after 3 tries")
    assert time.monotonic() - began < 20  # without the watchdog: an hour and a half


def test_silence(rigged: Any, mirror: Path) -> None:
    def silent(*_: Any) -> Iterator[bytes]:
        time.sleep(1)
        yield b""

    rigged.only_for("head", silent)
    rigged.assert_sync_fails(mirror, "given up after 3 tries")


def test_range_ignored(rigged: Any, mirror: Path, disk: Any) -> None:
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
    disk.assert_sound(mirror)


@pytest.mark.parametrize(
    "content_range",
    ["bytes 0-{last}/{size}", "bytes 999-{last}/99", "bytes 999-1000/{size}", "pages 1-2/3", ""],
)
def test_wrong_content_range(rigged: Any, mirror: Path, content_range: str) -> None:
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
    rigged.assert_sync_fails(mirror, "asked for a part|has 99 bytes")


def test_etag_changes_mid_range(rigged: Any, mirror: Path, disk: Any) -> None:
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
    disk.assert_sound(mirror)


def test_pieces_of_different_files_without_etags(rigged: Any, mirror: Path, disk: Any) -> None:
    """A part that another server left, or an earlier run: noticed by its hash, fetched again in one go."""
    rigged.sync(mirror, only=[1])
    part = mirror / "open" / Path(rigged.origin.packs[0]).with_suffix(".part").name
    part.write_bytes(b"x" * 999)
    rigged.requests.clear()
    rigged.sync(mirror)
    assert rigged.asked(rigged.origin.packs[0]) == ["bytes=999-" + rest(rigged), "all"]
    disk.assert_sound(mirror)


def test_gzip_bomb(rigged: Any, mirror: Path) -> None:
    """Nothing that the server calls compressed is inflated: its bytes are counted, and hashed, as they come."""
    bomb = b"\x1f\x8b\x08" + b"\0" * 5000

    def answer(*_: Any) -> Iterator[bytes]:
        yield (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}{END.decode()}".encode()
            + bomb
        )

    rigged.only_for("log/", answer)
    rigged.assert_sync_fails(mirror, "goes on after byte")


def test_segments_labelled_as_encoded(rigged: Any, mirror: Path, disk: Any) -> None:
    """Some servers call a .gz file encoded; its bytes are still the file's."""

    def answer(path: str, _: Any) -> Iterator[bytes]:
        data = rigged.body(path)
        yield (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(data)}{END.decode()}".encode()
            + data
        )

    rigged.only_for("log/", answer)
    rigged.sync(mirror)
    disk.assert_sound(mirror)


def test_nobody_there(mirror: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(TransportError, match=r"refused.*after 3 tries"):
        sync(f"http://127.0.0.1:{port}", mirror, patience=IMPATIENT)
    assert not mirror.exists()


def test_mirror_failover_never_relaxes_verification(
    rigged: Any, growing: Any, mirror: Path, published: Path, disk: Any
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
    disk.assert_sound(mirror)


def test_interrupted_from_the_keyboard(rigged: Any, mirror: Path, disk: Any) -> None:
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
    begun = sum(f"packs/{part.stem}.pack" in rigged.origin.packs for part in (mirror / "open").glob("*.part"))
    rigged.sync(mirror)
    assert begun
    assert sum(asked.startswith("bytes=999-") for asked in rigged.asked("packs/")) == begun
    disk.assert_sound(mirror)


def interrupt(thread: int) -> None:
    import signal

    signal.pthread_kill(thread, signal.SIGINT)
