"""Catalogs of other versions: older ones are migrated, newer ones refused."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from haac_repo import Repository, RepositoryError, publish, read_head, verify
from haac_repo._store.schema import MIGRATIONS, create_catalog
from tests.repo.elements import MakeElement


def test_a_new_catalog_syncs_to_disk_what_is_committed(tmp_path: Path) -> None:
    with contextlib.closing(create_catalog(tmp_path / "catalog", "ab" * 16, "mirror", "now")) as db:
        assert db.execute("pragma synchronous").fetchone() == (2,)  # full
        assert db.execute("pragma journal_mode").fetchone() == ("wal",)


def test_a_newer_catalog_is_refused(repository: Repository) -> None:
    with repository._db.atomic():
        repository._db.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(RepositoryError, match="newer haac"):
        Repository.open(repository.path)


def test_an_older_catalog_is_migrated(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "haac_repo._store.schema.MIGRATIONS",
        (*MIGRATIONS, "create table added (x);\n\ncreate table more (y)"),
    )
    with Repository.open(repository.path) as opened:
        assert {"added", "more"} <= set(opened._db.table_names())
    with Repository.open(repository.path):
        pass


def test_elements_of_the_first_schema_are_kept(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("haac_repo._store.schema.MIGRATIONS", MIGRATIONS[:1])
        Repository.create(tmp_path / "old").close()
    row = [1, "0" * 64, 5, 1, 0, "image/webp", 3, 4, "1" * 64, "Red car", "car,red", "now"]
    with contextlib.closing(sqlite3.connect(tmp_path / "old" / "catalog.sqlite")) as old, old:
        old.execute("insert into pack (number, state, size) values (1, 'open', 5)")
        old.execute(
            "insert into element (number, sha256, length, pack, offset, media_type, width, height, pixels, name, tags, time)"
            f" values ({', '.join('?' * len(row))})",
            row,
        )
    with Repository.open(tmp_path / "old") as migrated:
        element = migrated.element(1)
        assert (element.name, element.tags, element.width) == ("Red car", ("car", "red"), 3)
        assert (element.quality, element.doubts, element.derived_from) == (None, (), None)
        assert [found.number for found in migrated.search("car")] == [1]
        assert [found.number for found in migrated.search("cars")] == [1]
        assert migrated.did_you_mean("caar") == "car"
        migrated._db.execute("insert into element_fts (element_fts, rank) values ('integrity-check', 1)")
        assert migrated._db.execute("pragma foreign_key_check").fetchall() == []


def first_layout(path: Path, old: Path) -> dict[str, bytes]:
    """Make the repository `old`, as the first haac would have it, of the one in `path`; its published files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("haac_repo._store.schema.MIGRATIONS", MIGRATIONS[:3])
        Repository.create(old).close()
    shutil.rmtree(old / "public")
    with contextlib.closing(sqlite3.connect(old / "catalog.sqlite")) as db, db:
        db.execute("attach ? as new", [str(path / "catalog.sqlite")])
        for table in ("meta", "pack", "element", "log", "published"):
            columns = ", ".join(row[1] for row in db.execute(f"pragma table_info({table})"))
            db.execute(f"insert or replace into {table} ({columns}) select {columns} from new.{table}")
    for name in ("packs", "log"):
        shutil.copytree(path / "public" / name, old / name)
    shutil.copy(path / "public" / "head", old / "head")
    return {file.name: file.read_bytes() for file in (path / "public").rglob("*") if file.is_file()}


@pytest.mark.parametrize("moved", [(), ("packs",), ("packs", "log")])
def test_published_files_of_the_first_layout_move_to_public(
    repository: Repository, make_element: MakeElement, tmp_path: Path, moved: tuple[str, ...]
) -> None:
    """Also when a crash came between."""
    path = tmp_path / "old"
    with repository.writer() as writer:
        for number in range(1, 6):
            writer.add(make_element(number))
    head = publish(repository)
    files = first_layout(repository.path, path)
    for name in moved:
        (path / "public").mkdir(exist_ok=True)
        (path / name).rename(path / "public" / name)
    with Repository.open(path) as opened:
        assert [opened.data(number) for number in range(1, 6)] == [make_element(n).data for n in range(1, 6)]
        assert read_head(path) == head
        assert verify(opened).ok
    assert {file.name: file.read_bytes() for file in (path / "public").rglob("*") if file.is_file()} == files
    assert not any((path / name).exists() for name in ("packs", "log", "head"))
