"""Syncing in Node, for the tests of the web decoder's mirror."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Repository
from tests.codec.web.javascript import JsError, run_javascript

IMPORTS = "Repository from mirror/repository.js; MemoryStore from mirror/memory_store.js; FolderStore from mirror/folder_store.js"
SETUP = """
const pause = async () => {};
const hex = async (data) => Buffer.from(await crypto.subtle.digest("SHA-256", data)).toString("hex");
const hashes = async (found) => Object.fromEntries(
  await Promise.all([...found].map(async ([number, data]) => [number, await hex(data)])),
);
"""
HAAC = str(Path(sys.executable).with_name("haac"))
FETCH = "const repository = await Repository.open(given.url, { pause });"


def js(code: str, **given: Any) -> Any:
    return run_javascript(SETUP + code, IMPORTS, **given)


def refused(code: str, words: str, kind: str = "MirrorError", **given: Any) -> None:
    with pytest.raises(JsError, match=words) as caught:
        js(code, **given)
    assert caught.value.name == kind


def hashes(folder: Path) -> dict[str, str]:
    with Repository.open(folder) as repository:
        return {str(each.number): each.sha256 for each in repository.elements() if each.withdrawn is None}
