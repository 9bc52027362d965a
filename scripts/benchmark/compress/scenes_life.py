"""Pictures as they come in life, with a seed: what `scripts/benchmark/scenes.py` leaves out."""

from __future__ import annotations

import random
from dataclasses import replace

from PIL import Image, ImageDraw

from haac import Colour, ElementCache, Scene, render
from haac_repo import Repository
from scripts.benchmark.scenes import BACKGROUND_TAG, Composite, fill, gradient, layer_of

LIFE = ("border", "copies", "transparent")
"""A screenshot: the picture in a window with a title and a frame; three to six copies each of two elements, some in one size and
turn, as on slides; a picture on transparent background."""


def life(repository: Repository, kind: str, seed: int, index: int) -> Composite:
    """One picture; the same for the same seed and index. Its scene says where the elements are, not what else there is."""
    rng = random.Random(f"{seed} {kind} {index}")
    source = ElementCache(repository)
    numbers = [element.number for element in repository.elements() if BACKGROUND_TAG not in element.tags]
    width, height = rng.randint(512, 1600), rng.randint(512, 1600)
    scene = Scene(width, height, Colour(rng.randrange(2**24) << 8 | 0xFF))
    match kind:
        case "border":
            if rng.random() < 0.5:
                scene.background = gradient(rng)
            fill(scene, source, rng, numbers, rng.randint(3, 12))
            return _window(scene, source, rng)
        case "copies":
            _copies(scene, source, rng, numbers)
        case "transparent":
            scene.background = None
            fill(scene, source, rng, numbers, rng.randint(3, 12))
            return Composite(scene, render(scene, source))
        case _:
            raise ValueError(kind)
    return Composite(scene, render(scene, source).convert("RGB"))


def _window(scene: Scene, source: ElementCache, rng: random.Random) -> Composite:
    """A screenshot of a window that shows the scene."""
    edge, title = rng.randint(1, 24), rng.randint(24, 48)
    paper, line = rng.choice([("#f3f3f3", "#c8c8c8"), ("#24262b", "#3c3f46"), ("#ffffff", "#dddddd")])
    shot = Image.new("RGB", (scene.width + 2 * edge, scene.height + title + edge), paper)
    draw = ImageDraw.Draw(shot)
    draw.line((0, title - 1, shot.width, title - 1), line)
    for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        draw.ellipse((10 + 20 * n, title // 2 - 6, 22 + 20 * n, title // 2 + 6), fill=colour)
    draw.text((90, title // 2), "Untitled - Picture", line, anchor="lm")
    shot.paste(render(scene, source).convert("RGB"), (edge, title))
    moved = [replace(layer, x=layer.x + edge, y=layer.y + title) for layer in scene.layers]
    return Composite(Scene(*shot.size, scene.background, moved), shot)


def _copies(scene: Scene, source: ElementCache, rng: random.Random, numbers: list[int]) -> None:
    """Two elements several times, in rows that do not overlap."""
    for row in range(2):
        number = rng.choice(numbers)
        count = rng.randint(3, 6)
        model = replace(layer_of(scene, source.image(number).size, number, rng), blur=rng.randint(0, 3))
        same = rng.random() < 0.5
        cell = scene.width // count, scene.height // 2
        for n in range(count):
            layer = model if same else replace(model, rotation=rng.randrange(1440))
            width, height = layer.size(*source.image(number).size)
            fit = min(1.0, 0.7 * min(cell) / max(width, height))
            layer = replace(layer, width=max(12, round(width * fit)), height=None, opacity=100)
            width, height = layer.size(*source.image(number).size)
            x = n * cell[0] + (cell[0] - width) // 2 + (0 if same else rng.randint(-8, 8))
            y = row * cell[1] + (cell[1] - height) // 2 + (0 if same else rng.randint(-8, 8))
            scene.layers.append(replace(layer, x=x, y=y))
