"""Compiled kernels: numba's `njit`, with a cache of compiled code where there is a place for one.

numba raises, while a module is imported, where neither the package's folder nor the user's cache can be written, as for a service
without a home.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def _is_cached() -> bool:
    """Whether numba finds a place for compiled code."""
    try:
        numba.njit(cache=True)(_probe)
    except RuntimeError:
        return False
    return True


def _probe() -> int:
    return 0


def _make_place() -> str:
    """Let numba keep compiled code in a temporary folder, which goes when this process ends; what a person should know.

    Processes that are started afterwards use the same folder.
    """
    try:
        folder = tempfile.mkdtemp(prefix="haac-kernels-")
    except OSError:  # then in memory
        pass
    else:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["NUMBA_CACHE_DIR"] = folder
        setattr(numba.config, "CACHE_DIR", folder)  # noqa: B010 (one of the names that it makes of the environment)
    return (
        "No folder for compiled code can be written (the user's cache, or NUMBA_CACHE_DIR): it is compiled for this command only,"
        " which takes some seconds"
    )


kernel_note = "" if _is_cached() else _make_place()
"""What a person should know of the cache; empty if there is one."""

_cached = _is_cached()


def njit(**options: Any) -> Callable[[F], F]:
    """numba.njit, with the cache if there is one."""
    compiled: Callable[[F], F] = numba.njit(cache=_cached, **options)
    return compiled
