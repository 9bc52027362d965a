"""Krita (.kra): a zip archive of maindoc.xml, which says what layers there are, tiles of each, and a merged picture.

8-bit RGBA paint layers and groups are read as layers. What else shows something (masks, filters, vectors, layer styles, other kinds of
colour) only Krita can draw: then the merged picture is the one layer, and a note says what it was.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haac_layers._document import PASS_THROUGH, Document, Group, Raster
from haac_layers._limits import LAYER_LIMITS, Budget, check_canvas
from haac_layers._read.archive import Archive
from haac_layers._read.markup import Node, parse
from haac_layers._read.member import decoded, read_merged
from haac_layers._read.mode import mode_named
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

MIMETYPE = b"application/x-krita"
INDEX, MERGED = "maindoc.xml", "mergedimage.png"

_GROUP, _PAINT = "grouplayer", "paintlayer"
_RGBA = "RGBA"


class _OnlyKritaError(Exception):
    """Something is in the picture that only Krita can draw; the text says what."""


def read_kra(data: bytes) -> Document:
    """Read a Krita document.

    Args:
        data: the file.

    Raises:
        PictureError: it is broken or outside the limits, or has neither layers that can be read nor a merged picture.
    """
    archive = Archive(data, "Krita")
    root = parse(archive.read(INDEX, LAYER_LIMITS.index_bytes), INDEX)
    picture = next(root.named("IMAGE"), None)
    if picture is None:
        raise PictureError(f"a broken Krita file: there is no picture in its {INDEX}")
    width, height = picture.whole("width"), picture.whole("height")
    check_canvas(width, height)
    notes: list[str] = []
    merged = read_merged(archive, MERGED, (width, height), notes)
    reading = _Reading(archive, picture.attributes.get("name", ""), (width, height), notes)
    try:
        layers = tuple(reading.all_of(picture, 0))
    except _OnlyKritaError as reason:
        if merged is None:
            raise PictureError(
                f"{reason}, and the file has no merged picture: in Krita, export it as OpenRaster (.ora)"
            ) from None
        notes.append(f"{reason}: its merged picture is the one layer")
        layers = (Raster("merged", merged, baked=(str(reason),)),)
    return Document(width, height, layers, merged, notes)


@dataclass
class _Reading:
    archive: Archive
    folder: str
    canvas: tuple[int, int]
    notes: list[str]
    budget: Budget = field(default_factory=Budget)

    def all_of(self, parent: Node, depth: int, *, shown: bool = True) -> list[Raster | Group]:
        """What a picture or a group holds, back to front; the file has the frontmost first.

        Args:
            parent: of the index.
            depth: groups around it.
            shown: whether it shows itself, and all of those.
        """
        nodes = [node for layers in parent.named("layers", "LAYERS") for node in layers.named("layer")]
        found: list[Raster | Group] = []
        for node in reversed(nodes):
            self.budget.layer(depth)
            why = _only_krita(node)
            if why and shown and _visible(node):
                raise _OnlyKritaError(why)
            if why:
                self.notes.append(f"a hidden layer was left out: {why}")
            elif node.attributes.get("nodetype") == _GROUP:
                found.append(self._group(node, depth, shown=shown))
            else:
                layer = self._layer(node)
                found += [layer] if layer is not None else []
        return found

    def _group(self, node: Node, depth: int, *, shown: bool) -> Group:
        through = node.attributes.get("passthrough") == "1"
        return Group(
            node.attributes.get("name", ""),
            tuple(self.all_of(node, depth + 1, shown=shown and _visible(node))),
            node.share("opacity", 255),
            _visible(node),
            PASS_THROUGH if through else _blend(node),
        )

    def _layer(self, node: Node) -> Raster | None:
        """A paint layer; None if nothing is on it."""
        from PIL import Image

        from haac_layers._read.kra_tiles import read_tiles

        name = node.attributes.get("name", "")
        member = f"{self.folder}/layers/{node.attributes.get('filename', '')}"
        default = f"{member}.defaultpixel"
        pixel = self.archive.read(default, 64) if default in self.archive else bytes(4)
        if len(pixel) != 4:
            raise PictureError(
                f"a broken Krita file: the default pixel of the layer {name!r} is none of 8-bit RGBA"
            )
        pixels, left, top = read_tiles(self.archive.read(member), self.canvas, pixel, self.budget)
        x, y = node.whole("x", 0) + left, node.whole("y", 0) + top
        self.budget.offset(x, y)
        if not pixels.size:
            return None
        image = Image.fromarray(pixels[:, :, [2, 1, 0, 3]], "RGBA")
        box = image.getchannel("A").getbbox()
        if box is None:
            return None
        profile = f"{member}.icc"
        image = image.crop(box)
        if profile in self.archive:
            image = self._srgb(image, self.archive.read(profile), name)
        place = x + box[0], y + box[1]
        return Raster(name, image, *place, node.share("opacity", 255), _visible(node), _blend(node))

    def _srgb(self, image: Image.Image, profile: bytes, name: str) -> Image.Image:
        """Colours of a profile as sRGB, by the one reader that does so."""
        packed = io.BytesIO()
        image.save(packed, "PNG", compress_level=0, icc_profile=profile)
        return decoded(packed.getvalue(), name or "a layer", self.notes)


def _only_krita(node: Node) -> str:
    """Why a layer cannot be read as pixels; empty if it can."""
    attributes = node.attributes
    name, kind = attributes.get("name", "")[:60], attributes.get("nodetype", "")
    if kind not in (_GROUP, _PAINT):
        return f"the layer {name!r} is a {kind[:40] or 'layer of no kind'}, which only Krita can draw"
    if kind == _PAINT and attributes.get("colorspacename") != _RGBA:
        return f"the layer {name!r} is of {attributes.get('colorspacename', 'no')[:20]} colours, not of 8-bit RGBA"
    if any(_visible(mask) for masks in node.named("masks") for mask in masks.named("mask")):
        return f"the layer {name!r} has masks, which only Krita can draw"
    if "0" in attributes.get("channelflags", ""):
        return f"the layer {name!r} shows some of its channels only, or inherits alpha"
    if attributes.get("layerstyle"):
        return f"the layer {name!r} has a layer style, which only Krita can draw"
    return ""


def _visible(node: Node) -> bool:
    return node.attributes.get("visible", "1") == "1"


def _blend(node: Node) -> str:
    return mode_named(node.attributes.get("compositeop", ""))
