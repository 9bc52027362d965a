"""Elements as the commands take them and print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from haac_repo._element import Element
from haac_repo._errors import ElementError, ElementNotFoundError, ElementWithdrawnError, HaacError
from haac_repo._ids import format_id, parse_id
from haac_repo._store.repository import Repository
from haac_repo._text import clean_tags

_NAMED = 20
"""So many elements are named in an error."""


def require(repository: Repository, numbers: Iterable[int]) -> list[Element]:
    """The elements of these numbers, each once; all must be there and stand.

    Raises:
        ElementNotFoundError, ElementWithdrawnError: some are unknown, or were withdrawn; the message names them all.
        ElementError: some are unknown, and others were withdrawn.
    """
    elements, unknown, has = _looked_up(repository, numbers)
    gone = [element for element in elements if element.withdrawn is not None]
    reasons = [element.withdrawn or "no reason given" for element in gone]
    told = []
    if unknown:
        told.append(_unknown(repository, unknown, has))
    if len(gone) == 1:
        told.append(f"element {gone[0].id} was withdrawn: {reasons[0]}")
    elif gone:
        with_reasons = [f"{e.id} ({reason})" for e, reason in zip(gone, reasons, strict=True)]
        told.append(f"{named(with_reasons)} were withdrawn")
    if told:
        kind = ElementError if len(told) == 2 else ElementNotFoundError if unknown else ElementWithdrawnError
        raise kind("; ".join(told))
    return elements


@dataclass(frozen=True, slots=True)
class Selection:
    """Elements that ids, ranges of ids and tags name."""

    elements: list[Element]
    """Each once, by number; withdrawn ones too."""
    absent: str
    """Says which ids, ranges and tags have no element; '' if all have."""


def select(repository: Repository, ids: Iterable[str], tags: Iterable[str]) -> Selection:
    """Find the elements of ids (`1y`), ranges of ids (`1y-23`, both ends included) and tags.

    Raises:
        HaacError: not an id, a range or a tag.
    """
    found: dict[int, Element] = {}
    absent: list[str] = []
    has = ""
    told = []
    for text in ids:
        first, last = parse_range(text)
        if first == last:
            some, unknown, said = _looked_up(repository, [first])
            absent += unknown
            has = said or has
        else:
            some = list(repository.elements(withdrawn=True, first=first, last=last))
            if not some:
                absent.append(f"{format_id(first)}-{format_id(last)}")
        found |= {element.number: element for element in some}
    for tag in clean_tags(tags):
        tagged = list(repository.elements(withdrawn=True, tag=tag))
        if not tagged:
            told.append(f"no element has the tag {tag!r}")
        found |= {element.number: element for element in tagged}
    if absent:
        told.insert(0, _unknown(repository, absent, has))
    return Selection([found[number] for number in sorted(found)], "; ".join(told))


def parse_range(text: str) -> tuple[int, int]:
    """The lowest and the highest number of an id, or of a range of ids.

    Raises:
        HaacError: it is neither.
    """
    first, dash, last = text.partition("-")
    low = parse_id(first)
    high = parse_id(last) if dash else low
    if high < low:
        raise HaacError(f"the range {text[:40]!r} ends before it begins: write {last[:20]}-{first[:20]}")
    return low, high


def _looked_up(repository: Repository, numbers: Iterable[int]) -> tuple[list[Element], list[str], str]:
    """Elements, each once; ids that are unknown; and what the repository has instead, if any are."""
    elements: list[Element] = []
    unknown: list[str] = []
    has = ""
    for number in dict.fromkeys(numbers):
        try:
            elements.append(repository.element(number))
        except ElementNotFoundError as error:
            unknown.append(format_id(number))
            has = str(error).rpartition(": ")[2]
    return elements, unknown, has


def _unknown(repository: Repository, unknown: list[str], has: str) -> str:
    return f"{named(unknown)} {'is' if len(unknown) == 1 else 'are'} not in {repository.path}" + (
        f": {has}" if has else ""
    )


def named(ids: list[str]) -> str:
    """Elements as a sentence names them; the first few of many."""
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"element{'s' * (len(ids) > 1)} {', '.join(ids[:_NAMED])}{more}"


def listed(values: Iterable[str]) -> list[str]:
    """The parts between commas of all values: of `--add a,b --add c`, a, b and c."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def element_json(element: Element) -> dict[str, Any]:
    """What --json says of an element."""
    value = {"id": element.id, **asdict(element)}
    value["tags"] = list(element.tags)
    value["doubts"] = list(element.doubts)
    value["derived_from"] = None if element.derived_from is None else format_id(element.derived_from)
    value["colour"] = None if element.colour is None else f"#{element.colour:06x}"
    value["phash"] = None if element.phash is None else f"{element.phash:016x}"
    return value


def element_table(elements: list[Element]) -> Iterator[str]:
    """A line an element: id, size, name, tags."""
    rows = [(e.id, f"{e.width}x{e.height}", e.name, " ".join(f"#{tag}" for tag in e.tags)) for e in elements]
    widths = [max((len(row[n]) for row in rows), default=0) for n in range(3)]
    for row in rows:
        yield "  ".join(
            [row[0].rjust(widths[0]), row[1].rjust(widths[1]), row[2].ljust(min(widths[2], 40)), row[3]]
        ).rstrip()


def element_lines(element: Element) -> Iterator[str]:
    """All that is known about an element."""
    provenance = element.provenance
    rows = [
        ("Id", element.id),
        ("Withdrawn", None if element.withdrawn is None else element.withdrawn or "no reason given"),
        ("Name", element.name),
        ("Tags", ", ".join(element.tags)),
        ("Size", f"{element.width}x{element.height} pixels, {format_size(element.length)}"),
        ("Colour", None if element.colour is None else f"#{element.colour:06x}"),
        ("Quality", "" if element.quality is None else f"{element.quality} of 100"),
        ("Doubts", ", ".join(element.doubts)),
        ("Re-cut of", "" if element.derived_from is None else format_id(element.derived_from)),
        ("Licence", provenance.licence),
        ("By", provenance.attribution),
        ("Source", provenance.source),
        ("Model", provenance.model),
        ("Software", provenance.software),
        ("SHA-256", element.sha256),
        ("Pixels", element.pixels_sha256),
    ]
    return (f"{label:<10} {text}" for label, text in rows if text)


def format_size(count: int) -> str:
    """A number of bytes with its unit: 512 bytes, 1.5 kB."""
    if count < 1000:
        return f"{count} bytes"
    size = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.5 or unit == "TB":
            break
    return f"{size:.3g} {unit}"
