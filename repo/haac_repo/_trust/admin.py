"""Administration of keys: make, rotate, add, thresholds, the root off-line, renewal. Each leaves the repository signed and published."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import RepositoryError
from haac_repo._files import StrPath, storage_errors
from haac_repo._lock import writer_lock
from haac_repo._trust.keys import delete_keys, key_file, make_key, move_keys
from haac_repo._trust.layout import KEYS, ROLES, root_versions
from haac_repo._trust.roots import current_root, fingerprint, first_root, next_root
from haac_repo._trust.sign import newest, renew

if TYPE_CHECKING:
    from tuf.api.metadata import Metadata, Root

    from haac_repo._store.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRole:
    """Who signs for what, and until when it is valid."""

    name: str
    version: int
    """Of its metadata; 0 before the first publishing."""
    expires: datetime | None
    """UTC; None before the first publishing."""
    threshold: int
    """So many of its keys must sign."""
    keys: dict[str, bool]
    """Ids of its keys (64 hex digits), and whether the repository's own folder has each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysReport:
    """Who may sign a repository's publications."""

    fingerprint: str
    """SHA-256 of the first root, in hex: what others give to `haac sync --root`."""
    roles: tuple[KeyRole, ...]


def create_keys(repository: Repository, *, wait: float = 10.0) -> str:
    """Make a key for each role, and the first root: what is published from now on is signed, and what is published already.

    Args:
        repository: With the role 'writer', not signed yet.
        wait: Seconds to wait for a writer to finish.

    Returns:
        The fingerprint: SHA-256 of the first root, 64 hex digits.

    Raises:
        RepositoryError: it has keys, is a mirror, or cannot be written to.
    """
    path = repository.path
    with _locked(repository, wait):
        if root_versions(path):
            raise RepositoryError(f"{path} is signed already: `haac keys show` says by which keys")
        first_root(path, {role: make_key(path / KEYS, role) for role in ROLES})
        renew(path)
    return fingerprint(path)


def show_keys(path: StrPath) -> KeysReport | None:
    """Roles, keys, versions and expiry of a repository or mirror in the folder `path`; None if it is not signed."""
    path = Path(path)
    root = current_root(path)
    if root is None:
        return None
    roles = []
    for name in ROLES:
        metadata = root if name == "root" else newest(path, name)
        delegated = root.signed.get_delegated_role(name)
        roles.append(
            KeyRole(
                name=name,
                version=metadata.signed.version if metadata else 0,
                expires=metadata.signed.expires if metadata else None,
                threshold=delegated.threshold,
                keys={each: key_file(path / KEYS, name, each).is_file() for each in delegated.keyids},
            )
        )
    return KeysReport(fingerprint=fingerprint(path), roles=tuple(roles))


def rotate_keys(
    repository: Repository, role: str, *, root_keys: Sequence[Path] = (), wait: float = 10.0
) -> None:
    """Replace all keys of a role by new ones, as many as its threshold; the old ones count no more, and their files here go.

    New keys of the root go into the folders `root_keys` in turn, if there are any: no medium alone gets the threshold, if it was so.
    """
    with _editing(repository, root_keys, wait) as root:
        homes = _homes(repository.path, role, root_keys)
        delegated = root.signed.get_delegated_role(role)
        old = list(delegated.keyids)
        folders = list(islice(cycle(homes), delegated.threshold))
        signers = [make_key(folder, role) for folder in folders]

        def change(new: Root) -> None:
            for key_id in old:
                new.revoke_key(key_id, role)
            for signer in signers:
                new.add_key(signer.public_key, role)

        files = [
            key_file(folder, role, signer.public_key.keyid)
            for folder, signer in zip(folders, signers, strict=True)
        ]
        with _undone(repository.path, files):
            next_root(repository.path, root, change, new=signers if role == "root" else (), folders=root_keys)
    for place in (repository.path / KEYS, *root_keys):
        delete_keys([key_file(place, role, key_id) for key_id in old])


def add_key(
    repository: Repository,
    role: str,
    *,
    folder: Path | None = None,
    root_keys: Sequence[Path] = (),
    wait: float = 10.0,
) -> Path:
    """Add a key to a role, whose threshold stays.

    Args:
        repository: With the role 'writer'.
        role: One of ROLES.
        folder: Where the new key goes; None: the repository's own folder of keys.
        root_keys: Where keys of the root are, beside that.
        wait: Seconds to wait for a writer to finish.

    Returns:
        The file of the new key.
    """
    with _editing(repository, [*root_keys, *([folder] if folder else [])], wait) as root:
        place = folder or _homes(repository.path, role, root_keys)[0]
        signer = make_key(place, role)
        file = key_file(place, role, signer.public_key.keyid)

        def change(new: Root) -> None:
            new.add_key(signer.public_key, role)

        with _undone(repository.path, [file]):
            next_root(
                repository.path, root, change, new=[signer] if role == "root" else (), folders=root_keys
            )
        return file


def set_threshold(
    repository: Repository, role: str, threshold: int, *, root_keys: Sequence[Path] = (), wait: float = 10.0
) -> None:
    """Set how many keys of a role must sign.

    Raises:
        RepositoryError: the role has fewer keys, or fewer are here.
    """
    with _editing(repository, root_keys, wait) as root:
        keys = len(root.signed.get_delegated_role(role).keyids)
        if not 1 <= threshold <= keys:
            raise RepositoryError(
                f"the threshold of {role} can be from 1 to {keys}, the number of its keys: `haac keys add {role}` adds one"
            )

        def change(new: Root) -> None:
            new.get_delegated_role(role).threshold = threshold

        next_root(repository.path, root, change, folders=root_keys)


def take_root_offline(repository: Repository, folder: Path, *, wait: float = 10.0) -> list[Path]:
    """Move the root's keys to `folder`, such as a medium that is kept in a drawer; their files there."""
    path = repository.path
    with _editing(repository, [folder], wait) as root:
        if folder.resolve() == (path / KEYS).resolve():
            raise RepositoryError(f"{folder} is where the keys are now: choose a folder on another medium")
        files = [
            key_file(path / KEYS, "root", key_id)
            for key_id in root.signed.get_delegated_role("root").keyids
            if key_file(path / KEYS, "root", key_id).is_file()
        ]
        if not files:
            raise RepositoryError(f"no key of the root is in {path / KEYS}: it is off-line already")
        move_keys(files, folder)
        return [folder / file.name for file in files]


def renew_root(repository: Repository, *, root_keys: Sequence[Path] = (), wait: float = 10.0) -> datetime:
    """Sign a new version of the root, valid for its full lifetime; when that ends, UTC."""
    with _editing(repository, root_keys, wait) as root:
        made = next_root(repository.path, root, folders=root_keys)
        expires: datetime = made.signed.expires
        return expires


@contextlib.contextmanager
def _locked(repository: Repository, wait: float) -> Iterator[None]:
    """Be the writer while the block runs."""
    path = repository.path
    if repository.role == "mirror":
        raise RepositoryError(f"{path} is a mirror: it has no keys, and passes on what its origin signed")
    with writer_lock(path, wait), storage_errors(path):
        yield


@contextlib.contextmanager
def _editing(repository: Repository, folders: Sequence[Path], wait: float) -> Iterator[Metadata[Root]]:
    """Be the writer while the block runs, with the newest root; what it leaves unsigned is signed after that."""
    path = repository.path
    for folder in folders:
        if folder.resolve().is_relative_to(path.resolve()) and folder.resolve() != (path / KEYS).resolve():
            raise RepositoryError(
                f"{folder} is inside the repository, where others may see it: choose one outside"
            )
    with _locked(repository, wait):
        root = current_root(path)
        if root is None:
            raise RepositoryError(f"{path} is not signed: `haac keys create` makes its keys")
        yield root
        renew(path)


@contextlib.contextmanager
def _undone(path: Path, files: Sequence[Path]) -> Iterator[None]:
    """Delete new keys again if the block fails before a new root names them."""
    before = root_versions(path)
    try:
        yield
    except BaseException:
        if root_versions(path) == before:
            delete_keys(files)
        raise


def _homes(path: Path, role: str, root_keys: Sequence[Path]) -> Sequence[Path]:
    """Where new keys of a role go."""
    return root_keys if role == "root" and root_keys else [path / KEYS]
