"""verify of a mirror: one that is broken, and one that holds a part of its repository on purpose."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from haac_repo import Repository, publish, sync, verify
from haac_repo._cli.doctor import check_repository
from haac_repo._store.layout import keep_identity, read_identity
from tests.repo.elements import MakeElement


@pytest.fixture
def origin(repository: Repository, make_element: MakeElement) -> Repository:
    """Elements 1-5 in one pack, 6-8 in another."""
    with repository.writer() as writer:
        for seed in range(5):
            writer.add(make_element(seed))
        writer.seal()
        for seed in range(5, 8):
            writer.add(make_element(seed))
    publish(repository)
    return repository


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


def pack_of(mirror: Path, number: int) -> Path:
    with Repository.open(mirror) as opened:
        ((sha256,),) = opened._db.execute(
            "select pack.sha256 from element join pack on pack.number = pack where element.number = ?",
            [number],
        ).fetchall()
    return mirror / "public" / "packs" / f"{sha256}.pack"


def states(mirror: Path) -> list[tuple[str, str]]:
    return [(check.state, check.detail) for check in check_repository(mirror)]


def test_a_hollow_mirror_says_what_is_missing_and_how_it_comes_back(origin: Repository, mirror: Path) -> None:
    sync(origin.path, mirror)
    file = pack_of(mirror, 6)
    file.write_bytes(b"x" + file.read_bytes()[1:])
    (problem,) = verify(mirror).problems
    assert problem.elements == (6,)
    for repair in (True, False):
        report = verify(mirror, repair=repair)
        assert [p.elements for p in report.problems] == [(6, 7, 8)]
        assert (report.live, report.held) == (8, 5)
        assert str(report.problems[0]) == (
            "this mirror holds 5 of 8 elements, and lacks packs that it publishes (1):"
            f" `haac sync {origin.path} {mirror}` brings them again; elements: 6, 7, 8"
        )
    assert [state for state, _ in states(mirror)] == ["fail"]
    sync(origin.path, mirror)
    report = verify(mirror)
    assert (report.ok, report.notes, report.held) == (True, [], 8)
    assert states(mirror)[0][0] == "ok"


def test_a_mirror_that_lost_a_pack_says_so(origin: Repository, mirror: Path) -> None:
    sync(origin.path, mirror)
    pack_of(mirror, 1).unlink()
    report = verify(mirror)
    assert [p.elements for p in report.problems] == [(1, 2, 3, 4, 5)]
    assert f"`haac sync {origin.path} {mirror}`" in report.problems[0].text


def test_a_mirror_that_holds_a_part_on_purpose_is_in_order(origin: Repository, mirror: Path) -> None:
    sync(origin.path, mirror, only=[7])
    for repair in (False, True):
        report = verify(mirror, repair=repair)
        assert (report.ok, report.held, report.live) == (True, report.held, 8)
        assert 1 <= report.held < 8
        assert report.notes == [
            f"this mirror holds {report.held} of 8 elements: `haac sync {origin.path} {mirror}` brings the rest"
        ]
    ((state, detail),) = states(mirror)
    assert (state, "holds a part of its repository" in detail) == ("note", True)


def test_a_mirror_whose_origin_went_on_is_in_order(
    origin: Repository, mirror: Path, make_element: MakeElement
) -> None:
    """Its log is newer than its packs: a sync was cut short, or fetched only what one recipe needed. What it publishes is all here."""
    sync(origin.path, mirror)
    with origin.writer() as writer:
        for seed in range(20, 30):
            writer.add(make_element(seed))
    publish(origin)
    sync(origin.path, mirror, only=[1])
    report = verify(mirror)
    assert (report.ok, report.held, report.live, len(report.notes)) == (True, 8, 18, 1)


def test_what_a_partial_mirror_loses_is_said_when_it_is_forgotten(
    origin: Repository, mirror: Path, make_element: MakeElement
) -> None:
    with origin.writer() as writer:
        for seed in range(30, 60):
            writer.add(make_element(seed))
    publish(origin)
    sync(origin.path, mirror, only=[20])
    (copies,) = (mirror / "open").glob("*.pack")
    copies.write_bytes(b"x" + copies.read_bytes()[1:])
    report = verify(mirror, repair=True)
    assert [p.elements for p in report.problems] == [(20,)]
    assert "is not here now" in report.problems[0].text
    assert verify(mirror).ok
    sync(origin.path, mirror, only=[20])
    assert verify(mirror).held == 1


def test_a_mirror_of_a_signed_repository_stays_one_when_its_catalog_is_lost(
    origin: Repository, mirror: Path
) -> None:
    """repository.json keeps the fingerprint of the root that was pinned."""
    sync(origin.path, mirror)
    with Repository.open(mirror) as opened, opened._db.atomic():
        opened._db.execute("insert into trust (role, version, data) values ('pinned', 1, ?)", [b"a root"])
    report = verify(mirror, repair=True)
    assert (report.ok, report.repaired) == (True, ["wrote repository.json again"])
    root = hashlib.sha256(b"a root").hexdigest()
    identity = mirror / "repository.json"
    assert json.loads(identity.read_bytes())["root"] == root
    for file in mirror.glob("catalog.sqlite*"):
        file.unlink()
    report = verify(mirror, repair=True)
    assert report.ok, report.problems
    assert any(root in text for text in report.repaired)
    assert json.loads(identity.read_bytes())["root"] == root
    verify(mirror, repair=True)
    assert json.loads(identity.read_bytes())["root"] == root
    known = read_identity(mirror)
    assert known is not None
    keep_identity(mirror, replace(known, root="0" * 64))
    assert json.loads(identity.read_bytes())["root"] == "0" * 64
    before = identity.stat().st_mtime_ns
    keep_identity(mirror, replace(known, root="0" * 64))
    assert identity.stat().st_mtime_ns == before
