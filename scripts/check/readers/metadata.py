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


def to_srgb(picture: Samples) -> Samples:
    """What linear samples look like; alpha as it is."""
    value = picture[..., :3] / 255.0
    curved = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.dstack([np.rint(255 * curved), picture[..., 3]]).astype(np.uint8)
