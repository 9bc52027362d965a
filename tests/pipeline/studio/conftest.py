"""Fixtures of the studio's tests: a repository, a folder to work in, a client of the application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from haac_studio._server.sessions import Studio
from tests.pipeline.studio.studios import Browser, fill, serving, studio_of


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that nobody changes."""
    path = tmp_path_factory.mktemp("studio") / "repo"
    fill(path)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the studio is started, and nothing is kept elsewhere."""
    made = tmp_path / "work"
    made.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def studio(filled: Path, folder: Path) -> Iterator[Studio]:
    with studio_of(filled, folder) as made:
        yield made


@pytest.fixture
def client(studio: Studio) -> Iterator[Browser]:
    with serving(studio) as made:
        yield made
