"""What is stored comes back; what cannot be had is said clearly."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from haac_repo import (
    ElementNotFoundError,
    ElementWithdrawnError,
    HaacError,
    IntegrityError,
    NewElement,
    Provenance,
    Repository,
    RepositoryError,
    pixel_hash,
    verify,
)
from haac_repo._store.repository import create
from tests.repo.elements import MakeElement, small_packs


def test_elements_come_back_as_they_were_given(repository: Repository, make_element: MakeElement) -> None:
    provenance = Provenance(
        source="a.png", source_sha256="0" * 64, model="m 1", software="s", licence="MIT", attribution="A"
    )
    new = make_element(
        1,
        name="Red car",
        tags=("car", "red"),
        colour=0x00FF10,
        phash=2**64 - 3,
        quality=0,
        doubts=("Cut off at the left", "soft"),
        provenance=provenance,
    )
    plain = make_element(2)
    with repository.writer() as writer:
        element, is_new = writer.add(new)
        writer.add(plain)
    assert is_new
    assert repository.element("1") == repository.element(1) == element
    assert (element.number, element.name, element.tags) == (1, "Red car", ("car", "red"))
    assert (element.colour, element.phash, element.provenance) == (0x00FF10, 2**64 - 3, provenance)
    assert (element.quality, element.doubts, element.derived_from) == (
        0,
        ("Cut off at the left", "soft"),
        None,
    )
    assert repository.data("1") == new.data
    assert pixel_hash(repository.image(2)) == plain.pixels_sha256
    other = repository.element(2)
    assert (other.name, other.tags, other.colour, other.phash, other.withdrawn) == ("", (), None, None, None)
    with Repository.open(repository.path) as again:
        assert list(again.elements()) == list(repository.elements()) == [element, other]
        assert len(again) == 2
        assert (again.id, again.role, again.fingerprint) == (repository.id, "writer", int(again.id[:4], 16))


def test_the_same_pixels_are_one_element(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        first, _ = writer.add(make_element(1))
        assert writer.add(make_element(1, name="other")) == (first, False)  # before it is flushed
        writer.flush()
        assert writer.add(make_element(1)) == (first, False)
    with repository.writer() as writer:
        assert writer.add(make_element(1)) == (first, False)
    assert repository.by_pixels(first.pixels_sha256) == first
    assert repository.by_pixels("0" * 64) is None
    assert len(repository) == 1


def test_nothing_is_visible_before_the_flush_and_all_after(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        assert len(repository) == 0
        writer.flush()
        assert len(repository) == 1
        writer.add(make_element(2))
    assert len(repository) == 2


def test_an_exception_drops_what_was_not_flushed(repository: Repository, make_element: MakeElement) -> None:
    with contextlib.suppress(ZeroDivisionError), repository.writer() as writer:
        writer.add(make_element(1))
        writer.flush()
        writer.add(make_element(2))
        raise ZeroDivisionError
    assert len(repository) == 1
    with repository.writer() as writer:
        element, _ = writer.add(make_element(3))
    assert element.number == 2
    assert repository.data(2) == make_element(3).data
    assert verify(repository).ok


def test_packs_are_sealed_and_named_by_their_hash(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_packs(monkeypatch, 1000)
    with repository.writer() as writer:
        for seed in range(20):
            writer.add(make_element(seed))
            writer.flush()
        writer.seal()
        writer.seal()  # nothing to do
    packs = sorted((repository.path / "public" / "packs").iterdir())
    assert len(packs) > 3
    assert not list((repository.path / "open").iterdir())
    assert verify(repository).ok
    assert [repository.data(n + 1) for n in range(20)] == [make_element(n).data for n in range(20)]


def test_two_packs_of_the_same_bytes_share_one_file(
    repository: Repository, make_element: MakeElement
) -> None:
    for _ in range(2):
        with repository.writer() as writer:
            element, is_new = writer.add(make_element(1))
            assert is_new
            writer.seal()
            writer.withdraw(element.number, "for a while")
    with repository.writer() as writer:
        writer.add(make_element(1))
        writer.seal()
    assert len(list((repository.path / "public" / "packs").iterdir())) == 1
    assert repository.data(3) == make_element(1).data
    assert verify(repository).ok


def test_tags_and_names_change(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1, tags=("a", "b")))
        writer.tag("1", add=["  B ", "Two  Words"], remove=["A"])  # before it is flushed
    assert repository.element(1).tags == ("b", "two words")
    with repository.writer() as writer:
        writer.tag(1, name="It")
        assert writer.tag(1, name="It", add=["b"]).name == "It"
    assert repository.element(1).name == "It"
    ops = [row[0] for row in repository._db.execute("select op from log order by seq").fetchall()]
    assert ops == ["add", "tag", "tag"]  # no record without a change


def test_a_withdrawn_element_keeps_its_id_and_loses_its_bytes(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        writer.add(make_element(2))
        writer.withdraw("1", "not ours\nto give")
        assert writer.add(make_element(1))[0].number == 3
        with pytest.raises(ElementWithdrawnError, match="element 1 was withdrawn: not ours to give"):
            writer.withdraw(1, "again")
        with pytest.raises(ElementWithdrawnError):
            writer.tag(1, name="x")
    assert repository.element(1).withdrawn == "not ours to give"
    for ask in (repository.data, repository.image):
        with pytest.raises(ElementWithdrawnError, match="element 1 was withdrawn: not ours to give"):
            ask("1")
    assert [e.number for e in repository.elements()] == [2, 3]
    assert [e.number for e in repository.elements(withdrawn=True)] == [1, 2, 3]
    assert len(repository) == 2


@pytest.mark.parametrize("ref", ["zz", 999, 0, -1, 2**70])
def test_an_id_that_was_never_given_out(repository: Repository, ref: int | str) -> None:
    for ask in (repository.element, repository.data, repository.image):
        with pytest.raises(ElementNotFoundError):
            ask(ref)


def test_sources_are_remembered_with_the_flush(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        element, _ = writer.add(make_element(1))
        writer.done_source("a" * 64, "u2net", "a.png", [element.number])
        assert not repository.source_done("a" * 64, "u2net")
    assert repository.source_done("a" * 64, "u2net")
    assert not repository.source_done("a" * 64, "other")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "x" * 2001}, "the name has 2001 characters; at most 2000"),
        ({"provenance": Provenance(licence="x" * 2001)}, "the licence has 2001 characters"),
        ({"tags": ("a,b",)}, "has a comma"),
        ({"tags": ("x" * 65,)}, "has 65 characters; at most 64"),
        ({"tags": tuple(map(str, range(65)))}, "65 tags for one element"),
        ({"width": 0}, "each side must have 1 to"),
        ({"width": 16_384}, "each side must have 1 to"),
        ({"width": 16_000, "height": 16_000}, "at most 33554432"),
        ({"data": b""}, "0 bytes"),
    ],
)
def test_what_is_outside_the_limits_is_refused(
    repository: Repository, make_element: MakeElement, change: dict[str, Any], said: str
) -> None:
    with repository.writer() as writer:
        with pytest.raises(HaacError, match=said):
            writer.add(dataclasses.replace(make_element(1), **change))
        assert writer.add(make_element(2))[0].number == 1  # and the writer goes on
    assert verify(repository).ok


def test_a_record_that_is_too_long_is_refused(repository: Repository, make_element: MakeElement) -> None:
    words = Provenance(**{f.name: "\N{GRINNING FACE}" * 2000 for f in dataclasses.fields(Provenance)})
    with repository.writer() as writer:
        with pytest.raises(HaacError, match="at most 65536 are allowed"):
            writer.add(
                make_element(
                    1,
                    name="\N{GRINNING FACE}" * 2000,
                    tags=tuple(f"{n}" + "\N{GRINNING FACE}" * 60 for n in range(64)),
                    provenance=words,
                )
            )
        writer.add(make_element(2))
    assert repository.data(1) == make_element(2).data


def test_words_are_made_safe_to_print(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        element, _ = writer.add(make_element(1, name=" a\x1b[31m\n\u202eb\udcff ", tags=("\tC  D\n",)))
    assert (element.name, element.tags) == ("a [31m b", ("c d",))
    assert repository.element(1) == element


def test_damaged_bytes_are_never_returned(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        writer.seal()
    (pack,) = (repository.path / "public" / "packs").iterdir()
    good = pack.read_bytes()
    pack.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(IntegrityError, match="element 1 is damaged"):
        repository.data(1)
    pack.unlink()
    with pytest.raises(IntegrityError, match="element 1 is lost"):
        repository.data(1)


def test_a_picture_that_is_not_what_its_record_says(
    repository: Repository, make_element: MakeElement
) -> None:
    wrong = dataclasses.replace(make_element(1), width=9)
    with repository.writer() as writer:
        writer.add(wrong)
        writer.add(NewElement(data=b"no picture", width=1, height=1, pixels_sha256="1" * 64))
    with pytest.raises(IntegrityError, match="8x8, its record says 9x8"):
        repository.image(1)
    with pytest.raises(IntegrityError, match="not a readable WebP"):
        repository.image(2)


def test_a_pack_that_is_sealed_but_not_renamed_is_read_and_then_renamed(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        writer.seal()
    (pack,) = (repository.path / "public" / "packs").iterdir()
    pack.rename(repository.path / "open" / "1.pack")
    assert repository.data(1) == make_element(1).data
    assert verify(repository).notes == ["pack 1 is sealed but not yet in public/packs/"]
    with repository.writer():
        pass
    assert pack.exists()
    assert verify(repository).notes == []


def test_create_refuses_what_is_there(tmp_path: Path, repository: Repository) -> None:
    with pytest.raises(RepositoryError, match=r"a repository in .* already"):
        Repository.create(repository.path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    with pytest.raises(RepositoryError, match="not empty"):
        Repository.create(tmp_path / "full")
    with pytest.raises(RepositoryError):
        Repository.create(tmp_path / "full" / "file")
    Repository.create(tmp_path / "a" / "b").close()


def test_open_refuses_what_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no repository in"):
        Repository.open(tmp_path / "nowhere")
    (tmp_path / "catalog.sqlite").write_bytes(b"")
    with pytest.raises(RepositoryError, match="not the catalog of a haac repository"):
        Repository.open(tmp_path)
    (tmp_path / "catalog.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(RepositoryError, match="cannot be used"):
        Repository.open(tmp_path)


def test_a_mirror_has_no_writer(tmp_path: Path) -> None:
    with create(tmp_path / "mirror", "mirror", "ab" * 16) as mirror:
        assert (mirror.role, mirror.id) == ("mirror", "ab" * 16)
        with pytest.raises(RepositoryError, match="only `haac sync` writes to it"), mirror.writer():
            pass


def test_a_corrupt_catalog_is_one_clear_error(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        for seed in range(50):
            writer.add(make_element(seed))
    path = repository.path
    repository.close()
    catalog = path / "catalog.sqlite"
    size = catalog.stat().st_size
    refused = []
    for start in range(0, size, 4096):
        data = bytearray(catalog.read_bytes())
        good = bytes(data)
        data[start : start + 4096] = b"\xa5" * 4096
        catalog.write_bytes(data)
        # Pages differ in what they break; what must not come is anything but a HaacError.
        try:
            with Repository.open(path) as opened:
                for element in opened.elements():
                    opened.data(element.number)
                opened.search("x")
                opened.search(colour=0)
                opened.near(0, 64)
        except HaacError as error:
            refused.append(str(error))
        catalog.write_bytes(good)
    assert refused
    assert all(str(path) in message or "element" in message for message in refused)


def test_many_threads_read_while_one_writes(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_packs(monkeypatch, 2000)
    stop = threading.Event()
    seen = []

    def read() -> int:
        checked = 0
        while not stop.is_set() or not checked:
            count = len(repository)
            for element in repository.elements():
                assert repository.data(element.number) == make_element(element.number - 1).data
                checked += 1
            assert len(repository) >= count
        seen.append(checked)
        return checked

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            with repository.writer() as writer:
                for seed in range(120):
                    writer.add(make_element(seed))
                    if seed % 3 == 0:
                        writer.flush()
        finally:
            stop.set()
        for reader in readers:
            assert reader.result() > 0
    assert len(repository) == 120


def test_a_repository_can_be_pickled_for_other_processes(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    with pickle.loads(pickle.dumps(repository)) as copy:
        assert copy.data(1) == make_element(1).data


def test_an_empty_repository_is_still_true(repository: Repository) -> None:
    assert repository
    assert len(repository) == 0


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_a_read_only_folder_can_be_read_but_not_written(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1, name="one"))
    repository.image(1)  # loads what Pillow needs while everything is readable
    repository.close()
    path = repository.path
    folders = [path, *(p for p in path.iterdir() if p.is_dir())]
    parents = [p for p in path.parents if not p.stat().st_mode & 0o001]
    modes = {p: p.stat().st_mode for p in parents}
    is_root = os.geteuid() == 0
    try:
        for parent in parents:
            parent.chmod(modes[parent] | 0o011)
        for folder in folders:
            folder.chmod(0o555)
        for file in path.rglob("*"):
            if file.is_file():
                file.chmod(0o444)
        if is_root:
            os.seteuid(65534)  # root may write everywhere
        with Repository.open(path) as opened:
            assert opened.data(1) == make_element(1).data
            assert len(opened.search("one")) == 1
            assert verify(path).ok
            with pytest.raises(RepositoryError, match="cannot write to"), opened.writer():
                pass
        with pytest.raises(RepositoryError, match="cannot write to"):
            verify(path, repair=True)
    finally:
        if is_root:
            os.seteuid(0)
        for folder in folders:
            folder.chmod(0o755)
        for parent, mode in modes.items():
            parent.chmod(mode)
