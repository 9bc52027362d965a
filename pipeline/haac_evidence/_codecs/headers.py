"""How many bytes of a file are its picture: what is left when the header is taken away, for each format.

The *header* is what an application could fix once for all its pictures, and add again before decoding. That favours the format: a
picture's own tables and size would have to travel all the same.
"""

from __future__ import annotations

from collections.abc import Callable


def avif(data: bytes) -> int:
    """Header: all boxes of the container (ISO BMFF), and the temporal delimiter and sequence header of AV1."""
    payload = 0
    for kind, start, end in _boxes(data):
        if kind == b"mdat":
            payload += end - start - _sequence_header(data[start:end])
    return payload


def _boxes(data: bytes) -> list[tuple[bytes, int, int]]:
    """Kind, and where the content begins and ends, of each box at the top."""
    found, place = [], 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big") or len(data) - place
        found.append((data[place + 4 : place + 8], place + 8, place + size))
        place += max(size, 8)
    return found


def _sequence_header(stream: bytes) -> int:
    """Bytes of the OBUs of type 1 (sequence header) and 2 (temporal delimiter) that an AV1 stream begins with."""
    place = 0
    while place + 1 < len(stream) and stream[place] >> 3 & 15 in (1, 2) and stream[place] & 2:
        size = stream[place + 1]  # LEB128; these are far below 128
        place += 2 + (1 if stream[place] & 4 else 0) + size
    return place


def webp(data: bytes) -> int:
    """Header: RIFF and chunk headers, padding; of the frame: start code and size (VP8), signature and size (VP8L)."""
    payload, place = 0, 12
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        payload += {b"VP8 ": size - 7, b"VP8L": size - 5, b"ALPH": size}.get(kind, 0)
        place += 8 + size + (size & 1)
    return payload


def jpeg(data: bytes) -> int:
    """Header: all but the entropy-coded segments: JFIF, quantisation and Huffman tables, frame and scan headers."""
    payload, place = 0, 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xD9:
            break
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xDA:
            begin = place
            while place + 1 < len(data) and not (
                data[place] == 0xFF and data[place + 1] != 0 and not 0xD0 <= data[place + 1] <= 0xD7
            ):
                place += 1
            payload += place - begin
    return payload


def jpeg_2000(data: bytes) -> int:
    """Header: the main header of the codestream, and the marker segments of its tile-parts; there is no JP2 container."""
    payload, place = 0, data.find(b"\xff\x90")
    while place >= 0 and data[place : place + 2] == b"\xff\x90":
        size = int.from_bytes(data[place + 6 : place + 10], "big") or len(data) - 2 - place
        payload += size - (data.find(b"\xff\x93", place) + 2 - place)
        place += size
    return payload


def without_comment(data: bytes) -> bytes:
    """A JPEG 2000 codestream without the comment that names its encoder."""
    end = data.find(b"\xff\x90")
    place = data.find(b"\xff\x64", 0, end)
    if place < 0:
        return data
    return data[:place] + data[place + 2 + int.from_bytes(data[place + 2 : place + 4], "big") :]


def jpeg_xl(data: bytes) -> int:
    """Header: signature and size of a bare codestream, whole bytes of it; what follows is packed in bits with the picture."""
    bits = int.from_bytes(data[2:16], "little")

    def side(place: int) -> int:
        return place + 2 + (9, 13, 18, 30)[bits >> place & 3]

    small = bits & 1
    place = 6 if small else side(1)
    ratio = bits >> place & 7
    place += 3
    if not ratio:
        place = place + 5 if small else side(place)
    return len(data) - 2 - place // 8


PAYLOADS: dict[str, Callable[[bytes], int]] = {
    "AVIF": avif,
    "WebP": webp,
    "JPEG": jpeg,
    "JPEG 2000": jpeg_2000,
    "JPEG XL": jpeg_xl,
}
"""Of files of each format: the bytes without the header."""

HEADERS = {
    "haac": "nothing: all bytes of a recipe count in both ways",
    "haac similar": "nothing: the same",
    "AVIF": "all boxes of the container, and AV1's temporal delimiter and sequence header",
    "WebP": "RIFF and chunk headers, padding; start code and size of the frame",
    "JPEG": "all but the entropy-coded segments: JFIF, quantisation and Huffman tables, frame and scan headers",
    "JPEG 2000": "main header of the codestream and those of its tile-parts; the JP2 container and the encoder's comment are never written",
    "JPEG XL": "signature and size of the codestream; the container is never written",
    "BlurHash": "the character of the size; the others count as bits, not as characters",
    "ThumbHash": "the five bits of shape and transparency",
}
"""What is not counted where headers are not."""
