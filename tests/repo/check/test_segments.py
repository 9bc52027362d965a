"""A log segment that is lost or damaged: new mirrors fail. A writer writes it again, byte for byte, or says how it comes back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from haac_repo import Repository, RepositoryError, publish, sync, verify
from haac_repo._files import now
from haac_repo._publish import segments
from haac_repo._store import catalog, repack
from tests.repo.elements import MakeElement

FIRST = "public/log/00000001.jsonl.gz"


@pytest.fixture
def published(repository: Repository, make_element: MakeElement) -> Repository:
    """Two segments over two packs, with tags of all scripts."""
    for seeds in (range(5), range(5, 9)):
        with repository.writer() as writer:
            for seed in seeds:
                writer.add(make_element(seed, name=f'n"{seed}" é \u2028', tags=("ä", "b\\c")))
            writer.tag(1, name=f"renamed {seeds}")
        publish(repository)
    return repository


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-1] if how == "short" else data[:50] + bytes([data[50] ^ 1]) + data[51:])


@pytest.mark.parametrize("how", ["gone", "short", "flipped"])
def test_a_lost_log_segment_is_written_again(published: Repository, how: str) -> None:
    file = published.path / FIRST
    good = file.read_bytes()
    damage(file, how)
    (problem,) = verify(published).problems
    assert "new mirrors fail" in problem.text
    assert "`haac verify --repair` writes it again" in problem.text
    report = verify(published, repair=True)
    assert (report.ok, report.repaired) == (True, [f"wrote {FIRST} again out of the catalog's log"])
    assert file.read_bytes() == good


@pytest.mark.parametrize("how", ["gone", "short"])
def test_publish_writes_a_lost_log_segment_again_though_nothing_is_new(
    published: Repository, how: str
) -> None:
    file = published.path / FIRST
    good = file.read_bytes()
    damage(file, how)
    publish(published)
    assert file.read_bytes() == good
    mirror = published.path.with_name("mirror")
    assert sync(published.path, mirror).elements == 9


def replace_packs(repository: Repository) -> None:
    """Replace all sealed packs by one, as compaction does."""
    with repository.writer() as writer:
        db, packs = writer._db, writer._packs
        rows = db.execute("select number, sha256 from pack where state = 'sealed' order by number").fetchall()
        old = dict(rows)
        data = b"".join(
            packs.sealed_path(old[each.pack]).read_bytes()[each.offset : each.offset + each.length]
            for each in repack.ranges(db, old)
        )
        new = hashlib.sha256(data).hexdigest()
        packs.sealed_path(new).write_bytes(data)
        record = repack.record(list(old.values()), new, len(data), catalog.meta(db).records + 1, now())
        with db.atomic():
            catalog.apply_records(db, [record], repacked=lambda _: True)


def test_a_lost_log_segment_from_before_its_packs_were_replaced_is_written_again(
    published: Repository,
) -> None:
    """Its records say where the elements were then."""
    good = (published.path / FIRST).read_bytes()
    replace_packs(published)
    publish(published)
    (published.path / FIRST).unlink()
    report = verify(published, repair=True)
    assert report.ok, report.problems
    assert (published.path / FIRST).read_bytes() == good
    mirror = published.path.with_name("mirror")
    assert sync(published.path, mirror).elements == 9
    assert verify(mirror).ok


def test_also_after_the_catalog_was_made_again(published: Repository) -> None:
    """The log that a rebuild makes says where elements were first, too."""
    good = (published.path / FIRST).read_bytes()
    replace_packs(published)
    publish(published)
    path = published.path
    published.close()
    for file in path.glob("catalog.sqlite*"):
        file.unlink()
    assert verify(path, repair=True).ok
    (path / FIRST).unlink()
    assert verify(path, repair=True).ok
    assert (path / FIRST).read_bytes() == good


def test_what_cannot_be_written_again_is_said_with_what_to_do(published: Repository) -> None:
    """Here a record of the log has changed; another zlib does the same."""
    mirror = published.path.with_name("mirror")
    sync(published.path, mirror)
    db = published._db
    ((text,),) = db.execute("select record from log where seq = 2").fetchall()
    with db.atomic():
        db.execute("update log set record = ? where seq = 2", [json.dumps(json.loads(text) | {"name": "x"})])
    (published.path / FIRST).unlink()
    path = published.path
    for _ in range(2):
        (problem,) = verify(path, repair=True).problems
        assert "copy the file from a mirror" in problem.text
    assert not (path / FIRST).exists()
    with Repository.open(path) as again, pytest.raises(RepositoryError, match="copy the file from a mirror"):
        publish(again)
    (path / FIRST).write_bytes((mirror / FIRST).read_bytes())
    assert verify(path).ok


def test_a_mirror_says_which_command_brings_a_lost_segment(published: Repository) -> None:
    mirror = published.path.with_name("mirror")
    sync(published.path, mirror)
    damage(mirror / FIRST, "flipped")
    for repair in (False, True):
        (problem,) = verify(mirror, repair=repair).problems
        assert f"`haac sync {published.path} {mirror}` brings it again" in problem.text
    assert not (mirror / FIRST).exists()
    assert (mirror / "lost" / "00000001.jsonl.gz").exists()
    sync(published.path, mirror)
    assert (mirror / FIRST).read_bytes() == (published.path / FIRST).read_bytes()
    assert verify(mirror).ok


def test_only_what_is_missing_is_written(published: Repository) -> None:
    before = (published.path / FIRST).stat().st_mtime_ns
    (published.path / "public/log/00000002.jsonl.gz").unlink()
    with published.writer() as writer:
        assert segments.heal(published.path, writer._db) == [2]
    assert (published.path / FIRST).stat().st_mtime_ns == before
