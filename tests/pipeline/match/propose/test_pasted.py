"""Proposals on photographs: what was pasted, and the background without it."""

from __future__ import annotations

import numpy as np

from haac import Layer
from haac_match._propose.pasted import PastedRegions
from haac_repo import Repository
from tests.pipeline.match.pictures import calm, composed, shown


def test_the_ground_is_guessed_without_what_was_laid_on_it(photo_repository: Repository) -> None:
    grey = calm(95, (700, 520))
    layers = [Layer(6, width=100, rotation=40, x=90, y=300)]
    picture = np.asarray(composed(photo_repository, layers, grey))
    there = shown(photo_repository, layers, (700, 520))
    made = np.asarray(PastedRegions(picture).background(picture).convert("RGB")).astype(int)
    true = np.asarray(grey.convert("RGB")).astype(int)
    off = np.abs(made - true).mean(axis=2)[there].mean()
    assert off < 0.2 * np.abs(picture - true).mean(axis=2)[there].mean()
