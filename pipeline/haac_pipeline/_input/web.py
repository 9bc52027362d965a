"""Pictures from http(s) addresses: one download into memory, bounded in bytes, redirects and time."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from haac_pipeline._input.source import label
from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import TransportError
from haac_repo._internal import open_client

if TYPE_CHECKING:
    import httpx

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def address_name(url: str) -> tuple[str, str]:
    """The name of a source at an address, and the address's path.

    Raises:
        TransportError: it is no complete address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise TransportError(f"not a valid address ({error})") from error
    if not host:
        raise TransportError("not a complete address: it has no host")
    # Without user and password, since names are kept and published.
    named = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")
    return label(urlunsplit(named)), parts.path


def download(url: str) -> bytes:
    """Download an http(s) address into memory.

    Raises:
        TransportError: it cannot be had, or not within the limits of bytes, redirects and time.
    """
    import httpx

    sockets: list[socket.socket] = []
    late = threading.Event()

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            sockets.append(info["return_value"].get_extra_info("socket"))
            if late.is_set():
                hang_up()

    def hang_up() -> None:
        late.set()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    # httpx has a timeout for each read, none for all of them together: a server may drip for ever.
    watchdog = threading.Timer(INGEST_LIMITS.url_seconds, hang_up)
    watchdog.daemon = True
    watchdog.start()
    try:
        data = _download(url, {"trace": trace})
        if late.is_set():  # a body without a stated length simply ends when we hang up
            raise TransportError(f"not complete after {INGEST_LIMITS.url_seconds:g} seconds")
        return data
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: redirects to nonsense
        if late.is_set():
            raise TransportError(f"not complete after {INGEST_LIMITS.url_seconds:g} seconds") from error
        reason = str(error) or f"the connection failed ({type(error).__name__})"
        raise TransportError(f"cannot be downloaded ({reason})") from error
    finally:
        watchdog.cancel()


def _download(url: str, extensions: dict[str, Any]) -> bytes:
    headers = {"User-Agent": "haac", "Accept-Encoding": "identity", "Accept": "image/*,*/*;q=0.5"}
    with open_client(timeout=INGEST_LIMITS.silence_seconds, headers=headers) as client:
        for _ in range(INGEST_LIMITS.redirects + 1):
            with client.stream("GET", url, extensions=extensions) as response:
                if response.status_code in _REDIRECTS:
                    url = urljoin(url, response.headers.get("location", ""))
                    if urlsplit(url).scheme not in ("http", "https"):
                        raise TransportError(
                            f"redirects to {label(url[:200])!r}; only http and https are followed"
                        )
                    continue
                return _body(response)
    raise TransportError(f"redirects more than {INGEST_LIMITS.redirects} times")


def _body(response: httpx.Response) -> bytes:
    if response.status_code != 200:
        raise TransportError(
            f"the server answered HTTP {response.status_code} {response.reason_phrase}".rstrip()
        )
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise TransportError(
            f"the server packed the file ({label(encoding[:40])}), which it was asked not to"
        )
    too_large = f"too large; at most {INGEST_LIMITS.url_bytes:,} bytes are downloaded"
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > INGEST_LIMITS.url_bytes:
        raise TransportError(too_large)
    data = bytearray()
    for block in response.iter_raw():
        data += block
        if len(data) > INGEST_LIMITS.url_bytes:
            raise TransportError(too_large)
    return bytes(data)
