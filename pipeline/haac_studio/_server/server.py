"""The studio's HTTP server: uvicorn on loopback, in this thread, until Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from haac_repo._internal import listening

_QUEUE = 128
"""Connections that wait to be accepted."""
_PATIENCE = 2
"""Seconds that requests which are being answered have when the studio ends."""


def open_port(port: int) -> socket.socket:
    """A socket on 127.0.0.1 that listens. Port 0 picks a free one.

    Raises:
        RepositoryError: the port is not to be had.
    """
    return listening("127.0.0.1", port, _QUEUE, "leave --port out, and a free one is picked")


def serve(app: ASGIApp, listener: socket.socket, ending: Callable[[], None]) -> None:
    """Serve until Ctrl-C, or SIGTERM.

    Args:
        app: answers.
        listener: see `open_port`; closed in the end.
        ending: called before whoever is still being answered is waited for.

    Raises:
        KeyboardInterrupt: it was Ctrl-C.
    """
    server = server_of(app, ending)
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        listener.close()


def server_of(app: ASGIApp, ending: Callable[[], None]) -> uvicorn.Server:
    """A server that has not begun."""
    return _Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            lifespan="off",
            ws="none",
            workers=1,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE,
        ),
        ending,
    )


class _Server(uvicorn.Server):
    """Lets jobs end first: their events are answers that else would not end."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        await asyncio.to_thread(self._ending)
        await super().shutdown(sockets)
