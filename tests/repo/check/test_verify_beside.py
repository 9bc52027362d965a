"""verify beside somebody at work: it only reads, sees one moment, and neither it nor the other one fails."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from haac_repo import Repository, publish, verify
from haac_repo._check.snapshot import Snapshot
from haac_repo._lock import writer_lock
from haac_repo._store.schema import CATALOG, connect
from tests.repo.elements import MakeElement

TIMES = 12
"""100 were run by hand."""


@contextlib.contextmanager
def busy(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Somebody at work in another process; asserts that he was so to the end, without an error."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.repo.check.busy", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "at work\n":
            pytest.fail(process.communicate()[1])
        yield process
        died = process.poll() is not None
        out, err = process.communicate("stop\n", timeout=120)
        assert (died, process.returncode, err) == (False, 0, "")
        assert int(out) > 0
    finally:
        process.kill()
        process.wait()


def test_verify_beside_a_busy_writer(repository: Repository) -> None:
    """The writer adds, seals, tags, withdraws, discards and publishes, so that packs come, move and go."""
    with busy("writer", repository.path):
        for _ in range(TIMES):
            report = verify(repository.path)
            assert [str(problem) for problem in report.problems] == []
            with Repository.open(repository.path) as reader:
                reader.search("name")
    with repository.writer():
        pass
    publish(repository)
    report = verify(repository)
    assert (report.problems, report.notes) == ([], [])


def test_verify_a_mirror_while_it_is_synced(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    publish(repository)
    mirror = repository.path.with_name("mirror")
    with busy("writer", repository.path), busy("mirror", mirror, repository.path):
        for _ in range(TIMES):
            report = verify(mirror)
            assert [str(problem) for problem in report.problems] == []


def test_a_pack_whose_maker_ends_while_the_catalog_is_looked_at_is_no_problem(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalog hears of it only at the end, which was after the second look, and before the lock was looked at."""
    (repository.path / "public" / "packs").mkdir(parents=True, exist_ok=True)
    (repository.path / "public" / "packs" / f"{'a' * 64}.pack").write_bytes(b"pack")
    with contextlib.ExitStack() as held:

        def fresh(snapshot: Snapshot) -> contextlib.AbstractContextManager[Snapshot]:
            now = Snapshot(snapshot.path)
            held.close()
            return now

        monkeypatch.setattr("haac_repo._check.files.fresh", fresh)
        held.enter_context(writer_lock(repository.path, 0))
        assert verify(repository.path).problems == []
    assert len(verify(repository.path).problems) == 1


def test_verify_writes_nothing(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    repository.close()
    before = {path: path.read_bytes() for path in repository.path.rglob("*") if path.is_file()}
    for quick in (True, False):
        assert verify(repository.path, quick=quick).ok
    # What SQLite needs beside the catalog in order to read it is empty, or shared memory.
    after = {path: path.read_bytes() for path in repository.path.rglob("*") if path.is_file()}
    added = {path.name: data for path, data in after.items() if path not in before}
    assert set(added) <= {f"{CATALOG}-wal", f"{CATALOG}-shm"}
    assert not added.get(f"{CATALOG}-wal")
    assert {path: after[path] for path in before} == before


def test_what_a_killed_writer_committed_is_seen(repository: Repository) -> None:
    """It stands in the write-ahead log only, whose shared memory is made again."""
    path = repository.path
    repository.close()
    with contextlib.closing(connect(path / CATALOG)) as db:
        with db.atomic():
            db.execute("update meta set standing = 99")
        kept = (path / f"{CATALOG}-wal").read_bytes()
        catalog = (path / CATALOG).read_bytes()
    (path / CATALOG).write_bytes(catalog)
    (path / f"{CATALOG}-wal").write_bytes(kept)
    assert ["counters" in str(problem) for problem in verify(path).problems] == [True]
    assert (path / f"{CATALOG}-wal").read_bytes() == kept


def test_a_snapshot_sees_one_moment(repository: Repository, make_element: MakeElement) -> None:
    with Snapshot(repository.path) as snapshot:
        with repository.writer() as writer:
            writer.add(make_element(1))
        assert snapshot.rows("select count(*) from element") == [(0,)]
        with Snapshot(repository.path) as later:
            assert later.rows("select count(*) from element") == [(1,)]


def test_a_pack_that_goes_while_it_is_looked_at_is_no_problem(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the snapshot and the look at its files, elements are discarded: their pack is replaced by another."""
    with repository.writer() as writer:
        for seed in range(4):
            writer.add(make_element(seed))
        writer.seal()
    enter = Snapshot.__init__

    def then_discard(snapshot: Snapshot, path: Path) -> None:
        enter(snapshot, path)
        monkeypatch.setattr(Snapshot, "__init__", enter)
        with repository.writer() as writer:
            writer.discard([2])
            writer.add(make_element(50))

    monkeypatch.setattr(Snapshot, "__init__", then_discard)
    report = verify(repository.path)
    assert (report.problems, report.notes) == ([], [])
    assert len(repository) == 4


def test_a_pack_number_that_is_used_again_is_no_damage(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    enter = Snapshot.__init__

    def then_start_again(snapshot: Snapshot, path: Path) -> None:
        enter(snapshot, path)
        monkeypatch.setattr(Snapshot, "__init__", enter)
        with repository.writer() as writer:
            writer.discard([1])
        with repository.writer() as writer:
            writer.add(make_element(2, side=12))

    monkeypatch.setattr(Snapshot, "__init__", then_start_again)
    assert [str(problem) for problem in verify(repository.path).problems] == []
    assert (repository.path / "open" / "1.pack").exists()


def test_a_file_that_is_really_gone_is_found_beside_a_busy_writer(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        writer.seal()
    publish(repository)
    (pack,) = (repository.path / "public" / "packs").iterdir()
    pack.unlink()
    with busy("writer", repository.path):
        (problem,) = verify(repository.path).problems
    assert problem.elements == (1,)
    assert "is gone" in str(problem)
