"""The embedded segmenter: saliency against the border's colours, sharpened by GrabCut. Nothing learnt, nothing downloaded.

It serves through rembg like any other session, where the weights of a real model cannot be had. It is preview quality: good on things that
stand out from their ground, poor on scenes and crowds.

Sources: background prior from the image border, W. Zhu et al., "Saliency optimization from robust background detection" (CVPR 2014);
C. Rother, V. Kolmogorov, A. Blake, "GrabCut" (SIGGRAPH 2004), as implemented by OpenCV.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from rembg.sessions.base import BaseSession

NAME = "offline"

_LONG_SIDE = 400
"""Pixels at which the mask is found."""
_BORDER = 0.03
"""Share of the long side that counts as border."""
_CLUSTERS = 6
"""Colours that the border is summed up in, at most."""
_ROUNDS = 6
"""GrabCut's iterations."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


class OfflineSession(BaseSession):
    """A rembg session without a network: `rembg.remove(picture, session=OfflineSession())`."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        # Not the parent's: it loads an ONNX file.
        self.model_name = NAME

    @classmethod
    def name(cls, *_args: Any, **_options: Any) -> str:
        """The name under which `--model` knows it."""
        return NAME

    @classmethod
    def download_models(cls, *_args: Any, **_options: Any) -> None:
        """There is nothing to download."""

    def predict(self, img: Image.Image, *_args: Any, **_options: Any) -> list[Image.Image]:
        """Find the thing.

        Args:
            img: any size and mode.

        Returns:
            One mask of the same size, mode L: 255 is the thing.
        """
        return [Image.fromarray(thing_mask(np.array(img.convert("RGB"))))]


def thing_mask(rgb: Bytes) -> Bytes:
    """The mask, (height, width) of 0...255, of an sRGB picture (height, width, 3). The same picture gives the same mask."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    small_size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(rgb, small_size, interpolation=cv2.INTER_AREA)
    if min(small.shape[:2]) < 8 or int(small.max()) - int(small.min()) < 8:
        return np.zeros((height, width), np.uint8)  # too small, or nothing stands out
    coarse = _refined(small, _saliency(small))
    soft = cv2.GaussianBlur(coarse, (0, 0), 0.8)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _saliency(rgb: Bytes) -> Floats:
    """How little each pixel looks like the border, 0 to 1, with a mild preference for the centre."""
    height, width = rgb.shape[:2]
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.bilateralFilter(lab, 7, 12, 5)
    edge = max(2, round(_BORDER * max(height, width)))
    sides = [lab[:edge], lab[-edge:], lab[:, :edge], lab[:, -edge:]]
    # Each side speaks for itself: a thing that touches one side must not pass for ground because of that side alone.
    distances = [_distance(lab, side.reshape(-1, 3)) for side in sides]
    distances.sort(key=lambda d: float(d.mean()))
    away = np.minimum(distances[0], np.minimum(distances[1], distances[2]))
    away = away / max(float(np.percentile(away, 98)), 1e-6)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    centre = np.exp(-(((x / width - 0.5) / 0.42) ** 2 + ((y / height - 0.5) / 0.42) ** 2))
    return np.asarray(np.clip(away, 0, 1) * (0.35 + 0.65 * centre), np.float32)


def _distance(lab: Floats, ground: Floats) -> Floats:
    """Distance in Lab to the nearest of the colours that sum up `ground`, each with its own spread."""
    cv2.setRNGSeed(1)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    samples = np.ascontiguousarray(ground, np.float32)
    count = min(_CLUSTERS, len(samples))
    _, labels, centres = cv2.kmeans(samples, count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    nearest = np.full(lab.shape[:2], np.inf, np.float32)
    for n in range(count):
        members = samples[labels[:, 0] == n]
        if len(members) < 0.02 * len(samples):
            continue
        spread = max(4.0, float(np.sqrt(((members - centres[n]) ** 2).sum(1).mean())))
        nearest = np.minimum(nearest, np.sqrt(((lab - centres[n]) ** 2).sum(2)) / spread)
    return np.asarray(np.minimum(nearest, 12.0), np.float32)


def _refined(rgb: Bytes, saliency: Floats) -> Bytes:
    """GrabCut from the saliency's sure and likely parts; 0 and 255."""
    level = (saliency * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    seeds = np.full(level.shape, cv2.GC_PR_BGD, np.uint8)
    seeds[level > threshold] = cv2.GC_PR_FGD
    seeds[level > threshold + (255 - threshold) * 0.55] = cv2.GC_FGD
    seeds[level < threshold * 0.25] = cv2.GC_BGD
    if not (seeds & 1).any() or (seeds & 1).all():
        return np.zeros_like(level)
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), seeds, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    mask = np.where((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    return _whole(mask)


def _whole(mask: Bytes) -> Bytes:
    """Without specks, and with small holes closed."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    mask = np.asarray(
        cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel), np.uint8
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas >= 0.08 * areas.max())
    return np.where(np.isin(labels, kept), 255, 0).astype(np.uint8)
