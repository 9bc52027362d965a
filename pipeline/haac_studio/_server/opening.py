"""Starting a studio: the document named on the command line, its draft, the address, the browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from haac import LIMITS, Scene, read_recipe, run_script, to_script
from haac._internal import PICTURE_LIMITS, binary, check_fingerprint
from haac_repo import ElementError, HaacError, PictureError, RecipeError, Repository
from haac_repo._internal import require
from haac_studio._document.drafts import Draft
from haac_studio._document.names import plain_name
from haac_studio._server.app import application
from haac_studio._server.security import Door
from haac_studio._server.server import open_port, serve
from haac_studio._server.sessions import BY_HAND, Opened, Studio, digest, reference_of

_TEXT = "haac1:"
_RECIPES = {".haac", ".txt"}


def opened(repository: Repository, what: str | None, name: str) -> Studio:
    """Open a document.

    Args:
        repository: its elements are what pictures are made of.
        what: a picture, a recipe (a file or the text form), or a script, which is run; None: a new document.
        name: under which it is saved; "": its own, or none yet.

    Raises:
        HaacError, OSError: it cannot be read, or the name is no plain one.
    """
    folder = Path.cwd()
    name = plain_name(name) if name else ""
    if what is None:
        document, path, data = Opened(name=name), folder / (name or "."), b""
        place = str(path)
    elif what.lower().startswith(_TEXT):
        document, place = Opened("recipe", name, _checked(read_recipe(what.encode()), repository)), what
        path, data = folder, b""
    else:
        path = Path(what)
        data, place = _contents(path), str(path.resolve())
        document = _document(repository, path, data, name)
    draft = Draft(repository.id, place)
    try:
        studio = Studio(repository, folder, draft, document)
        if data and path.resolve().parent == folder.resolve():
            studio.files[path.name] = BY_HAND if _is_by_hand(document, data) else digest(data)
        if document.kind == "picture":
            made = reference_of(document.name, data)
            studio.opened = Opened("picture", made.name, _canvas(made.width, made.height), studio.trace(made))
        elif kept := draft.load_picture():
            with contextlib.suppress(PictureError):  # damaged: it is traced no longer
                studio.trace(reference_of(*kept))
        studio.notes += _notes(studio)
    except BaseException:
        draft.close()
        raise
    return studio


def run(
    studio: Studio, port: int, *, said: Callable[[str], None], show: Callable[[str], object] | None
) -> None:
    """Serve a studio until Ctrl-C.

    Args:
        studio: what is open; it is closed in the end.
        port: 0 picks a free one.
        said: told the address, with its token, when it can be opened.
        show: opens an address in the browser; None: nobody does.
    """
    with contextlib.closing(studio):
        listener = open_port(port)
        studio.fixed = port != 0
        door = Door(listener.getsockname()[1])
        said(door.url)
        if show is not None:
            show(door.url)
        serve(application(studio, door), listener, studio.jobs.close)


def _contents(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        HaacError: it is a folder, not there, or too large.
    """
    if path.is_dir():
        raise HaacError(f"{path} is a folder: name a picture, a recipe or a script in it")
    with path.open("rb") as file:
        data = file.read(PICTURE_LIMITS.file_bytes + 1)
    if len(data) > PICTURE_LIMITS.file_bytes:
        raise PictureError(f"{path} has more than the {PICTURE_LIMITS.file_bytes:,} bytes that are read")
    return data


def _is_by_hand(document: Opened, data: bytes) -> bool:
    """Whether a file is a script that has more in it than the scene it makes: comments, loops, names."""
    if document.kind != "script" or document.scene is None:
        return False
    plain = (document.scene, replace(document.scene, fingerprint=None))
    return data.decode(errors="replace").split() not in [to_script(scene).split() for scene in plain]


def _document(repository: Repository, path: Path, data: bytes, name: str) -> Opened:
    """What a file is; a picture is not read yet."""
    name = name or path.name
    if path.suffix.lower() == ".py":
        scene = run_script(path)
        if scene.fingerprint is None and scene.elements():  # as `haac compile` writes it
            scene.fingerprint = repository.fingerprint
        return Opened("script", name, _checked(scene, repository))
    written = data[:1] and (data[0] in binary.FORMATS or data[:1024].lstrip()[:6].lower() == _TEXT.encode())
    if path.suffix.lower() in _RECIPES or written:
        if len(data) > LIMITS.text_chars:
            raise RecipeError(
                f"{path} is no recipe: it has {len(data):,} bytes; at most {LIMITS.text_chars:,} are allowed"
            )
        return Opened("recipe", name, _checked(read_recipe(data), repository))
    return Opened("picture", name)


def _checked(scene: Scene, repository: Repository) -> Scene:
    scene.check()
    check_fingerprint(scene, repository)
    return scene


def _canvas(width: int, height: int) -> Scene:
    """An empty scene of a picture's shape, as large as a canvas may be."""
    scale = min(
        1.0, LIMITS.canvas_side / max(width, height), (LIMITS.canvas_pixels / (width * height)) ** 0.5
    )
    return Scene(max(1, int(width * scale)), max(1, int(height * scale)))


def _notes(studio: Studio) -> Iterator[str]:
    """What the person should know of what was opened."""
    scene = studio.opened.scene
    if scene is not None:
        try:
            require(studio.repository, sorted(scene.elements()))
        except ElementError as error:
            yield f"Layers cannot be drawn: {error}"
    if studio.draft.others:
        yield "Another studio has this document open too: each keeps a draft of its own"
