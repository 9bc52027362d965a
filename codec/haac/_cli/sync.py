"""The command `sync`: keeps a mirror up to date, or fetches what some recipes need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from haac._cli.arguments import read_scene
from haac._cli.watch import watch_option
from haac_repo._internal import Console, command, completion


@command("sync", "Mirrors")
@click.argument("url", shell_complete=completion.files)
@click.argument("mirror", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--for",
    "recipes",
    multiple=True,
    metavar="RECIPE",
    shell_complete=completion.files,
    help="Fetch only the elements that this recipe needs (a file, `-`, or the text form). May be given several times.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 32), default=4, show_default=True, help="Connections at a time."
)
@watch_option
def sync(console: Console, url: str, mirror: Path, recipes: tuple[str, ...], jobs: int) -> None:
    """Fetch a published repository into a mirror.

    Makes the folder MIRROR from the repository published at URL (which may also be a folder), or brings it up to date.
    Everything is checked by its hash; what was interrupted goes on where it stopped; what is here already is not
    fetched again. Decoding with --repo MIRROR needs no network.
    """
    from contextlib import ExitStack
    from dataclasses import asdict

    from haac_repo import sync

    only = set().union(*(read_scene(recipe).elements() for recipe in recipes)) if recipes else None
    with ExitStack() as bars:
        expected = shown = 0
        advance: Callable[[int], None] = lambda _: None  # noqa: E731 (replaced by each bar's)

        def progress(done: int, total: int) -> None:
            nonlocal expected, shown, advance
            if total != expected:  # more became known
                bars.close()
                expected, shown = total, 0
                advance = bars.enter_context(console.progress("Fetching", total, "bytes"))
            advance(done - shown)
            shown = done

        report = sync(url, mirror, only=only, jobs=jobs, progress=progress)
    got = []
    if report.new_records:
        got.append(f"{report.new_records} new log records")
    if report.packs:
        got.append(f"{report.packs} packs")
    if report.copies:
        got.append(f"{report.copies} single elements")
    what = ", ".join(got) or "nothing new"
    rest = (
        f"; {report.missing_packs} packs are not here (`haac sync` without --for fetches them)"
        if report.missing_packs
        else ""
    )
    console.data(
        asdict(report),
        f"{mirror}: {what}, {report.received:,} bytes in {report.requests} requests;"
        f" {report.elements} elements known{rest}",
    )
