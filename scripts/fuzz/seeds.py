"""What fuzzing begins with: the golden vectors, and heads and logs that are like published ones."""

from __future__ import annotations

import json
import random
from typing import Any

from haac import encode_blur, from_binary
from haac._internal import DrawnElements, load_vectors
from haac_repo._mirror import wire

PACK = "ab" * 32
LONGEST = 400
"""Bytes of a golden vector: what is longer is no other kind, and slower."""


def seeds(target: str) -> list[bytes]:
    """Inputs that a target takes."""
    vectors = load_vectors()
    vectors = [vector for vector in vectors if len(vector.binary) <= LONGEST]
    texts, binaries = [vector.text.encode() for vector in vectors], [vector.binary for vector in vectors]
    match target:
        case "text":
            return texts
        case "binary":
            return binaries
        case "recipe":
            return texts + binaries
        case "blur":
            elements = DrawnElements()
            return [encode_blur(elements.image(n), 12 + 8 * n).encode() for n in range(1, 6)]
        case "inline":
            found = {each.data for data in binaries for each in from_binary(data).inlines()}
            return sorted(found)
        case "head":
            return [_head(n) for n in range(4)]
        case "segment":
            return [wire.write_segment(_log(n))[0] for n in (1, 3, 20)]
        case "records":
            return [b"".join(json.dumps(record).encode() + b"\n" for record in _log(n)) for n in (1, 3, 20)]
    raise ValueError(target)


def _head(count: int) -> bytes:
    rng = random.Random(count)
    segments = tuple(
        wire.SegmentInfo(sha256=f"{rng.getrandbits(256):064x}", length=100 + n, inflated=900, records=10)
        for n in range(count)
    )
    packs = tuple(wire.PackInfo(sha256=f"{rng.getrandbits(256):064x}", length=5000) for _ in range(count))
    return wire.Head(
        repository="0123456789abcdef" * 2,
        records=10 * count,
        elements=9 * count,
        segments=segments,
        packs=packs,
        previous="cd" * 32 if count else "",
        time="2026-11-23T01:02:03Z",
    ).to_bytes()


def _log(count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for seq in range(1, count + 1):
        common = {"seq": seq, "time": "2026-11-23T01:02:03Z"}
        match seq % 10:
            case 4:
                found.append({"op": "tag", "id": 1, "name": "a name", "tags": ["red", "small"], **common})
            case 7:
                found.append({"op": "withdraw", "id": 2, "reason": "asked to", **common})
            case _:
                number = sum(record["op"] == "add" for record in found) + 1
                found.append(common | _element(number))
    return found


def _element(number: int) -> dict[str, Any]:
    added: dict[str, Any] = {
        "op": "add",
        "id": number,
        "sha256": f"{number:064x}",
        "pack": PACK,
        "offset": 100 * number,
        "length": 100,
        "media": "image/webp",
        "width": 20,
        "height": 30,
        "pixels": f"{number:064x}",
        "colour": "aabbcc",
        "phash": "0123456789abcdef",
        "name": f"element {number}",
        "tags": ["cat"],
        "quality": 90,
    }
    return added | ({"derived_from": 1, "doubts": ["soft"]} if number > 1 else {})
