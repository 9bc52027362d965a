"""Custom elements in Chromium and Firefox: the same picture, size and words."""

from __future__ import annotations

from pathlib import Path

import pytest

from haac import encode_blur, render, to_text
from haac_repo import Repository, Server, pixel_hash
from tests.codec.web.engines import ROOT, run
from tests.codec.web.page.test_custom_elements import scene
from tests.codec.web.page.test_offline import blob, stickers

__all__ = ["stickers"]


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_custom_elements(engine: str, stickers: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe").write_text(to_text(scene()))
    (tmp_path / "blur").write_text(encode_blur(blob(1)))
    with Server(stickers) as server:
        (tmp_path / "url").write_text(server.url)
        told = run(engine, ROOT / "tests" / "codec" / "web" / "page" / "custom_elements.mjs", tmp_path)
    with Repository.open(stickers) as repository:
        assert told["hash"] == pixel_hash(render(scene(), repository))
    assert told["size"] == [100, 50, 200, 100]
    assert "blob 2 (3)" in told["label"]
    assert "WIDTHxHEIGHT" in told["failed"]
    assert told["blur"] == 64
