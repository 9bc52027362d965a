"""What `haac doctor` asks of each room: a function of the entry-point group `haac.doctor`, from the repository's folder to checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """What one of the checks found."""

    name: str
    state: Literal["ok", "note", "fail"]
    """`note`: nothing is wrong, but a person should know."""
    detail: str


def check_repository(path: Path) -> Iterator[Check]:
    """Health of the repository at hand, if there is one: everything but the hashes of the elements."""
    from haac_repo._check.verify import verify
    from haac_repo._errors import HaacError
    from haac_repo._store.repository import Repository

    if not path.exists():
        yield Check(
            "repository", "note", f"there is none at {path}; `haac init` makes one, --repo names another"
        )
        return
    try:
        with Repository.open(path) as repository:
            report = verify(repository, quick=True)
            count = len(repository)
    except HaacError as error:
        yield Check("repository", "fail", str(error))
        return
    for problem in report.problems:
        yield Check("repository", "fail", str(problem))
    if report.ok and report.held < report.live:
        yield Check(
            "repository",
            "note",
            f"{path} holds a part of its repository, {report.held} of {report.live} elements: `haac sync` brings the rest",
        )
    elif report.ok:
        yield Check(
            "repository",
            "ok",
            f"{path}: {count} elements ({repository.role}); `haac verify` also checks their hashes",
        )
