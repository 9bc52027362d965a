"""Endpoints of the document: its state, its forms, reading, writing, saving, the draft, and pictures to trace."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from haac import LIMITS, Scene, read_recipe, render, to_binary, to_script, to_text
from haac._internal import PICTURE_LIMITS, check_fingerprint, picture_bytes
from haac_repo import DataError, write_file
from haac_studio._document.forms import forms
from haac_studio._document.names import plain_name, writable
from haac_studio._document.scene_json import scene_from_json, scene_to_json, shown_layers
from haac_studio._document.script_reader import read_script
from haac_studio._limits import STUDIO_LIMITS
from haac_studio._server.bodies import Answered, body_of, json_of
from haac_studio._server.sessions import BY_HAND, Studio, digest, reference_json, reference_of

_TYPES = {
    "haac": "application/octet-stream",
    "txt": "text/plain; charset=utf-8",
    "py": "text/x-python; charset=utf-8",
    "png": "image/png",
    "webp": "image/webp",
}
_LABEL = 200
"""Characters of a draft's label."""


def routes(studio: Studio) -> list[Route]:
    """The endpoints of the document."""

    async def forms_(request: Request) -> Response:
        sent = (await json_of(request, STUDIO_LIMITS.scene_bytes)).get("scene")
        return JSONResponse(await run_in_threadpool(_forms, studio, sent))

    async def read(request: Request) -> Response:
        name = request.query_params.get("name", "")
        data = await body_of(request, STUDIO_LIMITS.file_bytes)
        scene = await run_in_threadpool(_read, name, data)
        return JSONResponse({"scene": scene_to_json(scene), "name": PurePath(name).name})

    async def write(request: Request) -> Response:
        sent = await json_of(request, STUDIO_LIMITS.scene_bytes)
        kind = sent.get("format")
        if not isinstance(kind, str) or kind not in _TYPES:
            raise Answered(400, f"the format is {kind!r:.60}; {', '.join(_TYPES)} are allowed")
        data = await run_in_threadpool(_written, studio, sent.get("scene"), kind)
        return Response(data, media_type=_TYPES[kind])

    async def save(request: Request) -> Response:
        sent = await json_of(request, STUDIO_LIMITS.scene_bytes)
        return JSONResponse(await run_in_threadpool(_saved, studio, sent))

    async def put_draft(request: Request) -> Response:
        sent = await json_of(request, STUDIO_LIMITS.scene_bytes)
        scene, label = sent.get("scene"), sent.get("label", "")
        if not isinstance(scene, dict) or not isinstance(label, str):
            raise Answered(400, "a draft has a scene, an object, and a label, which is text")
        kept = await run_in_threadpool(studio.draft.save, scene, label[:_LABEL])
        await run_in_threadpool(studio.keep_picture)
        return JSONResponse({"saved_at": kept.saved_at})

    async def delete_draft(_: Request) -> Response:
        await run_in_threadpool(studio.draft.discard)
        return JSONResponse({})

    async def add_reference(request: Request) -> Response:
        name = PurePath(request.query_params.get("name", "")).name[:_LABEL] or "picture"
        data = await body_of(request, PICTURE_LIMITS.file_bytes)
        return JSONResponse(await run_in_threadpool(_traced, studio, name, data))

    async def get_reference(request: Request) -> Response:
        found = studio.references.get(request.path_params["id"])
        if found is None:
            raise Answered(404, "that picture is not kept any more: open it again")
        return Response(found.png, media_type="image/png", headers={"cache-control": "private, max-age=3600"})

    async def delete_reference(request: Request) -> Response:
        name = request.path_params["id"]
        if studio.references.remove(name) is None:
            raise Answered(404, "that picture is not kept any more")
        if name == studio.traced:
            studio.traced = ""
            await run_in_threadpool(studio.draft.discard_picture)
        return JSONResponse({})

    return [
        Route("/api/forms", forms_, methods=["POST"]),
        Route("/api/read", read, methods=["POST"]),
        Route("/api/write", write, methods=["POST"]),
        Route("/api/save", save, methods=["POST"]),
        Route("/api/draft", put_draft, methods=["PUT"]),
        Route("/api/draft", delete_draft, methods=["DELETE"]),
        Route("/api/reference", add_reference, methods=["POST"]),
        Route("/api/reference/{id}", get_reference),
        Route("/api/reference/{id}", delete_reference, methods=["DELETE"]),
    ]


def _forms(studio: Studio, sent: object) -> dict[str, Any]:
    scene = scene_from_json(sent)
    layers = len(sent.get("layers", [])) if isinstance(sent, dict) else 0
    return forms(scene, layers, shown_layers(sent), studio.repository)


def _traced(studio: Studio, name: str, data: bytes) -> dict[str, Any]:
    """Trace a picture instead of the one before."""
    made = reference_of(name, data)
    kept = studio.trace(made)
    with suppress(OSError):  # the next draft tries it again, and tells
        studio.draft.discard_picture()
        studio.keep_picture()
    return reference_json(kept, made)


def _read(name: str, data: bytes) -> Scene:
    """Read a recipe, or a script, which is not run."""
    if name.lower().endswith(".py"):
        return read_script(data, PurePath(name).name)
    if len(data) > LIMITS.text_chars:
        raise DataError(
            f"{PurePath(name).name!r} is no recipe: it has {len(data):,} bytes; at most {LIMITS.text_chars:,} are allowed"
        )
    return read_recipe(data)


def _written(studio: Studio, sent: object, kind: str) -> bytes:
    """A scene as a file."""
    scene = scene_from_json(sent)
    if kind == "haac":
        return to_binary(scene)
    if kind == "txt":
        return to_text(scene).encode() + b"\n"
    if kind == "py":
        return to_script(scene).encode()
    check_fingerprint(scene, studio.repository)
    return picture_bytes(render(scene, studio.repository), f".{kind}")


def _saved(studio: Studio, sent: dict[str, Any]) -> dict[str, Any]:
    """Write a scene into the folder where the studio was started."""
    name = plain_name(sent.get("name"))
    path = writable(studio.folder, name)
    if path.exists():
        _may_overwrite(studio, path, asked=sent.get("overwrite") is True)
    data = _written(studio, sent.get("scene"), path.suffix.lower()[1:])
    write_file(path, data)
    studio.files[name] = digest(data)
    return {"name": name, "bytes": len(data)}


def _may_overwrite(studio: Studio, path: Path, *, asked: bool) -> None:
    """Make sure that who overwrites a file knows what is lost: they are told once.

    Raises:
        Answered: 409, they are told now.
    """
    name, found = path.name, digest(path.read_bytes())
    known = studio.files.get(name)
    studio.files[name] = found
    if asked and known == found:
        return
    if known is None or known == found:
        raise Answered(409, f"{name} is there already: overwrite it, or give another name", exists=True)
    why = (
        "has more in it than the scene, comments or code, which would be lost"
        if known == BY_HAND
        else "was changed by another program since the studio read it"
    )
    again = "save again to overwrite it, or give another name"
    raise Answered(409, f"{name} {why}: {again}", exists=True, changed=True)
