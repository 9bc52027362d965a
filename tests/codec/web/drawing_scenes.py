"""Scenes in the shape that the web decoder has them in, as JSON; and random ones, of every operation and of extreme sizes."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from haac import LIMITS, Colour, Gradient, Inline, Layer, Plate, Scene, Wash, encode_inline, encode_wash
from haac._scene import Background
from haac._wash_value import band_shapes, grid
from haac_repo import LIMITS as REPO_LIMITS
from haac_repo import RecipeError
from tests.codec.web.engines import run

MODULE = Path(__file__).with_name("drawing.mjs")

Case = tuple[str, Any]


class Pictures:
    """Elements of a test by number; any number beyond them wraps round."""

    def __init__(self, images: Sequence[Image.Image], inlines: Sequence[Inline] = ()) -> None:
        self._images = images
        self.inlines = inlines

    def image(self, ref: int) -> Image.Image:
        return self._images[(ref - 1) % len(self._images)]

    def size(self, ref: int) -> tuple[int, int]:
        return self.image(ref).size


def plain(scene: Scene) -> dict[str, Any]:
    """A scene as JSON."""
    return {
        "width": scene.width,
        "height": scene.height,
        "fingerprint": scene.fingerprint,
        "similar": scene.similar,
        "background": _background(scene.background),
        "layers": [_layer(layer) for layer in scene.layers],
    }


def _background(background: Background) -> dict[str, Any] | None:
    match background:
        case Colour(rgba):
            return {"kind": "colour", "rgba": rgba}
        case Gradient(start, end, angle):
            return {"kind": "gradient", "start": start, "end": end, "angle": angle}
        case Plate(element):
            return {"kind": "plate", "element": element}
        case Wash():
            return {"kind": "wash", "wash": plain_wash(background)}
    return None


def plain_wash(wash: Wash) -> dict[str, Any]:
    """A wash as JSON."""
    channels = [base64.b64encode(channel).decode() for channel in wash.channels]
    return {"width": wash.width, "height": wash.height, "step": wash.step, "channels": channels}


def _layer(layer: Layer) -> dict[str, Any]:
    values = {field.name: getattr(layer, field.name) for field in fields(layer)}
    if isinstance(layer.element, Inline):
        width, height = layer.element.size
        data = base64.b64encode(layer.element.data).decode()
        values["element"] = {"key": _key(layer.element), "data": data, "width": width, "height": height}
    return values


def _key(element: int | Inline) -> str:
    return hashlib.sha256(element.data).hexdigest() if isinstance(element, Inline) else str(element)


def _elements(scene: Scene) -> list[int | Inline]:
    plate: list[int | Inline] = [scene.background.element] if isinstance(scene.background, Plate) else []
    return plate + [layer.element for layer in scene.layers]


def ask(
    engine: str,
    folder: Path,
    cases: list[Case],
    scenes: Sequence[Scene] = (),
    pictures: Pictures | None = None,
) -> Any:
    """What the web's renderer answers to cases; it gets the pixels of the elements of `scenes`."""
    elements: dict[str, Any] = {}
    pixels = bytearray()
    for element in (element for scene in scenes for element in _elements(scene)):
        if _key(element) not in elements:
            if isinstance(element, Inline):
                image = element.image()
            else:
                assert pictures is not None
                image = pictures.image(element)
            elements[_key(element)] = {"size": image.size, "at": len(pixels)}
            pixels += image.tobytes()
    return _asked(engine, folder, cases, elements, bytes(pixels))


def ask_sizes(engine: str, folder: Path, cases: list[Case], sizes: dict[int, tuple[int, int]]) -> Any:
    """`ask`, with elements that have a size and no pixels."""
    return _asked(
        engine, folder, cases, {str(n): {"size": size, "at": None} for n, size in sizes.items()}, b""
    )


def _asked(engine: str, folder: Path, cases: list[Case], elements: dict[str, Any], pixels: bytes) -> Any:
    request = {"elements": elements, "cases": [{"kind": kind, "value": value} for kind, value in cases]}
    (folder / "request.json").write_text(json.dumps(request), "utf-8")
    (folder / "pixels.bin").write_bytes(pixels)
    return run(engine, MODULE, folder)


def random_pictures(rng: random.Random, count: int) -> Pictures:
    """Elements of 1 to 300 pixels a side: noise, smooth, flat; opaque, with soft edges, with holes, with wide margins."""
    inlines = [encode_inline(_picture(rng), rng.choice([5, 80, 100])) for _ in range(count // 3)]
    return Pictures([_picture(rng) for _ in range(count)], inlines)


def _picture(rng: random.Random) -> Image.Image:
    width, height = (rng.choice([1, 2, 3, rng.randint(1, 40), rng.randint(1, 300)]) for _ in range(2))
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    noise = np.random.default_rng(rng.getrandbits(32)).integers(0, 256, (4, height, width))
    waves = [
        abs((x * rng.randint(-9, 9) + y * rng.randint(-9, 9) + rng.randint(0, 510)) % 510 - 255)
        for _ in range(3)
    ]
    colours = rng.choice([list(noise[:3]), waves, [np.full_like(x, rng.randint(0, 255)) for _ in range(3)]])
    away = (2 * x - width) ** 2 + (2 * y - height) ** 2
    inner = (x > width // 4) & (x < width - width // 3) & (y > height // 3)
    alphas = [
        np.full_like(x, 255),
        noise[3],
        np.clip((width * height - away) // 8, 0, 255),
        np.where(inner, 255, 0),
        np.where(inner, noise[3], 0),
        np.full_like(x, rng.randint(0, 255)),
        (x + y) // 6 % 4 * 85,
    ]
    return Image.fromarray(np.stack([*colours, rng.choice(alphas)], 2).astype(np.uint8))


def random_scene(
    rng: random.Random, pictures: Pictures, washes: Sequence[tuple[Wash, tuple[int, int]]]
) -> Scene:
    """Up to five layers, of every operation, over any background, partly or wholly outside a canvas of 1 to 300 pixels a side."""
    width, height = (rng.choice([rng.randint(1, 9), rng.randint(1, 300)]) for _ in range(2))
    background: Background = None
    match rng.randrange(6):
        case 0:
            background = Colour(rng.getrandbits(32))
        case 1 | 2:
            background = Gradient(
                rng.getrandbits(32), rng.getrandbits(32), rng.choice([rng.randrange(1440), 0, 360, 720, 1080])
            )
        case 3:
            background = Plate(rng.randint(1, 40))
        case 4:
            background, (width, height) = rng.choice(washes)
    scene = Scene(width, height, background)
    for _ in range(rng.randint(0, 5)):
        scene.layers.append(random_layer(rng, scene, pictures))
    return scene


def random_layer(rng: random.Random, scene: Scene, pictures: Pictures) -> Layer:
    """A layer that may be where it can be seen."""

    def perhaps(value: Any, otherwise: Any, chance: float = 0.3) -> Any:
        return value if rng.random() < chance else otherwise

    element = rng.choice(pictures.inlines) if rng.random() < 0.1 else rng.randint(1, 40)
    width, height = element.size if isinstance(element, Inline) else pictures.size(element)
    left, top = rng.randrange(width), rng.randrange(height)
    sizes: list[dict[str, int]] = [
        {},
        {"scale": rng.choice([rng.randint(1, 3000), 1, 16_000 if max(width, height) < 100 else 4000])},
        {"width": rng.randint(1, 400)},
        {"height": rng.randint(1, 400)},
        {"width": rng.randint(1, 400), "height": rng.randint(1, 400)},
        {"width": rng.choice([1, 2, 3, 1000]), "height": rng.choice([1, 2, 3, 1000])},
    ]
    chosen = rng.choice(sizes)
    layer = Layer(
        element,
        crop=perhaps((left, top, rng.randint(left + 1, width), rng.randint(top + 1, height)), None),
        flip=perhaps(rng.choice(["h", "v", "hv"]), ""),
        brightness=perhaps(rng.randint(0, 400), 100, 0.2),
        contrast=perhaps(rng.randint(0, 400), 100, 0.2),
        saturation=perhaps(rng.randint(0, 400), 100, 0.2),
        rotation=perhaps(rng.choice([rng.randrange(1440), 1, 360, 720, 1080, 1439]), 0, 0.5),
        blur=perhaps(rng.choice([rng.randint(1, 12), rng.randint(1, 200), rng.randint(1, 1000)]), 0),
        opacity=perhaps(rng.randint(0, 99), 100),
        x=rng.randint(-200, scene.width),
        y=rng.randint(-200, scene.height),
        **chosen,
    )
    try:
        across, down = layer.size(width, height)
    except RecipeError:
        across = down = LIMITS.layer_side
    return (
        layer
        if across * down < 2**18 or rng.random() < 0.02
        else replace(layer, width=99, height=99, scale=None)
    )


def random_washes(rng: random.Random, count: int) -> list[tuple[Wash, tuple[int, int]]]:
    """Washes and the canvas of each: of pictures, one of them with alpha, and sparse ones, which cost no encoding."""
    found = list(_pictured())
    while len(found) < count:
        size = rng.randint(1, 300), rng.randint(1, 300)
        width, height = grid(*size, rng.randint(0, 4))
        found.append((_sparse_wash(rng, width, height), size))
    return found


@functools.cache
def _pictured() -> tuple[tuple[Wash, tuple[int, int]], ...]:
    rng = random.Random(3)
    found = []
    for n, (width, height) in enumerate([(60, 45), (33, 50)]):
        y, x = np.mgrid[0:height, 0:width].astype(np.int64)
        waves = [abs((x * rng.randint(-9, 9) + y * rng.randint(-9, 9)) % 510 - 255) for _ in range(3)]
        away = (2 * x - width) ** 2 + (2 * y - height) ** 2
        alpha = np.clip((width * height - away) // 8, 0, 255)
        image = Image.fromarray(np.stack([*waves, *([alpha] if n else [])], 2).astype(np.uint8))
        found.append((encode_wash(image, budget=80), (width, height)))
    return tuple(found)


def _sparse_wash(rng: random.Random, width: int, height: int) -> Wash:
    """Fewer and smaller coefficients towards the fine bands, as in a picture."""
    generator = np.random.default_rng(rng.getrandbits(32))
    shapes = band_shapes(width, height)
    channels = []
    for _ in range(rng.choice([3, 3, 4])):
        bands = []
        for n in range(rng.randint(0, len(shapes))):
            values = generator.laplace(0, 6 / (1 + n), shapes[n]).astype("<i2").ravel()
            values[-1:] = 1  # a last band has to hold something
            bands.append(values.tobytes())
        channels.append(b"".join(bands))
    return Wash(width, height, rng.randint(20, 60), tuple(channels))


def hostile_wash(rng: random.Random, long: int) -> Wash:
    """A wash that no encoder makes: large coefficients everywhere, of either sign."""
    short = rng.randint(1, min(long, 2048 // long))
    width, height = rng.choice([(long, short), (short, long)])
    largest = rng.choice([3, 300, 4095])
    generator = np.random.default_rng(rng.getrandbits(32))
    count = sum(rows * columns for rows, columns in band_shapes(width, height))
    few = rng.random() < 0.5
    channels = []
    for _ in range(rng.choice([3, 4])):
        values = (
            generator.choice([-largest, largest], count)
            if few
            else generator.integers(-largest, largest + 1, count)
        )
        values[-1] = 1
        channels.append(values.astype("<i2").tobytes())
    return Wash(width, height, rng.choice([0, 20, 63]), tuple(channels))


def hostile_scene(rng: random.Random) -> Scene:
    """A scene that may ask for more than the limits allow; its elements have the sizes of `hostile_sizes`."""

    def length(most: int = 16_383) -> int:
        return rng.choice([rng.randint(1, 300), rng.randint(1, 3000), rng.randint(1, most)])

    width = length()
    height = min(rng.choice([length(), 16_383]), LIMITS.canvas_pixels // width)
    backgrounds: list[Background] = [None, Colour(255), Gradient(1, 2, 3), Plate(rng.randint(1, 30))]
    scene = Scene(width, height, rng.choice(backgrounds))
    for _ in range(rng.choice([1, 3, rng.randint(1, 20)])):
        left, top = rng.randint(0, 400), rng.randint(0, 400)
        crop = (left, top, left + length(9000), top + length(9000)) if rng.random() < 0.1 else None
        size = rng.choice([{}, {"scale": rng.randint(1, 16_000)}, {"width": length()}, {"height": length()}])
        size = size or rng.choice([{}, {"width": length(), "height": length()}])
        far = rng.choice([width, 3 * width, LIMITS.position])
        scene.layers.append(
            Layer(
                rng.randint(1, 30),
                crop=crop,
                flip=rng.choice(["", "", "h", "hv"]),
                contrast=rng.choice([100, 90]),
                saturation=rng.choice([100, 100, 90]),
                rotation=rng.choice([0, 0, 360, 720, 1080, rng.randrange(1440), rng.randrange(1440)]),
                blur=rng.choice([0, 0, rng.randint(0, 1000)]),
                x=rng.randint(-far, far),
                y=rng.randint(-far, far) if rng.random() < 0.3 else rng.randint(-height, height),
                **size,
            )
        )
    if rng.random() < 0.1:
        scene.width, scene.height = rng.choice([(16_383, 2048), (2048, 16_383), (5792, 5792)])
        scene.layers.append(Layer(4, width=scene.width, height=scene.height, blur=rng.randint(1, 1000)))
    scene.layers *= rng.choice([1, 1, 30, 200])
    return scene


def hostile_sizes(rng: random.Random) -> dict[int, tuple[int, int]]:
    """Sizes of the elements 1 to 30; every fourth has as many pixels as one may have."""
    sizes = {}
    for n in range(1, 31):
        width = rng.randint(2049, 16_383) if n % 4 == 0 else rng.randint(1, rng.choice([300, 2000, 16_383]))
        most = min(16_383, REPO_LIMITS.element_pixels // width)
        sizes[n] = width, most if n % 4 == 0 else rng.randint(1, most)
    return sizes


def edited(rng: random.Random, scene: Scene, pictures: Pictures) -> Scene:
    """The next scene as an editor makes it: a layer moved, changed, added, removed, put elsewhere; seldom the background or the canvas."""
    layers = list(scene.layers)
    at = rng.randrange(len(layers)) if layers else 0
    match rng.randrange(12 if layers else 2):
        case 0:
            layers.insert(at, random_layer(rng, scene, pictures))
        case 1:
            background = rng.choice(
                [None, Colour(rng.getrandbits(32)), Gradient(rng.getrandbits(32), 255, 77), Plate(3)]
            )
            return replace(scene, background=background, layers=layers)
        case 2:
            del layers[at]
        case 3:
            layers.insert(rng.randrange(len(layers)), layers.pop(at))
        case 4:
            layers[at] = replace(layers[at], opacity=rng.randint(0, 100))
        case 5:
            layers[at] = replace(random_layer(rng, scene, pictures), x=layers[at].x, y=layers[at].y)
        case 6:
            layers.append(replace(layers[at], x=layers[at].x + 10))
        case 7 if not isinstance(scene.background, Wash):
            return replace(scene, width=rng.randint(1, 300), layers=layers)
        case 8:
            pass
        case _:
            x, y = layers[at].x + rng.randint(-30, 30), layers[at].y + rng.randint(-30, 30)
            layers[at] = replace(layers[at], x=x, y=y)
    return replace(scene, layers=layers)
