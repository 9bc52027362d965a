"""Where the figures of benchmarks go.

A benchmark is a script below `scripts/benchmark/`; it writes `benchmarks/<name>.json`, out of which `scripts/make/tables.py` makes
the tables in the documentation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from haac_evidence._internal import machine, write_record
from haac_pipeline._internal import cores

__all__ = ["BENCHMARKS", "cores", "file_of", "machine", "write"]

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def file_of(path: str | Path) -> Path:
    """The path of any JSON file as it is; a bare name is one of `benchmarks/`."""
    target = Path(path)
    if target.suffix != ".json" and target.parent == Path():
        target = BENCHMARKS / f"{target.name}.json"
    return target


def write(path: str | Path, payload: dict[str, Any]) -> Path:
    """Write figures as JSON, with `machine` added unless it is there. A bare name goes to `benchmarks/`.

    Args:
        path: e.g. "sync" (-> benchmarks/sync.json), or the path of any JSON file.
    """
    target = file_of(path)
    write_record(target, payload)
    return target
