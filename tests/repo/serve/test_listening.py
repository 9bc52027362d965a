"""The socket that servers listen on."""

from __future__ import annotations

import asyncio
import socket

import pytest

from haac_repo import RepositoryError
from haac_repo._serve.listening import listening


def test_small_answers_do_not_wait_for_an_acknowledgement() -> None:
    """Nagle's algorithm is off in what asyncio makes of it: else each small answer of a connection takes 40 ms."""

    async def without_delay() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listening("127.0.0.1", 0, 8, "")
        server = await asyncio.start_server(connected, sock=listener)
        async with server:
            _, writer = await asyncio.open_connection(*listener.getsockname())
            result = await found
            writer.close()
            await writer.wait_closed()
            return result

    assert asyncio.run(without_delay())


def test_a_taken_port_says_what_to_do() -> None:
    with (
        listening("127.0.0.1", 0, 8, "") as taken,
        pytest.raises(RepositoryError, match=r"cannot listen on 127\.0\.0\.1, port \d+: .*; take another"),
    ):
        listening("127.0.0.1", taken.getsockname()[1], 8, "take another")
