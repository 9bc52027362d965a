"""Public functions that take a path take a string, a Path, and whatever else has `__fspath__`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac import Scene, run_script
from haac_pipeline import Cutting, Settings, Source, find_sources, ingest, read_sidecar
from haac_repo import (
    NewElement,
    Repository,
    RepositoryError,
    Server,
    encode,
    pixel_hash,
    publish,
    read_head,
    sync,
    verify,
    write_file,
)


class Fspath:
    """What other libraries have for paths."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return self._path


AsGiven = Callable[[str], "str | os.PathLike[str]"]


@pytest.fixture(params=[str, Path, Fspath], ids=["str", "Path", "PathLike"])
def given(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsGiven:
    monkeypatch.chdir(tmp_path)
    kind: AsGiven = request.param
    return kind


def test_a_repository_is_made_published_synced_and_verified(given: AsGiven) -> None:
    picture = Image.fromarray(np.full((4, 4, 4), 255, np.uint8), "RGBA")
    with Repository.create(given("stickers")) as made, made.writer() as writer:
        writer.add(NewElement(data=encode(picture), width=4, height=4, pixels_sha256=pixel_hash(picture)))
    with Repository.open(given("stickers")) as repository:
        assert repository.path == Path("stickers")
        head = publish(repository)
    assert read_head(given("stickers")) == head
    with Server(given("stickers")) as server:
        assert sync(server.url, given("mirror")).elements == 1
    assert sync(given("stickers"), given("second")).elements == 1
    for folder in ("stickers", "mirror", "second"):
        report = verify(given(folder))
        assert (report.ok, report.elements) == (True, 1), folder


def test_what_is_missing_is_named_as_it_was_given(given: AsGiven) -> None:
    with pytest.raises(RepositoryError, match="no repository in nowhere"):
        Repository.open(given("nowhere"))
    with pytest.raises(RepositoryError, match="no repository in nowhere"):
        verify(given("nowhere"))
    with pytest.raises(RepositoryError, match="no folder nowhere"):
        Server(given("nowhere"))


def test_scripts_and_files(given: AsGiven) -> None:
    write_file(given("scene.py"), b"from haac import Scene\nscene = Scene(3, 2)\n")
    assert run_script(given("scene.py")) == Scene(3, 2)


def test_pictures_are_ingested(given: AsGiven) -> None:
    Path("photos").mkdir()
    Image.new("RGB", (5, 5), "red").save("photos/a.png")
    Path("about.csv").write_text("file,name\na.png,red square\n")
    assert read_sidecar(given("about.csv"))["a.png"].name == "red square"
    for paths in ([given("photos")], given("photos")):  # one path is not taken for many letters
        assert [Path(source.name) for source in find_sources(paths)] == [Path("photos/a.png")]
    with Repository.create("stickers") as repository:
        settings = Settings(cutting=Cutting(model="none"), sidecar=given("about.csv"), jobs=1)
        report = ingest(repository, find_sources(given("photos")), settings)
        assert report.ok
        assert repository.element(report.files[0].ids[0]).name == "red square"


def test_the_source_of_one_file(given: AsGiven) -> None:
    Path("a.png").write_bytes(b"not looked at yet")
    (source,) = find_sources(given("a.png"))
    assert isinstance(source, Source)
    assert source.read() == b"not looked at yet"
