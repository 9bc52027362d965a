"""Inner API of haac_repo: what haac's other packages use of it beside its public names. May change at any time.

Each name loads when it is first asked for: command modules take the console from here, and must load nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac_repo._cli import completion
    from haac_repo._cli.console import (
        DEFAULT_REPO,
        INTERRUPTED,
        Console,
        command,
        counted,
        debugging,
        given,
        group,
        lazy_group,
        refuse,
        repo_option,
    )
    from haac_repo._cli.doctor import Check
    from haac_repo._cli.elements import listed, require
    from haac_repo._cli.sheet import (
        Cell,
        SheetStyle,
        checkerboard,
        on_checkerboard,
        sheet_page,
    )
    from haac_repo._derived.updating import Held, Survey, Updated, is_current, mark, missing, size, updating
    from haac_repo._files import home, now, replacing, storage_errors, sync_folder
    from haac_repo._http import open_client
    from haac_repo._lock import writer_lock
    from haac_repo._pages import State, elements_of, found_numbers, origin_of, state_of
    from haac_repo._pixels import bands, flattened
    from haac_repo._serve.listening import listening
    from haac_repo._store.schema import CATALOG

__all__ = [
    "CATALOG",
    "DEFAULT_REPO",
    "INTERRUPTED",
    "Cell",
    "Check",
    "Console",
    "Held",
    "SheetStyle",
    "State",
    "Survey",
    "Updated",
    "bands",
    "checkerboard",
    "command",
    "completion",
    "counted",
    "debugging",
    "elements_of",
    "flattened",
    "found_numbers",
    "given",
    "group",
    "home",
    "is_current",
    "lazy_group",
    "listed",
    "listening",
    "mark",
    "missing",
    "now",
    "on_checkerboard",
    "open_client",
    "origin_of",
    "refuse",
    "replacing",
    "repo_option",
    "require",
    "sheet_page",
    "size",
    "state_of",
    "storage_errors",
    "sync_folder",
    "updating",
    "writer_lock",
]

_LAZY = {
    "CATALOG": "_store.schema",
    "DEFAULT_REPO": "_cli.console",
    "INTERRUPTED": "_cli.console",
    "Cell": "_cli.sheet",
    "Check": "_cli.doctor",
    "Console": "_cli.console",
    "Held": "_derived.updating",
    "SheetStyle": "_cli.sheet",
    "State": "_pages",
    "Survey": "_derived.updating",
    "Updated": "_derived.updating",
    "bands": "_pixels",
    "checkerboard": "_cli.sheet",
    "command": "_cli.console",
    "counted": "_cli.console",
    "debugging": "_cli.console",
    "elements_of": "_pages",
    "flattened": "_pixels",
    "listening": "_serve.listening",
    "found_numbers": "_pages",
    "given": "_cli.console",
    "group": "_cli.console",
    "home": "_files",
    "is_current": "_derived.updating",
    "lazy_group": "_cli.console",
    "listed": "_cli.elements",
    "mark": "_derived.updating",
    "missing": "_derived.updating",
    "now": "_files",
    "on_checkerboard": "_cli.sheet",
    "open_client": "_http",
    "origin_of": "_pages",
    "refuse": "_cli.console",
    "replacing": "_files",
    "repo_option": "_cli.console",
    "require": "_cli.elements",
    "sheet_page": "_cli.sheet",
    "size": "_derived.updating",
    "state_of": "_pages",
    "storage_errors": "_files",
    "sync_folder": "_files",
    "updating": "_derived.updating",
    "writer_lock": "_lock",
}


def __getattr__(name: str) -> object:
    if name == "completion":
        return importlib.import_module("haac_repo._cli.completion")
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_repo.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
