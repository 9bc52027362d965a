"""Endpoints of elements: search in pages, what is known of one, its file, and a thumbnail."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from haac_repo import Element, HaacError, Repository, format_id, parse_id
from haac_repo._internal import State, elements_of, found_numbers, state_of
from haac_studio._limits import STUDIO_LIMITS
from haac_studio._server.bodies import Answered
from haac_studio._server.sessions import Studio

if TYPE_CHECKING:
    from haac_similar import SimilarIndex

_KEPT = "private, max-age=3600, immutable"
"""An id never means another element. Not for longer: a later run may have this port with another repository."""
MEDIA_TYPE = "image/webp"
_WORDS = 200
"""Characters of a query."""
_SEARCHES = 16
"""Results that are kept while somebody pages through them."""


class Finder:
    """Search for pages: the numbers that are found are kept until the catalog changes."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._lock = threading.Lock()
        self._state: State | None = None
        self._kept: OrderedDict[tuple[object, ...], tuple[list[int], str]] = OrderedDict()
        self._index: SimilarIndex | None = None

    def find(self, words: str, colour: int | None, tag: str, like: str) -> tuple[list[int], str]:
        """Numbers of all elements that are found, best first; and the words that found them, if they are others.

        Raises:
            HaacError: no id, or there is no similar index.
        """
        key = (words, colour, tag, like)
        with self._lock:
            state = state_of(self._repository)
            if state != self._state:
                self._state, self._index = state, None
                self._kept.clear()
            if key not in self._kept:
                self._kept[key] = self._like(like, tag) if like else self._found(words, colour, tag)
                while len(self._kept) > _SEARCHES:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _found(self, words: str, colour: int | None, tag: str) -> tuple[list[int], str]:
        found = found_numbers(self._repository, words, colour=colour, tag=tag)
        if found or not words:
            return found, ""
        meant = self._repository.did_you_mean(words)
        return (found_numbers(self._repository, meant, colour=colour, tag=tag), meant) if meant else ([], "")

    def _like(self, like: str, tag: str) -> tuple[list[int], str]:
        from haac_similar._internal import stored_similar_index

        number = self._repository.element(like).number
        if self._index is None:
            self._index = stored_similar_index(self._repository)
        found = [each for each, _ in self._index.nearest_to(number, len(self._index.rows))]
        if tag:
            tagged = set(found_numbers(self._repository, tag=tag))
            found = [each for each in found if each in tagged]
        return found, ""


class Thumbnails:
    """Small pictures of elements, made when they are first asked for; the most recent ones are kept in memory."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, number: int, side: int) -> bytes:
        """A WebP picture of at most `side` pixels.

        Raises:
            ElementError, IntegrityError: as `Repository.image`.
        """
        key = (number, side)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        data = _small(self._repository, number, side)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = data
                self._bytes += len(data)
            while self._bytes > STUDIO_LIMITS.thumbnails_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return data


def _small(repository: Repository, number: int, side: int) -> bytes:
    from PIL import Image

    image = repository.image(number)
    if max(image.size) > side:
        scale = side / max(image.size)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        premultiplied = image.convert("RGBa").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        image = premultiplied.convert("RGBA")
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue()


def routes(studio: Studio) -> list[Route]:
    """The endpoints under /api/elements."""
    finder, thumbnails = Finder(studio.repository), Thumbnails(studio.repository)

    async def search(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_page, studio, finder, dict(request.query_params)))

    async def one(request: Request) -> Response:
        return JSONResponse(
            await run_in_threadpool(lambda: _all_of(_standing(studio, request.path_params["id"])))
        )

    async def file(request: Request) -> Response:
        def made() -> Response:
            element = _standing(studio, request.path_params["id"])
            return _kept(studio, request, element.sha256, lambda: studio.repository.data(element.number))

        return await run_in_threadpool(made)

    async def thumbnail(request: Request) -> Response:
        side = _number(request.query_params.get("size", "96"), "size", 1, STUDIO_LIMITS.thumbnail)

        def made() -> Response:
            element = _standing(studio, request.path_params["id"])
            tag = f"{element.sha256}-{side}"
            return _kept(studio, request, tag, lambda: thumbnails.get(element.number, side))

        return await run_in_threadpool(made)

    return [
        Route("/api/elements", search),
        Route("/api/elements/{id}", one),
        Route("/api/elements/{id}/file", file),
        Route("/api/elements/{id}/thumbnail", thumbnail),
    ]


def _kept(studio: Studio, request: Request, tag: str, data: Callable[[], bytes]) -> Response:
    """A WebP picture that the browser may keep; if it did already, only that it may."""
    headers = {"cache-control": "no-cache" if studio.fixed else _KEPT, "etag": f'"{tag}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(data(), media_type=MEDIA_TYPE, headers=headers)


def _page(studio: Studio, finder: Finder, asked: dict[str, str]) -> dict[str, Any]:
    words = asked.get("query", "").strip()
    if len(words) > _WORDS:
        raise Answered(400, f"the query has {len(words)} characters; at most {_WORDS} are allowed")
    offset = _number(asked.get("offset", "0"), "offset", 0, 2**31)
    limit = _number(asked.get("limit", "60"), "limit", 1, STUDIO_LIMITS.page)
    colour = _colour(asked["colour"]) if asked.get("colour") else None
    found, meant = finder.find(words, colour, asked.get("tag", "")[:_WORDS], asked.get("like", "")[:_WORDS])
    page = elements_of(studio.repository, found[offset : offset + limit])
    return {"total": len(found), "found_by": meant or None, "elements": [info(element) for element in page]}


def info(element: Element) -> dict[str, Any]:
    """What a page of elements says of each."""
    return {
        "id": element.id,
        "number": element.number,
        "name": element.name,
        "tags": list(element.tags),
        "width": element.width,
        "height": element.height,
        "colour": None if element.colour is None else f"#{element.colour:06x}",
    }


def _all_of(element: Element) -> dict[str, Any]:
    terms = element.provenance
    return {
        **info(element),
        "licence": terms.licence,
        "attribution": terms.attribution,
        "source": terms.source,
        "model": terms.model,
        "quality": element.quality,
        "doubts": list(element.doubts),
        "derived_from": None if element.derived_from is None else format_id(element.derived_from),
    }


def _standing(studio: Studio, id_: str) -> Element:
    """The element of an id.

    Raises:
        Answered: 404, it was withdrawn.
        HaacError: there is none.
    """
    element = studio.repository.element(parse_id(id_))
    if element.withdrawn is not None:
        raise Answered(
            404,
            f"element {element.id} was withdrawn: {element.withdrawn or 'no reason given'}",
            withdrawn=True,
        )
    return element


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high):
        raise Answered(400, f"{name} is {text[:20]!r}; a whole number from {low} to {high} is allowed")
    return int(text)


def _colour(text: str) -> int:
    """0xRRGGBB of '#ff8800', 'ff8800' or a CSS name."""
    from haac._internal import parse_colour

    try:
        return parse_colour(text[:40]) >> 8
    except HaacError:
        return parse_colour(f"#{text[:40]}") >> 8
