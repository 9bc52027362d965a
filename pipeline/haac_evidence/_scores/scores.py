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


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("psnr", "PSNR", "dB"),
        Measure("ssim", "SSIM", digits=3),
        Measure("ms_ssim", "MS-SSIM", digits=3),
        Measure("ssimulacra2", "SSIMULACRA2", digits=1),
        Measure("different", "different pixels", "%", -1, 1),
    )
}
"""PSNR and SSIM over red, green and blue; *different*: per cent of the pixels not within 25 of 255, at 1000x1000."""

PERFECT: Scores = {"psnr": math.inf, "ssim": 1.0, "ms_ssim": 1.0, "ssimulacra2": 100.0, "different": 0.0}
"""Of two pictures that are the same."""


def absent() -> dict[str, str]:
    """Measures that cannot be had here, and why."""
    found = {}
    if not find_spec("skimage"):
        found["ssim"] = "needs scikit-image"
        found["ms_ssim"] = "needs scipy, which comes with scikit-image"
    if not find_spec("ssimulacra2"):
        found["ssimulacra2"] = "needs the package ssimulacra2"
    return found


def scores(original: Image.Image, made: Image.Image) -> Scores:
    """Every measure; None for one that is not installed, or that the picture is too small for.

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
