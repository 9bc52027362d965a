"""Uploading a published tree: packs first, the head last, then what it lists no more is deleted.

Whoever reads meanwhile finds the state before or after. A run that was cut short left files that no head lists; the next one
finds them and sends the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from haac_repo._errors import HistoryError, IntegrityError, RepositoryError
from haac_repo._files import StrPath, storage_errors
from haac_repo._limits import LIMITS
from haac_repo._mirror.wire import HEAD_PATH, Head, pack_path, segment_path
from haac_repo._store.layout import published_folder
from haac_repo._store.packs import file_sha256
from haac_repo._upload.destination import ChangedError, Destination

TIMESTAMP = "metadata/timestamp.json"
"""Of a signed repository: says which head is the newest, and is replaced with it."""
_AT_ONCE = 64 * 2**20
"""Larger files are not read into memory, and go in parts."""
_SMALL = 2**20  # bytes, of a file of metadata
_is_pack = re.compile(r"packs/[0-9a-f]{64}\.pack").fullmatch
_is_signature = re.compile(r"metadata/[0-9]+\.[a-z]+\.json|targets/[0-9a-f]{64}\.head").fullmatch


@dataclass(slots=True)
class UploadReport:
    """What an upload did."""

    files: int = 0
    """Files sent."""
    bytes: int = 0
    """Their bytes."""
    deleted: int = 0
    """Packs that the head lists no more, and that were deleted there."""
    guarded: bool = True
    """Whether the destination itself keeps two writers from overwriting each other's head."""


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    length: int
    sha256: str = ""
    """Hex; '' if nobody promised it."""
    always: bool = False
    """What stands under this name there may be another file of the same size."""


def upload(
    repository: StrPath,
    destination: Destination,
    *,
    jobs: int = 4,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> UploadReport:
    """Bring a destination to what a repository or mirror publishes.

    Args:
        repository: Its folder.
        destination: Where to.
        jobs: Files at a time.
        progress: Called with bytes sent, and bytes to be sent.

    Raises:
        RepositoryError: nothing is published yet.
        HistoryError: there is another repository at the destination, or more than this one has published.
        IntegrityError: a published file is damaged, or the head at the destination is.
        TransportError: the destination failed; what was sent is not sent again the next time.
        ChangedError: somebody else published there meanwhile.
    """
    folder = published_folder(Path(repository))
    with storage_errors(Path(repository)):
        head, data, timestamp = _published(folder)
        old = destination.read(HEAD_PATH, LIMITS.head_bytes)
        before = None if old is None else _before(old[0], head)
        old_timestamp = destination.read(TIMESTAMP, _SMALL) if timestamp is not None else None
        is_news = (
            old is None
            or old[0] != data
            or (timestamp is not None and (old_timestamp or b"-")[0] != timestamp)
        )
        there = destination.listing()
        report = UploadReport()
        phases = [_missing(phase, there) for phase in _phases(folder, head, before, is_news)]
        total = sum(file.length for phase in phases for file in phase)
        for phase in phases:
            for length in _send(folder, destination, phase, jobs):
                report.files += 1
                report.bytes += length
                progress(report.bytes, total)
        if report.files:
            _check_all_there(destination, head)
        if _published(folder)[1:] != (data, timestamp):
            raise RepositoryError(f"somebody published in {folder.parent} meanwhile: send it again")
        gone = [path for path in sorted(there) if _is_signature(path) and not (folder / path).exists()]
        for path in gone:
            if ".root." in path:  # before what is signed below the roots that are here
                destination.delete(path)
        if is_news:
            small = min(enumerate(head.segments, 1), key=lambda each: each[1].length, default=None)
            if small is not None:
                path = segment_path(small[0])
                report.guarded = destination.guards(path, (folder / path).read_bytes())
            with _told(before):
                if timestamp is not None and (old_timestamp is None or old_timestamp[0] != timestamp):
                    destination.replace(TIMESTAMP, timestamp, old_timestamp and old_timestamp[1])
                if old is None or old[0] != data:
                    destination.replace(HEAD_PATH, data, old and old[1])
            report.files += 1
            report.bytes += len(data)
        listed = {pack_path(pack.sha256) for pack in head.packs}
        for path in sorted(set(there) - listed):
            if _is_pack(path):
                destination.delete(path)
                report.deleted += 1
        for path in gone:
            if ".root." not in path:
                destination.delete(path)
    return report


def _published(folder: Path) -> tuple[Head, bytes, bytes | None]:
    """The head, its bytes, and those of the signed timestamp, if there is one."""
    try:
        data = (folder / HEAD_PATH).read_bytes()
    except FileNotFoundError as error:
        raise RepositoryError(
            f"{folder.parent} publishes nothing yet: `haac publish` does, and `haac sync` completes a mirror that has only a part"
        ) from error
    stamp = folder / TIMESTAMP
    timestamp = stamp.read_bytes() if stamp.is_file() else None
    if (folder / HEAD_PATH).read_bytes() != data:
        raise RepositoryError(f"somebody is publishing in {folder.parent}: try again")
    return Head.from_bytes(data), data, timestamp


def _before(data: bytes, head: Head) -> Head:
    """The head at the destination, checked to be an older one of ours, or this one."""
    try:
        before = Head.from_bytes(data)
    except IntegrityError as error:
        raise IntegrityError(
            f"what is published there is damaged or no repository: {error}. Choose another place, or empty it"
        ) from error
    if before.repository != head.repository:
        raise HistoryError(
            f"another repository is published there ({before.repository[:8]}..., this one is {head.repository[:8]}...): choose another"
            " place, or empty it"
        )
    count = len(before.segments)
    if before.records > head.records or before.segments != head.segments[:count]:
        raise HistoryError(
            f"what is published there has {before.records} log records and is not the beginning of the {head.records} here: a copy of"
            " this repository published there. Only one may; sync a mirror from there to see what it has"
        )
    return before


def _phases(folder: Path, head: Head, before: Head | None, is_news: bool) -> list[list[_File]]:
    """Files in the order in which they must be there: packs, log, targets, metadata."""
    known = 0 if before is None else len(before.segments)
    return [
        [_File(pack_path(pack.sha256), pack.length, pack.sha256) for pack in head.packs],
        [_File(segment_path(n), s.length, s.sha256, n > known) for n, s in enumerate(head.segments, 1)],
        _files(folder, "targets", always=False),
        _files(folder, "metadata", always=is_news),
    ]


def _files(folder: Path, name: str, *, always: bool) -> list[_File]:
    """The files of a signed repository that are in the folder `name`, but for the timestamp."""
    return [
        _File(f"{name}/{path.name}", path.stat().st_size, "", always)
        for path in sorted((folder / name).glob("*"))
        if path.suffix in (".json", ".head") and f"{name}/{path.name}" != TIMESTAMP
    ]


def _missing(files: list[_File], there: dict[str, int]) -> list[_File]:
    return [file for file in files if file.always or there.get(file.path) != file.length]


def _send(folder: Path, destination: Destination, files: list[_File], jobs: int) -> Iterator[int]:
    """Send files, several at a time; the bytes of each that is there."""

    def send(file: _File) -> int:
        path = folder / file.path
        data = path.read_bytes() if file.length <= _AT_ONCE else None
        digest = hashlib.sha256(data).hexdigest() if data is not None else file_sha256(path)
        if path.stat().st_size != file.length or (file.sha256 and digest != file.sha256):
            raise IntegrityError(
                f"{path} is not what the head promises: `haac verify` says more. Or somebody is publishing: try again then"
            )
        destination.put(file.path, path, data)
        return file.length

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(send, file) for file in files]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _check_all_there(destination: Destination, head: Head) -> None:
    there = destination.listing()
    wanted = {pack_path(p.sha256): p.length for p in head.packs}
    wanted |= {segment_path(n): s.length for n, s in enumerate(head.segments, 1)}
    wrong = [path for path, length in wanted.items() if there.get(path) != length]
    if wrong:
        raise ChangedError(
            f"{wrong[0]} is not there as it was sent: somebody else writes there, or the server loses files. The head was not"
            " replaced; try again"
        )


@contextlib.contextmanager
def _told(before: Head | None) -> Iterator[None]:
    try:
        yield
    except ChangedError as error:
        seen = (
            "nothing was published there"
            if before is None
            else f"{before.records} log records were published there"
        )
        raise ChangedError(
            f"{error}: when this began, {seen}. Nothing was overwritten; give the command again, and it compares with what is there now"
        ) from error
