"""What a solver works with, whatever the picture: elements, index, effort, threads."""

from __future__ import annotations

from dataclasses import dataclass

from haac_match._detect.detect import Detector
from haac_match._fit.cutout import CutoutCache
from haac_match._index.index import Index
from haac_match._options import UNSEEN, Mapper, Monitor


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by everything that solves one picture.

    Args:
        cutouts: the elements' pixels.
        index: their descriptors.
        effort: 1 (quick) to 9 (thorough).
        max_layers: at most so many.
        mapped: like `map`, perhaps with threads.
        monitor: is told how far it is, and may end it.
        detector: finds elements whoever drew them; None: only what haac drew is found.
    """

    cutouts: CutoutCache
    index: Index
    effort: int = 5
    max_layers: int = 64
    mapped: Mapper = map
    monitor: Monitor = UNSEEN
    detector: Detector | None = None
