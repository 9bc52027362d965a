"""Photoshop documents made for tests: psd-tools' layers, with blocks written into them as Photoshop does."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Tag
from psd_tools.psd.descriptor import (
    Bool,
    Descriptor,
    DescriptorBlock,
    DescriptorBlock2,
    Double,
    Enumerated,
    Integer,
    UnitFloat,
)
from psd_tools.psd.tagged_blocks import TaggedBlock
from psd_tools.terminology import Unit

from haac_layers import Document, flatten, read_document


def block(colour: tuple[int, int, int], width: int = 20, height: int = 20, alpha: int = 255) -> Image.Image:
    return Image.new("RGBA", (width, height), (*colour, alpha))


def saved(psd: PSDImage) -> bytes:
    """The document's file, with the merged picture that it has."""
    psd._updated = False
    file = io.BytesIO()
    psd.save(file)
    return file.getvalue()


def read(psd: PSDImage) -> Document:
    """The document, saved and read."""
    return read_document(saved(psd))


def picture(document: Document) -> Image.Image:
    """What the document shows, RGBA."""
    (flat,) = flatten(document, one=True).layers
    return flat.image


def put(layer: Any, tag: Tag, data: Any) -> None:
    """Write a block into a layer."""
    layer.tagged_blocks[tag] = TaggedBlock(key=tag, data=data)


def effect(layer: Any, key: bytes, mode: bytes, *, present: bool = True, **values: Any) -> None:
    """Give a layer an effect. Keys are those of the file, without their spaces."""
    items: Any = {b"enab": Bool(True), b"Md  ": Enumerated(b"BlnM", mode)}
    if present:
        items[b"present"] = Bool(True)
    for name, value in values.items():
        made = Bool(value) if isinstance(value, bool) else value
        items[name.ljust(4).encode()] = (
            UnitFloat(made, Unit._None) if isinstance(made, (int, float)) else made
        )
    described = Descriptor(items, "", key)
    switched: Any = {b"masterFXSwitch": Bool(True), key: described}
    blocks = DescriptorBlock2(switched)
    put(layer, Tag.OBJECT_BASED_EFFECTS_LAYER_INFO, blocks)


def rgb(red: float, green: float, blue: float) -> Descriptor:
    parts: Any = {b"Rd  ": red, b"Grn ": green, b"Bl  ": blue}
    return Descriptor({key: Double(value) for key, value in parts.items()}, "", b"RGBC")


def artboard(group: Any, box: tuple[int, int, int, int], kind: int, colour: Descriptor) -> None:
    """Make an artboard of a group, when the document is read again."""
    edges: Any = dict(zip((b"Left", b"Top ", b"Rght", b"Btom"), (Double(v) for v in box), strict=True))
    items: Any = {
        b"artboardRect": Descriptor(edges, "", b"classFloatRect"),
        b"artboardBackgroundType": Integer(kind),
        b"Clr ": colour,
    }
    put(group, Tag.ARTBOARD_DATA1, DescriptorBlock(items, "", b"artboard"))
