"""Pictures, recipes and the command; a browser for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from haac import Colour, Layer, Scene, render, to_binary, to_text
from haac_evidence._cli.report import report
from haac_repo import Repository
from scripts.lib.elements import drawing, new_element
from tests.codec.web.engines import driven_chromium

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"
"""The name of an element."""

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is started: a picture `one.png`, its recipe `one.haac`, a poor copy, and a repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    with Repository.create(tmp_path / "haac-repo") as repository:
        with repository.writer() as writer:
            writer.add(new_element(drawing(1), HOSTILE))
        scene = Scene(120, 90, Colour(0x3060A0FF), [Layer(1, width=50, x=20, y=10)], similar=True)
        scene.fingerprint = repository.fingerprint
        render(scene, repository).convert("RGB").save("one.png")
    Path("one.haac").write_bytes(to_binary(scene))
    Path("one.txt").write_text(to_text(scene))
    Image.open("one.png").save("one.decoded.jpg", quality=20)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:  # noqa: ARG001 (it is started there)
    """Runs `haac report`."""
    return lambda *arguments: CliRunner().invoke(report, list(map(str, arguments)))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with driven_chromium() as opened:
        yield opened
