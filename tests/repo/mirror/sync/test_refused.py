"""What a refused sync leaves: a catalog as it was, and nothing in the way of the true repository. And elements that are no pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from haac_repo import IntegrityError, Repository
from haac_repo._mirror.wire import pack_path, segment_path
from tests.repo.mirror.test_sync_attacks import accepted, appended


def test_a_refused_sync_binds_nothing(growing: Any, grow: Any, mirror: Path, disk: Any) -> None:
    """A log whose packs turn out to be false, and then the true one, which goes on otherwise."""
    growing.sync(mirror)
    before = disk.tree(mirror), disk.catalog(mirror)
    true = dict(growing.files)
    info = growing.forge_pack(b"evil" * 100)
    record = appended(growing, seq=11, id=11, pack=info.sha256, sha256="0" * 64, offset=0, length=400)
    growing.forge([*growing.records(), [record]], packs=(*growing.head.packs, info))
    false = growing.files["head"]
    for _ in range(2):
        with pytest.raises(IntegrityError, match="not what the log promises"):
            growing.sync(mirror)
        assert (accepted(disk, mirror), disk.catalog(mirror)) == before
    (evidence,) = (mirror / "lost").iterdir()
    assert (evidence / "head").read_bytes() == false
    assert (evidence / "log-00000002.jsonl.gz").read_bytes() == growing.files[segment_path(2)]
    growing.files = true
    grow(growing, [77])
    assert growing.sync(mirror).elements == 11
    disk.assert_sound(mirror)


def test_a_refused_first_sync_binds_to_no_repository(
    growing: Any, origin: Any, mirror: Path, disk: Any
) -> None:
    growing.files[growing.packs[0]] = growing.files[growing.packs[0]][:-1] + b"!"
    with pytest.raises(IntegrityError):
        growing.sync(mirror)
    assert origin.sync(mirror).elements == 30
    with Repository.open(mirror) as opened:
        assert opened.id == origin.head.repository
    assert origin.head.repository in (mirror / "repository.json").read_text()
    disk.assert_sound(mirror)


def test_what_a_refused_sync_fetched_goes_with_the_next(growing: Any, mirror: Path, disk: Any) -> None:
    """Packs that were right by themselves, of a head that was refused for another one."""
    growing.sync(mirror)
    before = disk.tree(mirror)
    true = dict(growing.files)
    good, bad = growing.forge_pack(true[growing.packs[0]][:-1]), growing.forge_pack(b"evil" * 100)
    first, second = growing.records()[0][:2]
    records = [
        {**first, "seq": 11, "id": 11, "pack": good.sha256},
        {**second, "seq": 12, "id": 12, "pack": bad.sha256, "offset": 0, "length": 400},
    ]
    growing.forge([*growing.records(), records], packs=(*growing.head.packs, good, bad))
    with pytest.raises(IntegrityError):
        growing.sync(mirror)
    assert (mirror / "public" / pack_path(good.sha256)).exists()
    growing.files = true
    growing.sync(mirror)
    assert disk.tree(mirror) == before


@pytest.mark.parametrize("only", [None, [1]])
def test_a_picture_of_another_size_than_its_record(growing: Any, mirror: Path, disk: Any, only: Any) -> None:
    """Bytes as promised by every hash, and yet no such picture."""
    (records,) = growing.records()
    records[0]["width"] = 40
    growing.forge([records])
    with pytest.raises(IntegrityError, match="published wrongly: the stored picture is 20x20"):
        growing.sync(mirror, only=only)
    assert disk.readable(mirror) == set()


@pytest.mark.parametrize(
    "data", [b"some text, which is as long as a picture", b"\x89PNG\r\n\x1a\n" + bytes(40), b"x"]
)
def test_elements_that_are_no_pictures(growing: Any, mirror: Path, disk: Any, data: bytes) -> None:
    info = growing.forge_pack(data)
    sha256 = hashlib.sha256(data).hexdigest()
    (records,) = growing.records()
    record = {
        **records[0],
        "seq": 11,
        "id": 11,
        "pack": info.sha256,
        "offset": 0,
        "length": len(data),
        "sha256": sha256,
    }
    growing.forge([records, [record]], packs=(*growing.head.packs, info))
    with pytest.raises(IntegrityError, match="published wrongly"):
        growing.sync(mirror)
    assert disk.readable(mirror) == set()
    # The publisher's way out: it takes it down.
    gone = {"seq": 12, "op": "withdraw", "id": 11, "keep_bytes": True, "time": "2026-11-23T01:02:03Z"}
    growing.forge([records, [record], [gone]])
    growing.sync(mirror)
    assert disk.readable(mirror) == set(range(1, 11))
