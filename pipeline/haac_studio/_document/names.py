"""Names of files that a browser may read or write: plain ones, so that no path leaves the folder, on any system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from haac_repo import DataError

SUFFIXES = (".haac", ".txt", ".py", ".png", ".webp")
"""What the studio writes."""
_LONGEST = 200
"""Bytes of a name, of the 255 that file systems allow; a temporary name is longer."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028-\u202e\u2066-\u2069\ud800-\udfff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.I | re.S)
"""Devices of Windows, with whatever suffix."""


def plain_name(name: object) -> str:
    """Check that a name is that of a file, and nothing else, on every system.

    Returns:
        The name, in Unicode's composed form.

    Raises:
        DataError: it is a path, a device, or has characters that some system does not allow.
    """
    if not isinstance(name, str) or not name:
        raise DataError("the file has no name: give one, such as picture.haac")
    tidy = unicodedata.normalize("NFC", name)
    shown = repr(tidy[:60])
    found = _FORBIDDEN.search(tidy)
    if found:
        raise DataError(
            f"{shown} is no plain name: it has {found.group()!r} in it; give a name without folders, such as picture.haac"
        )
    if tidy.startswith(".") or tidy != tidy.strip() or tidy.endswith("."):
        raise DataError(f"{shown} is no plain name: it must not begin or end with a dot or a space")
    if _RESERVED.fullmatch(tidy):
        raise DataError(f"{shown} is the name of a device on Windows: give another one")
    if len(tidy.encode()) > _LONGEST:
        raise DataError(f"the name {shown} has {len(tidy.encode())} bytes; at most {_LONGEST} are allowed")
    return tidy


def writable(folder: Path, name: object) -> Path:
    """The file of that name in a folder, which the studio may write.

    Raises:
        DataError: as `plain_name`; or its suffix is none that is written; or something that is no plain file has that name.
    """
    tidy = plain_name(name)
    path = folder / tidy
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{tidy!r} does not say what to write: let it end in {', '.join(SUFFIXES)}")
    if path.is_symlink():
        raise DataError(f"{tidy!r} is a link to somewhere else: give another name")
    if path.exists() and not path.is_file():
        raise DataError(f"{tidy!r} is no file: give another name")
    return path
