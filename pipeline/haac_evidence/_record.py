"""What every measurement records beside its figures, and how its JSON is written.

Rates are compared within one run, as ratios: machines differ more than code.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from haac_pipeline._internal import cores

_ALWAYS = ("haac", "pillow", "numpy")


def machine(packages: Iterable[str] = ()) -> dict[str, Any]:
    """Versions and hardware that figures depend on.

    Args:
        packages: names of distributions, beside those that all figures depend on.
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        **{name: _version(name) for name in (*_ALWAYS, *packages)},
        "python": platform.python_version(),
        "platform": platform.system(),
        "arch": platform.machine(),
        "cpus": cores(),
        "cpu": _cpu(),
    }


def write_record(path: Path, figures: dict[str, Any]) -> None:
    """Write figures as JSON, with `machine` before them unless it is among them; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    content = {"machine": machine(), **figures}
    temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


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
