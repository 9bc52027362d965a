"""The command `haac index`; what ingest and doctor ask of the match index."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac_pipeline._cli.similar import update_similar
from haac_pipeline._cli.workers import refuse_workers, workers_options
from haac_repo._internal import Console, command, repo_option

if TYPE_CHECKING:
    from haac_match import Updated
    from haac_pipeline._engine.workers import Workers
    from haac_repo import Repository
    from haac_repo._internal import Check


@command("index", "Elements")
@repo_option
@click.option("--rebuild", is_flag=True, help="Describe all elements again.")
@click.option(
    "--similar",
    is_flag=True,
    help="Embed elements instead, for `haac suggest` and `haac search --like`. The network that does it is fetched the first time.",
)
@workers_options(600, what="batch of 16 elements", alone="With one process, or one batch, there is no limit.")
def index(console: Console, repo: Path, rebuild: bool, similar: bool, workers: Workers) -> None:
    """Describe elements for compressing: bring the match index up to date.

    `haac ingest` does it too, and `haac compress` where it was not done. The index stays on this machine: it is neither
    published nor synced, and a mirror makes its own. So does the similar index, which --similar makes: it embeds photographs
    that are still where `haac ingest` read them, else the cut-outs.
    """
    from haac_repo import Repository

    if similar:
        refuse_workers("does not go with --similar: one process embeds.")
        with Repository.open(repo) as repository:
            _tell(console, update_similar(console, repository, rebuild=rebuild), "embedded")
        return
    from haac_pipeline._parallel import one_core

    one_core(say=console.note)
    with Repository.open(repo) as repository:
        _tell(console, _update(console, repository, rebuild, workers), "described")


def _tell(console: Console, done: Updated, verb: str) -> None:
    each = (done.bytes - done.fixed) / max(1, done.elements)
    beside = f" and {done.fixed:,} for all of them" if done.fixed else ""
    console.data(
        {
            "elements": done.elements,
            "described": done.described,
            "unreadable": len(done.unread),
            "bytes": done.bytes,
            "fixed_bytes": done.fixed,
            "bytes_per_element": round(each, 1),
            "seconds": round(done.seconds, 2),
        },
        f"{done.described:,} elements {verb} in {done.seconds:.1f} s; the index has {done.elements:,} elements in"
        f" {done.bytes:,} bytes, {each:,.0f} each{beside}",
    )


def keep_up(console: Console, repository: Repository, workers: Workers) -> None:
    """Bring the index up to date, as another command needs it; where matching is not installed, say so and go on."""
    from haac_repo import HaacError, MissingExtraError

    try:
        from haac_pipeline._parallel import one_core

        one_core(say=console.note)
        from haac_match import survey_index

        if survey_index(repository).missing:
            _update(console, repository, False, workers)
    except MissingExtraError as error:
        console.note(f"No match index was made: {error}")
    except HaacError as error:  # the other command can do without
        console.warn(f"the match index could not be brought up to date: {error}")


def check_index(path: Path) -> Iterator[Check]:
    """Whether compressing finds its index made, for `haac doctor`."""
    from haac_pipeline._extra import MATCHING, missing
    from haac_repo import HaacError, Repository
    from haac_repo._internal import Check

    if names := missing(*MATCHING):
        advice = "not installed; finding elements in pictures needs it: pip install 'haac[ingest]'"
        yield Check("match index", "note", f"{', '.join(names)}: {advice}")
        return
    from haac_match import survey_index

    try:
        with Repository.open(path) as repository:
            found, count = survey_index(repository), len(repository)
    except HaacError:  # said by the check of the repository
        return
    if found.damage:
        yield Check("match index", "note", f"{found.damage}; `haac index` makes it again")
    elif found.missing:
        yield Check(
            "match index", "note", f"{found.missing:,} elements are not in it; `haac index` describes them"
        )
    elif found.there:
        yield Check("match index", "ok", f"up to date, {found.bytes:,} bytes for {count:,} elements")


def _update(console: Console, repository: Repository, rebuild: bool, workers: Workers) -> Updated:
    from haac_match import survey_index, update_index
    from haac_pipeline._describe import describe

    total = len(repository) if rebuild else survey_index(repository).missing
    with console.progress("Describing", total, "elements") as advance:
        run = partial(describe, workers)
        return update_index(repository, rebuild=rebuild, run=run, progress=advance, say=console.note)
