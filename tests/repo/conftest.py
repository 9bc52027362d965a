"""Shared by the tests of the repository room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac_repo import NewElement, Repository, encode, pixel_hash

MakeElement = Callable[..., NewElement]


def element_of(seed: int, side: int = 8, **known: Any) -> NewElement:
    """A small noisy picture; the same seed gives the same pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 4), dtype=np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    return NewElement(data=encode(image), width=side, height=side, pixels_sha256=pixel_hash(image), **known)


@pytest.fixture
def make_element() -> MakeElement:
    return element_of


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "repository") as made:
        yield made
