"""Picture files to recipe files, one or a folder of them, on all cores."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from haac_pipeline._extra import need_matching
from haac_pipeline._ingest.sources import Refused, Source
from haac_pipeline._parallel import Pool
from haac_repo import HaacError, MissingExtraError, RecipeError, Repository, write_file

if TYPE_CHECKING:
    from haac_match import Matcher, Options, Subject
    from haac_pipeline._compress.quality import Quality

FINGERPRINT_BYTES = 2
"""What a fingerprint adds to a recipe."""
PAPER_BYTES = 318
"""Budget of a wash where nothing is said: the mean of Mahtab et al. (2019)."""
INLINE = "(inline)"
"""In the place of an id."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where what becomes of a picture goes."""

    recipe: Path
    form: Literal["binary", "text"] = "binary"
    script: Path | None = None
    report: Path | None = None

    def paths(self) -> list[Path]:
        """All files that are written."""
        return [path for path in (self.recipe, self.script, self.report) if path is not None]


@dataclass(frozen=True, slots=True)
class Task:
    """One picture file for a worker."""

    name: str
    data: bytes
    outputs: Outputs
    options: Options
    repository: Path | None
    fingerprint: bool = False
    segmenter: str | None = None
    """Model that tells the subject; None: errors count everywhere alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedFile:
    """What became of one picture."""

    picture: str
    error: str = ""
    """Why there is no recipe; then nothing below says anything."""
    outputs: Outputs | None = None
    size: tuple[int, int] = (0, 0)
    binary_bytes: int = 0
    text: str = ""
    background: str = ""
    """Id of the element behind everything; empty if it is not one."""
    ids: list[str] = field(default_factory=list)
    """Of the layers, back to front; INLINE for those that the recipe carries."""
    exact: bool = False
    """Whether the recipe gives all pixels of the picture, alpha included."""
    quality: Quality | None = None
    unexplained: float = 0.0
    """Share of the picture that neither an element nor the ground explains."""


def options_of(*, max_layers: int | None, **others: Any) -> Options:
    """Options of the matcher; of what is None, its own default."""
    from haac_match import Options

    return Options(**others) if max_layers is None else Options(max_layers=max_layers, **others)


def compress_files(
    sources: Sequence[tuple[Source | Refused, Outputs]],
    repository: Repository | None,
    options: Options,
    *,
    jobs: int,
    fingerprint: bool = False,
    segmenter: str | None = None,
    work: Callable[[Task], CompressedFile] | None = None,
) -> Iterator[CompressedFile]:
    """Compress pictures to files. One that fails does not stop the others.

    Args:
        sources: pictures, each with what is to be written.
        repository: its elements are looked for; None: no element is.
        options: for all of them.
        jobs: processes; with one, it is done in this one, and a picture by itself gets a thread a core.
        fingerprint: add that of the repository to the recipes.
        segmenter: model that tells the subject of a picture, where bytes are shared out.
        work: what is done with each.

    Yields:
        One result a picture, in the order given.

    Raises:
        MissingExtraError: what matching needs is not installed.
    """
    work = work or compress_file
    path = None if repository is None else repository.path.resolve()
    tasks = _tasks(sources, path, options, fingerprint, segmenter)
    one_core(matching=path is not None)
    if jobs == 1:
        if path is not None and len(sources) == 1:
            opened(path, threads=cores())
        for task in tasks:
            yield task if isinstance(task, CompressedFile) else work(task)
        return
    if path is not None:
        opened(path)  # so that the index is made once, not in every process
        _opened.clear()
    pool: Pool[CompressedFile | None, Task, CompressedFile] = Pool(
        jobs, work, start=partial(start_worker, matching=path is not None), crashed=_crashed
    )
    with pool:
        for task in tasks:
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
    options: Options,
    fingerprint: bool,
    segmenter: str | None,
) -> Iterator[Task | CompressedFile]:
    """What is to be done, or why it cannot be, read one picture at a time."""
    for source, outputs in sources:
        if isinstance(source, Refused):
            yield CompressedFile(picture=source.name, error=source.reason)
            continue
        try:
            yield Task(source.name, source.read(), outputs, options, repository, fingerprint, segmenter)
        except HaacError as error:
            yield CompressedFile(picture=source.name, error=str(error))
        except OSError as error:
            yield CompressedFile(picture=source.name, error=error.strerror or str(error))


def _crashed(task: Task) -> CompressedFile:
    return CompressedFile(
        picture=task.name, error="it crashed the program that compresses it, or took all memory: try --jobs 1"
    )


def one_core(*, matching: bool = True) -> None:
    """One thread a process: processes share the cores, small sums are quicker so, and come out the same on any machine.

    Numpy looks at the environment when it loads, so this is for before (a repository that is opened loads it) and for workers.

    Raises:
        MissingExtraError: what matching needs is not installed.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    if not matching:
        return
    need_matching()
    import cv2
    import faiss

    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)


def start_worker(*, matching: bool) -> None:
    """Prepare a worker process."""
    from haac_pipeline._ingest.worker import end_with_parent

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a picture takes long: do not wait for it
    end_with_parent()
    one_core(matching=matching)


_opened: dict[Path, tuple[Repository, Matcher]] = {}


def cores() -> int:
    """Of this machine, as far as this process may use them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def opened(path: Path, threads: int = 1) -> tuple[Repository, Matcher]:
    """The repository in this folder with its matcher, once a process; `threads` of them work on a picture."""
    from haac_match import Matcher

    if path not in _opened:
        repository = Repository.open(path)
        _opened[path] = repository, Matcher(repository, threads=threads)
    return _opened[path]


def compress_file(task: Task) -> CompressedFile:
    """Do one task. Whatever is wrong with the picture comes back as `error`."""
    try:
        return _compress(task)
    except MissingExtraError:
        raise  # would be the same for every picture
    except HaacError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.strerror or error}: {error.filename or task.outputs.recipe}"
    except MemoryError:
        reason = "not enough memory for it"
    except Exception as error:  # one bad file never stops a run
        reason = f"{type(error).__name__}: {error}"
    return CompressedFile(picture=task.name, error=reason)


def _compress(task: Task) -> CompressedFile:
    from haac import Inline, Plate, Scene, from_binary, render, to_binary, to_script, to_text
    from haac._files import picture_bytes
    from haac._render import NO_ELEMENTS, ElementSource
    from haac_match import same, wash_only
    from haac_pipeline._compress.quality import quality
    from haac_pipeline._ingest.read import read_picture
    from haac_repo import format_id

    read = read_picture(task.data)
    picture = read.image if read.has_alpha else read.image.convert("RGB")
    Scene(*picture.size)  # too large a canvas is told before the work
    options = task.options

    def where() -> Subject | None:
        if task.segmenter is None:
            return None
        from haac_pipeline._segment.subject import subject

        return subject(picture, task.segmenter, cut=options.inline)

    source: ElementSource = NO_ELEMENTS
    if task.repository is None:
        found = wash_only(picture, options, where)
        scene = found.scene
    else:
        from haac_match import recorded

        repository, matcher = opened(task.repository)
        if task.fingerprint and options.budget is not None:
            options = replace(options, budget=options.budget - FINGERPRINT_BYTES)
        found = matcher.compress(picture, options, where, recorded(task.data))
        scene, source = found.scene, repository
        if task.fingerprint:
            scene.fingerprint = repository.fingerprint
    binary, text = to_binary(scene), to_text(scene)
    _check_budget(len(binary), task.options.budget)
    made = render(from_binary(binary), source)
    compared = quality(picture, made)
    write_file(task.outputs.recipe, binary if task.outputs.form == "binary" else text.encode() + b"\n")
    if task.outputs.script is not None:
        write_file(task.outputs.script, to_script(scene).encode())
    if task.outputs.report is not None:
        from haac_pipeline._compress.report import Reported, report

        page = report(
            Reported(
                name=Path(task.name).name,
                original=picture,
                made=made,
                scene=scene,
                binary_bytes=len(binary),
                quality=compared,
                unexplained=found.unexplained,
            ),
            source,
        )
        write_file(task.outputs.report, picture_bytes(page, task.outputs.report.suffix))
    return CompressedFile(
        picture=task.name,
        outputs=task.outputs,
        size=picture.size,
        binary_bytes=len(binary),
        text=text,
        background=format_id(scene.background.element) if isinstance(scene.background, Plate) else "",
        ids=[
            INLINE if isinstance(layer.element, Inline) else format_id(layer.element)
            for layer in scene.layers
        ],
        exact=same(made, picture.convert("RGBA")),
        quality=compared,
        unexplained=float(found.unexplained.mean()),
    )


def _check_budget(size: int, budget: int | None) -> None:
    if budget is not None and size > budget:
        raise RecipeError(
            f"the smallest recipe that was found has {size} bytes, the budget is {budget}: allow more"
        )
