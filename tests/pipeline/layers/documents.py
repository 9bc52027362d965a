"""Layered documents for tests, and archives with anything in them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
from PIL import Image

from haac_layers._document import PASS_THROUGH, Document, Group, Raster


def noise(seed: int, width: int, height: int) -> Image.Image:
    """RGBA, each value any; black where nothing shows, as editors keep it."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[pixels[:, :, 3] == 0] = 0
    return Image.fromarray(pixels)


def document() -> Document:
    """Layers and groups, within the canvas and across its edges, faded and hidden."""
    ground = Image.new("RGBA", (160, 120), (200, 120, 40, 255))
    dot = Image.new("RGBA", (20, 20), (0, 0, 255, 255))
    layers = (
        Raster('ground ä 象 <&">', ground),
        Raster("half", noise(1, 60, 50), 10, -5, 0.5),
        Group("group", (Raster("dot", dot, 100, 50), Raster("", noise(2, 8, 9), 101, 60, 0.25)), 0.25),
        Group("passed", (Raster("in", noise(3, 7, 7), 20, 90),), blend=PASS_THROUGH),
        Raster("hidden", dot, 0, 0, 1.0, visible=False),
    )
    return Document(160, 120, layers, ground)


def same(left: Image.Image, right: Image.Image) -> bool:
    """Whether two pictures have the same pixels."""
    return left.size == right.size and np.array_equal(np.asarray(left), np.asarray(right))


def archive(members: list[tuple[str, bytes]]) -> bytes:
    """A zip archive; names may be there twice."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def png(image: Image.Image) -> bytes:
    packed = io.BytesIO()
    image.save(packed, "PNG")
    return packed.getvalue()
