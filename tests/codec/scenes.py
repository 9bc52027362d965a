"""Random scenes, drawn from a seed: every operation, with the elements of the golden vectors."""

from __future__ import annotations

import functools
import random
from dataclasses import replace

import numpy as np
from PIL import Image

from haac import Inline, Layer, Plate, Scene, Wash, encode_inline, encode_wash, from_text
from haac._vectors import DrawnElements

ELEMENTS = DrawnElements()
WASHES = 20
"""Different ones: each takes a second to encode."""


def random_recipe(rng: random.Random) -> str:
    """A small scene in the text form, with up to four layers."""
    colours = f"{rng.getrandbits(32):08x},{rng.getrandbits(32):08x}"
    background = rng.choice(
        ["", f":c{colours[:8]}", f":g{colours},{rng.randrange(1440):x}", f":e{rng.randint(1, 5)}"]
    )
    return f"haac1:{rng.randint(1, 90):x}x{rng.randint(1, 90):x}{background}" + "".join(
        f";{random_layer(rng)}" for _ in range(rng.randint(1, 4))
    )


def random_layer(rng: random.Random) -> str:
    """A layer in the text form."""
    number = rng.randint(1, 5)
    width, height = ELEMENTS.image(number).size
    left, top = rng.randrange(width), rng.randrange(height)
    functions = [
        f"c{left:x},{top:x},{rng.randint(left + 1, width):x},{rng.randint(top + 1, height):x}",
        "f" + rng.choice(["h", "v", "hv"]),
        *(f"{name}{rng.randint(0, 400):x}" for name in "lku"),
        f"r{rng.choice([rng.randrange(1440), 1, 360, 720, 1080, 1439]):x}",
        f"b{rng.choice([rng.randint(1, 12), rng.randint(1, 200)]):x}",
        f"o{rng.randint(0, 99):x}",
    ]
    size = rng.choice(
        [[f"s{rng.randint(1, 3000):x}"], [f"w{rng.randint(1, 120):x}"], ["w20", f"h{rng.randint(1, 120):x}"]]
    )
    chosen = [function for function in functions if rng.random() < 0.4] + size
    return ".".join([str(number), *chosen, f"p{rng.randint(-60, 90):x},{rng.randint(-60, 90):x}"])


def random_paraphrase(rng: random.Random, usual_canvas: bool) -> Scene:
    """A scene that is marked as similar, on a grid or not; its canvas that of a photograph, or any."""
    scene = replace(from_text(random_recipe(rng)), similar=True)
    grid = rng.choice([1, 2, 4, 8])

    def put(length: int) -> int:
        return max(1, length // grid) * grid

    scene.layers = [
        replace(
            layer,
            x=layer.x // grid * grid,
            y=layer.y // grid * grid,
            width=layer.width and put(layer.width),
            height=layer.height and put(layer.height),
        )
        for layer in scene.layers
    ]
    if usual_canvas:
        scene.width, scene.height = rng.choice([(128, 96), (96, 128), (384, 256), (256, 256), (320, 180)])
    return scene


def random_scene(rng: random.Random) -> Scene:
    """A scene of any kind: also paraphrases, washes with and without alpha, and inline elements, lossless and lossy."""
    match rng.randrange(5):
        case 0:
            scene = random_paraphrase(rng, rng.random() < 0.5)
            if not scene.elements():
                scene.background = Plate(1)
            return scene
        case 1:
            scene = from_text(random_recipe(rng))
            (scene.width, scene.height), scene.background = _wash(rng.randrange(WASHES))
            return scene
        case 2:
            scene = from_text(random_recipe(rng))
            brought = [_inline(rng) for _ in range(rng.randint(1, 3))]
            for _ in range(rng.randint(1, 4)):
                at = rng.randint(0, len(scene.layers))
                layer = Layer(rng.choice(brought), rotation=rng.choice([0, 0, 77]), x=rng.randint(-20, 40))
                scene.layers.insert(at, layer)
            return scene
    return from_text(random_recipe(rng))


@functools.cache
def _wash(seed: int) -> tuple[tuple[int, int], Wash]:
    """A size, and the wash of a picture of it; every third with alpha."""
    rng = random.Random(seed)
    picture = _photograph(rng, rng.randint(8, 240), rng.randint(8, 240), seed % 3 == 0)
    return picture.size, encode_wash(picture, budget=rng.randint(20, 400))


def _inline(rng: random.Random) -> Inline:
    picture = _photograph(rng, rng.randint(1, 70), rng.randint(1, 70), rng.random() < 0.5)
    return encode_inline(picture, rng.choice([5, 40, 80, 95, 100]))


def _photograph(rng: random.Random, width: int, height: int, alpha: bool) -> Image.Image:
    """Blobs and grain; with alpha, round."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    waves = [x * rng.randint(-9, 9) + y * rng.randint(-9, 9) + rng.randint(0, 255) for _ in range(3)]
    grain = (x * 73_856_093 ^ y * 19_349_663) >> 5 & 15
    image = Image.fromarray(
        np.stack([abs(wave % 510 - 255) // 2 + grain for wave in waves], 2).astype(np.uint8)
    )
    if alpha:
        away = (2 * x - width) ** 2 + (2 * y - height) ** 2
        image.putalpha(Image.fromarray(np.clip((width * height - away) // 8, 0, 255).astype(np.uint8)))
    return image
