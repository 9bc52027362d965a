"""Preflight: what must be the same on every machine of a cluster, because pixels and ids hang on it."""

from __future__ import annotations

import hashlib
import importlib
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from haac_pipeline._engine.engine import EngineError

_PACKAGES = (
    "haac",
    "distributed",
    "pillow",
    "numpy",
    "rembg",
    "onnxruntime",
    "opencv-python-headless",
    "pymatting",
    "scikit-image",
    "numba",
    "faiss-cpu",
    "imagecodecs",
    "pillow-heif",
    "pillow-jxl-plugin",
    "resvg-py",
    "tifffile",
)
_OURS = ("haac", "haac_repo", "haac_match", "haac_pipeline")
ABSENT = "not installed"


@cache
def versions() -> dict[str, str]:
    """Versions of what pixels depend on, of haac its code too; nothing is imported for it."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {
        "Python": python,
        "processor": platform.machine(),
        **{name: _version(name) for name in _PACKAGES},
        "code of haac": _code(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT


def _code() -> str:
    """The beginning of a hash of all our code: of two checkouts the version may be the same."""
    hashed = hashlib.sha256()
    for name in _OURS:
        folder = Path(importlib.import_module(name).__file__ or "").parent
        for path in sorted(folder.rglob("*.py")):
            hashed.update(path.relative_to(folder).as_posix().encode())
            hashed.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return hashed.hexdigest()[:12]


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    """What differs, as words for people: 'pillow 12.0.0, here 12.1.1'."""
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        here, there = ours.get(name, "unknown"), theirs.get(name, "unknown")
        if here != there:
            yield f"{name} {there}, here {here}"


def compare(ours: Mapping[str, str], theirs: Mapping[str, str], worker: str) -> None:
    """Compare a worker with this machine.

    Raises:
        EngineError: something differs, which it names.
    """
    if found := list(differences(ours, theirs)):
        raise EngineError(
            f"the worker {worker} is not like this machine, so its pixels and ids might differ: {'; '.join(found)}."
            " Bring it to the same state and start again"
        )
