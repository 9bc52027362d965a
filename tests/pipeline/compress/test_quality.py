"""PSNR, SSIM and per cent different, against figures worked out otherwise."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from haac_pipeline._compress.quality import percent_different, psnr, quality, ssim


def noise(height: int, width: int, seed: int = 1) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(40, 200, (height, width, 3), np.uint8)


def test_psnr() -> None:
    a = noise(20, 30)
    assert math.isinf(psnr(a, a))
    assert psnr(a, a + np.uint8(1)) == pytest.approx(48.1308, abs=1e-4)  # 20 log10(255)
    one = a.copy()
    one[3, 4, 1] += 10
    assert psnr(a, one) == pytest.approx(10 * math.log10(255**2 * a.size / 100))


def test_psnr_of_the_largest_errors_does_not_overflow() -> None:
    black, white = np.zeros((1200, 1200, 3), np.uint8), np.full((1200, 1200, 3), 255, np.uint8)
    assert psnr(black, white) == 0


def by_the_paper(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """SSIM of Wang et al. (2004), equation 13, window by window: 11x11, sigma 1.5, K1 = 0.01, K2 = 0.03."""
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / np.outer(line, line).sum()
    values = []
    for c in range(3):
        for y in range(a.shape[0] - 10):
            for x in range(a.shape[1] - 10):
                p, q = (i[y : y + 11, x : x + 11, c].astype(float) for i in (a, b))
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                both = (window * (p - mp) * (q - mq)).sum()
                c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
                values.append((2 * mp * mq + c1) * (2 * both + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    return float(np.mean(values))


def test_ssim_is_that_of_the_paper() -> None:
    a = noise(18, 21)
    b = np.clip(a.astype(int) + np.random.default_rng(2).integers(-30, 31, a.shape), 0, 255).astype(np.uint8)
    assert ssim(a, b) == pytest.approx(by_the_paper(a, b), abs=1e-6)
    assert ssim(a, a) == 1


@pytest.mark.parametrize("size", [(1, 1), (4, 40), (10, 11)])
def test_ssim_of_pictures_smaller_than_its_window(size: tuple[int, int]) -> None:
    a = noise(*size)
    assert ssim(a, a) == 1
    assert ssim(a, 255 - a) < 0.9


def test_per_cent_different_counts_pixels_beyond_the_boundary() -> None:
    original = np.full((1000, 1000, 3), 100, np.uint8)
    made = original.copy()
    made[:250, :, 2] += 25  # within
    made[500:, :, 1] -= 26  # beyond, in one channel
    assert percent_different(Image.fromarray(original), Image.fromarray(made)) == 50


def test_per_cent_different_compares_at_one_size_for_all() -> None:
    small, large = (Image.new("RGB", (n, n), "grey") for n in (50, 2000))
    for image in (small, large):
        other = image.copy()
        other.paste("white", (0, 0, image.width // 4, image.height))
        # The edge is as wide as the resizing makes it.
        assert percent_different(image, other) == pytest.approx(25, abs=2)


def test_what_is_transparent_is_compared_on_white() -> None:
    clear = Image.new("RGBA", (16, 16), (200, 0, 0, 0))
    same = quality(clear, Image.new("RGBA", (16, 16), "white"))
    assert same.identical
    assert (same.ssim, same.different) == (1, 0)
    assert not quality(clear, Image.new("RGBA", (16, 16), "black")).identical
