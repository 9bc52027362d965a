"""What a machine needs to compress against a repository: the same elements in the same place, and their match index."""

from __future__ import annotations

from pathlib import Path

from haac_repo import HaacError, Repository


def repository_state(path: Path | None, segmenter: str | None) -> dict[str, str]:
    """What this machine has of a repository and a model, for the preflight of a cluster.

    Args:
        path: folder of the repository, the same on all machines (a shared disk, or a mirror of each); None: none.
        segmenter: the model that tells the subject.
    """
    from haac_pipeline._segment.models import weights

    return {**weights(segmenter), **({} if path is None else {f"repository in {path}": _state(path)})}


def _state(path: Path) -> str:
    """Identity and elements of a repository; the reason where it cannot be used."""
    from hashlib import sha256

    from haac_match import survey_index

    try:
        with Repository.open(path) as repository:
            held = repository.held()
            missing = survey_index(repository).missing
    except (HaacError, OSError) as error:
        return str(error)
    listed = sha256(repr(held).encode()).hexdigest()[:12]
    index = f", {missing:,} not in its match index" if missing else ""
    return f"{len(held):,} elements ({listed}){index}"
