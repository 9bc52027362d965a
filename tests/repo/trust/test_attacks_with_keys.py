"""Attacks on roots and sizes, and by those who have keys; named and made as those of test_attacks.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner

from haac_repo import (
    LIMITS,
    HistoryError,
    IntegrityError,
    Repository,
    TransportError,
    TrustError,
)
from haac_repo._trust.admin import rotate_keys
from tests.repo.trust.conftest import (
    TIMESTAMP,
    SignedOrigin,
    lead_to,
    trust_rows,
)

# Roots


def test_key_rotation_is_followed(signed: SignedOrigin, mirror: Path, disk: Any) -> None:
    signed.sync(mirror)
    for role in ("root", "root", "timestamp"):
        with Repository.open(signed.folder) as repository:
            rotate_keys(repository, role)
    signed.files.clear()
    signed.load()
    signed.sync(mirror)
    assert {role: version for role, version, _ in trust_rows(mirror)} == {
        "1.root": 1,
        "2.root": 2,
        "3.root": 3,
        "4.root": 4,
        "pinned": 1,
        "root": 4,
        "targets": 2,
        "snapshot": 2,
        "timestamp": 2,
    }
    assert sorted(file.name for file in (mirror / "public/metadata").glob("*.root.json")) == [
        f"{n}.root.json" for n in range(1, 5)
    ]
    disk.assert_sound(mirror)


def test_a_skipped_root_version(signed: SignedOrigin, assert_refused: Any) -> None:
    """Version 3 is there, 2 is not: the mirror stays with 1, whose keys did not sign the rest."""
    for _ in range(2):
        with Repository.open(signed.folder) as repository:
            rotate_keys(repository, "timestamp")
    signed.files.clear()
    signed.load()
    del signed.files["metadata/2.root.json"]
    assert_refused(TrustError, "timestamp was signed by 0/1 keys")


def test_a_root_under_another_versions_name(signed: SignedOrigin, assert_refused: Any) -> None:
    for _ in range(2):
        with Repository.open(signed.folder) as repository:
            rotate_keys(repository, "timestamp")
    signed.files.clear()
    signed.load()
    signed.files["metadata/2.root.json"] = signed.files["metadata/3.root.json"]
    assert_refused(HistoryError, "Expected root version 2", "metadata-2.root.json")


def test_a_wrongly_signed_root(signed: SignedOrigin, assert_refused: Any) -> None:
    """Signed by its own keys, but not by those of the root before."""
    thief = CryptoSigner.generate_ed25519()

    def take_over(root: Any) -> None:
        root.version += 1
        root.revoke_key(root.roles["root"].keyids[0], "root")
        root.add_key(thief.public_key, "root")

    signed.forge_metadata("root", take_over, signers=[thief])
    assert_refused(TrustError, "root was signed by 0/1 keys", "metadata-2.root.json")


def test_a_root_that_its_own_keys_did_not_sign(signed: SignedOrigin, assert_refused: Any) -> None:
    stranger = CryptoSigner.generate_ed25519()

    def give_away(root: Any) -> None:
        root.version += 1
        root.revoke_key(root.roles["root"].keyids[0], "root")
        root.add_key(stranger.public_key, "root")

    signed.forge_metadata("root", give_away)
    assert_refused(TrustError, "root was signed by 0/1 keys", "metadata-2.root.json")


# Sizes


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_oversize(signed: SignedOrigin, assert_refused: Any, grow: Any, role: str) -> None:
    """Metadata are read up to their limit and no further."""
    if role != "root":
        grow(signed, [22])
    path = "metadata/2.root.json" if role == "root" else signed.newest(role)
    signed.files[path] = b" " * (2**20)
    read = []
    signed.on_chunk = lambda found, at: read.append(at) if found == path else None
    limit = {"root": LIMITS.root_bytes, "timestamp": LIMITS.timestamp_bytes}.get(role, LIMITS.metadata_bytes)
    assert_refused(TransportError, f"goes on after byte {limit}", "")
    assert max(read) <= limit + 1000


def test_oversize_head(signed: SignedOrigin, assert_refused: Any) -> None:
    """Targets that promise a head beyond the limit: it is not fetched."""

    def large(targets: Any) -> None:
        targets.version += 1
        targets.targets["head"].length = LIMITS.head_bytes + 1

    lead_to(signed, targets=signed.forge_metadata("targets", large))
    assert_refused(IntegrityError, f"at most {LIMITS.head_bytes} are allowed", "metadata-3.targets.json")
    assert not [path for path in signed.fetched() if path.startswith("targets/")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 15_000,
        b'{"signed": {"_type": "timestamp"}, "signatures": []}',
        b'{"signed": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "object", "list", "binary", "deep", "few-keys", "digits"],
)
@pytest.mark.parametrize("role", ["root", "timestamp"])
def test_malformed(signed: SignedOrigin, assert_refused: Any, role: str, data: bytes) -> None:
    path = "metadata/2.root.json" if role == "root" else TIMESTAMP
    signed.files[path] = data
    assert_refused(IntegrityError, "malformed", path.replace("/", "-"))


@pytest.mark.parametrize("name", ["../../evil", "head/../x", "x", ""])
def test_targets_that_name_no_head(signed: SignedOrigin, assert_refused: Any, name: str) -> None:
    def other(targets: Any) -> None:
        targets.version += 1
        targets.targets = {name: targets.targets["head"]}

    lead_to(signed, targets=signed.forge_metadata("targets", other))
    assert_refused(IntegrityError, "do not name one head", "metadata-3.targets.json")


def test_targets_with_a_path_for_a_hash(signed: SignedOrigin, assert_refused: Any) -> None:
    def other(targets: Any) -> None:
        targets.version += 1
        targets.targets["head"].hashes = {"sha256": "../../catalog.sqlite"}

    lead_to(signed, targets=signed.forge_metadata("targets", other))
    assert_refused(IntegrityError, "do not name one head", "metadata-3.targets.json")


# What right signatures do not make right


def test_fork_with_the_same_count(signed: SignedOrigin, assert_refused: Any) -> None:
    first, second = signed.records()
    second[-1]["name"] = "another"
    signed.forge([first, second])
    signed.forge_chain(signed.files["head"])
    evidence = assert_refused(HistoryError, "segment 2 was rewritten", "head")
    assert {"metadata-3.targets.json", "metadata-timestamp.json"} <= set(evidence.files)


def test_log_shrinks(signed: SignedOrigin, assert_refused: Any) -> None:
    first, second = signed.records()
    signed.forge([first + second])
    signed.forge_chain(signed.files["head"])
    assert_refused(HistoryError, "the log shrank", "head")


def test_another_repositorys_head(signed: SignedOrigin, assert_refused: Any) -> None:
    signed.forge_chain(replace(signed.head, repository="ab" * 16).to_bytes())
    assert_refused(HistoryError, "mirror of", "head")
