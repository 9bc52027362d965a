"""What is told of a recipe: how its bytes are shared, what was lost, whether a plain file would be smaller."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data

from haac import Colour, Layer, Scene, encode_inline, to_binary
from haac_pipeline._compress.peers import smaller_file
from haac_pipeline._compress.quality import Quality
from haac_pipeline._compress.rest import share
from haac_pipeline._compress.task import INLINE, CompressedFile, Outputs
from haac_pipeline._compress.told import _lines, with_notes

MADE = CompressedFile(
    picture="slide.png",
    outputs=Outputs(Path("slide.haac")),
    binary_bytes=4310,
    element_bytes=38,
    rest="WebP",
    ids=["1", "2", "6", "7", INLINE],
    quality=Quality(41.3, 0.99, 0.1),
    unexplained=0.3,
)


def line(**changes: Any) -> list[str]:
    return list(_lines([replace(MADE, **changes)]))


def test_bytes_are_shared() -> None:
    assert line() == ["slide.haac: 4,310 bytes: 4 elements 38, the rest 4,272 as WebP; 41.3 dB: 1 2 6 7"]
    assert line(ids=[INLINE]) == ["slide.haac: 4,310 bytes as WebP, 41.3 dB"]
    assert line(ids=["1"], rest="", binary_bytes=20) == [
        "slide.haac: 20 bytes, 1 layer, 41.3 dB: 1",
        "  30 % of the picture is not explained: see it with --report",
    ]
    assert line(smaller=("AVIF", 3000))[1] == "  a plain AVIF file as good as this has about 3,000 bytes"


def notes(budget: int | None = None, *, looked: bool = True, **changes: Any) -> tuple[str, ...]:
    return with_notes(replace(MADE, **changes), budget, bounded=budget is not None, looked=looked).notes


def test_what_is_lost_and_what_is_not_used_is_said() -> None:
    assert notes() == ()
    assert "no element found; carried as WebP, 4,310 bytes" in notes(ids=[INLINE])[0]
    assert notes(4400, lost=0.02) == ()
    assert "12 % of what is visible in it was lost" in notes(4400, lost=0.12)[0]
    assert "4,310 of 9,000 bytes were used: it gives every pixel" in notes(9000, exact=True)[0]
    assert "nothing larger that was tried is better" in notes(9000)[0]
    assert notes(looked=False, lost=0.9, ids=[]) == (), "a wash by default is meant to be small"


def test_the_rest_is_what_is_not_of_the_elements() -> None:
    found = Scene(100, 80, Colour(0x336699FF), [Layer(3, x=4)])
    carried = replace(found, layers=[*found.layers, Layer(encode_inline(Image.new("RGB", (9, 9)), 100))])
    assert share(carried, found) == (len(to_binary(found)), "WebP")
    assert share(found, found) == (len(to_binary(found)), "")
    assert share(found, None) == (len(to_binary(found)), "")


def test_a_plain_file_that_is_smaller_is_named() -> None:
    picture = Image.fromarray(data.astronaut()).resize((128, 128), Image.Resampling.LANCZOS)
    noise = np.random.default_rng(1).normal(0, 6, (128, 128, 3))
    made = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
    found = smaller_file(picture, made, 40_000)
    assert found is not None
    assert found[0] in ("AVIF", "WebP")
    assert 1000 < found[1] < 12_000
    assert smaller_file(picture, made, 900) is None
    assert smaller_file(picture, made, 100) is None
    lossless = smaller_file(picture, picture, 100_000)
    assert lossless is not None
    assert lossless[0] == "WebP"
