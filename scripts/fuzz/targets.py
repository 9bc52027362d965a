"""What is fuzzed: parsers of bytes that strangers made. Each gives a value or a HaacError, whatever it gets, and soon.

A target takes bytes, and raises anything but a HaacError only if something is wrong.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable

from haac import LIMITS, Inline, Scene, from_binary, from_text, read_recipe, to_binary, to_text
from haac._internal import blur
from haac_repo import HaacError
from haac_repo._mirror import wire

SLOW = 5
"""CPU seconds that an input may take, instrumented."""

DRAWN = 64
"""Pixels of the long side that a blur string is drawn with; of an inline element what it has, up to..."""
INLINE_PIXELS = 2**16
"""...so many: decoding more only takes longer."""


def _same(scene: Scene) -> None:
    """Whatever was read can be written, and reads the same again."""
    assert from_text(to_text(scene)) == scene
    try:
        data = to_binary(scene)
    except HaacError:  # a text may say more than fits in the bytes of a binary recipe
        return
    assert from_binary(data) == scene


def text(data: bytes) -> None:
    """Text form."""
    _same(from_text(data.decode("latin-1")))


def binary(data: bytes) -> None:
    """Binary form: also the only one of its scene."""
    scene = from_binary(data)
    assert to_binary(scene) == data
    _same(scene)


def recipe(data: bytes) -> None:
    """Either form."""
    _same(read_recipe(data))


def blur_string(data: bytes) -> None:
    """Blur strings, drawn."""
    image = blur.decode_blur(data.decode("latin-1"), DRAWN)
    assert max(image.size) == DRAWN


def inline(data: bytes) -> None:
    """Inline WebP, decoded."""
    element = Inline(data)
    assert element.size[0] * element.size[1] <= LIMITS.inline_pixels
    if element.size[0] * element.size[1] <= INLINE_PIXELS:
        assert element.image().size == element.size


def head(data: bytes) -> None:
    """Heads of repositories."""
    read = wire.Head.from_bytes(data)
    assert wire.Head.from_bytes(read.to_bytes()) == read


def segment(data: bytes) -> None:
    """Log segments as they are fetched; then their records in order."""
    _records(data)


def records(data: bytes) -> None:
    """Lines of a log segment, under a right hash and compression: what a hostile publisher would send."""
    _records(zlib.compress(data, 1, wbits=31))


def _records(packed: bytes) -> None:
    # A head promises these counts, and is not the question here: the promise is kept.
    inflated = _inflated(packed)
    info = wire.SegmentInfo(
        sha256=hashlib.sha256(packed).hexdigest(),
        length=len(packed),
        inflated=max(1, len(inflated)),
        records=max(1, inflated.count(b"\n")),
    )
    order = wire.LogOrder(0, 0, {"ab" * 32: 2**20})
    found = list(order.checked(wire.read_segment(io.BytesIO(packed), info)))
    assert found[-1]["seq"] == len(found)


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(packed, 2**20)
    except zlib.error:
        return b""


TARGETS: dict[str, Callable[[bytes], None]] = {
    "text": text,
    "binary": binary,
    "recipe": recipe,
    "blur": blur_string,
    "inline": inline,
    "head": head,
    "segment": segment,
    "records": records,
}


def run(target: Callable[[bytes], None], data: bytes) -> bool:
    """Whether the target took the bytes for what it reads; a HaacError says that it did not.

    Raises:
        AssertionError: a refusal without a fit message. (And whatever surprises a target has.)
    """
    refusal = ""
    try:
        target(data)
    except HaacError as error:
        refusal = str(error)
        accepted = False
    else:
        accepted = True
    assert accepted or 0 < len(refusal) < 2000
    return accepted
