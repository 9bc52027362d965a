"""Open files: as many as a server needs, or as many connections as the open files allow."""

from __future__ import annotations

import contextlib
import dataclasses

from haac_repo._serve.admission import Bounds

try:
    import resource
except ImportError:  # Windows, where the number of handles is no matter
    resource = None  # type: ignore[assignment]

_OTHERS = 64
"""What a process has open beside."""
_EACH = 2
"""A connection takes a socket, and a file while that is sent."""


def raise_limit(bounds: Bounds) -> None:
    """Let this process open as many files as `bounds` may need, as far as the system permits.

    Shells mostly give 1,024 and permit more, for the sake of programs that use `select`; we do not.
    """
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _OTHERS + _EACH * bounds.connections
    if hard != resource.RLIM_INFINITY:
        needed = min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < needed:
        with contextlib.suppress(ValueError, OSError):  # some systems have limits of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def within_limit(bounds: Bounds) -> Bounds:
    """Bounds with as many connections as this process can open files for."""
    if resource is None:
        return bounds
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = max(1, (soft - _OTHERS) // _EACH)
    if soft == resource.RLIM_INFINITY or possible >= bounds.connections:
        return bounds
    return dataclasses.replace(
        bounds, connections=possible, per_address=min(bounds.per_address, max(1, possible * 3 // 4))
    )
