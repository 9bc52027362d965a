"""Limits of layered files, compared before anything is inflated, drawn or allocated."""

from __future__ import annotations

from dataclasses import dataclass

from haac_repo import PictureError


@dataclass(frozen=True, slots=True)
class LayerLimits:
    """Upper bounds, with their units. A file beyond them is refused with its reason. Of one picture, `haac`'s own limits hold too."""

    file_bytes: int = 256 * 2**20
    """Bytes of one layered file."""
    members: int = 16_384
    """Members of an archive (.ora, .kra)."""
    member_bytes: int = 2**29
    """Bytes of one member, inflated."""
    archive_bytes: int = 2**31
    """Bytes of all members that are read, inflated."""
    index_bytes: int = 16 * 2**20
    """Bytes of the XML that says which layers there are."""
    index_elements: int = 200_000
    """Elements of that XML."""
    depth: int = 64
    """Groups inside each other."""
    layers: int = 4096
    """Layers and groups of one file."""
    canvas_side: int = 16_383
    """Pixels; the longest side of the canvas, which is that of a recipe."""
    canvas_pixels: int = 2**25
    """Pixels of the canvas, which are those of a recipe."""
    side: int = 65_535
    """Pixels; the longest side of a layer."""
    pixels: int = 2**27
    """Pixels of one layer (134 megapixels, 512 MiB as RGBA)."""
    layers_pixels: int = 2**29
    """Pixels of all layers of one file (2 GiB as RGBA)."""
    offset: int = 2**20
    """Pixels; how far from the canvas a layer may stand."""
    memory_bytes: int = 2**32
    """Bytes that a parser may allocate at once, which is above what a file within the limits takes: 16 a pixel."""


LAYER_LIMITS = LayerLimits()


def check_file(size: int) -> None:
    """Refuse a file for its length.

    Raises:
        PictureError: it has no bytes, or too many.
    """
    if not size:
        raise PictureError("the file is empty")
    if size > LAYER_LIMITS.file_bytes:
        raise PictureError(f"the file has {size:,} bytes; at most {LAYER_LIMITS.file_bytes:,} are read")


def check_canvas(width: int, height: int) -> None:
    """Refuse a canvas for its width and height in pixels.

    Raises:
        PictureError: it has no pixels, or too many.
    """
    _check_size("the canvas", width, height, LAYER_LIMITS.canvas_side, LAYER_LIMITS.canvas_pixels)


def _check_size(what: str, width: int, height: int, side: int, pixels: int) -> None:
    if width < 1 or height < 1:
        raise PictureError(f"{what} is {width}x{height}: it has no pixels")
    if max(width, height) > side or width * height > pixels:
        raise PictureError(
            f"{what} is {width}x{height}; at most {pixels:,} pixels and {side:,} a side are read: make it smaller first"
        )


class Budget:
    """What a file has used of the limits that hold for all its layers together."""

    def __init__(self) -> None:
        self._layers = self._pixels = 0

    def layer(self, depth: int) -> None:
        """Count a layer or a group that stands in `depth` groups.

        Raises:
            PictureError: there are too many, or they are nested too deep.
        """
        self._layers += 1
        if depth > LAYER_LIMITS.depth:
            raise PictureError(
                f"there are more than {LAYER_LIMITS.depth} groups inside each other, which are not read"
            )
        if self._layers > LAYER_LIMITS.layers:
            raise PictureError(f"the file has more than {LAYER_LIMITS.layers:,} layers, which are not read")

    def pixels(self, width: int, height: int) -> None:
        """Count the pixels of a layer, before they are decoded.

        Raises:
            PictureError: it has too many, or all of them together.
        """
        _check_size("a layer", width, height, LAYER_LIMITS.side, LAYER_LIMITS.pixels)
        self._pixels += width * height
        if self._pixels > LAYER_LIMITS.layers_pixels:
            raise PictureError(
                f"the layers have more than {LAYER_LIMITS.layers_pixels:,} pixels together, which are not read"
            )

    def offset(self, x: int, y: int) -> None:
        """Compare where a layer stands.

        Raises:
            PictureError: it is too far away.
        """
        if max(abs(x), abs(y)) > LAYER_LIMITS.offset:
            raise PictureError(
                f"a layer stands at {x},{y}; at most {LAYER_LIMITS.offset:,} pixels from the canvas are read"
            )
