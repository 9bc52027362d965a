"""SVG: checked by a parser of its own, then drawn by resvg, which knows neither scripts nor the network."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.parsers import expat

from haac._input.colour import to_srgb
from haac._input.formats.extra import need
from haac._input.limits import PICTURE_LIMITS, check_size
from haac._input.opened import Opened
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

LEAST_SIDE, MOST_SIDE = 1024, 4096
"""Pixels of the long side that a drawing gets, whatever it says: it has none of its own."""

_UNITS = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "em": 16.0,
    "ex": 8.0,
}
_length = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)\s?([a-z]*)")
_embedded = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,", re.IGNORECASE)


def open_svg(data: bytes, _at_least: int | None) -> Opened:
    """Open an SVG, gzipped or not.

    Raises:
        PictureError: resvg-py is not installed, or it is no SVG, too large, too deep, or shows files from elsewhere.
    """
    text = _text(data)
    drawing = _Drawing(text)
    need("an SVG drawing", "resvg_py")
    side = drawing.side()
    return Opened("SVG", 1, _drawn(text, side), (side, side), drawing.notes)


def _text(data: bytes) -> bytes:
    most = PICTURE_LIMITS.drawing_bytes
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise PictureError("this is a broken gzip file, not a picture") from error
    if len(data) > most:
        raise PictureError(f"the SVG has more than {most:,} bytes, which are not read")
    return data


class _Drawing:
    """What must be known of a drawing before anything draws it. resvg ends the whole program for a picture of 100,000 x 100,000 pixels
    and for 20,000 groups inside each other, and reads any picture file that the drawing names."""

    def __init__(self, text: bytes) -> None:
        self.notes: list[str] = []
        self._depth = self._count = self._embedded = 0
        self._root: dict[str, str] = {}
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.ExternalEntityRefHandler = lambda *_: 1  # left out
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            raise PictureError(f"not a picture: no SVG, or a broken one ({error})") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        local = name.rpartition(":")[2]
        if self._count == 1:
            if local != "svg":
                raise PictureError("not a picture, but some other XML")
            self._root = attributes
        if self._depth > PICTURE_LIMITS.drawing_depth or self._count > PICTURE_LIMITS.drawing_elements:
            raise PictureError(
                f"the SVG is too large; at most {PICTURE_LIMITS.drawing_elements:,} elements, "
                f"{PICTURE_LIMITS.drawing_depth} inside each other, are read"
            )
        if local in ("image", "feImage"):
            for key, value in attributes.items():
                if key.rpartition(":")[2] == "href" and not value.lstrip().startswith("#"):
                    self._embed(value.strip())
        if local == "text" and not self.notes:
            self.notes.append("its text was drawn in the fonts of this machine")

    def _embed(self, address: str) -> None:
        """Check a picture that the drawing brings along, by its header: resvg would decode whatever its size is, and SVGs in SVGs."""
        from PIL import Image

        found = _embedded.match(address)
        if found is None:
            raise PictureError(
                f"the SVG shows a picture from elsewhere, or of another kind ({address[:80]!r}), which is not loaded:"
                " embed it as PNG or JPEG in base64"
            )
        try:
            data = base64.b64decode(address[found.end() :])
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
                width, height = image.size
        except (ValueError, OSError, Image.DecompressionBombError) as error:
            raise PictureError(f"the SVG brings a broken picture along ({error})") from error
        check_size(width, height)
        self._embedded += width * height
        if self._embedded > PICTURE_LIMITS.pixels:
            raise PictureError(
                f"the pictures that the SVG brings along have more than {PICTURE_LIMITS.pixels:,} pixels together"
            )

    def _end(self, _: str) -> None:
        self._depth -= 1

    def side(self) -> int:
        """Pixels of the long side to draw."""
        sides = [_pixels(self._root.get(name, "")) for name in ("width", "height")]
        box = re.split(r"[\s,]+", self._root.get("viewBox", "").strip())
        if None in sides and len(box) == 4:
            sides += [_pixels(value) for value in box[2:]]
        own = max((value for value in sides if value is not None), default=0.0)
        return round(min(max(own, LEAST_SIDE), MOST_SIDE))


def _pixels(length: str) -> float | None:
    found = _length.fullmatch(length.strip())
    if found is None or found[2] not in _UNITS:
        return None
    try:
        return float(found[1]) * _UNITS[found[2]]
    except ValueError:
        return None


def _drawn(text: bytes, side: int) -> Iterator[Image.Image]:
    import resvg_py
    from PIL import Image

    try:
        # Both sides bound it; a dpi must be given, or millimetres count as nothing.
        picture = resvg_py.svg_to_bytes(svg_string=_decoded(text), width=side, height=side, dpi=96.0)
    except ValueError as error:
        raise PictureError(f"the SVG cannot be drawn ({error})") from error
    with Image.open(io.BytesIO(picture), formats=("PNG",)) as image:
        image.load()
        yield to_srgb(image)


def _decoded(text: bytes) -> str:
    """As text; the XML declaration's encoding counts, and then goes, since it is no longer true."""
    declared = re.match(rb"\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)", text)
    encoding = "utf-16" if text[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if declared and encoding != "utf-16":
        encoding = declared[1].decode("ascii")
        encoding = "utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding
    try:
        return text.decode(encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise PictureError(f"the SVG is not text of the encoding that it names ({error})") from error
