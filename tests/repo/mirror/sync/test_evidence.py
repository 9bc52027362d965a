"""What a sync refused is kept: not twice, not without end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haac_repo import LIMITS
from haac_repo._mirror import evidence


def test_what_was_refused_is_kept_with_its_reason(tmp_path: Path) -> None:
    folder = evidence.keep(tmp_path, {"head": b"bad", "log/00000001.jsonl.gz": b"worse"}, "it went back")
    assert folder is not None
    assert folder.parent == tmp_path / "lost"
    assert (folder / "head").read_bytes() == b"bad"
    assert (folder / "log-00000001.jsonl.gz").read_bytes() == b"worse"
    assert (folder / "reason.txt").read_text().startswith("it went back\n")


def test_the_same_is_not_kept_twice(tmp_path: Path) -> None:
    first = evidence.keep(tmp_path, {"head": b"bad"}, "why")
    assert evidence.keep(tmp_path, {"head": b"bad"}, "why") == first
    assert evidence.keep(tmp_path, {"head": b"other"}, "why") != first
    assert len(evidence.refusals(tmp_path)) == 2


def test_at_most_ten_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    kept = [evidence.keep(tmp_path, {"head": b"%d" % n}, "why") for n in range(13)]
    assert evidence.refusals(tmp_path) == kept[3:]


def test_at_most_so_many_bytes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "LIMITS", replace(LIMITS, evidence_bytes=1000))
    folder = evidence.keep(tmp_path, {"head": b"x" * 600, "one": b"y" * 600, "two": b"z" * 300}, "why")
    assert folder is not None
    assert sorted(path.name for path in folder.iterdir()) == ["head", "reason.txt", "two"]
    assert "600 bytes  one, left out" in (folder / "reason.txt").read_text()
    newer = evidence.keep(tmp_path, {"head": b"Y" * 900}, "why")
    assert evidence.refusals(tmp_path) == [newer]


def test_a_disk_that_takes_nothing_hides_no_refusal(tmp_path: Path) -> None:
    (tmp_path / "lost").write_bytes(b"a file in its place")
    assert evidence.keep(tmp_path, {"head": b"bad"}, "why") is None
    assert evidence.keep(tmp_path / "nowhere", {"head": b"bad"}, "why") is None
