"""Search for pages of results: the numbers of all elements that are found, so that a page of them costs little."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haac_repo._search.vocabulary import match_expression
from haac_repo._store import catalog
from haac_repo._store.near import nearest_colours

if TYPE_CHECKING:
    from haac_repo._element import Element
    from haac_repo._store.repository import Repository

MOST = 100_000
"""So many results are numbered; nobody pages further."""


class State(NamedTuple):
    """What changes whenever the catalog does: results of a search hold until then."""

    elements: int
    """Live ones."""
    records: int
    discards: int
    published: int
    """Log records that were published."""


def state_of(repository: Repository) -> State:
    """The state of a catalog, in microseconds."""
    with repository._reading() as db:
        meta = catalog.meta(db)
        return State(meta.standing, meta.records, catalog.discards(db), catalog.published(db)[0])


def found_numbers(
    repository: Repository, words: str = "", *, colour: int | None = None, tag: str = ""
) -> list[int]:
    """Numbers of the live elements that a search finds, as `Repository.search` orders them.

    Args:
        repository: or mirror.
        words: as `Repository.search` takes them.
        colour: 0xRRGGBB: nearest in colour first; elements without a colour are left out.
        tag: only those that have it; '': all.
    """
    with repository._reading() as db:
        only = " and instr(',' || element.tags || ',', ',' || ?2 || ',')" if tag else ""
        match = match_expression(db, words)
        if match:
            query = (
                "select number, colour from element_fts join element on number = element_fts.rowid"
                f" where element_fts match ?1 and withdrawn is null{only} order by rank, number limit {MOST}"
            )
        else:
            query = (
                f"select number, colour from element where withdrawn is null and ?1 = ''{only}"
                f" order by number limit {MOST}"
            )
        rows = db.execute(query, [match, *([tag] if tag else [])]).fetchall()
    if colour is None:
        return [number for number, _ in rows]
    coloured = [(found, number) for number, found in rows if found is not None]
    return nearest_colours(colour, [coloured], len(coloured)) if coloured else []


def elements_of(repository: Repository, numbers: list[int]) -> list[Element]:
    """The live elements of some numbers, in their order; those that were withdrawn meanwhile are left out."""
    with repository._reading() as db:
        found = [catalog.find(db, number) for number in numbers]
    return [element for element in found if element is not None and element.withdrawn is None]


def origin_of(repository: Repository) -> str:
    """Where a mirror was synced from the last time: an address or a folder; '' if it is no mirror."""
    with repository._reading() as db:
        return catalog.meta(db).origin
