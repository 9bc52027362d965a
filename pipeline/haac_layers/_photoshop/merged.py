"""The merged picture that a Photoshop document has of itself.

Source: Adobe Photoshop File Formats Specification, "Image Data Section" and "Layer info".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image


def merged_picture(psd: Any, *, plain: bool) -> Image.Image | None:
    """What is stored, of any mode; None if it is broken or cut short.

    Args:
        psd: a document of psd-tools that has one.
        plain: RGB of 8 bits, which comes in the document's own colours; else as sRGB.
    """
    if _is_cut(psd):
        return None
    try:
        image = psd.topil(apply_icc=not plain)
        if plain and image.mode == "RGB" and psd.channels == 4 and not _names_channels(psd):
            image.putalpha(_fourth(psd))
    except MemoryError:
        raise
    except Exception:  # whatever a parser of strangers' bytes raises
        return None
    made: Image.Image = image
    return made


def _is_cut(psd: Any) -> bool:
    """Whether the file ends before its merged picture does. Of lines packed as runs, psd-tools takes what is not there for zeros.

    The lengths of all lines of all channels come first.
    """
    from psd_tools.constants import Compression

    stored, header = psd._record.image_data, psd._record.header
    if stored.compression != Compression.RLE:
        return False
    size = 2 * header.version  # bytes of a length: 2, or 4 in a .psb
    table = stored.data[: header.height * header.channels * size]
    lengths = np.frombuffer(table[: len(table) // size * size], f">u{size}")
    return len(stored.data) < len(table) + int(lengths.sum(dtype=np.uint64))


def _names_channels(psd: Any) -> bool:
    """Whether the file names channels beside colours, which are selections that somebody saved.

    The number of layers says by its sign whether the fourth is the transparency; programs that leave out the sign leave out names too.
    """
    from psd_tools.constants import Resource

    known = psd.image_resources
    return Resource.ALPHA_NAMES_UNICODE in known or Resource.ALPHA_NAMES_PASCAL in known


def _fourth(psd: Any) -> Image.Image:
    from PIL import Image

    planes = psd._record.image_data.get_data(psd._record.header)
    return Image.frombytes("L", psd.size, planes[3])
