"""Endpoints of jobs: starting them, their events as they come (server-sent events), cancelling."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from haac import LIMITS
from haac._internal import PICTURE_LIMITS
from haac_repo._internal import elements_of
from haac_studio._jobs.finding import Box
from haac_studio._jobs.jobs import Event, Job, Work
from haac_studio._jobs.sharing import published, synced
from haac_studio._server.bodies import Answered, body_of, json_of
from haac_studio._server.elements import info
from haac_studio._server.features import require
from haac_studio._server.sessions import Reference, Studio

_QUIET = 15.0
"""Seconds after which a word is sent, so that a connection that is gone is noticed."""
_MOST = 100
"""Elements that are suggested."""


def routes(studio: Studio) -> list[Route]:
    """The endpoints under /api/jobs, but for those of reviews."""

    def start(work: Work) -> Response:
        return JSONResponse({"job": studio.jobs.start(work)})

    async def compress(request: Request) -> Response:
        sent = await json_of(request)
        reference = _reference(studio, sent)
        asked = compress_options(sent.get("options", {}))
        require(studio.repository, "similar" if asked["similar"] else "compress")
        return start(lambda job: studio.finding.compress(job, reference.name, reference.data, asked))

    async def suggest(request: Request) -> Response:
        sent = await json_of(request)
        reference = _reference(studio, sent)
        box = _box(sent.get("box"), reference)
        count = _whole(sent, "count", 12, 1, _MOST)
        require(studio.repository, "similar")

        def work(job: Job) -> dict[str, Any]:
            found = studio.finding.suggest(job, reference.data, box, count)
            scores = {number: (score, kind) for number, score, kind in found}
            elements = elements_of(studio.repository, list(scores))
            return {
                "elements": [
                    {**info(each), "score": round(scores[each.number][0], 4), "kind": scores[each.number][1]}
                    for each in elements
                ]
            }

        return start(work)

    async def ingest(request: Request) -> Response:
        require(studio.repository, "ingest")
        name = PurePath(request.query_params.get("name", "")).name[:200] or "picture"
        data = await body_of(request, PICTURE_LIMITS.file_bytes)

        def work(job: Job) -> dict[str, Any]:
            review = studio.cutting.cut(job, name, data)
            return review.as_json(studio.reviews.add(review))

        return start(work)

    async def publish(request: Request) -> Response:
        await json_of(request)
        require(studio.repository, "publish")
        return start(lambda job: published(job, studio.repository))

    async def sync(request: Request) -> Response:
        await json_of(request)
        require(studio.repository, "sync")
        return start(lambda job: synced(job, studio.repository))

    async def events(request: Request) -> Response:
        job = _job(studio, request)
        seen = request.headers.get("last-event-id", "")
        after = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
        if job.ended and not job.events(after):
            return Response(status_code=204)  # tells a browser not to connect again
        return StreamingResponse(
            _stream(job, after), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )

    async def cancel(request: Request) -> Response:
        job = _job(studio, request)
        await asyncio.to_thread(job.cancel)
        return JSONResponse({})

    return [
        Route("/api/jobs/compress", compress, methods=["POST"]),
        Route("/api/jobs/suggest", suggest, methods=["POST"]),
        Route("/api/jobs/ingest", ingest, methods=["POST"]),
        Route("/api/jobs/publish", publish, methods=["POST"]),
        Route("/api/jobs/sync", sync, methods=["POST"]),
        Route("/api/jobs/{job}/events", events),
        Route("/api/jobs/{job}", cancel, methods=["DELETE"]),
    ]


async def _stream(job: Job, after: int) -> AsyncIterator[bytes]:
    """The events of a job, those that were there already first, until it has ended."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def told() -> None:
        loop.call_soon_threadsafe(news.set)

    job.listen(told)
    try:
        while True:
            news.clear()
            ended = job.ended  # before its last events are taken
            for number, event in job.events(after):
                after = number
                yield _encoded(event, number)
            if ended:
                return
            try:
                await asyncio.wait_for(news.wait(), _QUIET)
            except TimeoutError:
                yield b": still at it\n\n"
    finally:
        job.leave(told)


def _encoded(event: Event, number: int) -> bytes:
    data = json.dumps(event.data, ensure_ascii=False)
    return f"id: {number}\nevent: {event.name}\ndata: {data}\n\n".encode()


def compress_options(sent: object) -> dict[str, Any]:
    """What a page wants of a recipe, checked.

    Raises:
        Answered: 400, it is nothing that can be wanted.
    """
    if not isinstance(sent, dict):
        raise Answered(400, "the options are no object")
    tags = sent.get("only_tags", [])
    if not isinstance(tags, list) or len(tags) > 16 or not all(isinstance(tag, str) for tag in tags):
        raise Answered(400, "only_tags is a list of at most 16 tags")
    if sent.get("budget") is not None and sent.get("quality") is not None:
        raise Answered(400, "a budget and a quality exclude each other: give one of them")
    return {
        "similar": sent.get("similar") is True,
        "people": sent.get("people") is True,
        "always": sent.get("always") is True,
        "inline": sent["inline"] if isinstance(sent.get("inline"), bool) else None,
        "budget": _whole_or_none(sent, "budget", 1, LIMITS.recipe_bytes),
        "quality": _whole_or_none(sent, "quality", 0, 100),
        "effort": _whole(sent, "effort", 5, 1, 9),
        "max_layers": _whole_or_none(sent, "max_layers", 0, LIMITS.layers),
        "only_tags": tuple(tags),
    }


def _whole_or_none(sent: dict[str, Any], name: str, low: int, high: int) -> int | None:
    return None if sent.get(name) is None else _whole(sent, name, 0, low, high)


def _whole(sent: dict[str, Any], name: str, usual: int, low: int, high: int) -> int:
    value = sent.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Answered(400, f"{name} is {value!r:.40}; a whole number from {low} to {high} is allowed")
    return value


def _reference(studio: Studio, sent: dict[str, Any]) -> Reference:
    name = sent.get("reference")
    found = studio.references.get(name) if isinstance(name, str) else None
    if found is None:
        raise Answered(404, "that picture is not kept any more: open it again")
    return found


def _box(sent: object, reference: Reference) -> Box:
    """Left, top, right, bottom of a part of a picture."""
    if (
        not isinstance(sent, list)
        or len(sent) != 4
        or not all(isinstance(edge, int) and not isinstance(edge, bool) for edge in sent)
    ):
        raise Answered(400, "a box is [left, top, right, bottom], in whole pixels of the picture")
    left, top, right, bottom = sent
    if not (0 <= left < right <= reference.width and 0 <= top < bottom <= reference.height):
        raise Answered(
            400,
            f"the box {[left, top, right, bottom]} is not inside the picture, which has {reference.width}x{reference.height} pixels",
        )
    return left, top, right, bottom


def _job(studio: Studio, request: Request) -> Job:
    job = studio.jobs.get(request.path_params["job"])
    if job is None:
        raise Answered(404, "there is no such job, or it ended long ago")
    return job
