"""The command about packs, compact; and what publishing says it did about the bytes of withdrawn elements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac_repo._cli.console import Console, command, counted, repo_option

if TYPE_CHECKING:
    from haac_repo._mirror.erase import Erased


@command("compact", "Mirrors")
@repo_option
@click.option("--dry-run", is_flag=True, help="Only say what would be merged.")
def compact(console: Console, repo: Path, dry_run: bool) -> None:
    """Merge small packs, of which publishing often makes many, into few.

    Packs that are less than half full become packs of about 16 MiB, in the order of the elements' ids. A full sync then takes fewer
    requests. Mirrors learn of it with the next publish, which also deletes the packs that were replaced; until then both take room.
    A mirror that has the old packs makes the new ones itself.
    """
    from haac_repo import IntegrityError, Repository, compact
    from haac_repo._cli.elements import format_size

    with Repository.open(repo) as repository:
        done = compact(repository, dry_run=dry_run)
    made = done.merged - (done.before - done.after)
    before = 1 + done.segments + done.before
    after = 1 + done.segments + done.published + done.after  # it takes a log segment to say so
    would = "would become" if dry_run else "became"
    text = (
        f"{repo}: {counted(done.merged, 'small pack')} {would} {made} ({format_size(done.bytes)}): {counted(done.after, 'pack')} instead of"
        f" {done.before}, and a full sync takes {after} requests instead of {before}"
        if done.merged
        else f"{repo}: nothing to do; of {counted(done.before, 'pack')} no two small ones can be merged"
    )
    value = {**asdict(done), "dry_run": dry_run, "requests_before": before, "requests_after": after}
    console.data(value, text)
    if dry_run and done.merged:
        console.note("Dry run: nothing was changed.")
    elif done.published:
        console.note(
            "Mirrors learn of it with the next `haac publish`, which deletes the packs that were replaced."
        )
    if done.damaged:
        raise IntegrityError(
            f"left as they are, since they are damaged: {'; '.join(done.damaged)}. `haac verify --repair` says what is lost"
        )


def erased_lines(done: Erased, repo: Path) -> Iterator[str]:
    """What publishing did about withdrawn elements, in sentences; none if nothing."""
    from haac_repo._cli.elements import format_size

    if done.elements or done.packs:
        packs = (
            f"Rewrote {counted(done.packs, 'pack')}"
            if done.packs
            else "No published pack had to be rewritten"
        )
        yield f"{packs}, without {counted(done.elements, 'withdrawn element')}; {format_size(done.bytes)} freed."
    if done.earlier:
        yield (
            f"{done.earlier} of them had been withdrawn by an earlier publish, with their bytes left in the packs:"
            " use `haac takedown --keep-bytes` if that is what you want."
        )
    for name in done.set_aside:
        yield f"Overwrote bytes of withdrawn elements in {repo / 'lost' / name}."
    if done.elements and (repo / "match" / "index.npz").exists():
        yield "The match index still says what they look like: `haac index` takes them out."
