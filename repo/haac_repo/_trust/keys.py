"""Private keys (Ed25519) as files: made, found by their id, moved to another medium.

A file is `<role>-<16 digits of the key id>.pem`, PKCS #8, encrypted if HAAC_KEY_PASSPHRASE is set when it is made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import RepositoryError
from haac_repo._files import make_folder, replacing, sync_folder
from haac_repo._trust.layout import KEYS

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import Root

PASSPHRASE = "HAAC_KEY_PASSPHRASE"
_ID_CHARS = 16


def key_file(folder: Path, role: str, key_id: str) -> Path:
    """The file of a key, in `folder`."""
    return folder / f"{role}-{key_id[:_ID_CHARS]}.pem"


def make_key(folder: Path, role: str) -> CryptoSigner:
    """Make a key for `role` and write it durably into `folder` (0700), readable by its owner only (0600).

    Windows knows no such modes: there both are as readable as the folder around them.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        KeySerializationEncryption,
        NoEncryption,
        PrivateFormat,
    )
    from securesystemslib.signer import CryptoSigner

    key = Ed25519PrivateKey.generate()
    signer = CryptoSigner(key)
    passphrase = os.environ.get(PASSPHRASE, "").encode()
    encryption: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    )
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    _write_secret(key_file(folder, role, signer.public_key.keyid), data)
    return signer


def find_signers(path: Path, root: Root, role: str, folders: Sequence[Path] = ()) -> list[CryptoSigner]:
    """The keys of a role that are here: in `folders`, or in the repository's own folder of keys.

    Raises:
        RepositoryError: a key's file is damaged, or encrypted and HAAC_KEY_PASSPHRASE does not open it.
    """
    found = []
    for key_id in root.get_delegated_role(role).keyids:
        files = [key_file(folder, role, key_id) for folder in (*folders, path / KEYS)]
        for file in files:
            if file.is_file():
                found.append(_load(file, key_id))
                break
    return found


def is_here(path: Path, root: Root, role: str) -> bool:
    """Whether the repository's own folder has enough keys of a role to sign for it."""
    wanted = root.get_delegated_role(role)
    here = [key_id for key_id in wanted.keyids if key_file(path / KEYS, role, key_id).is_file()]
    return len(here) >= wanted.threshold


def move_keys(files: Iterable[Path], folder: Path) -> None:
    """Move key files to `folder`: copied, synced and read again before they are deleted where they were."""
    files = list(files)
    for file in files:
        data = file.read_bytes()
        copy = folder / file.name
        if not copy.exists():
            _write_secret(copy, data)
        if copy.read_bytes() != data:
            raise RepositoryError(f"{copy} holds another key already: choose another folder")
    delete_keys(files)


def delete_keys(files: Iterable[Path]) -> None:
    """Delete key files that are there, durably."""
    for file in files:
        if file.exists():
            file.unlink()
            sync_folder(file.parent)


def _load(file: Path, key_id: str) -> CryptoSigner:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    data = file.read_bytes()
    passphrase = os.environ.get(PASSPHRASE, "").encode() or None
    encrypted = b"ENCRYPTED" in data
    try:
        key = load_pem_private_key(data, passphrase if encrypted else None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        why = f"it is encrypted, and {PASSPHRASE} does not open it" if encrypted else "it is damaged"
        raise RepositoryError(f"the key {file} cannot be used: {why}") from error
    if not isinstance(key, Ed25519PrivateKey) or (signer := CryptoSigner(key)).public_key.keyid != key_id:
        raise RepositoryError(f"the key {file} is not the one that its name says: restore it from a copy")
    return signer


def _write_secret(file: Path, data: bytes) -> None:
    make_folder(file.parent, 0o700)
    with replacing(file, 0o600) as out:
        out.write(data)
