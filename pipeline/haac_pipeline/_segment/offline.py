"""Embedded salient-object segmenter: saliency by contrast with the image border, refined by GrabCut. No weights.

It needs OpenCV only, not rembg, and serves where a model with weights cannot be had. It is preview quality: good on objects that
stand out from their background, poor on scenes and crowds.

Sources: background prior from the image border, W. Zhu et al., "Saliency optimization from robust background detection" (CVPR 2014);
C. Rother, V. Kolmogorov, A. Blake, "GrabCut" (SIGGRAPH 2004), as implemented by OpenCV.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

_LONG_SIDE = 360
"""Pixels at which the mask is found."""
_BORDER = 0.03
"""Share of the long side that counts as border."""
_ROUNDS = 5
"""GrabCut's iterations."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


def object_mask(rgb: Bytes) -> Bytes:
    """Mask of the salient object, (height, width) of 0...255, in an sRGB picture (height, width, 3). Deterministic."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    small_size = max(1, round(width * scale)), max(1, round(height * scale))
    small: Bytes = np.asarray(cv2.resize(rgb, small_size, interpolation=cv2.INTER_AREA), np.uint8)
    if min(small.shape[:2]) < 8 or int(np.ptp(small.reshape(-1, 3), axis=0).max()) < 8:
        return np.zeros((height, width), np.uint8)  # too small, or nothing stands out
    coarse = _refined(small, _saliency(small))
    soft = cv2.GaussianBlur(coarse, (0, 0), 0.8)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _saliency(rgb: Bytes) -> Floats:
    """Saliency: colour distance of each pixel to the border, 0 to 1, with a centre prior.

    Two ways to ask, since each fails on other pictures: unlike all four sides at once, in colours with their covariances; and unlike
    the three sides that are most like the picture, so that an object which touches one side does not pass for background because of it.
    """
    height, width = rgb.shape[:2]
    lab: Floats = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    edge = max(2, round(_BORDER * max(height, width)))

    smooth: Floats = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.5), np.float32)
    unlike = [_distance(smooth, side, 10, covariance=True) for side in _sides(smooth, edge)]
    shares = [np.clip(d / max(float(np.percentile(d, 97)), 1e-6), 0, 1) for d in unlike]
    all_sides = np.prod(np.stack(shares), axis=0) ** 0.25 * _centred(height, width, 0.4, 0.7)

    flat: Floats = np.asarray(cv2.bilateralFilter(lab, 7, 12, 5), np.float32)
    unlike = sorted(
        (_distance(flat, side, 6, covariance=False) for side in _sides(flat, edge)),
        key=lambda d: float(d.mean()),
    )
    away = np.min(np.stack(unlike[:3]), axis=0)
    three_sides = np.clip(away / max(float(np.percentile(away, 98)), 1e-6), 0, 1) * _centred(
        height, width, 0.42, 0.65
    )

    both = [s / max(float(s.max()), 1e-6) for s in (all_sides, three_sides)]
    return np.asarray(np.maximum(both[0], 0.95 * both[1]), np.float32)


def _sides(lab: Floats, edge: int) -> list[Floats]:
    """The pixels along each side, (n, 3)."""
    return [
        np.ascontiguousarray(side.reshape(-1, 3))
        for side in (lab[:edge], lab[-edge:], lab[:, :edge], lab[:, -edge:])
    ]


def _centred(height: int, width: int, spread: float, weight: float) -> Floats:
    """Centre prior: a Gaussian of `weight` over the centre, on a floor of 1 - `weight`; `spread` in shares of the sides."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bell = np.exp(-(((x / width - 0.5) / spread) ** 2 + ((y / height - 0.5) / spread) ** 2))
    return np.asarray(1 - weight + weight * bell, np.float32)


def _distance(lab: Floats, border: Floats, clusters: int, *, covariance: bool) -> Floats:
    """Distance to the nearest k-means cluster of `border`, in units of its spread (or by its covariance, Mahalanobis)."""
    cv2.setRNGSeed(1)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    count = min(clusters, len(border))
    _, labels, centres = cv2.kmeans(border, count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)
    nearest = np.full(lab.shape[:2], 1e9, np.float32)
    for n in range(count):
        members = border[labels[:, 0] == n]
        if len(members) < 0.03 * len(border):
            continue
        off = lab - centres[n]
        if covariance:
            inverse = np.linalg.inv(np.cov(members.T) + np.eye(3) * 25).astype(np.float32)
            squared = np.einsum("hwi,ij,hwj->hw", off, inverse, off)
        else:
            squared = (off**2).sum(2) / max(16.0, float(((members - centres[n]) ** 2).sum(1).mean()))
        nearest = np.minimum(nearest, np.sqrt(squared))
    return np.asarray(np.minimum(nearest, 1e3 if covariance else 12.0), np.float32)


def _refined(rgb: Bytes, saliency: Floats) -> Bytes:
    """GrabCut, seeded by a trimap of the saliency (Otsu's threshold); 0 and 255."""
    level = (saliency * (255 / max(float(saliency.max()), 1e-6))).astype(np.uint8)
    threshold, _ = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    seeds = np.full(level.shape, cv2.GC_PR_BGD, np.uint8)
    seeds[level > threshold] = cv2.GC_PR_FGD
    seeds[level > threshold + (255 - threshold) * 0.7] = cv2.GC_FGD
    seeds[level < threshold * 0.3] = cv2.GC_BGD
    seeds[:2] = seeds[-2:] = cv2.GC_BGD
    seeds[:, :2] = seeds[:, -2:] = cv2.GC_BGD
    if not (seeds & 1).any() or (seeds & 1).all():
        return np.zeros_like(level)
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), seeds, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.where((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
