"""The root metadata of a repository that is written here: reading the newest version, signing the next one."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac_repo._errors import RepositoryError
from haac_repo._files import make_folder, write_file
from haac_repo._store.layout import published_folder
from haac_repo._trust.keys import find_signers, is_here
from haac_repo._trust.layout import (
    KEYS,
    LIFETIMES,
    ROLES,
    SOON,
    root_versions,
    utc_now,
    versioned_path,
)

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import Metadata, Root


def current_root(path: Path) -> Metadata[Root] | None:
    """The newest root of the repository in the folder `path`; None if that is not signed.

    Raises:
        RepositoryError: there are keys and no root, or the root is damaged. Publishing unsigned by mistake is no way out.
    """
    versions = root_versions(path)
    if not versions:
        if any((path / KEYS).glob("*.pem")):
            raise RepositoryError(
                f"{path} has keys, and no root that says what they are for: copy the folder of metadata back from a"
                " mirror, or begin anew with `haac keys create`, whose new fingerprint every mirror has to be told"
            )
        return None
    from tuf.api.exceptions import RepositoryError as InvalidError
    from tuf.api.metadata import Metadata, Root

    file = published_folder(path) / versioned_path("root", versions[-1])
    try:
        root = Metadata[Root].from_bytes(file.read_bytes())
    except InvalidError as error:
        raise RepositoryError(f"{file} is damaged: copy it back from a mirror") from error
    return root


def fingerprint(path: Path) -> str:
    """What a new mirror is told: the SHA-256, in hex, of the first root that the folder `path` publishes; '' if unsigned."""
    versions = root_versions(path)
    if not versions:
        return ""
    return hashlib.sha256(
        (published_folder(path) / versioned_path("root", versions[0])).read_bytes()
    ).hexdigest()


def sign(signed: Any, role: str, signers: Sequence[CryptoSigner]) -> Metadata[Any]:
    """Metadata of a role, valid from now for its lifetime, with a signature of each signer."""
    from tuf.api.metadata import Metadata

    signed.expires = utc_now() + LIFETIMES[role]
    made = Metadata(signed)
    for signer in signers:
        made.sign(signer, append=True)
    return made


def serialized(metadata: Metadata[Any]) -> bytes:
    """The bytes of a metadata file."""
    from tuf.api.serialization.json import JSONSerializer

    return metadata.to_bytes(JSONSerializer(compact=True))


def signers_of(
    path: Path, root: Metadata[Root], role: str, folders: Sequence[Path] = ()
) -> list[CryptoSigner]:
    """Enough keys to sign for a role.

    Raises:
        RepositoryError: fewer than its threshold are here.
    """
    found = find_signers(path, root.signed, role, folders)
    wanted = root.signed.get_delegated_role(role).threshold
    if len(found) < wanted:
        way = (
            "--root-keys FOLDER names where the others are"
            if role == "root"
            else f"copy them back into {path / KEYS}, or make new ones with `haac keys rotate {role}`"
        )
        raise RepositoryError(
            f"signing for the role {role} takes {wanted} of its keys, and {len(found)} are here: {way}"
        )
    return found


def first_root(path: Path, signers: dict[str, CryptoSigner]) -> None:
    """Write version 1 of the root, with a key for each role."""
    from tuf.api.metadata import Root

    root = Root(consistent_snapshot=True)
    for role in ROLES:
        root.add_key(signers[role].public_key, role)
    _write(path, sign(root, "root", [signers["root"]]))


def next_root(
    path: Path,
    old: Metadata[Root],
    change: Callable[[Root], None] = lambda _: None,
    *,
    new: Sequence[CryptoSigner] = (),
    folders: Sequence[Path] = (),
) -> Metadata[Root]:
    """Write the next version of the root, signed by enough keys of the old one and of itself.

    Args:
        path: The repository.
        old: Its newest root.
        change: Made to a copy of it.
        new: Keys of the role root that are only in the new version.
        folders: Where keys of the role root are, beside the repository's own.

    Raises:
        RepositoryError: too few of the keys are here. Nothing was written.
    """
    signed = copy.deepcopy(old.signed)
    change(signed)
    signed.version += 1
    signers = {each.public_key.keyid: each for each in signers_of(path, old, "root", folders)}
    signers |= {each.public_key.keyid: each for each in new}
    signers |= {each.public_key.keyid: each for each in find_signers(path, signed, "root", folders)}
    made = sign(signed, "root", list(signers.values()))
    if not signed.get_root_verification_result(old.signed, made.signed_bytes, made.signatures):
        wanted = signed.get_delegated_role("root").threshold
        raise RepositoryError(
            f"the new root takes signatures of {wanted} of its keys, and fewer are here: --root-keys FOLDER names where"
            " the others are"
        )
    _write(path, made)
    return made


def renewed_root(path: Path, root: Metadata[Root]) -> Metadata[Root]:
    """The root, or its next version if it ends soon and its keys are here."""
    if root.signed.expires - utc_now() < SOON and is_here(path, root.signed, "root"):
        return next_root(path, root)
    return root


def _write(path: Path, root: Metadata[Root]) -> None:
    file = published_folder(path) / versioned_path("root", root.signed.version)
    make_folder(file.parent)
    write_file(file, serialized(root))
