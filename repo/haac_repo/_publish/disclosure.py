"""What of the log becomes public: names of sources are cut, and only the last name and tags of each element are told.

The catalog keeps all of it, so that `haac edit` finds photographs again. A log that was published is never changed: what it
told before stays.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from haac_repo._errors import RepositoryError
from haac_repo._files import storage_errors
from haac_repo._store import catalog
from haac_repo._store.layout import IDENTITY, read_identity, write_identity
from haac_repo._store.records import log_records
from haac_repo._store.repository import connect_to
from haac_repo._trust.layout import root_versions

if TYPE_CHECKING:
    from sqlite_utils import Database

    from haac_repo._store.repository import Repository

SourceNames = Literal["full", "base", "none"]
"""What is published of the name of a picture that elements were cut out of: the path or address, its last part, nothing."""
SOURCE_NAMES: tuple[SourceNames, ...] = get_args(SourceNames)
DEFAULT: SourceNames = "base"

_DESCRIBING = ("add", "tag")
"""Records that tell names, tags, sources."""
_TEXTS = ("source", "name", "tags", "licence", "attribution", "model", "software", "doubts", "reason")
_SHORTENED = "\N{HORIZONTAL ELLIPSIS}"  # stands before long names whose beginning was cut off: see haac_pipeline's `label`
_PAGE = 1_000
_address = re.compile(r"([a-z][a-z0-9+.-]*://)([^/?#]*)([^?#;]*)", re.IGNORECASE).match


def shown_source(source: str, names: SourceNames) -> str:
    """What is published of a source's name.

    Of an address never user and password, parameters, query or fragment: they may hold passwords and signatures. Of a name so
    long that its beginning was cut off nothing, since it may be the end of an address.
    """
    if names == "none" or source.startswith(_SHORTENED):
        return ""
    if found := _address(source):
        scheme, authority, path = found.groups()
        source = path.rstrip("/") if names == "base" else scheme + authority.rpartition("@")[2] + path
    return re.split(r"[/\\]", source)[-1] if names == "base" else source


def remembered(path: Path) -> SourceNames:
    """What the repository in the folder `path` publishes of the names of sources.

    Raises:
        RepositoryError: that is not known, and nobody should guess it.
    """
    identity = read_identity(path)
    if identity is None:
        raise RepositoryError(
            f"{path / IDENTITY}, which says what is published of the names of sources, cannot be read:"
            " `haac verify --repair` writes it again; then say what they are to be, by --source-names"
        )
    names = identity.source_names or DEFAULT
    if names not in SOURCE_NAMES:
        raise RepositoryError(
            f"{path / IDENTITY} says {names!r:.40} of the names of sources; known are {', '.join(SOURCE_NAMES)}:"
            " say which by --source-names"
        )
    return names


def remember(path: Path, names: SourceNames) -> None:
    """Keep for the next time what is published of the names of sources."""
    if names not in SOURCE_NAMES:
        raise ValueError(f"not one of {', '.join(SOURCE_NAMES)}: {names!r}")
    identity = read_identity(path)
    if identity is not None and (identity.source_names or DEFAULT) != names:
        write_identity(path, replace(identity, source_names=names))


def disclosed(db: Database, records: list[dict[str, Any]], names: SourceNames) -> list[dict[str, Any]]:
    """Log records as they become public.

    Names and tags are those that the element has now: what they were before it was published is nobody's business. Of an element
    that was withdrawn by then its description is not told at all.

    Args:
        db: The catalog.
        records: None of them published so far.
        names: Of sources.
    """
    numbers = json.dumps(sorted({record["id"] for record in records if record["op"] in _DESCRIBING}))
    now = {
        number: {} if withdrawn is not None else {"name": name, "tags": tags.split(",") if tags else []}
        for number, name, tags, withdrawn in db.execute(
            "select number, name, tags, withdrawn from element where number in (select value from json_each(?))",
            [numbers],
        ).fetchall()
    }
    return [
        _disclosed(record, now[record["id"]], names) if record["op"] in _DESCRIBING else record
        for record in records
    ]


def _disclosed(record: dict[str, Any], now: dict[str, Any], names: SourceNames) -> dict[str, Any]:
    hidden = {"name", "tags"}
    if not now:
        hidden |= {"source", "source_sha256", "licence", "attribution"}
    if names == "none":
        hidden.add("source_sha256")  # who has the photograph could tell it by that
    shown = {key: value for key, value in record.items() if key not in hidden} | now
    if "source" in shown:
        shown["source"] = shown_source(shown["source"], names)
    return {key: value for key, value in shown.items() if value not in ("", [])}


@dataclass(slots=True)
class Disclosure:
    """What the next publishing makes public that was not before."""

    source_names: SourceNames
    """What it tells of the names of sources."""
    signed: bool = False
    """Whether the head is signed."""
    records: int = 0
    """Log records."""
    elements: int = 0
    """New elements, withdrawn ones too."""
    withdrawn: int = 0
    """Takedowns."""
    bytes: int = 0
    """Encoded bytes of the new elements."""
    source_hashes: int = 0
    """Pictures whose SHA-256 is told as the source of elements."""
    texts: dict[str, dict[str, int]] = field(default_factory=dict)
    """By key of the log record: every text, and in how many records it stands."""


def disclosure(repository: Repository, source_names: SourceNames | None = None) -> Disclosure:
    """Find out what would become public; changes nothing.

    Args:
        repository: With the role 'writer'.
        source_names: As for `publish`.

    Raises:
        RepositoryError: it is a mirror, which has nothing to publish of its own.
    """
    path = repository.path
    if repository.role == "mirror":
        raise RepositoryError(f"{path} is a mirror: all that is in it was published by its origin")
    found = Disclosure(source_names or remembered(path))
    found.signed = is_signed(path)
    counts: dict[str, Counter[str]] = {key: Counter() for key in _TEXTS}
    hashes: set[str] = set()
    with storage_errors(path), contextlib.closing(connect_to(path)) as db:
        seq = catalog.published(db)[0]
        while records := log_records(db, seq, _PAGE):
            seq = records[-1]["seq"]
            for record in disclosed(db, records, found.source_names):
                found.records += 1
                found.elements += record["op"] == "add"
                found.withdrawn += record["op"] == "withdraw"
                if record["op"] == "add" and "pack" in record:
                    found.bytes += record["length"]
                hashes.update(filter(None, [record.get("source_sha256")]))
                for key in _TEXTS:
                    value = record.get(key, [])
                    counts[key].update([value] if isinstance(value, str) else value)
    found.source_hashes = len(hashes)
    found.texts = {key: dict(sorted(count.items())) for key, count in counts.items() if count}
    return found


def is_signed(path: Path) -> bool:
    """Whether the repository in the folder `path` has keys, with which its heads are signed."""
    return bool(root_versions(path))
