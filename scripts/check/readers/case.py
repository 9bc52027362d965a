"""A generated picture file, and what it should look like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.uint8]
WIDTH, HEIGHT = 40, 28


@dataclass(frozen=True, slots=True)
class Case:
    """One file."""

    name: str
    format: str
    data: bytes
    truth: Samples
    """(height, width, 4), straight alpha."""
    tags: frozenset[str] = field(default_factory=frozenset)
    """What is special about it; reasons for differences go by these."""
    tolerance: float = 1.0
    """Largest difference of a sample of 8 bits; of lossy files the largest mean difference."""
    lossy: bool = False


def base() -> Samples:
    """A picture of 8-bit samples (height, width, 4), opaque, that looks different in each orientation, and has all levels."""
    x, y = np.meshgrid(np.linspace(0, 255, WIDTH), np.linspace(0, 255, HEIGHT))
    picture = np.stack([x, y, 255 - x, np.full_like(x, 255)], axis=-1)
    picture[:9, :14, :3] = (250, 20, 30)
    return np.rint(picture).astype(np.uint8)


def grey_of(levels: int) -> npt.NDArray[np.int64]:
    """Samples from 0 to levels - 1, (height, width)."""
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    return (x * levels // WIDTH + y) % levels


def as_grey(values: npt.NDArray[np.int64], levels: int) -> Samples:
    """Grey samples as an opaque picture of 8 bits."""
    grey = np.rint(values * (255 / (levels - 1))).astype(np.uint8)
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)])


def turned(picture: Any, orientation: int) -> Any:
    """What is to be stored so that this orientation of EXIF shows `picture`, (height, width, channels)."""
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: a[:, ::-1].transpose(1, 0, 2)[:, :],
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: a[::-1].transpose(1, 0, 2),
    }
    return np.ascontiguousarray(undo[orientation](picture))
