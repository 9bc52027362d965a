"""verify finds every flipped bit; --repair mends what can be mended and deletes nothing it cannot account for."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from haac_repo import Repository, RepositoryBusyError, RepositoryError, publish, verify
from haac_repo._lock import writer_lock
from haac_repo._store import catalog
from haac_repo._store.packs import OpenPack
from haac_repo._store.records import log_records
from haac_repo._store.repository import create
from tests.repo.elements import MakeElement


@pytest.fixture
def stocked(repository: Repository, make_element: MakeElement) -> Repository:
    """Elements 1-6 in a sealed, published pack (2 withdrawn, its bytes kept; 3 renamed); 7-10 in the open one."""
    with repository.writer() as writer:
        for seed in range(6):
            writer.add(make_element(seed, name=f"n{seed}"))
        writer.withdraw(2, "gone", keep_bytes=True)
    publish(repository)
    with repository.writer() as writer:
        writer.tag(3, name="renamed")
        for seed in range(6, 10):
            writer.add(make_element(seed, name=f"n{seed}"))
        writer.done_source("a" * 64, "model", "a.png", [7])
    return repository


def sealed(repository: Repository) -> Path:
    (path,) = (repository.path / "public" / "packs").iterdir()
    return path


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def as_given(path: Path, make_element: MakeElement, numbers: range) -> None:
    with Repository.open(path) as opened:
        for number in numbers:
            if opened.element(number).withdrawn is None:
                assert opened.data(number) == make_element(number - 1).data


def test_all_is_well(stocked: Repository) -> None:
    report = verify(stocked)
    assert (report.problems, report.repaired, report.notes, report.elements) == ([], [], [], 10)
    assert report.bytes == sum(e.length for e in stocked.elements(withdrawn=True))
    assert verify(stocked, quick=True).elements == 0


def test_progress_adds_up(stocked: Repository) -> None:
    counted: list[int] = []
    assert sum(counted) == 0
    report = verify(stocked, progress=counted.append)
    assert sum(counted) == report.bytes


def test_every_flipped_bit_of_a_pack_is_found(stocked: Repository) -> None:
    choose = random.Random(3)
    for path in (sealed(stocked), stocked.path / "open" / "2.pack"):
        bits = path.stat().st_size * 8
        for bit in (0, bits - 1, *choose.sample(range(bits), 40)):
            flip(path, bit)
            report = verify(stocked)
            assert not report.ok
            place = bit // 8
            hit = [
                number
                for number, offset, length, state in stocked._db.execute(
                    "select element.number, offset, length, state from element join pack on pack.number = pack"
                ).fetchall()
                if (state == "sealed") == (path.parent.name == "packs") and offset <= place < offset + length
            ]
            lost = [number for problem in report.problems for number in problem.elements]
            assert lost == [number for number in hit if number != 2]  # 2 was withdrawn: nobody misses it
            assert verify(stocked, quick=True).ok  # a quick look does not read them
            flip(path, bit)
    assert verify(stocked).ok


def test_a_writer_cannot_mend_bytes_but_says_what_is_lost(
    stocked: Repository, make_element: MakeElement
) -> None:
    path = stocked.path
    good = sealed(stocked).read_bytes()
    flip(sealed(stocked), 5)
    report = verify(stocked, repair=True)
    assert [p.elements for p in report.problems] == [(1,)]
    assert "elements: 1" in str(report.problems[0])
    assert "if a mirror has it" in str(report.problems[0])
    (pack,) = (path / "public" / "packs").iterdir()
    pack.write_bytes(good)
    assert verify(path).ok
    as_given(path, make_element, range(1, 11))


def test_a_pack_that_is_gone(stocked: Repository) -> None:
    sealed(stocked).unlink()
    for quick in (True, False):
        report = verify(stocked, quick=quick)
        assert [p.elements for p in report.problems] == [(1, 3, 4, 5, 6)]


def test_a_pack_of_withdrawn_elements_that_is_gone_is_told_once(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        writer.withdraw(1, "gone", keep_bytes=True)
    publish(repository)
    sealed(repository).unlink()
    assert [p.elements for p in verify(repository).problems] == [()]


def test_a_short_open_pack_is_filled_up_so_that_writing_can_go_on(
    stocked: Repository, make_element: MakeElement
) -> None:
    path = stocked.path
    pack = path / "open" / "2.pack"
    pack.write_bytes(pack.read_bytes()[:-1])
    assert [p.elements for p in verify(stocked).problems] == [(10,)]
    with pytest.raises(RepositoryError, match="should have"), stocked.writer():
        pass
    assert [p.elements for p in verify(stocked, repair=True).problems] == [(10,)]
    with Repository.open(path) as again:
        with again.writer() as writer:
            writer.withdraw(10, "its bytes were lost")
            assert writer.add(make_element(9))[0].number == 11
        assert again.data(11) == make_element(9).data
        assert verify(again).ok


def test_what_a_crash_left_is_tidied_up(stocked: Repository) -> None:
    path = stocked.path
    pack = sealed(stocked)
    pack.rename(path / "open" / "1.pack")
    with (path / "open" / "2.pack").open("ab") as file:
        file.write(b"tail")
    for name in ("public/head.0a1b2c3d.tmp", "public/log/00000002.jsonl.gz.00000000.tmp"):
        (path / name).write_bytes(b"half")
    report = verify(stocked)
    assert report.ok
    assert len(report.notes) == 4
    report = verify(stocked, repair=True)
    assert report.ok
    assert len(report.repaired) == 4
    assert not report.notes
    assert pack.exists()
    assert not list(path.rglob("*.tmp"))
    report = verify(path, repair=True)
    assert (report.ok, report.repaired) == (True, [])


def test_files_that_nobody_knows_are_kept(stocked: Repository) -> None:
    path = stocked.path
    (path / "public" / "packs" / f"{'0' * 64}.pack").write_bytes(b"whose?")
    (path / "open" / "77.pack").write_bytes(b"and this?")
    report = verify(stocked)
    # Nobody gets at what is in open/; what stands in public/ is given to whoever asks.
    assert (len(report.problems), len(report.notes)) == (1, 1)
    report = verify(stocked, repair=True)
    assert report.ok
    assert {p.name: p.read_bytes() for p in (path / "lost").iterdir()} == {
        f"{'0' * 64}.pack": b"whose?",
        "77.pack": b"and this?",
    }


def test_the_full_text_index_is_rebuilt(stocked: Repository) -> None:
    with stocked._db.atomic():
        stocked._db.execute("insert into element_fts (element_fts) values ('delete-all')")
    assert [str(p) for p in verify(stocked).problems] == [
        "the full-text index does not fit the elements: `haac verify --repair` rebuilds it"
    ]
    path = stocked.path
    report = verify(stocked, repair=True)
    assert (report.ok, report.repaired) == (True, ["rebuilt the full-text index"])
    with Repository.open(path) as again:
        assert [e.number for e in again.search("renamed")] == [3]


def test_the_full_text_index_of_an_emptied_repository(
    repository: Repository, make_element: MakeElement
) -> None:
    """Once all elements are discarded, it is not byte for byte what it was before there were any."""
    assert verify(repository).ok
    with repository.writer() as writer:
        writer.add(make_element(1, name="red car", tags=("a", "b")))
    with repository.writer() as writer:
        writer.discard([1])
    assert verify(repository).ok


@pytest.mark.parametrize(
    "sql",
    [
        "insert into element_fts (rowid, name, tags) values (3, 'more', '')",
        "insert into element_fts (element_fts, rowid, name, tags) values ('delete', 1, 'n0', '')",
        "update element set number = 40 where number = 10",
        "update element_fts_docsize set sz = x'0909' where id = 4",
        "update element_fts_data set block = x'090909' where id = 1",
        "update element_fts_data set block = x'00' where id > 10",
    ],
)
def test_every_kind_of_difference_of_the_full_text_index_is_found(stocked: Repository, sql: str) -> None:
    with stocked._db.atomic():
        stocked._db.execute(sql)
    assert "full-text" in " ".join(str(problem) for problem in verify(stocked).problems)
    report = verify(stocked, repair=True)
    assert "full-text" not in " ".join(str(problem) for problem in report.problems)
    assert "rebuilt the full-text index" in report.repaired


def test_counters_are_counted_again(stocked: Repository) -> None:
    with stocked._db.atomic():
        stocked._db.execute("update meta set standing = 99, records = 1")
    assert not verify(stocked).ok
    path = stocked.path
    assert verify(stocked, repair=True).ok
    with Repository.open(path) as again:
        assert len(again) == 9


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("delete from log where seq = 3", "11 log records with numbers up to 12"),
        ("delete from element where number = 4", "10 of which add 9 elements"),
        ("update pack set size = 3 where number = 1", "beyond the end of pack 1"),
        ("update element set pack = 9 where number = 1", "in packs that it does not know"),
    ],
)
def test_rows_that_contradict_each_other(stocked: Repository, sql: str, said: str) -> None:
    stocked._db.execute("pragma foreign_keys = off")
    with stocked._db.atomic():
        stocked._db.execute(sql)
    assert any(said in str(problem) for problem in verify(stocked).problems)


def test_a_damaged_log_segment_is_found(stocked: Repository) -> None:
    segment = stocked.path / "public" / "log" / "00000001.jsonl.gz"
    good = segment.read_bytes()
    flip(segment, 200)
    assert ["log segment, is damaged" in str(p) for p in verify(stocked).problems] == [True]
    segment.unlink()
    assert ["log segment, is gone" in str(p) for p in verify(stocked, quick=True).problems] == [True]
    segment.write_bytes(good)
    assert verify(stocked).ok


def test_a_lost_catalog_is_made_again_out_of_what_was_published(
    stocked: Repository, make_element: MakeElement
) -> None:
    path, identity = stocked.path, stocked.id
    publish(stocked)
    stocked.close()
    for file in path.glob("catalog.sqlite*"):
        file.unlink()
    with pytest.raises(RepositoryError, match="verify --repair"):
        Repository.open(path)
    with pytest.raises(RepositoryError, match="verify --repair"):
        verify(path)
    report = verify(path, repair=True)
    assert report.ok
    as_given(path, make_element, range(1, 11))
    with Repository.open(path) as again:
        assert (again.id, again.role, len(again)) == (identity, "writer", 9)
        assert (again.element(2).withdrawn, again.element(3).name) == ("gone", "renamed")
        assert [e.number for e in again.search("n8")] == [9]
        with again.writer() as writer:
            assert writer.add(make_element(50))[0].number == 11
        before = (path / "public" / "log" / "00000001.jsonl.gz").read_bytes()
        assert publish(again).elements == 11
        assert (path / "public" / "log" / "00000001.jsonl.gz").read_bytes() == before
        assert verify(again).ok


def test_what_was_never_published_is_kept_aside_when_the_catalog_is_lost(stocked: Repository) -> None:
    path = stocked.path
    unpublished = (path / "open" / "2.pack").read_bytes()
    stocked.close()
    for file in path.glob("catalog.sqlite*"):
        file.unlink()
    report = verify(path, repair=True)
    assert ["was never published" in str(problem) for problem in report.problems] == [True]
    assert (path / "lost" / "2.pack").read_bytes() == unpublished
    with Repository.open(path) as again:
        assert len(again) == 5


def test_a_damaged_catalog_gives_what_it_still_has(stocked: Repository, make_element: MakeElement) -> None:
    """An index is damaged: all records can still be read, published or not."""
    path = stocked.path
    ((root,),) = stocked._db.execute(
        "select rootpage from sqlite_master where name = 'element_pixels'"
    ).fetchall()
    stocked.close()
    catalog = path / "catalog.sqlite"
    data = bytearray(catalog.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    catalog.write_bytes(data)
    report = verify(path, repair=True)
    assert report.ok, [str(problem) for problem in report.problems]
    assert (path / "lost" / "catalog.sqlite").read_bytes() == data
    as_given(path, make_element, range(1, 11))
    with Repository.open(path) as again:
        assert again.element(3).name == "renamed"
        assert again.source_done("a" * 64, "model")
        with again.writer() as writer:
            assert writer.add(make_element(8)) == (again.element(9), False)


def test_whichever_page_of_the_catalog_is_damaged_all_that_was_published_comes_back(
    stocked: Repository, make_element: MakeElement
) -> None:
    path = stocked.path
    publish(stocked)
    stocked.close()
    catalog = path / "catalog.sqlite"
    good = catalog.read_bytes()
    for start in range(0, len(good), 4096):
        data = bytearray(good)
        data[start : start + 4096] = b"\xa5" * 4096
        catalog.write_bytes(data)
        report = verify(path, repair=True)
        assert report.ok, (start, [str(problem) for problem in report.problems])
        as_given(path, make_element, range(1, 11))


def test_a_mirror_forgets_damaged_bytes_so_that_they_are_fetched_again(
    tmp_path: Path, stocked: Repository
) -> None:
    head_packs = [pack.sha256 for pack in publish(stocked).packs]
    path = tmp_path / "mirror"
    with create(path, "mirror", stocked.id) as mirror, mirror._db.atomic():
        db = mirror._db
        for number, state, sha256, size in stocked._db.execute(
            "select number, state, sha256, size from pack"
        ).fetchall():
            db.execute("insert into pack values (?, ?, ?, ?, 0)", [number, state, sha256, size])
            name = f"public/packs/{sha256}.pack"
            (path / name).write_bytes((stocked.path / name).read_bytes())
        records = log_records(stocked._db, 0, 1000)
        catalog.apply_records(db, records)
        segment = b"stands for all records"
        (path / "public" / "log" / "00000001.jsonl.gz").write_bytes(segment)
        db.execute(
            "insert into published values (1, ?, ?, 1, ?)",
            [hashlib.sha256(segment).hexdigest(), len(segment), len(records)],
        )
        # One element also came by itself.
        db.execute("insert into pack (number, state, size) values (50, 'open', 0)")
        element = stocked.element(7)
        pack = OpenPack(path / "open" / "50.pack", 0)
        pack.append(stocked.data(7))
        pack.sync()
        pack.close()
        db.execute("update pack set size = ? where number = 50", [element.length])
        db.execute("insert into copy values (7, 50, 0)")
    assert verify(path).ok
    flip(path / "open" / "50.pack", 9)
    damaged = next(iter((path / "public" / "packs").iterdir()))
    flip(damaged, 9)
    assert len(verify(path).problems) == 2
    report = verify(path, repair=True)
    assert len(report.repaired) == 2
    lost = tuple(number for number in range(1, 11) if stocked.element(number).withdrawn is None)
    first = tuple(number for number in lost if number <= 6)
    assert {problem.elements for problem in report.problems} == {
        (7,),
        first if damaged.stem == head_packs[0] else lost[len(first) :],
    }
    assert all("`haac sync URL" in problem.text for problem in report.problems)
    assert {p.name for p in (path / "lost").iterdir()} == {"50.pack", damaged.name}
    with Repository.open(path) as mirror:
        assert mirror._db.execute("select count(*) from copy").fetchone() == (0,)
        states = mirror._db.execute("select state from pack where sha256 = ?", [damaged.stem]).fetchone()
        assert states == ("absent",)
        assert verify(mirror).ok


def test_repair_waits_for_the_writer(stocked: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haac_repo._check.verify._WAIT", 0.05)
    with writer_lock(stocked.path, 0), pytest.raises(RepositoryBusyError):
        verify(stocked, repair=True)


def test_verify_goes_on_beside_a_writer(stocked: Repository, make_element: MakeElement) -> None:
    with stocked.writer() as writer:
        writer.add(make_element(20))
        report = verify(stocked)
        assert report.ok
        assert report.notes == [
            f"2.pack has {len(make_element(20).data)} bytes at its end that were never committed"
        ]


def test_there_must_be_a_repository(tmp_path: Path) -> None:
    for repair in (False, True):
        for path in (tmp_path, tmp_path / "nowhere"):
            with pytest.raises(RepositoryError, match="no repository in"):
                verify(path, repair=repair)
    assert [p.name for p in tmp_path.iterdir()] in ([], ["lock"])


def test_a_damaged_head_is_found_and_published_again(stocked: Repository) -> None:
    head = stocked.path / "public" / "head"
    head.write_bytes(head.read_bytes()[:-20])
    assert ["writes it again" in str(problem) for problem in verify(stocked, quick=True).problems] == [True]
    publish(stocked)
    assert verify(stocked).ok
