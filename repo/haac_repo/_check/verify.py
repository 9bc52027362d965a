"""Integrity check (fsck) of a repository: catalog, packs, published log; with repair of what can be repaired.

The check only reads, in one snapshot of the catalog, so that it goes on beside writers and does not hold them up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from haac_repo._check.erased import check_erased
from haac_repo._check.files import check_files
from haac_repo._check.objects import Tally, check_objects
from haac_repo._check.published import check_held, check_published, held
from haac_repo._check.repair import mend, mend_catalog, tidy_up
from haac_repo._check.report import BadPack, Finding, Problem, VerifyReport
from haac_repo._check.rows import check_rows
from haac_repo._check.snapshot import Snapshot
from haac_repo._errors import RepositoryError
from haac_repo._files import StrPath, storage_errors
from haac_repo._lock import writer_lock
from haac_repo._store.repository import Repository, connect_to

_WAIT = 10.0  # seconds, for another writer


def verify(
    repository: Repository | StrPath,
    *,
    repair: bool = False,
    quick: bool = False,
    deep: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> VerifyReport:
    """Check the integrity of a repository or mirror. It only reads, unless `repair` is set: readers and a writer go on meanwhile.

    Args:
        repository: It, or its folder. With `repair` the catalog may be lost, and a Repository given is closed.
        repair: Be the writer and mend: finish what a crash cut short, rebuild the full-text index and counters,
            write lost log segments again, make a lost catalog again out of the published log, let a mirror fetch damaged packs again.
        quick: Leave out reading and hashing all the packs.
        deep: Decode every element too, on all cores, and compare its pixels with its record.
        progress: Called with the number of bytes just hashed.

    Raises:
        ValueError: both `quick` and `deep`.
        RepositoryError: there is no repository, or the catalog cannot be read at all (without `repair`).
        RepositoryBusyError: `repair` is set and another process is writing.
    """
    if quick and deep:
        raise ValueError("quick reads no elements, and deep decodes them: choose one")
    path = repository.path if isinstance(repository, Repository) else Path(repository)
    if not path.is_dir():
        raise RepositoryError.missing(path)
    report, tally = VerifyReport(), Tally()
    with contextlib.ExitStack() as stack:
        stack.enter_context(storage_errors(path))
        if repair:
            if isinstance(repository, Repository):
                repository.close()  # its catalog may be replaced
            stack.enter_context(writer_lock(path, _WAIT))
            mend_catalog(path, report)
            db = stack.enter_context(contextlib.closing(connect_to(path)))
            report.repaired += tidy_up(path, db)
        with Snapshot(path) as snapshot:
            findings = list(_without_echoes(_checks(snapshot, tally, quick, deep, repair, progress)))
        if repair:
            findings = mend(path, db, findings, report)
        with Snapshot(path) as snapshot:
            findings += check_held(snapshot)
            report.live, report.held = snapshot.meta.standing, held(snapshot)[0]
    report.problems += [Problem(each.text, each.elements) for each in findings if not each.harmless]
    report.notes += [each.text for each in findings if each.harmless]
    report.elements, report.bytes = tally.elements, tally.bytes
    return report


def _checks(
    snapshot: Snapshot, tally: Tally, quick: bool, deep: bool, alone: bool, progress: Callable[[int], None]
) -> Iterator[Finding]:
    yield from check_rows(snapshot)
    yield from check_files(snapshot)
    yield from check_published(snapshot, quick=quick, alone=alone)
    yield from check_erased(snapshot)
    if not quick:
        yield from check_objects(snapshot, tally, deep=deep, progress=progress)


def _without_echoes(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what was told already: a pack that is gone cannot be read either, one that is too short has damaged elements as well."""
    told: set[Finding] = set()
    lost: dict[int, set[int]] = {}
    for finding in findings:
        if finding in told:
            continue
        told.add(finding)
        if isinstance(finding.fault, BadPack):
            number = finding.fault.number
            if number in lost and lost[number].issuperset(finding.elements):
                continue
            lost.setdefault(number, set()).update(finding.elements)
        yield finding
