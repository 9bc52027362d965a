"""Static HTTP server for one published repository: head, log segments and packs, with ranges and ETags.

A convenience for trying out and for local networks: any static file server or bucket can publish the same folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import stat
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, Self

from haac_repo._errors import RepositoryError
from haac_repo._files import StrPath
from haac_repo._limits import LIMITS
from haac_repo._store.layout import published_folder

DEFAULT_PORT = 8642

_published = re.compile(r"/(head|log/[0-9]{8}\.jsonl\.gz|packs/[0-9a-f]{64}\.pack)").fullmatch
_range = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})").fullmatch
_IMMUTABLE = "public, max-age=31536000, immutable"


class Server:
    """HTTP server for the published files of the folder `path`; as a context manager it serves in a thread.

    Args:
        path: The repository or mirror.
        host: Address to listen on; "127.0.0.1" (this machine only), "0.0.0.0" (anybody), "::"...
        port: 0 picks a free one.
        log: Called with one line per request, from the threads that serve.

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
    ) -> None:
        path = Path(path)
        if not path.is_dir():
            raise RepositoryError(f"there is no folder {path} to serve")
        handler = type(
            "_BoundHandler", (_Handler,), {"root": _root(path), "log": staticmethod(log or (lambda _: None))}
        )
        kind = _Server6 if ":" in host else _Server4
        try:
            self._server = kind((host, port), handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise RepositoryError(
                f"cannot listen on {host}, port {port}: {reason}; choose others with --host and --port"
            ) from error
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Base URL, such as 'http://127.0.0.1:8642'."""
        host, port = self._server.server_address[:2]
        shown = str(host)
        return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"

    def serve_forever(self) -> None:
        """Serve in this thread until `close` is called from another, or an exception such as KeyboardInterrupt."""
        try:
            self._server.serve_forever(poll_interval=0.2)
        finally:
            self._server.server_close()

    def close(self) -> None:
        """Stop serving; requests that are being answered are not waited for."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="haac serve", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(path: StrPath, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
    """Serve the repository folder `path` until interrupted."""
    Server(path, host, port).serve_forever()


class _Server4(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class _Server6(_Server4):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    root: Path
    log: Callable[[str], None]
    protocol_version = "HTTP/1.1"
    server_version = "haac"
    sys_version = ""
    disable_nagle_algorithm = True  # headers and file are two writes; a part is often small
    timeout = 30  # seconds that a silent client keeps its thread

    def do_GET(self) -> None:
        self._answer(send_body=True)

    def do_HEAD(self) -> None:
        self._answer(send_body=False)

    def _answer(self, *, send_body: bool) -> None:
        # Only these exact forms, so no name can lead out of the folder.
        found = _published(self.path)
        if not found:
            self._refuse(404)
            return
        file = _open(self.root / found[1])
        if file is None:
            self._refuse(404)
            return
        with file:
            if found[1] == "head":
                # Read at once: it may be replaced while it is being sent, and its ETag has to fit what is sent.
                self._send_head(file.read(LIMITS.head_bytes + 1), send_body=send_body)
            else:
                self._send_file(file, Path(found[1]).name.partition(".")[0], send_body=send_body)

    def _send_head(self, data: bytes, *, send_body: bool) -> None:
        etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        if self._has(etag):
            self._start(304, etag, "no-cache")
            self.end_headers()
            return
        self._start(200, etag, "no-cache")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if send_body:
            self.wfile.write(data)

    def _send_file(self, file: BinaryIO, name: str, *, send_body: bool) -> None:
        status = os.fstat(file.fileno())
        etag = f'"{name[:32]}-{status.st_size}-{status.st_mtime_ns}"'
        if self._has(etag):
            self._start(304, etag, _IMMUTABLE)
            self.end_headers()
            return
        start, stop = 0, status.st_size
        part = self._asked_part(etag, status.st_size)
        if part is not None:
            start, stop = part
            if start >= stop:
                self._refuse(416, {"Content-Range": f"bytes */{status.st_size}"})
                return
        self._start(200 if part is None else 206, etag, _IMMUTABLE)
        if part is not None:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{status.st_size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        if send_body:
            self.wfile.flush()
            sent = self.connection.sendfile(file, start, stop - start)
            if sent != stop - start:
                self.close_connection = True  # the file shrank; the client sees that bytes are missing

    def _has(self, etag: str) -> bool:
        """Whether If-None-Match says that the client has it."""
        known = [tag.strip().removeprefix("W/") for tag in self.headers.get("If-None-Match", "").split(",")]
        return etag in known or known == ["*"]

    def _asked_part(self, etag: str, size: int) -> tuple[int, int] | None:
        """Start and stop of a single range; None to send all (no range, several, or one of another version)."""
        found = _range(self.headers.get("Range", "").strip())
        if not found or found[1] == found[2] == "" or self.headers.get("If-Range", etag) != etag:
            return None
        if not found[1]:
            return max(0, size - int(found[2])), size
        start = int(found[1])
        if not found[2]:
            return start, size
        last = int(found[2])
        return None if last < start else (start, min(last + 1, size))

    def _start(self, status: int, etag: str, caching: str) -> None:
        self.send_response(status)
        self.send_header("ETag", etag)
        self.send_header("Cache-Control", caching)
        self.send_header("X-Content-Type-Options", "nosniff")

    def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        line = f"{self.client_address[0]} {format % args}"
        type(self).log("".join(c if c.isprintable() else "?" for c in line))


def _root(path: Path) -> Path:
    public = published_folder(path)
    return public if public.is_dir() else path


def _open(path: Path) -> BinaryIO | None:
    """A regular file, opened; None if there is none. A planted link is none."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    )
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        stack.pop_all()
    return os.fdopen(descriptor, "rb")
