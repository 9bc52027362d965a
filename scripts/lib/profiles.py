"""Colour profiles (ICC) whose effect is known, for pictures that tests and checks make."""

from __future__ import annotations

import struct

from PIL import ImageCms


def rgb_profile(gamma: float) -> bytes:
    """An RGB profile of sRGB's primaries with another curve: sRGB's own, its curve tags replaced."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    where = len(data)
    data += curve
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        at = 132 + 12 * index
        if bytes(data[at : at + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">II", data, at + 4, where, len(curve))
    struct.pack_into(">I", data, 0, len(data))
    return bytes(data)


def grey_profile(gamma: float) -> bytes:
    """A profile of greys with this curve."""
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = [(b"wtpt", white), (b"kTRC", curve)]
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + body
