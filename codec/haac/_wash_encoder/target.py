"""The encoder's target: wavelet bands and error weights of the picture on each grid, and the distortion of a decoded wash."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from haac._wash.synthesis import wash_picture
from haac._wash_encoder.analysis import Floats, analysed, opponent, unpremultiplied
from haac._wash_value import Wash, band_shapes, grid
from haac_repo import PictureError

_LEAST = 1e-6
"""The least mean of weights that they are divided by."""


class Target:
    """A picture with weights.

    Args:
        image: any mode.
        weights: (height, width) of the picture, 0 or more: how much errors matter there; None for all alike.

    Raises:
        PictureError: the weights do not fit.
    """

    def __init__(self, image: Image.Image, weights: NDArray[Any] | None) -> None:
        self.size = image.size
        if weights is not None and (
            weights.shape != image.size[::-1] or not np.all(weights >= 0) or not np.any(weights)
        ):
            raise PictureError(
                f"weights of the shape {weights.shape} for a picture of {image.width}x{image.height}; one number from 0 on"
                " for each pixel is allowed, (height, width), and not all 0"
            )
        self.alpha: Image.Image | None = None
        """Of a picture that is not opaque."""
        if "A" in image.getbands() or "transparency" in image.info:
            image = image.convert("RGBA")
            if image.getchannel("A").getextrema() != (255, 255):
                self.alpha = image.getchannel("A")
        self.image = image.convert("RGB" if self.alpha is None else "RGBa")
        self._weights = None if weights is None else np.asarray(weights, np.float32)
        if self.alpha is not None:  # colours that are not seen do not matter
            seen = np.asarray(self.alpha, np.float32) / np.float32(255)
            self._weights = seen if self._weights is None else self._weights * seen
        self._resized: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def weights(self) -> NDArray[np.float32] | None:
        """The weights, (height, width), with the mean 1."""
        if self._weights is None:
            return None
        return self._weights / max(float(self._weights.mean()), _LEAST)

    def bands(self, levels: int) -> list[Floats]:
        """The wavelet bands on the grid of so many levels: (channel, y, x)."""
        size = grid(*self.size, levels)
        small = np.asarray(self.image.resize(size, Image.Resampling.LANCZOS), np.float64)
        if self.alpha is None:
            return analysed(opponent(small), levels)
        alpha = np.asarray(self.alpha.resize(size, Image.Resampling.LANCZOS), np.float64)
        colours = opponent(unpremultiplied(small[..., :3], alpha))
        return analysed(np.concatenate([colours, alpha[None] - 128]), levels)

    def band_weights(self, levels: int) -> list[Floats] | None:
        """The weight of each coefficient: (channel, or 1 for all; y, x); the mean over the picture is 1."""
        if self._weights is None:
            return None
        image = Image.fromarray(self._weights)
        mean = float(self._weights.mean())
        found: list[Floats] = []
        for n, (height, width) in enumerate(band_shapes(*grid(*self.size, levels))):
            if n == 0 or min(height, width) == 0:
                band = np.ones((1, height, width))
            else:
                band = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), np.float64)[None]
                band = band / max(mean, _LEAST)
            found.append(band if self.alpha is None else np.concatenate([*[band] * 3, np.ones_like(band)]))
        return found

    def distortion(self, wash: Wash, size: tuple[int, int]) -> float:
        """Weighted sum of squared errors of a decoded wash, of red, green, blue and alpha, at a size (width, height)."""
        if size not in self._resized:
            self._resized[size] = self._resize(size)
        wanted, weight = self._resized[size]
        drawn = np.asarray(wash_picture(wash, size).convert("RGBa" if self.alpha else "RGBA"), np.float64)
        squares = (drawn - wanted) ** 2
        return float((squares[..., :3].sum(2) * (1 if self.alpha else weight)).sum() + squares[..., 3].sum())

    def _resize(self, size: tuple[int, int]) -> tuple[Floats, Floats]:
        """Pixels and weights at a size."""
        wanted = np.asarray(self.image.convert("RGBA").resize(size, Image.Resampling.LANCZOS), np.float64)
        weight = np.ones(size[::-1])
        if self._weights is not None:
            resized = Image.fromarray(self._weights).resize(size, Image.Resampling.BILINEAR)
            weight = np.asarray(resized, np.float64)
        if self.alpha is not None:
            wanted[..., 3] = np.asarray(self.alpha.resize(size, Image.Resampling.LANCZOS))
        return wanted, weight
