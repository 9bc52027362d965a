"""Compress picture files to recipe files: one file step by step, and many on all cores.

`_compress` is the page: what happens to one picture file, a verb a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haac_pipeline._compress.preflight import repository_state
from haac_pipeline._compress.reading import ReadPicture, read_whole
from haac_pipeline._compress.task import INLINE, CompressedFile, Outputs, Task
from haac_pipeline._engine.engine import Job, Limits
from haac_pipeline._engine.pool import STOPPED
from haac_pipeline._engine.stopping import on_stop, stopping
from haac_pipeline._engine.workers import Workers
from haac_pipeline._input.source import Refused, Source, label
from haac_pipeline._parallel import attempt, cores, one_core
from haac_repo import HaacError, RecipeError, Repository, write_file
from haac_repo._internal import counted
from haac_similar import SimilarOptions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    from haac import Scene
    from haac._internal import ElementSource
    from haac_match import Matcher, Monitor, Options, Subject
    from haac_pipeline._compress.quality import Quality
    from haac_pipeline._engine.pool import Pool

FINGERPRINT_BYTES = 2
"""What a fingerprint adds to any recipe."""
AGAIN = "Their recipes are written: start again with those that are missing"
"""What a lost cluster leaves."""
_LATE, _LATER = 1.25, 20.0
"""A process that does not come to an end by itself is ended after so many times its seconds, and so many more."""
PAPER_BYTES = 318
"""Budget of a wash where nothing is said: the mean of Mahtab et al. (2019)."""


Step = Callable[[str], None]
"""Told what is done next, in words."""


def compress_file(task: Task, step: Step = lambda _: None) -> CompressedFile:
    """Compress one picture file to a recipe file. Whatever is wrong with it comes back as `error`.

    Raises:
        MissingExtraError: what matching needs is not installed.
    """
    return attempt(lambda: _compress(task, step), partial(_failed, task), task.outputs.recipe)


def _compress(task: Task, step: Step) -> CompressedFile:
    """The steps of one file, in order."""
    from haac_match import Monitor

    if stopping():
        raise HaacError(STOPPED)
    step("reading the picture")
    read = read_whole(task.data)
    picture = read.image
    step("looking for elements")
    started = time.monotonic()

    def late() -> bool:
        return task.seconds > 0 and time.monotonic() - started > task.seconds

    def progress(stage: str, layers: int) -> None:
        step(f"{stage}, {counted(layers, 'layer')} so far" if layers else stage)

    match = _match(read, task, Monitor(progress, lambda: stopping() or late()))
    step("encoding the recipe")
    recipe = _encode(_marked(match, task), task.options.budget)
    step("comparing it with the picture")
    decoded = _check(picture, recipe, match.source)
    files = {**_written(task.outputs, recipe), **_report(task, picture, match, recipe, decoded)}
    result = _result(task, read, match, recipe, decoded, files)
    if stopping() or late():
        why = "Ctrl-C" if stopping() else f"--timeout {task.seconds:g}"
        result = replace(
            result, notes=(*result.notes, f"stopped by {why}: the best recipe so far is written")
        )
    return result


@dataclass(frozen=True, slots=True)
class _Match:
    """The scene that was found for a picture."""

    scene: Scene
    source: ElementSource
    """Gives its elements."""
    unexplained: npt.NDArray[np.bool_] | None
    """(height, width); None where the elements that the picture shows were not looked for."""
    fingerprint: int | None = None
    """Of the repository; None if there is none."""
    like: str = ""
    """What similar elements tell, in words."""
    elements: Scene | None = None
    """The scene without what is carried along; None: nothing is."""
    lost: float = 0.0
    """Share of what is visible, 0 to 1, that cannot be made out."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """A scene encoded, in its three forms."""

    scene: Scene
    binary: bytes
    text: str


@dataclass(frozen=True, slots=True)
class _Decoded:
    """What a decoder makes of the recipe, compared with the picture."""

    image: Image.Image
    """RGBA."""
    quality: Quality
    exact: bool


def _match(read: ReadPicture, task: Task, monitor: Monitor) -> _Match:
    """Find elements and their poses, or a wash alone where there is no repository."""
    from haac._internal import NO_ELEMENTS
    from haac_match import wash_only

    picture, options = read.image, task.options
    if isinstance(options, SimilarOptions):
        return _tell(picture, task, options)
    where = partial(_subject, picture, task, cut=options.cut_subject)
    if task.repository is None:
        found = wash_only(picture, options, where, monitor)
        return _Match(found.scene, NO_ELEMENTS, None, elements=found.elements, lost=found.lost)
    from haac_match import recorded

    repository, matcher = opened(task.repository)
    if task.fingerprint is not False and options.budget is not None:
        options = replace(options, budget=max(1, options.budget - FINGERPRINT_BYTES))
    jpeg = None if read.reduced else recorded(task.data)
    found = matcher.compress(picture, options, where, jpeg, monitor)
    return _Match(
        found.scene,
        repository,
        found.unexplained,
        repository.fingerprint,
        elements=found.elements,
        lost=found.lost,
    )


def _tell(picture: Image.Image, task: Task, options: SimilarOptions) -> _Match:
    """Tell what the picture shows by similar elements."""
    from haac_pipeline._compress.similar import engine, in_words, tell
    from haac_pipeline._segment.models import OFFLINE

    if task.fingerprint:
        options = replace(options, budget=max(1, options.budget - FINGERPRINT_BYTES))
    elif task.fingerprint is None:  # only recipes with elements get one
        options = replace(options, reserved=FINGERPRINT_BYTES)
    assert task.repository is not None
    told = tell(picture, task.repository, task.segmenter or OFFLINE, options)
    repository, _ = engine(task.repository)
    return _Match(told.scene, repository, None, repository.fingerprint, in_words(told))


def _subject(picture: Image.Image, task: Task, *, cut: bool) -> Subject | None:
    """The salient object, on which errors weigh more."""
    if task.segmenter is None:
        return None
    from haac_pipeline._segment.subject import subject

    return subject(picture, task.segmenter, cut=cut)


def _marked(match: _Match, task: Task) -> Scene:
    """The scene with the fingerprint of its repository, where that is wanted."""
    from haac import to_binary

    scene, budget = match.scene, task.options.budget
    fits = budget is None or len(to_binary(scene)) + FINGERPRINT_BYTES <= budget
    if task.fingerprint or (task.fingerprint is None and scene.elements() and fits):
        scene.fingerprint = match.fingerprint
    return scene


def _encode(scene: Scene, budget: int | None) -> _Recipe:
    """Entropy-code the scene.

    Raises:
        RecipeError: the binary form has more bytes than the budget.
    """
    from haac import to_binary, to_text

    binary = to_binary(scene)
    if budget is not None and len(binary) > budget:
        raise RecipeError(
            f"the smallest recipe that was found has {len(binary)} bytes, the budget is {budget}: allow more"
        )
    return _Recipe(scene, binary, to_text(scene))


def _check(picture: Image.Image, recipe: _Recipe, source: ElementSource) -> _Decoded:
    """Decode the recipe, as whoever gets it does, and measure it against the picture."""
    from haac import from_binary, render
    from haac_match import same
    from haac_pipeline._compress.quality import quality

    image = render(from_binary(recipe.binary), source)
    return _Decoded(image, quality(picture, image), same(image, picture.convert("RGBA")))


def _written(outputs: Outputs, recipe: _Recipe) -> dict[Path, bytes]:
    """The recipe file, and the script if one is wanted."""
    from haac import to_script

    files = {outputs.recipe: recipe.binary if outputs.form == "binary" else recipe.text.encode() + b"\n"}
    if outputs.script is not None:
        files[outputs.script] = to_script(recipe.scene).encode()
    return files


def _report(
    task: Task, picture: Image.Image, match: _Match, recipe: _Recipe, decoded: _Decoded
) -> dict[Path, bytes]:
    """The report picture, if one is wanted."""
    if task.outputs.report is None:
        return {}
    from haac._internal import picture_bytes
    from haac_pipeline._compress.report import Reported, report

    page = report(
        Reported(
            name=Path(task.name).name,
            original=picture,
            made=decoded.image,
            scene=recipe.scene,
            binary_bytes=len(recipe.binary),
            quality=decoded.quality,
            unexplained=match.unexplained,
        ),
        match.source,
    )
    return {task.outputs.report: picture_bytes(page, task.outputs.report.suffix)}


def _result(
    task: Task,
    read: ReadPicture,
    match: _Match,
    recipe: _Recipe,
    decoded: _Decoded,
    files: dict[Path, bytes],
) -> CompressedFile:
    from haac import Inline, Plate
    from haac_pipeline._compress.peers import smaller_file
    from haac_pipeline._compress.rest import share
    from haac_repo import format_id

    scene = recipe.scene
    own, rest = share(scene, match.elements)
    return CompressedFile(
        picture=task.name,
        outputs=task.outputs,
        files=files,
        size=read.image.size,
        binary_bytes=len(recipe.binary),
        text=recipe.text,
        background=format_id(scene.background.element) if isinstance(scene.background, Plate) else "",
        ids=[
            INLINE if isinstance(layer.element, Inline) else format_id(layer.element)
            for layer in scene.layers
        ],
        exact=decoded.exact and not read.reduced,
        quality=decoded.quality,
        element_bytes=own,
        rest=rest,
        lost=match.lost,
        smaller=smaller_file(read.image, decoded.image, len(recipe.binary))
        if rest and not stopping()
        else None,
        unexplained=0.0 if match.unexplained is None else float(match.unexplained.mean()),
        compared=match.unexplained is not None,
        like=match.like,
        notes=read.notes,
    )


def _failed(task: Task, reason: str) -> CompressedFile:
    return CompressedFile(picture=task.name, error=label(reason))


_opened: dict[Path, tuple[Repository, Matcher]] = {}


def opened(path: Path, threads: int = 1) -> tuple[Repository, Matcher]:
    """The repository in the folder `path` with its matcher, once a process; `threads` of them work on a picture."""
    from haac_match import Matcher

    if path not in _opened:
        repository = Repository.open(path)
        _opened[path] = repository, Matcher(repository, threads=threads)
    return _opened[path]


def compress_files(
    sources: Sequence[tuple[Source | Refused, Outputs]],
    repository: Repository | None,
    options: Options | SimilarOptions,
    *,
    workers: Workers,
    fingerprint: bool | None = None,
    segmenter: str | None = None,
    work: Callable[[Task], CompressedFile] = compress_file,
) -> Iterator[CompressedFile]:
    """Compress picture files on all cores. One that fails does not stop the others.

    Args:
        sources: pictures, each with the files to write.
        repository: its elements are looked for; None: no element is.
        options: for all of them: of the matcher, or of what tells them by similar elements.
        workers: with one job it is done in this process, without limits, unless there is a cluster; so is a
            picture by itself, with a thread a core.
        fingerprint: add that of the repository to the recipes; None: to those with elements of it, where the budget allows.
        segmenter: salient-object model that weights the error where bytes are shared out.
        work: what is done with each; a module's function.

    Yields:
        One result a picture, in the order given.

    Raises:
        MissingExtraError: what matching needs is not installed.
        HaacError: the cluster cannot be used, or is lost.
    """
    for done in _compressed(sources, repository, options, workers, fingerprint, segmenter, work):
        yield attempt(partial(_stored, done), partial(_not_stored, done))


def in_this_process(workers: Workers, count: int) -> bool:
    """Whether so many pictures are compressed here, without workers."""
    return workers.cluster is None and (workers.jobs == 1 or count == 1)


def _stored(done: CompressedFile) -> CompressedFile:
    """Write what was made, here: the only writer."""
    for path, data in done.files.items():
        write_file(path, data)
    return replace(done, files={})


def _not_stored(done: CompressedFile, reason: str) -> CompressedFile:
    return CompressedFile(picture=done.picture, error=label(reason))


def _compressed(
    sources: Sequence[tuple[Source | Refused, Outputs]],
    repository: Repository | None,
    options: Options | SimilarOptions,
    workers: Workers,
    fingerprint: bool | None,
    segmenter: str | None,
    work: Callable[[Task], CompressedFile],
) -> Iterator[CompressedFile]:
    path = None if repository is None else repository.path.resolve()
    tasks = _tasks(sources, path, options, fingerprint, segmenter, workers.timeout)
    matching = path is not None and not isinstance(options, SimilarOptions)
    one_core(matching=matching)
    if in_this_process(workers, len(sources)):
        if matching and path is not None and len(sources) == 1:
            opened(path, threads=cores())
        for task in tasks:
            yield task if isinstance(task, CompressedFile) else work(task)
            if stopping():
                return
        return
    if matching and path is not None:
        opened(path)  # so that the index is made once, not in every process
        _opened.clear()
    job = Job(
        work,
        partial(one_core, matching=matching),
        Limits(workers.timeout and workers.timeout * _LATE + _LATER, workers.limits.memory),
        crash="it crashed the program that compresses it, or took all memory: try --jobs 1",
        survey=partial(repository_state, path, segmenter),
    )
    pool: Pool[None, Task, CompressedFile] = workers.pool(job, _failed, again=AGAIN)
    with pool, on_stop(pool.interrupt):
        for task in tasks:
            if stopping():
                break
            if isinstance(task, CompressedFile):
                # In its turn: what is under way comes first.
                yield from (done for _, _, done in pool.outcomes(all_=True))
                yield task
                continue
            pool.put(None, task)
            yield from (done for _, _, done in pool.outcomes(all_=False))
        yield from (done for _, _, done in pool.outcomes(all_=True))


def _tasks(
    sources: Sequence[tuple[Source | Refused, Outputs]],
    repository: Path | None,
    options: Options | SimilarOptions,
    fingerprint: bool | None,
    segmenter: str | None,
    seconds: float,
) -> Iterator[Task | CompressedFile]:
    """Tasks, or outcomes of sources that cannot be read; one picture at a time is read."""
    for source, outputs in sources:
        if isinstance(source, Refused):
            yield CompressedFile(picture=source.name, error=source.reason)
            continue
        task = Task(source.name, b"", outputs, options, repository, fingerprint, segmenter, seconds)
        yield attempt(partial(_loaded, task, source), partial(_failed, task))


def _loaded(task: Task, source: Source) -> Task:
    return replace(task, data=source.read())
