"""Composites of known alpha: hair, fur and soft objects drawn with a seed, over any photograph."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

KINDS = ("fur", "hair", "soft")
"""A body covered with short hairs; a head with long strands; a body out of focus. Lines are 0.3 to 2 pixels wide."""
_FINE = 4
"""Drawn so many times larger, then averaged: a hair of a third of a pixel gets its share of alpha."""
_SHIFT = 4
"""Bits behind the point of OpenCV's coordinates."""


@dataclass(frozen=True, slots=True)
class Composite:
    """A picture, and what it was mixed of: `picture` = alpha * foreground + (1 - alpha) * background."""

    kind: str
    foreground: Floats
    """(height, width, 3), 0 to 255; where alpha is 0 it says nothing."""
    alpha: Floats
    """(height, width), 0 to 1."""
    background: Floats

    @property
    def picture(self) -> Bytes:
        """The mixture, rounded."""
        share = self.alpha[:, :, None]
        return np.rint(share * self.foreground + (1 - share) * self.background).astype(np.uint8)


def drawn(kind: str, seed: int, side: int, photograph: Image.Image) -> Composite:
    """An object of one of `KINDS` over a photograph, `side` x `side` pixels; the same for the same seed."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    large = side * _FINE
    colour = np.zeros((large, large, 3), np.uint8)
    cover = np.zeros((large, large), np.uint8)
    tones = _tones(rng)
    outline = _outline(rng, large, 0.24 if kind == "hair" else 0.3)
    cv2.fillPoly(cover, [_fixed(outline)], 255, shift=_SHIFT)
    shade: Floats = np.asarray(
        cv2.resize(
            rng.normal(0, 14, (9, 9, 1)).astype(np.float32), (large, large), interpolation=cv2.INTER_CUBIC
        )
    )
    base = np.clip(tones[0] + shade[:, :, None], 0, 255).astype(np.uint8)
    colour[cover > 0] = base[cover > 0]
    if kind != "soft":
        for line, tone, width in _hairs(kind, rng, outline, tones, side):
            points = [_fixed(line)]
            thick = max(1, round(width * _FINE))
            cv2.polylines(colour, points, False, tone, thick, cv2.LINE_8, _SHIFT)
            cv2.polylines(cover, points, False, 255, thick, cv2.LINE_8, _SHIFT)
    share = (cover > 0).astype(np.float32)[:, :, None]
    both: Floats = np.dstack([colour.astype(np.float32) * share, share])
    if kind == "soft":
        both = np.asarray(cv2.GaussianBlur(both, (0, 0), _FINE * rng.uniform(1.5, 6)), np.float32)
    small: Floats = np.asarray(cv2.resize(both, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    return _over(kind, small, photograph, rng)


def softened(cut_out: Image.Image, seed: int, photograph: Image.Image) -> Composite:
    """A cut-out with alpha, RGBA, its edge out of focus, over a photograph of its size."""
    rng = np.random.default_rng([9, seed])
    margin = max(cut_out.size) // 8
    padded = Image.new("RGBA", (cut_out.width + 2 * margin, cut_out.height + 2 * margin))
    padded.paste(cut_out, (margin, margin))
    pixels = np.asarray(padded, np.float32)
    share = pixels[:, :, 3:] / 255
    both = np.dstack([pixels[:, :, :3] * share, share])
    blurred: Floats = np.asarray(cv2.GaussianBlur(both, (0, 0), rng.uniform(1, 4)), np.float32)
    return _over("emoji", blurred, photograph, rng)


def _over(kind: str, premultiplied: Floats, photograph: Image.Image, rng: np.random.Generator) -> Composite:
    """Over a random part of a photograph, of the size of the object."""
    height, width = premultiplied.shape[:2]
    scale = max(1.0, width / photograph.width, height / photograph.height) * rng.uniform(1, 1.3)
    size = round(photograph.width * scale), round(photograph.height * scale)
    background = photograph.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    x, y = int(rng.integers(size[0] - width + 1)), int(rng.integers(size[1] - height + 1))
    alpha = np.clip(premultiplied[:, :, 3], 0, 1)
    foreground = np.clip(premultiplied[:, :, :3] / np.maximum(alpha, 1e-4)[:, :, None], 0, 255)
    return Composite(
        kind,
        foreground.astype(np.float32),
        alpha.astype(np.float32),
        np.asarray(background.crop((x, y, x + width, y + height)), np.float32),
    )


def _tones(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Four neighbouring colours of hair: black, brown, ginger, blond, white, grey, or dyed."""
    palette = [
        (25, 22, 20),
        (92, 60, 38),
        (170, 92, 40),
        (214, 178, 120),
        (236, 232, 226),
        (130, 130, 134),
        (60, 90, 170),
    ]
    base = np.array(palette[int(rng.integers(len(palette)))], np.float64)
    return np.asarray(
        np.clip(base + rng.normal(0, 16, (4, 1)) + rng.normal(0, 5, (4, 3)), 0, 255), np.float64
    )


def _outline(rng: np.random.Generator, side: int, share: float) -> npt.NDArray[np.float64]:
    """A closed, wavy curve, (n, 2)."""
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    radius = np.ones_like(turn)
    for wave in range(2, 7):
        radius += rng.normal(0, 0.10 / wave) * np.cos(wave * turn + rng.uniform(0, 2 * np.pi))
    return np.asarray(
        side / 2 + side * share * radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1), np.float64
    )


def _hairs(
    kind: str,
    rng: np.random.Generator,
    outline: npt.NDArray[np.float64],
    tones: npt.NDArray[np.float64],
    side: int,
) -> list[tuple[npt.NDArray[np.float64], tuple[int, ...], float]]:
    """Curves (n, 2) from the outline outwards, with colour and width in pixels of the small picture."""
    middle = outline.mean(axis=0)
    count = round(side * (7 if kind == "fur" else 2.2))
    made = []
    for _ in range(count):
        root = outline[int(rng.integers(len(outline)))]
        out = root - middle
        out /= np.hypot(*out)
        root = root - out * rng.uniform(0, 0.1) * side * _FINE
        length = side * _FINE * (rng.uniform(0.04, 0.10) if kind == "fur" else rng.uniform(0.1, 0.3))
        angle = float(np.arctan2(out[1], out[0])) + rng.normal(0, 0.35)
        bend = rng.normal(0, 0.8 if kind == "fur" else 1.6)
        if kind == "hair":
            bend += 1.2 * np.cos(angle)  # downwards
        turns = angle + bend * np.linspace(0, 1, 24)
        steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * length / 24
        tone = np.clip(tones[int(rng.integers(4))] + rng.normal(0, 8), 0, 255)
        width = float(np.exp(rng.uniform(np.log(0.3), np.log(2.0))))
        made.append((root + np.cumsum(steps, axis=0), tuple(int(value) for value in tone), width))
    return made


def _fixed(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    return np.asarray(np.rint(points * 2**_SHIFT), np.int32)
