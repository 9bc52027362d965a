"""The command `haac suggest`; and the similar index, for `haac index --similar`, `ingest`, `search --like` and `doctor`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac_repo._internal import Console, command, completion, counted, repo_option

if TYPE_CHECKING:
    from PIL import Image

    from haac_repo import Element, Repository
    from haac_repo._internal import Check, Updated
    from haac_similar import Embedder, SimilarIndex, SimilarOptions

Neighbour = tuple["Element", float, str]
"""An element, its score, and its kind (empty where none is likely)."""

_ENOUGH = 1024
"""Pixels of a photograph's long side; the network looks at 224."""
_COLUMNS = 6


@command("suggest", "Elements")
@repo_option
@click.argument("photo", type=click.Path(path_type=Path), shell_complete=completion.files)
@click.option("--limit", type=click.IntRange(1, 1000), default=24, show_default=True, help="So many at most.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also draw them, as a contact sheet with their scores, to this file (.png).",
)
def suggest(console: Console, repo: Path, photo: Path, limit: int, output: Path | None) -> None:
    """List the elements that are most similar to a photograph, the nearest first.

    It is a shortlist for describing the photograph by hand: ids for a script. The similar index has to be there (`haac index
    --similar`). A score compares the photograph as a whole with each element; it is no probability.
    """
    if output is not None:
        if output.suffix.lower() != ".png":
            raise click.BadParameter(f"{output.name}: the name must end in .png", param_hint="--output")
        if not output.parent.is_dir():
            raise click.UsageError(f"there is no folder {output.parent} for the contact sheet.")
        if output.resolve() == photo.resolve():
            raise click.UsageError(f"{output} is the photograph: give the contact sheet another name.")
    from haac_repo import Repository

    with Repository.open(repo) as repository:
        found = nearest(console, repository, photo, limit)
        if output is not None:
            _draw(repository, found, photo, output)
            console.note(f"Wrote {output}")
    rows = [
        {"id": each.id, "name": each.name, "kind": kind, "score": round(score, 4), "tags": list(each.tags)}
        for each, score, kind in found
    ]
    width = max((len(kind) for _, _, kind in found), default=0)
    console.data(
        rows,
        [f"{each.id:>6}  {score:5.2f}  {kind:<{width}}  {each.name}".rstrip() for each, score, kind in found],
    )
    if not found:
        console.note("The repository has no elements to suggest: haac ingest PHOTOS")


def nearest(console: Console, repository: Repository, picture: Path, limit: int) -> list[Neighbour]:
    """The elements most similar to a picture, the nearest first; also what `haac search --like` finds by its entry point.

    Raises:
        MissingExtraError: haac[similar] is not installed.
        PictureError: the picture cannot be read.
        HaacError: the network or the index is not here.
    """
    from haac_pipeline._extra import need_similar

    need_similar()
    from haac_similar._internal import require_similar_index

    require_similar_index(repository)
    read = _read(picture)
    embedder, index = opened(console, repository)
    return [
        (repository.element(number), score, index.kind(number))
        for number, score in index.nearest(embedder.embed([read]), limit)
    ]


def opened(console: Console, repository: Repository) -> tuple[Embedder, SimilarIndex]:
    """The network, and the similar index, brought up to date.

    Raises:
        HaacError: the network or the index is not here.
    """
    from haac_similar import Embedder, open_similar_index
    from haac_similar._internal import require_similar_index

    require_similar_index(repository)
    embedder = Embedder(say=console.note)
    with _embedding(console, repository) as advance:
        return embedder, open_similar_index(repository, embedder, progress=advance, say=console.note)


def similar_options(
    budget: int | None, max_layers: int | None, people: bool, always: bool, only_tags: tuple[str, ...]
) -> SimilarOptions:
    """What `haac compress --similar` is asked for; of what was not given (None), the default."""
    from haac_similar import SimilarOptions

    default = SimilarOptions()
    return SimilarOptions(
        budget=default.budget if budget is None else budget,
        people=people,
        always=always,
        max_objects=default.max_objects if max_layers is None else max_layers,
        only_tags=only_tags,
    )


def update_similar(console: Console, repository: Repository, *, rebuild: bool = False) -> Updated:
    """Bring the similar index up to date, fetching the network if it is not here.

    Raises:
        MissingExtraError: haac[similar] is not installed.
        HaacError: the network cannot be had, or the index not be written.
    """
    from haac_pipeline._extra import need_similar

    need_similar()
    from haac_similar import Embedder, update_similar_index

    embedder = Embedder(fetching=True, say=console.note)
    with _embedding(console, repository, rebuild=rebuild) as advance:
        return update_similar_index(repository, embedder, rebuild=rebuild, progress=advance, say=console.note)


def keep_up_similar(console: Console, repository: Repository, *, asked: bool) -> None:
    """Bring the similar index up to date, as ingest needs it.

    Args:
        console: for what a person should know.
        repository: with new elements.
        asked: it was asked for; else it is done only where everything that it needs is here.
    """
    from haac_repo import HaacError

    try:
        if asked or _is_ready():
            update_similar(console, repository)
    except HaacError as error:  # ingest can do without
        console.warn(f"the similar index could not be brought up to date: {error}")


def _is_ready() -> bool:
    """Whether elements can be embedded without installing or fetching anything."""
    from haac_pipeline._extra import SIMILAR, missing

    if missing(*SIMILAR):
        return False
    from haac_similar import DEFAULT_NETWORK, NETWORKS
    from haac_similar._internal import is_here

    return is_here(NETWORKS[DEFAULT_NETWORK])


def _lack_of_network() -> str:
    """What is wrong with the network's weights, and what to do; empty if nothing is."""
    from haac_repo import DataError
    from haac_similar import DEFAULT_NETWORK

    try:
        ready = _is_ready()
    except DataError as error:
        return str(error)
    return "" if ready else f"its network is not here; `haac models --fetch {DEFAULT_NETWORK}` gets it"


def check_similar(path: Path) -> Iterator[Check]:
    """Whether similar elements can be found, for `haac doctor`."""
    from haac_pipeline._extra import SIMILAR, missing
    from haac_repo import HaacError, Repository
    from haac_repo._internal import Check

    name = "similar index"
    if names := missing(*SIMILAR):
        advice = "not installed; finding similar elements needs it: pip install 'haac[similar]'"
        yield Check(name, "note", f"{', '.join(names)}: {advice}")
        return
    from haac_similar import survey_similar_index

    try:
        with Repository.open(path) as repository:
            found, count = survey_similar_index(repository), len(repository.held())
    except HaacError:  # said by the check of the repository
        return
    if found.damage:
        yield Check(name, "note", f"{found.damage}; `haac index --similar` makes it again")
    elif not found.there and count:
        yield Check(name, "note", "there is none; `haac index --similar` makes it")
    elif found.missing:
        advice = "`haac index --similar` embeds them"
        yield Check(name, "note", f"{counted(found.missing, 'element')} not in it; {advice}")
    elif found.there and (lack := _lack_of_network()):
        yield Check(name, "note", f"up to date, but {lack}")
    elif found.there:
        yield Check(name, "ok", f"up to date, {found.bytes:,} bytes for {counted(count, 'element')}")


@contextlib.contextmanager
def _embedding(
    console: Console, repository: Repository, *, rebuild: bool = False
) -> Iterator[Callable[[int], None]]:
    """A progress bar over what is to be embedded; none where that is nothing."""
    from haac_similar import survey_similar_index

    total = len(repository) if rebuild else survey_similar_index(repository).missing
    if not total:
        yield lambda _: None
        return
    with console.progress("Embedding", total, "elements") as advance:
        yield advance


def _read(path: Path) -> Image.Image:
    from haac_pipeline import read_picture
    from haac_pipeline._input.source import read_file
    from haac_repo import PictureError

    try:
        return read_picture(read_file(path), at_least=_ENOUGH).image
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def _draw(repository: Repository, found: list[Neighbour], photo: Path, output: Path) -> None:
    import io

    from haac_repo import HaacError, write_file
    from haac_repo._internal import Cell, SheetStyle, sheet_page

    def picture(element: Element) -> Image.Image | str:
        try:
            return repository.image(element.number)
        except HaacError as error:
            return type(error).__name__.removeprefix("Element").removesuffix("Error").lower()

    cells = (
        Cell(picture(each), each.id, (each.name, f"{score:.2f} {kind}".rstrip()))
        for each, score, kind in found
    )
    right = counted(len(found), "element")
    page = sheet_page(cells, len(found), f"like {photo.name}", right, SheetStyle(columns=_COLUMNS, lines=2))
    buffer = io.BytesIO()
    page.save(buffer, "PNG", compress_level=6)
    write_file(output, buffer.getvalue())
