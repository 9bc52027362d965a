"""Keys: made, shown, rotated, thresholds, the root off-line; mirrors follow."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from haac_repo import Pin, Repository, RepositoryError, TrustError, create_keys, publish, show_keys, sync
from haac_repo._check.verify import verify
from haac_repo._trust.admin import add_key, renew_root, rotate_keys, set_threshold, take_root_offline
from haac_repo._trust.layout import ROLES
from tests.repo.mirror.conftest import add
from tests.repo.trust.publisher import fingerprint, key_files, key_ids, public_files, versions

posix = pytest.mark.skipif(os.name == "nt", reason="no modes of files there")


# Where keys are


@posix
def test_keys_are_for_their_owner_only(publisher: Repository) -> None:
    folder = publisher.path / "keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == len(ROLES)
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_keys_are_never_in_the_published_tree(publisher: Repository) -> None:
    rotate_keys(publisher, "root")
    add_key(publisher, "targets")
    secrets = [file.read_bytes() for file in (publisher.path / "keys").iterdir()]
    for name, data in public_files(publisher).items():
        assert b"PRIVATE" not in data
        assert not name.endswith(".pem")
        assert not any(secret[30:80] in data for secret in secrets)
    with pytest.raises(RepositoryError, match="inside the repository"):
        take_root_offline(publisher, publisher.path / "public" / "backup")
    with pytest.raises(RepositoryError, match="inside the repository"):
        add_key(publisher, "root", folder=publisher.path / "public")
    assert not any(path.suffix == ".pem" for path in (publisher.path / "public").rglob("*"))


def test_a_new_repository_in_python_is_not_signed(repository: Repository) -> None:
    publish(repository)
    assert show_keys(repository.path) is None
    assert not (repository.path / "keys").exists()
    assert not (repository.path / "public" / "metadata").exists()
    with pytest.raises(RepositoryError, match="haac keys create"):
        rotate_keys(repository, "root")


def test_the_published_files(publisher: Repository) -> None:
    files = public_files(publisher)
    head = hashlib.sha256(files["head"]).hexdigest()
    assert {name for name in files if name.startswith(("metadata/", "targets/"))} == {
        *("metadata/1.root.json", "metadata/1.targets.json", "metadata/1.snapshot.json"),
        *("metadata/timestamp.json", f"targets/{head}.head"),
    }
    assert files[f"targets/{head}.head"] == files["head"]
    assert fingerprint(publisher) == hashlib.sha256(files["metadata/1.root.json"]).hexdigest()


def test_the_newest_and_the_one_before_are_kept(publisher: Repository) -> None:
    for seed in range(10, 14):
        add(publisher, [seed])
        publish(publisher)
    files = public_files(publisher)
    assert {name for name in files if name.startswith("metadata/")} == {
        *("metadata/1.root.json", "metadata/timestamp.json"),
        *("metadata/4.targets.json", "metadata/5.targets.json"),
        *("metadata/4.snapshot.json", "metadata/5.snapshot.json"),
    }
    assert len([name for name in files if name.startswith("targets/")]) == 2


def test_signing_a_repository_that_is_published_already(repository: Repository, tmp_path: Path) -> None:
    add(repository, range(3))
    head = publish(repository)
    before = public_files(repository)
    root = create_keys(repository)
    after = public_files(repository)
    assert {name: after[name] for name in before} == before
    assert sync(repository.path, tmp_path / "mirror", pin=Pin(sha256=root)).elements == 3
    assert publish(repository) == head
    assert public_files(repository) == after
    with pytest.raises(RepositoryError, match="signed already"):
        create_keys(repository)


def test_a_mirror_has_no_keys(mirrored: Path, publisher: Repository) -> None:
    with Repository.open(mirrored) as opened:
        with pytest.raises(RepositoryError, match="is a mirror"):
            create_keys(opened)
        assert fingerprint(opened) == fingerprint(publisher)
        assert not any(key_ids(opened, "targets").values())


def test_lost_metadata_do_not_make_it_unsigned(publisher: Repository) -> None:
    shutil.rmtree(publisher.path / "public" / "metadata")
    add(publisher, [9])
    head = (publisher.path / "public" / "head").read_bytes()
    with pytest.raises(RepositoryError, match="has keys, and no root"):
        publish(publisher)
    assert (publisher.path / "public" / "head").read_bytes() == head


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_a_missing_key_changes_nothing(publisher: Repository, role: str) -> None:
    (file,) = (publisher.path / "keys").glob(f"{role}-*.pem")
    file.unlink()
    add(publisher, [9])
    before = {name: data for name, data in public_files(publisher).items() if not name.startswith("log/")}
    with pytest.raises(RepositoryError, match=f"role {role} takes 1 of its keys, and 0 are here"):
        publish(publisher)
    after = {name: data for name, data in public_files(publisher).items() if not name.startswith("log/")}
    assert {name: after[name] for name in before} == before
    rotate_keys(publisher, role)
    assert publish(publisher).elements == 4


@pytest.mark.parametrize("data", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key(publisher: Repository, data: bytes) -> None:
    (file,) = (publisher.path / "keys").glob("targets-*.pem")
    file.write_bytes(data)
    add(publisher, [9])
    with pytest.raises(RepositoryError, match="cannot be used: it is damaged"):
        publish(publisher)


def test_a_key_under_anothers_name(publisher: Repository) -> None:
    (targets,) = (publisher.path / "keys").glob("targets-*.pem")
    (snapshot,) = (publisher.path / "keys").glob("snapshot-*.pem")
    targets.write_bytes(snapshot.read_bytes())
    add(publisher, [9])
    with pytest.raises(RepositoryError, match="not the one that its name says"):
        publish(publisher)


def test_encrypted_keys(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAAC_KEY_PASSPHRASE", "correct horse")
    create_keys(repository)
    assert all(b"ENCRYPTED" in file.read_bytes() for file in (repository.path / "keys").iterdir())
    publish(repository)
    add(repository, [1])
    for wrong in ("", "wrong"):
        monkeypatch.setenv("HAAC_KEY_PASSPHRASE", wrong)
        with pytest.raises(RepositoryError, match="encrypted, and HAAC_KEY_PASSPHRASE does not open it"):
            publish(repository)
    monkeypatch.setenv("HAAC_KEY_PASSPHRASE", "correct horse")
    assert publish(repository).elements == 1


def test_verify_accounts_for_keys_and_metadata(publisher: Repository, mirrored: Path) -> None:
    for path in (publisher.path, mirrored):
        report = verify(path, repair=True)
        assert (report.ok, report.repaired) == (True, []), report
    assert len(key_files(publisher)) == 4


# Changing keys


@pytest.mark.parametrize("role", ROLES)
def test_rotation_end_to_end(publisher: Repository, mirrored: Path, role: str) -> None:
    before, others = key_ids(publisher, role), key_files(publisher)
    rotate_keys(publisher, role)
    after = key_ids(publisher, role)
    assert not before.keys() & after.keys()
    assert list(after.values()) == [True]
    assert len(set(key_files(publisher)) - set(others)) == 1
    assert len(key_files(publisher)) == 4  # the old file is gone
    assert versions(publisher)["root"] == 2
    assert sync(publisher.path, mirrored).new_records == 0
    add(publisher, [20])
    publish(publisher)
    assert sync(publisher.path, mirrored).elements == 4
    assert fingerprint(publisher) == sync(publisher.path, mirrored).root


def test_an_old_key_counts_no_more(publisher: Repository, mirrored: Path, tmp_path: Path) -> None:
    """A thief has a copy of all of it; after the rotation, what he signs is refused by mirrors that followed."""
    thief = tmp_path / "thief"
    shutil.copytree(publisher.path, thief)
    for role in ("targets", "snapshot", "timestamp"):
        rotate_keys(publisher, role)
    sync(publisher.path, mirrored)
    with Repository.open(thief) as stolen:
        add(stolen, [66])
        publish(stolen)
    with pytest.raises(TrustError, match="signature is missing or wrong"):
        sync(thief, mirrored)
    assert sync(publisher.path, mirrored).elements == 3


def test_a_threshold_end_to_end(publisher: Repository, mirrored: Path) -> None:
    with pytest.raises(RepositoryError, match="from 1 to 1"):
        set_threshold(publisher, "targets", 2)
    file = add_key(publisher, "targets")
    assert file.parent == publisher.path / "keys"
    set_threshold(publisher, "targets", 2)
    sync(publisher.path, mirrored)
    add(publisher, [30])
    publish(publisher)
    assert sync(publisher.path, mirrored).elements == 4
    aside = file.rename(publisher.path / file.name)
    add(publisher, [31])
    with pytest.raises(RepositoryError, match="takes 2 of its keys, and 1 are here"):
        publish(publisher)
    aside.rename(file)
    publish(publisher)
    assert sync(publisher.path, mirrored).elements == 5
    rotate_keys(publisher, "targets")
    assert len(key_ids(publisher, "targets")) == 2
    assert sync(publisher.path, mirrored).new_records == 0


def test_a_root_of_two_people(publisher: Repository, mirrored: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    take_root_offline(publisher, first)
    add_key(publisher, "root", folder=second, root_keys=[first])
    with pytest.raises(RepositoryError, match="--root-keys FOLDER"):
        set_threshold(publisher, "root", 2, root_keys=[first])
    assert versions(publisher)["root"] == 2
    set_threshold(publisher, "root", 2, root_keys=[first, second])
    with pytest.raises(RepositoryError, match="role root takes 2 of its keys, and 1 are here"):
        rotate_keys(publisher, "timestamp", root_keys=[second])
    assert len(key_files(publisher)) == 3  # no new key was left behind
    rotate_keys(publisher, "timestamp", root_keys=[first, second])
    assert sync(publisher.path, mirrored).new_records == 0


def test_an_off_line_root(publisher: Repository, mirrored: Path, tmp_path: Path) -> None:
    medium = tmp_path / "medium"
    (file,) = take_root_offline(publisher, medium)
    assert file.parent == medium
    assert os.name == "nt" or file.stat().st_mode & 0o777 == 0o600
    assert not list((publisher.path / "keys").glob("root-*"))
    with pytest.raises(RepositoryError, match="off-line already"):
        take_root_offline(publisher, tmp_path / "again")
    add(publisher, [40])
    publish(publisher)  # needs no root
    with pytest.raises(RepositoryError, match="--root-keys FOLDER names where the others are"):
        rotate_keys(publisher, "timestamp")
    rotate_keys(publisher, "timestamp", root_keys=[medium])
    rotate_keys(publisher, "root", root_keys=[medium])
    assert not list((publisher.path / "keys").glob("root-*"))
    assert len(list(medium.iterdir())) == 1
    renew_root(publisher, root_keys=[medium])
    assert versions(publisher)["root"] == 4
    assert sync(publisher.path, mirrored).elements == 4
