"""Keywords of emoji become tags where the package that has them is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac_pipeline import Settings, find_sources, ingest
from haac_pipeline._ingest import keywords
from haac_pipeline._ingest.keywords import emoji_keywords
from haac_pipeline._ingest.sidecar import emoji_codes
from haac_repo import Repository

LINES = """\U0001f52a kitchen knife <small>(Cooking, hocho, , kitchen knife, tool)</small>
\u2764\ufe0f red heart <small>(heart)</small>
\U0001f44b waving hand
\U0001f48f kiss: woman, man <small>(couple)</small>
no line of it
"""


class Listed(PurePosixPath):
    """A file of a package, with what stands in it."""

    text = LINES

    def read_text(self, **_: Any) -> str:
        if self.name == "emojis_lost.csv":
            raise FileNotFoundError(self.name)
        return self.text if self.name.startswith("emojis") else "\U0001f52a wrong"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("picker/data/emojis_objects.csv", "picker/data/emojis_lost.csv", "picker/data/math.csv")
    found = [Listed(name) for name in names]
    monkeypatch.setattr(keywords, "files", lambda _: found)
    monkeypatch.setattr(keywords, "_table", keywords._table.__wrapped__)


def without_package(_: str) -> None:
    raise PackageNotFoundError


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("emoji_u1f52a.png", ("kitchen knife", "cooking", "hocho", "tool")),
        ("emoji_u2764_fe0f.png", ("red heart", "heart")),
        ("emoji_u2764.png", ("red heart", "heart")),
        ("u1f44b_1f3fd.png", ("waving hand",)),
        ("emoji_u1f48f.png", ("kiss: woman man", "couple")),
        ("emoji_u1f44c.png", ()),
        ("emoji_u110000.png", ()),
        ("knife.png", ()),
    ],
)
def test_keywords_of_an_emoji(name: str, found: tuple[str, ...]) -> None:
    assert emoji_keywords(emoji_codes(name)) == found


def test_without_the_package_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "files", without_package)
    monkeypatch.setattr(keywords, "_table", keywords._table.__wrapped__)
    assert emoji_keywords([0x1F52A]) == ()


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("given", [2, 62, 63])
def test_ingest_makes_them_tags_as_far_as_there_is_room(tmp_path: Path, given: int) -> None:
    (tmp_path / "pictures").mkdir()
    pixels = np.random.default_rng(1).integers(0, 256, (20, 20, 4), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "pictures" / "emoji_u1f52a.png")
    tags = tuple(f"tag {n}" for n in range(given))
    with Repository.create(tmp_path / "repo") as repository:
        report = ingest(repository, find_sources(tmp_path / "pictures"), Settings(tags=tags, jobs=1))
        assert report.ok
        element = repository.element(1)
        wanted = ("emoji", *tags, "kitchen knife", "cooking", "hocho", "tool")[:64]
        assert (element.name, element.tags) == ("hocho", wanted)
        assert len(repository.search("kitchen knives")) == (given < 63)


def test_the_real_package_has_what_is_read() -> None:
    pytest.importorskip("picker", reason="haac[words] is not installed")
    assert {"kitchen knife", "cooking"} <= set(emoji_keywords([0x1F52A]))
