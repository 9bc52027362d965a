"""Metadata that lie: each test is named after the attack, goes through a real sync, and looks at what is on disk afterwards."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import MetaFile

from haac_repo import (
    HistoryError,
    IntegrityError,
    Repository,
    TrustError,
)
from haac_repo._trust.admin import rotate_keys
from tests.repo.trust.conftest import (
    TIMESTAMP,
    SignedOrigin,
    lead_to,
    next_version,
    trust_rows,
)

# Signatures


def test_unsigned(signed: SignedOrigin, assert_refused: Any) -> None:
    signed.forge_metadata("timestamp", next_version, signers=[])
    evidence = assert_refused(TrustError, "signature is missing or wrong")
    assert evidence.files["metadata-timestamp.json"] == signed.files[TIMESTAMP]


def test_wrong_key(signed: SignedOrigin, assert_refused: Any) -> None:
    signed.forge_metadata("timestamp", next_version, signers=[CryptoSigner.generate_ed25519()])
    assert_refused(TrustError, "signature is missing or wrong")


def test_another_roles_key(signed: SignedOrigin, assert_refused: Any) -> None:
    """Whoever has the timestamp's key cannot sign targets."""
    data = signed.forge_metadata("targets", next_version, signers=signed.keys("timestamp"))
    lead_to(signed, targets=data)
    assert_refused(TrustError, "targets was signed by 0/1 keys", "metadata-3.targets.json")


def test_wrong_key_under_the_right_id(signed: SignedOrigin, assert_refused: Any) -> None:
    (right,) = signed.keys("timestamp")
    wrong = CryptoSigner.generate_ed25519(keyid=right.public_key.keyid)
    signed.forge_metadata("timestamp", next_version, signers=[wrong])
    assert_refused(TrustError, "signature is missing or wrong")


def test_one_signature_twice_for_a_threshold(signed: SignedOrigin, assert_refused: Any) -> None:
    """A root that wants two signatures of the timestamp, and a timestamp that has one of them twice."""
    other = CryptoSigner.generate_ed25519()

    def two(root: Any) -> None:
        root.version += 1
        root.add_key(other.public_key, "timestamp")
        root.roles["timestamp"].threshold = 2

    signed.forge_metadata("root", two)
    data = signed.forge_metadata("timestamp", next_version)
    assert_refused(TrustError, "timestamp was signed by 1/2 keys")
    start = data.index(b'{"keyid"')
    entry = data[start : data.index(b"}", start) + 1]
    signed.files[TIMESTAMP] = data.replace(entry, entry + b"," + entry)
    assert_refused(IntegrityError, "malformed")


def test_one_key_twice_for_a_threshold(signed: SignedOrigin, mirror: Path) -> None:
    """The same key under two ids: tuf counts it twice, we do not."""
    (key,) = signed.keys("timestamp")
    again = copy.deepcopy(key.public_key)
    again.keyid = "ab" * 32

    def two(root: Any) -> None:
        root.version += 1
        root.add_key(again, "timestamp")
        root.roles["timestamp"].threshold = 2

    signed.forge_metadata("root", two)
    twice = CryptoSigner(key._private_key, again)
    signed.forge_metadata("timestamp", next_version, signers=[key, twice])
    with pytest.raises(TrustError, match="gives one key two ids"):
        signed.sync(mirror)
    assert not mirror.exists()


def test_another_repositorys_metadata(signed: SignedOrigin, assert_refused: Any, tmp_path: Path) -> None:
    from haac_repo import create_keys, publish

    with Repository.create(tmp_path / "other") as other:
        create_keys(other)
        publish(other)
    signed.files = SignedOrigin(tmp_path / "other").files
    assert_refused(TrustError, "signature is missing or wrong")


# Versions


def test_rollback_of_the_timestamp(signed: SignedOrigin, assert_refused: Any) -> None:
    def older(timestamp: Any) -> None:
        timestamp.version -= 1

    signed.forge_metadata("timestamp", older)
    assert_refused(HistoryError, "went back")


def test_rollback_of_the_snapshot(signed: SignedOrigin, assert_refused: Any) -> None:
    """The timestamp's key is in wrong hands: it names the snapshot before."""
    old = signed.files["metadata/1.snapshot.json"]

    def older(timestamp: Any) -> None:
        timestamp.version += 1
        timestamp.snapshot_meta = MetaFile.from_data(1, old, ["sha256"])

    signed.forge_metadata("timestamp", older)
    assert_refused(HistoryError, "went back")


def test_rollback_of_the_targets(signed: SignedOrigin, assert_refused: Any) -> None:
    """The keys of timestamp and snapshot are in wrong hands: they name the targets before."""
    lead_to(signed, targets=signed.files["metadata/1.targets.json"], version=1)
    assert_refused(HistoryError, "went back", "metadata-3.snapshot.json")


def test_rollback_of_the_root(signed: SignedOrigin, assert_refused: Any) -> None:
    signed.files["metadata/2.root.json"] = signed.files["metadata/1.root.json"]
    assert_refused(HistoryError, "went back", "metadata-2.root.json")


def test_rollback_of_everything(signed: SignedOrigin, grow: Any, mirror: Path, disk: Any) -> None:
    """The server shows yesterday's state, all of it rightly signed."""
    yesterday = dict(signed.files)
    grow(signed, [11], lambda writer: writer.withdraw(3, "stolen"))
    signed.sync(mirror)
    before = disk.tree(mirror), trust_rows(mirror)
    signed.files = yesterday
    with pytest.raises(HistoryError, match="went back"):
        signed.sync(mirror)
    assert (disk.tree(mirror), trust_rows(mirror)) == before
    with Repository.open(mirror) as opened:
        assert opened.element(3).withdrawn == "stolen"


def _later(signed: Any) -> None:
    signed.expires += timedelta(days=1)


def test_same_version_other_content_of_the_timestamp(signed: SignedOrigin, assert_refused: Any) -> None:
    signed.forge_metadata("timestamp", _later)
    assert_refused(HistoryError, "version 2 of the timestamp that is not the one which this mirror accepted")


def test_same_version_other_content_of_the_snapshot(signed: SignedOrigin, assert_refused: Any) -> None:
    data = signed.forge_metadata("snapshot", _later)

    def same(timestamp: Any) -> None:
        timestamp.version += 1
        timestamp.snapshot_meta = MetaFile.from_data(2, data, ["sha256"])

    signed.forge_metadata("timestamp", same)
    assert_refused(HistoryError, "version 2 of the snapshot that is not the one which this mirror accepted")


def test_same_version_other_content_of_the_targets(signed: SignedOrigin, assert_refused: Any) -> None:
    data = signed.forge_metadata("targets", _later)
    lead_to(signed, targets=data, version=2)
    assert_refused(HistoryError, "version 2 of the targets that is not the one which this mirror accepted")


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_version_too_large_to_store(signed: SignedOrigin, assert_refused: Any, role: str) -> None:
    def huge(metadata: Any) -> None:
        metadata.version = 10**30

    data = signed.forge_metadata(role, huge)
    if role == "snapshot":
        lead_to(signed, snapshot=data, version=10**30)
    elif role == "targets":
        lead_to(signed, targets=data, version=10**30)
    assert_refused(TrustError, "outside the whole numbers")


# Expiry and clocks


def _expire(metadata: Any) -> None:
    metadata.version += 1
    metadata.expires = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_freeze(signed: SignedOrigin, grow: Any, mirror: Path, monkeypatch: Any) -> None:
    """The server shows the same state for ever: after 90 days that is noticed; decoding and verifying go on."""
    past = datetime.now(UTC) - timedelta(days=100)
    monkeypatch.setattr("haac_repo._trust.roots.utc_now", lambda: past)
    grow(signed, [20])
    monkeypatch.undo()
    with pytest.raises(TrustError, match=r"timestamp expired on .* the publisher must run `haac publish`"):
        signed.sync(mirror)
    assert not mirror.exists()


def test_an_expired_mirror_can_be_used(
    signed: SignedOrigin, mirror: Path, disk: Any, assert_refused: Any
) -> None:
    signed.forge_metadata("timestamp", _expire)
    assert_refused(TrustError, "timestamp expired on 2026-01-02 03:04 UTC")
    assert disk.readable(mirror) == set(range(1, 16))  # and assert_refused has verified it


@pytest.mark.parametrize("role", ["root", "snapshot", "targets"])
def test_expired_roles(signed: SignedOrigin, assert_refused: Any, role: str) -> None:
    data = signed.forge_metadata(role, _expire)
    if role == "snapshot":
        lead_to(signed, snapshot=data, version=3)
    elif role == "targets":
        lead_to(signed, targets=data, version=3)
    who = "haac keys renew" if role == "root" else "haac publish"
    name = {"root": "2.root", "snapshot": "3.snapshot", "targets": "3.targets"}[role]
    assert_refused(TrustError, f"{role} expired on 2026-01-02 03:04 UTC.*{who}", f"metadata-{name}.json")


def test_clock_backwards(signed: SignedOrigin, mirror: Path, monkeypatch: Any) -> None:
    signed.sync(mirror)
    yesterday = datetime.now(UTC) - timedelta(days=2)
    monkeypatch.setattr("haac_repo._mirror.trusted.utc_now", lambda: yesterday)
    report = signed.sync(mirror)
    assert any("the clock of this machine says" in note for note in report.notes)
    monkeypatch.undo()
    assert signed.sync(mirror).notes == []


# Parts that do not belong together


def test_mix_and_match_of_snapshots(signed: SignedOrigin, assert_refused: Any, grow: Any) -> None:
    """The new timestamp with the old snapshot under its name."""
    grow(signed, [21])
    signed.files["metadata/3.snapshot.json"] = signed.files["metadata/2.snapshot.json"]
    assert_refused(IntegrityError, "not what the metadata above them promise", "metadata-3.snapshot.json")


def test_something_is_added(signed: SignedOrigin, assert_refused: Any, grow: Any) -> None:
    grow(signed, [21])
    signed.files["metadata/3.targets.json"] += b" "
    assert_refused(IntegrityError, "longer than the metadata above them promise", "metadata-3.targets.json")


def test_mix_and_match_of_targets(signed: SignedOrigin, assert_refused: Any, grow: Any) -> None:
    grow(signed, [21])
    signed.files["metadata/3.targets.json"] = signed.files["metadata/2.targets.json"]
    assert_refused(IntegrityError, "not what the metadata above them promise", "metadata-3.targets.json")


def test_mix_and_match_of_heads(signed: SignedOrigin, assert_refused: Any, grow: Any) -> None:
    """New metadata with the old head under its name."""
    old = next(data for path, data in signed.files.items() if path.startswith("targets/"))
    grow(signed, [21])
    for path in [path for path in signed.files if path.startswith("targets/")]:
        signed.files[path] = old
    evidence = assert_refused(IntegrityError, "not what the metadata above them promise")
    assert old in evidence.files.values()


def test_the_plain_head_counts_for_nothing(signed: SignedOrigin, mirror: Path, disk: Any) -> None:
    """In a signed repository a forged file `head` is not even fetched."""
    signed.files["head"] = replace(signed.head, elements=11).to_bytes()
    signed.sync(mirror)
    assert "head" not in signed.fetched()
    assert (mirror / "public" / "head").read_bytes() != signed.files["head"]
    disk.assert_sound(mirror)


# Fast-forward


def test_fast_forward_and_recovery_by_key_rotation(
    signed: SignedOrigin, mirror: Path, grow: Any, disk: Any
) -> None:
    """The on-line keys were stolen, and used to publish a version so high that nothing of the publisher's comes after it."""
    signed.sync(mirror)
    honest = (signed.folder / "public" / "head").read_bytes()
    signed.forge_chain(honest, step=1_000_000)
    signed.sync(mirror)
    grow(signed, [30])
    with pytest.raises(HistoryError, match=r"went back.*haac keys rotate"):
        signed.sync(mirror)
    with Repository.open(signed.folder) as repository:
        for role in ("targets", "snapshot", "timestamp"):
            rotate_keys(repository, role)
    signed.files.clear()
    signed.load()
    report = signed.sync(mirror)
    assert report.elements == 11
    versions = {role: version for role, version, _ in trust_rows(mirror)}
    assert max(versions.values()) < 100
    disk.assert_sound(mirror)
    grow(signed, [31])
    assert signed.sync(mirror).elements == 12
