"""Publishing to a folder, on a disk or a share."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from haac._cli.main import _run
from haac_repo import (
    HistoryError,
    Pin,
    Repository,
    RepositoryError,
    TransportError,
    create_keys,
    publish,
    read_head,
    sync,
)
from haac_repo._store.layout import published_folder
from haac_repo._trust.admin import rotate_keys
from haac_repo._upload.destination import ChangedError
from haac_repo._upload.folder import FolderDestination
from haac_repo._upload.upload import upload
from tests.repo.upload.conftest import fill


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_publishing_to_a_folder(
    filled: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "disk"
    assert _run(["publish", str(target), "--repo", str(filled.path)]) == 0
    assert capsys.readouterr().out.startswith(f"{target}: sent 5 files")
    assert content(target) == content(published_folder(filled.path))
    assert sync(str(target), tmp_path / "mirror").packs == 3
    kept = {path: path.stat().st_ino for path in target.rglob("*.pack")}
    fill(filled, range(9, 12))
    assert _run(["publish", str(target), "--repo", str(filled.path)]) == 0
    assert content(target) == content(published_folder(filled.path))
    assert {path: path.stat().st_ino for path in kept} == kept  # not written again


def test_packs_that_are_published_no_more_go_and_other_files_stay(filled: Repository, tmp_path: Path) -> None:
    publish(filled)
    target = FolderDestination(tmp_path / "disk")
    upload(filled.path, target)
    stray = tmp_path / "disk" / "packs" / f"{'0' * 64}.pack"
    for path in (stray, stray.with_name("notes.tmp"), tmp_path / "disk" / "index.html"):
        path.write_bytes(b"x")
    assert upload(filled.path, FolderDestination(tmp_path / "disk")).deleted == 1
    assert not stray.exists()
    assert stray.with_name("notes.tmp").exists()
    assert (tmp_path / "disk" / "index.html").exists()


@pytest.mark.parametrize("loss", ["flipped", "gone"])
def test_one_damaged_pack_with_withdrawn_bytes_does_not_keep_the_rest_from_being_sent(
    filled: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str], loss: str
) -> None:
    target = tmp_path / "disk"
    args = ["publish", str(target), "--repo", str(filled.path)]
    assert _run(args) == 0
    sync(str(target), tmp_path / "mirror")
    fill(filled, range(9, 12))
    with filled.writer() as writer:
        writer.withdraw_all([1, 4], "no")
    head = read_head(filled.path)
    assert head is not None
    damaged = published_folder(filled.path) / "packs" / f"{head.packs[0].sha256}.pack"
    if loss == "gone":
        damaged.unlink()
    else:
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    capsys.readouterr()
    assert _run([*args, "--json"]) == 1
    out, err = capsys.readouterr()
    assert (
        json.loads(out)["sent"]["files"] == 4
    )  # the pack in place of the other one, the new one, log and head
    assert json.loads(err.splitlines()[-1])["error"]["message"].count(damaged.name) == 1
    assert (target / "head").read_bytes() == (published_folder(filled.path) / "head").read_bytes()
    assert sync(str(target), tmp_path / "mirror").elements == 10
    # Where the damaged pack was never sent nothing counts, and both errors are told.
    assert _run(["publish", str(tmp_path / "new"), "--repo", str(filled.path)]) == 1
    err = capsys.readouterr().err
    assert "still published" in err
    assert "Sending failed too: " in err
    assert not (tmp_path / "new" / "head").exists()


def test_signatures_of_before_do_not_pile_up(filled: Repository, tmp_path: Path) -> None:
    create_keys(filled)
    target = tmp_path / "disk"
    for seed in range(9, 13):
        fill(filled, range(seed, seed + 1))
        publish(filled)
        upload(filled.path, FolderDestination(target))
    assert content(target) == content(published_folder(filled.path))


def test_roots_of_a_chain_that_was_begun_anew_go(filled: Repository, tmp_path: Path) -> None:
    """Else readers would go on from the new first root to the old second one."""
    create_keys(filled)
    publish(filled)
    rotate_keys(filled, "timestamp")
    target = tmp_path / "disk"
    upload(filled.path, FolderDestination(target))
    shutil.rmtree(filled.path / "keys")
    for name in ("metadata", "targets"):
        shutil.rmtree(published_folder(filled.path) / name)
    root = create_keys(filled)
    publish(filled)
    upload(filled.path, FolderDestination(target))
    assert sync(str(target), tmp_path / "mirror", pin=Pin(sha256=root)).root == root


def test_a_head_that_changed_meanwhile_is_not_replaced(filled: Repository, tmp_path: Path) -> None:
    publish(filled)
    shutil.copytree(filled.path, tmp_path / "copy")
    with Repository.open(tmp_path / "copy") as copy:
        fill(copy, range(20, 23))
        publish(copy)

    class Late(FolderDestination):
        """Another machine's upload ends just before the head is replaced."""

        def replace(self, path: str, data: bytes, tag: str | None) -> None:
            upload(tmp_path / "copy", FolderDestination(tmp_path / "disk"))
            super().replace(path, data, tag)

    with pytest.raises(ChangedError, match=r"somebody else wrote .*Nothing was overwritten"):
        upload(filled.path, Late(tmp_path / "disk"))
    theirs = content(published_folder(tmp_path / "copy"))
    assert content(tmp_path / "disk") == theirs
    with pytest.raises(HistoryError, match="a copy of this repository published there"):
        upload(filled.path, FolderDestination(tmp_path / "disk"))


KILLED = """
import os, signal, sys
from pathlib import Path
from haac_repo._upload.folder import FolderDestination
from haac_repo._upload.upload import upload
left = int(sys.argv[3])
def audit(event, arguments):
    global left
    if event in ("open", "os.rename", "os.remove") and sys.argv[2] in str(arguments[0]):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(audit)
upload(sys.argv[1], FolderDestination(Path(sys.argv[2])), jobs=1)
"""


def test_a_kill_at_any_point_leaves_the_state_before_or_after(filled: Repository, tmp_path: Path) -> None:
    publish(filled)
    target = tmp_path / "disk"
    upload(filled.path, FolderDestination(target))
    before = content(target)
    shutil.copytree(target, tmp_path / "before")
    fill(filled, range(9, 15))
    publish(filled)
    after = content(published_folder(filled.path))
    kills = 0
    for point in range(1, 60, 3):
        shutil.rmtree(target)
        shutil.copytree(tmp_path / "before", target)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(filled.path), str(target), str(point)], check=False, timeout=60
        )
        kills += done.returncode == -signal.SIGKILL
        found = content(target)
        head = found["head"]
        assert head in (before["head"], after["head"])
        wanted = before if head == before["head"] else after
        assert {name: found.get(name) for name in wanted} == wanted
        upload(filled.path, FolderDestination(target))
        assert content(target) == after  # and nothing of the kill is left
        if done.returncode == 0:
            break
    assert kills >= 5


def test_folders_that_cannot_be_used(filled: Repository, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="publishes nothing yet"):
        upload(filled.path, FolderDestination(tmp_path / "disk"))
    publish(filled)
    with pytest.raises(RepositoryError, match="is a repository or a mirror itself"):
        FolderDestination(filled.path)
    for inside in (published_folder(filled.path), filled.path / "new", tmp_path / "link"):
        if inside.name == "link":
            inside.symlink_to(published_folder(filled.path))
        with pytest.raises(RepositoryError, match="or stands in one"):
            FolderDestination(inside)
    with pytest.raises(TransportError, match=r"cannot publish to .*: No such file or directory"):
        FolderDestination(tmp_path / "no" / "disk")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TransportError, match="File exists"):
        FolderDestination(tmp_path / "file")
    with Repository.create(tmp_path / "other") as other:
        fill(other, range(40, 43))
        publish(other)
    upload(other.path, FolderDestination(tmp_path / "disk"))
    with pytest.raises(HistoryError, match="another repository is published there"):
        upload(filled.path, FolderDestination(tmp_path / "disk"))
    assert read_head(other.path) is not None
    (tmp_path / "disk" / "head").write_bytes(b"<html>")
    with pytest.raises(Exception, match="damaged or no repository"):
        upload(filled.path, FolderDestination(tmp_path / "disk"))


def test_a_disk_that_is_full(filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(filled)
    real = os.fsync

    def full(descriptor: int) -> None:
        if "/packs/" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TransportError, match=r"cannot publish to .*No space left on device"):
        upload(filled.path, FolderDestination(tmp_path / "disk"))
    assert content(tmp_path / "disk") == {}
