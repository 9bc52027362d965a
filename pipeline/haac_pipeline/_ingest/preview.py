"""Contact sheets of a dry run: what would be stored, and paler what would not, with quality and doubts."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from haac_pipeline._ingest.keep import Preview
from haac_repo import HaacError, write_file
from haac_repo._internal import Cell, SheetStyle, sheet_page

if TYPE_CHECKING:
    from haac_pipeline._segment.cutout import Bytes

_STYLE = SheetStyle(columns=8, cell=160, lines=6)
_LINE = 30
"""Characters that a line below a cut-out has room for."""
_PER_PAGE = 64


def thumbnail(rgba: Bytes) -> bytes:
    """A cut-out (height, width, 4) made small enough for the sheet."""
    image = Image.fromarray(rgba)
    image.thumbnail((_STYLE.cell, _STYLE.cell), Image.Resampling.BOX, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80, method=0)
    return buffer.getvalue()


class PreviewSheets:
    """Writes pages as they fill up, so that one is in memory at a time.

    Args:
        path: PNG file of the first page; further ones get a number.

    Raises:
        HaacError: the name does not end in .png, or there is no such folder.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() != ".png":
            raise HaacError(f"{path.name}: the name of a contact sheet must end in .png")
        if not path.absolute().parent.is_dir():
            raise HaacError(f"there is no folder {path.parent} for the contact sheet")
        self._path = path
        self._page: list[tuple[str, Preview]] = []
        self.files: list[str] = []
        """Pages written."""

    def add(self, source: str, previews: Iterable[Preview]) -> None:
        """Put the cut-outs of a picture on the sheet."""
        for preview in previews:
            self._page.append((source, preview))
            if len(self._page) == _PER_PAGE:
                self.flush()

    def flush(self) -> None:
        """Write the page that was begun."""
        if not self._page:
            return
        number = len(self.files) + 1
        path = self._path if number == 1 else self._path.with_stem(f"{self._path.stem}-{number}")
        stored = sum(not preview.reason for _, preview in self._page)
        right = f"page {number}: {stored} would be stored, {len(self._page) - stored} left out"
        page = sheet_page(
            (_cell(source, preview) for source, preview in self._page),
            len(self._page),
            "Dry run",
            right,
            _STYLE,
        )
        buffer = io.BytesIO()
        page.save(buffer, "PNG", compress_level=6)
        write_file(path, buffer.getvalue())
        self.files.append(str(path))
        self._page.clear()


def _cell(source: str, preview: Preview) -> Cell:
    with Image.open(io.BytesIO(preview.thumbnail)) as opened:
        image = opened.convert("RGBA")
    size = f"{preview.width}x{preview.height}"
    return Cell(
        image,
        f"left out, {size}" if preview.reason else size,
        (source.replace("\\", "/").rpartition("/")[2], *caption(preview)),
        faded=bool(preview.reason),
    )


def caption(preview: Preview) -> list[str]:
    """Why it is left out, or its quality; and the doubts: in lines that fit below the cut-out."""
    quality = "" if preview.quality is None else f"quality {preview.quality}"
    parts = (preview.reason or quality, ", ".join(preview.doubts))
    return textwrap.wrap(
        ": ".join(filter(None, parts)), _LINE, max_lines=_STYLE.lines - 1, placeholder=" ..."
    )
