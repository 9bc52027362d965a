"""The commands of the section Elements: init, search, show, sheet, tag, takedown, verify, stats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._cli.console import Console, command, repo_option

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
def init(console: Console, repo: Path) -> None:
    """Make an empty repository."""
    from haac_repo import Repository

    with Repository.create(repo) as made:
        console.data({"path": str(repo), "id": made.id}, f"Made the repository {repo}")
    console.note("Next: haac ingest PHOTOS")


@command("search", "Elements")
@repo_option
@click.argument("words", nargs=-1)
@click.option(
    "--colour", "--color", callback=_colour, help="Nearest to this colour first: '#ff8800', or a CSS name."
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many at most.")
def search(console: Console, repo: Path, words: tuple[str, ...], colour: int | None, limit: int) -> None:
    """Find elements by the words in their names and tags, or by colour.

    The beginning of a word is enough; an element must have all of them.
    """
    from haac_repo import Repository

    with Repository.open(repo) as repository:
        found = repository.search(" ".join(words), colour=colour, limit=limit)
        console.data([_json(element) for element in found], _table(found))
        if not found:
            console.note("Nothing was found.")
        elif len(found) == limit:
            console.note(f"The first {limit}; --limit shows more.")


@command("show", "Elements")
@repo_option
@click.argument("id_", metavar="ID")
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
    from haac_repo import Repository, format_id, write_file

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
                path = folder / f"{format_id(element.number)}.png"
                write_file(path, _encoded(picture, ".png"))
                click.launch(str(path))
        console.data(_json(element), _description(element))


@command("sheet", "Elements")
@repo_option
@click.argument("words", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("sheet.png"),
    show_default=True,
    help="PNG file; further pages become sheet-2.png, sheet-3.png...",
)
@click.option("--ids", multiple=True, metavar="ID,ID,...", help="These elements, in this order.")
@click.option("--colour", "--color", callback=_colour, help="Nearest to this colour first.")
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
    limit: int | None,
    columns: int,
    cell: int,
    per_page: int,
) -> None:
    """Draw a contact sheet: all elements, or those with WORDS, over their ids."""
    from haac_repo import HaacError, Repository, write_file
    from haac_repo._cli.sheet import SheetStyle, sheets

    if output.suffix.lower() != ".png":
        raise click.BadParameter(f"{output.name}: the name must end in .png", param_hint="--output")
    if ids and (words or colour is not None):
        raise click.UsageError("give words or a colour to search for, or --ids, not both")
    with Repository.open(repo) as repository:
        elements, count = _chosen(repository, words, ids, colour, limit)
        if count == 0:
            raise HaacError("there are no such elements to draw: `haac search` shows what there is")
        title = " ".join(words) or repo.absolute().name
        counted = f"{count} {'element' if count == 1 else 'elements'}"
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

            style = SheetStyle(columns=columns, cell=cell)
            for number, page in enumerate(
                sheets(elements, picture, title, counted, pages, per_page, style), 1
            ):
                path = output if number == 1 else output.with_stem(f"{output.stem}-{number}")
                write_file(path, _encoded(page, ".png"))
                files.append(str(path))
    console.data(files, files)


@command("tag", "Elements")
@repo_option
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--add", multiple=True, metavar="TAG,TAG,...", help="Tags to add.")
@click.option("--remove", multiple=True, metavar="TAG,TAG,...", help="Tags to remove.")
@click.option("--name", help="New name.")
def tag(
    console: Console,
    repo: Path,
    ids: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    name: str | None,
) -> None:
    """Change the tags and the name of elements."""
    from haac_repo import Repository

    if not add and not remove and name is None:
        raise click.UsageError("nothing to change: give --add, --remove or --name")
    with Repository.open(repo) as repository, repository.writer() as writer:
        changed = [writer.tag(id_, name=name, add=_listed(add), remove=_listed(remove)) for id_ in ids]
    console.data([_json(element) for element in changed], _table(changed))


@command("takedown", "Elements")
@repo_option
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--reason", required=True, help="Why; decoders are told.")
def takedown(console: Console, repo: Path, ids: tuple[str, ...], reason: str) -> None:
    """Withdraw elements; their ids are never used again."""
    from haac_repo import Repository

    with Repository.open(repo) as repository, repository.writer() as writer:
        gone = [writer.withdraw(id_, reason) for id_ in ids]
    console.data([_json(element) for element in gone], [f"Withdrew {element.id}" for element in gone])
    console.note("Mirrors learn of it with the next `haac publish`.")


@command("verify", "Elements")
@repo_option
@click.option(
    "--repair", is_flag=True, help="Mend what can be mended; nothing that cannot be accounted for is deleted."
)
@click.option("--quick", is_flag=True, help="Do not read and hash the elements.")
def verify_(console: Console, repo: Path, repair: bool, quick: bool) -> int:
    """Check catalog, log and every byte of every element. Exits with 1 if anything is wrong."""
    from haac_repo import verify

    size = sum(path.stat().st_size for name in ("packs", "open") for path in (repo / name).glob("*.pack"))
    with console.progress("Hashing", None if quick else size) as advance:
        report = verify(repo, repair=repair, quick=quick, progress=advance)
    lines = [f"Repaired: {text}" for text in report.repaired]
    lines += [f"Wrong: {problem}" for problem in report.problems]
    if report.ok:
        hashed = (
            ""
            if quick
            else f"; {report.elements} elements, {_size(report.bytes)}, are what their hashes promise"
        )
        lines.append(f"{repo} is in order{hashed}")
    else:
        count = len(report.problems)
        lines.append(f"{count} {'thing is' if count == 1 else 'things are'} wrong with {repo}")
    for note in report.notes:
        console.note(f"Note: {note}")
    value = {
        "ok": report.ok,
        "problems": [{"text": p.text, "elements": list(p.elements)} for p in report.problems],
        "repaired": report.repaired,
        "notes": report.notes,
        "elements": report.elements,
        "bytes": report.bytes,
    }
    console.data(value, lines)
    return 0 if report.ok else 1


@command("stats", "Elements")
@repo_option
def stats_(console: Console, repo: Path) -> None:
    """Count what the repository holds."""
    import dataclasses

    from haac_repo import Repository, format_id

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
            _size(found.bytes) + (f", {found.bytes / found.elements:,.0f} each" if found.elements else ""),
        ),
        ("Pixels", f"{found.pixels / 1e6:,.1f} million"),
        (
            "Packs",
            ", ".join(f"{n:,} {state} ({_size(size)})" for state, (n, size) in found.packs.items()) or "none",
        ),
        ("Sources", f"{found.sources:,}"),
        ("To publish", f"{found.unpublished:,} {'change' if found.unpublished == 1 else 'changes'}"),
        ("Licences", _counted(found.licences, "not stated")),
        ("Models", _counted(found.models, "none (had alpha)")),
        ("Tags", _counted(found.tags, "")),
        ("Biggest", ", ".join(f"{format_id(number)} ({_size(size)})" for number, size in found.biggest[:5])),
    ]
    console.data(value, [f"{label:<11} {text}" for label, text in rows if text])


def _chosen(
    repository: Repository,
    words: tuple[str, ...],
    ids: tuple[str, ...],
    colour: int | None,
    limit: int | None,
) -> tuple[Iterable[Element], int]:
    if ids:
        listed = [repository.element(id_) for id_ in _listed(ids)][:limit]
        return listed, len(listed)
    if words or colour is not None:
        found = repository.search(" ".join(words), colour=colour, limit=limit or len(repository) or 1)
        return found, len(found)
    from itertools import islice

    count = len(repository)
    return islice(repository.elements(), limit), min(count, limit or count)


def _listed(values: Iterable[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _encoded(picture: Image.Image, suffix: str) -> bytes:
    import io

    buffer = io.BytesIO()
    if suffix == ".webp":
        picture.save(buffer, "WEBP", lossless=True, exact=True)
    else:
        picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _json(element: Element) -> dict[str, Any]:
    from dataclasses import asdict

    value = {"id": element.id, **asdict(element)}
    value["tags"] = list(element.tags)
    value["colour"] = None if element.colour is None else f"#{element.colour:06x}"
    value["phash"] = None if element.phash is None else f"{element.phash:016x}"
    return value


def _table(elements: list[Element]) -> Iterator[str]:
    rows = [(e.id, f"{e.width}x{e.height}", e.name, " ".join(f"#{tag}" for tag in e.tags)) for e in elements]
    widths = [max((len(row[n]) for row in rows), default=0) for n in range(3)]
    for row in rows:
        yield "  ".join(
            [row[0].rjust(widths[0]), row[1].rjust(widths[1]), row[2].ljust(min(widths[2], 40)), row[3]]
        ).rstrip()


def _description(element: Element) -> Iterator[str]:
    provenance = element.provenance
    rows = [
        ("Id", element.id),
        ("Withdrawn", None if element.withdrawn is None else element.withdrawn or "no reason given"),
        ("Name", element.name),
        ("Tags", ", ".join(element.tags)),
        ("Size", f"{element.width}x{element.height} pixels, {_size(element.length)}"),
        ("Colour", None if element.colour is None else f"#{element.colour:06x}"),
        ("Licence", provenance.licence),
        ("By", provenance.attribution),
        ("Source", provenance.source),
        ("Model", provenance.model),
        ("Software", provenance.software),
        ("SHA-256", element.sha256),
        ("Pixels", element.pixels_sha256),
    ]
    return (f"{label:<10} {text}" for label, text in rows if text)


def _counted(counts: dict[str, int], unnamed: str) -> str:
    return ", ".join(f"{name or unnamed} {count:,}" for name, count in counts.items() if name or unnamed)


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    size = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.5 or unit == "TB":
            break
    return f"{size:.3g} {unit}"
