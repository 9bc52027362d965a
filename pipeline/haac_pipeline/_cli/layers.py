"""The command `haac import`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac_pipeline._cli.terms import attribution_option, licence_option, tags_option
from haac_pipeline._cli.workers import workers_options
from haac_repo._internal import Console, command, completion, counted, repo_option

if TYPE_CHECKING:
    from haac_pipeline._engine.workers import Workers
    from haac_pipeline._ingest.from_layers import Imported


@command("import", "Elements")
@repo_option
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    shell_complete=completion.files,
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Recipe to write, for one file.  [default: FILE.haac beside each file]",
)
@click.option("--form", type=click.Choice(["binary", "text"]), help="Default: text for .txt, else binary.")
@click.option("--script", is_flag=True, help="Also write the recipe as a script, FILE.py beside it.")
@click.option(
    "--flatten/--layers",
    default=False,
    show_default=True,
    help="Merge all layers into one element, or keep them.",
)
@click.option("--only-visible", is_flag=True, help="Do not store layers that are hidden.")
@tags_option
@licence_option
@attribution_option
@click.option("--dry-run", is_flag=True, help="Do everything but store and write.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@workers_options(600, what="file")
@click.option(
    "--index/--no-index",
    default=True,
    show_default=True,
    help="Then describe the new elements for compressing, as `haac index` does.",
)
def import_(
    console: Console,
    repo: Path,
    files: tuple[Path, ...],
    output: Path | None,
    form: str | None,
    script: bool,
    flatten: bool,
    only_visible: bool,
    tags: tuple[str, ...],
    licence: str,
    attribution: str,
    dry_run: bool,
    force: bool,
    workers: Workers,
    index: bool,
) -> int:
    """Turn layered files (.psd, .psb, ...) into elements and recipes.

    Each layer is stored once, under its own name, and a recipe beside the file shows the same picture. What a recipe cannot say
    (blend modes, adjustments, effects) is baked into the layers, and listed. The recipe's picture is compared with the one that
    the file has of itself.
    """
    targets = _targets(files, output, form, script=script, free=force or dry_run)
    from haac_pipeline._cli.index import keep_up
    from haac_pipeline._ingest.from_layers import ImportSettings, process, store
    from haac_repo import HaacError, Repository
    from haac_repo._internal import listed

    settings = ImportSettings(tuple(listed(tags)), licence, attribution, flatten, only_visible, dry_run)
    facts: list[dict[str, object]] = []
    lines: list[str] = []
    failed = new = 0
    with Repository.open(repo) as repository, process(workers.limits) as prepare:
        for file, target in zip(files, targets, strict=True):
            try:
                with console.progress(f"Importing {file.name}", None, "layers") as advance:
                    done = store(repository, prepare(file, settings), settings, advance)
                if not dry_run:
                    _write(done, target, form, script=script)
            except HaacError as error:
                console.error(f"{file}: {error}")
                facts.append({"file": str(file), "error": str(error)})
                failed += 1
                continue
            new += done.new
            facts.append(_facts(file, target, done, dry_run=dry_run))
            lines += _lines(file, target, done, dry_run=dry_run)
        console.data(facts, lines)
        if index and new and not dry_run:
            keep_up(console, repository, workers)
    return 1 if failed else 0


def _targets(
    files: tuple[Path, ...], output: Path | None, form: str | None, *, script: bool, free: bool
) -> list[Path]:
    """The recipe of each file."""
    if output is not None and len(files) > 1:
        raise click.UsageError(f"{len(files)} recipes cannot go to the one file {output}: leave out -o.")
    suffix = ".txt" if form == "text" else ".haac"
    targets = [output] if output is not None else [file.with_suffix(suffix) for file in files]
    if len(set(targets)) < len(targets):
        raise click.UsageError(
            "Two recipes would be written to the same file: import them one by one, with -o."
        )
    for target in targets:
        if not target.parent.is_dir():
            raise click.UsageError(
                f"there is no folder {target.parent} for the recipe: nothing was imported."
            )
        if output is None or script:
            for path in (*([] if output else [target]), *([target.with_suffix(".py")] if script else [])):
                if path.exists() and not free:
                    raise click.UsageError(f"{path} is there already: name another with -o, or use --force.")
    return targets


def _write(done: Imported, target: Path, form: str | None, *, script: bool) -> None:
    from haac import to_binary, to_script, to_text
    from haac_repo import write_file

    text = form == "text" or (form is None and target.suffix == ".txt")
    write_file(target, to_text(done.scene).encode() + b"\n" if text else to_binary(done.scene))
    if script:
        write_file(target.with_suffix(".py"), to_script(done.scene).encode())


def _facts(file: Path, target: Path, done: Imported, *, dry_run: bool) -> dict[str, object]:
    """For --json."""
    from haac import to_binary

    like = done.likeness
    return {
        "file": str(file),
        "output": None if dry_run else str(target),
        "width": done.scene.width,
        "height": done.scene.height,
        "layers": done.names,
        "ids": done.ids,
        "new": done.new,
        "hidden": done.hidden,
        "binary_bytes": len(to_binary(done.scene)),
        "psnr": None if like is None else like.psnr,
        "largest_difference": None if like is None else like.largest,
        "faithful": None if like is None else like.faithful,
        "baked": [{"layer": each.layer, "what": each.what, "why": each.why} for each in done.baked],
        "notes": done.notes,
    }


def _lines(file: Path, target: Path, done: Imported, *, dry_run: bool) -> Iterator[str]:
    from haac import to_binary

    hidden = f", {counted(done.hidden, 'hidden layer')}" if done.hidden else ""
    yield f"{file}: {counted(len(done.names), 'layer')}{hidden}, {counted(done.new, 'new element')}"
    for each in done.baked:
        yield f"  {each.layer!r}: {each.what}: {each.why}"
    for note in done.notes:
        yield f"  {note}"
    yield (
        f"  {done.likeness.told()}"
        if done.likeness
        else "  The file has no picture of itself to compare with"
    )
    if not dry_run:
        yield f"  {target}: {len(to_binary(done.scene))} bytes"
