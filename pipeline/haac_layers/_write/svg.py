"""SVG, written whole: a picture a layer, embedded as PNG, in a group with its name."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from haac_layers._document import NORMAL, PASS_THROUGH, Document, Group, Raster
from haac_layers._write.names import xml_text
from haac_repo._internal import replacing

if TYPE_CHECKING:
    from PIL import Image

_SPACES = (
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"'
)


def write_svg(path: Path, document: Document) -> None:
    """Write an SVG drawing: a group a layer, which Inkscape takes for a layer; one pixel is one unit.

    Args:
        path: where; what is there is replaced once all is written.
        document: what to write; its merged picture is not needed.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    width, height = document.width, document.height
    with replacing(path) as file:
        head = f'<svg {_SPACES} width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        file.write(f"<?xml version='1.0' encoding='UTF-8'?>\n{head}".encode())
        for line in _lines(document.layers):
            file.write(line.encode())
        file.write(b"</svg>\n")


def _lines(layers: tuple[Raster | Group, ...]) -> list[str]:
    made = []
    for layer in layers:
        name = xml_text(layer.name)
        style = "" if layer.visible else "display:none;"
        if layer.blend not in (NORMAL, PASS_THROUGH):
            style += f"mix-blend-mode:{layer.blend};"
        elif layer.blend == NORMAL and isinstance(layer, Group):
            style += "isolation:isolate;"
        said = f'inkscape:groupmode="layer" inkscape:label={quoteattr(name)}'
        said += f' opacity="{layer.opacity:.6g}"' if layer.opacity != 1 else ""
        said += f" style={quoteattr(style)}" if style else ""
        made.append(f"<g {said}><title>{escape(name)}</title>\n")
        if isinstance(layer, Group):
            made += _lines(layer.children)
        else:
            image = layer.image
            made.append(
                f'<image x="{layer.x}" y="{layer.y}" width="{image.width}" height="{image.height}"'
                f' xlink:href="data:image/png;base64,{_embedded(image)}"/>\n'
            )
        made.append("</g>\n")
    return made


def _embedded(image: Image.Image) -> str:
    packed = io.BytesIO()
    image.convert("RGBA").save(packed, "PNG")
    return base64.b64encode(packed.getvalue()).decode("ascii")
