"""The command `report`: a page that compares pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac._cli.arguments import open_repository, repo_or_url_option
from haac_repo._internal import Console, command, completion, counted

if TYPE_CHECKING:
    from haac_evidence._report.compared import Compared
    from haac_evidence._report.page import Failed
    from haac_evidence._report.pairs import Pair
    from haac_repo import Repository


@command("report", "Recipes")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(path_type=Path, exists=True),
    shell_complete=completion.files,
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="File of the page (.html).",
)
@click.option(
    "--order",
    type=click.Choice(["name", "worst"]),
    default="name",
    show_default=True,
    help="How pairs are ordered: as they were named, or with the lowest PSNR first.",
)
@click.option(
    "--side",
    type=click.IntRange(64, 8192),
    default=1200,
    show_default=True,
    metavar="PIXELS",
    help="Show pictures with no longer side than this; all their pixels are measured.",
)
@click.option("--title", help="Title of the page.  [default: what is compared]")
@repo_or_url_option
def report(
    console: Console,
    paths: tuple[Path, ...],
    output: Path,
    order: str,
    side: int,
    title: str | None,
    repo: str,
) -> int:
    """Make a page that compares pictures, to be opened in a browser.

    PATH... are a picture and what is compared with it: pictures of any format, or recipes, which are rendered. In a FOLDER, files of
    one name belong together: NAME.png is the original of NAME.haac, NAME.webp and NAME.decoded.png. Of two folders, the first has the
    originals.

    The page is one file that needs no network: pictures, differences, a slider, bytes, PSNR, SSIM, how many pixels are different,
    and what recipes say. What cannot be compared is listed with its reason, the rest goes on, and the exit code is 1.
    """
    from haac_evidence._report.page import Failed, is_report, worst_first, write_page
    from haac_evidence._report.pairs import pairs_of
    from haac_repo import HaacError

    _check(output, paths)
    if output.exists() and not is_report(output):
        raise click.UsageError(f"{output} exists and is no page of this command: name another file with -o.")
    pairs = pairs_of(paths)
    with open_repository(repo, lambda mark: _needed(pairs, mark), console) as repository:
        done = []
        with console.progress("Comparing", len(pairs), "pairs") as advance:
            for pair in pairs:
                done.append(_compared(pair, repository, side))
                advance(1)
    failed = [each for each in done if isinstance(each, Failed)]
    if len(failed) == len(done):
        raise HaacError("; ".join(dict.fromkeys(each.reason for each in failed)))
    shown = worst_first(done) if order == "worst" else done
    size = write_page(output, title or _title(paths, pairs), shown)
    for each in failed:
        console.error(f"{each.name}: {each.reason}")
    rows = [_as_json(each) for each in shown]
    console.data(rows, [_line(row) for row in rows])
    console.note(f"Wrote {output}: {counted(len(done) - len(failed), 'pair')}, {size / 1e6:,.1f} MB")
    return 1 if failed else 0


def _check(output: Path, paths: tuple[Path, ...]) -> None:
    if output.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"{output.name}: the name of the page must end in .html")
    if not output.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {output.parent} for the page.")
    if output.resolve() in {path.resolve() for path in paths}:
        raise click.UsageError(f"{output} is compared itself: give the page another name with -o.")


def _title(paths: tuple[Path, ...], pairs: list[Pair]) -> str:
    if paths[0].is_dir():
        return " and ".join(path.resolve().name for path in paths)
    first = pairs[0]
    return f"{first.original.name} and {first.made.name if len(pairs) == 1 else f'{len(pairs)} others'}"


def _needed(pairs: list[Pair], fingerprint: int | None) -> set[int]:
    """Elements of all recipes that can be read; the others are reported when it is their turn."""
    from contextlib import suppress

    from haac_evidence._report.compared import scene_of
    from haac_evidence._report.pairs import is_recipe
    from haac_repo import HaacError

    needed: set[int] = set()
    for path in {path for pair in pairs for path in (pair.original, pair.made) if is_recipe(path)}:
        with suppress(HaacError):
            scene = scene_of(path)
            if fingerprint is None or scene.fingerprint in (None, fingerprint):
                needed |= scene.elements()
    return needed


def _compared(pair: Pair, repository: Repository | None, side: int) -> Compared | Failed:
    from haac_evidence._report.compared import compared
    from haac_evidence._report.page import Failed
    from haac_repo import HaacError

    try:
        return compared(pair, repository, side)
    except HaacError as error:
        return Failed(pair.name, str(error))


def _as_json(each: Compared | Failed) -> dict[str, Any]:
    from haac_evidence._report.page import Failed
    from haac_evidence._tables.columns import BOUNDARIES

    if isinstance(each, Failed):
        return {"pair": each.name, "error": each.reason}
    scores = each.scores
    identical = scores.psnr == float("inf")
    return {
        "pair": each.name,
        "original": each.original.name,
        "original_bytes": each.original.bytes,
        "bytes": each.made.bytes,
        "psnr": None if identical else round(scores.psnr, 3),
        "identical": identical,
        "ssim": None if scores.ssim is None else round(scores.ssim, 6),
        "percent_different": {
            str(level): round(value, 4) for level, value in zip(BOUNDARIES, scores.different, strict=True)
        },
        "largest_difference": scores.largest,
        "similar": any(one.recipe is not None and one.recipe.similar for one in (each.original, each.made)),
    }


def _line(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"{row['pair']}: not compared"
    near = "identical" if row["identical"] else f"{row['psnr']:.2f} dB"
    return (
        f"{row['pair']}: {row['bytes']:,} bytes ({row['original']}: {row['original_bytes']:,}), {near},"
        f" {row['percent_different']['25']:.2f} % off by over 25 levels"
    )
