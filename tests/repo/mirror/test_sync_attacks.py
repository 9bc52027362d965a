"""Servers that lie: each test is named after the attack, and looks at what is on disk afterwards."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Head, HistoryError, IntegrityError, Repository, RepositoryError, TransportError
from haac_repo._mirror.wire import PackInfo, SegmentInfo, pack_path, segment_path

# History


def accepted(disk: Any, mirror: Path) -> dict[str, str]:
    """The mirror's files, without parts that wait for a log that lists them; those are nobody's yet."""
    return {path: sha for path, sha in disk.tree(mirror).items() if not path.endswith(".part")}


@pytest.fixture
def assert_refused(growing: Any, grow: Any, mirror: Path, disk: Any) -> Callable[..., None]:
    """A mirror of 15 elements; assert_refused(error, words): syncing again fails, and changes nothing."""
    grow(growing, range(10, 15))
    growing.sync(mirror)
    before = accepted(disk, mirror), disk.catalog(mirror)

    def refused(error: type[Exception], words: str) -> None:
        with pytest.raises(error, match=words):
            growing.sync(mirror)
        assert (accepted(disk, mirror), disk.catalog(mirror)) == before
        disk.assert_sound(mirror, complete=False)

    return refused


def test_rollback(growing: Any, assert_refused: Any) -> None:
    first, _second = growing.records()
    growing.forge([first], packs=growing.head.packs)
    assert_refused(HistoryError, "went back")


def test_log_shrinks(growing: Any, assert_refused: Any) -> None:
    """As many records, in fewer segments."""
    first, second = growing.records()
    growing.forge([first + second])
    assert_refused(HistoryError, "the log shrank")


def test_fork_with_the_same_count(growing: Any, assert_refused: Any) -> None:
    first, second = growing.records()
    second[-1]["name"] = "another"
    growing.forge([first, second])
    assert_refused(HistoryError, "segment 2 was rewritten")


def test_segments_swapped(growing: Any, assert_refused: Any) -> None:
    head = growing.head
    growing.files["head"] = replace(head, segments=head.segments[::-1]).to_bytes()
    one, two = segment_path(1), segment_path(2)
    growing.files[one], growing.files[two] = growing.files[two], growing.files[one]
    assert_refused(HistoryError, "rewritten")


def test_segments_swapped_at_first_sync(growing: Any, mirror: Path, grow: Any, disk: Any) -> None:
    grow(growing, range(10, 15))
    first, second = growing.records()
    growing.forge([second, first])
    with pytest.raises(HistoryError, match="out of sequence"):
        growing.sync(mirror)
    assert disk.readable(mirror) == set()
    assert accepted(disk, mirror) == {}


def test_another_repositorys_head(growing: Any, assert_refused: Any) -> None:
    growing.files["head"] = replace(growing.head, repository="ab" * 16).to_bytes()
    assert_refused(HistoryError, "mirror of")


def test_a_published_pack_is_dropped(growing: Any, assert_refused: Any) -> None:
    growing.files["head"] = replace(growing.head, packs=growing.head.packs[1:]).to_bytes()
    assert_refused(HistoryError, "does not list it")


def test_takedown_undone(growing: Any, grow: Any, mirror: Path) -> None:
    grow(growing, change=lambda writer: writer.withdraw(3, "stolen"))
    growing.sync(mirror)
    first, _takedown = growing.records()
    back = {"op": "tag", "id": 3, "name": "back", "time": "2026-11-23T01:02:03Z"}
    again = [{"seq": 11, **back}, {"seq": 12, **back}]  # as many as the takedown and the new pack take
    growing.forge([first, again])
    with pytest.raises(HistoryError, match="rewritten"):
        growing.sync(mirror)
    with Repository.open(mirror) as opened:
        assert opened.element(3).withdrawn == "stolen"


def test_a_later_tag_does_not_undo_a_takedown(growing: Any, grow: Any, mirror: Path) -> None:
    grow(growing, change=lambda writer: writer.withdraw(3, "stolen"))
    growing.sync(mirror)
    again = [{"seq": 13, "op": "tag", "id": 3, "name": "back", "time": "2026-11-23T01:02:03Z"}]
    growing.forge([*growing.records(), again])
    growing.sync(mirror)
    with Repository.open(mirror) as opened:
        assert opened.element(3).withdrawn == "stolen"


def appended(growing: Any, **change: Any) -> dict[str, Any]:
    """A record that adds a 16th element, after a third one's pattern."""
    record = dict(growing.records()[0][2])
    record.update({"seq": 16, "id": 16, **change})
    return record


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"id": 3}, HistoryError, "binds id 3 again"),
        ({"id": 17}, IntegrityError, "16 records and 17 elements; the head promises 16 and 16"),
        ({"seq": 17}, HistoryError, "out of sequence"),
        ({"seq": 15}, HistoryError, "out of sequence"),
        ({"pack": "0" * 64}, HistoryError, "does not list"),
        ({"offset": 10**8}, IntegrityError, "beyond the end"),
        ({"length": 10**8}, IntegrityError, "beyond the end"),
        ({"offset": -1}, IntegrityError, "offset is -1"),
        ({"offset": 2**63}, IntegrityError, "offset is"),
        ({"length": 0}, IntegrityError, "length is 0"),
        ({"sha256": "../../etc/passwd"}, IntegrityError, "sha256 is"),
        ({"sha256": "AB" * 32}, IntegrityError, "sha256 is"),
        ({"pack": "../" * 21 + "x"}, IntegrityError, "pack is"),
        ({"width": 0}, IntegrityError, "width is 0"),
        ({"width": 16383, "height": 16383}, IntegrityError, "width x height"),
        ({"media": "text/html"}, IntegrityError, "media is"),
        ({"name": "\x1b[2J"}, IntegrityError, "name is"),
        ({"name": "x" * 3000}, IntegrityError, "name is"),
        ({"tags": ["a"] * 65}, IntegrityError, "at most 64 tags"),
        ({"tags": ["a,b"]}, IntegrityError, "commas"),
        ({"tags": "a"}, IntegrityError, "tags is"),
        ({"colour": "red"}, IntegrityError, "colour is"),
        ({"op": "tag", "id": 99}, IntegrityError, "does not exist"),
        ({"op": "restore"}, RepositoryError, "does not know"),
    ],
)
def test_bad_records(
    growing: Any, assert_refused: Any, mirror: Path, change: Any, error: type[Exception], words: str
) -> None:
    growing.forge([*growing.records(), [appended(growing, **change)]], elements=16)
    assert_refused(error, words)
    assert not (mirror / segment_path(3)).exists()


def test_counts_that_do_not_fit(growing: Any, assert_refused: Any) -> None:
    growing.forge([*growing.records(), [appended(growing, op="tag", id=3)]], elements=16)
    assert_refused(IntegrityError, "the head promises")


def test_counts_that_do_not_fit_without_new_records(growing: Any, assert_refused: Any) -> None:
    growing.files["head"] = replace(growing.head, elements=14).to_bytes()
    assert_refused(HistoryError, "went back")


def test_packs_that_no_element_is_in(growing: Any, assert_refused: Any) -> None:
    """They would be fetched for nothing."""
    info = growing.forge_pack(b"filler" * 100)
    growing.files["head"] = replace(growing.head, packs=(*growing.head.packs, info)).to_bytes()
    assert_refused(IntegrityError, "no element is in")


def test_after_an_attack_the_true_repository_syncs_again(
    growing: Any, grow: Any, assert_refused: Any, mirror: Path, disk: Any
) -> None:
    """What was refused leaves nothing that would stand in the way."""
    info = growing.forge_pack(b"evil" * 100)
    records = [appended(growing, pack=info.sha256, sha256="0" * 64, offset=0, length=400), {"op": "?"}]
    growing.forge([*growing.records(), records], elements=16, packs=(*growing.head.packs, info))
    assert_refused(IntegrityError, "malformed")
    growing.load()
    grow(growing, [77])
    assert growing.sync(mirror).elements == 16
    disk.assert_sound(mirror)  # the stray part is gone as well


# Content


def test_a_flipped_bit_anywhere(origin: Any, tmp_path: Path, disk: Any) -> None:
    """Whatever bit of whatever file is flipped: an error, or the very same mirror; never other bytes."""
    dice = random.Random(5)
    true = dict(origin.files)
    origin.sync(tmp_path / "clean")
    for n, path in enumerate(sorted(true) * 4):
        flipped = bytearray(true[path])
        at = dice.randrange(len(flipped) * 8)
        flipped[at // 8] ^= 1 << at % 8
        origin.files = {**true, path: bytes(flipped)}
        mirror = tmp_path / f"m{n}"
        try:
            origin.sync(mirror)
        except (IntegrityError, HistoryError, TransportError, RepositoryError):
            if path == "head":
                continue  # there may be no mirror, or one of another repository
            disk.readable(mirror)
            assert hashlib.sha256(flipped).hexdigest() not in disk.tree(mirror).values()
            origin.files = true
            origin.sync(mirror)
            assert disk.tree(mirror) == disk.tree(tmp_path / "clean")
        else:
            assert path == "head"  # its time, or `previous`


def test_one_bad_pack_does_not_keep_the_others_away(origin: Any, mirror: Path, disk: Any) -> None:
    bad = origin.packs[2]
    origin.files[bad] = origin.files[bad][:-1] + b"!"
    with pytest.raises(IntegrityError, match="not what the head promises"):
        origin.sync(mirror)
    assert disk.readable(mirror) == set(range(1, 31)) - set(range(11, 16))
    assert not (mirror / bad).exists()
    assert not (mirror / "public" / "head").exists()
    assert list((mirror / "open").iterdir()) == []


def test_right_pack_hash_with_wrong_offsets(growing: Any, mirror: Path, disk: Any) -> None:
    (records,) = growing.records()
    records[1]["offset"], records[2]["offset"] = records[2]["offset"], records[1]["offset"]
    growing.forge([records])
    with pytest.raises(IntegrityError, match="published wrongly"):
        growing.sync(mirror)
    assert disk.readable(mirror) == {6, 7, 8, 9, 10}
    assert not (mirror / growing.packs[0]).exists()


def test_wrong_offsets_in_a_range(growing: Any, mirror: Path, disk: Any) -> None:
    (records,) = growing.records()
    records[1]["offset"] += 1
    growing.forge([records])
    with pytest.raises(IntegrityError, match="element 2"):
        growing.sync(mirror, only=[2])
    assert disk.readable(mirror) == set()


def test_overlapping_elements(growing: Any, mirror: Path, disk: Any) -> None:
    (records,) = growing.records()
    data = growing.files[growing.packs[0]]
    records[1].update(offset=1, length=len(data) - 1, sha256=hashlib.sha256(data[1:]).hexdigest())
    growing.forge([records])
    with pytest.raises(IntegrityError, match="overlap"):
        growing.sync(mirror)
    assert disk.readable(mirror) == {6, 7, 8, 9, 10}


def test_a_picture_that_is_none_or_of_another_size(growing: Any, mirror: Path) -> None:
    """Bytes as promised by every hash, and yet no such picture: noticed when it is decoded."""
    (records,) = growing.records()
    records[0]["width"] = 40
    growing.forge([records])
    growing.sync(mirror)
    with (
        Repository.open(mirror) as opened,
        pytest.raises(IntegrityError, match="20x20, its record says 40x20"),
    ):
        opened.image(1)


def forge_segment(origin: Any, data: bytes, **info: int) -> None:
    made = {"length": len(data), "inflated": 100, "records": 1, **info}
    segment = SegmentInfo(sha256=hashlib.sha256(data).hexdigest(), **made)
    origin.files[segment_path(1)] = data
    origin.files["head"] = replace(
        origin.head, segments=(segment,), records=segment.records, elements=0
    ).to_bytes()


def gzip(data: bytes) -> bytes:
    made = zlib.compressobj(9, wbits=31)
    return made.compress(data) + made.flush()


@pytest.mark.parametrize(
    ("data", "info", "words"),
    [
        (gzip(b"[" * 50_000_000), {}, "more than the 100 bytes"),
        (gzip(b"[" * 1_000_000), {"inflated": 1_000_000}, "longer than the 65536"),
        (gzip(b'{"x":' * 9_000), {"inflated": 45_000}, "promises"),
        (gzip(b'{"x":' * 9_000 + b"\n"), {"inflated": 45_001}, "not readable JSON"),
        (gzip(b"\n" * 100), {"records": 100}, "not readable JSON"),
        (gzip(b""), {"inflated": 1}, "promises"),
        (b"no gzip at all", {}, "not gzip"),
        (gzip(b"{}\n" * 33)[:-4], {"inflated": 99}, "ends in the middle|not readable|malformed"),
        (gzip(b"") + b"more", {"inflated": 1}, "after its end"),
        (gzip(b"{}\n") * 2, {"inflated": 6, "records": 2}, "after its end|malformed"),
        (b"\x1f\x8b" + struct.pack("<Q", 8), {}, "not gzip|ends in"),
    ],
)
def test_decompression_bombs_and_broken_segments(
    growing: Any, mirror: Path, disk: Any, data: bytes, info: dict[str, int], words: str
) -> None:
    forge_segment(growing, data, **info)
    with pytest.raises(IntegrityError, match=words):
        growing.sync(mirror)
    assert accepted(disk, mirror) == {}
    assert disk.catalog(mirror)[0] == []


# Paths


@pytest.mark.parametrize(
    "sha256",
    [
        "../" * 20 + "etc",
        "/" + "a" * 63,
        "a" * 63 + "\0",
        "a" * 63 + "\\",
        "A" * 64,
        "a" * 63,
        "a" * 65,
        "é" * 64,
        7,
    ],
)
@pytest.mark.parametrize("where", ["segments", "packs"])
def test_names_that_are_no_hashes(growing: Any, mirror: Path, sha256: Any, where: str) -> None:
    made = (
        PackInfo(sha256=sha256, length=5)
        if where == "packs"
        else SegmentInfo(sha256=sha256, length=5, inflated=5, records=growing.head.records)
    )
    growing.files["head"] = replace(growing.head, **{where: (made,)}).to_bytes()
    with pytest.raises(IntegrityError, match="64 hex digits"):
        growing.sync(mirror)
    assert not mirror.exists()


def test_pack_path_takes_hashes_only() -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        pack_path("../x")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_planted_symlinks(growing: Any, mirror: Path, tmp_path: Path, disk: Any) -> None:
    """Links in the places of packs, parts and segments: never written through, never taken for the file."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    growing.sync(mirror, only=[1])
    first, second = growing.packs
    (mirror / "public" / first).symlink_to(victim)
    (mirror / "open" / Path(second).with_suffix(".part").name).symlink_to(victim)
    (mirror / "public" / "log" / "00000002.jsonl.gz").symlink_to(victim)
    growing.sync(mirror)
    assert victim.read_bytes() == b"precious"
    assert not (mirror / "public" / first).is_symlink()
    assert not any(path.is_symlink() for path in (mirror / "open").iterdir())
    assert disk.readable(mirror) == set(range(1, 11))


def test_a_head_that_promises_more_than_the_disk_holds(growing: Any, mirror: Path) -> None:
    infos = tuple(PackInfo(sha256=f"{n:064x}", length=512 * 2**20) for n in range(100_000))
    (first,) = growing.records()
    record = appended(growing, seq=11, id=11, pack=infos[0].sha256, length=5)
    records = [{**record, "seq": 11 + n, "id": 11 + n, "pack": infos[n].sha256} for n in range(500)]
    growing.forge([first, records], packs=(*growing.head.packs, *infos[:500]))
    # 250 GB: on a machine with more room than that, nothing is there to be fetched.
    with pytest.raises((RepositoryError, TransportError), match=r"make room|is not there"):
        growing.sync(mirror)


def test_an_oversize_head(growing: Any, mirror: Path) -> None:
    growing.files["head"] = growing.files["head"][:-1] + b" " * (16 * 2**20)
    with pytest.raises(TransportError, match="goes on after byte"):
        growing.sync(mirror)
    assert not mirror.exists()


def test_unknown_keys_in_the_head_are_ignored(growing: Any, mirror: Path) -> None:
    head = growing.files["head"].rstrip()
    growing.files["head"] = head[:-1] + b',"zz":[1,{"a":null}]}\n'
    growing.files["head"] = growing.files["head"].replace(b'"signatures":[]', b'"signatures":[{"key":"k"}]')
    growing.sync(mirror)
    assert (mirror / "public" / "head").read_bytes() == growing.files[
        "head"
    ]  # passed on as it came, signatures and all
    assert Head.from_bytes(growing.files["head"]).signatures == ({"key": "k"},)
