"""Where a number comes from.

*Derived*: follows from the format, the renderer or arithmetic; another value would be wrong. *Noise model*: how far rounding, JPEG or
rescaling move a pixel, measured. *Tuned*: chosen by hand while looking at composites of `scripts/benchmark/scenes.py` (seeds up to 2031;
those that are reported are later ones); `scripts/train/thresholds.py` tells how much each of these matters
(`benchmarks/thresholds.json`).
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


def tuned(value: Value, about: str, *, compiled: bool = False) -> Value:
    """A field that was tuned.

    Args:
        value: as it is used.
        about: what it is, with its unit, and what a larger one trades.
        compiled: a kernel holds it as a constant, so that another value needs another compilation. numba's cache does not notice that a
            constant of another file changed: clear `__pycache__/*.nb?` beside the kernels then.
    """
    return _field("tuned", value, about, compiled)


def noise_model(value: Value, about: str, *, compiled: bool = False) -> Value:
    """A field that says how far something moves a pixel."""
    return _field("noise model", value, about, compiled)


def derived(value: Value, about: str, *, compiled: bool = False) -> Value:
    """A field that cannot be another one."""
    return _field("derived", value, about, compiled)


def _field(provenance: str, value: Value, about: str, compiled: bool) -> Value:
    metadata = {"provenance": provenance, "about": about, "compiled": compiled}
    return cast(Value, cast(Any, field(default=value, metadata=metadata)))
