"""Finding elements in a picture that is traced: a whole scene by `haac compress`'s engine, or suggestions for a part of it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac import read_recipe
from haac_pipeline._internal import (
    Outputs,
    Task,
    Workers,
    compress_file,
    cores,
    limit_threads,
    need_matching,
    need_similar,
    need_tagged,
    need_telling,
    one_core,
    opened,
    segmenter,
    usual_options,
)
from haac_repo import HaacError, Repository, RepositoryError
from haac_repo._internal import state_of
from haac_studio._document.scene_json import scene_to_json
from haac_studio._jobs.jobs import Job
from haac_studio._jobs.processes import Process, Request, Say

if TYPE_CHECKING:
    from haac_similar import Embedder, SimilarIndex

Box = tuple[int, int, int, int]
_ENOUGH = 1024
"""Pixels of a part's long side; the network looks at 224."""
_RECIPE = Path("recipe.haac")
"""Nothing is written: a name that results carry."""


class Finding:
    """The worker processes that find elements: one finds the same ones, one similar ones."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._same = Process(partial(one_core), "it crashed the program that looks for elements")
        self._similar = Process(
            partial(limit_threads, cores()), "it crashed the program that looks for elements"
        )

    def close(self) -> None:
        """End them."""
        self._same.close()
        self._similar.close()

    def compress(self, job: Job, name: str, data: bytes, asked: dict[str, Any]) -> dict[str, Any]:
        """Find a scene that shows a picture.

        Args:
            job: whose progress is told.
            name: of the picture.
            data: of its file.
            asked: what `compress_options` checked.

        Raises:
            ElementNotFoundError: no element has all the tags.
        """
        need_tagged(self._repository, asked["only_tags"])
        path = self._repository.path.resolve()
        if asked["similar"]:
            need_telling()
            process, call = self._similar, partial(_told, path, name, asked)
        else:
            need_matching()
            self._describe(job)
            process, call = self._same, partial(_matched, path, name, asked)
        job.progress(0, 0, "starting")
        result: dict[str, Any] = process.run(job, Request(data, call), state_of(self._repository))
        return result

    def _describe(self, job: Job) -> None:
        """Bring the match index up to date, with a process a core, which are this process's own."""
        one_core()
        from haac_match import survey_index, update_index
        from haac_pipeline._internal import describe  # which needs what only ingest installs

        total, done = survey_index(self._repository).missing, 0
        if not total:
            return

        def advance(more: int) -> None:
            nonlocal done
            done += more
            job.progress(done, total, "describing elements, once for all pictures")
            job.check()

        job.progress(0, total, "describing elements, once for all pictures")
        with suppress(RepositoryError):  # where it cannot be written, the worker makes it in memory
            run = partial(describe, Workers(), stoppable=job.cancelling)
            update_index(self._repository, run=run, progress=advance)

    def suggest(self, job: Job, data: bytes, box: Box, count: int) -> list[tuple[int, float, str]]:
        """The elements that are most similar to a part of a picture: numbers, scores, kinds; the nearest first.

        Args:
            job: whose progress is told.
            data: of the picture's file.
            box: left, top, right, bottom in the upright picture, pixels.
            count: at most so many.
        """
        need_similar()
        job.progress(0, 0, "starting")
        call = partial(_nearest, self._repository.path.resolve(), box, count)
        found: list[tuple[int, float, str]] = self._similar.run(
            job, Request(data, call), state_of(self._repository)
        )
        return found


# What follows runs in the worker processes.


def _matched(path: Path, name: str, asked: dict[str, Any], data: bytes, say: Say) -> dict[str, Any]:
    """Find the same elements."""
    say(0, 0, "loading what is known of the elements")
    opened(path, threads=cores())
    model = segmenter(None, lambda _: None)
    names = ("effort", "budget", "quality", "max_layers", "only_tags", "inline")
    options = usual_options(segmenter=model, **{name: asked[name] for name in names})
    return _compressed(Task(name, data, Outputs(_RECIPE), options, path, segmenter=model), say)


def _told(path: Path, name: str, asked: dict[str, Any], data: bytes, say: Say) -> dict[str, Any]:
    """Tell it by similar elements."""
    from haac_similar import SimilarOptions

    _current(path, say)
    given = {"budget": asked["budget"], "max_objects": asked["max_layers"]}
    options = SimilarOptions(
        people=asked["people"],
        always=asked["always"],
        only_tags=asked["only_tags"],
        **{name: value for name, value in given.items() if value is not None},
    )
    segmented = segmenter(None, lambda _: None)
    return _compressed(Task(name, data, Outputs(_RECIPE), options, path, segmenter=segmented), say)


def _compressed(task: Task, say: Say) -> dict[str, Any]:
    done = compress_file(task, lambda text: say(0, 0, text))
    if done.error or done.quality is None:
        raise HaacError(done.error or "no recipe was found")
    scene = read_recipe(done.text.encode())
    return {
        "scene": scene_to_json(scene),
        "text": done.text,
        "bytes": done.binary_bytes,
        "similar": done.like or None,
        "exact": done.exact,
        "psnr": None if done.quality.identical else round(done.quality.psnr, 2),
        "percent_unexplained": round(100 * done.unexplained, 2) if done.compared else None,
        "carried": done.rest or None,
        "percent_lost": round(100 * done.lost, 2),
        "notes": list(done.notes),
    }


_indexes: dict[Path, tuple[Embedder, SimilarIndex]] = {}


def _current(path: Path, say: Say) -> tuple[Embedder, SimilarIndex]:
    """The network and the similar index of a repository, once a process; brought up to date, telling how far it is."""
    from haac_similar import Embedder, open_similar_index, survey_similar_index
    from haac_similar._internal import require_similar_index

    if path not in _indexes:
        with Repository.open(path) as repository:
            require_similar_index(repository)
            total, done = survey_similar_index(repository).missing, 0

            def advance(more: int) -> None:
                nonlocal done
                done += more
                say(done, total, "embedding elements, once for all pictures")

            say(0, 0, "loading what is known of the elements")
            embedder = Embedder()
            _indexes[path] = embedder, open_similar_index(repository, embedder, progress=advance)
    return _indexes[path]


def _nearest(path: Path, box: Box, count: int, data: bytes, say: Say) -> list[tuple[int, float, str]]:
    """Embed a part of a picture, and compare it with all elements."""
    from haac._internal import read_picture

    embedder, index = _current(path, say)
    say(0, 0, "looking for similar elements")
    image = read_picture(data).image.crop(box)
    image.thumbnail((_ENOUGH, _ENOUGH))
    found = index.nearest(embedder.embed([image]), count)
    return [(number, score, index.kind(number)) for number, score in found]
