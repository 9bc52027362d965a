"""Signing what is published: targets, snapshot and timestamp over the head, and renewing them before they end."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac_repo._errors import RepositoryError
from haac_repo._files import TEMPORARY, make_folder, sync_folder, write_file, write_newer
from haac_repo._store.layout import published_folder, remove_temporary
from haac_repo._trust.layout import (
    LIFETIMES,
    METADATA,
    RENEWED_AFTER,
    SOON,
    TARGET,
    TARGETS,
    TIMESTAMP_PATH,
    VERSION,
    head_path,
    utc_now,
    versioned_path,
)
from haac_repo._trust.roots import current_root, renewed_root, serialized, sign, signers_of

if TYPE_CHECKING:
    from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

_KEPT = 2
"""Versions of targets, snapshot and head that stay: the newest, and the one that a client may be reading."""
_PAUSE = 0.5
"""Seconds between two looks at signatures that do not fit."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """What is signed now, from the timestamp down to the head."""

    head: bytes
    timestamp: Metadata[Timestamp]
    snapshot: Metadata[Snapshot]
    targets: Metadata[Targets]


def sign_head(path: Path, head: bytes) -> None:
    """Sign a head that is about to be published by the repository in the folder `path`, whose lock the caller holds.

    Writes the head as a target, then targets, snapshot and, in one step that makes it count, the timestamp; what is older
    than the version before is deleted after that. Does nothing in a repository that is not signed.

    Raises:
        RepositoryError: keys are missing or damaged. Nothing that counts was written.
    """
    root = current_root(path)
    if root is None:
        return
    from tuf.api.metadata import MetaFile, Snapshot, TargetFile, Targets

    root = renewed_root(path, root)
    # All that can fail comes before anything is written.
    signers = {role: signers_of(path, root, role) for role in ("targets", "snapshot", "timestamp")}
    version = {role: _next(path, role) for role in signers}
    folder = published_folder(path)
    make_folder(folder / TARGETS)
    write_file(folder / head_path(hashlib.sha256(head).hexdigest()), head)

    target = TargetFile.from_data(TARGET, head, ["sha256"])
    targets = Targets(version=version["targets"], targets={TARGET: target})
    data = _write(path, root, sign(targets, "targets", signers["targets"]))
    meta = MetaFile.from_data(targets.version, data, ["sha256"])
    snapshot = Snapshot(version=version["snapshot"], meta={"targets.json": meta})
    data = _write(path, root, sign(snapshot, "snapshot", signers["snapshot"]))
    meta = MetaFile.from_data(snapshot.version, data, ["sha256"])
    _write_timestamp(path, root, meta, version["timestamp"])
    _drop_old(path)


def renew(path: Path) -> bool:
    """Renew what is due, or not signed as it is published, though nothing is new. The caller holds the lock.

    Returns:
        Whether anything was written.

    Raises:
        RepositoryError: keys are missing or damaged.
    """
    root = current_root(path)
    if root is None:
        return False
    renewed = renewed_root(path, root)
    file = published_folder(path) / "head"
    if not file.is_file():
        return renewed is not root
    head = file.read_bytes()
    chain = _chain(path, renewed)
    if chain is None or chain.head != head or any(_is_due(each) for each in (chain.targets, chain.snapshot)):
        sign_head(path, head)
        return True
    if _is_due(chain.timestamp):
        _write_timestamp(path, renewed, chain.timestamp.signed.snapshot_meta, _next(path, "timestamp"))
        return True
    return renewed is not root


def warnings(path: Path) -> list[str]:
    """What a publisher should know: a role that ends soon and was not renewed, because its keys are not here."""
    root = current_root(path)
    if root is None or root.signed.expires - utc_now() >= SOON:
        return []
    when = "ended" if root.signed.is_expired(utc_now()) else "ends"
    return [
        f"the root {when} on {root.signed.expires:%Y-%m-%d}, and nobody can sync after that: `haac keys renew"
        " --root-keys FOLDER` signs a new one, FOLDER being where the root's keys are"
    ]


def problems(path: Path) -> list[str]:
    """What is wrong with the signatures that a repository publishes, each with what to do; being expired is no fault of the files."""
    found = _problems(path)
    if found:  # a writer may be at it: new keys count before what they sign is there
        time.sleep(_PAUSE)
        found = _problems(path)
    return found


def _problems(path: Path) -> list[str]:
    try:
        root = current_root(path)
    except RepositoryError as error:
        return [str(error)]
    # That the signed head is not the one that stands there is what a crash leaves, or a writer that is at it.
    if root is None or not (published_folder(path) / "head").is_file() or _chain(path, root):
        return []
    return ["the signatures do not fit what is published: `haac publish` signs it again"]


def newest(path: Path, role: str) -> Metadata[Any] | None:
    """The newest published metadata of a role but the root; None if there are none, or they are damaged."""
    if role == "timestamp":
        return _read(path, TIMESTAMP_PATH)
    versions = _versions(path, role)
    return _read(path, versioned_path(role, versions[-1])) if versions else None


def _read(path: Path, file: str) -> Metadata[Any] | None:
    """A published metadata file; None if it is not there, or damaged."""
    from tuf.api.exceptions import RepositoryError as InvalidError
    from tuf.api.metadata import Metadata

    try:
        return Metadata.from_bytes((published_folder(path) / file).read_bytes())
    except (FileNotFoundError, InvalidError):
        return None


def _chain(path: Path, root: Metadata[Root]) -> _Chain | None:
    """What is signed, if it holds under this root and leads to a head."""
    from tuf.api.exceptions import RepositoryError as InvalidError

    timestamp = _read(path, TIMESTAMP_PATH)
    if timestamp is None:
        return None
    with contextlib.suppress(InvalidError, FileNotFoundError, KeyError):
        root.verify_delegate("timestamp", timestamp)
        meta = timestamp.signed.snapshot_meta
        snapshot: Metadata[Snapshot] = _named(path, "snapshot", meta)
        root.verify_delegate("snapshot", snapshot)
        targets: Metadata[Targets] = _named(path, "targets", snapshot.signed.meta["targets.json"])
        root.verify_delegate("targets", targets)
        target = targets.signed.targets[TARGET]
        head = (published_folder(path) / head_path(target.hashes["sha256"])).read_bytes()
        target.verify_length_and_hashes(head)
        return _Chain(head, timestamp, snapshot, targets)
    return None


def _named(path: Path, role: str, meta: MetaFile) -> Metadata[Any]:
    """The metadata that other metadata name, read once: a publisher may delete it meanwhile.

    Raises:
        FileNotFoundError: it is gone.
        tuf.api.exceptions.RepositoryError: it is not what was named, or damaged.
    """
    from tuf.api.metadata import Metadata

    data = (published_folder(path) / versioned_path(role, meta.version)).read_bytes()
    meta.verify_length_and_hashes(data)
    return Metadata.from_bytes(data)


def _is_due(metadata: Metadata[Any]) -> bool:
    """Whether it is so old that it is signed again."""
    role = metadata.signed.type
    return bool(metadata.signed.expires - utc_now() < LIFETIMES[role] - RENEWED_AFTER[role])


def _next(path: Path, role: str) -> int:
    """The version after the newest one; where that cannot be told, one that was certainly never reached."""
    if role == "timestamp":
        now = newest(path, role)
        versions = [now.signed.version] if now else []
    else:
        versions = _versions(path, role)
    if not versions and _was_signed(path):
        return int(utc_now().timestamp() * 1000)
    return max(versions, default=0) + 1


def _was_signed(path: Path) -> bool:
    """Whether a head has been signed before, as far as the files still say."""
    names = [file.name for file in (published_folder(path) / METADATA).iterdir()]
    return any(not name.endswith((".root.json", TEMPORARY)) for name in names)


def _versions(path: Path, role: str) -> list[int]:
    found = (
        re.fullmatch(rf"({VERSION})\.{role}\.json", file.name)
        for file in (published_folder(path) / METADATA).iterdir()
    )
    return sorted(int(each[1]) for each in found if each)


def _write_timestamp(path: Path, root: Metadata[Root], snapshot: MetaFile, version: int) -> None:
    from tuf.api.metadata import Timestamp

    made = Timestamp(version=version, snapshot_meta=snapshot)
    _write(path, root, sign(made, "timestamp", signers_of(path, root, "timestamp")))


def _write(path: Path, root: Metadata[Root], made: Metadata[Any]) -> bytes:
    role = made.signed.type
    root.verify_delegate(role, made)
    file = TIMESTAMP_PATH if role == "timestamp" else versioned_path(role, made.signed.version)
    data = serialized(made)
    write_newer(published_folder(path) / file, data)
    return data


def _drop_old(path: Path) -> None:
    """Delete targets, snapshots and heads but for the newest and the one before."""
    folder = published_folder(path)
    for role in ("snapshot", "targets"):
        for version in _versions(path, role)[:-_KEPT]:
            (folder / versioned_path(role, version)).unlink()
    kept = set()
    for version in _versions(path, "targets"):
        targets = _read(path, versioned_path("targets", version))
        if targets is not None and TARGET in targets.signed.targets:
            kept.add(head_path(targets.signed.targets[TARGET].hashes.get("sha256", "")))
    for file in (folder / TARGETS).iterdir():
        if f"{TARGETS}/{file.name}" not in kept:
            file.unlink()
    remove_temporary(path)  # of a crash
    sync_folder(folder / METADATA)
    sync_folder(folder / TARGETS)
