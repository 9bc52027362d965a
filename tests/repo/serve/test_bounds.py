"""What a client may take: time, connections; and that whoever takes more keeps nobody else out."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Server
from haac_repo._serve.admission import Admission, Bounds, address_of
from haac_repo._serve.descriptors import raise_limit, within_limit
from tests.repo.serve.asking import ask, raw

QUICK = Bounds(request_seconds=0.3, idle_seconds=1)
PATIENT = Bounds(request_seconds=60, connections=8, per_address=8)
FILES = Path("/proc/self/fd")
WHOLE = b"GET /head HTTP/1.1\r\nHost: x\r\n\r\n"


@contextlib.contextmanager
def connected(server: Server, *sent: bytes) -> Iterator[socket.socket]:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for part in sent:
            connection.sendall(part)
        yield connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the server closes it, or has; waits for that, up to the connection's timeout."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def until_closed(connection: socket.socket, trickle: bytes) -> int:
    """Send `trickle` again and again, until the server has enough: how often it was sent."""
    connection.settimeout(0.05)
    for count in range(400):
        try:
            connection.sendall(trickle)
            if connection.recv(65536) == b"":
                return count
        except TimeoutError:
            continue
        except ConnectionError:
            return count
    pytest.fail("the server waits for ever")


@pytest.mark.parametrize(
    ("before", "trickle"),
    [
        (b"", b"G"),
        (b"GET /head HTTP/1.1\r\n", b"x: y\r\n"),
        (b"", b"\r\n"),
        (WHOLE, b"G"),
        (WHOLE, b"\r\n"),
        (WHOLE + b"GET /he", b"a"),
    ],
)
def test_slow_loris(published: Path, before: bytes, trickle: bytes) -> None:
    """Headers that come one byte at a time, before the first request and after it."""
    lines: list[str] = []
    with Server(published, log=lines.append, bounds=QUICK) as server, connected(server, before) as slow:
        until_closed(slow, trickle)
        assert ask(server, "/head")[0] == 200
    # What is not even the beginning of a request may be called that before its time is over.
    assert any(" - - 408 " in line or " - - 400 " in line for line in lines)


@pytest.mark.parametrize("before", [b"", b"GET /head HTTP/1.1\r\nHost: x", WHOLE, WHOLE + b"GET /he"])
def test_a_silent_client(published: Path, before: bytes) -> None:
    with Server(published, bounds=QUICK) as server, connected(server, before) as silent:
        assert is_closed(silent)


def test_a_client_that_reads_nothing(tmp_path: Path) -> None:
    """It is cut off, and its file closed."""
    packs = tmp_path / "public" / "packs"
    packs.mkdir(parents=True)
    name = f"{'1' * 64}.pack"
    with (packs / name).open("wb") as file:
        file.truncate(2**30)  # more than any socket's buffers hold
    lines: list[str] = []
    bounds = Bounds(grace_seconds=0.2, min_rate=2**24)
    with (
        Server(tmp_path, log=lines.append, bounds=bounds) as server,
        connected(server, f"GET /packs/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) as slow,
    ):
        while not any("/packs/" in line for line in lines):
            assert ask(server, "/head")[0] == 404
        assert is_closed(slow)
    (line,) = (line for line in lines if "/packs/" in line)
    assert f"GET /packs/{name} 200 " in line
    assert int(line.split()[-2]) < 2**30


def test_a_client_that_asks_again_and_again_and_reads_nothing(tmp_path: Path) -> None:
    """Its answers have no bodies, so none is too slow; and they fill the memory of both machines."""
    with Server(tmp_path, bounds=Bounds(grace_seconds=0.2)) as server, connected(server) as deaf:
        deaf.settimeout(60)
        with pytest.raises(ConnectionError):
            deaf.sendall(WHOLE * 10**6)
        assert ask(server, "/head")[0] == 404


@pytest.mark.parametrize("sent", [b"", b"GET /head HT", WHOLE], ids=["nothing", "a part", "a request"])
def test_whoever_asks_for_nothing_makes_room(published: Path, sent: bytes) -> None:
    """As many connections as there may be are held, and held again: others come through, each time."""
    with Server(published, bounds=PATIENT) as server, contextlib.ExitStack() as held:
        connections = []
        for _ in range(PATIENT.connections * 3):
            connections.append(held.enter_context(connected(server, sent)))
            if sent == WHOLE:
                assert connections[-1].recv(10) == b"HTTP/1.1 2"
        for _ in range(5):
            assert ask(server, "/head")[0] == 200
        assert is_closed(connections[0])


def test_many_clients_at_once(tmp_path: Path) -> None:
    """Each is heard before newer ones take its place, though more come in a moment than there may be connections."""
    server = Server(tmp_path, bounds=Bounds(connections=200, per_address=200))
    with contextlib.ExitStack() as held:
        connections = [
            held.enter_context(connected(server, WHOLE)) for _ in range(600)
        ]  # it listens, and does nothing yet
        with server:
            for connection in connections:
                assert connection.recv(12) == b"HTTP/1.1 404"


def test_when_all_are_being_answered(tmp_path: Path) -> None:
    """A newcomer is told to come again; and comes in once one of them is done."""
    packs = tmp_path / "public" / "packs"
    packs.mkdir(parents=True)
    name = f"{'1' * 64}.pack"
    with (packs / name).open("wb") as file:
        file.truncate(2**30)
    request = f"GET /packs/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with Server(tmp_path, bounds=Bounds(connections=2)) as server, contextlib.ExitStack() as held:
        connections = [held.enter_context(connected(server, request)) for _ in range(2)]
        for connection in connections:
            assert connection.recv(10) == b"HTTP/1.1 2"
        with connected(server) as newcomer:  # sends nothing, so that its answer is not lost in a reset
            answer = b"".join(iter(lambda: newcomer.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 5\r\n" in answer
        connections[0].close()
        connections[1].close()
        status = 503
        while status == 503:
            with contextlib.suppress(ConnectionError):
                status = ask(server, "/nothing")[0]
        assert status == 404


def test_closing_waits_for_nobody(tmp_path: Path) -> None:
    packs = tmp_path / "public" / "packs"
    packs.mkdir(parents=True)
    name = f"{'1' * 64}.pack"
    with (packs / name).open("wb") as file:
        file.truncate(2**30)
    request = f"GET /packs/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with contextlib.ExitStack() as held:
        with Server(tmp_path) as server:
            connections = [held.enter_context(connected(server, sent)) for sent in (b"", WHOLE, request)]
            assert connections[-1].recv(10) == b"HTTP/1.1 2"
        for connection in connections:
            assert is_closed(connection)
        with pytest.raises(ConnectionError):
            ask(server, "/head")


@pytest.mark.skipif(not FILES.is_dir(), reason="counts descriptors as Linux shows them")
def test_no_file_stays_open(published: Path, pack: Any) -> None:
    with Server(published) as server:
        ask(server, pack[0])
        before = len(list(FILES.iterdir()))
        for _ in range(20):
            ask(server, pack[0], Range="bytes=5-9")
            ask(server, pack[0], "HEAD")
            ask(server, pack[0], Range="bytes=999999999-")
            ask(server, pack[0], If_None_Match="*")
            raw(server, f"GET {pack[0]} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc".encode())
        assert len(list(FILES.iterdir())) <= before + 3  # connections whose end was not heard of yet


@pytest.mark.skipif(os.name == "nt", reason="no such limit there")
@pytest.mark.parametrize(
    ("limit", "connections", "per_address"), [(256, 96, 72), (1024, 480, 360), (65536, 1024, 768)]
)
def test_as_many_connections_as_open_files_allow(
    monkeypatch: pytest.MonkeyPatch, limit: int, connections: int, per_address: int
) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    found = within_limit(Bounds())
    assert (found.connections, found.per_address) == (connections, per_address)


@pytest.mark.skipif(os.name == "nt", reason="no such limit there")
@pytest.mark.parametrize(
    ("soft", "hard", "then"), [(256, 512, 512), (1024, 65536, 2112), (1024, -1, 2112), (65536, 65536, 65536)]
)
def test_the_command_raises_the_limit_of_open_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, then: int
) -> None:
    import resource

    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "RLIM_INFINITY", -1)
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, found: limits.append(found))
    raise_limit(Bounds())
    assert limits[-1] == (then, hard)


class Client:
    def __init__(self, address: str = "a") -> None:
        self.address = address
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_room_for_one_address() -> None:
    """It takes its own connections' places only."""
    admission = Admission(Bounds(connections=4, per_address=2))
    other, first, second, third, fourth = Client("b"), Client(), Client(), Client(), Client()
    assert all(map(admission.enter, (other, first, second)))
    admission.busy(first)
    assert admission.enter(third)
    assert (other.dropped, first.dropped, second.dropped) == (False, False, True)
    admission.busy(third)
    assert not admission.enter(fourth)
    assert not other.dropped
    admission.leave(first)
    assert admission.enter(fourth)
    assert not fourth.dropped


def test_who_makes_room_first() -> None:
    """Whoever has asked for nothing for the longest time, whether it asked before or not; never who is being answered."""
    admission = Admission(Bounds(connections=4, per_address=4))
    first, busy, idle, stranger = clients = [Client() for _ in range(4)]
    assert all(map(admission.enter, clients))
    admission.busy(first)
    admission.busy(busy)
    admission.busy(idle)
    admission.idle(idle)
    admission.idle(first)
    order = []
    for _ in range(3):
        newcomer = Client()
        assert admission.enter(newcomer)
        admission.busy(newcomer)
        order += [client for client in clients if client.dropped and client not in order]
    assert order == [stranger, idle, first]
    assert not admission.enter(Client())


def test_leaving_twice_counts_once() -> None:
    admission = Admission(Bounds(connections=2, per_address=2))
    first, second = Client(), Client()
    admission.enter(first)
    admission.enter(second)
    admission.leave(first)
    admission.leave(first)
    admission.idle(first)  # its answer ended after it was dropped
    admission.busy(second)
    third = Client()
    assert admission.enter(third)
    admission.busy(third)
    assert not admission.enter(Client())


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_whose_connections_count_together(host: str, address: str) -> None:
    assert address_of(host) == address
