"""Which reader reads a layered file: by its first bytes, not by its name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from haac_layers._document import Document
from haac_layers._limits import check_file
from haac_repo import PictureError


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of layered file."""

    name: str
    suffixes: tuple[str, ...]
    fits: Callable[[bytes], bool]
    """Whether a file is one, told from its bytes."""
    reader: str
    """`module:function`: bytes to a `Document`. Loaded when it is used."""
    by_path: bool = False
    """Whether it reads a file itself, which is less in memory than all of its bytes beside what they say."""


_DIRECTORY = 2**20
"""Bytes at the end of an archive in which the name of a member is looked for."""


def _zipped(mimetype: bytes, member: bytes) -> Callable[[bytes], bool]:
    """Whether a file is an archive that says this of itself, or has this member."""

    def fits(data: bytes) -> bool:
        return data[:2] == b"PK" and (b"mimetype" + mimetype in data[:128] or member in data[-_DIRECTORY:])

    return fits


def _is_svg(data: bytes) -> bool:
    return data[:2] == b"\x1f\x8b" or b"<svg" in data[: 2**16].replace(b"\0", b"")


FORMATS = (
    Format(
        "Photoshop",
        (".psd", ".psb"),
        lambda data: data[:4] == b"8BPS",
        "haac_layers._photoshop.read:read_psd",
        by_path=True,
    ),
    Format(
        "OpenRaster", (".ora",), _zipped(b"image/openraster", b"stack.xml"), "haac_layers._read.ora:read_ora"
    ),
    Format(
        "Krita", (".kra",), _zipped(b"application/x-krita", b"maindoc.xml"), "haac_layers._read.kra:read_kra"
    ),
    Format("SVG", (".svg", ".svgz"), _is_svg, "haac_layers._read.svg:read_svg"),
    Format("GIMP", (), lambda data: data[:9] == b"gimp xcf ", "haac_layers._read.xcf:read_xcf"),
)
"""All that are read; the first that fits counts."""


def read_document(file: Path | bytes) -> Document:
    """Read a layered file.

    Raises:
        PictureError: it is of no kind that is read, is broken, or is beyond the limits.
        MissingExtraError: the package that reads it is not installed.
        OSError: the file cannot be read.
    """
    data = file if isinstance(file, bytes) else _beginning(file)
    for kind in FORMATS:
        if kind.by_path and kind.fits(data):
            return _reader(kind)(file)
    if isinstance(file, Path):
        data = file.read_bytes()
    for kind in FORMATS:
        if kind.fits(data):
            return _reader(kind)(data)
    suffixes = ", ".join(suffix for kind in FORMATS for suffix in kind.suffixes)
    raise PictureError(
        f"this is no layered file that is read here ({suffixes}); a plain picture goes to `haac ingest`"
    )


def _beginning(path: Path) -> bytes:
    """The first bytes of a file that is not too large."""
    check_file(path.stat().st_size)
    with path.open("rb") as file:
        return file.read(16)


def _reader(kind: Format) -> Callable[[Path | bytes], Document]:
    module, _, function = kind.reader.partition(":")
    read: Callable[[Path | bytes], Document] = getattr(importlib.import_module(module), function)
    return read
