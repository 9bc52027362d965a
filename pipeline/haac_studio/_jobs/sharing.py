"""Publishing a repository, and syncing a mirror, as the commands do."""

from __future__ import annotations

from typing import Any

from haac_repo import HaacError, IntegrityError, Repository, publish, read_head, show_keys, sync
from haac_repo._internal import origin_of
from haac_studio._jobs.jobs import Job


def published(job: Job, repository: Repository) -> dict[str, Any]:
    """Publish what was added and changed. It cannot be cancelled once it writes.

    Raises:
        HaacError: it is a mirror, somebody else writes, or the keys cannot be opened.
    """
    job.check()
    job.progress(0, 0, "publishing")
    try:
        before = read_head(repository.path)
    except IntegrityError:
        before = None
    head = publish(repository)
    signed = show_keys(repository.path)
    return {
        "elements": head.elements,
        "records": head.records,
        "new_records": head.records - (before.records if before else 0),
        "changed": head != before,
        "root": signed.fingerprint if signed else "",
    }


def synced(job: Job, repository: Repository) -> dict[str, Any]:
    """Bring a mirror up to date from where it was synced last.

    Raises:
        HaacError: it is no mirror, or the server or what it publishes is at fault.
    """
    origin = origin_of(repository)
    if not origin:
        raise HaacError(
            "this is no mirror, or it does not know where it is from: `haac sync URL MIRROR` tells it"
        )
    job.progress(0, 0, "looking for what is new")

    def progress(done: int, total: int) -> None:
        job.check()
        job.progress(done, total, "fetching")

    report = sync(origin, repository.path, progress=progress)
    return {
        "elements": report.elements,
        "new_records": report.new_records,
        "received": report.received,
        "notes": list(report.notes),
    }
