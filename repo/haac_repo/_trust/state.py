"""What a mirror trusts, in its catalog: written in the transaction of the records that it vouches for.

Roles of the table `trust`: the four of The Update Framework, of which `root` is the newest; `pinned`, the root that the mirror
was given first; `<n>.root`, every version between, so that mirrors of this mirror can follow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from haac_repo._trust.layout import TIMESTAMP_PATH, head_path, versioned_path

if TYPE_CHECKING:
    from sqlite_utils import Database


def load(db: Database) -> dict[str, bytes] | None:
    """The metadata that a mirror trusts, by role; None if it was never given a root."""
    rows = db.execute("select role, data from trust").fetchall()
    return {str(role): bytes(data) for role, data in rows} or None


def save(db: Database, state: Mapping[str, bytes]) -> None:
    """Replace what the mirror trusts. Inside the transaction of the records that it vouches for."""
    db.execute("delete from trust")
    for role, data in state.items():
        db.execute("insert into trust (role, version, data) values (?, ?, ?)", [role, _version(data), data])


def roots(state: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is left to begin anew with, when a mirror gives up its history: whom it trusts, and no version of anything else."""
    return {
        role: data for role, data in state.items() if role in ("root", "pinned") or role.endswith(".root")
    }


def published_files(state: Mapping[str, bytes], head: bytes) -> dict[str, bytes]:
    """What a mirror publishes of a state that it trusts, by published path, in the order in which it is written."""
    files = {
        versioned_path("root", _version(data)): data
        for role, data in sorted(state.items())
        if role.endswith(".root")
    }
    files[head_path(hashlib.sha256(head).hexdigest())] = head
    for role in ("targets", "snapshot"):
        files[versioned_path(role, _version(state[role]))] = state[role]
    return files | {TIMESTAMP_PATH: state["timestamp"]}


def published_names(state: Mapping[str, bytes] | None, head: bytes | None) -> set[str]:
    """The paths of `published_files`; none of a state that is not there, or damaged."""
    if state is None or head is None:
        return set()
    try:
        return set(published_files(state, head))
    except (KeyError, TypeError, ValueError):
        return set()


def _version(data: bytes) -> int:
    version: int = json.loads(data)["signed"]["version"]
    return version


def fingerprint(state: Mapping[str, bytes]) -> str:
    """SHA-256, in hex, of the first root that is known; '' if none is, or it is damaged so that nothing is left."""
    root = state.get("1.root") or state.get("pinned")
    return hashlib.sha256(root).hexdigest() if root else ""
