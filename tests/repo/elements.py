"""Elements for the tests of repositories."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

import haac_repo._publish.compact
import haac_repo._store.growing
from haac_repo import LIMITS, NewElement, encode, pixel_hash

MakeElement = Callable[..., NewElement]
"""`element_of`, as the fixture `make_element` gives it."""


def element_of(seed: int, side: int = 8, **known: Any) -> NewElement:
    """A small noisy picture; the same seed gives the same pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 4), dtype=np.uint8)
    return element_from(Image.fromarray(pixels, "RGBA"), **known)


def element_from(image: Image.Image, **known: Any) -> NewElement:
    """A picture, encoded."""
    return NewElement(
        data=encode(image),
        width=image.width,
        height=image.height,
        pixels_sha256=pixel_hash(image),
        **known,
    )


def small_packs(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Packs are sealed at so many bytes."""
    for module in (haac_repo._store.growing, haac_repo._publish.compact):
        monkeypatch.setattr(module, "LIMITS", dataclasses.replace(LIMITS, pack_target_bytes=size))
