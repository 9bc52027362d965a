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
@click.option(
    "--root",
    metavar="FILE|SHA256",
    shell_complete=completion.files,
    help="Root that a new mirror trusts: the fingerprint that the publisher's `haac keys show` prints, or its file.",
)
@click.option(
    "--trust-on-first-use", is_flag=True, help="Trust the root that the server shows to a new mirror."
)
@click.option(
    "--start-over",
    is_flag=True,
    help="Forget what the mirror accepted before, and take what is published now; the old catalog is kept in lost/.",
)
@watch_option
def sync(
    console: Console,
    url: str,
    mirror: Path,
    recipes: tuple[str, ...],
    jobs: int,
    root: str | None,
    trust_on_first_use: bool,
    start_over: bool,
) -> None:
    """Fetch a published repository into a mirror.

    Makes the folder MIRROR from the repository published at URL (which may also be a folder), or brings it up to date.
    Everything is checked by its hash; what was interrupted goes on where it stopped; what is here already is not
    fetched again. Decoding with --repo MIRROR needs no network.

    A new mirror of a signed repository must be told whose signatures to trust, once: with --root, or with --trust-on-first-use. From
    then on it takes nothing that is not signed below that root, or that is older than what it has.
    """
    from contextlib import ExitStack
    from dataclasses import asdict

    from haac_repo import Pin, format_id, sync

    if root is not None and trust_on_first_use:
        raise click.UsageError("give --root or --trust-on-first-use, not both")
    pin = Pin.parse(root) if root is not None else Pin() if trust_on_first_use else None
    needed = _needed(recipes, url) if recipes else None
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

        report = sync(
            url,
            mirror,
            only=needed,
            jobs=jobs,
            progress=progress,
            pin=pin,
            start_over=start_over,
        )
    got = []
    if report.new_records:
        got.append(f"{report.new_records} new log records")
    if report.packs:
        got.append(f"{report.packs} packs")
    if report.made:
        got.append(f"{report.made} packs made again without what was withdrawn")
    if report.copies:
        got.append(f"{report.copies} single elements")
    what = ", ".join(got) or "nothing new"
    rest = (
        f"; {report.missing_packs} packs are not here (`haac sync` without --for fetches them)"
        if report.missing_packs
        else ""
    )
    if report.withdrawn:
        ids = ", ".join(format_id(number) for number in report.withdrawn[:10])
        console.warn(f"withdrawn, and not to be had any more: {ids}")
    if report.kept:
        console.warn(
            f"{report.rebound} ids mean other elements than before; {report.kept} has the old catalog"
        )
    console.data(
        asdict(report),
        f"{mirror}: {what}, {report.received:,} bytes in {report.requests} requests;"
        f" {report.elements} elements known{rest}",
    )
    for note in report.notes:
        console.note(f"Note: {note}")


def _needed(recipes: tuple[str, ...], url: str) -> Callable[[str], set[int]]:
    """The elements of recipes, asked for once it is known which repository is published at `url`; see `haac_repo.sync`."""
    scenes = {recipe: read_scene(recipe) for recipe in recipes}

    def needed(repository: str) -> set[int]:
        from haac._files import fits
        from haac_repo import RecipeError

        for recipe, scene in scenes.items():
            if not fits(scene, found := int(repository[:4], 16)):
                raise RecipeError(
                    f"{recipe[:200]} was made for a repository with the fingerprint {scene.fingerprint:04x}, the one at {url} has"
                    f" {found:04x}: nothing was fetched. Sync from the right one"
                )
        return set().union(*(scene.elements() for scene in scenes.values()))

    return needed
