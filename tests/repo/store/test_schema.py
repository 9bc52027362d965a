"""Catalogs of other versions: older ones are migrated, newer ones refused."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from haac_repo import Repository, RepositoryError
from haac_repo._store.schema import MIGRATIONS


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
