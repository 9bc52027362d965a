"""Files of the page: the studio's own, and the decoder for the web; only kinds that a page is made of, whatever else lies there."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import haac_web
from haac_studio._server.bodies import Answered

STATIC = Path(__file__).parent.parent / "static"
"""The page."""
# Not by `mimetypes`: on Windows anybody may have changed what a suffix means, and modules load only as JavaScript.
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_DEEPEST = 8


def routes() -> list[Route]:
    """The page at /, its files under /static, the decoder under /web."""

    async def page(request: Request) -> Response:
        return await _answer(request, STATIC, "index.html")

    def of(folder: Path) -> Callable[[Request], Awaitable[Response]]:
        async def file(request: Request) -> Response:
            return await _answer(request, folder, request.path_params["path"])

        return file

    return [
        Route("/", page),
        Route("/static/{path:path}", of(STATIC)),
        Route("/web/{path:path}", of(haac_web.FOLDER)),
    ]


async def _answer(request: Request, folder: Path, path: str) -> Response:
    found = _find(folder, path)
    about = found.stat()
    tag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    headers = {"cache-control": "no-cache", "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    data = await run_in_threadpool(found.read_bytes)
    return Response(data, media_type=_KINDS[found.suffix], headers=headers)


def _find(folder: Path, path: str) -> Path:
    """The file of a path in a folder.

    Raises:
        Answered: 404, there is none, or none that a page is made of.
    """
    parts = path.split("/")
    if len(parts) <= _DEEPEST and all(map(_PART.fullmatch, parts)):
        found = folder.joinpath(*parts)
        if found.suffix in _KINDS and found.is_file() and found.resolve().is_relative_to(folder.resolve()):
            return found
    raise Answered(404, f"there is no file {path[:100]!r}")
