"""The commands that change elements: tag, takedown, discard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._cli import completion
from haac_repo._cli.console import Console, command, counted, repo_option

if TYPE_CHECKING:
    from haac_repo._element import Element


@command("tag", "Elements")
@repo_option
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=completion.ids)
@click.option(
    "--add",
    multiple=True,
    metavar="TAG,TAG,...",
    shell_complete=completion.listed_tags,
    help="Tags to add.",
)
@click.option(
    "--remove",
    multiple=True,
    metavar="TAG,TAG,...",
    shell_complete=completion.own_tags,
    help="Tags to remove.",
)
@click.option("--name", help="New name; '' removes it.")
def tag(
    console: Console,
    repo: Path,
    ids: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    name: str | None,
) -> None:
    """Change the tags and the name of elements.

    Prints the elements as they are then, and says on standard error what there was nothing to change about.
    """
    from haac_repo import Repository, parse_id
    from haac_repo._cli.elements import element_table, listed, require
    from haac_repo._text import clean_tags

    added, removed = clean_tags(listed(add)), clean_tags(listed(remove))
    if not added and not removed and name is None:
        raise click.UsageError("nothing to change: give --add, --remove or --name")
    if both := set(added) & set(removed):
        raise click.UsageError(f"the tag {min(both)!r} is both to be added and to be removed")
    with Repository.open(repo) as repository, repository.writer() as writer:
        before = require(repository, map(parse_id, ids))
        after = [writer.tag(element.number, name=name, add=added, remove=removed) for element in before]
    rows = []
    for old, new in zip(before, after, strict=True):
        row, said = _change(old, new, added, removed, name)
        rows.append(row)
        for sentence in said:
            console.note(f"Element {new.id} {sentence}.")
    console.data(rows, element_table(after))


def _change(
    old: Element, new: Element, added: tuple[str, ...], removed: tuple[str, ...], name: str | None
) -> tuple[dict[str, Any], list[str]]:
    """What became of an element: as --json says it, and in sentences where something was not as asked."""
    from haac_repo._cli.elements import element_json

    there = [tag for tag in added if tag in old.tags]
    absent = [tag for tag in removed if tag not in old.tags]
    row = element_json(new) | {
        "changed": new != old,
        "added": [tag for tag in added if tag not in old.tags],
        "added_before": there,
        "removed": [tag for tag in removed if tag in old.tags],
        "not_there": absent,
        "name_before": old.name,
    }
    said = [f"has the tag {tag!r} already" for tag in there]
    said += [f"has no tag {tag!r} to remove" for tag in absent]
    if name is not None and old.name == new.name:
        said.append(f"is named {new.name!r} already" if new.name else "has no name to remove")
    elif name is not None and not new.name:
        said.append(f"has no name any more; it was {old.name!r}")
    return row, said


@command("takedown", "Elements")
@repo_option
@click.argument("ids", nargs=-1, metavar="[ID|FIRST-LAST]...", shell_complete=completion.ids)
@click.option(
    "--tag", "tags", multiple=True, shell_complete=completion.tags, help="All elements with this tag."
)
@click.option("--reason", required=True, help="Why; decoders are told.")
@click.option(
    "--keep-bytes",
    is_flag=True,
    help="Only the id is dead: the bytes stay in the packs, and with whoever fetched them.",
)
def takedown(
    console: Console, repo: Path, ids: tuple[str, ...], tags: tuple[str, ...], reason: str, keep_bytes: bool
) -> None:
    """Withdraw elements; their ids are never used again, and the next publish takes their bytes out of the packs.

    Where one of them is not there, none is; those that were withdrawn before stay as they are, but for bytes that were kept and are
    not to be kept any more. What was never published is better discarded (haac discard).
    """
    from haac_repo import ElementNotFoundError, Repository
    from haac_repo._cli.elements import element_json, named, select

    _something(ids, tags)
    with Repository.open(repo) as repository, repository.writer() as writer:
        chosen = select(repository, ids, tags)
        if chosen.absent:
            raise ElementNotFoundError(chosen.absent)
        todo = [e for e in chosen.elements if e.withdrawn is None or (e.keep_bytes and not keep_bytes)]
        before = [element for element in chosen.elements if element not in todo]
        gone = writer.withdraw_all((element.number for element in todo), reason, keep_bytes=keep_bytes)
        never_published = [element.id for element in gone if not repository.is_published(element.number)]
    if before:
        console.note(f"Withdrawn before, and left as it was: {named([element.id for element in before])}.")
    if keep_bytes and (going := [element.id for element in before if not element.keep_bytes]):
        console.note(f"Withdrawn without --keep-bytes, which nothing undoes: {named(going)}.")
    console.data([element_json(element) for element in gone], [f"Withdrew {element.id}" for element in gone])
    if not gone:
        return
    bytes_too = "" if keep_bytes else ", which takes their bytes out of the packs"
    console.note(f"Mirrors learn of it with the next `haac publish`{bytes_too}.")
    if never_published:
        console.note(
            f"Never published: {named(never_published)}; `haac discard` leaves nothing of them, and frees the ids."
        )


@command("discard", "Elements")
@repo_option
@click.argument("ids", nargs=-1, metavar="[ID|FIRST-LAST]...", shell_complete=completion.ids)
@click.option(
    "--tag", "tags", multiple=True, shell_complete=completion.tags, help="All elements with this tag."
)
@click.option(
    "--forget-sources",
    is_flag=True,
    help="Also forget that the pictures they came from were ingested: `haac ingest` takes those again.",
)
@click.option("--dry-run", is_flag=True, help="Only list them.")
def discard(
    console: Console,
    repo: Path,
    ids: tuple[str, ...],
    tags: tuple[str, ...],
    forget_sources: bool,
    dry_run: bool,
) -> None:
    """Delete elements that were never published, as if they had not been.

    Where one of them was published, none is: `haac takedown` withdraws those. Ids that are not there are passed over, so that the
    command can be given again. The next new element gets the id after the highest that is left; other elements keep theirs.
    """
    from haac_repo import Repository, format_id
    from haac_repo._cli.elements import element_json, element_table, select

    _something(ids, tags)
    with Repository.open(repo) as repository, repository.writer() as writer:
        chosen = select(repository, ids, tags)
        numbers = [element.number for element in chosen.elements]
        if dry_run:
            writer.require_unpublished(numbers)
        else:
            writer.discard(numbers, forget_sources=forget_sources)
        following = format_id(writer.next_number)
    if chosen.absent:
        console.note(f"Passed over: {chosen.absent}.")
    facts = {
        "dry_run": dry_run,
        "elements": [element_json(element) for element in chosen.elements],
        "next_id": None if dry_run else following,
    }
    console.data(facts, element_table(chosen.elements))
    what = counted(len(numbers), "element")
    if dry_run:
        console.note(f"Dry run: {what} would be discarded.")
    else:
        console.note(f"Discarded {what}; the next new one gets the id {following}.")


def _something(ids: tuple[str, ...], tags: tuple[str, ...]) -> None:
    if not ids and not tags:
        raise click.UsageError("name elements: ids, ranges of ids such as 1y-23, or --tag")
