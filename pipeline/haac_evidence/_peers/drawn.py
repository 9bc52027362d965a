"""Scenes drawn from the elements of a repository with a seed, and the bytes that such a repository takes."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from haac import Layer, Scene
    from haac_repo import Repository

CANVAS = 320, 240
_LEAST = 24
"""Pixels of the shorter side of an element that is used."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A scene, and its picture."""

    name: str
    picture: Image.Image
    """RGB."""
    elements: tuple[int, ...]
    """Numbers of those that it uses."""


@dataclass(frozen=True, slots=True)
class CatalogBytes:
    """What a client holds to decode recipes."""

    elements: int
    bytes: int
    """Of all that the repository publishes: packs, log, head."""
    used_elements: int
    used_bytes: int
    """Of the elements that the scenes use, with their part of the log."""


def scenes(repository: Repository, count: int, seed: int = 0) -> Iterator[Drawn]:
    """Pictures of three to eight elements on a colour or a gradient; the same for the same repository and seed."""
    from haac import Colour, ElementCache, Gradient, Scene, render

    numbers = sorted(e.number for e in repository.elements() if min(e.width, e.height) >= _LEAST)
    if not numbers:
        return
    for index in range(count):
        rng = random.Random(f"{seed} {index}")
        first, last = (rng.randrange(2**24) << 8 | 0xFF for _ in range(2))
        background = Colour(first) if index % 2 else Gradient(first, last, rng.randrange(1440))
        scene = Scene(*CANVAS, background)
        source = ElementCache(repository)
        for number in rng.sample(numbers, min(rng.randint(3, 8), len(numbers))):
            scene.layers.append(_layer(scene, number, source.image(number).size, rng))
        picture = render(scene, source).convert("RGB")
        yield Drawn(f"scene {index + 1}", picture, tuple(sorted({layer.number for layer in scene.layers})))


def _layer(scene: Scene, number: int, size: tuple[int, int], rng: random.Random) -> Layer:
    """An element of 20 to 50 per cent of the canvas's height, somewhere on it; every other one turned."""
    from haac import Layer

    scale = min(2.0, rng.uniform(0.2, 0.5) * scene.height / max(size))
    width, height = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    return Layer(
        number,
        width=width,
        flip="h" if rng.random() < 0.2 else "",
        rotation=rng.randrange(1440) if rng.random() < 0.5 else 0,
        x=rng.randrange(scene.width) - width // 2,
        y=rng.randrange(scene.height) - height // 2,
    )


def catalog_bytes(repository: Repository, used: set[int]) -> CatalogBytes:
    """Bytes of what the repository publishes, which is measured on a copy of it.

    Args:
        repository: of any role.
        used: numbers of the elements that recipes use.
    """
    from haac_repo import Repository, publish

    lengths = {e.number: e.length for e in repository.elements()}
    with tempfile.TemporaryDirectory(prefix="haac-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(repository.path, copy, ignore=shutil.ignore_patterns("index*", "similar*", "*.lock"))
        with Repository.open(copy) as copied:
            if copied.role != "mirror":
                publish(copied)
        published = copy / "public" if (copy / "public").is_dir() else copy
        total = sum(path.stat().st_size for path in published.rglob("*") if path.is_file())
    log = max(0, total - sum(lengths.values())) / max(1, len(lengths))
    return CatalogBytes(
        elements=len(lengths),
        bytes=total,
        used_elements=len(used),
        used_bytes=round(sum(lengths[number] + log for number in used)),
    )
