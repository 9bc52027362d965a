"""A client's connection: uvicorn's HTTP/1.1 protocol with deadlines, a minimum rate, sendfile, and a line in the log for each request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from haac_repo._serve.admission import Admission, Bounds, address_of
from haac_repo._serve.app import Message, Receive, Send

_LOGGER = logging.getLogger("haac_repo.serve")
_LOGGER.setLevel(logging.ERROR)  # clients' mistakes are no events of this program
_QUICK = 1.0
"""Seconds: a client that takes a part of its answer in less gets twice as much at once."""
_LARGEST_PART = 16 * 2**20
"""Bytes."""
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class Connection(H11Protocol):
    """One connection. `Server` makes a subclass of its own, with what its connections share."""

    bounds: Bounds
    admission: Admission
    log: Callable[[str], None] | None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = _LOGGER
        self.access_log = False
        self._application = self.app
        self.app = self._answer
        self.address = ""
        self._deadline: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[Any] | None = None
        self._sent = 0
        self._ended = False

    # What the transport says

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = address_of(self.client[0] if self.client else "")
        if self.admission.enter(self):
            self._limit_time()
        else:
            self._note("-", "-", 503, 0, 0.0)
            transport.write(_BUSY)
            transport.close()
            self._limit_end()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._limit_time()
        else:
            self._unlimit_time()
            self.admission.busy(self)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that says no more may still listen for its answers."""
        self._ended = True
        return self.conn.their_state is not h11.IDLE

    def connection_lost(self, exc: Exception | None) -> None:
        self._unlimit_time()
        self.admission.leave(self)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._ended and self.conn.their_state is h11.IDLE:
            self.transport.close()
        if self.transport.is_closing():
            self._limit_end()
            return
        if self.conn.their_state is not h11.IDLE:
            return  # the next request was here already
        self.admission.idle(self)
        if self.conn.trailing_data[0]:
            self._limit_time()

    # Ends

    def drop(self) -> None:
        """Close it; what was answered already still goes out."""
        if self.cycle is not None and self.cycle.response_complete:
            self.transport.close()
            self._limit_end()
        else:
            self.cut()

    def cut(self) -> None:
        """Close it at once, whatever is under way."""
        if self._sending is not None:
            self._sending.cancel()  # it has the socket's descriptor, which must not be closed under it
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or too long."""
        self._note("-", "-", 400, 0, 0.0)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            if self.cycle is not None:
                self.cycle.disconnected = True  # this is the answer to the request whose body it is in
            super().send_400_response(msg)
            self._limit_end()
        else:
            self.cut()  # an answer is on its way; what came is no more than the rest of a refused body

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was asked for long."""
        super().timeout_keep_alive_handler()
        self._limit_end()

    def _limit_end(self) -> None:
        """It is closing; who takes not even what was answered already does not hold it open."""
        self._unlimit_time()
        self._deadline = self.loop.call_later(self.bounds.grace_seconds, self.cut)

    def _limit_time(self) -> None:
        """From now, if it was not so before, the client has to complete its request."""
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self.bounds.request_seconds, self._late)

    def _unlimit_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._note("-", "-", 408, 0, self.bounds.request_seconds)
        self.cut()

    # Answers

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        """Run the application, with the ASGI extension `http.response.zerocopysend`, and note what became of it."""
        began = self.loop.time()
        status = self._sent = 0

        async def extended(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.zerocopysend":
                await self._send_file(message["file"], message["offset"], message["count"])
                return
            if self.flow.write_paused and not await self._is_taken():
                return
            status = message.get("status", status)
            if not message.get("more_body") and message["type"] == "http.response.body":
                path = scope["raw_path"].decode("latin-1")
                self._note(scope["method"], path, status, self._sent, self.loop.time() - began)
            await send(message)

        await self._application(scope, receive, extended)

    async def _is_taken(self) -> bool:
        """Wait until the client has taken what was sent before; whether it did, in time."""
        try:
            async with asyncio.timeout(self.bounds.grace_seconds):
                await self.flow.drain()
        except TimeoutError:
            self.cycle.disconnected = True
            self.cut()
        return not self.cycle.disconnected

    async def _send_file(self, file: BinaryIO, start: int, count: int) -> None:
        """Send part of a file without reading it; cut the connection if the client is too slow, or the file too short."""
        if self.transport.is_closing():
            return
        self.conn.send_with_data_passthrough(h11.Data(data=_Promised(count)))  # type: ignore[arg-type]
        self._sending = asyncio.current_task()
        left, part = count, self.bounds.part_bytes
        try:
            while left:
                limit = self.bounds.grace_seconds + min(left, self.bounds.part_bytes) / self.bounds.min_rate
                began = self.loop.time()
                async with asyncio.timeout(limit):
                    sent = await self.loop.sendfile(
                        self.transport, file, start + count - left, min(left, part)
                    )
                if not sent:
                    break
                left -= sent
                self._sent += sent
                if self.loop.time() - began < _QUICK:  # each call costs a tenth of a millisecond
                    part = min(2 * part, _LARGEST_PART)
        except (OSError, RuntimeError, asyncio.CancelledError):
            pass  # too slow (TimeoutError), gone, or dropped
        finally:
            self._sending = None
        if left:
            self.cycle.disconnected = True
            self.transport.abort()

    def _note(self, method: str, path: str, status: int, size: int, seconds: float) -> None:
        log = type(self).log
        if log is None:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        client = self.client[0] if self.client else "-"
        line = f"{time}Z {client} {method} {path} {status} {size} {seconds:.3f}"
        with contextlib.suppress(OSError):  # nobody reads it, or the disk is full: no reason to serve nothing
            log(line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line))


class _Promised:
    """So many bytes that h11 need not see."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count
