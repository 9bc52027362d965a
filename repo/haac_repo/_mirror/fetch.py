"""Transport of published files behind one method: HTTP with range requests and a watchdog, or a local folder.

What httpx leaves open is closed here (each was measured): redirects are not followed; nothing is inflated; an ignored or
wrong `Range` is noticed; a body that ends early or goes on too long is noticed even when the server gave no length; a
server that drips, in its headers or in its body, is hung up on.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self
from urllib.parse import unquote, urlsplit

from haac_repo._errors import HaacError, TransportError
from haac_repo._http import open_client, tls_context
from haac_repo._limits import LIMITS
from haac_repo._store.layout import published_folder

if TYPE_CHECKING:
    import httpx

_CHUNK = 2**18
_READ = 2**20
_content_range = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)").fullmatch


class NotThereError(TransportError):
    """The server answered, and does not have this file (404, 410)."""


class WithheldError(TransportError):
    """The server answered, and does not give this file: access refused (403), or a web page in its place."""


class TransientError(TransportError):
    """A transient failure, worth a retry; `retry_after` seconds if the server said when."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(slots=True)
class Fetched:
    """Response to a fetch: bytes as they come, ETag, and whether it is the range asked for."""

    chunks: Iterator[bytes]
    """The bytes, as they come in: all that belong here, or an error."""
    etag: str = ""
    """Changes with the file; empty if the server gives none."""
    unchanged: bool = False
    """The file still has the ETag that was given; there are no chunks."""
    whole: bool = True
    """The file from its first byte to its last, which servers may send even if a part was asked for."""
    waited: float = 0.0
    """Seconds from the request to the headers of the answer; with a new connection, those to make it too."""


class Fetcher(Protocol):
    """Transport protocol: gives published files by path. Thread-safe."""

    url: str
    """Of the repository, for people, and to know it again."""

    def fetch(
        self, path: str, size: int | None, *, start: int = 0, stop: int | None = None, etag: str = ""
    ) -> AbstractContextManager[Fetched]:
        """Read the published file at `path`, or bytes `start` to `stop` (exclusive) of it.

        Args:
            path: 'head', of the form of `segment_path` or `pack_path`, or in `metadata/` or `targets/` (docs/trust.md), where most
                of what is asked for may not be there.
            size: Bytes that the file must have; None if nobody knows: of the head, which has LIMITS.head_bytes at most, and of metadata.
            start: First byte wanted.
            stop: Byte after the last one wanted; None for the end.
            etag: Answer `unchanged` if the file still has this ETag.

        Raises:
            NotThereError: there is no such file.
            TransientError: trying again may help.
            TransportError: it will not.
        """
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


def open_fetcher(url: str) -> HttpFetcher | FolderFetcher:
    """The fetcher for an http(s) or file URL, or the path of a folder.

    Raises:
        HaacError: neither.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise HaacError(f"{url} is not a valid address ({error})") from error
    if parts.scheme in ("http", "https"):
        if not parts.hostname:
            raise HaacError(f"{url} is not a complete address: it has no host")
        if parts.query or parts.fragment:
            raise HaacError(f"{url} is not the address of a repository: it may have no '?' and no '#'")
        return HttpFetcher(url)
    if parts.scheme == "file":
        return FolderFetcher(Path(unquote(parts.path)))
    if "://" in url:
        raise HaacError(
            f"{url}: {parts.scheme} is not supported; give an http, https or file URL, or a folder"
        )
    return FolderFetcher(Path(url))


class FolderFetcher:
    """Fetcher for a folder on this machine: a repository or mirror, or its published tree alone."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise TransportError(f"there is no folder {path}")
        public = published_folder(path)
        self.url = str(path.absolute())  # a mirror remembers it, and is synced again from anywhere
        self._path = public if public.is_dir() else path

    @contextlib.contextmanager
    def fetch(
        self, path: str, size: int | None, *, start: int = 0, stop: int | None = None, etag: str = ""
    ) -> Iterator[Fetched]:
        """See Fetcher."""
        try:
            file = (self._path / path).open("rb")
        except FileNotFoundError as error:
            raise NotThereError(f"there is no {path} in {self._path}") from error
        except OSError as error:
            raise TransportError(f"{self._path / path} cannot be read: {error.strerror}") from error
        with file:
            status = os.fstat(file.fileno())
            tag = f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
            if etag and etag == tag:
                yield Fetched(iter(()), etag=tag, unchanged=True)
                return
            file.seek(start)
            # Without `stop`, one byte more is asked for, to see whether the file is longer than it must be.
            left = (LIMITS.head_bytes if size is None else size) - start + 1 if stop is None else stop - start
            end = size if stop is None else stop
            blocks = _pieces(file, left)
            yield Fetched(_measured(blocks, start, end, path), tag, whole=start == 0 and end == size)

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class HttpFetcher:
    """Fetcher for a web server, one connection a thread.

    Args:
        url: Of the repository; the files are below it.
        timeout: Seconds without a single byte (or to connect) until the server counts as gone.
        window: Seconds; in each, a body must bring `min_rate` bytes a second, and headers must be complete.
        min_rate: Bytes a second.
    """

    def __init__(self, url: str, *, timeout: float = 20.0, window: float = 30.0, min_rate: int = 256) -> None:
        self.url = url
        self._base = url.rstrip("/")
        self._timeout = timeout
        self._window = window
        self._min_rate = min_rate
        self._here = threading.local()
        self._lock = threading.Lock()
        self._clients: list[httpx.Client] = []
        self._sockets: list[list[socket.socket]] = []
        self._tls: ssl.SSLContext | None = None

    @contextlib.contextmanager
    def fetch(
        self, path: str, size: int | None, *, start: int = 0, stop: int | None = None, etag: str = ""
    ) -> Iterator[Fetched]:
        """See Fetcher."""
        import httpx

        url = f"{self._base}/{path}"
        end = size if stop is None else stop
        headers = {"If-None-Match": etag} if etag else {}
        if start or end != size:
            headers["Range"] = f"bytes={start}-{end - 1 if end is not None else ''}"
        try:
            with contextlib.ExitStack() as stack:
                response, waited = self._send(url, headers, stack)
                part = _check(response, size, start, end, asked="If-None-Match" in headers)
                fetched = Fetched(iter(()), response.headers.get("etag", "")[:256], whole=not part)
                fetched.unchanged, fetched.waited = response.status_code == 304, waited
                if not fetched.unchanged:
                    blocks = self._watched(response.iter_raw(), url)
                    fetched.chunks = _measured(blocks, *((start, end) if part else (0, size)), url)
                yield fetched
        except httpx.InvalidURL as error:
            raise TransportError(f"{url} is not a valid address ({error})") from error
        except httpx.TransportError as error:
            kind = TransportError if "CERTIFICATE_VERIFY_FAILED" in str(error) else TransientError
            reason = str(error) or f"the connection failed ({type(error).__name__})"
            raise kind(f"{url}: {reason}") from error

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            clients, self._clients = self._clients, []
            sockets, self._sockets = self._sockets, []
        self._here = threading.local()
        for each in sockets:
            _hang_up(each)  # wakes threads that are still reading
        for client in clients:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _client(self) -> httpx.Client:
        """This thread's client: a connection per thread, so that the watchdog knows which one it closes."""
        if not hasattr(self._here, "client"):
            with self._lock:
                if self._tls is None and self._base.startswith("https:"):
                    self._tls = tls_context()
            self._here.sockets = []
            self._here.client = open_client(
                verify=self._tls or False,  # no certificates to load for plain http
                timeout=self._timeout,
                follow_redirects=False,
                headers={"User-Agent": "haac", "Accept-Encoding": "identity", "Accept": "*/*"},
            )
            with self._lock:
                self._clients.append(self._here.client)
                self._sockets.append(self._here.sockets)
        client: httpx.Client = self._here.client
        return client

    def _send(
        self, url: str, headers: dict[str, str], stack: contextlib.ExitStack
    ) -> tuple[httpx.Response, float]:
        """Send the request and read the headers of the answer within one window; it, and the seconds that took."""
        client = self._client()
        sockets: list[socket.socket] = self._here.sockets

        def trace(event: str, info: dict[str, Any]) -> None:
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                stream = info["return_value"]
                sockets[:] = [stream.get_extra_info("socket")]
                read = stream.read
                # httpcore asks for 64 KiB at a time. Each piece costs it as much as a longer one, and waits several times for the
                # interpreter, which the thread that reads the log gives up once a millisecond.
                stream.read = lambda most, timeout=None: read(max(most, _READ), timeout)

        # httpx has a timeout for each read, none for all of them together.
        watchdog = threading.Timer(self._window, _hang_up, [sockets])
        watchdog.daemon = True
        watchdog.start()
        began = time.monotonic()
        try:
            response = stack.enter_context(
                client.stream("GET", url, headers=headers, extensions={"trace": trace})
            )
            return response, time.monotonic() - began
        finally:
            watchdog.cancel()

    def _watched(self, blocks: Iterator[bytes], url: str) -> Iterator[bytes]:
        began, received = time.monotonic(), 0
        for block in blocks:
            yield block
            received += len(block)
            now = time.monotonic()
            if now - began >= self._window:
                if received < self._min_rate * (now - began):
                    raise TransientError(
                        f"{url}: the server sends fewer than {self._min_rate} bytes a second"
                    )
                began, received = now, 0


def _check(response: httpx.Response, size: int | None, start: int, end: int | None, *, asked: bool) -> bool:
    """Validate status and headers; True if the body is the range that was asked for, not the whole file."""
    url, status = response.url, response.status_code
    match status:
        case 304 if asked:
            return False
        case 200:
            if str(response.headers.get("content-type", "")).lower().startswith("text/html"):
                raise WithheldError(
                    f"{url} is a web page, not a file of a repository: is the address right, and is there a"
                    " log-in page between you and the server?"
                )
            length = response.headers.get("content-length", "")
            # Some servers call the log's own compression an encoding; its hash will tell.
            encoded = "content-encoding" in response.headers
            if length.isdecimal() and not encoded:
                if size is None and int(length) > LIMITS.head_bytes:
                    raise TransportError(
                        f"{url} has {int(length)} bytes; at most {LIMITS.head_bytes} are allowed"
                    )
                if size is not None and int(length) != size:
                    raise TransportError(f"{url} has {int(length)} bytes; the head promises {size}")
            return False
        case 206:
            given = response.headers.get("content-range", "")[:80]
            found = _content_range(given)
            if not (found and end is not None and (int(found[1]), int(found[2])) == (start, end - 1)):
                raise TransientError(
                    f"{url}: asked for a part from byte {start} on, the server sends {given!r}"
                )
            if found[3] not in ("*", str(size)):
                raise TransportError(f"{url} has {found[3]} bytes; the head promises {size}")
            return True
        case 404 | 410:
            raise NotThereError(f"{url} is not there (HTTP {status})")
        case 408 | 425 | 429 | 500 | 502 | 503 | 504:
            raise TransientError(
                f"{url}: the server is busy or failing (HTTP {status})", _retry_after(response)
            )
        case 416:
            raise TransientError(f"{url} is shorter on the server than the head promises (HTTP 416)")
        case 401 | 403 | 407:
            kind = WithheldError if status == 403 else TransportError
            raise kind(f"{url}: the server refuses access (HTTP {status})")
        case 451:
            raise TransportError(f"{url} is not available for legal reasons (HTTP 451)")
        case 301 | 302 | 303 | 307 | 308:
            target = response.headers.get("location", "nowhere")[:200]
            raise TransportError(
                f"{url} redirects to {target!r} (HTTP {status}), and haac follows no redirects: if you trust"
                " that address, give it yourself"
            )
        case _:
            raise TransportError(f"{url}: the server answered HTTP {status}")


def _hang_up(sockets: list[socket.socket]) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _measured(blocks: Iterator[bytes], start: int, stop: int | None, what: str) -> Iterator[bytes]:
    """Count the body: exactly the bytes from `start` to `stop`, or any number within the limit of a head."""
    most = LIMITS.head_bytes if stop is None else stop
    at = start
    for block in blocks:
        at += len(block)
        if at > most:
            raise TransportError(f"{what} goes on after byte {most}, where it must end")
        yield block
    if stop is not None and at < stop:
        raise TransientError(f"{what} ended at byte {at}, before byte {stop}")


def _pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left and (block := file.read(min(left, _CHUNK))):
        left -= len(block)
        yield block


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from either form of the header."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
