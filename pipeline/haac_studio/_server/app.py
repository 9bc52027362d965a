"""The studio's application: all its endpoints behind the guard, and what becomes of errors."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from haac_repo import ElementError, HaacError, RepositoryBusyError, read_head
from haac_repo._internal import state_of
from haac_studio._document.scene_json import scene_to_json
from haac_studio._jobs.jobs import told
from haac_studio._server import documents, elements, files, jobs, reviews
from haac_studio._server.bodies import Answered
from haac_studio._server.features import features
from haac_studio._server.security import Door, Guard
from haac_studio._server.sessions import Studio, reference_json


def application(studio: Studio, door: Door) -> ASGIApp:
    """Everything that a browser may ask of one studio."""

    async def state(_: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_state, studio))

    app = Starlette(
        routes=[
            Route("/api/state", state),
            *documents.routes(studio),
            *elements.routes(studio),
            *reviews.routes(studio),
            *jobs.routes(studio),
            *files.routes(),
        ],
        exception_handlers={
            Answered: _answered,
            HaacError: _failed,
            OSError: _broken,
            HTTPException: _refused,
            Exception: _fault,
        },
    )
    return Guard(app, door)


def _state(studio: Studio) -> dict[str, Any]:
    repository, opened = studio.repository, studio.opened
    found = state_of(repository)
    saved = studio.draft.load()
    reference = studio.references.get(studio.traced)
    return {
        "version": version("haac"),
        "repository": {
            "id": repository.id,
            "fingerprint": repository.fingerprint,
            "role": repository.role,
            "path_name": repository.path.absolute().name,
            "elements": found.elements,
            "published": read_head(repository.path) is not None,
            "unpublished": 0 if repository.role == "mirror" else found.records - found.published,
        },
        "document": {
            "name": opened.name,
            "kind": opened.kind,
            "scene": None if opened.scene is None else scene_to_json(opened.scene),
        },
        "draft": None
        if saved is None
        else {"scene": saved.scene, "label": saved.label, "saved_at": saved.saved_at},
        "features": features(repository),
        "reference": None if reference is None else reference_json(studio.traced, reference),
        "notes": studio.notes,
        "others": studio.draft.others,
    }


async def _answered(_: Request, error: Exception) -> Response:
    assert isinstance(error, Answered)
    return JSONResponse(error.body, error.status)


async def _failed(_: Request, error: Exception) -> Response:
    status = (
        404 if isinstance(error, ElementError) else 409 if isinstance(error, RepositoryBusyError) else 400
    )
    return JSONResponse({"error": str(error)}, status)


async def _broken(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": told(error)}, 500)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": f"{request.method} {request.url.path}: {error.detail}"}, error.status_code)


async def _fault(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": told(error)}, 500)
