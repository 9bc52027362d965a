"""Layered picture files (Photoshop, OpenRaster, Krita, GIMP, SVG, sticker sets) to elements and a recipe, and back."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac_layers._document import Document, Group, Raster
    from haac_layers._flatten.flatten import Baked, Flat, Flattened, flatten
    from haac_layers._limits import check_file
    from haac_layers._read.open import read_document
    from haac_layers._write.drawn import drawn_layers
    from haac_layers._write.ora import write_ora
    from haac_layers._write.psd import write_psd
    from haac_layers._write.svg import write_svg

__all__ = [
    "Baked",
    "Document",
    "Flat",
    "Flattened",
    "Group",
    "Raster",
    "check_file",
    "drawn_layers",
    "flatten",
    "read_document",
    "write_ora",
    "write_psd",
    "write_svg",
]

# Loaded when first used: most of them bring numpy and Pillow.
_LAZY = {
    "Baked": "_flatten.flatten",
    "Document": "_document",
    "Flat": "_flatten.flatten",
    "Flattened": "_flatten.flatten",
    "Group": "_document",
    "Raster": "_document",
    "check_file": "_limits",
    "drawn_layers": "_write.drawn",
    "flatten": "_flatten.flatten",
    "read_document": "_read.open",
    "write_ora": "_write.ora",
    "write_psd": "_write.psd",
    "write_svg": "_write.svg",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_layers.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
