"""A repository or mirror on disk: concurrent readers, one writer."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from haac_repo._element import Element
from haac_repo._errors import (
    ElementMissingError,
    ElementNotFoundError,
    ElementWithdrawnError,
    IntegrityError,
    RepositoryError,
)
from haac_repo._files import TEMPORARY, StrPath, now, storage_errors, sync_folder
from haac_repo._ids import format_id, parse_id
from haac_repo._limits import LIMITS
from haac_repo._lock import LOCK, writer_lock
from haac_repo._pixels import decode
from haac_repo._search.vocabulary import nearest
from haac_repo._store import catalog
from haac_repo._store.layout import (
    FOLDERS,
    IDENTITY,
    PART,
    Identity,
    is_first_layout,
    make_folders,
    move_published,
    published_folder,
    write_identity,
)
from haac_repo._store.packs import Packs
from haac_repo._store.schema import CATALOG, connect, create_catalog, is_outdated, migrate
from haac_repo._store.stats import Stats, stats
from haac_repo._store.writer import Writer

if TYPE_CHECKING:
    from PIL import Image
    from sqlite_utils import Database

    from haac_repo._store.near import HashIndex

Role = Literal["writer", "mirror"]

_PAGE = 1_000


class Repository:
    """A repository or mirror: elements under their ids. Readers may be many, in threads and processes, also while one writes.

    A context manager; `close()` otherwise. It can be pickled: the copy opens the folder anew.
    """

    path: Path
    id: str
    """32 hex digits, given at creation."""
    role: Role
    """A mirror is written by `sync` only."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path = path
        self._db = db
        self._lock = threading.RLock()  # of _db and _hashes
        self._packs = Packs(path)
        self._hashes: HashIndex | None = None
        meta = catalog.meta(db)
        self.id = meta.repository
        self.role = "mirror" if meta.role == "mirror" else "writer"

    @classmethod
    def create(cls, path: StrPath) -> Repository:
        """Make a new, empty repository in the folder `path`, which must be empty or not there.

        Raises:
            RepositoryError: there is something already, or it cannot be written.
        """
        return create(Path(path), "writer", secrets.token_hex(16))

    @classmethod
    def open(cls, path: StrPath) -> Repository:
        """Open a repository or mirror.

        Raises:
            RepositoryError: there is none at `path`, or it is damaged or of a newer haac.
        """
        path = Path(path)
        with storage_errors(path):
            db = connect_to(path)
            try:
                return cls(path, db)
            except BaseException:
                db.close()
                raise

    @property
    def fingerprint(self) -> int:
        """The first 16 bits of the id; recipes may carry it."""
        return int(self.id[:4], 16)

    def element(self, ref: int | str) -> Element:
        """The element of a number or short id; also one that was withdrawn.

        Raises:
            ElementNotFoundError: that id was never given out.
            HaacError: not an id.
        """
        number = _number(ref)
        with self._reading() as db:
            element = catalog.find(db, number)
            if element is None:
                last = catalog.meta(db).elements
                has = f"its ids run from 1 to {format_id(last)}" if last else "it has no elements yet"
                if number <= last:
                    has = "it was discarded before it was published"
                raise ElementNotFoundError(f"element {format_id(number)} is not in {self.path}: {has}")
        return element

    def data(self, ref: int | str) -> bytes:
        """The encoded bytes of an element, as their SHA-256 promises.

        Raises:
            ElementNotFoundError, ElementWithdrawnError: there is no such element, or not any more.
            ElementMissingError: this mirror does not hold its bytes.
            IntegrityError: what is stored is damaged.
        """
        element = self.element(ref)
        if element.withdrawn is not None:
            raise ElementWithdrawnError(
                f"element {element.id} was withdrawn: {element.withdrawn or 'no reason given'}"
            )
        error: Exception | None = None
        # A pack that is being sealed may be renamed between the look into the catalog and opening it: look again.
        for _ in range(3):
            with self._reading() as db:
                places = catalog.places(db, element.number)
            for place in places:
                if place.state != "absent":
                    try:
                        return self._packs.read(place, element.length, element.sha256)
                    except (FileNotFoundError, IntegrityError) as failure:
                        error = failure
                    except OSError as failure:
                        raise RepositoryError(
                            f"cannot read element {element.id}: {failure.strerror or failure} ({failure.filename})"
                        ) from failure
            if not isinstance(error, FileNotFoundError):
                break
        if error is None:
            raise ElementMissingError(
                f"this mirror knows element {element.id} but does not hold it: `haac sync` fetches everything,"
                " with --for RECIPE what one recipe needs"
            )
        if isinstance(error, IntegrityError):
            raise IntegrityError(f"element {element.id} is damaged: {error}") from error
        raise IntegrityError(f"element {element.id} is lost: its pack {error} is not there") from error

    def image(self, ref: int | str) -> Image.Image:
        """The picture of an element, mode RGBA. Errors as of `data`."""
        element = self.element(ref)
        return decode(self.data(element.number), element.width, element.height)

    def size(self, ref: int | str) -> tuple[int, int]:
        """Width and height of an element in pixels; nothing is decoded. Errors as of `element`."""
        element = self.element(ref)
        return element.width, element.height

    def elements(
        self, *, withdrawn: bool = False, first: int = 1, last: int = LIMITS.id_max, tag: str = ""
    ) -> Iterator[Element]:
        """Iterate over elements by id.

        Args:
            withdrawn: Withdrawn ones too.
            first: The lowest number.
            last: The highest number.
            tag: Only those that have it; '': all.
        """
        after = first - 1
        while True:
            with self._reading() as db:
                some = catalog.page(db, after, _PAGE, withdrawn, last, tag)
            yield from some
            if len(some) < _PAGE:
                return
            after = some[-1].number

    def held(self) -> list[tuple[int, str]]:
        """Numbers and pixel hashes of the live elements whose bytes are held, in order."""
        with self._reading() as db:
            return catalog.held(db)

    def search(
        self,
        words: str = "",
        *,
        colour: int | None = None,
        limit: int = 50,
        doubtful: bool = False,
        exact: bool = False,
    ) -> list[Element]:
        """Search live elements by words in their names or tags, and by colour.

        Args:
            words: Separated by spaces; the beginning of a word is enough, or another form of it (English: 'cats' finds 'cat').
            colour: 0xRRGGBB: nearest in colour first, instead of best match first.
            limit: So many at most.
            doubtful: Only cut-outs about which there are doubts; without words and colour the worst first.
            exact: Words as they are written only.
        """
        if colour is None:
            with self._reading() as db:
                return catalog.search(db, words, limit, doubtful=doubtful, exact=exact)
        from haac_repo._store.near import nearest_colours  # loads numpy

        with self._reading() as db:
            coloured = catalog.colours(db, words, doubtful=doubtful, exact=exact)
            found = [catalog.find(db, number) for number in nearest_colours(colour, coloured, limit)]
        return [element for element in found if element is not None]

    def did_you_mean(self, words: str) -> str:
        """The words with the nearest spelling that elements have for each that none has; '' if there is nothing to correct, or to offer."""
        with self._reading() as db:
            return nearest(db, words)

    def by_pixels(self, pixels_sha256: str) -> Element | None:
        """The live element with these pixels (see `pixel_hash`)."""
        with self._reading() as db:
            return catalog.by_pixels(db, pixels_sha256)

    def recuts(self, number: int) -> list[Element]:
        """The live elements that were cut out anew of an element's photograph, to do better (see `Element.derived_from`)."""
        with self._reading() as db:
            return catalog.recuts(db, number)

    def is_published(self, number: int) -> bool:
        """Whether mirrors may have an element, because it was published. Of a mirror: always."""
        if self.role == "mirror":
            return True
        with self._reading() as db:
            return number <= catalog.published(db)[1]

    def near(self, phash: int, distance: int) -> list[Element]:
        """Live elements whose perceptual hash differs in at most `distance` bits, nearest first."""
        from haac_repo._store.near import HashIndex  # loads numpy

        with self._reading() as db:
            if self._hashes is None:
                self._hashes = HashIndex()
            self._hashes.load(db)
            found = [catalog.find(db, number) for number in self._hashes.near(phash, distance)]
        return [element for element in found if element is not None and element.withdrawn is None]

    def source_done(self, sha256: str, settings: str) -> bool:
        """Whether the source picture with that SHA-256 was ingested with these settings."""
        with self._reading() as db:
            return catalog.source_done(db, sha256, settings)

    def stats(self) -> Stats:
        """Statistics of the elements. Reads the whole catalog."""
        with self._reading() as db:
            return stats(db)

    def __len__(self) -> int:
        """Number of live elements."""
        with self._reading() as db:
            return catalog.meta(db).standing

    def __bool__(self) -> bool:
        """True, also when it is empty."""
        return True

    @contextlib.contextmanager
    def writer(self, *, wait: float = 10.0) -> Iterator[Writer]:
        """Lock the repository and write to it while the block runs.

        Args:
            wait: Seconds to wait for another writer to finish.

        Raises:
            RepositoryBusyError: it did not.
            RepositoryError: this is a mirror, or cannot be written to.
        """
        if self.role == "mirror":
            raise RepositoryError(f"{self.path} is a mirror: only `haac sync` writes to it")
        with writer_lock(self.path, wait):
            with storage_errors(self.path):
                db = connect(self.path / CATALOG)
                try:
                    writer = Writer(self.path, db, self._packs)
                except BaseException:
                    db.close()
                    raise
            try:
                yield writer
                writer.flush()
            finally:
                writer.close()

    def close(self) -> None:
        """Close the catalog."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Repository:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Repository.open, (self.path.absolute(),)

    def __repr__(self) -> str:
        return f"<Repository {self.id[:8]} ({self.role}) at {self.path}>"

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Database]:
        with self._lock, storage_errors(self.path):
            yield self._db


def create(path: Path, role: Role, identity: str) -> Repository:
    """Make an empty repository or mirror with the id `identity` (32 hex digits). See `Repository.create`."""
    with storage_errors(path):
        prepare(path)
        write_identity(path, Identity(identity, role))
        temporary = path / f"{CATALOG}.{secrets.token_hex(4)}{TEMPORARY}"
        create_catalog(temporary, identity, role, now()).close()
        # The catalog comes last: with it, it is a repository.
        temporary.replace(path / CATALOG)
        sync_folder(path)
    return Repository.open(path)


def prepare(path: Path) -> None:
    """Make the folders of a repository that is to be created.

    Raises:
        RepositoryError: there is something in `path` already.
    """
    path.mkdir(parents=True, exist_ok=True)
    # What a creation or a first sync leaves that was cut short does not count.
    others = [
        p.name for p in path.iterdir() if p.name not in (*FOLDERS, LOCK, IDENTITY) and TEMPORARY not in p.name
    ]
    if CATALOG in others:
        raise RepositoryError(f"there is a repository in {path} already")
    files = [file for name in FOLDERS for file in (path / name).glob("*") if file.is_file()]
    if others or any(file.suffix != PART for file in files):
        raise RepositoryError(f"the folder {path} is not empty: choose a new one for the repository")
    make_folders(path)


def require_catalog(path: Path) -> None:
    """Check, before SQLite is asked, that the folder `path` has a catalog.

    Raises:
        RepositoryError: it has none, or an empty one.
    """
    file = path / CATALOG
    if not file.is_file():
        if published_folder(path).is_dir() or is_first_layout(path):
            raise RepositoryError(
                f"{path} has packs but no {CATALOG}: `haac verify --repair` makes it again out of what was published"
            )
        raise RepositoryError.missing(path)
    if not file.stat().st_size and (path / IDENTITY).exists():
        # SQLite would take it for a new database, and delete what its side file still has.
        raise RepositoryError(
            f"{file} is empty (a power cut can do that): `haac verify --repair` makes it again out of what was published"
        )


def connect_to(path: Path, *, read_only: bool = False) -> Database:
    """Connect to the catalog in the folder `path`, bringing its schema up to date.

    Args:
        path: The repository.
        read_only: Write nothing, not even what SQLite does when the last connection closes. An old schema is brought up to date all the
            same.

    Raises:
        RepositoryError, sqlite3.Error: it is not there, not ours, too new, or cannot be used.
    """
    require_catalog(path)
    file = path / CATALOG
    try:
        db = connect(file, read_only=read_only)
    except sqlite3.OperationalError as error:
        if not _lacks_side_files(error):
            raise
        wal = Path(f"{file}-wal")
        if wal.exists() and wal.stat().st_size:
            raise RepositoryError(
                f"the last changes to {path} stand in {wal.name}, which can only be read where there is room for 32 KiB and leave to"
                f" write ({error}): make room, or make the folder writable"
            ) from error
        # On a full or read-only medium SQLite cannot make the side files of WAL; with nothing in them it needs none.
        db = connect(file, immutable=True)
    try:
        outdated = is_outdated(db, file)
        if outdated and read_only:
            db.close()
            connect_to(path).close()
            return connect_to(path, read_only=True)
        if outdated:
            with writer_lock(path, 10.0):
                upgrade(path, db)
    except BaseException:
        db.close()
        raise
    return db


_NO_SIDE_FILES = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}


def _lacks_side_files(error: sqlite3.OperationalError) -> bool:
    """Whether it may be that SQLite could not make the files beside the catalog that it wants even for reading."""
    return error.sqlite_errorcode & 0xFF in _NO_SIDE_FILES


def upgrade(path: Path, db: Database) -> None:
    """Bring folder and catalog of an older haac up to date. The caller holds the lock."""
    move_published(path)
    make_folders(path)
    migrate(db)


def _number(ref: int | str) -> int:
    if isinstance(ref, str):
        return parse_id(ref)
    if not 1 <= ref <= LIMITS.id_max:
        raise ElementNotFoundError(f"there is no element {ref}: numbers run from 1 to {LIMITS.id_max}")
    return ref
