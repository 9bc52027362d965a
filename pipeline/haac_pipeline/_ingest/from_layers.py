"""Import of a layered file: each layer becomes an element, and a recipe shows them where they stand."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haac_pipeline._engine.engine import Job, Limits
from haac_pipeline._engine.local import Local
from haac_pipeline._parallel import cores, limit_threads
from haac_repo import LIMITS, HaacError, NewElement, PictureError, Provenance, Repository
from haac_repo._internal import bands

if TYPE_CHECKING:
    from PIL import Image

    from haac import Layer, Scene
    from haac_layers import Baked, Document, Flat

_MANY = 2**24
"""Pixels of all layers together above which they are encoded quickly."""
FAITHFUL = 40.0
"""Decibels of PSNR below which a recipe is said to look different."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a recipe's picture compares with the one that the file has of itself, premultiplied, 0 to 255."""

    psnr: float | None
    """Decibels; None: they are the same."""
    largest: int

    @property
    def faithful(self) -> bool:
        """Whether nobody would see a difference."""
        return self.psnr is None or self.psnr >= FAITHFUL

    def told(self) -> str:
        """In words."""
        if self.psnr is None:
            return "the same pixels as the file's own picture"
        said = f"{self.psnr:.1f} dB beside the file's own picture, largest difference {self.largest} of 255"
        return said if self.faithful else f"{said}: it does not look the same"


@dataclass(slots=True)
class Imported:
    """A layered file that was imported."""

    scene: Scene
    names: list[str]
    """Of the recipe's layers, back to front."""
    ids: list[str]
    """Of their elements; empty in a dry run."""
    new: int
    """Elements that were not in the repository."""
    hidden: int
    """Layers that are stored, and not shown."""
    likeness: Likeness | None
    """None if the file has no picture of itself."""
    baked: list[Baked] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """What is asked of an import."""

    tags: Sequence[str] = ()
    licence: str = ""
    attribution: str = ""
    flatten: bool = False
    """Merge all layers into one."""
    only_visible: bool = False
    """Do not store hidden layers."""
    dry_run: bool = False


@dataclass(slots=True)
class Prepared:
    """A layered file that was read, drawn and compared: nothing is stored yet. It travels between processes."""

    width: int
    """Of the canvas, pixels."""
    height: int
    elements: list[NewElement]
    """Of the recipe's layers, back to front, and of those that do not show."""
    names: list[str]
    """Of the recipe's layers."""
    places: list[tuple[int, int, int]]
    """Of each of them: opacity in per cent, left and top."""
    likeness: Likeness | None
    baked: list[Baked]
    notes: list[str]


def import_layers(repository: Repository, path: Path, settings: ImportSettings) -> Imported:
    """Store the layers of a file as elements, each pixels once, and make the recipe that shows them.

    Nothing is stored before all of it has been read, drawn and compared with the limits.

    Args:
        repository: not a mirror, unless it is a dry run.
        path: of the file.
        settings: what is asked for.

    Raises:
        PictureError: the file cannot be read, or what it shows is beyond the limits of a recipe.
        RepositoryError: the repository cannot be written to.
    """
    return store(repository, prepare(path, settings), settings)


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    settings: ImportSettings
    data: bytes = b""
    """Empty: whoever reads the file opens it."""


@contextmanager
def process(limits: Limits) -> Iterator[Callable[[Path, ImportSettings], Prepared]]:
    """`prepare` in a process of its own, which is ended where it uses more than one file may.

    Its function raises what `prepare` does, and TaskLostError.
    """
    crash = "it crashed the program that reads it"
    engine: Local[_Task, Prepared] = Local(Job(_prepare, partial(limit_threads, 1), limits, crash), 1)
    try:
        yield lambda path, settings: engine.submit(_Task(path, settings)).result()
    finally:
        engine.close(now=True)


def _prepare(task: _Task) -> Prepared:
    return prepare(task.path, task.settings)


def prepare(path: Path, settings: ImportSettings) -> Prepared:
    """Read a file, draw what a recipe cannot say, encode its layers, and compare what they show.

    Args:
        path: of the file.
        settings: what is asked for.

    Raises:
        PictureError: it cannot be read, or what it shows is beyond the limits of a recipe.
    """
    from haac_layers import flatten
    from haac_pipeline._ingest.describe import as_element, software

    document, sha256 = _read(path)
    flat = flatten(document, one=settings.flatten)
    document = replace(document, layers=())  # as large as those that are left, where they were changed
    if not flat.layers:
        raise PictureError(f"{path} has no layer that shows anything: there is nothing to import")
    about = Provenance(
        source=path.name,
        source_sha256=sha256,
        licence=settings.licence,
        attribution=settings.attribution,
        software=software(),
    )

    def described(layer: Flat) -> NewElement:
        made: NewElement = replace(
            as_element(layer.image, quick=quick),
            name=_named(layer.name) or path.stem,
            tags=tuple(settings.tags),
            provenance=about,
        ).checked()
        return made

    stored = flat.hidden if not settings.only_visible and not settings.flatten else []
    quick = sum(each.image.width * each.image.height for each in (*flat.layers, *stored)) > _MANY
    # The encoder, which takes most of the time, lets other threads work; one of them draws and compares meanwhile.
    pool = ThreadPoolExecutor(cores())
    try:
        encoded = [pool.submit(described, layer) for layer in (*flat.layers, *stored)]
        likeness = None if document.merged is None else compare(drawn(document, flat.layers), document.merged)
        elements = [each.result() for each in encoded]
    finally:
        pool.shutdown(cancel_futures=True)
    return Prepared(
        document.width,
        document.height,
        elements,
        [layer.name for layer in flat.layers],
        [(layer.opacity, layer.x, layer.y) for layer in flat.layers],
        likeness,
        flat.baked,
        document.notes,
    )


def store(
    repository: Repository,
    prepared: Prepared,
    settings: ImportSettings,
    progress: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Store the elements of a file, and make the recipe that shows them.

    Args:
        repository: not a mirror, unless it is a dry run.
        prepared: the file.
        settings: what is asked for.
        progress: told each layer that is done.

    Raises:
        RepositoryError: the repository cannot be written to.
    """
    from haac import Scene

    made, places = prepared.elements, prepared.places
    shown = made[: len(places)]
    numbers = {new.pixels_sha256: n for n, new in enumerate(shown, 1)}
    layers = _layers(places, [numbers[new.pixels_sha256] for new in shown])
    scene = Scene(prepared.width, prepared.height, layers=layers)
    hidden = len(made) - len(shown)
    done = Imported(scene, prepared.names, [], 0, hidden, prepared.likeness, prepared.baked, prepared.notes)
    if settings.dry_run:
        done.new = len({new.pixels_sha256 for new in made if not repository.by_pixels(new.pixels_sha256)})
        return done
    ids = _store(repository, made, done, progress)
    done.ids = [ids[new.pixels_sha256][1] for new in shown]
    layers = _layers(places, [ids[new.pixels_sha256][0] for new in shown])
    done.scene = Scene(prepared.width, prepared.height, layers=layers, fingerprint=repository.fingerprint)
    return done


def _layers(places: Sequence[tuple[int, int, int]], numbers: Sequence[int]) -> list[Layer]:
    """Layers of a recipe: where each stands, and the number of its element."""
    from haac import Layer

    return [
        Layer(number, opacity=opacity, x=x, y=y)
        for (opacity, x, y), number in zip(places, numbers, strict=True)
    ]


def drawn(document: Document, flats: Sequence[Flat]) -> Image.Image:
    """What the recipe of some layers shows, before they are elements: each has a number of its own."""
    from haac import Scene, render

    numbers = range(1, len(flats) + 1)
    places = [(flat.opacity, flat.x, flat.y) for flat in flats]
    scene = Scene(document.width, document.height, layers=_layers(places, numbers))
    return render(scene, _Pictures(dict(zip(numbers, (flat.image for flat in flats), strict=True))))


def _store(
    repository: Repository, elements: Sequence[NewElement], done: Imported, progress: Callable[[int], None]
) -> dict[str, tuple[int, str]]:
    """Store elements; number and id by the hash of their pixels."""
    ids = {}
    with repository.writer() as writer:
        for new in elements:
            element, is_new = writer.add(new)
            done.new += is_new
            ids[new.pixels_sha256] = element.number, element.id
            progress(1)
    return ids


def _read(path: Path) -> tuple[Document, str]:
    """A file's document, and its SHA-256 in hex.

    Raises:
        PictureError: it cannot be read, is broken or beyond the limits.
    """
    from haac_layers import check_file, read_document

    try:
        check_file(path.stat().st_size)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return read_document(path), sha256
    except OSError as error:
        raise PictureError(f"it cannot be read: {error.strerror}") from None


class _Pictures:
    """Elements of pictures at hand."""

    def __init__(self, pictures: dict[int, Image.Image]) -> None:
        self._pictures = pictures

    def image(self, ref: int) -> Image.Image:
        """RGBA pixels."""
        return self._pictures[ref]

    def size(self, ref: int) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._pictures[ref].size


def compare(drawn: Image.Image, merged: Image.Image) -> Likeness:
    """Compare two RGBA pictures, premultiplied: what is under alpha 0 counts for nothing.

    Raises:
        HaacError: they are of different sizes.
    """
    import numpy as np

    if drawn.size != merged.size:
        raise HaacError(f"the file's own picture is {merged.size}, its canvas {drawn.size}")
    total = largest = 0
    for a, b in zip(bands(drawn), bands(merged), strict=True):
        left, right = (np.asarray(band.convert("RGBa")) for band in (a, b))
        difference = np.maximum(left, right) - np.minimum(left, right)
        largest = max(largest, int(difference.max()))
        total += int((difference.astype(np.uint16) ** 2).sum(dtype=np.uint64))
    if total == 0:
        return Likeness(None, 0)
    return Likeness(10 * math.log10(255**2 * 4 * drawn.width * drawn.height / total), largest)


def _named(name: str) -> str:
    """A layer's name as an element's: on one line, no longer than allowed."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[: LIMITS.text_chars]
