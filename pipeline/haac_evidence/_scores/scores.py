"""All scores of one picture against its original."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

    from haac_evidence._scores.judge import Looks

Scores = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """A full-reference measure."""

    name: str
    title: str
    unit: str = ""
    better: int = 1
    """1 if more is better, -1 if less."""
    digits: int = 2
    least: float | None = None
    """A score that any picture may have: for it, bytes are not compared."""


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("psnr", "PSNR", "dB"),
        Measure("ssim", "SSIM", digits=3),
        Measure("ms_ssim", "MS-SSIM", digits=3),
        Measure("ssimulacra2", "SSIMULACRA2", digits=1),
        Measure("different", "different pixels", "%", -1, 1),
        Measure("kind", "kind recognised", "%", digits=0, least=0.0),
    )
}
"""PSNR and SSIM over red, green and blue; *different*: per cent of the pixels not within 25 of 255, at 1000x1000; *kind*: 100 where a
judge takes the picture for one of the original's kind, 0 where not, None where it does not know that."""

PERFECT: Scores = {
    "psnr": math.inf,
    "ssim": 1.0,
    "ms_ssim": 1.0,
    "ssimulacra2": 100.0,
    "different": 0.0,
    "kind": 100.0,
}
"""Of two pictures that are the same."""


def absent(no_judge: str = "needs a judge") -> dict[str, str]:
    """Measures that cannot be had here, and why.

    Args:
        no_judge: why there is no judge; empty if there is one.
    """
    found = {"kind": no_judge} if no_judge else {}
    if not find_spec("skimage"):
        found["ssim"] = "needs scikit-image"
        found["ms_ssim"] = "needs scipy, which comes with scikit-image"
    if not find_spec("ssimulacra2"):
        found["ssimulacra2"] = "needs the package ssimulacra2"
    return found


class Scorer:
    """All measures of pictures that were made of one original.

    Args:
        original: RGB.
        judge: says of what kind pictures are; None: that is not measured.
    """

    def __init__(self, original: Image.Image, judge: Looks | None = None) -> None:
        self._original, self._judge = original, judge
        self._kind: int | None = None
        if judge is not None:
            from haac_evidence._scores.judge import SURE, kind_of

            kind, sure = kind_of(judge(original))
            self._kind = kind if sure >= SURE else None

    def __call__(self, made: Image.Image) -> Scores:
        """Scores of a picture, RGB, of the same size; see `scores`."""
        found = scores(self._original, made)
        if self._judge is not None and self._kind is not None:
            from haac_evidence._scores.judge import kind_of

            found["kind"] = 100.0 if kind_of(self._judge(made))[0] == self._kind else 0.0
        return found


def scores(original: Image.Image, made: Image.Image) -> Scores:
    """Every measure that needs no judge; None for one that is not installed, or that the picture is too small for.

    Args:
        original: RGB.
        made: RGB, of the same size.
    """
    from haac_evidence._scores.ms_ssim import ms_ssim
    from haac_pipeline._internal import quality

    found = quality(original, made)
    if found.identical:
        return {**PERFECT, **dict.fromkeys(absent())}
    a, b = np.asarray(original), np.asarray(made)
    return {
        "psnr": found.psnr,
        "ssim": found.ssim,
        "ms_ssim": ms_ssim(a, b) if find_spec("skimage") else None,
        "ssimulacra2": _ssimulacra2(original, made) if find_spec("ssimulacra2") else None,
        "different": found.different,
        "kind": None,
    }


def _ssimulacra2(original: Image.Image, made: Image.Image) -> float:
    """SSIMULACRA2 (Sneyers 2023): 100 is identical, 90 visually lossless, 70 high quality, 50 medium, 30 low; below 0 far off."""
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(_file(original), _file(made)))


def _file(picture: Image.Image) -> io.BytesIO:
    buffer = io.BytesIO()
    picture.save(buffer, "PPM")
    buffer.seek(0)
    return buffer
