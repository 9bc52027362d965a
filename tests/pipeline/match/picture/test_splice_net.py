"""The splice localisation network."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from haac_match._picture.splice_net import splice_likelihood
from haac_repo import Repository
from tests.pipeline.match.pictures import PHOTO_LAYERS, composed, shown


def test_what_was_laid_on_a_photograph_is_seen(photo_repository: Repository) -> None:
    photograph = (
        Image.fromarray(data.astronaut()).convert("RGBA").resize((700, 520), Image.Resampling.BICUBIC)
    )
    seen = splice_likelihood(np.asarray(composed(photo_repository, PHOTO_LAYERS, photograph))) > 0.5
    there = shown(photo_repository, PHOTO_LAYERS, (700, 520))
    assert (seen & there).sum() > 0.7 * there.sum()
    alone = splice_likelihood(np.asarray(photograph.convert("RGB"))) > 0.5
    assert alone[there].mean() < 0.25, "it is the layers that are seen, not the place"


@pytest.mark.parametrize("size", [(1, 1), (33, 70), (64, 31)])
def test_pictures_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    seen = splice_likelihood(np.zeros((*size, 3), np.uint8))
    assert seen.shape == size
    assert seen.min() >= 0
    assert seen.max() <= 1
