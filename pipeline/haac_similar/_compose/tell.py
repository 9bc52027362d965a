"""A photograph told by similar elements: retrieve, place, compose; candidates are judged by the embedding of what the renderer draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Colour, ElementCache, Layer, Scene, render, to_binary
from haac_repo._internal import flattened
from haac_similar._compose.background import painted_over, wash_behind
from haac_similar._options import Found, SimilarOptions, Thing
from haac_similar._place.place import Placed, place

CANDIDATES = 6
"""Elements that are tried for a thing."""
ASKED = 5
"""Nearest elements that are asked for their kind."""
_FIT_WEIGHT = 0.3
_MARGIN = 0.15
"""Of its longer side, what a crop shows around a thing."""
_LAYER_BYTES = 11
"""What a layer is taken to cost, while candidates are compared."""

Floats = npt.NDArray[np.float32]


class Neighbour(Protocol):
    """A similar element."""

    number: int
    score: float
    kind: str


class Retrieval(Protocol):
    """Embeds pictures, and finds elements of a repository by embeddings."""

    def embed(self, pictures: Sequence[Image.Image]) -> Sequence[object]:
        """The embedding of each picture."""
        ...

    def likeness(self, one: object, many: Sequence[object]) -> Floats:
        """(n,) how like each of many embeddings is to one."""
        ...

    def nearest(self, embedding: object, limit: int) -> list[Neighbour]:
        """The most similar elements, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """An element for a thing."""

    thing: Thing
    found: Found
    placed: Placed
    likeness: float
    """Of what is drawn to the photograph."""


class Teller:
    """Tells one photograph.

    Args:
        picture: RGB.
        found: its things, the largest first.
        retrieval: finds elements.
        source: gives them.
    """

    def __init__(self, picture: Image.Image, found: list[Found], retrieval: Retrieval, source: ElementCache) -> None:
        self._picture, self._found, self._retrieval, self._source = picture, found, retrieval, source
        self._pixels = np.asarray(picture)
        hidden = np.maximum.reduce([each.mask for each in found]) if found else np.zeros(self._pixels.shape[:2], np.uint8)
        self.around = painted_over(self._pixels, hidden)
        self._views = [self._view(each) for each in found]
        self._wanted = retrieval.embed([picture.crop(view) for view in self._views])
        [self.whole] = retrieval.embed([picture])

    def choices(self, budget: int) -> list[Choice]:
        """The best element for each thing, judged on a quick wash."""
        base = Scene(*self._picture.size)
        room = budget - _LAYER_BYTES * len(self._found)
        behind = wash_behind(base, self.around, self._source, room, refined=False) or replace(
            base, background=self.colour()
        )
        backdrop = flattened(render(behind, self._source), (127, 127, 127))
        return [self._choice(n, backdrop) for n in range(len(self._found))]

    def colour(self) -> Colour:
        """The mean colour of what is around the things."""
        red, green, blue = (round(float(c)) for c in np.asarray(self.around).reshape(-1, 3).mean(axis=0))
        return Colour(red << 24 | green << 16 | blue << 8 | 255)

    def _choice(self, n: int, backdrop: Image.Image) -> Choice:
        found, view = self._found[n], self._views[n]
        nearest = self._retrieval.nearest(self._wanted[n], max(CANDIDATES, ASKED))
        kinds = Counter(each.kind for each in nearest[:ASKED] if each.kind)
        options = []
        for each in nearest[:CANDIDATES]:
            options.append((each, place(each.number, self._source.image(each.number), self._pixels, found)))
        drawn = [self._drawn(placed.layer, backdrop).crop(view) for _, placed in options]
        like = self._retrieval.likeness(self._wanted[n], self._retrieval.embed(drawn))
        scores = [float(value) + _FIT_WEIGHT * placed.fit for value, (_, placed) in zip(like, options, strict=True)]
        best = int(np.argmax(scores))
        each, placed = options[best]
        thing = Thing(each.number, each.kind, each.score, kinds[each.kind] if each.kind else 0, ASKED, found.box)
        return Choice(thing, found, placed, float(like[best]))

    def _drawn(self, layer: Layer, backdrop: Image.Image) -> Image.Image:
        made = render(Scene(*self._picture.size, layers=[layer]), self._source)
        return Image.alpha_composite(backdrop.convert("RGBA"), made).convert("RGB")

    def _view(self, found: Found) -> tuple[int, int, int, int]:
        """What is looked at to tell a thing: all of the photograph if it is the only one, else a box around it."""
        if len(self._found) == 1:
            return 0, 0, *self._picture.size
        left, top, right, bottom = found.box
        margin = round(_MARGIN * max(right - left, bottom - top))
        width, height = self._picture.size
        return max(0, left - margin), max(0, top - margin), min(width, right + margin), min(height, bottom + margin)

    def composed(self, choices: list[Choice], budget: int, *, refined: bool = True) -> tuple[Scene, list[Choice]] | None:
        """The chosen elements on a wash, within the budget: the most that fit; None if not even one does."""
        for count in range(len(choices), 0, -1):
            kept = sorted(choices[:count], key=lambda choice: choice.found.box[3])  # what stands lower is in front
            scene = Scene(*self._picture.size, layers=[choice.placed.layer for choice in kept])
            if made := wash_behind(scene, self.around, self._source, budget, refined=refined):
                return made, kept
            plain = replace(scene, background=self.colour())
            if len(to_binary(plain)) <= budget:
                return plain, kept
            if len(to_binary(scene)) <= budget:
                return scene, kept
        return None
