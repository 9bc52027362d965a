"""Load on a web server of this machine: clients that check every answer, and clients that never finish a request."""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RANGE = 64 * 2**10
"""Bytes of a pack that are asked for at once."""
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_ETAG = re.compile(rb'\r\netag: *("[^"]+")\r\n', re.IGNORECASE)


@dataclass
class Load:
    """So many clients, each with a connection that it keeps, and so many requests one after the other."""

    url: str
    public: Path
    """The published tree that is served there, with which answers are compared."""
    clients: int
    requests: int
    """Of each client: of four, three are ranges of packs, and one asks whether the head is new."""
    seconds: list[float] = field(default_factory=list)
    """Of each request that was answered rightly."""
    failed: list[str] = field(default_factory=list)
    """What was wrong with the others."""

    def __post_init__(self) -> None:
        self._packs = {path.name: path.read_bytes() for path in sorted((self.public / "packs").iterdir())}
        self._names = list(self._packs)
        self._head = (self.public / "head").read_bytes()
        self._address = urlsplit(self.url)

    async def run(self) -> float:
        """Run it; seconds from when all are connected to the last answer."""
        all_connected = asyncio.Barrier(self.clients + 1)
        clients = [
            asyncio.create_task(self._client(random.Random(number), all_connected))
            for number in range(self.clients)
        ]
        await all_connected.wait()
        began = time.perf_counter()
        await asyncio.gather(*clients)
        return time.perf_counter() - began

    async def _client(self, draws: random.Random, all_connected: asyncio.Barrier) -> None:
        reader, writer = await asyncio.open_connection(
            self._address.hostname, self._address.port, limit=2**18
        )
        status, headers, body = await _asked(reader, writer, b"GET /head HTTP/1.1\r\nHost: x\r\n\r\n")
        etag = _ETAG.search(headers)
        await all_connected.wait()
        if status != 200 or body != self._head or etag is None:
            self.failed.append(f"the first request: {status}")
        else:
            for number in range(self.requests):
                await self._request(reader, writer, number, etag[1], draws)
        writer.close()

    async def _request(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
        etag: bytes,
        draws: random.Random,
    ) -> None:
        if number % 4 == 3:
            request, expected, right = (
                b"GET /head HTTP/1.1\r\nHost: x\r\nIf-None-Match: %b\r\n\r\n" % etag,
                b"",
                304,
            )
        else:
            name = draws.choice(self._names)
            start = draws.randrange(len(self._packs[name]) - RANGE)
            line = (
                f"GET /packs/{name} HTTP/1.1\r\nHost: x\r\nRange: bytes={start}-{start + RANGE - 1}\r\n\r\n"
            )
            request, expected, right = line.encode(), self._packs[name][start : start + RANGE], 206
        began = time.perf_counter()
        try:
            status, _, body = await asyncio.wait_for(_asked(reader, writer, request), 60)
        except (OSError, EOFError) as error:
            self.failed.append(repr(error))
            return
        if (status, body) == (right, expected):
            self.seconds.append(time.perf_counter() - began)
        else:
            self.failed.append(f"{status} in place of {right}, {len(body)} bytes")

    def figures(self, seconds: float) -> dict[str, Any]:
        """Requests a second, milliseconds of a request (median and the 99th of a hundred), what failed."""
        cuts = statistics.quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [0.0] * 99
        return {
            "requests": len(self.seconds) + len(self.failed),
            "failed": len(self.failed),
            "requests_per_second": round(len(self.seconds) / seconds),
            "p50_ms": round(cuts[49] * 1000, 1),
            "p99_ms": round(cuts[98] * 1000, 1),
        }


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, bytes, bytes]:
    """Status, headers and body of the answer."""
    writer.write(request)
    headers = await reader.readuntil(b"\r\n\r\n")
    status = _STATUS.match(headers)
    length = _LENGTH.search(headers)
    body = await reader.readexactly(int(length[1])) if length else b""
    return int(status[1]) if status else 0, headers, body


async def slow_loris(url: str, dropped: list[float]) -> None:
    """A client that sends a byte of its headers each second, for ever, and comes back when it is thrown out.

    Args:
        dropped: Gets the seconds that each connection was kept.
    """
    address = urlsplit(url)
    while True:
        began = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(b"GET /head HTTP/1.1\r\nHost: x\r\nSlow: ")
            closed = asyncio.create_task(reader.read())
            while not closed.done():
                writer.write(b"x")
                await asyncio.wait([closed], timeout=1)
            writer.close()
            closed.exception()
        except OSError:
            await asyncio.sleep(0.1)
        dropped.append(time.perf_counter() - began)


def peak_mb(process: int) -> float | None:
    """Largest resident memory so far of a process and those it started, in MB; None where the system does not say."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
        started = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)
    own = int(found[1]) / 1000 if found else 0.0
    return round(own + sum(peak_mb(int(child)) or 0.0 for child in started), 1)
