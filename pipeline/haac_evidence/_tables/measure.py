"""The page: how pictures come into the tables.

1. original     read, and encoded as WebP and JPEG of the lowest quality                  `codecs.py`
2. described    the describer's script, run: words, script, text and bytes                `describe.py`
3. automatic    what `haac compress` finds, in worker processes
4. similar      what `haac compress --similar` tells, by elements of other pictures       `tell.py`

Each recipe is decoded, and compared with the picture.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from haac import ElementCache, Scene, from_binary, render, to_binary
from haac._internal import picture_bytes, read_picture
from haac_evidence._tables.codecs import JPEG_0, JPEG_1, WEBP_0, decoded, encoded
from haac_evidence._tables.columns import BOUNDARIES
from haac_evidence._tables.describe import describe
from haac_evidence._tables.described import Described
from haac_evidence._tables.measured import Row, Tables, Used
from haac_evidence._tables.tell import Teller
from haac_pipeline import Source
from haac_pipeline._internal import Outputs, Workers, compress_files, options_of, percents_different
from haac_repo import HaacError, MissingExtraError, Repository, format_id, write_file
from haac_repo._internal import flattened

if TYPE_CHECKING:
    from haac_repo import Element

_SHOWN = 400
"""Pixels of the long side of what is kept to look at."""
STAGES = 3
"""How often `advance` is called for a picture."""

Advance = Callable[[int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What recipes are made.

    Args:
        effort: of the automatic recipe, 1 to 9.
        budget: of the automatic recipe, bytes; None: as `haac compress` has it.
        similar_budget: of the recipe of similar elements, bytes.
        segmenter: model that tells the subject; None: there is none.
        keep: folder for all recipes and what they render to; None: they are not kept.
    """

    effort: int = 5
    budget: int | None = None
    similar_budget: int = 100
    segmenter: str | None = None
    keep: Path | None = None


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A picture, with its row so far."""

    picture: Described
    data: bytes
    row: Row

    def pixels(self) -> Image.Image:
        """RGB, or RGBA where it is transparent."""
        return _pixels(self.data)


class _Measurement:
    """One run: what all stages share."""

    def __init__(self, repository: Repository, options: TableOptions, advance: Advance) -> None:
        self.repository, self.options, self.advance = repository, options, advance
        self.source = ElementCache(repository)
        self.tables = Tables()

    def original(self, picture: Described) -> _Loaded:
        """The picture itself, as the paper's codecs have it, and as its describer does."""
        data = picture.source.read()
        image = _pixels(data)
        row = Row(picture.name, Path(picture.source.name).name, image.size)
        flat = flattened(image)
        row.shown["original"] = _small(flat)
        row.bytes["original"] = len(data)
        for size, way, settings in (
            ("webp_0", "webp_0", WEBP_0),
            ("jpeg_0", "", JPEG_0),
            ("", "jpeg_1", JPEG_1),
        ):
            file = encoded(flat, settings)
            if size:
                row.bytes[size] = len(file)
            if way:
                self.compared(row, way, flat, decoded(file))
        if picture.script is not None:
            told = describe(picture.script, self.repository)
            row.bytes |= told.bytes
            self.decoded(row, "described", flat, told.scene, _digest(data))
        return _Loaded(picture, data, row)

    def decoded(self, row: Row, way: str, flat: Image.Image, scene: Scene, digest: str) -> None:
        """Decode a recipe as whoever gets it does, and compare."""
        binary = to_binary(scene)
        image = render(from_binary(binary), self.source)
        row.elements[way] = [self.used(number, digest) for number in sorted(scene.elements())]
        self.compared(row, way, flat, flattened(image))
        if self.options.keep is not None:
            write_file(self.options.keep / f"{row.name}.{way}.haac", binary)
            write_file(self.options.keep / f"{row.name}.{way}.png", picture_bytes(image, ".png"))

    def compared(self, row: Row, way: str, flat: Image.Image, made: Image.Image) -> None:
        """Count the pixels that are different."""
        row.different[way] = percents_different(flat, made, BOUNDARIES)
        row.shown[way] = _small(made)

    def used(self, number: int, digest: str) -> Used:
        """What a recipe shows, and whether it comes from the picture with this SHA-256."""
        element = self.repository.element(number)
        return Used(format_id(number), element.name, _is_own(element, digest), element.length)

    def automatic(self, loaded: list[_Loaded], folder: Path, workers: Workers) -> Iterator[_Loaded]:
        """Those that `haac compress` makes a recipe of."""
        options = options_of(
            effort=self.options.effort,
            budget=self.options.budget,
            subject_weight=1.0 if self.options.segmenter is None else 4.0,
            max_layers=None,
        )
        work = [
            (Source(one.picture.source.name, None, lambda one=one: one.data), Outputs(folder / f"{n}.haac"))  # type: ignore[misc]
            for n, one in enumerate(loaded)
        ]
        results = compress_files(
            work, self.repository, options, workers=workers, segmenter=self.options.segmenter
        )
        for one, (_, outputs), result in zip(loaded, work, results, strict=True):
            self.advance(1)
            if result.error:
                self.failed(one.picture.source.name, result.error)
                continue
            recipe = outputs.recipe.read_bytes()
            one.row.bytes["automatic"] = len(recipe)
            flat = flattened(one.pixels())
            self.decoded(one.row, "automatic", flat, from_binary(recipe), _digest(one.data))
            yield one

    def similar(self, one: _Loaded, teller: Teller) -> None:
        """What elements of other pictures tell of this one."""
        digest = _digest(one.data)
        own = {each.number for each in self.repository.elements() if _is_own(each, digest)}
        scene, one.row.like = teller.tell(one.pixels(), own)
        one.row.bytes["similar"] = len(to_binary(scene))
        self.decoded(one.row, "similar", flattened(one.pixels()), scene, digest)

    def failed(self, name: str, reason: object) -> None:
        """List a picture that has no row."""
        self.tables.failed[name] = str(reason)


def measure(
    pictures: Iterable[Described],
    repository: Repository,
    options: TableOptions,
    *,
    workers: Workers,
    advance: Advance = lambda _: None,
    say: Say = lambda _: None,
) -> Tables:
    """Measure both tables. A picture that cannot be measured does not stop the others.

    The scripts of describers are run.

    Args:
        pictures: with their scripts.
        repository: whose elements the recipes show.
        options: what recipes are made.
        workers: compress.
        advance: called STAGES times a picture.
        say: told what a person should know.

    Raises:
        MissingExtraError: what matching needs is not installed.
    """
    run = _Measurement(repository, options, advance)
    loaded = []
    for picture in pictures:
        try:
            loaded.append(run.original(picture))
        except MissingExtraError:
            raise
        except HaacError as error:
            run.failed(picture.source.name, error)
        advance(1)
    teller = _teller(run, say)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="haac-tables-")))
        for one in run.automatic(loaded, folder, workers) if loaded else ():
            run.tables.rows.append(one.row)
            try:
                if teller is not None:
                    run.similar(one, teller)
            except HaacError as error:
                run.failed(one.picture.source.name, error)
                run.tables.rows.remove(one.row)
            advance(1)
    return run.tables


def _teller(run: _Measurement, say: Say) -> Teller | None:
    """What tells by similar elements; None, and a note, where it cannot be had."""
    try:
        return Teller(run.repository, run.options.similar_budget, run.options.segmenter, say)
    except HaacError as error:
        run.tables.notes.append(f"no recipes of similar elements: {error}")
        return None


def _pixels(data: bytes) -> Image.Image:
    read = read_picture(data)
    return read.image if read.has_alpha else read.image.convert("RGB")


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _is_own(element: Element, digest: str) -> bool:
    return element.provenance.source_sha256 == digest


def _small(image: Image.Image) -> Image.Image:
    small = image.convert("RGB")
    small.thumbnail((_SHOWN, _SHOWN))
    return small
