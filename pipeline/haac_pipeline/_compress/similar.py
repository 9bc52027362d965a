"""A photograph told by similar elements, for `haac compress --similar`: the engine of a repository, and what was told in words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from haac_repo import Repository, format_id

if TYPE_CHECKING:
    from PIL import Image

    from haac_similar import Embedder, Similar, SimilarIndex, SimilarOptions, Told

_engines: dict[Path, tuple[Repository, Similar]] = {}


def engine(path: Path) -> tuple[Repository, Similar]:
    """The repository in the folder `path`, and what tells photographs by its elements, once a process.

    Raises:
        HaacError: there is no similar index, or the network is not here.
        MissingExtraError: `haac[similar]` is not installed.
    """
    from haac_similar import Embedder, Similar, open_similar_index

    if path not in _engines:
        repository, embedder = Repository.open(path), Embedder()
        _engines[path] = repository, Similar(repository, open_similar_index(repository, embedder), embedder)
    return _engines[path]


@contextlib.contextmanager
def opened_engine(repository: Repository, embedder: Embedder, index: SimilarIndex) -> Iterator[None]:
    """While this is open, `engine` gives what was opened already, with the repository, which stays open as long."""
    from haac_similar import Similar

    path = repository.path.resolve()
    before = _engines.pop(path, None)
    _engines[path] = repository, Similar(repository, index, embedder)
    try:
        yield
    finally:
        del _engines[path]
        if before is not None:
            _engines[path] = before


def tell(picture: Image.Image, path: Path, segmenter: str, options: SimilarOptions) -> Told:
    """Tell a picture by the elements of a repository.

    Args:
        picture: RGB, or RGBA, whose alpha then tells its objects.
        path: of the repository.
        segmenter: salient-object model that finds the objects.
        options: what is wanted.
    """
    from haac_pipeline._segment.session import mask

    found = picture.getchannel("A") if picture.mode == "RGBA" else mask(picture.convert("RGB"), segmenter)
    return engine(path)[1].compress(picture, np.asarray(found), options)


def in_words(told: Told) -> str:
    """What tells the picture: "like dog 7k2 (4 of 5 agree) and like boat 3f, on a wash"; or why nothing does."""
    if not told.elements:
        return f"a wash, because {told.reason}"
    named = [
        f"like {each.kind or 'element'} {format_id(each.number)} ({each.agree} of {each.of} agree)"
        for each in told.elements
    ]
    from haac import Plate, Wash

    match told.scene.background:
        case Wash():
            on = "a wash"
        case Plate(number):
            on = f"the plate {format_id(number)}"
        case None:
            on = "nothing"
        case _:
            on = "one colour"
    return f"{' and '.join(named)}, on {on}"
