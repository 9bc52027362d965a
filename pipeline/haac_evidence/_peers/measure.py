"""One picture in one format: its files for all budgets, with their scores."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from haac_evidence._codecs.codec import Codec, available_codecs, read, written
from haac_evidence._codecs.placeholders import (
    blurhash,
    blurhash_bytes,
    blurhashes,
    draw_blurhash,
    draw_thumbhash,
    placeholders,
    thumbhash,
    thumbhash_bytes,
)
from haac_evidence._peers.files import LOSSLESS, Measured
from haac_evidence._peers.haac import recipes
from haac_evidence._peers.search import Search, drawn
from haac_evidence._peers.similar import SIMILAR, Telling, told
from haac_evidence._scores.judge import Judging, load_judge
from haac_evidence._scores.scores import Scorer

HAAC = "haac"
HEADERS_MATTER = 0.03
"""Share of a budget from which on files are also sought whose header does not count: where it is less, they are the same."""
PHOTOGRAPHS, SCENES = "photographs", "scenes"
"""Groups of pictures: given, without a catalog; drawn from the elements of a repository."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one process does at a time."""

    picture: str
    group: str
    data: bytes
    """A picture file."""
    format: str
    budgets: tuple[int, ...]
    thorough: bool
    repository: Path | None
    """With the elements of a scene."""
    judge: Judging | None = None
    telling: Telling | None = None
    """How photographs are told by similar elements."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Files of one format for one picture."""

    picture: str
    group: str
    format: str
    files: list[str] = field(default_factory=list)
    """Lines, see `Measured`."""
    error: str = ""


def formats() -> list[str]:
    """Names of all that can be measured here, haac first."""
    return [HAAC, *(codec.name for codec in available_codecs()), *placeholders()]


def measure(work: Work) -> Outcome:
    """Make the files of one picture, and score them."""
    with Image.open(io.BytesIO(work.data)) as image:
        picture = image.convert("RGB")
    found: dict[str, Measured] = {}
    scorer = Scorer(picture, None if work.judge is None else load_judge(work.judge))
    for each in _files(work, picture, scorer):
        found.setdefault(each.line(), each)
    ordered = sorted(found.values(), key=lambda each: (each.bytes, each.payload, each.line()))
    return Outcome(work.picture, work.group, work.format, [each.line() for each in ordered])


def _files(work: Work, picture: Image.Image, scorer: Scorer) -> Iterator[Measured]:
    if work.format == HAAC:
        yield from recipes(picture, work.budgets, work.repository, scorer)
    elif work.format == SIMILAR:
        assert work.telling is not None
        yield from told(picture, work.budgets, work.telling, scorer)
    elif work.format == "BlurHash":
        yield from _blurhashes(work, picture, scorer)
    elif work.format == "ThumbHash":
        data = thumbhash(picture)
        made = draw_thumbhash(data, picture.size)
        yield Measured(*thumbhash_bytes(data), scorer(made), "its only size")
    else:
        codec = next(each for each in available_codecs() if each.name == work.format)
        yield from _searched(work, picture, codec, scorer)
        if work.group == SCENES:
            yield from lossless(picture, codec, scorer)


def _searched(work: Work, picture: Image.Image, codec: Codec, scorer: Scorer) -> Iterator[Measured]:
    search = Search(codec, picture, thorough=work.thorough)
    done: set[bytes] = set()
    for budget in work.budgets:
        found = search.best(budget)
        if not found or found[0].header > HEADERS_MATTER * budget:
            found += search.best(budget, counted=False)
        for tried in found:
            if tried.data not in done:
                done.add(tried.data)
                made = drawn(tried.data, picture.size)
                yield Measured(len(tried.data), tried.payload, scorer(made), tried.what)


def _blurhashes(work: Work, picture: Image.Image, scorer: Scorer) -> Iterator[Measured]:
    """The best by PSNR of each budget, in characters or in bits."""
    known: dict[tuple[int, int], Measured] = {}
    for budget in work.budgets:
        for most in {budget, budget * 8 * 2 // 13 + 4}:  # a wave has 2 characters, or about 13 bits
            for waves in blurhashes(picture, most):
                if waves not in known:
                    text = blurhash(picture, waves)
                    made = draw_blurhash(text, picture.size)
                    what = f"waves={waves[0]}x{waves[1]}"
                    known[waves] = Measured(*blurhash_bytes(text), scorer(made), what)
    for budget in work.budgets:
        for fits in (
            [each for each in known.values() if each.bytes <= budget],
            [each for each in known.values() if each.payload <= budget],
        ):
            if fits:
                yield max(fits, key=lambda each: each.scores["psnr"] or 0)


def lossless(picture: Image.Image, codec: Codec, scorer: Scorer) -> Iterator[Measured]:
    """The file that gives all pixels back, if the codec has such files.

    AVIF keeps them only without converting colours, which the package imagecodecs can ask for.
    """
    data = None
    if codec.lossless is not None:
        data = written(picture, codec.format, codec.lossless)
    elif codec.name == "AVIF":
        data = _lossless_avif(picture)
    if data is not None:
        result = scorer(read(data))
        if result["different"] == 0 and result["psnr"] == float("inf"):
            yield Measured(len(data), codec.payload(data), result, LOSSLESS)


def _lossless_avif(picture: Image.Image) -> bytes | None:
    try:
        import imagecodecs
        import numpy as np
    except ImportError:
        return None
    options: dict[str, Any] = {"level": 100, "pixelformat": "444", "matrix": 0, "speed": 2, "numthreads": 1}
    return bytes(imagecodecs.avif_encode(np.asarray(picture), **options))
