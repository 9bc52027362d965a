"""What power cuts and kills leave of files: catalogs that are empty, half or full of zeros; temporary files; layouts half moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from haac_repo import Repository, RepositoryError, publish, read_head, sync, verify
from haac_repo._publish import publish as publishing
from tests.repo.elements import MakeElement
from tests.repo.store.test_schema import first_layout


@pytest.fixture
def published(repository: Repository, make_element: MakeElement) -> Repository:
    """Five elements, published; two more that are not."""
    with repository.writer() as writer:
        for seed in range(5):
            writer.add(make_element(seed))
    publish(repository)
    with repository.writer() as writer:
        for seed in range(5, 7):
            writer.add(make_element(seed))
    return repository


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeros": lambda data: bytes(len(data)),
    "half": lambda data: data[: len(data) // 2],
    "one page": lambda data: data[:4096],
    "a piece of a page": lambda data: data[:100],
    "text": lambda data: b"x" * len(data),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("role", ["writer", "mirror"])
def test_a_catalog_that_a_power_cut_left(
    published: Repository, make_element: MakeElement, damage: Callable[[bytes], bytes], role: str
) -> None:
    path = published.path
    if role == "mirror":
        path = published.path.with_name("mirror")
        sync(published.path, path)
    published.close()
    identity = (path / "repository.json").read_bytes()
    catalog = path / "catalog.sqlite"
    catalog.write_bytes(damage(catalog.read_bytes()))
    with pytest.raises(RepositoryError, match="verify --repair"):
        verify(path)
    report = verify(path, repair=True)
    assert any(text.startswith("made the catalog again") for text in report.repaired)
    # Of a writer, what was not published is lost with the catalog, and kept aside.
    lost = ["was never published" in str(problem) for problem in report.problems]
    assert lost in ([[]] if role == "mirror" else [[], [True]])
    with Repository.open(path) as again:
        assert [again.data(number) for number in range(1, 6)] == [make_element(n).data for n in range(5)]
        assert again.role == role
    assert (path / "repository.json").read_bytes() == identity
    assert verify(path).ok


def test_a_catalog_is_not_taken_for_a_new_one_and_what_is_beside_it_is_kept(published: Repository) -> None:
    """SQLite deletes the side file of an empty database when it opens that."""
    path = published.path
    published.close()
    (path / "catalog.sqlite").write_bytes(b"")
    (path / "catalog.sqlite-wal").write_bytes(b"the last changes")
    for reading in (Repository.open, verify):
        with pytest.raises(RepositoryError, match="is empty"):
            reading(path)
    verify(path, repair=True)
    assert (path / "lost" / "catalog.sqlite-wal").read_bytes() == b"the last changes"


def test_somebody_elses_database_is_left_alone(published: Repository) -> None:
    with published._db.atomic():
        published._db.execute("pragma application_id = 7")
    path = published.path
    published.close()
    with pytest.raises(RepositoryError, match="not the catalog of a haac repository"):
        verify(path, repair=True)


def test_a_rebuild_leaves_keys_and_what_was_set_aside(published: Repository) -> None:
    path = published.path
    published.close()
    kept = {path / "keys" / "root.key": b"secret", path / "lost" / "older": b"aside"}
    for file, data in kept.items():
        file.parent.mkdir()
        file.write_bytes(data)
    (path / "catalog.sqlite").unlink()
    verify(path, repair=True)
    assert {file: file.read_bytes() for file in kept} == kept


@pytest.mark.parametrize("tidy", ["writer", "publish", "repair"])
def test_what_a_killed_publish_left_is_removed(
    published: Repository, monkeypatch: pytest.MonkeyPatch, tidy: str
) -> None:
    written: list[Path] = []

    def killed(path: Path, data: bytes) -> None:
        temporary = path.with_name(f"{path.name}.0a1b2c3d.tmp")
        temporary.write_bytes(data[:10])
        written.append(temporary)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "write_file", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(published)
    for name in ("catalog.sqlite.1234.tmp", "public/packs/5678.tmp", "repository.json.9abc.tmp"):
        written.append(published.path / name)
        written[-1].write_bytes(b"half")
    report = verify(published)
    assert (report.problems, len([note for note in report.notes if "temporary file" in note])) == ([], 4)
    if tidy == "writer":
        with published.writer():
            pass
    elif tidy == "publish":
        publish(published)
    else:
        assert len(verify(published.path, repair=True).repaired) == 4
    assert [file for file in written if file.exists()] == []
    assert verify(published.path).notes == []


def test_left_over_parts_of_an_older_version_do_no_harm(published: Repository) -> None:
    """A download under another name, and one of a pack that is published no more; the next sync removes them."""
    mirror = published.path.with_name("mirror")
    sync(published.path, mirror)
    for name in ("download-1.part", f"{'0' * 64}.part"):
        (mirror / "open" / name).write_bytes(b"half")
    assert (verify(mirror).problems, verify(mirror, repair=True).problems) == ([], [])
    publish(published)
    sync(published.path, mirror)
    assert list((mirror / "open").iterdir()) == []


@pytest.mark.parametrize("moved", [(), ("packs",), ("packs", "log")])
def test_verify_of_the_first_layout_half_moved(
    published: Repository, tmp_path: Path, moved: tuple[str, ...]
) -> None:
    """The one case in which it writes: an old repository is brought up to date by whoever opens it first."""
    publish(published)
    path = tmp_path / "old"
    first_layout(published.path, path)
    for name in moved:
        (path / "public").mkdir(exist_ok=True)
        (path / name).rename(path / "public" / name)
    report = verify(path, deep=True)
    assert (report.problems, report.notes, report.elements) == ([], [], 7)
    assert not any((path / name).exists() for name in ("packs", "log", "head"))


@pytest.mark.parametrize("moved", [(), ("packs",), ("packs", "log"), ("packs", "log", "head")])
def test_the_first_layout_half_moved_and_the_catalog_lost(
    published: Repository, make_element: MakeElement, tmp_path: Path, moved: tuple[str, ...]
) -> None:
    with published.writer() as writer:
        writer.discard([6, 7])
    path = tmp_path / "old"
    head = read_head(published.path)
    first_layout(published.path, path)
    for name in moved:
        (path / "public").mkdir(exist_ok=True)
        (path / name).rename(path / "public" / name)
    (path / "catalog.sqlite").unlink()
    identity = json.loads((path / "repository.json").read_bytes())
    (path / "repository.json").write_text(json.dumps(identity | {"id": published.id}))
    report = verify(path, repair=True)
    assert report.ok, report.problems
    with Repository.open(path) as again:
        assert [again.data(number) for number in range(1, 6)] == [make_element(n).data for n in range(5)]
    assert read_head(path) == head
    assert not any((path / name).exists() for name in ("packs", "log", "head"))


def test_a_folder_that_is_gone_is_made_again(published: Repository) -> None:
    with published.writer() as writer:
        writer.seal()
    (published.path / "open").rmdir()
    report = verify(published)
    assert (report.problems, report.notes) == (
        [],
        ["there is no folder open: `haac verify --repair` makes it"],
    )
    report = verify(published.path, repair=True)
    assert (report.notes, report.repaired) == ([], ["made the folder open"])


def test_a_head_of_another_repository_is_found(published: Repository, tmp_path: Path) -> None:
    with Repository.create(tmp_path / "other") as other:
        publish(other)
    head = published.path / "public" / "head"
    head.write_bytes((tmp_path / "other" / "public" / "head").read_bytes())
    (problem,) = verify(published, quick=True).problems
    assert "the head is of another repository" in problem.text


def test_a_head_of_other_segments_is_found(published: Repository) -> None:
    """As when an old backup of the published tree is laid over it."""
    head = published.path / "public" / "head"
    data = head.read_bytes()
    sha256 = json.loads(data)["segments"][0]["sha256"]
    head.write_bytes(data.replace(sha256.encode(), b"0" * 64))
    (problem,) = verify(published, quick=True).problems
    assert "other log segments than were written; `haac publish` writes it again" in problem.text
    publish(published)
    assert verify(published).ok
