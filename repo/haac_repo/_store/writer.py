"""The single writer: appends elements to a pack and records to the log; each flush is one durable transaction."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import starmap
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from haac_repo._element import Element, NewElement
from haac_repo._errors import (
    ElementError,
    ElementNotFoundError,
    ElementWithdrawnError,
    HaacError,
    RepositoryError,
)
from haac_repo._files import now, storage_errors
from haac_repo._ids import format_id, parse_id
from haac_repo._limits import LIMITS
from haac_repo._store import catalog, discard, repack
from haac_repo._store.discard import Wasted
from haac_repo._store.growing import Growing
from haac_repo._store.packs import Packs
from haac_repo._store.records import add_record, dump_record, record_element
from haac_repo._text import clean_tags, clean_text

if TYPE_CHECKING:
    from sqlite_utils import Database

    from haac_repo._store.near import HashIndex

_FLUSH_RECORDS = 1_000
_FLUSH_BYTES = 4 * 2**20
_COMMIT_SECONDS = 5.0
"""Work of so many seconds a death may cost."""


class Writer:
    """Adds, tags, withdraws and discards elements. Made by `Repository.writer()`, for one thread.

    Adding writes to the open pack at once, but an element is known to others, and safe, only when the `flush()`
    after it has returned. One comes by itself every 1,000 changes or 4 MiB, with the first change that comes 5 seconds
    after one that is not safe yet, and on leaving the `with` block in peace; when an exception leaves it, what was not
    flushed is dropped. After a flush or write that failed (disk full, say) the writer takes nothing more.
    """

    def __init__(self, folder: Path, db: Database, packs: Packs) -> None:
        self._folder = folder
        self._db = db
        self._packs = packs
        self._growing = Growing(folder, db, packs)
        self._hashes: HashIndex | None = None
        self._failed = False
        try:
            self._growing.finish_what_a_crash_left()
            self._begin()
            self._growing.reclaim()
        except BaseException:
            self._growing.close()
            raise

    def _begin(self) -> None:
        """Go on from what the catalog says."""
        meta = catalog.meta(self._db)
        self._last, self._seq = meta.elements, meta.records
        self._forget()

    def _forget(self) -> None:
        self._since: float | None = None
        # What the next flush will commit.
        self._records: list[dict[str, Any]] = []
        self._sources: list[list[str]] = []
        # The elements that these records touch, as they will be.
        self._touched: dict[int, Element] = {}
        self._pixels: dict[str, int] = {}

    def add(self, new: NewElement) -> tuple[Element, bool]:
        """Store an element under the next id, unless its pixels are stored already.

        Returns:
            The element, and whether it is new: False if a live one has these very pixels.

        Raises:
            HaacError: it is outside the limits.
            RepositoryError: it could not be written.
        """
        self._check()
        new = new.checked()
        known = self.by_pixels(new.pixels_sha256)
        if known is not None:
            return known, False
        if self._last >= LIMITS.id_max:
            raise RepositoryError(
                f"all ids up to {format_id(LIMITS.id_max)} are given out: start a new repository"
            )
        with self._failing():
            pack = self._growing.open()
        sha256 = hashlib.sha256(new.data).hexdigest()
        record = add_record(new, self._last + 1, self._seq + 1, sha256, pack.size, now())
        self._append(record)
        with self._failing():
            pack.append(new.data)
        self._last += 1
        element = record_element(record)
        self._touched[element.number] = element
        self._pixels[element.pixels_sha256] = element.number
        if self._hashes is not None and element.phash is not None:
            self._hashes.add(element.number, element.phash)
        if self._growing.is_full:
            # Where a pack ends follows from what was added, neither from the clock nor from how often a run was cut short.
            self.seal()
        elif len(self._records) >= _FLUSH_RECORDS or self._growing.pending >= _FLUSH_BYTES:
            self.flush()
        self._flush_in_time()
        return element, True

    def done_source(self, sha256: str, settings: str, name: str, numbers: Sequence[int]) -> None:
        """Record, with the next flush, that a source picture was ingested.

        Args:
            sha256: Of the file, hex.
            settings: Whatever of the settings makes other elements out of it, as a string to compare.
            name: Of the file, for people.
            numbers: The elements it gave.
        """
        self._check()
        self._sources.append([sha256, settings, clean_text("name", name), json.dumps(list(numbers)), now()])
        self._flush_in_time()

    def tag(
        self, ref: int | str, *, name: str | None = None, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> Element:
        """Change an element's name (unless None) and tags.

        Raises:
            ElementNotFoundError, ElementWithdrawnError: there is none to change.
            HaacError: outside the limits.
        """
        self._check()
        element = _require_standing(self._known(ref))
        gone = set(clean_tags(remove))
        changed = replace(
            element,
            name=element.name if name is None else clean_text("name", name),
            tags=tuple(tag for tag in clean_tags([*element.tags, *add]) if tag not in gone),
        )
        if changed == element:
            return element
        record: dict[str, Any] = {"op": "tag", "seq": self._seq + 1, "id": element.number, "time": now()}
        if changed.name:
            record["name"] = changed.name
        if changed.tags:
            record["tags"] = list(changed.tags)
        self._append(record)
        self._touched[element.number] = changed
        self._flush_in_time()
        return changed

    def withdraw(self, ref: int | str, reason: str, *, keep_bytes: bool = False) -> Element:
        """Withdraw an element (takedown). Its id is never given out again; durable when this returns.

        Args:
            ref: Of an element that is live, or that was withdrawn with `keep_bytes` and is not to keep them any more.
            reason: Decoders are told.
            keep_bytes: Let its bytes stay in the packs. Otherwise they go with the next `publish`.

        Raises:
            ElementNotFoundError, ElementWithdrawnError: there is none to take down.
        """
        return self.withdraw_all([ref], reason, keep_bytes=keep_bytes)[0]

    def withdraw_all(
        self, refs: Iterable[int | str], reason: str, *, keep_bytes: bool = False
    ) -> list[Element]:
        """Withdraw several elements, each named once: all of them or, where one cannot be, none. Otherwise as `withdraw`."""
        self._check()
        elements = [self._known(ref) for ref in refs]
        for element in elements:
            if keep_bytes or not element.keep_bytes:
                _require_standing(element)
        reason = clean_text("reason", reason)
        self.flush()
        for element in elements:
            record: dict[str, Any] = {"op": "withdraw", "seq": self._seq + 1, "id": element.number}
            record |= {"time": now()} | ({"reason": reason} if reason else {})
            self._append(record | ({"keep_bytes": True} if keep_bytes else {}))
        self.flush()
        return [replace(element, withdrawn=reason, keep_bytes=keep_bytes) for element in elements]

    def discard(self, refs: Iterable[int | str], *, forget_sources: bool = False) -> list[Element]:
        """Delete elements that were never published, as if they had not been: all of them or, where one cannot be, none.

        The next id is then one more than the highest that is left: ids at the end are given out again, those in between
        never. Durable when this returns. Readers that look an element up meanwhile do not find it any more.

        Args:
            refs: Withdrawn ones too.
            forget_sources: Also forget that the pictures that gave them were ingested, so that `ingest` takes those again.

        Returns:
            The elements, as they were, in order.

        Raises:
            ElementNotFoundError: one is not there.
            ElementError: one was published.
        """
        self._check()
        self.flush()
        numbers = sorted({parse_id(ref) if isinstance(ref, str) else ref for ref in refs})
        elements = self.require_unpublished(numbers)
        if not elements:
            return []
        with self._failing():
            with self._db.atomic():
                discard.discard(self._db, numbers, forget_sources=forget_sources)
            self._hashes = None
            self._begin()
            self._growing.reclaim()
        return elements

    def require_unpublished(self, numbers: Iterable[int]) -> list[Element]:
        """The elements of these numbers, all of which `discard` could delete. Errors as there."""
        elements = [self._known(number) for number in numbers]
        with storage_errors(self._folder):
            _, published = catalog.published(self._db)
        public = [element.id for element in elements if element.number <= published]
        if public:
            more = f" and {len(public) - 20} more" if len(public) > 20 else ""
            raise ElementError(
                f"published already: element{'s' * (len(public) > 1)} {', '.join(public[:20])}{more}. Nothing was"
                " discarded: mirrors and recipes may have what was published, and `haac takedown` withdraws it"
            )
        return elements

    @property
    def next_number(self) -> int:
        """The number of the next new element."""
        return self._last + 1

    def by_pixels(self, pixels_sha256: str) -> Element | None:
        """Like `Repository.by_pixels`, with what was not flushed yet."""
        number = self._pixels.get(pixels_sha256)
        if number is not None:
            return self._touched[number]
        with storage_errors(self._folder):
            element = catalog.by_pixels(self._db, pixels_sha256)
        return element and self._touched.get(element.number, element)

    def near(self, phash: int, distance: int) -> list[Element]:
        """Like `Repository.near`, with what was not flushed yet."""
        from haac_repo._store.near import HashIndex  # loads numpy

        with storage_errors(self._folder):
            if self._hashes is None:
                self._hashes = HashIndex()
                self._hashes.load(self._db)
                for number in self._pixels.values():
                    hash_of_new = self._touched[number].phash
                    if hash_of_new is not None:
                        self._hashes.add(number, hash_of_new)
            found = [self._find(number) for number in self._hashes.near(phash, distance)]
        return [element for element in found if element is not None and element.withdrawn is None]

    def flush(self) -> None:
        """Make everything so far durable and visible: fsync the pack, then one transaction.

        Raises:
            RepositoryError: that failed. What earlier flushes stored is safe; the rest is lost.
        """
        self._check()
        if not self._records and not self._sources:
            return
        with self._failing():
            self._growing.sync()
            with self._db.atomic():
                self._growing.note_size()
                catalog.apply_records(self._db, self._records, self._growing.number)
                for source in self._sources:
                    self._db.execute(
                        "insert or replace into source (sha256, settings, name, numbers, time)"
                        " values (?, ?, ?, ?, ?)",
                        source,
                    )
            self._forget()

    def _flush_in_time(self) -> None:
        if self._records or self._sources:
            if self._since is None:
                self._since = monotonic()
            elif monotonic() - self._since >= _COMMIT_SECONDS:
                self.flush()

    def seal(self) -> None:
        """Flush, and seal the open pack, if it holds anything: hash it, move it to `packs/`."""
        self.flush()
        with self._failing():
            self._growing.seal()

    def erase(self) -> int:
        """Take the bytes of withdrawn elements out of packs that were never published, for ever; how many bytes."""
        self.flush()
        with self._failing():
            with self._db.atomic():
                erased = discard.erase(self._db)
            self._growing.reclaim()
        return erased

    def merge(self, packs: Iterable[tuple[int, str]]) -> None:
        """Move what sealed packs (number, SHA-256) that were never published hold to the open one."""
        self.flush()
        with self._failing():
            self._growing.take(starmap(Wasted, packs))

    def replace(self, packs: Sequence[tuple[int, str]]) -> str | None:
        """Replace published packs (number, SHA-256) by one that holds what elements keep; its SHA-256, None if that is nothing.

        No record of an element in them may be unpublished. The old files stay until a head does not list them any more.

        Raises:
            IntegrityError: something that is to be kept is damaged or gone. Nothing was changed.
        """
        self.flush()
        with storage_errors(self._folder):
            new = repack.write(self._db, self._packs, [number for number, _ in packs])
        sha256, size = new or (None, 0)
        record = repack.record([old for _, old in packs], sha256, size, self._seq + 1, now())
        with self._failing():
            with self._db.atomic():
                catalog.apply_records(self._db, [record], repacked=lambda _: True)
            self._begin()
        return sha256

    def close(self) -> None:
        """Close the files. Drops what was not flushed."""
        self._growing.close()
        self._db.close()

    def _append(self, record: dict[str, Any]) -> None:
        size = len(dump_record(record).encode()) + 80  # 80: `pack`
        if size > LIMITS.record_bytes:
            raise HaacError(
                f"name, tags and origin of an element take {size} bytes; at most {LIMITS.record_bytes} are allowed:"
                " shorten them"
            )
        self._records.append(record)
        self._seq += 1

    def _find(self, number: int) -> Element | None:
        return self._touched.get(number) or catalog.find(self._db, number)

    def _known(self, ref: int | str) -> Element:
        number = parse_id(ref) if isinstance(ref, str) else ref
        with storage_errors(self._folder):
            element = self._find(number)
        if element is None:
            raise ElementNotFoundError(f"element {format_id(number)} is not in {self._folder}")
        return element

    def _check(self) -> None:
        if self._failed:
            raise RepositoryError(
                f"an earlier write to {self._folder} failed: nothing more is taken. What was stored before is safe"
            )

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        # A sync that failed must not be tried again: the system may have forgotten what it could not write.
        try:
            with storage_errors(self._folder):
                yield
        except BaseException:
            self._failed = True
            raise


def _require_standing(element: Element) -> Element:
    if element.withdrawn is not None:
        raise ElementWithdrawnError(
            f"element {element.id} was withdrawn: {element.withdrawn or 'no reason given'}"
        )
    return element
