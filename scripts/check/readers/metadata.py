"""EXIF, XMP and ICC profiles to put into picture files."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np
from PIL import ImageCms

from scripts.check.readers.case import Samples


def exif(orientation: int) -> bytes:
    """A TIFF structure that says the orientation and nothing else."""
    return b"II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def xmp(orientation: int) -> bytes:
    """An XMP packet that says it."""
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/></rdf:RDF></x:xmpmeta>'
    ) % orientation


@cache
def srgb() -> bytes:
    """Little CMS's own sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@cache
def linear_rgb() -> bytes:
    """A profile of sRGB's primaries and linear samples."""
    data = bytearray(srgb())
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, 256) + bytes(2)
    where = len(data)
    data += curve
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        at = 132 + 12 * index
        if bytes(data[at : at + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">II", data, at + 4, where, len(curve))
    struct.pack_into(">I", data, 0, len(data))
    return bytes(data)


@cache
def linear_grey() -> bytes:
    """A profile of linear greys."""
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, 256) + bytes(2)
    table, body, at = struct.pack(">I", 2), b"", 128 + 4 + 24
    for name, data in ((b"wtpt", white), (b"kTRC", curve)):
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + body


def to_srgb(picture: Samples) -> Samples:
    """What linear samples look like; alpha as it is."""
    value = picture[..., :3] / 255.0
    curved = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.dstack([np.rint(255 * curved), picture[..., 3]]).astype(np.uint8)
