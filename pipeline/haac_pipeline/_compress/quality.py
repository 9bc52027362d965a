"""Full-reference image quality: PSNR, SSIM, and the percentage of different pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haac_repo._internal import flattened

if TYPE_CHECKING:
    from PIL import Image

BOUNDARY = 25
"""Levels of a channel beyond which a pixel counts as different."""

_COMPARED = (1000, 1000)
_WINDOW = 11


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality of a picture against its original."""

    psnr: float
    """Decibels; infinite if all pixels are equal."""
    ssim: float | None
    """At most 1. None if scikit-image is not installed."""
    different: float
    """Per cent of the pixels, as `percent_different` counts them."""

    @property
    def identical(self) -> bool:
        """Whether all pixels are equal."""
        return math.isinf(self.psnr)


def quality(original: Image.Image, made: Image.Image) -> Quality:
    """Measure how near `made` comes to `original`, of the same size; alpha is flattened on white."""
    original, made = flattened(original), flattened(made)
    a, b = np.asarray(original), np.asarray(made)
    similar = ssim(a, b) if find_spec("skimage") else None  # not in the thin client
    return Quality(psnr(a, b), similar, percent_different(original, made))


def psnr(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """Peak signal to noise ratio over all channels in decibels; infinite for equal pictures."""
    error = a.astype(np.int32) - b
    squared = int(np.square(error).sum(dtype=np.int64))
    return 10 * math.log10(255**2 * a.size / squared) if squared else math.inf


def ssim(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004, with the parameters given there), the mean of the channels.

    Args:
        a: (height, width, 3).
        b: the same. Sides below 11 pixels, the paper's window, are reflected at their edges to reach it.
    """
    from skimage.metrics import structural_similarity

    short = [max(0, _WINDOW - side) for side in a.shape[:2]]
    if any(short):
        edges = ((0, short[0]), (0, short[1]), (0, 0))
        a, b = np.pad(a, edges, "symmetric"), np.pad(b, edges, "symmetric")
    compare: Any = structural_similarity
    return float(
        compare(
            a,
            b,
            channel_axis=2,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def percent_different(original: Image.Image, made: Image.Image) -> float:
    """Per cent of the pixels that are off by more than BOUNDARY; see `percents_different`."""
    return percents_different(original, made, (BOUNDARY,))[0]


def percents_different(
    original: Image.Image, made: Image.Image, boundaries: Sequence[int]
) -> tuple[float, ...]:
    """Per cent of the pixels that are different, as Mahtab et al. (2019, table 2) counted them, for each boundary.

    Both pictures are resized to 1000x1000 pixels; a pixel is different if a channel is off by more than a boundary. They do not
    say which boundary, nor how they resize: here it is bicubic.

    Args:
        original: RGB.
        made: RGB, of any size.
        boundaries: levels of a channel, 0 to 255.
    """
    from PIL import Image

    a, b = (
        np.asarray(image.resize(_COMPARED, Image.Resampling.BICUBIC)).astype(np.int16)
        for image in (original, made)
    )
    off = np.abs(a - b).max(axis=2)
    return tuple(100 * float((off > boundary).mean()) for boundary in boundaries)
