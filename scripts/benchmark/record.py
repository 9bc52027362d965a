"""What every benchmark records beside its figures, and how its JSON is written.

A benchmark is `scripts/benchmark/<name>.py`; it writes `benchmarks/<name>.json`, out of which `scripts/make/tables.py` makes
the tables in the documentation. Rates are compared within one run, as ratios: machines differ more than code.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """Versions and hardware that figures depend on."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "haac": _version("haac"),
        "python": platform.python_version(),
        "pillow": _version("pillow"),
        "numpy": _version("numpy"),
        "platform": platform.system(),
        "arch": platform.machine(),
        "cpus": cores(),
        "cpu": _cpu(),
    }


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
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    content = {"machine": machine(), **payload}
    temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(target)
    return target


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    """Name of the processor; empty where the system does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    found = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.processor()
