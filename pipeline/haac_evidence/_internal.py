"""Inner API of haac_evidence: what scripts use of it. May change at any time."""

import importlib
from typing import TYPE_CHECKING

from haac_evidence._record import machine, write_record
from haac_evidence._tables.columns import BOUNDARIES, BYTES, DIFFERENT, MIDDLE, OWN, OWN_MEANS

if TYPE_CHECKING:
    from haac_evidence._study.judge import Judge, Seen
    from haac_evidence._study.plot import plot as plot_study

__all__ = [
    "BOUNDARIES",
    "BYTES",
    "DIFFERENT",
    "MIDDLE",
    "OWN",
    "OWN_MEANS",
    "Judge",
    "Seen",
    "machine",
    "plot_study",
    "write_record",
]

# The judges bring numpy and Pillow.
_LAZY = {"Judge": "_study.judge:Judge", "Seen": "_study.judge:Seen", "plot_study": "_study.plot:plot"}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        module, _, own = _LAZY[name].partition(":")
        return getattr(importlib.import_module(f"haac_evidence.{module}"), own)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
