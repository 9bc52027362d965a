"""Catalogs of real cut-outs, and pictures composed from them with a seed: what `scripts/benchmark/compress/` compresses."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from haac import Colour, ElementCache, Gradient, Layer, Plate, Scene, render
from haac_repo import NewElement, Repository
from scripts.lib.elements import new_element

BACKGROUNDS = ("plain", "gradient", "catalog", "foreign")
BACKGROUND_TAG = "ground"
"""Of whole photographs; catalogs that were built before have it, too."""
CATALOGS = (100, 1_000, 3_583)
"""Elements; the last has all emoji, and the cut-outs and backgrounds beside them."""

FOREIGN = 10**9
"""Number under which the foreign photograph stands while a composite is rendered."""

_VISIBLE = 0.4
"""Each layer shows at least this part of itself."""


@dataclass(frozen=True, slots=True)
class Composite:
    """A picture, and how it was made."""

    scene: Scene
    picture: Image.Image
    """RGB."""


def build_catalog(data: Path, folder: Path, size: int) -> Repository:
    """A repository of emoji, cut-outs of objects in photographs (offline model) and whole photographs as backgrounds, in `folder`.

    Of the 250 photographs every other one is used; the rest stay foreign.

    Args:
        data: with `emoji/128` and `train`.
        size: about how many elements; a tenth each are cut-outs and backgrounds where the photographs last.
    """
    path = folder / str(size)
    if path.exists():
        return Repository.open(path)
    rng = random.Random(size)
    emoji = sorted((data / "emoji" / "128").glob("*.png"))
    photographs = sorted((data / "train").iterdir())[::2]
    tenth = min(len(photographs), max(1, size // 10))
    chosen = emoji if size >= len(emoji) else rng.sample(emoji, size - 2 * tenth)
    backgrounds, cutouts = rng.sample(photographs, tenth), rng.sample(photographs, tenth)
    with (
        Repository.create(path) as repository,
        repository.writer() as writer,
        ProcessPoolExecutor(mp_context=get_context("spawn")) as pool,
    ):
        for kind, made in (
            ("emoji", pool.map(_whole, chosen, chunksize=16)),
            (BACKGROUND_TAG, pool.map(_whole, backgrounds)),
            ("cut-out", pool.map(_cutout, cutouts)),
        ):
            for new in made:
                if new is not None:
                    writer.add(replace(new, tags=(kind,)))
    return Repository.open(path)


def _whole(path: Path) -> NewElement:
    image = Image.open(path).convert("RGBA")
    return new_element(image.crop(image.getchannel("A").getbbox()), path.stem)


def _cutout(path: Path) -> NewElement | None:
    """The largest object of a photograph, cut out, or None if it has less than 48 pixels a side."""
    from haac_pipeline._segment.cutout import cut_out, objects, picture
    from haac_pipeline._segment.session import mask

    image = Image.open(path).convert("RGB")
    image.thumbnail((512, 512))
    found = objects(cut_out(np.asarray(image), np.asarray(mask(image, "offline"))), split=True)
    largest = max(found, key=lambda cutout: cutout.size, default=None)
    if largest is None or min(largest.shape[:2]) < 48:
        return None
    return new_element(picture(largest), path.stem)


class _Source:
    def __init__(self, repository: Repository, foreign: Image.Image | None) -> None:
        self._repository, self._foreign = repository, foreign

    def image(self, ref: int) -> Image.Image:
        if ref == FOREIGN and self._foreign is not None:
            return self._foreign
        return self._repository.image(ref)


def foreign_photographs(data: Path) -> list[Path]:
    """Photographs that are in no catalog."""
    return [*sorted((data / "train").iterdir())[1::2], *sorted((data / "photos").glob("*.*"))]


def composites(
    repository: Repository,
    background: str,
    count: int,
    seed: int,
    foreign: list[Path] | None = None,
    *,
    first: int = 0,
    tried: list[Layer] | None = None,
) -> Iterator[Composite]:
    """Pictures of 3 to 12 layers from the repository's cut-outs; the same for the same seed.

    Args:
        background: one of BACKGROUNDS.
        foreign: photographs for the background "foreign".
        first: begin with this one of the series.
        tried: gets every layer that is drawn, also those that hide too much and are drawn again.
    """
    elements = list(repository.elements())
    cutouts = [e for e in elements if BACKGROUND_TAG not in e.tags]
    backgrounds = [e.number for e in elements if BACKGROUND_TAG in e.tags]
    for index in range(first, first + count):
        rng = random.Random(f"{seed} {background} {index}")
        width, height = rng.randint(512, 1600), rng.randint(512, 1600)
        photograph = None
        if background == "plain":
            scene = Scene(width, height, Colour(rng.randrange(2**24) << 8 | 0xFF))
        elif background == "gradient":
            scene = Scene(width, height, gradient(rng))
        elif background == "catalog":
            scene = Scene(width, height, Plate(rng.choice(backgrounds)))
        else:
            photograph = Image.open(rng.choice(foreign or [])).convert("RGBA")
            scene = Scene(width, height, Plate(FOREIGN))
        source = ElementCache(_Source(repository, photograph))
        fill(scene, source, rng, [e.number for e in cutouts], rng.randint(3, 12), tried)
        yield Composite(scene, render(scene, source).convert("RGB"))


def gradient(rng: random.Random) -> Gradient:
    """Of two opaque colours and any direction."""
    first, last = (rng.randrange(2**24) << 8 | 0xFF for _ in range(2))
    return Gradient(first, last, rng.randrange(1440))


def fill(
    scene: Scene,
    source: ElementCache,
    rng: random.Random,
    numbers: list[int],
    count: int,
    tried: list[Layer] | None = None,
) -> None:
    """Put layers on top of each other such that each remains visible; `tried` gets those, too, that do not."""
    shown: list[tuple[np.ndarray, float]] = []  # visible pixels of each layer, and its area in pixels
    for _ in range(100 * count):
        if len(scene.layers) == count:
            return
        again = scene.layers and rng.random() < 0.1
        number = rng.choice(scene.layers).number if again else rng.choice(numbers)
        layer = layer_of(scene, source.image(number).size, number, rng)
        if tried is not None:
            tried.append(layer)
        alpha, area = _alpha(scene, layer, source)
        visible = [(mask & (alpha < 128), whole) for mask, whole in shown]
        visible.append((alpha >= 128 * layer.opacity // 100, area))
        if area and all(int(mask.sum()) >= _VISIBLE * whole for mask, whole in visible):
            shown = visible
            scene.layers.append(layer)


def layer_of(scene: Scene, size: tuple[int, int], number: int, rng: random.Random) -> Layer:
    """A layer of an element of this size, somewhere on the canvas."""
    scale = math.exp(rng.uniform(math.log(0.25), math.log(2)))
    uneven = math.exp(rng.uniform(-0.25, 0.25)) if rng.random() < 0.2 else 1.0
    scale *= min(1.0, 0.9 * min(scene.width, scene.height) / (scale * max(size) * max(uneven, 1 / uneven)))
    width = max(8, round(size[0] * scale * uneven))
    layer = Layer(number, width=width)
    if uneven != 1.0:
        layer = replace(layer, height=max(8, round(size[1] * scale / uneven)))
    shape = layer.size(*size)
    return replace(
        layer,
        flip="h" if rng.random() < 0.1 else "",
        rotation=rng.randrange(1440),
        blur=rng.randint(0, 12),
        opacity=rng.randint(50, 90) if rng.random() < 0.1 else 100,
        x=rng.randrange(scene.width) - shape[0] // 2,
        y=rng.randrange(scene.height) - shape[1] // 2,
    )


def _alpha(scene: Scene, layer: Layer, source: ElementCache) -> tuple[np.ndarray, float]:
    """Alpha of one layer on the canvas, and how many pixels it would have on an endless one."""
    width, height = layer.size(*source.image(layer.element).size)
    room = (width + height) // 2 + 16
    canvas = Scene(
        scene.width + 2 * room,
        scene.height + 2 * room,
        layers=[replace(layer, x=layer.x + room, y=layer.y + room)],
    )
    alpha = np.asarray(render(canvas, source))[:, :, 3]
    return alpha[room:-room, room:-room], float((alpha >= 128 * layer.opacity // 100).sum())
