"""From a pose to the grid of recipes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from haac import Layer
from haac_match._fit.grid import GridSearch
from haac_match._picture.canvas import Canvas, place
from tests.pipeline.match.pictures import drawn


def test_the_grid_is_met_exactly() -> None:
    image = drawn(8)
    true = Layer(1, width=88, height=97, rotation=401, blur=5, x=60, y=50)
    canvas = Canvas(np.zeros((240, 240, 3), np.uint8), Image.new("RGBA", (240, 240), (200, 190, 30, 255)))
    placed = place(true, image, (240, 240))
    assert placed is not None
    canvas.insert(0, placed)
    canvas.target = canvas.current.copy()
    canvas.remove(0)
    grid = GridSearch(canvas, 0, image, (20, 20, 220, 220))
    near = replace(true, width=89, height=96, rotation=404, blur=4, x=59, y=51)
    found = grid.polish(grid.descend(near), 2)
    assert found == true
    result = grid.result(found, 0)
    assert result is not None
    assert (result.cost, result.exact) == (0, 1.0)
