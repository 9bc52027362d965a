"""A takedown takes down: once it is published, no file of the repository has the bytes any more."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from haac_repo import (
    ElementMissingError,
    ElementWithdrawnError,
    IntegrityError,
    Repository,
    publish,
    read_head,
    sync,
    verify,
)
from haac_repo._mirror import erase
from haac_repo._mirror import publish as publishing
from haac_repo._mirror.erase import Erased
from haac_repo._store import repack
from tests.repo.elements import MakeElement, small_packs


def stock(repository: Repository, make_element: MakeElement, seeds: range, **known: Any) -> None:
    """Elements with the pixels of these seeds, each named for its own; the first gets id 1."""
    with repository.writer() as writer:
        for seed in seeds:
            writer.add(make_element(seed, name=f"number {seed}", **known))


def take_down(repository: Repository, *numbers: int, **options: Any) -> None:
    with repository.writer() as writer:
        writer.withdraw_all(numbers, "no", **options)


def published(repository: Repository) -> Erased:
    """What publishing says that it did."""
    told: list[Erased] = []
    publish(repository, tell=told.append)
    return told[0]


def log(repository: Repository) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted((repository.path / "public" / "log").glob("*.gz"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def files_with(folder: Path, data: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]


def assert_gone(repository: Repository, make_element: MakeElement, *seeds: int) -> None:
    """No file of the repository has the encoded bytes; everything fits."""
    for seed in seeds:
        assert files_with(repository.path, make_element(seed).data) == []
    assert repack.unaccounted(repository._db) == []
    assert repack.superseded(repository._db) == []
    report = verify(repository)
    assert (report.problems, report.notes) == ([], [])
    head = read_head(repository.path)
    assert head is not None
    listed = {f"{pack.sha256}.pack": pack.length for pack in head.packs}
    there = {path.name: path.stat().st_size for path in (repository.path / "public" / "packs").iterdir()}
    assert there == listed


def assert_has(folder: Path, make_element: MakeElement, there: dict[int, int]) -> None:
    """Elements by their seeds, and no other live ones."""
    with Repository.open(folder) as opened:
        assert [element.number for element in opened.elements()] == list(there)
        for number, seed in there.items():
            assert opened.data(number) == make_element(seed).data


def test_the_bytes_of_a_published_element_leave_every_file(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 6))
    (old,) = publish(repository).packs
    sync(repository.path, tmp_path / "before")
    take_down(repository, 2, 4)
    assert files_with(repository.path, make_element(2).data) == [f"{old.sha256}.pack"]
    freed = sum(len(make_element(seed).data) for seed in (2, 4))
    assert repack.wasteful(repository._db) == [(1, old.sha256, freed)]
    assert published(repository) == Erased(elements=2, packs=1, bytes=freed)
    assert_gone(repository, make_element, 2, 4)
    assert [record["op"] for record in log(repository)] == ["add"] * 5 + ["withdraw"] * 2 + ["repack"]
    head = read_head(repository.path)
    assert head is not None
    (new,) = head.packs
    record = log(repository)[-1]
    assert (record["packs"], record["pack"], record["length"]) == ([old.sha256], new.sha256, new.length)
    assert new.length == old.length - freed
    left = {number: number for number in (1, 3, 5)}
    assert_has(repository.path, make_element, left)
    for mirror in ("before", "after"):
        sync(repository.path, tmp_path / mirror)
        assert_has(tmp_path / mirror, make_element, left)
    with pytest.raises(ElementWithdrawnError, match="no"):
        repository.data(2)
    # Nothing is left to do.
    assert published(repository) == Erased()
    assert read_head(repository.path) == head


def test_what_was_never_published_is_published_without_its_bytes(
    repository: Repository, make_element: MakeElement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In open packs and in sealed ones: no log record replaces a pack that nobody has seen."""
    small_packs(monkeypatch, 1500)
    stock(repository, make_element, range(1, 11))
    take_down(repository, 1, 2, 3, 4, 6, 10)
    assert published(repository).elements == 6
    assert_gone(repository, make_element, 1, 2, 3, 4, 6, 10)
    records = log(repository)
    assert [record["op"] for record in records] == ["add"] * 10 + ["withdraw"] * 6
    bare = [record["id"] for record in records if record["op"] == "add" and "pack" not in record]
    assert bare == [1, 2, 3, 4, 6, 10]
    assert not any("offset" in record for record in records if "pack" not in record)
    left = {number: number for number in (5, 7, 8, 9)}
    assert_has(repository.path, make_element, left)
    sync(repository.path, tmp_path / "mirror")
    assert_has(tmp_path / "mirror", make_element, left)
    assert verify(tmp_path / "mirror").ok


def test_a_pack_of_which_nothing_is_left_goes(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 4))
    publish(repository)
    stock(repository, make_element, range(4, 6))
    publish(repository)
    sync(repository.path, tmp_path / "mirror")
    take_down(repository, 1, 2, 3)
    assert published(repository).packs == 1
    assert_gone(repository, make_element, 1, 2, 3)
    assert "pack" not in log(repository)[-1]
    assert_has(repository.path, make_element, {4: 4, 5: 5})
    sync(repository.path, tmp_path / "mirror")
    assert_has(tmp_path / "mirror", make_element, {4: 4, 5: 5})


def test_even_a_lost_pack_of_which_nothing_is_left_goes(
    repository: Repository, make_element: MakeElement
) -> None:
    stock(repository, make_element, range(1, 4))
    (pack,) = publish(repository).packs
    (repository.path / "public" / "packs" / f"{pack.sha256}.pack").unlink()
    take_down(repository, 1, 2, 3)
    assert published(repository).packs == 1
    assert_gone(repository, make_element, 1, 2, 3)


def test_kept_bytes_stay_until_a_later_takedown_lets_go_of_them(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 4))
    publish(repository)
    take_down(repository, 2, keep_bytes=True)
    assert repository.element(2).keep_bytes
    assert published(repository) == Erased()
    assert log(repository)[-1]["keep_bytes"] is True
    assert files_with(repository.path, make_element(2).data)
    with repository.writer() as writer, pytest.raises(ElementWithdrawnError):
        writer.withdraw(2, "again", keep_bytes=True)
    sync(repository.path, tmp_path / "mirror")
    with repository.writer() as writer:
        assert writer.withdraw("2", "let go").keep_bytes is False
    assert len(repository) == 2
    assert (repository.element(2).withdrawn, repository.element(2).keep_bytes) == ("let go", False)
    assert published(repository).elements == 1
    assert_gone(repository, make_element, 2)
    sync(repository.path, tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror:
        assert (mirror.element(2).withdrawn, mirror.element(2).keep_bytes) == ("let go", False)
        assert len(mirror) == 2
    assert verify(tmp_path / "mirror").ok
    # Once let go, never kept again.
    with repository.writer() as writer:
        for options in ({}, {"keep_bytes": True}):
            with pytest.raises(ElementWithdrawnError, match="let go"):
                writer.withdraw(2, "once more", **options)


def test_a_withdrawn_element_that_is_added_again_is_another_one(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 4))
    publish(repository)
    sync(repository.path, tmp_path / "mirror")
    take_down(repository, 2)
    publish(repository)
    stock(repository, make_element, range(2, 3))
    publish(repository)
    there = {1: 1, 3: 3, 4: 2}
    assert_has(repository.path, make_element, there)
    sync(repository.path, tmp_path / "mirror")
    assert_has(tmp_path / "mirror", make_element, there)
    take_down(repository, 4)
    publish(repository)
    assert_gone(repository, make_element, 2)


def test_the_same_elements_added_again_have_a_pack_with_the_name_of_the_one_that_went(
    repository: Repository, make_element: MakeElement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(repository, make_element, range(1, 4))
    (old,) = publish(repository).packs
    sync(repository.path, tmp_path / "mirror")
    take_down(repository, 1, 2, 3)
    with monkeypatch.context() as patch:
        patch.setattr(erase, "delete_superseded", interrupt)  # its file is still there
        with pytest.raises(KeyboardInterrupt):
            publish(repository)
    stock(repository, make_element, range(1, 4))
    assert publish(repository).packs == (old,)
    there = {4: 1, 5: 2, 6: 3}
    assert_has(repository.path, make_element, there)
    assert verify(repository).problems == []
    for mirror in ("mirror", "new"):
        sync(repository.path, tmp_path / mirror)
        assert_has(tmp_path / mirror, make_element, there)


def test_bytes_that_a_live_element_has_too_stay(repository: Repository, make_element: MakeElement) -> None:
    """Taken down and added again before it was published: a twin of the pack, in one file."""
    stock(repository, make_element, range(1, 4))
    (old,) = publish(repository).packs
    take_down(repository, 1, 2, 3)
    stock(repository, make_element, range(1, 4))
    assert published(repository) == Erased()
    assert read_head(repository.path).packs == (old,)  # type: ignore[union-attr]
    assert_has(repository.path, make_element, {4: 1, 5: 2, 6: 3})
    take_down(repository, 5)
    assert published(repository).elements == 2
    assert_gone(repository, make_element, 2)
    assert_has(repository.path, make_element, {4: 1, 6: 3})


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["replace_packs", "delete_superseded"])
def test_a_publish_that_was_cut_short_is_finished_by_the_next(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    stock(repository, make_element, range(1, 6))
    publish(repository)
    take_down(repository, 2)
    with monkeypatch.context() as patch:
        patch.setattr(erase, step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            publish(repository)
    assert files_with(repository.path, make_element(2).data)
    publish(repository)
    assert_gone(repository, make_element, 2)


def test_a_takedown_after_a_publish_that_wrote_no_head(
    repository: Repository, make_element: MakeElement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its segments count as published, so the packs are replaced by a record."""
    stock(repository, make_element, range(1, 4))
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_write_head", interrupt)
        with pytest.raises(KeyboardInterrupt):
            publish(repository)
    assert read_head(repository.path) is None
    take_down(repository, 1)
    assert published(repository).packs == 1
    assert_gone(repository, make_element, 1)
    assert log(repository)[-1]["op"] == "repack"
    sync(repository.path, tmp_path / "mirror")
    assert_has(tmp_path / "mirror", make_element, {2: 2, 3: 3})


def test_takedowns_that_were_published_with_their_bytes_lose_them_now(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As haac did before it rewrote packs."""
    stock(repository, make_element, range(1, 5))
    publish(repository)
    take_down(repository, 2)
    with monkeypatch.context() as patch:
        patch.setattr(erase, "replace_packs", lambda *_: None)
        publish(repository)
    assert files_with(repository.path, make_element(2).data)
    take_down(repository, 3)
    done = published(repository)
    assert (done.elements, done.earlier) == (2, 1)
    assert_gone(repository, make_element, 2, 3)


def test_discarded_and_withdrawn_elements_of_one_pack(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 7))
    take_down(repository, 2, 5)
    with repository.writer() as writer:
        writer.discard([3, 5])
    publish(repository)
    assert_gone(repository, make_element, 2, 3, 5)
    assert [record["id"] for record in log(repository) if record["op"] == "add"] == [1, 2, 4, 6]
    assert_has(repository.path, make_element, {1: 1, 4: 4, 6: 6})
    sync(repository.path, tmp_path / "mirror")
    assert_has(tmp_path / "mirror", make_element, {1: 1, 4: 4, 6: 6})


def test_a_recut_outlives_what_it_is_derived_from(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 3))
    publish(repository)
    stock(repository, make_element, range(3, 4), derived_from=1)
    take_down(repository, 1)
    publish(repository)
    assert_gone(repository, make_element, 1)
    sync(repository.path, tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror:
        assert mirror.element(3).derived_from == 1
        assert_has(tmp_path / "mirror", make_element, {2: 2, 3: 3})


@pytest.mark.parametrize("loss", ["flipped", "short", "gone"])
def test_a_damaged_pack_stays_as_it_is_and_is_told(
    repository: Repository, make_element: MakeElement, loss: str
) -> None:
    """What mirrors could not make is not published; all else is, nothing is lost, and it goes once the pack is back."""
    stock(repository, make_element, range(1, 4))
    damaged = publish(repository).packs[0]
    stock(repository, make_element, range(4, 7))
    publish(repository)
    take_down(repository, 1, 5)
    path = repository.path / "public" / "packs" / f"{damaged.sha256}.pack"
    whole = path.read_bytes()
    flipped = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    path.write_bytes({"flipped": flipped, "short": whole[:-3], "gone": b""}[loss])
    if loss == "gone":
        path.unlink()
    told: list[Erased] = []
    what = f"{path.name} is gone" if loss == "gone" else f"element 3 in {path.name} is damaged"
    with pytest.raises(IntegrityError, match=rf"still published.*{what}.*All else is"):
        publish(repository, tell=told.append)
    assert (told[0].elements, told[0].packs, len(told[0].damaged)) == (1, 1, 1)
    head = read_head(repository.path)
    assert head is not None
    assert head.packs[0] == damaged
    assert [record["op"] for record in log(repository)][6:] == ["withdraw", "withdraw", "repack"]
    assert files_with(repository.path, make_element(5).data) == []
    assert repository.data(6) == make_element(6).data
    path.write_bytes(whole)
    publish(repository)
    assert_gone(repository, make_element, 1, 5)
    assert_has(repository.path, make_element, {2: 2, 3: 3, 4: 4, 6: 6})


def test_a_pack_is_rewritten_once_what_is_damaged_in_it_is_taken_down_too(
    repository: Repository, make_element: MakeElement
) -> None:
    stock(repository, make_element, range(1, 4))
    (pack,) = publish(repository).packs
    path = repository.path / "public" / "packs" / f"{pack.sha256}.pack"
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    take_down(repository, 1)
    with pytest.raises(IntegrityError, match="element 3"):
        publish(repository)
    take_down(repository, 3)
    assert published(repository).elements == 2
    assert_gone(repository, make_element, 1)
    assert_has(repository.path, make_element, {2: 2})


def test_bytes_in_files_that_were_set_aside_are_overwritten(
    repository: Repository, make_element: MakeElement
) -> None:
    """Wherever they stand in them; what else is in them stays."""
    stock(repository, make_element, range(1, 6))
    publish(repository)
    lost = repository.path / "lost"
    lost.mkdir()
    parts = [b"RIFF", make_element(1).data, b"x", make_element(2).data, b"RI", make_element(4).data, b"end"]
    (lost / "a.pack").write_bytes(b"".join(parts))
    (lost / "b.pack").write_bytes(make_element(3).data)
    (lost / "c").write_bytes(b"")
    (repository.path / "elsewhere").write_bytes(make_element(2).data)
    (lost / "link").symlink_to(repository.path / "elsewhere")
    take_down(repository, 2, 4)
    assert published(repository).set_aside == ["a.pack"]
    parts[3], parts[5] = bytes(len(parts[3])), bytes(len(parts[5]))
    assert (lost / "a.pack").read_bytes() == b"".join(parts)
    assert (lost / "b.pack").read_bytes() == make_element(3).data
    assert (repository.path / "elsewhere").read_bytes() == make_element(2).data  # not ours
    assert published(repository).set_aside == []


def test_bytes_of_live_twins_in_files_that_were_set_aside_stay(
    repository: Repository, make_element: MakeElement
) -> None:
    stock(repository, make_element, range(1, 3))
    publish(repository)
    take_down(repository, 2)
    publish(repository)
    stock(repository, make_element, range(2, 3))
    lost = repository.path / "lost"
    lost.mkdir()
    (lost / "a.pack").write_bytes(make_element(2).data)
    assert published(repository).set_aside == []
    assert (lost / "a.pack").read_bytes() == make_element(2).data


def test_temporary_files_of_a_killed_publish_go(repository: Repository, make_element: MakeElement) -> None:
    stock(repository, make_element, range(1, 3))
    for name in ("public/packs/0a.tmp", "public/head.0a.tmp", "public/log/1.0a.tmp", "open/x.tmp"):
        (repository.path / name).write_bytes(make_element(1).data)
    take_down(repository, 1)
    publish(repository)
    assert_gone(repository, make_element, 1)
    assert not list(repository.path.rglob("*.tmp"))


def test_partial_mirrors_do_not_hold_what_was_taken_down(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    """Their own copies say that they have bytes of nobody; what is left can still be fetched."""
    stock(repository, make_element, range(1, 30))
    publish(repository)
    sync(repository.path, tmp_path / "mirror", only=[2, 5])
    take_down(repository, 2)
    publish(repository)
    sync(repository.path, tmp_path / "mirror", only=[5, 7])
    with Repository.open(tmp_path / "mirror") as mirror:
        assert mirror.data(7) == make_element(7).data
        with pytest.raises(ElementMissingError):
            mirror.data(9)
