"""The page that shows a repository in a browser, and the modules that it loads: files of an installed package, under exact names.

They are the web decoder's (docs/web.md), which this package does not know: it says in the entry-point group `haac.web` where they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from haac_repo._serve.files import NOT_THERE, PublishedFile, opened

GROUP = "haac.web"
MODULES = "web/"
"""Before the names of modules; no published name begins so."""
_AT_ROOT = {"": "page/index.html", "service_worker.js": "service_worker.js"}
"""A service worker is for the pages below its own address."""
_name = re.compile(r"[a-z0-9_]+(?:/[a-z0-9_]+)*\.(?:js|css|html)").fullmatch

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content Security Policy of the page and of its workers: nothing but what this server sends is run, and nothing is sent elsewhere."""


def page_files() -> dict[str, Path]:
    """The files of the page by their names in URLs (after the first slash, '' is the page); empty if the web decoder is not installed."""
    found: dict[str, Path] = {}
    for point in entry_points(group=GROUP):
        folder = Path(point.load())
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if _name(name) and path.is_file():
                found[MODULES + name] = path
    for name, file in _AT_ROOT.items():
        if MODULES + file in found:
            found[name] = found[MODULES + file]
    return found


def open_page(files: Mapping[str, Path], name: str) -> PublishedFile | None:
    """Open a file of the page; None if there is none of this name.

    Raises:
        OSError: it is there, but cannot be opened now.
    """
    path = files.get(name)
    if path is None:
        return None
    try:
        # Not as strict as with published files: an installed package may well be made of links.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if error.errno in NOT_THERE:
            return None
        raise
    return opened(descriptor, name, immutable=False)


def headers(name: str) -> dict[str, str]:
    """Headers of a file of the page."""
    return {
        "Content-Type": TYPES[Path(name).suffix or ".html"],
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
    }
