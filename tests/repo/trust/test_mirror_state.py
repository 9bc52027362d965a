"""What a mirror trusts: lost, pinned, signed or not any more, and passed on to mirrors of it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haac_repo import (
    LIMITS,
    HistoryError,
    IntegrityError,
    Pin,
    Repository,
    TrustError,
)
from haac_repo._store.layout import read_identity, write_identity
from haac_repo._trust.admin import rotate_keys
from tests.repo.trust.conftest import (
    Evidence,
    SignedOrigin,
    change_trust,
    next_version,
    trust_rows,
)

# The mirror's own state


@pytest.mark.parametrize("damage", ["update trust set data = x''", "delete from trust"])
def test_local_trust_lost(
    signed: SignedOrigin, mirror: Path, grow: Any, assert_refused: Any, damage: str
) -> None:
    """Zeroed or deleted: the pinned root's fingerprint is left, and no rollback is taken."""
    yesterday = {**signed.files}
    grow(signed, [40])
    signed.sync(mirror)
    change_trust(mirror, damage)
    today, signed.files = signed.files, yesterday
    assert_refused(HistoryError, "went back", "head")
    signed.files = today
    assert signed.sync(mirror).root == signed.pin.sha256
    assert signed.sync(mirror).requests == 2


@pytest.mark.parametrize("damage", ["update trust set data = x''", "delete from trust"])
def test_local_trust_and_fingerprint_lost(signed: SignedOrigin, mirror: Path, grow: Any, damage: str) -> None:
    """Nothing more is taken until the root is named again."""
    signed.sync(mirror)
    grow(signed, [40])
    change_trust(mirror, damage)
    identity = read_identity(mirror)
    assert identity is not None
    write_identity(mirror, replace(identity, root=""))
    with pytest.raises(TrustError, match="what this mirror trusts is damaged: name the root again"):
        signed.sync(mirror)
    assert signed.sync(mirror, pin=signed.pin).elements == 11


@pytest.mark.parametrize(
    "damage",
    [
        "update trust set data = x'' where role in ('timestamp', 'snapshot', 'targets')",
        "delete from trust where role in ('timestamp', 'snapshot', 'targets')",
        "update trust set data = zeroblob(400) where role != 'root'",
    ],
)
def test_rollback_with_local_metadata_lost(
    signed: SignedOrigin, mirror: Path, grow: Any, assert_refused: Any, damage: str
) -> None:
    """The Update Framework alone would take the old state: the head that was accepted stands against it."""
    yesterday = {**signed.files}
    grow(signed, [40])
    signed.sync(mirror)
    today, signed.files = signed.files, yesterday
    change_trust(mirror, damage)
    assert_refused(HistoryError, "went back", "head")
    signed.files = today
    assert signed.sync(mirror).new_records == 0
    assert signed.sync(mirror).requests == 2


def test_the_mirrors_published_files_are_not_trusted(signed: SignedOrigin, mirror: Path, grow: Any) -> None:
    """Trust comes out of the catalog: whoever can write to `public/` cannot change whom a mirror believes."""
    signed.sync(mirror)
    for file in (mirror / "public" / "metadata").iterdir():
        file.write_bytes(b"{}")
    grow(signed, [41])
    assert signed.sync(mirror).elements == 11
    for name in ("1.root.json", "2.snapshot.json", "2.targets.json", "timestamp.json"):
        assert (mirror / "public" / "metadata" / name).read_bytes() == signed.files[f"metadata/{name}"]


# With and without signatures


def test_downgrade_to_unsigned(signed: SignedOrigin, assert_refused: Any) -> None:
    for path in [path for path in signed.files if path.startswith(("metadata/", "targets/"))]:
        del signed.files[path]
    assert_refused(TrustError, "the repository is signed.*takes nothing unsigned", "")


def test_a_pin_for_a_server_without_signatures(signed: SignedOrigin, mirror: Path) -> None:
    pins = [signed.pin, Pin(root=signed.files["metadata/1.root.json"])]
    for path in [path for path in signed.files if path.startswith(("metadata/", "targets/"))]:
        del signed.files[path]
    for pin in pins:
        with pytest.raises(TrustError, match="removed them"):
            signed.sync(mirror, pin=pin)
        assert not mirror.exists()


def test_a_signed_repository_and_no_pin(signed: SignedOrigin, mirror: Path) -> None:
    words = f"haac sync origin {mirror} --root .*haac sync origin {mirror} --trust-on-first-use.*{signed.pin.sha256}"
    with pytest.raises(TrustError, match=words):
        signed.sync(mirror, pin=None)
    assert not mirror.exists()
    assert signed.fetched() == ["metadata/1.root.json"]


def test_a_wrong_pin(signed: SignedOrigin, mirror: Path) -> None:
    with pytest.raises(TrustError, match="somebody put himself in between"):
        signed.sync(mirror, pin=Pin(sha256="ab" * 32))
    assert not mirror.exists()


def test_another_root_for_a_mirror_that_has_one(
    signed: SignedOrigin, assert_refused: Any, mirror: Path
) -> None:
    assert_refused(TrustError, "trusts another root than the one given", pin=Pin(sha256="ab" * 32))
    signed.sync(mirror, pin=signed.pin)


def test_trust_on_first_use_is_said_aloud(signed: SignedOrigin, mirror: Path) -> None:
    report = signed.sync(mirror, pin=Pin())
    assert report.root == signed.pin.sha256
    assert any(f"trusted on first use: the root {report.root}" in note for note in report.notes)
    assert signed.sync(mirror).notes == []


def test_an_unsigned_mirror_whose_repository_is_signed_now(
    signed: SignedOrigin, mirror: Path, grow: Any, disk: Any
) -> None:
    metadata = {
        path: data for path, data in signed.files.items() if path.startswith(("metadata/", "targets/"))
    }
    for path in metadata:
        del signed.files[path]
    report = signed.sync(mirror, pin=None)
    assert report.root == ""
    assert any("is not signed" in note for note in report.notes)
    grow(signed, [50])
    before = disk.tree(mirror), disk.catalog(mirror)
    with pytest.raises(TrustError, match=f"haac sync origin {mirror} --root"):
        signed.sync(mirror)
    assert (disk.tree(mirror), disk.catalog(mirror)) == before
    assert Evidence(mirror).files.keys() == {"metadata-1.root.json"}
    assert signed.sync(mirror, pin=signed.pin).elements == 11
    assert signed.sync(mirror).requests == 2


def test_evidence_is_bounded(signed: SignedOrigin, assert_refused: Any) -> None:
    signed.forge_metadata("timestamp", next_version, signers=[])
    for _ in range(LIMITS.evidence_folders + 3):
        signed.forge_metadata("timestamp", next_version, signers=[])  # the same twice would be kept once
        evidence = assert_refused(TrustError, "signature")
    assert len(evidence.folders) == LIMITS.evidence_folders


# Mirrors of mirrors


def test_mirror_of_a_mirror(signed: SignedOrigin, mirror: Path, grow: Any, disk: Any, tmp_path: Path) -> None:
    """The same root holds: what the mirror in between changes is noticed."""
    from haac_repo import sync

    grow(signed, [60])
    with Repository.open(signed.folder) as repository:
        rotate_keys(repository, "root")
    signed.files.clear()
    signed.load()
    signed.sync(mirror)
    second = tmp_path / "second"
    assert sync(mirror, second, pin=signed.pin).root == signed.pin.sha256
    published = [path for path in disk.tree(mirror) if path.startswith("public/")]
    assert [path for path in disk.tree(second) if path.startswith("public/")] == published
    head = mirror / "public" / next(path for path in signed.files if path.startswith("targets/"))
    for file in head.parent.iterdir():
        file.write_bytes(file.read_bytes().replace(b'"elements":11', b'"elements":12'))
    with pytest.raises(IntegrityError, match="not what the metadata above them promise"):
        sync(mirror, tmp_path / "third", pin=signed.pin)


def test_a_mirror_pinned_to_a_later_root_passes_on_the_first(
    signed: SignedOrigin, mirror: Path, tmp_path: Path
) -> None:
    from haac_repo import sync

    for _ in range(2):
        with Repository.open(signed.folder) as repository:
            rotate_keys(repository, "timestamp")
    signed.files.clear()
    signed.load()
    report = signed.sync(mirror, pin=Pin(root=signed.files["metadata/2.root.json"]))
    assert report.root == signed.pin.sha256
    assert sync(mirror, tmp_path / "second", pin=signed.pin).elements == 10


# What is near by


def test_a_store_that_answers_403_for_what_is_not_there(
    signed: SignedOrigin, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buckets whose files nobody may list do: no next root, and no metadata at all, look like that."""
    from haac_repo._mirror.fetch import NotThereError, WithheldError

    monkeypatch.setattr("tests.repo.mirror.conftest.NotThereError", WithheldError)
    signed.sync(mirror)
    assert signed.sync(mirror).requests == 2
    monkeypatch.setattr("tests.repo.mirror.conftest.NotThereError", NotThereError)
    assert signed.sync(mirror).requests == 2


def test_a_catalog_that_was_made_again(signed: SignedOrigin, mirror: Path) -> None:
    """It knows no metadata any more: the mirror does not turn into one that is not signed."""
    from haac_repo import verify

    signed.sync(mirror)
    for file in mirror.glob("catalog.sqlite*"):
        file.unlink()
    verify(mirror, repair=True)
    honest = signed.files
    signed.files = {path: data for path, data in honest.items() if not path.startswith("metadata/")}
    with pytest.raises(TrustError, match="publishes no signatures"):
        signed.sync(mirror)
    signed.files = honest
    assert signed.sync(mirror).elements == 10
    assert signed.sync(mirror).requests == 2


def test_a_time_that_is_none(signed: SignedOrigin, mirror: Path) -> None:
    signed.forge_chain(replace(signed.head, time="2026-99-99T99:99:99Z").to_bytes())
    assert signed.sync(mirror).notes == []


def test_to_begin_anew_the_roots_are_enough(signed: SignedOrigin, mirror: Path) -> None:
    """What `--start-over` keeps of a mirror that was driven forward: whom it trusts, and no versions."""
    from haac_repo._mirror.download import Downloader, Patience
    from haac_repo._trust import state
    from haac_repo._trust.client import fetch_head

    signed.sync(mirror)
    honest = dict(signed.files)
    signed.forge_chain(signed.files["head"], step=1000)
    signed.sync(mirror)
    signed.files = honest
    known = {role: data for role, _, data in trust_rows(mirror)}
    get = Downloader(signed, Patience(), 1)
    with pytest.raises(HistoryError):
        fetch_head(get, known, None)
    trusted = fetch_head(get, state.roots(known), None)
    assert trusted is not None
    assert trusted.head == honest["head"]


def test_no_room_for_evidence(signed: SignedOrigin, mirror: Path, disk: type[Any]) -> None:
    signed.sync(mirror)
    (mirror / "lost").write_bytes(b"")  # no folder can be made there
    signed.forge_metadata("timestamp", next_version, signers=[])
    before = disk.tree(mirror)
    with pytest.raises(TrustError, match="signature is missing"):
        signed.sync(mirror)
    assert disk.tree(mirror) == before


def test_verifying_goes_on_over_http_and_in_a_folder(signed: SignedOrigin, tmp_path: Path) -> None:
    from haac_repo import Server, sync

    with Server(signed.folder) as server:
        first = sync(server.url, tmp_path / "first", pin=signed.pin)
    second = sync(signed.folder, tmp_path / "second", pin=signed.pin)
    third = sync((signed.folder / "public").as_uri(), tmp_path / "third", pin=signed.pin)
    assert first.root == second.root == third.root == signed.pin.sha256


def test_a_crash_while_a_mirror_publishes(
    signed: SignedOrigin, mirror: Path, grow: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever syncs from the mirror sees the state before or after; the next sync of it goes on."""
    import shutil

    from haac_repo import sync
    from haac_repo._files import write_newer

    signed.sync(mirror)
    grow(signed, [80])
    seen = []
    for stop in range(6):
        copy = tmp_path / f"copy{stop}"
        shutil.copytree(mirror, copy)
        left = [stop]

        def writing(path: Path, data: bytes, left: list[int] = left) -> None:
            if not left[0]:
                raise RuntimeError("power cut")
            left[0] -= 1
            write_newer(path, data)

        with monkeypatch.context() as patch:
            patch.setattr("haac_repo._mirror.trusted.write_newer", writing)
            with contextlib.suppress(RuntimeError):
                signed.sync(copy)
        seen.append(sync(copy, tmp_path / f"second{stop}", pin=signed.pin).elements)
        assert signed.sync(copy).elements == 11
        assert sync(copy, tmp_path / f"second{stop}", pin=signed.pin).elements == 11
    # Head (as a target), targets and snapshot come before the timestamp, the plain head after it.
    assert seen == [10, 10, 10, 10, 11, 11]
