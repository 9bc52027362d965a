"""What can be done here, and why the rest cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from haac_pipeline._internal import CUTTING, MATCHING, TELLING, missing
from haac_repo import HaacError, Repository
from haac_repo._internal import origin_of
from haac_studio._server.bodies import Answered

_READ_ONLY = "this repository is a mirror: only `haac sync` writes to it"


def features(repository: Repository) -> dict[str, Any]:
    """What can be done: True, or a sentence that says why not. `similar` is True or False; `reasons` has the sentences of all.

    Looks at the disk, and loads nothing heavy.
    """
    reasons = {name: why for name, check in _CHECKS.items() if (why := check(repository))}
    found: dict[str, Any] = {name: reasons.get(name, True) for name in _CHECKS}
    return {
        **found,
        "similar": "similar" not in reasons,
        "suggest": "similar" not in reasons,
        "reasons": reasons,
    }


def require(repository: Repository, name: str) -> None:
    """Make sure that something can be done.

    Raises:
        Answered: 400, it cannot; the message says why.
    """
    if why := _CHECKS[name](repository):
        raise Answered(400, why)


def _compress(repository: Repository) -> str:
    if names := missing(*MATCHING):
        return f"finding elements in pictures needs {', '.join(names)}: pip install 'haac[ingest]'"
    return "" if len(repository) else "the repository has no elements to find yet"


def _similar(repository: Repository) -> str:
    from haac_similar import DEFAULT_NETWORK, NETWORKS
    from haac_similar._internal import is_here, require_similar_index

    if names := missing(*TELLING):
        return f"finding similar elements needs {', '.join(names)}: pip install 'haac[ingest,similar]'"
    try:
        require_similar_index(repository)
        here = is_here(NETWORKS[DEFAULT_NETWORK])
    except HaacError as error:
        return str(error)
    return "" if here else f"the network is not here: `haac models --fetch {DEFAULT_NETWORK}` gets it"


def _ingest(repository: Repository) -> str:
    if repository.role == "mirror":
        return _READ_ONLY
    if names := missing(*CUTTING):
        return f"cutting objects out of pictures needs {', '.join(names)}: pip install 'haac[ingest]'"
    return ""


def _publish(repository: Repository) -> str:
    return "this repository is a mirror: its origin publishes" if repository.role == "mirror" else ""


def _sync(repository: Repository) -> str:
    if repository.role != "mirror":
        return "this repository is no mirror: it is written here, and has nowhere to sync from"
    return (
        "" if origin_of(repository) else "this mirror does not know where it is from: `haac sync URL MIRROR`"
    )


_CHECKS: dict[str, Callable[[Repository], str]] = {
    "compress": _compress,
    "similar": _similar,
    "ingest": _ingest,
    "publish": _publish,
    "sync": _sync,
}
