"""Which cut-outs are stored: by their quality, and by size. What is left out is listed with its reason, never lost in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from haac_pipeline._segment.cutout import Part
    from haac_pipeline._segment.quality import Judgement

Keep = Literal["good", "doubtful", "all"]
"""Store the good ones only; also the doubtful ones; or whatever was cut out."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cut-out that is not stored."""

    part: int
    """Which one of its picture, from 1."""
    width: int
    height: int
    quality: int | None
    """0 to 100; None: it had alpha and is left out for its size."""
    doubts: tuple[str, ...]
    reason: str
    frame: int = 1
    """Of an animation, from 1."""
    poor: bool = True
    """For its quality, not for its size."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A cut-out as a dry run shows it."""

    thumbnail: bytes
    """WebP, RGBA, small."""
    width: int
    height: int
    quality: int | None
    doubts: tuple[str, ...]
    reason: str
    """Why it would be left out; empty if it would be stored."""


def is_small(part: Part, min_size: int) -> bool:
    """Whether the shorter side of a cut-out has fewer pixels than asked for."""
    return bool(min(part.pixels.shape[:2]) < min_size)


def reason_to_leave(part: Part, judgement: Judgement | None, keep: Keep, min_size: int) -> str:
    """Why a cut-out is not to be stored; empty if it is.

    Args:
        part: The cut-out.
        judgement: None: it is not judged, since its picture had alpha.
        keep: What is stored.
        min_size: Pixels that the shorter side must have.
    """
    if is_small(part, min_size):
        return f"its shorter side has {min(part.pixels.shape[:2])} pixels (--min-size {min_size})"
    if judgement is None or keep == "all":
        return ""
    least = judgement.fit.good if keep == "good" else judgement.fit.hopeless
    return "" if judgement.quality >= least else f"its quality is {judgement.quality}, below {least}"
