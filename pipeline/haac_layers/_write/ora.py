"""OpenRaster (.ora), written whole: mimetype, stack.xml, a PNG file a layer, thumbnail and merged picture.

Source: the OpenRaster specification 0.0.6, "File layout": the mimetype is the first member, and stored.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from haac_layers._document import NORMAL, PASS_THROUGH, Document, Group, Raster
from haac_layers._write.names import xml_text
from haac_repo import PictureError
from haac_repo._internal import replacing

if TYPE_CHECKING:
    from PIL import Image

MIMETYPE = "image/openraster"
_VERSION = "0.0.5"
_THUMBNAIL = 256
"""Pixels of its long side at most; a smaller picture is not enlarged."""
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of all members: the same document gives the same bytes."""


def write_ora(path: Path, document: Document) -> None:
    """Write an OpenRaster file.

    Args:
        path: where; what is there is replaced once all is written.
        document: its merged picture must be there.

    Raises:
        PictureError: it has no merged picture.
        OSError: it cannot be written; what was there is as it was.
    """
    if document.merged is None:
        raise PictureError("a document without a merged picture cannot be written as OpenRaster")
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        _add(archive, "mimetype", MIMETYPE.encode(), zipfile.ZIP_STORED)
        pictures: list[Image.Image] = []
        stack = "".join(_lines(document.layers, pictures, 2))
        index = (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f'<image version="{_VERSION}" w="{document.width}" h="{document.height}">\n'
            f" <stack>\n{stack} </stack>\n</image>\n"
        )
        _add(archive, "stack.xml", index.encode(), zipfile.ZIP_DEFLATED)
        for number, image in enumerate(pictures):
            _add(archive, _source(number), _png(image), zipfile.ZIP_STORED)
        small = document.merged.copy()
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        _add(archive, "Thumbnails/thumbnail.png", _png(small), zipfile.ZIP_STORED)
        _add(archive, "mergedimage.png", _png(document.merged), zipfile.ZIP_STORED)


def _lines(layers: Sequence[Raster | Group], pictures: list[Image.Image], depth: int) -> list[str]:
    """Elements of stack.xml, frontmost first; pictures of the layers are appended."""
    made = []
    space = " " * depth
    for layer in reversed(layers):
        said = (
            f'name={quoteattr(xml_text(layer.name))} opacity="{layer.opacity:.6g}"'
            f' visibility="{"visible" if layer.visible else "hidden"}"'
        )
        through = layer.blend == PASS_THROUGH
        mode = "src-over" if layer.blend in (NORMAL, PASS_THROUGH) else layer.blend
        said += f" composite-op={quoteattr('svg:' + mode)}"
        if isinstance(layer, Group):
            kind = "auto" if through else "isolate"
            made.append(f'{space}<stack {said} isolation="{kind}">\n')
            made += _lines(layer.children, pictures, depth + 1)
            made.append(f"{space}</stack>\n")
        else:
            made.append(
                f'{space}<layer {said} src="{_source(len(pictures))}" x="{layer.x}" y="{layer.y}"/>\n'
            )
            pictures.append(layer.image)
    return made


def _source(number: int) -> str:
    return f"data/layer{number:04}.png"


def _png(image: Image.Image) -> bytes:
    packed = io.BytesIO()
    image.convert("RGBA").save(packed, "PNG")
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    member = zipfile.ZipInfo(name, _TIME)
    member.compress_type = method
    member.external_attr = 0o644 << 16
    archive.writestr(member, data)
