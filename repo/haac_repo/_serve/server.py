"""HTTP server for one published repository: head, log segments, packs and metadata, with ranges and ETags.

A convenience for trying out and for local networks: any static file server or bucket can publish the same folder (docs/hosting.md).
It is uvicorn, which does HTTP, with an application that knows what is published, and with bounds on what a client may take.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import uvicorn

from haac_repo._errors import RepositoryError
from haac_repo._files import StrPath
from haac_repo._serve.admission import Admission, Bounds
from haac_repo._serve.app import Application
from haac_repo._serve.connection import Connection
from haac_repo._serve.descriptors import within_limit
from haac_repo._serve.listening import listening
from haac_repo._serve.page import page_files

DEFAULT_PORT = 8642
_QUEUE = 1024
"""Connections that wait in the system to be accepted."""
_ACCEPTED_AT_ONCE = 1 / 16
"""Of the connections there may be: what they sent is read before so many newer ones are here that they lose their places."""
_RECEIVE_BUFFER = 64 * 2**10
"""Bytes that wait in the system for a connection: so much may come at once, and requests are small."""


class Server:
    """HTTP server for the published files of the folder `path`; as a context manager it serves in a thread.

    Args:
        path: The repository or mirror.
        host: Address to listen on; "127.0.0.1" (this machine only), "0.0.0.0" (anybody), "::"...
        port: 0 picks a free one.
        log: Called with one line per request, from the thread that serves: time (UTC), client, method, path, status, bytes of
            the body that were sent, seconds. Requests that never came whole have "-" for method and path.
        page: Whether a page at `/` shows the repository in a browser, if the web decoder is installed.
        bounds: What a client may take, if not the usual (docs/hosting.md).

    Raises:
        RepositoryError: there is no such folder, or the address is not to be had.
    """

    def __init__(
        self,
        path: StrPath,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        log: Callable[[str], None] | None = None,
        page: bool = False,
        bounds: Bounds | None = None,
    ) -> None:
        path = Path(path)
        if not path.is_dir():
            raise RepositoryError(f"there is no folder {path} to serve")
        self._pages = page_files() if page else {}
        bounds = within_limit(bounds or Bounds())
        shared = {
            "bounds": bounds,
            "admission": Admission(bounds),
            "log": staticmethod(log) if log else None,
        }
        self._server = _Uvicorn(
            uvicorn.Config(
                Application(path, self._pages),
                http=type("_Connection", (Connection,), shared),
                h11_max_incomplete_event_size=bounds.request_bytes,
                timeout_keep_alive=bounds.idle_seconds,
                interface="asgi3",
                lifespan="off",
                ws="none",
                workers=1,  # whatever WEB_CONCURRENCY says, for which this is no program
                backlog=max(1, int(bounds.connections * _ACCEPTED_AT_ONCE)),
                log_config=None,
                proxy_headers=False,
                server_header=False,
                headers=[("Server", "haac")],
            )
        )
        self._socket = listening(host, port, _QUEUE, "choose others with --host and --port")
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        host, port = self._socket.getsockname()[:2]
        self._url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Base URL, such as 'http://127.0.0.1:8642'."""
        return self._url

    @property
    def has_page(self) -> bool:
        """Whether there is a page to look at."""
        return "" in self._pages

    def serve_forever(self) -> None:
        """Serve in this thread until `close` is called from another, or an exception such as KeyboardInterrupt."""
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._socket.close()

    def close(self) -> None:
        """Stop serving; requests that are being answered are not waited for."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        elif not self._server.started:
            self._socket.close()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, name="haac serve", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(path: StrPath, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
    """Serve the repository folder `path` until interrupted."""
    Server(path, host, port).serve_forever()


class _Uvicorn(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; with a long queue in the system, of which asyncio takes little at once, while it has one number for both."""
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(_QUEUE)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End without waiting for whoever is still being answered: a sync goes on where it was."""
        for connection in list(self.server_state.connections):
            assert isinstance(connection, Connection)
            connection.cut()
        await super().shutdown(sockets)
