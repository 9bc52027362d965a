"""kill -9, full disks and damage: whatever happens to a sync, the next one ends where a clean one would."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Head, IntegrityError, Repository, RepositoryError
from haac_repo._check.verify import verify
from haac_repo._mirror.wire import segment_path
from haac_repo._store import schema
from tests.repo.mirror.sync.test_repack import take_down

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    # The child touches nothing that another thread may hold.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
JOBS = 3
POINTS = int(os.environ.get("HAAC_KILL_POINTS", "60"))
"""So many kills of syncs in all; 200 take five minutes."""


class Steps:
    """Counts what is done to disk and network, and kills its process -9 at the n-th step."""

    def __init__(self, deadly: int) -> None:
        self.count = 0
        self.deadly = deadly

    def step(self) -> None:
        self.count += 1
        if self.count == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """A step before and one after each call."""
        original = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = original(*args, **kwargs)
            self.step()
            return result

        setattr(owner, name, counted)

    def install(self) -> None:
        """Only ever in a child that ends soon."""
        self.around(os, "fsync")
        self.around(os, "replace")
        for name in ("replace", "unlink", "mkdir"):
            self.around(Path, name)
        connect = sqlite3.connect

        def traced(*args: Any, **kwargs: Any) -> Any:
            connection = connect(*args, **kwargs)
            connection.set_trace_callback(lambda _: self.step())  # each statement, commits among them
            return connection

        schema.sqlite3.connect = traced  # type: ignore[attr-defined]


def in_child(work: Callable[[Steps], None], deadly: int) -> tuple[int, int]:
    """Run `work` in a process that dies at step `deadly`. Returns its exit status (-9 if it did) and its steps."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            steps = Steps(deadly)
            steps.install()
            work(steps)
            os.write(write, str(steps.count).encode())
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        count = int(pipe.read() or b"0")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), count


def syncing(origin: Any, mirror: Path, **options: Any) -> Callable[[Steps], None]:
    def work(steps: Steps) -> None:
        origin.on_chunk = lambda _path, _at: steps.step()
        origin.sync(mirror, jobs=JOBS, **options)

    return work


def sealed(mirror: Path) -> set[str]:
    """Packs that a mirror has in their place."""
    return {f"packs/{path.name}" for path in (mirror / "public" / "packs").glob("*.pack")}


def check_sync_after_kill(
    origin: Any, mirror: Path, clean: Path, disk: Any, *, before: Any = None, **options: Any
) -> None:
    """The catalog is as it was or as it will be; nothing that is here is fetched again; then it is as after a clean sync."""
    after = disk.catalog(clean)
    if (mirror / "catalog.sqlite").exists():
        assert disk.catalog(mirror) in ([after, before] if before else [after, empty(after)])
        disk.readable(mirror)  # nothing that can be read is wrong
        if before:
            # Log and head of the other history have the same names: for a moment they are not those of the catalog.
            assert all("segment" in problem.text for problem in verify(mirror).problems)
        elif (mirror / "public" / "head").exists():
            disk.assert_sound(mirror, complete=False)
    had = sealed(mirror)
    paths = {pack.sha256: f"packs/{pack.sha256}.pack" for pack in origin.head.packs}
    paths |= {info.sha256: segment_path(n) for n, info in enumerate(origin.head.segments, 1)}
    parts = {
        paths[part.stem]: part.stat().st_size
        for part in (mirror / "open").glob("*.part")
        if part.stem in paths
    }
    origin.sync(mirror, jobs=JOBS, **options)
    assert not had & set(origin.fetched())
    if "only" not in options:  # no byte that is here is fetched again
        assert all(start == parts.get(path, 0) for path, start, _ in origin.requests)
    assert disk.tree(mirror) == disk.tree(clean)
    assert disk.catalog(mirror) == after
    disk.assert_sound(mirror, complete="only" not in options)


def empty(after: Any) -> Any:
    """The catalog of the same mirror before it has accepted anything."""
    identity, role, *_ = after[-1][0]
    return [[], [], [], [], [], [(identity, role, 0, 0, 0)]]


def spread(count: int, percent: int) -> list[int]:
    """A share of the points, as different steps out of 1 to `count`, the same each time."""
    points = max(1, POINTS * percent // 100)
    return sorted(random.Random(1).sample(range(1, count + 1), min(points, count)))


def test_kill_9_of_a_first_sync(origin: Any, tmp_path: Path, disk: Any) -> None:
    clean = tmp_path / "clean"
    status, count = in_child(syncing(origin, clean), 0)
    assert status == 0
    alive = 0
    for deadly in spread(count, 35):
        mirror = tmp_path / f"m{deadly}"
        status, _ = in_child(syncing(origin, mirror), deadly)
        alive += status != -signal.SIGKILL
        check_sync_after_kill(origin, mirror, clean, disk)
    assert alive <= 3  # threads share out the work, so it may once need a step less


def test_kill_9_of_an_update(growing: Any, grow: Any, tmp_path: Path, disk: Any) -> None:
    """With takedowns, whose packs are made again; half of the files that are replaced stay till the new head is written."""
    old = dict(growing.files)
    grow(growing, range(50, 62))
    take_down(growing, 2, 3)
    new = dict(growing.files)

    def start(name: str) -> Path:
        growing.files = dict(old)
        growing.sync(tmp_path / name)
        growing.files = dict(new)
        return tmp_path / name

    before = disk.catalog(start("before"))
    clean = start("clean")
    status, count = in_child(syncing(growing, clean), 0)
    assert status == 0
    for deadly in spread(count, 25):
        mirror = start(f"m{deadly}")
        in_child(syncing(growing, mirror), deadly)
        # Whoever syncs from this mirror gets the old state or the new one, whole.
        head = Head.from_bytes((mirror / "public" / "head").read_bytes())
        assert {f"packs/{pack.sha256}.pack" for pack in head.packs} <= sealed(mirror)
        check_sync_after_kill(growing, mirror, clean, disk, before=before)


def test_kill_9_of_starting_over(growing: Any, tmp_path: Path, disk: Any) -> None:
    old = dict(growing.files)
    (records,) = growing.records()
    records[1]["name"], records[2]["name"] = "two", "three"
    growing.forge([records])
    new = dict(growing.files)

    def start(name: str) -> Path:
        growing.files = dict(old)
        growing.sync(tmp_path / name)
        growing.files = dict(new)
        return tmp_path / name

    before = disk.catalog(start("before"))
    clean = start("clean")
    status, count = in_child(syncing(growing, clean, start_over=True), 0)
    assert status == 0
    for deadly in spread(count, 15):
        mirror = start(f"m{deadly}")
        in_child(syncing(growing, mirror, start_over=True), deadly)
        check_sync_after_kill(growing, mirror, clean, disk, before=before, start_over=True)


def test_kill_9_of_a_sync_for_some_elements(origin: Any, tmp_path: Path, disk: Any) -> None:
    clean = tmp_path / "clean"
    options = {"only": [2, 9, 17, 28]}
    status, count = in_child(syncing(origin, clean, **options), 0)
    assert status == 0
    for deadly in spread(count, 15):
        mirror = tmp_path / f"m{deadly}"
        in_child(syncing(origin, mirror, **options), deadly)
        check_sync_after_kill(origin, mirror, clean, disk, **options)


def test_kill_9_of_completing_a_partial_mirror(origin: Any, tmp_path: Path, disk: Any) -> None:
    clean = tmp_path / "clean"
    origin.sync(clean)
    trial = tmp_path / "trial"
    origin.sync(trial, only=[2, 9])
    _, count = in_child(syncing(origin, trial), 0)
    for deadly in spread(count, 10):
        mirror = tmp_path / f"m{deadly}"
        origin.sync(mirror, only=[2, 9])
        in_child(syncing(origin, mirror), deadly)
        assert {2, 9} <= disk.readable(mirror)
        origin.sync(mirror)
        assert disk.tree(mirror) == disk.tree(clean)
        disk.assert_sound(mirror)


def limited(limit: int, work: Callable[[], None]) -> int:
    """Run `work` in a process whose files may not grow beyond `limit` bytes, as on a full disk."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            try:
                work()
                status = 0
            except RepositoryError:
                status = 3
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("limit", [50, 2_000, 4_000, 20_000, 60_000, 120_000, 200_000])
@pytest.mark.parametrize("only", [None, [2, 9, 17]])
def test_disk_full(origin: Any, tmp_path: Path, disk: Any, limit: int, only: Any) -> None:
    """Short writes anywhere: one RepositoryError; with room again, all is well."""
    mirror = tmp_path / "mirror"
    assert limited(limit, lambda: origin.sync(mirror, only=only)) == (0 if limit == 200_000 else 3)
    if (mirror / "catalog.sqlite").exists():
        disk.readable(mirror)
    origin.sync(mirror, only=only)
    disk.assert_sound(mirror, complete=only is None)


# Damage afterwards


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_damaged_pack_is_repaired_by_the_next_sync(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror)
    flip(mirror / "public" / origin.packs[1])
    with Repository.open(mirror) as opened, pytest.raises(IntegrityError, match="verify --repair"):
        b"".join(opened.data(number) for number in range(6, 11))
    verify(mirror, repair=True)
    report = origin.sync(mirror)
    assert origin.fetched() == ["head", origin.packs[1]]
    assert report.packs == 1
    disk.assert_sound(mirror)


def test_a_lost_pack_is_noticed(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror)
    (mirror / "public" / origin.packs[4]).unlink()
    origin.sync(mirror)
    assert origin.fetched() == ["head", origin.packs[4]]
    disk.assert_sound(mirror)


def test_a_damaged_copy(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror, only=[2, 9])
    (copies,) = (mirror / "open").glob("*.pack")
    flip(copies)
    verify(mirror, repair=True)
    origin.sync(mirror, only=[2, 9])
    assert disk.readable(mirror) == {2, 9}
    disk.assert_sound(mirror, complete=False)


@pytest.mark.parametrize("partial", [False, True])
def test_a_lost_catalog(origin: Any, mirror: Path, disk: Any, partial: bool) -> None:
    origin.sync(mirror, only=[2, 9] if partial else None)
    for path in mirror.glob("catalog*"):
        path.unlink()
    with pytest.raises(RepositoryError):
        origin.sync(mirror)
    verify(mirror, repair=True)
    origin.sync(mirror)
    if not partial:
        assert origin.fetched() == ["metadata/1.root.json", "head"]
    disk.assert_sound(mirror)


def test_a_garbled_catalog(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror)
    (mirror / "catalog.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(RepositoryError):
        origin.sync(mirror)
    verify(mirror, repair=True)
    origin.sync(mirror)
    disk.assert_sound(mirror)


def test_leftovers_of_other_versions(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror)
    (mirror / "open" / f"{'a' * 64}.part").write_bytes(b"old")
    (mirror / "open" / "99.pack").write_bytes(b"old")
    (mirror / "public" / "log" / "00000009.jsonl.gz.abcd.tmp").write_bytes(b"old")
    origin.sync(mirror)
    disk.assert_sound(mirror)
    assert not list(mirror.rglob("*.tmp"))


def test_a_part_that_is_too_long(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror, only=[1])
    part = mirror / "open" / Path(origin.packs[0]).with_suffix(".part").name
    part.write_bytes(b"x" * 10**6)
    origin.sync(mirror)
    disk.assert_sound(mirror)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_mirror(origin: Any, mirror: Path) -> None:
    origin.sync(mirror)
    (mirror / "lock").chmod(0o400)
    mirror.chmod(0o500)
    try:
        with pytest.raises(RepositoryError, match="cannot write"):
            origin.sync(mirror)
    finally:
        mirror.chmod(0o700)
