"""What of names becomes public, and what `haac publish --dry-run` says of it beforehand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haac._cli.main import _run
from haac_repo import Provenance, Repository, RepositoryError, publish, sync
from haac_repo._mirror.disclosure import SourceNames, disclosure, shown_source
from haac_repo._store.layout import published_folder

Haac = Callable[..., tuple[int, str, str]]
PATH = "/home/margarete/divorce/apple.png"
URL = "https://margarete:pass@files.example/inbox/apple.png;jsessionid=key?X-Signature=sealed/key#page"


@pytest.fixture
def haac(capsys: pytest.CaptureFixture[str], repository: Repository) -> Haac:
    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = _run([*args, "--repo", str(repository.path)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def public(folder: Path) -> bytes:
    """All that anybody can read of what is published, unpacked."""
    files = [path for path in published_folder(folder).rglob("*") if path.is_file()]
    assert len(files) > 2
    return b"\n".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files
    )


def add(repository: Repository, make_element: Any, *sources: str, **known: Any) -> None:
    with repository.writer() as writer:
        for source in sources:
            about = Provenance(source=source, source_sha256="ab" * 32, licence="CC0-1.0")
            number = len(repository) + writer.next_number
            writer.add(make_element(number, provenance=about, **known))


@pytest.mark.parametrize(
    ("source", "full", "base"),
    [
        (PATH, PATH, "apple.png"),
        ("apple.png", "apple.png", "apple.png"),
        (r"C:\Users\Ann\apple.png", r"C:\Users\Ann\apple.png", "apple.png"),
        ("cards.zip/in/a?b#c.png", "cards.zip/in/a?b#c.png", "a?b#c.png"),
        (URL, "https://files.example/inbox/apple.png", "apple.png"),
        ("HTTPS://host/?id=3", "HTTPS://host/", ""),
        ("https://host?key/word", "https://host", ""),
        ("https://host/a.zip/in/b.png", "https://host/a.zip/in/b.png", "b.png"),
        ("https://host/a.zip?key=a/in/b.png", "https://host/a.zip", "a.zip"),
        ("https://host/folder/", "https://host/folder/", "folder"),
        ("…ature=sealed/key", "", ""),
        ("", "", ""),
    ],
)
def test_names_of_sources(source: str, full: str, base: str) -> None:
    assert [shown_source(source, names) for names in ("full", "base", "none")] == [full, base, ""]


@pytest.mark.parametrize("names", ["full", "base", "none"])
def test_paths_and_signatures_of_sources_are_not_published(
    repository: Repository, make_element: Any, tmp_path: Path, names: SourceNames
) -> None:
    add(repository, make_element, PATH, URL)
    publish(repository, source_names=names)
    told = public(repository.path)
    for secret in (b"margarete", b"divorce"):
        assert (secret in told) == (names == "full" and secret != b"pass")
    for secret in (b"pass", b"key", b"sealed", b"jsessionid", b"page"):
        assert secret not in told
    assert (b"apple.png" in told) == (names != "none")
    assert (b"abababab" in told) == (names != "none")
    # Here all is kept: photographs can be found again.
    assert repository.element(2).provenance.source == URL
    sync(str(repository.path), tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror:
        shown = mirror.element(1).provenance
        assert shown.source == {"full": PATH, "base": "apple.png", "none": ""}[names]
        assert shown.licence == "CC0-1.0"


def test_paths_are_not_published_unless_that_is_asked_for(repository: Repository, make_element: Any) -> None:
    add(repository, make_element, PATH)
    publish(repository)
    assert b"margarete" not in public(repository.path)


def test_what_is_told_of_sources_is_remembered(repository: Repository, make_element: Any, haac: Haac) -> None:
    add(repository, make_element, "/a/one.png")
    assert haac("publish", "--source-names", "none")[0] == 0
    add(repository, make_element, "/a/two.png")
    assert haac("publish")[0] == 0
    assert b".png" not in public(repository.path)
    assert haac("publish", "--source-names", "full")[0] == 0  # changes nothing that was published
    assert b".png" not in public(repository.path)
    add(repository, make_element, "/a/three.png")
    assert haac("publish")[0] == 0
    told = public(repository.path)
    assert b"/a/three.png" in told
    assert b"two.png" not in told
    identity = json.loads((repository.path / "repository.json").read_bytes())
    assert (identity["id"], identity["role"]) == (repository.id, "writer")


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"source_names": "some"}'])
def test_what_is_told_of_sources_is_not_guessed(
    repository: Repository, make_element: Any, content: bytes | None
) -> None:
    add(repository, make_element, PATH)
    identity = repository.path / "repository.json"
    identity.unlink() if content is None else identity.write_bytes(content)
    with pytest.raises(RepositoryError, match="--source-names"):
        publish(repository)
    assert not (published_folder(repository.path) / "head").exists()
    if content == b'{"source_names": "some"}':
        publish(repository, source_names="none")
        assert b"apple" not in public(repository.path)


def test_a_name_that_was_changed_before_publishing_is_not_published(
    repository: Repository, make_element: Any, tmp_path: Path
) -> None:
    add(repository, make_element, "x.png", name="passport of Margarete", tags=("private",))
    add(repository, make_element, "y.png", name="fine")
    with repository.writer() as writer:
        writer.tag(1, name="margarete again")
        writer.tag(1, name="person", add=["people"], remove=["private"])
        writer.tag(2, name="")
    publish(repository)
    told = public(repository.path).lower()
    assert b"margarete" not in told
    assert b"private" not in told
    assert b"fine" not in told
    sync(str(repository.path), tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror:
        assert (mirror.element(1).name, mirror.element(1).tags) == ("person", ("people",))
        assert mirror.element(2).name == ""


def test_what_was_withdrawn_before_publishing_is_not_described(
    repository: Repository, make_element: Any, tmp_path: Path
) -> None:
    add(repository, make_element, "margarete.png", name="margarete")
    add(repository, make_element, "apple.png", name="apple")
    with repository.writer() as writer:
        writer.tag(1, name="margarete 2")
        writer.withdraw(1, "asked for by a person")
    publish(repository)
    told = public(repository.path)
    assert b"margarete" not in told
    assert b"asked for by a person" in told
    sync(str(repository.path), tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror:
        assert mirror.element(1).withdrawn == "asked for by a person"
        assert mirror.element(2).name == "apple"


def test_a_dry_run_says_what_would_become_public(
    repository: Repository, make_element: Any, haac: Haac
) -> None:
    add(repository, make_element, PATH, URL, name="apple", tags=("fruit", "red"))
    with repository.writer() as writer:
        writer.withdraw(2, "a mistake")
    before = sorted(path.name for path in repository.path.rglob("*"))
    code, out, err = haac("publish", "--dry-run")
    assert (code, "nothing was published" in err) == (0, True)
    assert "would publish 3 log records: 2 elements" in out
    assert "1 takedown; the head is not signed" in out
    assert "--source-names base" in out
    assert "margarete" not in out
    for text in ("  apple.png\n", "  apple\n", "  fruit\n", "  CC0-1.0\n", "  a mistake\n"):
        assert text in out
    code, out, _ = haac("publish", "--dry-run", "--json", "--source-names", "full")
    value = json.loads(out)
    assert value["texts"]["source"] == {PATH: 1}
    assert value["texts"]["tags"] == {"fruit": 1, "red": 1}
    assert (value["elements"], value["withdrawn"], value["source_hashes"], value["signed"]) == (
        2,
        1,
        1,
        False,
    )
    assert value["bytes"] == sum(repository.element(n).length for n in (1, 2))
    assert sorted(path.name for path in repository.path.rglob("*")) == before
    # What it said is what comes, and nothing was remembered.
    assert haac("publish")[0] == 0
    assert b"margarete" not in public(repository.path)
    code, out, _ = haac("publish", "--dry-run")
    assert (code, out) == (0, f"{repository.path}: nothing new would be published\n")


def test_a_dry_run_of_a_mirror(repository: Repository, make_element: Any, tmp_path: Path) -> None:
    add(repository, make_element, PATH)
    publish(repository)
    sync(str(repository.path), tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror, pytest.raises(RepositoryError, match="is a mirror"):
        disclosure(mirror)
