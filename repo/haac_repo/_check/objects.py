"""Check of the elements' bytes: hash, header, and with `deep` what they decode to, in parallel processes."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from haac_repo._check.files import bad_pack, check_pack
from haac_repo._check.report import BadPack, Finding
from haac_repo._check.snapshot import Row, Snapshot, persistent
from haac_repo._errors import HaacError, IntegrityError
from haac_repo._ids import format_id
from haac_repo._pixels import check_header, decode, pixel_hash
from haac_repo._store.packs import file_sha256

Progress = Callable[[int], None]

_BATCH_BYTES = 4 * 2**20
_BATCH = 256
_FEW_BYTES = 2 * 2**20
"""Starting processes for less takes longer than decoding it here."""

_OBJECTS = (
    "select number, sha256, length, offset, width, height, pixels, withdrawn is null from element where pack = ?1 union all"
    " select number, sha256, length, copy.offset, width, height, pixels, withdrawn is null"
    " from copy join element on number = copy.element where copy.pack = ?1 order by 4"
)


@dataclass(slots=True)
class Tally:
    """What was read, and elements that are not what their records say."""

    elements: int = 0
    bytes: int = 0
    false: dict[int, str] = field(default_factory=dict)
    """Why, by number."""


@dataclass(frozen=True, slots=True)
class _Result:
    """Of a batch of a pack's elements."""

    damaged: list[Row]
    false: dict[int, str]
    elements: int
    bytes: int


def check_objects(snapshot: Snapshot, tally: Tally, *, deep: bool, progress: Progress) -> Iterator[Finding]:
    """Hash every pack and every element, and see whether live ones are what their records say.

    Args:
        snapshot: Of the repository.
        tally: Counts what was read.
        deep: Decode each one; otherwise format and size are read from its header.
        progress: Called with the number of bytes just read.
    """
    packs = snapshot.rows(
        "select number, state, sha256, size from pack where state != 'absent' order by number"
    )
    with _Examiner(deep and sum(row[3] for row in packs) > _FEW_BYTES, deep) as examiner:
        for number, state, sha256, _ in packs:
            yield from _check_pack(snapshot, (number, state, sha256), examiner, tally, progress)
    if tally.false:
        first = min(tally.false)
        advice = (
            "the repository was published wrongly: tell its publisher"
            if snapshot.is_mirror
            else "`haac takedown` withdraws them"
        )
        yield Finding(
            f"not what the records say: {len(tally.false):,} of the elements ({format_id(first)}: {tally.false[first]}): {advice}",
            tuple(sorted(tally.false)),
        )


def _check_pack(
    snapshot: Snapshot, pack: Row, examiner: _Examiner, tally: Tally, progress: Progress
) -> Iterator[Finding]:
    number, state, sha256 = pack
    path = snapshot.packs.path(number, sha256)
    damaged: list[Row] = []
    try:
        for result in examiner.results(path, snapshot.rows(_OBJECTS, number)):
            damaged += result.damaged
            tally.false |= result.false
            tally.elements += result.elements
            tally.bytes += result.bytes
            progress(result.bytes)
        whole = sha256 is None or file_sha256(path) == sha256
    except FileNotFoundError:
        yield from check_pack(snapshot, number)  # lost, or renamed or replaced this moment
        return
    if whole and not damaged:
        return

    wrong = set(damaged)

    def still(view: Snapshot) -> list[Row]:
        """The pack's row, and those of the damaged elements, if they are as they were when the file was read."""
        return [
            *view.rows("select sha256 from pack where number = ?", number),
            *(row for row in view.rows(_OBJECTS, number) if row in wrong),
        ]

    def bad(view: Snapshot, rows: list[Row]) -> Finding | None:
        if rows[:1] != [(sha256,)]:
            return None
        lost = tuple(row[0] for row in rows[1:] if row[-1])
        if whole and not lost:
            return None
        what = "is damaged" if whole else "is not what its name promises"
        return bad_pack(view, BadPack(number, state, path, what), lost)

    if found := persistent(snapshot, still, bad):
        yield found


class _Examiner:
    """Reads and examines batches of elements, here or in processes. A context manager."""

    def __init__(self, parallel: bool, deep: bool) -> None:
        self._deep = deep
        self._jobs = _cores() if parallel else 1
        self._pool: ProcessPoolExecutor | None = None
        if self._jobs > 1:
            # Not forked: the threads of whoever calls hold locks.
            self._pool = ProcessPoolExecutor(self._jobs, multiprocessing.get_context("spawn"))

    def results(self, path: Path, rows: list[Row]) -> Iterator[_Result]:
        """Examine the elements of a pack, in batches; the results in order."""
        pool = self._pool
        if pool is None:
            for batch in _batches(rows):
                yield examine(path, batch, self._deep)
            return
        waiting: deque[Future[_Result]] = deque()
        try:
            for batch in _batches(rows):
                waiting.append(pool.submit(examine, path, batch, self._deep))
                if len(waiting) > 2 * self._jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise HaacError(
                f"a process that decoded elements of {path.name} died: is there too little memory? (A script of your own that calls"
                " `verify` needs its `if __name__ == '__main__':`.)"
            ) from error
        finally:
            for future in waiting:
                future.cancel()

    def __enter__(self) -> _Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _batches(rows: list[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        if batch and (size + row[2] > _BATCH_BYTES or len(batch) == _BATCH):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += row[2]
    if batch:
        yield batch


def examine(path: Path, rows: list[Row], deep: bool) -> _Result:
    """Read elements of the pack file `path`; rows as of `_OBJECTS`.

    Raises:
        FileNotFoundError: it is not there.
    """
    damaged: list[Row] = []
    false: dict[int, str] = {}
    with path.open("rb") as file:
        for row in rows:
            number, sha256, length, offset, width, height, pixels, live = row
            file.seek(offset)
            data = file.read(length)
            if hashlib.sha256(data).hexdigest() != sha256:
                damaged.append(row)
            elif live:
                try:
                    check_header(data, width, height)
                    if deep and pixel_hash(decode(data, width, height)) != pixels:
                        raise IntegrityError("the stored picture has other pixels than its record says")
                except IntegrityError as error:
                    false[number] = str(error)
    return _Result(damaged, false, len(rows), sum(row[2] for row in rows))


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
