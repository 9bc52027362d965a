"""The renderer of the web draws the same pixels as Python's, bit for bit, and refuses the same scenes."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac import Colour, Gradient, Inline, Layer, Plate, Scene, Wash, from_text, render
from haac._vectors import DrawnElements, load_vectors

RUNNER = Path(__file__).with_name("drawing_run.mjs")


class Pictures:
    """Elements by number; any number beyond them wraps round."""

    def __init__(self, images: list[Image.Image]) -> None:
        self.images = images

    def image(self, ref: int) -> Image.Image:
        return self.images[(ref - 1) % len(self.images)]

    def size(self, ref: int) -> tuple[int, int]:
        return self.image(ref).size


DRAWN = Pictures([DrawnElements().image(n) for n in range(1, 6)])


def plain(scene: Scene) -> dict[str, Any]:
    """A scene in the shape that the web decoder has it in, as JSON."""
    return {
        "width": scene.width,
        "height": scene.height,
        "fingerprint": scene.fingerprint,
        "similar": scene.similar,
        "background": plain_background(scene.background),
        "layers": [plain_layer(layer) for layer in scene.layers],
    }


def plain_background(background: object) -> dict[str, Any] | None:
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
    channels = [base64.b64encode(channel).decode() for channel in wash.channels]
    return {"width": wash.width, "height": wash.height, "step": wash.step, "channels": channels}


def plain_layer(layer: Layer) -> dict[str, Any]:
    values = {name: getattr(layer, name) for name in Layer.__dataclass_fields__}
    if isinstance(layer.element, Inline):
        width, height = layer.element.size
        values["element"] = {"key": key_of(layer.element), "width": width, "height": height}
    return values


def key_of(element: int | Inline) -> str:
    return "i" + hashlib.sha256(element.data).hexdigest() if isinstance(element, Inline) else str(element)


def elements_of(scene: Scene) -> list[int | Inline]:
    plate = [scene.background.element] if isinstance(scene.background, Plate) else []
    return [*plate, *(layer.element for layer in scene.layers)]


def run(folder: Path, cases: list[tuple[str, Any]], scenes: list[Scene], pictures: Pictures, **request: Any) -> list[Any]:
    """What the web decoder answers to the cases; `scenes` are those whose elements it needs the pixels of."""
    sizes = {}
    for element in {element for scene in scenes for element in elements_of(scene)}:
        image = element.image() if isinstance(element, Inline) else pictures.image(element)
        sizes[key_of(element)] = image.size
        (folder / f"{key_of(element)}.rgba").write_bytes(image.tobytes())
    asked = {"sizes": sizes, "cases": [{"kind": kind, "value": value} for kind, value in cases], **request}
    (folder / "request.json").write_text(json.dumps(asked))
    return answers_of(folder / "request.json")


def answers_of(request: Path) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    done = subprocess.run([node, str(RUNNER), str(request)], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


def hash_of(image: Image.Image) -> str:
    size = b"".join(side.to_bytes(4, "big") for side in image.size)
    return hashlib.sha256(size + image.tobytes()).hexdigest()


def test_golden_vectors(tmp_path: Path) -> None:
    vectors = load_vectors()
    scenes = [from_text(vector.text) for vector in vectors]
    found = run(tmp_path, [("render", plain(scene)) for scene in scenes], scenes, DRAWN)
    expected = [vector.pixels for vector in vectors]
    wrong = [vector.name for vector, a, b in zip(vectors, expected, found, strict=True) if a != b]
    assert not wrong
