"""The command `haac doctor`, and the checks of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from haac_repo._internal import Check, Console, command, repo_option

_OPTIONAL = {
    "opencv-python-headless": "cutting out pictures, or finding elements in them,",
    "faiss-cpu": "finding elements in pictures",
    "numba": "finding elements in pictures",
    "onnxruntime": "cutting out pictures with a model that has weights",
    "scikit-image": "measuring SSIM",
}
"""Packages of `haac[ingest]`, and what for."""

_FORMATS = {
    "pillow-heif": "HEIC",
    "pillow-jxl-plugin": "JPEG XL",
    "resvg-py": "SVG",
    "imagecodecs": "JPEG of more than 8 bits",
    "tifffile": "TIFF of rare samples",
}
"""Packages of `haac[formats]`, and what they read."""


def pointer_bits() -> int:
    """Of this Python: 32 or 64."""
    import struct

    return 8 * struct.calcsize("P")


def check_versions(_repo: Path) -> Iterator[Check]:
    """Versions of Python and of what haac stands on; nothing optional is imported for it."""
    import platform
    import sqlite3
    from importlib import metadata

    yield Check("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in ("haac", "pillow", "numpy", "sqlite-utils", "httpx", "click"):
        yield Check(name, "ok", metadata.version(name))
    yield Check("sqlite", "ok", sqlite3.sqlite_version)
    for name, purpose in _OPTIONAL.items():
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, "note", f"not installed; {purpose} needs it: pip install 'haac[ingest]'")
    for name, what in _FORMATS.items():
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, "note", f"not installed; reading {what} needs it: pip install 'haac[formats]'")


def check_renderer(_repo: Path) -> Iterator[Check]:
    """Render the golden vectors here; name what may differ in other scenes."""
    from haac._vectors import check_vectors, load_vectors

    if pointer_bits() < 64:
        yield Check(
            "renderer", "note", "32-bit Python draws other pixels in some scenes on x86; use a 64-bit one"
        )
    vectors = load_vectors()
    wrong = check_vectors(vectors)
    for name, what in wrong.items():
        yield Check("renderer", "fail", f"golden vector {name}: {what}")
    if not wrong:
        yield Check("renderer", "ok", f"{len(vectors)} golden vectors give the same pixels as everywhere")


@command("doctor", "This machine")
@repo_option
def doctor(console: Console, repo: Path) -> int:
    """Check versions, pixels, models and the repository."""
    from importlib.metadata import entry_points

    checks = [check for point in sorted(entry_points(group="haac.doctor")) for check in point.load()(repo)]
    marks = {"ok": "ok  ", "note": "note", "fail": "FAIL"}
    rows = [{"name": c.name, "state": c.state, "detail": c.detail} for c in checks]
    failed = sum(c.state == "fail" for c in checks)
    lines = [f"{marks[c.state]}  {c.name:<24}{c.detail}" for c in checks]
    console.data(rows, [*lines, f"{failed} problems" if failed else "All is well."])
    return 1 if failed else 0
