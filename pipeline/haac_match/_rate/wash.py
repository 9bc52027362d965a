"""The layers of a scene on the wash that suits them best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from haac import Scene
from haac._forms.binary import measured
from haac._wash_encoder.encoder import WashEncoder
from haac_match._rate.cost import Cost, layer_bytes
from haac_match._thresholds.rate import RATE
from haac_repo import PictureError


def on_wash(
    cost: Cost, scene: Scene, budget: int | None, quality: int | None, *, refined: bool = True
) -> Scene | None:
    """The layers of a scene on the wash that suits them; None if there is no room for one.

    Args:
        cost: knows the picture, and where errors count more.
        scene: its layers count.
        budget: bytes of all.
        quality: of the wash. If both are None, it gets some bytes.
        refined: see `WashEncoder.within`.
    """
    weights = cost.weights
    if scene.layers:
        covered = np.asarray(cost.drawn(replace(scene, background=None)))[:, :, 3] > RATE.opaque
        weights = np.where(
            covered, np.float32(RATE.covered_weight), np.float32(1) if weights is None else weights
        )
    encoder = WashEncoder(cost.picture, weights, lambda wash: measured(replace(scene, background=wash)))
    try:
        if quality is not None:
            return replace(scene, background=encoder.at(quality).wash)
        if budget is None:
            budget = RATE.wash_bytes + layer_bytes(scene)
        return replace(scene, background=encoder.within(budget, refined=refined).wash)
    except PictureError:
        return None
