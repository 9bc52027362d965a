"""Inner API of haac_repo: what haac's other packages use of it beside its public names. May change at any time.

Each name loads when it is first asked for: command modules take the console from here, and must load nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac_repo._cli.console import Console, command, counted, debugging, repo_option
    from haac_repo._cli.doctor import Check
    from haac_repo._cli.sheet import checkerboard, on_checkerboard
    from haac_repo._files import TEMPORARY, replacing, storage_errors
    from haac_repo._pixels import flattened
    from haac_repo._store.lock import writer_lock

__all__ = [
    "TEMPORARY",
    "Check",
    "Console",
    "checkerboard",
    "command",
    "counted",
    "debugging",
    "flattened",
    "on_checkerboard",
    "replacing",
    "repo_option",
    "storage_errors",
    "writer_lock",
]

_LAZY = {
    "TEMPORARY": "_files",
    "Check": "_cli.doctor",
    "Console": "_cli.console",
    "checkerboard": "_cli.sheet",
    "command": "_cli.console",
    "counted": "_cli.console",
    "debugging": "_cli.console",
    "flattened": "_pixels",
    "on_checkerboard": "_cli.sheet",
    "replacing": "_files",
    "repo_option": "_cli.console",
    "storage_errors": "_files",
    "writer_lock": "_store.lock",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_repo.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
