"""Publishing: what is written, and when."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haac_repo import LIMITS, Repository, RepositoryBusyError, RepositoryError, publish, read_head, sync
from haac_repo._check.verify import verify
from haac_repo._mirror import wire
from haac_repo._mirror.wire import pack_path, segment_path
from haac_repo._publish import publish as publish_module
from haac_repo._publish.compact import compact
from haac_repo._publish.disclosure import remembered


def test_what_is_published(repository: Repository, make_element: Any) -> None:
    with repository.writer() as writer:
        for seed in range(3):
            writer.add(
                make_element(
                    seed,
                    name=f"n{seed}",
                    tags=("a", "b"),
                    colour=0xABC,
                    phash=2**63,
                    quality=0,
                    doubts=("soft",),
                )
            )
        writer.tag(1, name="other")
        writer.withdraw(2, "gone")
    head = publish(repository)
    assert (head.repository, head.records, head.elements) == (repository.id, 5, 3)
    assert (head.previous, head.signatures) == ("", ())
    (segment,), (pack,) = head.segments, head.packs
    data = (repository.path / "public" / segment_path(1)).read_bytes()
    assert hashlib.sha256(data).hexdigest() == segment.sha256
    assert data[4:8] == b"\0\0\0\0"  # no time: the same records give the same bytes
    lines = gzip.decompress(data).splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["op"] for record in records] == ["add", "add", "add", "tag", "withdraw"]
    assert records[0]["pack"] == pack.sha256
    assert records[0]["colour"] == "000abc"
    assert records[0]["phash"] == "8000000000000000"
    assert (records[0]["quality"], records[0]["doubts"]) == (0, ["soft"])
    assert records[4]["reason"] == "gone"
    assert "source" not in records[0]
    assert lines[0] == json.dumps(records[0], sort_keys=True, separators=(",", ":")).encode()
    stored = (repository.path / "public" / pack_path(pack.sha256)).read_bytes()
    assert hashlib.sha256(stored).hexdigest() == pack.sha256
    assert len(stored) == pack.length
    assert read_head(repository.path) == head
    raw = (repository.path / "public" / "head").read_bytes()
    assert raw == json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":")).encode() + b"\n"


def test_nothing_new_changes_nothing(repository: Repository, make_element: Any) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    head = publish(repository)
    before = (repository.path / "public" / "head").stat()
    assert publish(repository) == head
    after = (repository.path / "public" / "head").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_each_head_names_the_one_before(repository: Repository, make_element: Any) -> None:
    previous = ""
    for seed in range(3):
        with repository.writer() as writer:
            writer.add(make_element(seed))
        head = publish(repository)
        assert head.previous == previous
        assert len(head.segments) == len(head.packs) == seed + 1
        previous = hashlib.sha256((repository.path / "public" / "head").read_bytes()).hexdigest()


def test_published_files_never_change(repository: Repository, make_element: Any) -> None:
    seen: dict[Path, bytes] = {}
    for seed in range(4):
        with repository.writer() as writer:
            writer.add(make_element(seed))
        publish(repository)
        for path, data in seen.items():
            assert path.read_bytes() == data
        for folder in ("log", "packs"):
            seen |= {path: path.read_bytes() for path in (repository.path / "public" / folder).iterdir()}


def test_long_logs_become_several_segments(
    repository: Repository, make_element: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(publish_module, "_PAGE", 3)
    monkeypatch.setattr(publish_module, "LIMITS", replace(LIMITS, segment_records=7))
    with repository.writer() as writer:
        for seed in range(20):
            writer.add(make_element(seed))
    head = publish(repository)
    assert [segment.records for segment in head.segments] == [6, 6, 6, 2]
    assert sync(str(repository.path), tmp_path / "mirror").records == 20


def test_a_damaged_head_is_replaced(repository: Repository, make_element: Any) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    head = publish(repository)
    (repository.path / "public" / "head").write_bytes(b"{")
    again = publish(repository)
    assert again == replace(head, time=again.time)
    assert read_head(repository.path) == again


def test_a_lost_pack_stays_published(repository: Repository, make_element: Any, tmp_path: Path) -> None:
    """A mirror that has it goes on, and can give it back."""
    for seed in range(2):
        with repository.writer() as writer:
            writer.add(make_element(seed))
            writer.seal()
    head = publish(repository)
    sync(str(repository.path), tmp_path / "mirror")
    (repository.path / "public" / pack_path(head.packs[0].sha256)).unlink()
    verify(repository.path, repair=True)
    with repository.writer() as writer:
        writer.add(make_element(9))
    assert publish(repository).packs[:2] == head.packs
    assert sync(str(repository.path), tmp_path / "mirror").missing_packs == 0


def test_not_while_somebody_writes(repository: Repository, make_element: Any) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        with pytest.raises(RepositoryBusyError):
            publish(repository, wait=0)
    assert read_head(repository.path) is None


def test_the_longest_words_can_be_published(
    repository: Repository, make_element: Any, tmp_path: Path
) -> None:
    from haac_repo import Provenance

    words = "ab \N{SNOWMAN}"[:4] * 500
    with repository.writer() as writer:
        writer.add(
            make_element(
                1,
                name=words,
                tags=[f"{n:02}{'x' * 62}" for n in range(64)],
                provenance=Provenance(source=words, licence=words, attribution=words, model=words),
            )
        )
        writer.withdraw(1, words)
    publish(repository)
    assert sync(str(repository.path), tmp_path / "mirror").records == 2


def test_a_head_that_no_mirror_would_accept_is_not_published(
    repository: Repository, make_element: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for seed in range(6):
        with repository.writer() as writer:
            writer.add(make_element(seed))
        publish(repository)
    head = (repository.path / "public" / "head").read_bytes()
    smaller = replace(LIMITS, head_bytes=len(head))
    for module in (publish_module, wire):
        monkeypatch.setattr(module, "LIMITS", smaller)
    sync(str(repository.path), tmp_path / "mirror")
    publish(repository)  # nothing is new: what stands there is small enough
    with repository.writer() as writer:
        writer.add(make_element(7))
    before = {path: path.read_bytes() for path in repository.path.rglob("*.pack")}
    with pytest.raises(RepositoryError, match=r"7 log segments; mirrors accept at most [\d,]+\. Nothing was"):
        publish(repository, source_names="none")
    with pytest.raises(RepositoryError, match="mirrors accept"):
        publish_module.check_room(repository)
    assert before == {path: path.read_bytes() for path in repository.path.rglob("*.pack")}
    assert (repository.path / "public" / "head").read_bytes() == head
    assert len(list((repository.path / "public" / "log").iterdir())) == 6
    assert remembered(repository.path) == "base"
    compact(repository)
    publish(repository)
    assert sync(str(repository.path), tmp_path / "mirror").elements == 7


@pytest.mark.parametrize("withdrawn", [(), (1,), (8,), (1, 2, 3, 8)])
def test_the_size_of_a_head_is_told_beforehand(
    withdrawn: tuple[int, ...], repository: Repository, make_element: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(6):
        with repository.writer() as writer:
            writer.add(make_element(seed))
        publish(repository)
    with repository.writer() as writer:
        for seed in range(6, 9):
            writer.add(make_element(seed))
        for number in withdrawn:
            writer.withdraw(number, "gone")
    monkeypatch.setattr(publish_module, "LIMITS", replace(LIMITS, head_bytes=1))
    with pytest.raises(RepositoryError) as error:
        publish(repository)
    told = int(re.findall(r"about ([\d,]+) bytes", str(error.value))[0].replace(",", ""))
    monkeypatch.setattr(publish_module, "LIMITS", LIMITS)
    publish(repository)
    size = (repository.path / "public" / "head").stat().st_size
    assert size <= told <= size + 400  # a pack and a segment more, and longer numbers
