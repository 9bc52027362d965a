"""Shell completion: what the Tab key offers, out of the repository at hand, read without loading or writing anything.

Each function is a `shell_complete` of click: from context, parameter and what was typed to the values that fit. They ask SQLite
themselves, since opening a `Repository` loads numpy and may bring its schema up to date.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._cli.console import DEFAULT_REPO

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

OFFERED = 100
"""So many values at most."""
_READ = 10_000
"""So many elements' tags are looked at."""


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, for arguments that may also be something else (a URL, the text form of a recipe)."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def folders(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, for options that may also be a URL."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


def ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids that begin with what was typed, with the names of the elements; none that was given already."""
    given = ctx.params.get(param.name or "") or ()
    return [item for item in _ids(ctx, incomplete) if item.value not in given]


def listed_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The last of several ids between commas."""
    return _last(incomplete, lambda typed: _ids(ctx, typed))


def tags(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Tags that begin with what was typed."""
    return _tags(ctx, incomplete)


def listed_tags(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The last of several tags between commas."""
    return _last(incomplete, lambda typed: _tags(ctx, typed))


def own_tags(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The last of several tags between commas, out of those that the elements of the argument `ids` have."""
    from haac_repo._errors import HaacError
    from haac_repo._ids import parse_id

    with contextlib.suppress(HaacError):
        # They are in `args` while --remove has no value yet.
        numbers = [parse_id(id_) for id_ in ctx.params.get("ids") or ctx.args]
        return _last(incomplete, lambda typed: _tags(ctx, typed, numbers))
    return []


def _ids(ctx: click.Context, typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from haac_repo._ids import format_id

    parts, bounds = [], []
    for low, high in _numbers(typed):
        parts.append(
            "select * from (select number, name from element where number between ? and ? and withdrawn is null"
            f" order by number limit {OFFERED})"
        )
        bounds += [low, high]
    found = _rows(ctx, " union all ".join(parts) + f" limit {OFFERED}", bounds) if parts else []
    return [CompletionItem(format_id(number), help=name or None) for number, name in found]


def _numbers(typed: str) -> list[tuple[int, int]]:
    """Ranges of the numbers whose ids begin with what was typed: 7, 70 to 7z, 700 to 7zz..."""
    from haac_repo._errors import HaacError
    from haac_repo._ids import parse_id
    from haac_repo._limits import LIMITS

    if not typed:
        return [(1, LIMITS.id_max)]
    try:
        low = high = parse_id(typed)
    except HaacError:
        return []
    ranges = []
    while low <= LIMITS.id_max:
        ranges.append((low, high))
        low, high = low * 32, high * 32 + 31
    return ranges


def _tags(ctx: click.Context, typed: str, numbers: Sequence[int] = ()) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    typed = typed.lower()
    words = typed.replace('"', " ").strip()
    values: list[object] = []
    if numbers:
        where = f"number in ({', '.join('?' * len(numbers))})"
        values += numbers
    elif len(words) > 1:  # by the full-text index, which has many words for one letter
        where = f"number in (select rowid from element_fts where element_fts match ? limit {_READ})"
        values.append(f'tags : "{words}"*')
    else:
        where = "true"
    query = f"select tags from element where withdrawn is null and tags != '' and {where} limit {_READ}"
    known = {tag for (row,) in _rows(ctx, query, values) for tag in row.split(",")}
    return [CompletionItem(tag) for tag in sorted(known) if tag.startswith(typed)][:OFFERED]


def _last(typed: str, complete: Callable[[str], Iterable[CompletionItem]]) -> list[CompletionItem]:
    """What completes the part after the last comma, with the parts before it, and none that is among these."""
    before, comma, last = typed.rpartition(",")
    items = [item for item in complete(last.lstrip()) if item.value not in before.split(",")]
    for item in items:
        item.value = before + comma + item.value
    return items


def _rows(ctx: click.Context, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """What the catalog answers; nothing if there is none that can be read."""
    import sqlite3
    from urllib.parse import quote

    from haac_repo._store.schema import CATALOG

    repo = str(ctx.params.get("repo") or os.environ.get("HAAC_REPO") or DEFAULT_REPO)
    with contextlib.suppress(sqlite3.Error, OSError, ValueError):
        # The shell has not expanded it yet.
        path = Path(os.path.expandvars(repo)).expanduser().absolute() / CATALOG
        log = Path(f"{path}-wal")
        # Unless a writer is at work, SQLite is told that nothing changes: else it would make the files of its log.
        mode = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, timeout=0.5)
        ) as db:
            return db.execute(query, values).fetchall()
    return []
