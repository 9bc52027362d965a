"""SQLite schema of the catalog, as a list of migrations, and connections to it.

A migration that has been released is never changed; a change of the schema is a new one at the end.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from haac_repo._errors import RepositoryError

if TYPE_CHECKING:
    from sqlite_utils import Database

CATALOG = "catalog.sqlite"
APPLICATION_ID = 0x48414143
"""'HAAC', in the header of the SQLite file."""

# `tags` are joined by commas. `phash` is the unsigned hash, stored as SQLite's signed integer.
# `element.pack` and `offset` are where the log says the bytes are; `copy` is where a mirror has them as well.
_FIRST = """
create table meta (
    row integer primary key check (row = 1),
    repository text not null check (length(repository) = 32),
    role text not null check (role in ('writer', 'mirror')),
    created text not null,
    origin text not null default '',
    elements integer not null default 0,
    standing integer not null default 0,
    records integer not null default 0
);

create table pack (
    number integer primary key,
    state text not null check (state in ('open', 'sealed', 'absent')),
    sha256 text unique check ((sha256 is null) = (state = 'open')),
    size integer not null
);

create table element (
    number integer primary key,
    sha256 text not null,
    length integer not null,
    pack integer not null references pack (number),
    offset integer not null,
    media_type text not null,
    width integer not null,
    height integer not null,
    pixels text not null,
    name text not null default '',
    tags text not null default '',
    colour integer,
    phash integer,
    withdrawn text,
    source text not null default '',
    source_sha256 text not null default '',
    model text not null default '',
    software text not null default '',
    licence text not null default '',
    attribution text not null default '',
    time text not null
);

create index element_pixels on element (pixels);

create index element_pack on element (pack, offset);

create index element_colour on element (colour, withdrawn) where colour is not null;

create index element_phash on element (number, phash) where phash is not null;

create virtual table element_fts using fts5 (
    name, tags, content='element', content_rowid='number', tokenize='unicode61 remove_diacritics 2'
);

create trigger element_fts_insert after insert on element begin
    insert into element_fts (rowid, name, tags) values (new.number, new.name, new.tags);
end;

create trigger element_fts_update after update of name, tags on element begin
    insert into element_fts (element_fts, rowid, name, tags)
        values ('delete', old.number, old.name, old.tags);
    insert into element_fts (rowid, name, tags) values (new.number, new.name, new.tags);
end;

create table copy (
    element integer primary key references element (number),
    pack integer not null references pack (number),
    offset integer not null
);

create table log (
    seq integer primary key,
    op text not null check (op in ('add', 'tag', 'withdraw')),
    element integer not null,
    record text not null
);

create table source (
    sha256 text not null,
    settings text not null,
    name text not null,
    numbers text not null,
    time text not null,
    primary key (sha256, settings)
) without rowid;

create table published (
    number integer primary key,
    sha256 text not null,
    bytes integer not null,
    inflated integer not null,
    last_seq integer not null
);

create table accepted (
    row integer primary key check (row = 1),
    head blob not null,
    etag text not null
)
"""

# `doubts` are joined by commas, as `tags` are.
_CUTOUTS = """
alter table element add column quality integer;

alter table element add column doubts text not null default '';

alter table element add column derived_from integer;

create index element_derived on element (derived_from) where derived_from is not null
"""

# `pack.discarded` is how many bytes of discarded elements a pack still has, that was not published.
_DISCARDS = """
alter table meta add column discards integer not null default 0;

alter table pack add column discarded integer not null default 0
"""

# The bytes of a withdrawn element go (`pack` is null then) unless `keep_bytes`. `superseded` are packs that others replaced, whose files
# are still to be deleted. `trust` is what a mirror of a signed repository has verified last: role and its metadata as received.
_ERASURE = """
create table element_4 (
    number integer primary key,
    sha256 text not null,
    length integer not null,
    pack integer references pack (number),
    offset integer not null,
    media_type text not null,
    width integer not null,
    height integer not null,
    pixels text not null,
    name text not null default '',
    tags text not null default '',
    colour integer,
    phash integer,
    withdrawn text,
    keep_bytes integer not null default 0,
    source text not null default '',
    source_sha256 text not null default '',
    model text not null default '',
    software text not null default '',
    licence text not null default '',
    attribution text not null default '',
    time text not null,
    quality integer,
    doubts text not null default '',
    derived_from integer
);

insert into element_4 (number, sha256, length, pack, offset, media_type, width, height, pixels, name, tags, colour, phash,
        withdrawn, source, source_sha256, model, software, licence, attribution, time, quality, doubts, derived_from)
    select number, sha256, length, pack, offset, media_type, width, height, pixels, name, tags, colour, phash,
        withdrawn, source, source_sha256, model, software, licence, attribution, time, quality, doubts, derived_from
    from element;

drop table element;

alter table element_4 rename to element;

create index element_pixels on element (pixels);

create index element_pack on element (pack, offset);

create index element_colour on element (colour, withdrawn) where colour is not null;

create index element_phash on element (number, phash) where phash is not null;

create index element_derived on element (derived_from) where derived_from is not null;

create trigger element_fts_insert after insert on element begin
    insert into element_fts (rowid, name, tags) values (new.number, new.name, new.tags);
end;

create trigger element_fts_update after update of name, tags on element begin
    insert into element_fts (element_fts, rowid, name, tags)
        values ('delete', old.number, old.name, old.tags);
    insert into element_fts (rowid, name, tags) values (new.number, new.name, new.tags);
end;

create table log_4 (
    seq integer primary key,
    op text not null check (op in ('add', 'tag', 'withdraw', 'repack')),
    element integer check ((element is null) = (op = 'repack')),
    record text not null
);

insert into log_4 (seq, op, element, record) select seq, op, element, record from log;

drop table log;

alter table log_4 rename to log;

create table superseded (sha256 text primary key);

create table trust (
    role text primary key,
    version integer not null,
    data blob not null
)
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _CUTOUTS, _DISCARDS, _ERASURE)
"""Statements with a blank line between them; SQLite's user_version counts how many scripts were applied."""


def migrate(db: Database) -> None:
    """Apply the migrations that are pending, each in a transaction of its own."""
    # Tables that others refer to are made anew: https://www.sqlite.org/lang_altertable.html#otheralter
    db.execute("pragma foreign_keys = off")
    try:
        for version in range(_version(db), len(MIGRATIONS)):
            with db.atomic():
                for statement in MIGRATIONS[version].split(";\n\n"):
                    db.execute(statement)
                db.execute(f"pragma user_version = {version + 1}")
    finally:
        db.execute("pragma foreign_keys = on")


def _version(db: Database) -> int:
    version: int = db.execute("pragma user_version").fetchone()[0]
    return version


def database_class() -> type[Database]:
    """sqlite-utils, loaded without NumPy and pandas: it would ask them for names of types only, and they take longer than all else.

    Not where another thread may be importing them just now.
    """
    alone = threading.active_count() == 1
    hidden = [name for name in ("numpy", "pandas") if alone and name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the documented way to say that it cannot be imported
    try:
        from sqlite_utils import Database
    finally:
        for name in hidden:
            del sys.modules[name]
    return Database


@contextlib.contextmanager
def bulk_loading(db: Database) -> Iterator[None]:
    """Load many elements while the block runs, inside a transaction: indexes and full text are made at its end, sorted.

    Row by row they take twice the time for 100,000 elements, and more than that for more: hashes come in no order. Only the index of
    packs stays, by which `repack` finds its elements.
    """
    made = db.execute(
        "select type, name, sql from sqlite_master where tbl_name = 'element' and type in ('index', 'trigger')"
        " and sql is not null and name != 'element_pack' order by type, name"
    ).fetchall()
    for kind, name, _ in made:
        db.execute(f"drop {kind} {name}")
    yield
    # As its command 'rebuild' does, in two thirds of the time.
    db.execute("insert into element_fts (element_fts) values ('delete-all')")
    db.execute("insert into element_fts (rowid, name, tags) select number, name, tags from element")
    for _, _, sql in made:
        db.execute(sql)


def connect(
    path: Path, *, create: bool = False, read_only: bool = False, immutable: bool = False
) -> Database:
    """Connect to the catalog file at `path`; foreign keys are enforced, and commits are synced to disk.

    Args:
        path: The file.
        create: Make it, if it is not there.
        read_only: Change nothing in it, and leave the checkpoint to others when this is the last connection that closes.
        immutable: Read it on a medium where SQLite can create none of its side files.

    Raises:
        sqlite3.Error: as SQLite finds it, e.g. when the file is not there and `create` is not set.
    """
    database = database_class()
    mode = "immutable=1" if immutable else "mode=ro" if read_only else "mode=rwc" if create else "mode=rw"
    # Used from several threads under the lock of its owner.
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{mode}", uri=True, timeout=30, check_same_thread=False
    )
    try:
        db = database(connection, execute_plugins=False)
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")
    except BaseException:
        connection.close()
        raise
    return db


def create_catalog(path: Path, repository: str, role: str, created: str) -> Database:
    """Create a catalog with all tables and its row of `meta`. It is durable once it is closed, or a transaction after this is committed.

    Args:
        path: A file that is not there yet.
        repository: Repository id, 32 hex digits.
        role: 'writer' or 'mirror'.
        created: UTC time, as `now()` gives it.
    """
    db = connect(path, create=True)
    db.execute("pragma synchronous = off")
    db.execute(f"pragma application_id = {APPLICATION_ID}")
    db.enable_wal()
    migrate(db)
    with db.atomic():
        db.execute(
            "insert into meta (row, repository, role, created) values (1, ?, ?, ?)",
            [repository, role, created],
        )
    db.execute("pragma synchronous = full")
    return db


def is_outdated(db: Database, path: Path) -> bool:
    """Whether migrations are pending.

    Raises:
        RepositoryError: the file is no catalog, or a newer haac made it.
    """
    if db.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
        raise RepositoryError(f"{path} is not the catalog of a haac repository")
    version = _version(db)
    if version > len(MIGRATIONS):
        raise RepositoryError(
            f"{path} was written by a newer haac"
            f" (schema {version}; this one knows {len(MIGRATIONS)}): update haac"
        )
    return version < len(MIGRATIONS)
