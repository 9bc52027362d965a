"""Evidence: the metadata and heads that were refused stay in `lost/`, for whoever wants to find out what happened."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from haac_repo._files import write_file
from haac_repo._limits import LIMITS
from haac_repo._trust.layout import utc_now

_FOLDER = "refused-"


def keep(path: Path, files: Mapping[str, bytes], lost: str = "lost") -> Path | None:
    """Keep what a server sent and the mirror in `path` refused, in a folder named by the time; the oldest ones go.

    Args:
        path: The mirror.
        files: By their published paths.
        lost: Name of the folder for what nobody accounts for.

    Returns:
        The folder, or None if there was nothing to keep.
    """
    if not files or not path.is_dir():
        return None
    folder = path / lost / f"{_FOLDER}{utc_now():%Y-%m-%dT%H%M%S.%fZ}"
    left = LIMITS.evidence_bytes
    folder.mkdir(parents=True)
    for name, data in files.items():
        # Every path was made of role names, versions and hex digits.
        write_file(folder / name.replace("/", "-"), data[:left])
        left -= len(data[:left])
    for older in sorted(folder.parent.glob(f"{_FOLDER}*"), reverse=True)[1:]:
        left -= sum(file.stat().st_size for file in older.iterdir())
        if left < 0 or _count(folder.parent, older) >= LIMITS.evidence_folders:
            shutil.rmtree(older)
    return folder


def _count(lost: Path, folder: Path) -> int:
    """How many are newer."""
    return sum(other.name > folder.name for other in lost.glob(f"{_FOLDER}*"))
