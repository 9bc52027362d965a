"""Ingest: worker processes decode, segment and encode pictures; this process alone writes the repository."""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from haac_pipeline._engine.engine import Job
from haac_pipeline._engine.workers import TIMEOUT, Workers
from haac_pipeline._ingest.keep import LeftOut
from haac_pipeline._ingest.keywords import emoji_keywords
from haac_pipeline._ingest.sidecar import Sidecars, default_name, emoji_codes
from haac_pipeline._ingest.worker import Cutting, Made, Task, make
from haac_pipeline._input.passed_over import PassedOverCount
from haac_pipeline._input.source import PassedOver, Refused, Source, label
from haac_pipeline._parallel import attempt, cores, limit_threads
from haac_pipeline._segment.models import MODELS, NONE, model, weights
from haac_repo import LIMITS, DataError, HaacError, NewElement, Provenance, Repository
from haac_repo._internal import counted

if TYPE_CHECKING:
    from haac_pipeline._engine.cluster import Scheduler
    from haac_pipeline._engine.pool import Pool
    from haac_pipeline._ingest.preview import PreviewSheets
    from haac_repo import Element, Writer

Status = Literal["stored", "duplicate", "left", "skipped", "refused"]
NEAR_BITS = 3
"""Perceptual hashes that differ in so many of 64 bits are near duplicates, if size and colour agree too."""
_NEAR_COLOUR = 16
_NEAR_SIDE = 1.1
_NAMED = 5
"""Names of a list that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of an ingest: segmentation, and the metadata that all its elements get."""

    cutting: Cutting = field(default_factory=Cutting)
    tags: tuple[str, ...] = ()
    """For all of them, beside their own."""
    licence: str = ""
    """Where a sidecar does not say."""
    attribution: str = ""
    sidecar: str | os.PathLike[str] | None = None
    jobs: int = 0
    """Worker processes; 0: one a core."""
    timeout: float = TIMEOUT
    """Seconds that one picture may take; 0: as long as it takes."""
    memory: int = 0
    """MiB that a process may take for one picture; 0: half of what its machine has."""
    cluster: Scheduler | None = None
    """Let the workers of a cluster do it; None: this machine."""
    dry_run: bool = False
    """Do everything but store."""
    sheet: Path | None = None
    """Where a dry run writes its contact sheet, if it is to write one."""


@dataclass(slots=True)
class FileReport:
    """Outcome of one source."""

    name: str
    status: Status
    ids: list[str] = field(default_factory=list)
    """Elements it gave, new ones or those that had the same pixels; empty in a dry run."""
    new: int = 0
    duplicates: int = 0
    near: list[str] = field(default_factory=list)
    """Elements that its own look much like."""
    left: list[LeftOut] = field(default_factory=list)
    """Cut-outs that were not good enough to be stored; if none was, the status is `left`."""
    model: str = ""
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    """What a person should know of how it was read."""
    frames: int = 1
    """Of an animation, or pages of a TIFF; 1 if it was not opened."""
    frames_left: int = 0
    """How many of them were not read."""


@dataclass(slots=True)
class IngestReport:
    """Outcomes of all sources, in their order."""

    files: list[FileReport] = field(default_factory=list)
    passed_over: PassedOverCount = field(default_factory=PassedOverCount)
    """Files that were not tried, since by their names they are no pictures of kinds that are read."""
    dry_run: bool = False
    sheets: list[str] = field(default_factory=list)
    """Pages of the dry run's contact sheet."""

    @property
    def ok(self) -> bool:
        """Whether nothing was refused."""
        return not any(file.status == "refused" for file in self.files)

    def counts(self) -> dict[str, int]:
        """Sources by status, and those with near duplicates; elements: new ones, those that were there; what was left out."""
        counts = {"sources": len(self.files), **dict.fromkeys(get_args(Status), 0)}
        for file in self.files:
            counts[file.status] += 1
        counts["elements_new"] = sum(file.new for file in self.files)
        counts["elements_duplicate"] = sum(file.duplicates for file in self.files)
        counts["elements_left"] = sum(len(file.left) for file in self.files)
        counts["near_duplicates"] = sum(bool(file.near) for file in self.files)
        counts["passed_over"] = len(self.passed_over)
        counts["frames_left"] = sum(file.frames_left for file in self.files)
        return counts

    def as_json(self) -> dict[str, Any]:
        """The report as plain dicts and lists, for `json.dumps`."""
        return {
            "dry_run": self.dry_run,
            "counts": self.counts(),
            "sheets": self.sheets,
            "files": [asdict(file) for file in self.files],
            "passed_over": self.passed_over.as_json(),
        }


def ingest(
    repository: Repository,
    sources: Iterable[Source | Refused | PassedOver],
    settings: Settings | None = None,
    *,
    progress: Callable[[int], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    work: Callable[[Task], Made] = make,
) -> IngestReport:
    """Segment pictures into elements and store them.

    What is wrong with one picture is in the report; the others go on. Files that were ingested before with the same
    settings are skipped, so that a run that was cut short can just be started again.

    Args:
        repository: Not a mirror.
        sources: Gone through once, in order; ids are given in this order.
        settings: None: the defaults.
        progress: Told how many sources more are done, without those that are passed over.
        say: Told what a person should know.
        work: What the workers run.

    Raises:
        RepositoryError: it cannot be written to.
        MissingExtraError: a picture must be segmented, and that is not installed.
        HaacError: the settings name something that is not there.
    """
    settings = settings or Settings()
    return _Run(repository, settings, progress, say, work).go(sources)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A source whose task is under way: its place in the report, and what is known of its elements."""

    file: FileReport
    name: str
    tags: tuple[str, ...]
    provenance: Provenance


class _Run:
    def __init__(
        self,
        repository: Repository,
        settings: Settings,
        progress: Callable[[int], None],
        say: Callable[[str], None],
        work: Callable[[Task], Made],
    ) -> None:
        wanted = settings.cutting.model
        if wanted not in (None, NONE):
            model(wanted or "")
        self._repository = repository
        self._settings = settings
        self._progress, self._say, self._work = progress, say, work
        self._key = json.dumps(asdict(settings.cutting), sort_keys=True)
        self._sidecars = Sidecars(settings.sidecar)
        self._model: str | None = None
        self._software = ""
        self._report = IngestReport(dry_run=settings.dry_run)
        self._dry: dict[str, None] = {}
        self._sheets: PreviewSheets | None = None
        if settings.dry_run and settings.sheet is not None:
            from haac_pipeline._ingest.preview import PreviewSheets  # loads Pillow

            self._sheets = PreviewSheets(settings.sheet)

    def go(self, sources: Iterable[Source | Refused | PassedOver]) -> IngestReport:
        fresh: set[str] = set()
        with self._writer() as writer, self._pool() as pool:
            for source, read in _ahead(self._tried(sources)):
                # Its place in the report first: the outcomes of workers come later.
                file = FileReport(source.name, "refused")
                self._report.files.append(file)
                if isinstance(read, str) or isinstance(source, Refused):
                    file.reason = str(read)
                elif read.sha256 not in fresh and self._done_before(read.sha256):
                    file.status = "skipped"
                else:
                    # The same file again in this run is a duplicate, whatever was flushed by then.
                    fresh.add(read.sha256)
                    try:
                        pending = self._pending(file, source, read.sha256)
                    except DataError as error:  # another name or licence than was meant would be worse
                        file.reason = label(str(error))
                    else:
                        preview = self._sheets is not None
                        pool.put(pending, Task(read.data, self._settings.cutting, self._model, preview))
                        self._collect(writer, pool, all_=False)
                        continue
                self._progress(1)
            self._collect(writer, pool, all_=True)
        if self._sheets is not None:
            self._sheets.flush()
            self._report.sheets = self._sheets.files
        if unused := self._sidecars.unused:
            named = ", ".join(unused[:_NAMED]) + (", ..." if len(unused) > _NAMED else "")
            self._say(
                f"the sidecar lists {counted(len(unused), 'file')} that no picture fits: {label(named)}"
            )
        return self._report

    def _done_before(self, sha256: str) -> bool:
        """Whether a picture is to be skipped; what is to be shown never is."""
        return self._sheets is None and self._repository.source_done(sha256, self._key)

    def _tried(self, sources: Iterable[Source | Refused | PassedOver]) -> Iterator[Source | Refused]:
        for source in sources:
            if isinstance(source, PassedOver):
                self._report.passed_over.add(source)
                continue
            if isinstance(source, Source):
                # So that what no picture fits is told, whatever becomes of this one.
                self._sidecars.listed(source)
            yield source

    def _pool(self) -> Pool[_Pending, Task, Made]:
        settings = self._settings
        workers = Workers(
            jobs=settings.jobs,
            timeout=settings.timeout,
            memory=settings.memory,
            cluster=settings.cluster,
        )
        threads = max(1, cores() // workers.count)
        if workers.cluster is not None:  # before the first task: else pictures would travel twice
            threads = 1
            self._choose_model()
        job = Job(
            self._work,
            partial(limit_threads, threads),
            workers.limits,
            crash="it crashed the program that reads it",
            survey=partial(weights, self._model),
        )
        return workers.pool(job, _lost, again="They are kept: start the same command again, and it goes on")

    def _choose_model(self) -> None:
        if self._model is None:
            from haac_pipeline._segment.session import choose_model

            self._model = choose_model(self._settings.cutting.model, self._say)

    @contextmanager
    def _writer(self) -> Iterator[Writer | None]:
        if self._settings.dry_run:
            yield None
            return
        with self._repository.writer() as writer:
            try:
                yield writer
            except BaseException:
                # Interrupted, or a missing extra: keep what is done. After a failed write this fails again: fine.
                with suppress(HaacError):
                    writer.flush()
                raise

    def _pending(self, file: FileReport, source: Source, sha256: str) -> _Pending:
        """Look up what is known of a source: sidecar, name, settings."""
        settings = self._settings
        about = self._sidecars.about(source)
        name, tags = default_name(source.name)
        # Who gives all the tags that an element may have gets these, and fewer keywords.
        room = LIMITS.tags - len({*tags, *about.tags, *settings.tags})
        keywords = emoji_keywords(emoji_codes(source.name))[: max(0, room)]
        return _Pending(
            file,
            about.name or name,
            (*tags, *about.tags, *settings.tags, *keywords),
            Provenance(
                source=source.name,
                source_sha256=sha256,
                licence=about.licence or settings.licence,
                attribution=about.attribution or settings.attribution,
            ),
        )

    def _collect(self, writer: Writer | None, pool: Pool[_Pending, Task, Made], *, all_: bool) -> None:
        for pending, task, made in pool.outcomes(all_=all_):
            if made.needs_model:
                self._choose_model()
                pool.again(pending, task, self._with_model)
                continue
            try:
                self._store(writer, pending, made)
            except HaacError as error:
                if writer is not None:
                    writer.flush()  # raises if it is the repository that is at fault
                pending.file.status, pending.file.reason = "refused", str(error)
            self._progress(1)

    def _with_model(self, task: Task) -> Task:
        return replace(task, model=self._model)

    def _store(self, writer: Writer | None, pending: _Pending, made: Made) -> None:
        file, provenance = pending.file, self._completed(pending.provenance, made)
        file.model, file.notes = provenance.model, [label(note) for note in made.notes]
        file.frames, file.frames_left = made.frames, made.frames - made.frames_read
        if made.refused:
            file.reason = label(made.refused)
            return
        file.left = made.left
        if self._sheets is not None:
            self._sheets.add(file.name, made.previews)
        numbers = []
        for index, bare in enumerate(made.elements):
            plate = index >= len(made.elements) - made.plates
            frame = made.frame_of[index] if made.frame_of else 1
            name = pending.name if frame == 1 else f"{pending.name} frame {frame}"
            new = replace(
                bare,
                name=f"{name} background" if plate else name,
                tags=(*pending.tags, "background") if plate else pending.tags,
                provenance=provenance,
            )
            if writer is None:
                self._pretend(new, file)
                continue
            near = self._near(writer, new)
            element, is_new = writer.add(new)
            numbers.append(element.number)
            file.ids.append(element.id)
            if is_new:
                file.new += 1
                file.near += near
            else:
                file.duplicates += 1
        file.status = "stored" if file.new else "duplicate" if file.duplicates else "left"
        if writer is not None:
            writer.done_source(provenance.source_sha256, self._key, file.name, numbers)

    def _pretend(self, new: NewElement, file: FileReport) -> None:
        new.checked()
        if new.pixels_sha256 in self._dry or self._repository.by_pixels(new.pixels_sha256):
            file.duplicates += 1
            return
        self._dry[new.pixels_sha256] = None
        file.new += 1
        if new.phash is not None:
            file.near += [e.id for e in self._repository.near(new.phash, NEAR_BITS) if _alike(e, new)]

    @staticmethod
    def _near(writer: Writer, new: NewElement) -> list[str]:
        if new.phash is None:
            return []
        return [e.id for e in writer.near(new.phash, NEAR_BITS) if _alike(e, new)]

    def _completed(self, provenance: Provenance, made: Made) -> Provenance:
        if not self._software:
            from haac_pipeline._ingest.describe import software  # loads numpy

            self._software = software()
        name = self._model if made.segmented and self._model else ""
        return replace(provenance, model=MODELS[name].identity if name else "", software=self._software)


def _lost(_: Task, reason: str) -> Made:
    return Made(refused=reason)


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> _File:
        return cls(data, hashlib.sha256(data).hexdigest())


_Ahead = tuple[Source | Refused, _File | str]
"""A source with its bytes, or with the reason why they cannot be had."""


def _ahead(sources: Iterable[Source | Refused]) -> Iterator[_Ahead]:
    """Read and hash the next two sources while the last one is dealt with."""
    iterator = iter(sources)

    def read() -> _Ahead | None:
        source = next(iterator, None)
        if source is None:
            return None
        if isinstance(source, Refused):
            return source, source.reason
        return source, attempt(lambda: _File.of(source.read()), str)

    reader = ThreadPoolExecutor(1)  # one: a source must be read before the next is asked for
    try:
        ahead = deque(reader.submit(read) for _ in range(2))
        while (found := ahead.popleft().result()) is not None:
            ahead.append(reader.submit(read))
            yield found
    finally:
        reader.shutdown(cancel_futures=True)


def _alike(old: Element, new: NewElement) -> bool:
    """Whether two elements with nearly the same perceptual hash also agree in shape and colour."""
    if old.colour is None or new.colour is None:
        return False
    shape = (old.width * new.height) / (old.height * new.width)
    colours = zip(old.colour.to_bytes(3), new.colour.to_bytes(3), strict=True)
    return 1 / _NEAR_SIDE < shape < _NEAR_SIDE and all(abs(a - b) <= _NEAR_COLOUR for a, b in colours)
