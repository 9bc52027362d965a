"""A signed repository to sync from, whose metadata can be forged, with its own keys too; and what a mirror trusts."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, TargetFile

from haac_repo import Pin, Repository, create_keys, publish, sync
from haac_repo._trust.keys import find_signers
from haac_repo._trust.layout import head_path, versioned_path
from haac_repo._trust.roots import current_root, serialized
from tests.repo.mirror.conftest import Disk, Origin, add
from tests.repo.trust.publisher import fingerprint

TIMESTAMP = "metadata/timestamp.json"


class SignedOrigin(Origin):
    """What a signed repository publishes, in memory; `keys(role)` are what somebody has who broke in there."""

    @property
    def pin(self) -> Pin:
        return Pin(sha256=hashlib.sha256(self.files["metadata/1.root.json"]).hexdigest())

    def keys(self, role: str) -> list[CryptoSigner]:
        root = current_root(self.folder)
        assert root is not None
        return find_signers(self.folder, root.signed, role)

    def newest(self, role: str) -> str:
        """The path of a role's newest metadata."""
        if role == "timestamp":
            return TIMESTAMP
        versions = [
            int(path.split("/")[1].split(".")[0]) for path in self.files if path.endswith(f".{role}.json")
        ]
        return versioned_path(role, max(versions))

    def metadata(self, role: str) -> Metadata[Any]:
        return Metadata.from_bytes(self.files[self.newest(role)])

    def forge_metadata(
        self,
        role: str,
        change: Callable[[Any], None] = lambda _: None,
        signers: Sequence[CryptoSigner] | None = None,
    ) -> bytes:
        """Publish a changed version of a role's newest metadata, signed by its keys, or by these."""
        made = copy.deepcopy(self.metadata(role))
        change(made.signed)
        made.signatures.clear()
        for signer in self.keys(role) if signers is None else signers:
            made.sign(signer, append=True)
        data = serialized(made)
        path = TIMESTAMP if role == "timestamp" else versioned_path(role, made.signed.version)
        self.files[path] = data
        return data

    def forge_chain(self, head: bytes, step: int = 1) -> None:
        """Sign this head with all the right keys, as versions `step` after the newest."""
        self.files[head_path(hashlib.sha256(head).hexdigest())] = head

        def targets(signed: Any) -> None:
            signed.version += step
            signed.targets = {"head": TargetFile.from_data("head", head, ["sha256"])}

        def snapshot(signed: Any) -> None:
            signed.version += step
            signed.meta["targets.json"] = MetaFile.from_data(self.version("targets"), data, ["sha256"])

        def timestamp(signed: Any) -> None:
            signed.version += step
            signed.snapshot_meta = MetaFile.from_data(self.version("snapshot"), data, ["sha256"])

        data = self.forge_metadata("targets", targets)
        data = self.forge_metadata("snapshot", snapshot)
        self.forge_metadata("timestamp", timestamp)

    def version(self, role: str) -> int:
        version: int = self.metadata(role).signed.version
        return version

    def sync(self, mirror: Path, **options: Any) -> Any:
        """As of Origin; a new mirror is given the root."""
        if not mirror.exists() and "pin" not in options:
            options["pin"] = self.pin
        return super().sync(mirror, **options)


@pytest.fixture
def signed(tmp_path: Path) -> SignedOrigin:
    """10 elements in 2 packs, in one segment, signed; its folder may be written to."""
    with Repository.create(tmp_path / "signed") as repository:
        create_keys(repository)
        add(repository, range(10))
        publish(repository)
    return SignedOrigin(tmp_path / "signed")


@pytest.fixture
def grow() -> Callable[..., None]:
    """grow(origin, seeds): add elements and publish them."""

    def grow(
        origin: Origin, seeds: Iterable[int] = (), change: Callable[[Any], None] = lambda _: None
    ) -> None:
        with Repository.open(origin.folder) as repository:
            add(repository, seeds)
            with repository.writer() as writer:
                change(writer)
            publish(repository)
        origin.files.clear()
        origin.load()

    return grow


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


@pytest.fixture
def disk() -> type[Disk]:
    return Disk


def trust_rows(mirror: Path) -> list[tuple[str, int, bytes]]:
    with Repository.open(mirror) as opened:
        rows = opened._db.execute("select role, version, data from trust order by role").fetchall()
        return [(row[0], row[1], bytes(row[2])) for row in rows]


def change_trust(mirror: Path, statement: str) -> None:
    """Damage what a mirror trusts."""
    import sqlite3

    with sqlite3.connect(mirror / "catalog.sqlite") as db:
        db.execute(statement)
    db.close()


class Evidence:
    """What is in `lost/` of a mirror."""

    def __init__(self, mirror: Path) -> None:
        self.folders = sorted((mirror / "lost").glob("refused-*"))

    @property
    def files(self) -> dict[str, bytes]:
        """Of the newest folder."""
        found = {file.name: file.read_bytes() for file in self.folders[-1].iterdir()}
        assert found.pop("reason.txt")
        return found


@pytest.fixture
def assert_refused(
    signed: SignedOrigin, grow: Any, mirror: Path, disk: type[Disk]
) -> Callable[..., Evidence]:
    """A mirror of 15 elements, in 2 publications; assert_refused(error, words): syncing again fails, and changes nothing."""
    grow(signed, range(10, 15))
    signed.sync(mirror)

    def refused(
        error: type[Exception], words: str, name: str = "metadata-timestamp.json", **options: Any
    ) -> Evidence:
        before = disk.tree(mirror), disk.catalog(mirror), trust_rows(mirror)
        kept = Evidence(mirror).folders
        with pytest.raises(error, match=words) as caught:
            signed.sync(mirror, **options)
        assert (disk.tree(mirror), disk.catalog(mirror), trust_rows(mirror)) == before
        disk.assert_sound(mirror)
        evidence = Evidence(mirror)
        if name:
            assert name in evidence.files
            assert str(evidence.folders[-1]) in str(caught.value)
        else:
            assert evidence.folders == kept
        return evidence

    return refused


def next_version(metadata: Any) -> None:
    metadata.version += 1


def lead_to(signed: SignedOrigin, *, targets: bytes = b"", snapshot: bytes = b"", version: int = 3) -> None:
    """Sign a snapshot and a timestamp, each one version on, that lead to these metadata."""
    if targets:

        def lead(metadata: Any) -> None:
            metadata.version += 1
            metadata.meta["targets.json"] = MetaFile.from_data(version, targets, ["sha256"])

        snapshot = signed.forge_metadata("snapshot", lead)
        version = Metadata.from_bytes(snapshot).signed.version

    def name(metadata: Any) -> None:
        metadata.version += 1
        metadata.snapshot_meta = MetaFile.from_data(version, snapshot, ["sha256"])

    signed.forge_metadata("timestamp", name)


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Repository]:
    """3 elements, published and signed."""
    with Repository.create(tmp_path / "signed") as repository:
        create_keys(repository)
        add(repository, range(3))
        publish(repository)
        yield repository


@pytest.fixture
def mirrored(publisher: Repository, tmp_path: Path) -> Path:
    sync(publisher.path, tmp_path / "mirror", pin=Pin(sha256=fingerprint(publisher)))
    return tmp_path / "mirror"
