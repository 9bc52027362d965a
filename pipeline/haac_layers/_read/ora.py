"""OpenRaster (.ora): a zip archive of PNG files, and stack.xml, which says how they lie on one another.

Source: the OpenRaster specification 0.0.6, "File layout" and "Layer stack".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haac_layers._document import NORMAL, PASS_THROUGH, Document, Group, Raster
from haac_layers._limits import LAYER_LIMITS, Budget, check_canvas
from haac_layers._read.archive import Archive
from haac_layers._read.markup import Node, parse
from haac_layers._read.member import read_member, read_merged
from haac_layers._read.mode import mode_named

if TYPE_CHECKING:
    from PIL import Image

MIMETYPE = b"image/openraster"
INDEX, MERGED = "stack.xml", "mergedimage.png"


def read_ora(data: bytes) -> Document:
    """Read an OpenRaster file.

    A group that is neither faded nor blended nor isolated is passed through, as the specification has it ("isolation": "auto").

    Args:
        data: the file.

    Raises:
        PictureError: it is broken or outside the limits.
    """
    archive = Archive(data, "OpenRaster")
    root = parse(archive.read(INDEX, LAYER_LIMITS.index_bytes), INDEX)
    width, height = root.whole("w"), root.whole("h")
    check_canvas(width, height)
    reading = _Reading(archive)
    layers = tuple(layer for stack in root.named("stack") for layer in reading.stack(stack, 0))
    merged = read_merged(archive, MERGED, (width, height), reading.notes)
    return Document(width, height, layers, merged, reading.notes)


@dataclass
class _Reading:
    archive: Archive
    notes: list[str] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)
    pictures: dict[str, Image.Image] = field(default_factory=dict)

    def stack(self, stack: Node, depth: int) -> list[Raster | Group]:
        """What a stack holds, back to front; the file has the frontmost first."""
        found: list[Raster | Group] = []
        for node in reversed(stack.children):
            if node.tag == "stack":
                self.budget.layer(depth + 1)
                found.append(self._group(node, depth))
            elif node.tag == "layer":
                self.budget.layer(depth)
                found.append(self._layer(node))
            else:
                self.notes.append(
                    f"a {node.tag[:40]!r} among its layers was left out: only pictures and groups are read"
                )
        return found

    def _group(self, node: Node, depth: int) -> Group:
        blend, opacity = _blend(node), node.share("opacity")
        name = node.attributes.get("name", "")
        if node.whole("x", 0) or node.whole("y", 0):
            self.notes.append(
                f"the offset of the group {name!r} was left out: editors do not move groups by it"
            )
        if blend == NORMAL and opacity == 1 and node.attributes.get("isolation", "auto") == "auto":
            blend = PASS_THROUGH
        return Group(name, tuple(self.stack(node, depth + 1)), opacity, _visible(node), blend)

    def _layer(self, node: Node) -> Raster:
        source = node.attributes.get("src", "")
        x, y = node.whole("x", 0), node.whole("y", 0)
        self.budget.offset(x, y)
        image = self.pictures.get(source)
        if image is None:
            image = self.pictures[source] = read_member(self.archive, source, self.notes, self.budget)
        else:  # drawn again, though not decoded again
            self.budget.pixels(image.width, image.height)
        return Raster(
            node.attributes.get("name", ""), image, x, y, node.share("opacity"), _visible(node), _blend(node)
        )


def _visible(node: Node) -> bool:
    return node.attributes.get("visibility", "visible") != "hidden"


def _blend(node: Node) -> str:
    return mode_named(node.attributes.get("composite-op", ""))
