"""Elements on a photograph that is in no catalog: what is found is exact."""

from __future__ import annotations

import numpy as np
from PIL import Image

from haac import Layer
from haac_match import Matcher
from haac_match._fit.cutout import CutoutCache
from haac_match._index.index import load
from haac_match._picture.canvas import place
from haac_match._solve.context import Context
from haac_match._solve.photo import PhotoSolver
from haac_repo import Repository
from tests.pipeline.match.pictures import PHOTO_LAYERS, calm, composed, scenery


def test_layers_on_a_foreign_ground_are_found_exactly(photo_repository: Repository) -> None:
    ground = scenery(99).resize((700, 520), Image.Resampling.BICUBIC)
    found = Matcher(photo_repository).compress(composed(photo_repository, PHOTO_LAYERS, ground))
    key = lambda layer: (layer.element, layer.x)  # noqa: E731
    assert sorted(found.scene.layers, key=key) == sorted(PHOTO_LAYERS, key=key)


def test_a_sky_is_no_ground(photo_repository: Repository) -> None:
    noise = np.random.default_rng(5)
    sky = np.linspace((90, 140, 230), (200, 220, 250), 520)[:, None] + noise.normal(0, 1.2, (520, 700, 1))
    pixels = np.asarray(scenery(98).resize((700, 520), Image.Resampling.BICUBIC).convert("RGB")).copy()
    pixels[:330] = np.clip(np.round(sky[:330]), 0, 255)
    picture = composed(photo_repository, PHOTO_LAYERS[:3], Image.fromarray(pixels).convert("RGBA"))
    found = Matcher(photo_repository).compress(picture)
    assert sorted(layer.number for layer in found.scene.layers) == [1, 3, 5]


def test_threads_change_nothing(photo_repository: Repository) -> None:
    ground = scenery(97).resize((600, 480), Image.Resampling.BICUBIC)
    picture = composed(photo_repository, PHOTO_LAYERS[:2], ground)
    one, four = (Matcher(photo_repository, threads=threads).compress(picture).scene for threads in (1, 4))
    assert one.layers == four.layers
    assert one.background == four.background


def test_a_layer_without_an_opaque_pixel_is_proved_by_all_that_shows_of_it(
    photo_repository: Repository,
) -> None:
    layer = Layer(11, width=52, rotation=222, blur=11, x=140, y=130)
    placed = place(layer, photo_repository.image(11), (600, 480))
    assert placed is not None
    assert np.asarray(placed.pixels.getchannel("A")).max() < 255
    picture = np.asarray(composed(photo_repository, [layer, PHOTO_LAYERS[3]], calm(94, (600, 480))))
    solver = PhotoSolver(picture, Context(CutoutCache(photo_repository), load(photo_repository)))
    solver.solve()
    assert {placed.layer for placed in solver.canvas.layers} == {layer, PHOTO_LAYERS[3]}


def test_what_is_translucent_shows_by_the_edges_that_go_with_it(photo_repository: Repository) -> None:
    layers = [
        Layer(1, width=120, rotation=222, opacity=72, x=60, y=40),
        Layer(6, width=150, rotation=40, blur=4, opacity=85, x=300, y=200),
    ]
    ground = scenery(96).resize((600, 480), Image.Resampling.BICUBIC)
    found = Matcher(photo_repository).compress(composed(photo_repository, layers, ground))
    assert sorted(found.scene.layers, key=lambda layer: layer.x) == layers
