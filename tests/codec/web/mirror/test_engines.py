"""The mirror of the web decoder in Node, Chromium and Firefox: the same elements, kept in IndexedDB where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from haac_repo import Server
from tests.codec.web.engines import ROOT, run
from tests.codec.web.mirror.mirrors import hashes
from tests.repo.mirror.conftest import published

__all__ = ["published"]


@pytest.mark.parametrize("engine", ["node", "chromium", "firefox"])
def test_what_is_published_is_kept(engine: str, published: Path, tmp_path: Path) -> None:
    with Server(published) as server:
        (tmp_path / "url").write_text(server.url)
        told = run(engine, ROOT / "tests" / "codec" / "web" / "mirror" / "mirror.mjs", tmp_path)
    assert told["found"] == hashes(published)
    assert told["changed"] is False
    if engine != "node":
        assert told["here"] == 30
        assert told["failed"] == "DataCloneError"
        assert told["stale"] is False
        assert told["same"] is True
        assert told["lengths"] == [[1, True]]
        assert told["empty"] is None
