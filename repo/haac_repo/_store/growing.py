"""The growing pack: appended to, sealed once it is full; and what moves into it out of packs that were never published."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._limits import LIMITS
from haac_repo._store import catalog, discard
from haac_repo._store.layout import remove_temporary
from haac_repo._store.packs import OpenPack, Packs, file_sha256, short_pack

if TYPE_CHECKING:
    from sqlite_utils import Database


class Growing:
    """The pack that a writer appends to. Files and rows are in step again when one of its methods returns, or a new one is made."""

    def __init__(self, folder: Path, db: Database, packs: Packs) -> None:
        self._folder, self._db, self._packs = folder, db, packs
        self._file: OpenPack | None = None
        self.number = 0
        """Of the pack that is open now."""

    def open(self) -> OpenPack:
        """Its file, at its committed end; a new one if there is none."""
        if self._file is None:
            row = self._row() or catalog.new_pack(self._db)
            self.number = row[0]
            self._file = OpenPack(self._packs.open_path(row[0]), row[1])
        return self._file

    @property
    def is_full(self) -> bool:
        """Whether it is to be sealed."""
        return self._file is not None and self._file.size >= LIMITS.pack_target_bytes

    @property
    def pending(self) -> int:
        """Bytes that were appended and are not safe yet."""
        return 0 if self._file is None else self._file.size - self._file.synced

    def sync(self) -> None:
        """Make safe what was appended; it counts with the transaction that comes next, and says `note_size`."""
        if self._file is not None:
            self._file.sync()

    def note_size(self) -> None:
        """Say in the catalog how long it is. To be called inside `db.atomic()`."""
        if self._file is not None:
            self._db.execute("update pack set size = ? where number = ?", [self._file.size, self.number])

    def seal(self) -> None:
        """Seal it, if it holds anything: hash it, move it to `packs/`. All that was appended is committed."""
        row = self._row()
        if row is None or row[1] == 0:
            return
        number = row[0]
        self.open()  # cuts off what a crash left
        self.close()
        sha256 = file_sha256(self._packs.open_path(number))
        twin = self._db.execute("select number from pack where sha256 = ?", [sha256]).fetchone()
        with self._db.atomic():
            if twin is None:
                # It may have the bytes of one that was replaced.
                self._db.execute("delete from superseded where sha256 = ?", [sha256])
                self._db.execute(
                    "update pack set state = 'sealed', sha256 = ? where number = ?", [sha256, number]
                )
            else:  # the same elements in the same order, after a takedown: one file serves both
                self._db.execute("update element set pack = ? where pack = ?", [twin[0], number])
                self._db.execute("delete from pack where number = ?", [number])
                self._db.execute("update pack set state = 'sealed' where number = ?", [twin[0]])
        self._packs.finish(number, sha256)  # of a twin, too: its own file may be lost

    def reclaim(self) -> None:
        """Take bytes of nobody out of packs that were never published."""
        # First those of which nothing stays: they make room on a full disk.
        self.take(
            sorted(discard.wasted(self._db), key=lambda pack: bool(discard.kept(self._db, pack.number)))
        )

    def take(self, packs: Iterable[discard.Wasted]) -> None:
        """Move what stays of packs that were never published into this one; they go."""
        for old in packs:
            if self.number == old.number:
                self.close()
            if kept := discard.kept(self._db, old.number):
                path = self._packs.path(old.number, old.sha256)
                size, needed = path.stat().st_size if path.exists() else 0, sum(kept[-1])
                if size < needed and old.sha256 is not None:
                    continue  # what is lost of a sealed pack `haac verify` tells
                if size < needed:
                    raise short_pack(path, size, needed)
                self._move(path, old.number, kept)
            discard.drop(self._db, self._packs, old)
            if self.is_full:
                self.seal()

    def _move(self, path: Path, number: int, kept: list[tuple[int, int]]) -> None:
        pack = self.open()
        offsets = {}
        with path.open("rb") as file:
            for offset, length in kept:
                file.seek(offset)
                offsets[offset] = pack.append(file.read(length))
        pack.sync()
        with self._db.atomic():
            discard.move(self._db, number, self.number, offsets, pack.size)

    def finish_what_a_crash_left(self) -> None:
        """Remove temporary files, cut off what was never committed, seal what is full, finish the renaming of sealed packs."""
        remove_temporary(self._folder)
        row = self._row()
        if row is not None and row[1] > 0:
            self.open()
            if self.is_full:
                self.seal()
        for path in self._packs.open_folder.glob("*.pack"):
            if path.stem.isdigit():
                found = self._db.execute(
                    "select sha256 from pack where number = ? and state = 'sealed'", [int(path.stem)]
                ).fetchone()
                if found is not None:
                    self._packs.finish(int(path.stem), found[0])

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _row(self) -> tuple[int, int] | None:
        """Number and committed size of the pack to append to, if there is one."""
        row: tuple[int, int] | None = self._db.execute(
            "select number, size from pack where state = 'open' and discarded = 0"
        ).fetchone()
        return row
