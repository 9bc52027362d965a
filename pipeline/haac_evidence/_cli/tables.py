"""The command `haac bench tables`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._internal import Console, command, completion, counted, repo_option

if TYPE_CHECKING:
    from haac_evidence._tables.described import Described
    from haac_evidence._tables.measured import Tables


@command("tables", "Recipes")
@repo_option
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURES...", shell_complete=completion.files)
@click.option(
    "--scripts",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of describers' scripts: boat.py tells boat.png. They are Python and are run: never name one that you do not trust.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here (.json)."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the two bar charts (.svg or .png): with --plot NAME.svg, NAME_bytes.svg and NAME_different.svg.",
)
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw all pictures beside what recipes and codecs make of them (.png, .jpg or .webp).",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the recipes, and the pictures that they decode to.",
)
@click.option(
    "--effort",
    type=click.IntRange(1, 9),
    default=5,
    show_default=True,
    help="Of the automatic recipe, as for `haac compress`.",
)
@click.option("--budget", type=click.IntRange(1), metavar="BYTES", help="Of the automatic recipe, at most.")
@click.option(
    "--similar-budget",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    metavar="BYTES",
    help="Of the recipe of similar elements, at most.",
)
@click.option(
    "--jobs", type=click.IntRange(0, 256), default=0, help="Worker processes.  [default: one a core]"
)
def tables(
    console: Console,
    repo: Path,
    pictures: tuple[str, ...],
    scripts: Path | None,
    output: Path | None,
    plot: Path | None,
    sheet: Path | None,
    keep: Path | None,
    effort: int,
    budget: int | None,
    similar_budget: int,
    jobs: int,
) -> int:
    """Measure the two tables of the paper that haac comes from: bytes, and pixels that are different.

    PICTURES are files, folders, zip archives or URLs. Beside each stand WebP of quality 0 and JPEG of quality 0 (second table: 1), as in
    the paper; the describer's script, if there is one, in words, as it stands, compiled to text and to binary; what `haac compress
    --no-inline` makes;
    and what `haac compress --similar` tells by elements of other pictures. A picture that cannot be measured is listed with its reason, the
    rest goes on, and the exit code is 1. Needs haac[ingest]; charts need haac[evidence], similar elements haac[similar].
    """
    _check_names(output, plot, sheet)
    from haac_evidence._plots import need_plots
    from haac_evidence._record import write_record
    from haac_evidence._tables.described import find_described
    from haac_pipeline._internal import limit_threads, need_matching, segmenter

    limit_threads(1)
    need_matching()
    if plot is not None:
        need_plots()
    found = find_described(pictures, scripts)
    if found.beside and scripts is None:
        beside = counted(found.beside, "script")
        console.note(f"{beside} beside the pictures, not run: name the folder with --scripts to run them")
    model = segmenter(None, console.note) if found.pictures else None
    settings = {"effort": effort, "budget": budget, "similar_budget": similar_budget, "segmenter": model}
    made, elements = _measured(console, repo, found.pictures, {**settings, "keep": keep}, jobs)
    made.failed = {**found.refused, **made.failed}
    for name, reason in made.failed.items():
        console.error(f"{name}: {reason}")
    for note in made.notes:
        console.note(f"Note: {note}")
    if not made.rows:
        return 1
    from haac_evidence._tables.words import lines

    value = {"settings": {**settings, "elements": elements}, **made.as_json()}
    if output is not None:
        write_record(output, value)
        console.note(f"Wrote {output}")
    _draw(console, made, plot, sheet)
    console.data(value, lines(made))
    return 1 if made.failed else 0


def _measured(
    console: Console, repo: Path, pictures: list[Described], options: dict[str, Any], jobs: int
) -> tuple[Tables, int]:
    """Both tables, and how many elements the repository has."""
    from haac_evidence._tables.measure import STAGES, TableOptions, measure
    from haac_pipeline._internal import Workers
    from haac_repo import Repository

    if options["keep"] is not None:
        options["keep"].mkdir(parents=True, exist_ok=True)
    with (
        Repository.open(repo) as repository,
        console.progress("Measuring", STAGES * len(pictures)) as advance,
    ):
        made = measure(
            pictures,
            repository,
            TableOptions(**options),
            workers=Workers(jobs=jobs),
            advance=advance,
            say=console.note,
        )
        return made, len(repository)


def _check_names(output: Path | None, plot: Path | None, sheet: Path | None) -> None:
    """Before what takes long."""
    for option, path, allowed in (
        ("--output", output, (".json",)),
        ("--plot", plot, (".svg", ".png")),
        ("--sheet", sheet, (".png", ".jpg", ".webp")),
    ):
        if path is not None and path.suffix.lower() not in allowed:
            raise click.BadParameter(
                f"{path.name}: the name must end in {' or '.join(allowed)}", param_hint=option
            )


def _draw(console: Console, made: Tables, plot: Path | None, sheet: Path | None) -> None:
    if plot is None and sheet is None:
        return
    from haac._internal import picture_bytes
    from haac_evidence._tables.charts import bytes_chart, different_chart, sheet_of
    from haac_repo import write_file

    if plot is not None:
        for kind, draw in (("bytes", bytes_chart), ("different", different_chart)):
            path = plot.with_name(f"{plot.stem}_{kind}{plot.suffix.lower()}")
            draw(made, path)
            console.note(f"Wrote {path}")
    if sheet is not None:
        drawn = sheet_of(made, counted(len(made.rows), "picture"))
        sheet.parent.mkdir(parents=True, exist_ok=True)
        write_file(sheet, picture_bytes(drawn.convert("RGBA"), sheet.suffix))
        console.note(f"Wrote {sheet}")
