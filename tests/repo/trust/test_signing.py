"""What `publish` signs: until when it is valid, renewed in time, whole at any moment."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haac_repo import Pin, Repository, TrustError, publish, show_keys, sync
from haac_repo._check.verify import verify
from haac_repo._trust.admin import renew_root, rotate_keys, take_root_offline
from haac_repo._trust.layout import LIFETIMES
from haac_repo._trust.sign import warnings
from tests.repo.mirror.conftest import add
from tests.repo.trust.publisher import fingerprint, public_files, versions


def at(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """The publisher's clock is so many days ahead; negative: behind."""
    moment = datetime.now(UTC) + timedelta(days=days)
    for module in ("roots", "sign"):
        monkeypatch.setattr(f"haac_repo._trust.{module}.utc_now", lambda: moment)


# Expiry


def test_lifetimes_are_stated(publisher: Repository) -> None:
    """Roles that are made without an expiry are born expired."""
    report = show_keys(publisher.path)
    assert report is not None
    for role in report.roles:
        assert role.expires is not None
        left = role.expires - datetime.now(UTC)
        assert LIFETIMES[role.name] - timedelta(minutes=5) < left <= LIFETIMES[role.name]


@pytest.mark.parametrize(
    ("days", "renewed"),
    [
        (6, set()),
        (8, {"timestamp"}),
        (100, {"timestamp"}),
        (200, {"timestamp", "snapshot", "targets"}),
        (1010, {"timestamp", "snapshot", "targets", "root"}),
        (1200, {"timestamp", "snapshot", "targets", "root"}),
    ],
)
def test_publish_renews_though_nothing_is_new(
    publisher: Repository, monkeypatch: pytest.MonkeyPatch, days: int, renewed: set[str]
) -> None:
    before = versions(publisher)
    head = (publisher.path / "public" / "head").read_bytes()
    at(monkeypatch, days)
    publish(publisher)
    assert (publisher.path / "public" / "head").read_bytes() == head
    assert versions(publisher) == {role: version + (role in renewed) for role, version in before.items()}
    report = show_keys(publisher.path)
    assert report is not None
    for role in report.roles:
        assert role.expires is not None
        assert role.expires > datetime.now(UTC) + timedelta(days=days)
    assert warnings(publisher.path) == []
    written = public_files(publisher)
    publish(publisher)
    assert public_files(publisher) == written


def test_an_expired_repository_is_renewed(
    publisher: Repository, mirrored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, -500)
    rotate_keys(publisher, "timestamp")  # signs everything as if 500 days ago
    with pytest.raises(TrustError, match="expired on"):
        sync(publisher.path, mirrored)
    monkeypatch.undo()
    publish(publisher)
    assert sync(publisher.path, mirrored).new_records == 0


def test_an_off_line_root_that_ends_is_told(
    publisher: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_root_offline(publisher, tmp_path / "medium")
    at(monkeypatch, 1010)
    publish(publisher)
    (warning,) = warnings(publisher.path)
    assert "the root ends on" in warning
    assert "haac keys renew --root-keys FOLDER" in warning
    renew_root(publisher, root_keys=[tmp_path / "medium"])
    assert warnings(publisher.path) == []


# Verifying


def test_verify_sees_signatures_that_do_not_fit(publisher: Repository) -> None:
    metadata = publisher.path / "public" / "metadata"
    assert verify(publisher.path).ok
    for role in ("timestamp", "snapshot", "targets"):
        file = max(metadata.glob(f"*{role}.json"))
        before = file.read_bytes()
        for data in (b"", before[:-1], before.replace(b"2", b"3")):
            file.write_bytes(data)
            (problem,) = verify(publisher.path, quick=True).problems
            assert "`haac publish` signs it again" in str(problem)
        publish(publisher)
        assert verify(publisher.path, quick=True).ok
    for path in (*(publisher.path / "public" / "targets").iterdir(), metadata / "timestamp.json"):
        path.unlink()
        assert not verify(publisher.path, quick=True).ok
        publish(publisher)
        assert verify(publisher.path, quick=True).ok
    (metadata / "1.root.json").unlink()
    (problem,) = verify(publisher.path, quick=True).problems
    assert "has keys, and no root" in str(problem)


def test_verify_between_signing_and_the_head(publisher: Repository) -> None:
    """A writer that is at it, or a crash there: the signed head is one ahead of the file, and nothing is wrong."""
    from haac_repo._trust.sign import sign_head

    head = (publisher.path / "public" / "head").read_bytes()
    sign_head(publisher.path, head.replace(b'"previous":""', b'"previous":"' + b"ab" * 32 + b'"'))
    assert verify(publisher.path).ok
    publish(publisher)
    assert verify(publisher.path).ok


def test_mirrors_follow_after_metadata_were_lost(publisher: Repository, mirrored: Path) -> None:
    """Versions go on from where nobody has been: what cannot be read is not begun at 1 again."""
    for file in (publisher.path / "public" / "metadata").glob("*"):
        if "root" not in file.name:
            file.write_bytes(b"")
    publish(publisher)
    assert sync(publisher.path, mirrored).new_records == 0
    (publisher.path / "public" / "metadata" / "timestamp.json").unlink()
    publish(publisher)
    assert sync(publisher.path, mirrored).new_records == 0


# Crashes


class PowerCut(Exception):  # noqa: N818 (nothing that is caught)
    pass


def test_a_crash_at_any_write_leaves_the_old_state_or_the_new(
    publisher: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever syncs sees 3 elements or 4, rightly signed; the next publishing goes on. Written in this order, too."""
    pin = Pin(sha256=fingerprint(publisher))
    seen = set()
    for stop in range(1, 8):
        folder = tmp_path / f"copy{stop}"
        shutil.copytree(publisher.path, folder)
        written: list[str] = []
        with monkeypatch.context() as patch:
            _cut(patch, stop, folder, written)
            with Repository.open(folder) as repository:
                add(repository, [70])
                done = False
                try:
                    publish(repository)
                    done = True
                except PowerCut:
                    pass
        seen.add(sync(folder, tmp_path / f"mirror{stop}", pin=pin).elements)
        with Repository.open(folder) as repository:
            publish(repository)
        assert sync(folder, tmp_path / f"mirror{stop}").elements == 4
        assert sync(folder, tmp_path / f"fresh{stop}", pin=pin).elements == 4
        if done:
            break
    assert done
    assert seen == {3, 4}
    names = [name.split("/")[0] if name.startswith(("log", "targets")) else name for name in written]
    assert names == [
        *("log", "targets", "metadata/2.targets.json", "metadata/2.snapshot.json"),
        *("metadata/timestamp.json", "head"),
    ]


def test_a_crash_in_a_rotation_is_finished_by_publish(
    publisher: Repository, mirrored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stop in range(1, 8):
        folder = tmp_path / f"copy{stop}"
        shutil.copytree(publisher.path, folder)
        with monkeypatch.context() as patch:
            _cut(patch, stop, folder, [])
            with Repository.open(folder) as repository:
                done = False
                try:
                    rotate_keys(repository, "targets")
                    done = True
                except PowerCut:
                    pass
        with Repository.open(folder) as repository:
            publish(repository)
        copy = tmp_path / f"mirror{stop}"
        shutil.copytree(mirrored, copy)
        assert sync(folder, copy).elements == 3
        if done:
            break
    assert done


def _cut(patch: pytest.MonkeyPatch, stop: int, folder: Path, written: list[str]) -> None:
    """The power goes at the `stop`-th published file, before it is in its place."""
    from haac_repo._files import write_newer

    def writing(path: Path, data: bytes) -> None:
        if len(written) + 1 == stop:
            raise PowerCut
        write_newer(path, data)
        written.append(path.relative_to(folder / "public").as_posix())

    for name in ("write_file", "write_newer"):
        for module in ("_publish.publish", "_trust.sign", "_trust.roots"):
            patch.setattr(f"haac_repo.{module}.{name}", writing, raising=False)
