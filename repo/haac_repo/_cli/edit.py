"""The commands that change elements: tag and takedown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._cli import completion
from haac_repo._cli.console import Console, command, repo_option

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
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=completion.ids)
@click.option("--reason", required=True, help="Why; decoders are told.")
def takedown(console: Console, repo: Path, ids: tuple[str, ...], reason: str) -> None:
    """Withdraw elements; their ids are never used again.

    Where one of them is not there, or was withdrawn before, none is.
    """
    from haac_repo import Repository, parse_id
    from haac_repo._cli.elements import element_json, require

    with Repository.open(repo) as repository, repository.writer() as writer:
        standing = require(repository, map(parse_id, ids))
        gone = [writer.withdraw(element.number, reason) for element in standing]
    console.data([element_json(element) for element in gone], [f"Withdrew {element.id}" for element in gone])
    console.note("Mirrors learn of it with the next `haac publish`.")
