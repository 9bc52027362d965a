"""ASGI application over the published files: GET and HEAD, conditional requests, single ranges, CORS (RFC 9110, 9111)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from haac_repo._serve import page
from haac_repo._serve.files import PublishedFile, Tags, open_published

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

_range = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})").fullmatch
_IMMUTABLE = "public, max-age=31536000, immutable"
_READ = ("GET", "HEAD")
_ALWAYS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
"""What is published is for everybody, for pages of other origins too. What may be kept without asking again says so itself."""
_PREFLIGHT = {
    "Access-Control-Allow-Headers": "If-None-Match, If-Range, Range",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Max-Age": "86400",
}


@dataclass
class _Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    start: int = 0
    stop: int = 0
    """The bytes of the file that are its body."""


class Application:
    """Answers requests for what the repository or mirror in `folder` publishes.

    The server has to know the extension `http.response.zerocopysend` of ASGI: bodies are files, and never in memory.

    Args:
        folder: The repository or mirror.
        pages: Files that are served beside what is published, by their names in URLs, see `page_files`.
    """

    def __init__(self, folder: Path, pages: Mapping[str, Path] | None = None) -> None:
        self._folder = folder
        self._pages = pages or {}
        self._tags = Tags()

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        refused = _refusal(scope)
        if refused:
            await _send(scope, send, refused)
            return
        # Only the exact names, undecoded and without a query, so no name can lead out of the folder.
        slash, name = scope["raw_path"][:1], scope["raw_path"][1:].decode("latin-1")
        with contextlib.ExitStack() as opened:
            file = None
            try:
                found = self._open(name) if slash == b"/" and not scope["query_string"] else None
                if found is None:
                    answer = _Answer(404)
                else:
                    file = opened.enter_context(found.file)
                    kind = page.headers(name) if name in self._pages else _kind(name)
                    answer = _answer(scope, found, await self._tags.of(found), kind)
            except (
                OSError
            ):  # too many open files, a disk that fails: not "there is none", which a mirror would believe
                answer = _Answer(503, {"Retry-After": "5"})
            await _send(scope, send, answer, file)

    def _open(self, name: str) -> PublishedFile | None:
        if name in self._pages:
            return page.open_page(self._pages, name)
        return open_published(self._folder, name)


def _kind(name: str) -> dict[str, str]:
    """Headers that say what a published file is."""
    is_json = name.endswith(("head", ".json"))
    return {"Content-Type": "application/json" if is_json else "application/octet-stream"}


def _refusal(scope: Message) -> _Answer | None:
    """The answer to what is no plain request to read."""
    # What a body would mean here, nobody knows; read as the next request, it would be somebody else's (RFC 9112, 11.2).
    has_body = _header(scope, "content-length").strip("0") or _header(scope, "transfer-encoding")
    closing = {"Connection": "close"} if has_body else {}
    if scope["method"] == "OPTIONS":
        return _Answer(204, {"Allow": ", ".join((*_READ, "OPTIONS")), **_PREFLIGHT, **closing})
    if scope["method"] not in _READ:
        return _Answer(405, {"Allow": ", ".join((*_READ, "OPTIONS")), **closing})
    return _Answer(413, closing) if has_body else None


def _answer(scope: Message, found: PublishedFile, etag: str, kind: dict[str, str]) -> _Answer:
    headers = {"ETag": etag}
    if found.immutable:
        headers["Cache-Control"] = _IMMUTABLE
    known = [tag.strip().removeprefix("W/") for tag in _header(scope, "if-none-match").split(",")]
    if etag in known or known == ["*"]:
        return _Answer(304, headers)
    headers["Accept-Ranges"] = "bytes"
    headers |= kind
    part = _asked_part(scope, etag, found.size)
    if part is None:
        return _Answer(200, headers, 0, found.size)
    start, stop = part
    if start >= stop:
        return _Answer(416, {"Content-Range": f"bytes */{found.size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    return _Answer(206, headers, start, stop)


def _asked_part(scope: Message, etag: str, size: int) -> tuple[int, int] | None:
    """Start and stop of a single range; None to send all (no range, several, or one of another version)."""
    found = _range(_header(scope, "range").strip())
    if not found or found[1] == found[2] == "" or scope["method"] != "GET":
        return None
    if _header(scope, "if-range") not in ("", etag):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size
    start = int(found[1])
    if not found[2]:
        return start, size
    last = int(found[2])
    return None if last < start else (start, min(last + 1, size))


def _header(scope: Message, name: str) -> str:
    """A header's value, of several all of them; empty if there is none."""
    values = [value for key, value in scope["headers"] if key == name.encode()]
    return b", ".join(values).decode("latin-1")


async def _send(scope: Message, send: Send, answer: _Answer, file: BinaryIO | None = None) -> None:
    headers = {**_ALWAYS, **answer.headers}
    length = answer.stop - answer.start
    if answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        headers["Content-Length"] = str(length)
    encoded = [(key.encode(), value.encode("latin-1")) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    if file is not None and length and scope["method"] == "GET":
        await send(
            {
                "type": "http.response.zerocopysend",
                "file": file,
                "offset": answer.start,
                "count": length,
                "more_body": True,
            }
        )
    await send({"type": "http.response.body", "body": b""})
