"""GIMP (.xcf): refused, with the way out."""

from __future__ import annotations

from haac_layers._document import Document
from haac_repo import PictureError

MAGIC = b"gimp xcf "


def read_xcf(data: bytes) -> Document:
    """Refuse a GIMP file.

    Raises:
        PictureError: always.
    """
    version = data[len(MAGIC) : len(MAGIC) + 4].rstrip(b"\0").decode("ascii", "replace")
    raise PictureError(
        f"a GIMP file (version {version!r}), which is not read: in GIMP, use File > Export As with a name that ends in .ora"
        " (OpenRaster keeps layers, names, order and opacity) or .psd"
    )
