"""Endpoints of reviews: cut-outs before they become elements, cutting one again, accepting and discarding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from haac_pipeline import MODELS
from haac_pipeline._internal import Hint
from haac_repo import HaacError, NewElement
from haac_studio._jobs.jobs import Job
from haac_studio._jobs.reviews import Review, accepted, cut_json, provenance
from haac_studio._limits import STUDIO_LIMITS
from haac_studio._server.bodies import Answered, json_of
from haac_studio._server.elements import info
from haac_studio._server.features import require
from haac_studio._server.sessions import Studio

_SIDE = 2.0**20
"""Coordinates are below this; whether they are in the picture is found out later."""
_STEP = 0.012
"""Of a picture's long side, from one point of a line to the next: a point counts for a disc of nearly this radius."""


def routes(studio: Studio) -> list[Route]:
    """The endpoints of reviews."""

    async def recut(request: Request) -> Response:
        sent = await json_of(request, STUDIO_LIMITS.strokes_bytes)
        require(studio.repository, "ingest")
        name = sent.get("review")
        review = _review(studio, name if isinstance(name, str) else "")
        n, model = _number(sent.get("n"), review), _model(sent.get("model"))
        hints = [
            *hints_of(sent.get("keep", []), True, review),
            *hints_of(sent.get("remove", []), False, review),
        ]
        if len(hints) > STUDIO_LIMITS.hints:
            raise Answered(
                400, f"there are {len(hints)} points and boxes; at most {STUDIO_LIMITS.hints} are allowed"
            )
        hints.sort(key=lambda hint: hint.is_point)  # so that a point in a box counts

        def work(job: Job) -> dict[str, Any]:
            return cut_json(n, studio.cutting.recut(job, review, n, hints, model))

        return JSONResponse({"job": studio.jobs.start(work)})

    async def source(request: Request) -> Response:
        review = _review(studio, request.path_params["review"])
        kind = "image/png" if review.shown[:1] == b"\x89" else "image/jpeg"
        return Response(review.shown, media_type=kind, headers={"cache-control": "private, max-age=3600"})

    async def cutout(request: Request) -> Response:
        review = _review(studio, request.path_params["review"])
        cut = review.cut(request.path_params["n"])  # it may be cut again: not to be kept
        return Response(cut.cutout.element.data, media_type="image/webp")

    async def accept(request: Request) -> Response:
        sent = await json_of(request)
        require(studio.repository, "ingest")
        name = request.path_params["review"]
        review = _review(studio, name)
        about, numbers = _about(sent), _numbers(sent.get("n"), review)
        stored = await run_in_threadpool(accepted, studio.repository, review, numbers, about)
        studio.reviews.remove(name)
        return JSONResponse({"elements": [{**info(element), "new": new} for element, new in stored]})

    async def discard(request: Request) -> Response:
        _review(studio, request.path_params["review"])
        studio.reviews.remove(request.path_params["review"])
        return JSONResponse({})

    return [
        Route("/api/jobs/recut", recut, methods=["POST"]),
        Route("/api/review/{review}/source", source),
        Route("/api/review/{review}/accept", accept, methods=["POST"]),
        Route("/api/review/{review}/discard", discard, methods=["POST"]),
        Route("/api/review/{review}/{n:int}", cutout),
    ]


def hints_of(sent: object, keep: bool, review: Review) -> Iterator[Hint]:
    """Boxes [left, top, right, bottom], points [x, y], and lines [[x, y], ...], which become points along them.

    Raises:
        Answered: 400, it is none of them.
    """
    if not isinstance(sent, list) or len(sent) > STUDIO_LIMITS.strokes:
        raise Answered(
            400, f"keep and remove are lists of at most {STUDIO_LIMITS.strokes} boxes, points and lines"
        )
    for each in sent:
        if isinstance(each, list) and len(each) == 4 and all(map(_is_place, each)):
            left, top, right, bottom = each
            if left >= right or top >= bottom:
                raise Answered(400, f"the box {each} is empty: left must be below right, top below bottom")
            yield Hint(keep, left, top, right - left, bottom - top)
        elif isinstance(each, list) and len(each) == 2 and all(map(_is_place, each)):
            yield Hint(keep, *each)
        elif _is_line(each):
            step = max(4.0, _STEP * max(review.width, review.height))
            yield from (Hint(keep, x, y) for x, y in _along(each, step))
        else:
            raise Answered(
                400, f"{each!r:.60} is no box [left, top, right, bottom], point [x, y] or line [[x, y], ...]"
            )


def _is_place(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= _SIDE  # type: ignore[operator]


def _is_line(value: object) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= 1000
        and all(isinstance(at, list) and len(at) == 2 and all(map(_is_place, at)) for at in value)
    )


def _along(line: list[list[float]], step: float) -> Iterator[tuple[float, float]]:
    """Points along a line, its first and last among them, at most `step` apart; close ones are left out."""
    last = line[0]
    yield last[0], last[1]
    for n, at in enumerate(line[1:], 2):
        far = math.dist(last, at)
        if far < step and n < len(line):
            continue
        parts = min(STUDIO_LIMITS.hints, max(1, math.ceil(far / step)))
        for part in range(1, parts + 1):
            yield (
                last[0] + (at[0] - last[0]) * part / parts,
                last[1] + (at[1] - last[1]) * part / parts,
            )
        last = at


def _review(studio: Studio, name: str) -> Review:
    found = studio.reviews.get(name)
    if found is None:
        raise Answered(404, "that picture is not under review any more: add it again")
    return found


def _number(sent: object, review: Review) -> int:
    if not isinstance(sent, int) or isinstance(sent, bool) or not 1 <= sent <= len(review.cuts):
        raise Answered(400, f"there is no cut-out {sent!r:.20}: there are {len(review.cuts)}, from 1 on")
    return sent


def _numbers(sent: object, review: Review) -> list[int]:
    if not isinstance(sent, list):
        raise Answered(400, "n is a list of the cut-outs to be stored")
    return [_number(each, review) for each in sent]


def _model(sent: object) -> str | None:
    if sent is None:
        return None
    if not isinstance(sent, str) or sent not in MODELS:
        raise Answered(400, f"there is no model {sent!r:.40}: `haac models` lists them")
    return sent


def _about(sent: dict[str, Any]) -> NewElement:
    """Name, tags and licence that a person gave; no picture yet."""
    texts = {name: sent.get(name, "") for name in ("name", "licence", "attribution")}
    tags = sent.get("tags", [])
    if isinstance(tags, str):
        tags = [tag for tag in tags.split(",") if tag.strip()]
    if not all(isinstance(text, str) for text in texts.values()):
        raise Answered(400, "name, licence and attribution are texts")
    if not isinstance(tags, list) or len(tags) > 1000 or not all(isinstance(tag, str) for tag in tags):
        raise Answered(400, "tags is a list of texts")
    terms = provenance(texts["licence"], texts["attribution"])
    about = NewElement(
        data=b"-",
        width=1,
        height=1,
        pixels_sha256="0" * 64,
        name=texts["name"],
        tags=tuple(tags),
        provenance=terms,
    )
    try:
        return about.checked()
    except HaacError as error:
        raise Answered(400, str(error)) from error
