"""From a pose to the grid of recipes, on an estimated background."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from haac import Layer
from haac_match._fit.grid_photo import PhotoGridSearch
from haac_match._picture.canvas import Canvas
from haac_repo import Repository
from tests.pipeline.match.pictures import PHOTO_LAYERS, composed, scenery


def test_less_blur_is_no_better_for_making_more_opaque(photo_repository: Repository) -> None:
    layer = Layer(3, width=90, rotation=300, blur=12, x=60, y=50)
    picture = np.asarray(composed(photo_repository, [layer], scenery(95).resize((220, 200)).convert("RGBA")))
    canvas = Canvas(picture, Image.fromarray(picture).convert("RGBA"))
    guess = cv2.blur(picture, (61, 61))
    grid = PhotoGridSearch(canvas, 0, photo_repository.image(3), (40, 30, 190, 180), guess[30:180, 40:190])
    near = [replace(layer, blur=blur) for blur in range(6, 19) if blur != 12]
    assert all(grid.judged(other) > grid.judged(layer) for other in near)
    assert grid.polish(replace(layer, blur=9, rotation=302, x=61)) == layer


def test_on_an_estimated_background_opaque_pixels_decide(photo_repository: Repository) -> None:
    layer = PHOTO_LAYERS[3]
    background = scenery(99).resize((300, 500), Image.Resampling.BICUBIC)
    picture = np.asarray(composed(photo_repository, [layer], background))
    canvas = Canvas(picture, Image.new("RGBA", (300, 500), (90, 90, 90)))
    box = 60, 270, 240, 450
    guess = np.full((180, 180, 3), 90, np.uint8)
    grid = PhotoGridSearch(canvas, 0, photo_repository.image(layer.number), box, guess)
    near = Layer(layer.element, width=98, rotation=41, blur=5, x=layer.x + 1, y=layer.y)
    assert grid.cost(layer) < grid.cost(near) < grid.before
    assert grid.polish(near) == layer
    result = grid.result(layer, 2.0)
    assert result is not None
    assert result.exact == 1
