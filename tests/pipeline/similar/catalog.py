"""A catalog of coloured shapes, and a stub of a network that knows kinds by their colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from haac_repo import Repository
from haac_similar import Embeddings, Similar, SimilarIndex
from haac_similar._index.index import rows_of
from haac_similar._kinds import CLASSES
from tests.repo.elements import element_from

Mask = npt.NDArray[np.uint8]
COLOURS = {"dog": (220, 20, 30), "cat": (20, 190, 40), "boat": (30, 40, 210), "clothing": (220, 200, 20)}
_CLASSES = {"dog": 200, "cat": 285, "boat": 472, "clothing": 474}
SIZE = (80, 60)


def shape(kind: str, seed: int = 0, size: tuple[int, int] = (40, 30)) -> Image.Image:
    """An element of a kind, a little different for each seed."""
    alpha = Image.new("L", (40, 30))
    ImageDraw.Draw(alpha).polygon(
        [(2, 2), (11 + seed, 1), (14, 17), (38, 20), (37, 28 - seed), (3, 27)], fill=255
    )
    values = np.full((30, 40, 3), COLOURS[kind], np.int16)
    values += np.random.default_rng(seed).integers(-6, 7, values.shape, np.int16)
    made = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).convert("RGBA")
    made.putalpha(alpha)
    return made.resize(size)


def photograph(*objects: tuple[str, int, int], size: tuple[int, int] = SIZE) -> tuple[Image.Image, Mask]:
    """A photograph of objects (kind, x, y) on uneven ground, and their mask."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    ground = np.stack([150 + x % 40, 140 + y % 50, 130 + (x + y) % 30], 2).astype(np.uint8)
    made, mask = Image.fromarray(ground).convert("RGBA"), Image.new("RGBA", size)
    for kind, left, top in objects:
        made.alpha_composite(shape(kind), (left, top))
        mask.alpha_composite(shape(kind), (left, top))
    return made.convert("RGB"), np.asarray(mask.getchannel("A"))


class ByColour:
    """In the place of an `Embedder`: features are a thumbnail, and kinds the colours that a picture has."""

    def embed(self, pictures: Sequence[Image.Image]) -> Embeddings:
        """Of pictures of any mode."""
        features = np.zeros((len(pictures), 48), np.float32)
        probabilities = np.zeros((len(pictures), CLASSES), np.float32)
        for at, picture in enumerate(pictures):
            grey = Image.new("RGBA", picture.size, (127, 127, 127, 255))
            grey.alpha_composite(picture.convert("RGBA"))
            values = np.asarray(grey.convert("RGB"), np.int16)
            seen = {
                kind: float((np.abs(values - colour).max(2) <= 24).mean()) for kind, colour in COLOURS.items()
            }
            total = max(sum(seen.values()), 1e-9)
            shown = min(1.0, 20 * total)
            for kind, share in seen.items():
                probabilities[at, _CLASSES[kind]] = 0.95 * shown * share / total
            probabilities[at, 999] = 1 - probabilities[at].sum()  # of no kind
            features[at] = np.asarray(grey.convert("RGB").resize((4, 4)), np.float32).ravel() / 255
        return Embeddings(features, probabilities)


def add(repository: Repository, *images: Image.Image, tags: tuple[str, ...] = ()) -> list[int]:
    """Store elements; their numbers."""
    with repository.writer() as writer:
        return [writer.add(element_from(image, tags=tags))[0].number for image in images]


def catalog(folder: Path, kinds: Sequence[str] = tuple(COLOURS), each: int = 5) -> Repository:
    """So many elements of each kind, tagged with it, and a background plate."""
    made = Repository.create(folder)
    for kind in kinds:
        add(made, *(shape(kind, seed) for seed in range(each)), tags=(kind,))
    add(made, photograph()[0].convert("RGBA"), tags=("background",))
    return made


def similar(repository: Repository) -> Similar:
    """What tells photographs by the elements of a repository, with the stub."""
    held = repository.held()
    projection = np.eye(48, dtype=np.float32)
    found = ByColour().embed([repository.image(number) for number, _ in held])
    index = SimilarIndex(rows_of(held, found, projection), projection)
    return Similar(repository, index, ByColour())  # type: ignore[arg-type]
