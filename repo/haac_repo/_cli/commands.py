"""The commands of the section Elements: init, search, show, sheet, stats. (tag and takedown: `edit`; `verify` in a file of its own.)"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._cli import completion
from haac_repo._cli.console import Console, command, counted, refuse, repo_option

if TYPE_CHECKING:
    from PIL import Image

    from haac_repo._element import Element
    from haac_repo._store.repository import Repository


def _colour(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:  # noqa: ARG001
    """0xRRGGBB of '#ff8800' or a CSS name."""
    if value is None:
        return None
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(value)[:3]
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no colour: write it like '#ff8800', or a name such as orange"
        ) from None
    return red << 16 | green << 8 | blue


@command("init", "Elements")
@repo_option
@click.option("--unsigned", is_flag=True, help="Make no keys: what is published is not signed.")
def init(console: Console, repo: Path, unsigned: bool) -> None:
    """Make an empty repository, with keys that sign what it publishes.

    The keys stand in its folder `keys`, which is never published. Who has a copy of them can publish in its name; without one, nobody
    can once they are lost. `haac keys` shows and changes them.
    """
    from haac_repo import Repository, create_keys

    with Repository.create(repo) as made:
        root = "" if unsigned else create_keys(made)
        console.data({"path": str(repo), "id": made.id, "root": root}, f"Made the repository {repo}")
    if root:
        console.note(
            f"What it publishes is signed by the keys in {repo / 'keys'}: keep a copy in a safe place."
        )
        console.note(f"Others make sure of it by the fingerprint {root}")
    console.note("Next: haac ingest PHOTOS")


_doubtful_option = click.option(
    "--doubtful", is_flag=True, help="Only cut-outs that a person might not keep; the worst first."
)


_exact_option = click.option(
    "--exact", is_flag=True, help="Words as they are written: no beginnings, other forms or other spellings."
)


@command("search", "Elements")
@repo_option
@click.argument("words", nargs=-1, shell_complete=completion.tags)
@click.option(
    "--colour", "--color", callback=_colour, help="Nearest to this colour first: '#ff8800', or a CSS name."
)
@_doubtful_option
@_exact_option
@click.option(
    "--like",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PICTURE",
    help="The most similar to this picture first, instead of words (needs `haac index --similar`).",
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many at most.")
def search(
    console: Console,
    repo: Path,
    words: tuple[str, ...],
    colour: int | None,
    doubtful: bool,
    exact: bool,
    like: Path | None,
    limit: int,
) -> None:
    """Find elements by the words in their names and tags, by colour, or by a picture.

    An element must have all words, or what begins with them, or other forms of them (in English: cats, cat). If none has, the nearest
    spelling is looked for, which is said; with --json each element has it as `found_by`.
    """
    from haac_repo import Repository
    from haac_repo._cli.elements import element_json, element_table

    if not words:
        refuse({"exact"}, "goes with words.")
    if like is not None:
        _search_like(console, repo, like, limit)
        return
    with Repository.open(repo) as repository:
        found, meant = _search(
            console, repository, words, exact, colour=colour, limit=limit, doubtful=doubtful
        )
        instead = {"found_by": meant} if meant else {}
        console.data([element_json(element) | instead for element in found], element_table(found))
        if not found:
            console.note("Nothing was found.")
        elif len(found) == limit:
            console.note(f"The first {limit}; --limit shows more.")


def _search_like(console: Console, repo: Path, picture: Path, limit: int) -> None:
    """The nearest elements, by whatever package of haac embeds pictures."""
    from importlib.metadata import entry_points

    from haac_repo import MissingExtraError, Repository
    from haac_repo._cli.elements import element_json, element_table

    refuse({"words", "colour", "doubtful", "exact"}, "does not go with --like.")
    points = entry_points(group="haac.similar", name="nearest")
    if not points:
        raise MissingExtraError("finding similar elements is not installed here: pip install 'haac[similar]'")
    with Repository.open(repo) as repository:
        found: list[tuple[Element, float, str]] = next(iter(points)).load()(
            console, repository, picture, limit
        )
    rows = [
        element_json(element) | {"score": round(score, 4), "kind": kind} for element, score, kind in found
    ]
    lines = element_table([element for element, _, _ in found])
    console.data(rows, [f"{score:5.2f}  {line}" for (_, score, _), line in zip(found, lines, strict=True)])
    if not found:
        console.note("Nothing was found.")


@command("show", "Elements")
@repo_option
@click.argument("id_", metavar="ID", shell_complete=completion.ids)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the picture to this file (.png or .webp, without loss).",
)
@click.option("--checkerboard", is_flag=True, help="Put it on a checkerboard that shows what is transparent.")
@click.option("--open", "open_", is_flag=True, help="Open the picture in the viewer of this system.")
def show(
    console: Console, repo: Path, id_: str, output: Path | None, checkerboard: bool, open_: bool
) -> None:
    """Say what is known about an element; write or open its picture."""
    from haac_repo import Repository, write_file
    from haac_repo._cli.elements import element_json, element_lines

    if output is None and not open_:
        refuse({"checkerboard"}, "goes with -o or --open.")
    if output is not None and output.suffix.lower() not in (".png", ".webp"):
        raise click.BadParameter(f"{output.name}: the name must end in .png or .webp", param_hint="--output")
    with Repository.open(repo) as repository:
        element = repository.element(id_)
        if output is not None or open_:
            picture = repository.image(id_)
            if checkerboard:
                from haac_repo._cli.sheet import on_checkerboard

                picture = on_checkerboard(picture)
            if output is not None:
                write_file(output, _encoded(picture, output.suffix.lower()))
                console.note(f"Wrote {output}")
            if open_:
                import tempfile

                folder = Path(tempfile.mkdtemp(prefix="haac-"))
                path = folder / f"{element.id}.png"
                write_file(path, _encoded(picture, ".png"))
                console.show_file(path)
        recuts = repository.recuts(element.number)
        value = element_json(element) | {"recut_as": [other.id for other in recuts]}
        console.data(value, element_lines(element, recuts))


@command("sheet", "Elements")
@repo_option
@click.argument("words", nargs=-1, shell_complete=completion.tags)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("sheet.png"),
    show_default=True,
    help="PNG file; further pages become sheet-2.png, sheet-3.png...",
)
@click.option(
    "--ids",
    multiple=True,
    metavar="ID,ID,...",
    shell_complete=completion.listed_ids,
    help="These elements, in this order.",
)
@click.option("--colour", "--color", callback=_colour, help="Nearest to this colour first.")
@_doubtful_option
@_exact_option
@click.option("--limit", type=click.IntRange(1), help="So many elements at most.")
@click.option(
    "--columns", type=click.IntRange(1, 100), default=12, show_default=True, help="Elements in a row."
)
@click.option("--cell", type=click.IntRange(32, 1024), default=112, show_default=True, help="Pixels of one.")
@click.option(
    "--per-page", type=click.IntRange(1, 2000), default=240, show_default=True, help="Elements of a page."
)
def sheet(
    console: Console,
    repo: Path,
    words: tuple[str, ...],
    output: Path,
    ids: tuple[str, ...],
    colour: int | None,
    doubtful: bool,
    exact: bool,
    limit: int | None,
    columns: int,
    cell: int,
    per_page: int,
) -> None:
    """Draw a contact sheet: all elements, or those with WORDS (as `haac search` finds them), over their ids."""
    from haac_repo import HaacError, Repository, write_file
    from haac_repo._cli.sheet import SheetStyle, sheets

    if output.suffix.lower() != ".png":
        raise click.BadParameter(f"{output.name}: the name must end in .png", param_hint="--output")
    if ids and (words or colour is not None or doubtful):
        raise click.UsageError("give words or a colour to search for, or --doubtful, or --ids, not both")
    if not words:
        refuse({"exact"}, "goes with words.")
    elements: Iterable[Element]
    with Repository.open(repo) as repository:
        if ids:
            elements, count = _listed(repository, ids, limit)
        elif words or colour is not None or doubtful:
            most = limit or len(repository) or 1
            found, _ = _search(
                console, repository, words, exact, colour=colour, limit=most, doubtful=doubtful
            )
            elements, count = found, len(found)
        else:
            elements, count = _all(repository, limit)
        if count == 0:
            raise HaacError("there are no such elements to draw: `haac search` shows what there is")
        title = " ".join(words) or repo.absolute().name
        pages = -(-count // per_page)
        files = []
        with console.progress("Drawing", count) as advance:

            def picture(element: Element) -> Image.Image | str:
                advance(1)
                try:
                    return repository.image(element.number)
                except HaacError as error:
                    console.detail(str(error))
                    return type(error).__name__.removeprefix("Element").removesuffix("Error").lower()

            style = SheetStyle(columns=columns, cell=cell, lines=2 if doubtful else 1)
            for number, page in enumerate(
                sheets(elements, picture, title, counted(count, "element"), pages, per_page, style), 1
            ):
                path = output if number == 1 else output.with_stem(f"{output.stem}-{number}")
                write_file(path, _encoded(page, ".png"))
                files.append(str(path))
    console.data(files, files)


@command("stats", "Elements")
@repo_option
def stats_(console: Console, repo: Path) -> None:
    """Count what the repository holds."""
    import dataclasses

    from haac_repo import Repository, format_id
    from haac_repo._cli.elements import format_size

    with Repository.open(repo) as repository:
        found = repository.stats()
        value = {"id": repository.id, "role": repository.role, **dataclasses.asdict(found)}
    value["biggest"] = [{"id": format_id(number), "bytes": size} for number, size in found.biggest]
    value["packs"] = {state: {"packs": n, "bytes": size} for state, (n, size) in found.packs.items()}
    rows = [
        (
            "Elements",
            f"{found.elements:,}" + (f" ({found.withdrawn:,} withdrawn)" if found.withdrawn else ""),
        ),
        (
            "Bytes",
            format_size(found.bytes)
            + (f", {found.bytes / found.elements:,.0f} each" if found.elements else ""),
        ),
        ("Pixels", f"{found.pixels / 1e6:,.1f} million"),
        (
            "Packs",
            ", ".join(f"{n:,} {state} ({format_size(size)})" for state, (n, size) in found.packs.items())
            or "none",
        ),
        ("Sources", f"{found.sources:,}"),
        ("To publish", counted(found.unpublished, "change")),
        ("Licences", _counted(found.licences, "not stated")),
        ("Models", _counted(found.models, "none (had alpha)")),
        ("Tags", _counted(found.tags, "")),
        (
            "Biggest",
            ", ".join(f"{format_id(number)} ({format_size(size)})" for number, size in found.biggest[:5]),
        ),
    ]
    console.data(value, [f"{label:<11} {text}" for label, text in rows if text])


def _listed(repository: Repository, ids: tuple[str, ...], limit: int | None) -> tuple[Iterable[Element], int]:
    from haac_repo._cli.elements import listed

    chosen = [repository.element(id_) for id_ in listed(ids)][:limit]
    return chosen, len(chosen)


def _all(repository: Repository, limit: int | None) -> tuple[Iterable[Element], int]:
    from itertools import islice

    count = len(repository)
    return islice(repository.elements(), limit), min(count, limit or count)


def _search(
    console: Console,
    repository: Repository,
    words: tuple[str, ...],
    exact: bool,
    **how: Any,
) -> tuple[list[Element], str]:
    """Search, and look for the nearest spelling if nothing is found; with the words that found it, if they are others.

    Args:
        console: Says so.
        repository: To be searched.
        words: As given.
        exact: As they are written only.
        how: What else `Repository.search` takes.
    """
    asked = " ".join(words)
    found = repository.search(asked, exact=exact, **how)
    if found or exact:
        return found, ""
    meant = repository.did_you_mean(asked)
    found = repository.search(meant, **how) if meant else []
    if not found:
        return [], ""
    console.note(f"No element has {asked!r}: these have {meant!r}. --exact asks for nothing else.")
    return found, meant


def _encoded(picture: Image.Image, suffix: str) -> bytes:
    import io

    buffer = io.BytesIO()
    if suffix == ".webp":
        picture.save(buffer, "WEBP", lossless=True, exact=True)
    else:
        picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _counted(counts: dict[str, int], unnamed: str) -> str:
    return ", ".join(f"{name or unnamed} {count:,}" for name, count in counts.items() if name or unnamed)
