"""The command `haac ingest`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac_pipeline._cli.models import model_names
from haac_pipeline._cli.terms import attribution_option, licence_option, tags_option
from haac_pipeline._cli.workers import workers_options
from haac_repo._internal import Console, command, completion, counted, refuse, repo_option

if TYPE_CHECKING:
    from haac_pipeline import Settings
    from haac_pipeline._engine.workers import Workers
    from haac_pipeline._ingest.keep import Keep
    from haac_pipeline._ingest.run import IngestReport
    from haac_repo import Repository


def _frames(_: click.Context, __: click.Parameter, value: str) -> int | None:
    """How many frames are read; None: all."""
    if value.lower() in ("first", "all"):
        return 1 if value.lower() == "first" else None
    if value.isascii() and value.isdigit() and len(value) < 7 and int(value):
        return int(value)
    raise click.BadParameter(
        f"{value!r} is neither 'first' nor 'all' nor a number of frames from 1 to 999999."
    )


@command("ingest", "Elements")
@repo_option
@click.argument("paths", nargs=-1, metavar="[PATH...]", shell_complete=completion.files)
@click.option(
    "--from",
    "recipe",
    shell_complete=completion.files,
    help="Recipe whose inline elements are stored, instead of pictures.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --from: the recipe that refers to them by their ids. Without it, text to stdout.",
)
@click.option(
    "--model",
    shell_complete=model_names,
    help="Model that cuts objects out (see `haac models`), or none: keep pictures whole.  [default: the best that is here or can be"
    " fetched, else offline]",
)
@tags_option
@click.option(
    "--sidecar",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV or JSON with the names, tags and licences of the files. Without it: haac.csv or haac.json beside them.",
)
@licence_option
@attribution_option
@click.option(
    "--split/--no-split",
    default=None,
    help="Separate objects become separate elements. Default: only where a model cuts them out.",
)
@click.option(
    "--max-side",
    type=click.IntRange(0),
    default=2048,
    show_default=True,
    help="Make pictures with a longer side smaller, to so many pixels; 0: never.",
)
@click.option(
    "--frames",
    default="first",
    show_default=True,
    metavar="first|all|N",
    callback=_frames,
    help="Of an animation, or of a TIFF's pages: the first, all, or so many.",
)
@click.option("--keep-background", is_flag=True, help="Also store what is behind the objects, painted over.")
@click.option(
    "--keep",
    type=click.Choice(["good", "doubtful", "all"]),
    default="doubtful",
    show_default=True,
    help="Which cut-outs are stored: those that a person would keep; also those about which there are doubts; all."
    " The others are listed.",
)
@click.option(
    "--min-size",
    type=click.IntRange(0),
    default=0,
    help="Leave out what has a side shorter than so many pixels.",
)
@click.option(
    "--dry-run", is_flag=True, help="Do everything but store, and draw a contact sheet of what would be."
)
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --dry-run: its contact sheet.  [default: ingest-preview.png]",
)
@workers_options(600)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the JSON report to this file."
)
@click.option(
    "--index/--no-index",
    default=True,
    show_default=True,
    help="Then describe the new elements for compressing, as `haac index` does.",
)
@click.option(
    "--similar/--no-similar",
    default=None,
    help="Then embed them, as `haac index --similar` does. Default: where haac[similar] is installed and the network is here.",
)
def ingest_(
    console: Console,
    repo: Path,
    paths: tuple[str, ...],
    recipe: str | None,
    output: Path | None,
    model: str | None,
    tags: tuple[str, ...],
    sidecar: Path | None,
    licence: str,
    attribution: str,
    split: bool | None,
    max_side: int,
    frames: int | None,
    keep_background: bool,
    keep: Keep,
    min_size: int,
    dry_run: bool,
    sheet: Path | None,
    workers: Workers,
    report: Path | None,
    index: bool,
    similar: bool | None,
) -> int:
    """Make elements out of pictures: files, folders, zip archives, URLs.

    Pictures that are transparent are stored as they are; of others, a model cuts out the objects. Files that were
    ingested before with the same settings are skipped. What cannot be used is listed with its reason, the rest goes
    on, and the exit code is 1.

    With --from, what is stored are the elements that a recipe brings along, and the recipe gets short.
    """
    _check_options(paths, recipe, output, dry_run=dry_run)
    if report is not None and not report.parent.is_dir():
        raise click.UsageError(f"there is no folder {report.parent} for the report: nothing was ingested.")
    from haac_pipeline import Cutting, Settings
    from haac_pipeline._cli.index import keep_up
    from haac_pipeline._cli.similar import keep_up_similar
    from haac_repo import Repository
    from haac_repo._internal import listed

    settings = Settings(
        cutting=Cutting(
            model=model,
            split=split,
            max_side=max_side,
            frames=frames,
            keep_background=keep_background,
            keep=keep,
            min_size=min_size,
        ),
        tags=tuple(listed(tags)),
        licence=licence,
        attribution=attribution,
        sidecar=sidecar,
        jobs=workers.jobs,
        timeout=workers.timeout,
        memory=workers.memory,
        cluster=workers.cluster,
        dry_run=dry_run,
        sheet=sheet or Path("ingest-preview.png") if dry_run else None,
    )
    with Repository.open(repo) as repository:
        if recipe is not None:
            done, stored = None, bool(_move(console, repository, recipe, output, settings))
        else:
            done = _ingest(console, repository, paths, settings)
            stored = bool(done.counts()["elements_new"]) and not dry_run
        if index and stored:
            keep_up(console, repository, workers)
        if similar is not False and stored:
            keep_up_similar(console, repository, asked=bool(similar))
    return 0 if done is None else _told(console, done, report)


def _told(console: Console, done: IngestReport, report: Path | None) -> int:
    """Print and write what became of the pictures; the exit code."""
    console.data(done.as_json(), _lines(done))
    if report is not None:
        _write_json(report, done.as_json())
    poor = sum(cutout.poor for file in done.files for cutout in file.left)
    if poor:
        shown = "" if done.dry_run else " (--dry-run shows them)"
        console.note(
            f"{counted(poor, 'cut-out')} left out for their quality; --keep all stores them too{shown}"
        )
    if not done.ok or not done.files:
        return 1
    if done.counts()["elements_new"] and not done.dry_run:
        console.note("Next: haac sheet, or haac search")
    return 0


def _ingest(
    console: Console, repository: Repository, paths: tuple[str, ...], settings: Settings
) -> IngestReport:
    from haac_pipeline import PassedOver, find_sources, ingest

    # Counting first costs a listing, so only for what is on this machine.
    local = not any("://" in path for path in paths)
    tried = (each for each in find_sources(paths) if not isinstance(each, PassedOver))
    total = sum(1 for _ in tried) if local else len(paths)
    if total == 0:
        console.warn("there are no pictures in what you named")
    with console.progress("Ingesting", total, "pictures") as advance:
        return ingest(repository, find_sources(paths), settings, progress=advance, say=console.note)


def _write_json(path: Path, value: object) -> None:
    import json

    from haac_repo import write_file

    write_file(path, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())


_FOR_PICTURES = {
    "paths", "model", "sidecar", "split", "max_side", "frames", "keep_background", "keep", "min_size", "dry_run", "sheet", "report"
}  # fmt: skip
"""Parameters that mean nothing with --from."""


def _check_options(paths: tuple[str, ...], recipe: str | None, output: Path | None, *, dry_run: bool) -> None:
    """Refuse what does not go together."""
    if recipe is not None:
        refuse(_FOR_PICTURES, "does not go with --from.")
        if output is not None and output.suffix not in (".haac", ".txt"):
            raise click.UsageError(
                f"{output} is no name for a recipe: give a file that ends in .haac or .txt."
            )
        return
    if not paths:
        raise click.UsageError(
            "Give pictures: files, folders, zip archives or URLs; or a recipe with --from."
        )
    refuse({"output"}, "goes with --from: elements go into the repository.")
    if not dry_run:
        refuse({"sheet"}, "goes with --dry-run.")


def _move(
    console: Console, repository: Repository, recipe: str, output: Path | None, settings: Settings
) -> int:
    """Store what a recipe brings along, and write it anew. How many elements are new."""
    from haac import read_recipe, to_binary, to_text
    from haac._cli.arguments import is_text_form, recipe_reader
    from haac_pipeline._ingest.from_recipe import move_inlines
    from haac_repo import RecipeError, write_file

    if output is not None and not output.parent.is_dir():
        raise RecipeError(f"there is no folder {output.parent}: nothing was stored")
    scene = read_recipe(recipe_reader(recipe)())
    name = "recipe" if is_text_form(recipe) or recipe == "-" else recipe
    if not scene.inlines():
        raise RecipeError(f"{name} brings no element along: there is nothing to store")
    before = len(to_binary(scene))
    moved = move_inlines(
        repository,
        scene,
        name=name,
        tags=settings.tags,
        licence=settings.licence,
        attribution=settings.attribution,
    )
    binary, text = to_binary(moved.scene), to_text(moved.scene)
    if output is not None:
        write_file(output, text.encode() + b"\n" if output.suffix == ".txt" else binary)
    facts = {"ids": moved.ids, "new": moved.new, "binary_bytes": len(binary), "before": before, "text": text}
    lines = [
        f"Inline elements: {len(moved.ids)}, new here: {moved.new}, as {' '.join(moved.ids)}",
        text if output is None else f"{output}: {len(binary)} bytes, {before} before",
    ]
    console.data(facts | {"output": None if output is None else str(output)}, lines)
    return moved.new


def _lines(report: IngestReport) -> Iterator[str]:
    from haac_repo._internal import counted

    counts = report.counts()
    animated = sum(bool(file.frames_left) for file in report.files)
    sources = [
        ("Pictures", counts["sources"], ""),
        ("  stored", counts["stored"], f"{counts['elements_new']:,} new elements"),
        ("  duplicates", counts["duplicate"], "their pixels were there already"),
        ("  left out", counts["left"], "nothing that was cut out of them is good enough"),
        ("  skipped", counts["skipped"], "ingested before"),
        ("  refused", counts["refused"], "listed below"),
        ("Left out", counts["elements_left"], "cut-outs, listed below"),
        ("Near duplicates", counts["near_duplicates"], "stored; they look much like others"),
        ("Passed over", counts["passed_over"], "no pictures that are read, by their names; listed below"),
        ("Frames left", counts["frames_left"], f"of {counted(animated, 'animation')}: see --frames"),
    ]
    if report.dry_run:
        yield "Dry run: nothing was stored."
    for label, count, remark in sources:
        if count or label in ("Pictures", "  stored"):
            yield f"{label:<16} {count:>8,}  {remark}".rstrip()
    near = [file for file in report.files if file.near]
    for file in near[:20]:
        yield f"near: {' '.join(file.ids) or file.name} ({file.name}) looks like {', '.join(file.near[:5])}"
    if len(near) > 20:
        yield f"near: and {len(near) - 20:,} more; --json and --report have them all"
    yield from report.passed_over.lines()
    for file in report.files:
        yield from (f"note: {file.name}: {note}" for note in file.notes)
    yield from _left_out(report)
    for file in report.files:
        if file.status == "refused":
            yield f"refused: {file.name}: {file.reason}"
    for path in report.sheets:
        yield f"Contact sheet: {path}"


def _left_out(report: IngestReport) -> Iterator[str]:
    """A line for each cut-out that was not stored, some dozens at most."""
    left = [(file, cutout) for file in report.files for cutout in file.left]
    for file, cutout in left[:50]:
        doubts = f" ({', '.join(cutout.doubts)})" if cutout.doubts else ""
        frame = f" of frame {cutout.frame}" if file.frames > 1 else ""
        yield (
            f"left out: {file.name}, cut-out {cutout.part}{frame} ({cutout.width}x{cutout.height}):"
            f" {cutout.reason}{doubts}"
        )
    if len(left) > 50:
        yield f"left out: and {len(left) - 50:,} more; --json and --report have them all"
