"""Redundant-layer pruning in degraded pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from haac import Layer
from haac_match._picture.arrays import Bools, Box, overlap
from haac_match._picture.canvas import Canvas
from haac_match._thresholds.picture import PICTURE
from haac_match._thresholds.solve import RESIDUAL

_log = logging.getLogger(__name__)


def prune(canvas: Canvas, box: Box, wrong: Callable[[Box], Bools]) -> list[Layer]:
    """Remove layers in a box without which a degraded picture is as right: a look-alike may stand beside the right element.

    Args:
        canvas: what is there.
        box: where to look.
        wrong: tells the pixels of a box that are not right, (height, width).

    Returns:
        Those that went.
    """
    dropped: list[Layer] = []
    while True:
        needs = [
            (_needed(canvas, z, wrong), z)
            for z, placed in enumerate(canvas.layers)
            if overlap(placed.box, box) is not None
        ]
        if len(needs) < 2 or min(needs)[0] > RESIDUAL.needed:
            return dropped
        dropped.append(canvas.remove(min(needs)[1]).layer)
        _log.debug("pruned %s", dropped[-1])


def _needed(canvas: Canvas, z: int, wrong: Callable[[Box], Bools]) -> float:
    """Share of a layer's pixels that would not be right without it."""
    before = np.count_nonzero(wrong(canvas.layers[z].box))
    placed = canvas.remove(z)
    after = np.count_nonzero(wrong(placed.box))
    canvas.insert(z, placed)
    return (after - before) / max(1, int((np.asarray(placed.pixels.getchannel("A")) >= PICTURE.shows).sum()))
