"""An element for each object: retrieved, placed, and judged by the embedding of what the renderer draws."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from PIL import Image

from haac import ElementCache, Layer, Scene, render
from haac_repo._internal import flattened
from haac_similar._compose.background import GREY, mean_colour, painted_over, wash_behind
from haac_similar._compose.choice import Choice
from haac_similar._compose.confidence import hopeless
from haac_similar._compose.people import may_show_person
from haac_similar._compose.retrieval import Retrieval, can_be_had, kind_of
from haac_similar._embed.embedder import Embeddings
from haac_similar._options import Box, SalientObject, SimilarElement
from haac_similar._place.place import place

_LAYER_BYTES = 11
"""What a layer is taken to cost, while candidates are compared."""
_BACKDROP_BYTES = 60
"""Of the wash behind candidates at most: they are compared with one another, not with the photograph's background."""
_CANDIDATES = 6
"""Elements that are tried for an object."""
_ASKED = 5
"""Nearest elements that are asked for their kind."""
_FIT_WEIGHT = 0.3
_MARGIN = 0.15
"""Of its longer side, what a crop shows around an object."""


def choose(
    picture: Image.Image,
    objects: list[SalientObject],
    retrieval: Retrieval,
    source: ElementCache,
    budget: int,
    *,
    people: bool,
    always: bool,
) -> list[Choice]:
    """Choose an element for each object, on a quick wash of what is around them; for none if there is no element.

    Args:
        picture: RGB.
        objects: in it, the largest first.
        retrieval: finds elements.
        source: gives them.
        budget: bytes of the recipe.
        people: people may be told by other people, so that none are looked for.
        always: an element in doubt is taken, too: the best is looked for even so, and people are not.

    Returns:
        Of those objects that any element may tell.
    """
    around = painted_over(picture, objects)
    room = min(_BACKDROP_BYTES, budget - _LAYER_BYTES * len(objects))
    base = Scene(*picture.size)
    behind = wash_behind(base, around, source, room, refined=False) or replace(
        base, background=mean_colour(around)
    )
    backdrop = flattened(render(behind, source), GREY)
    alone = len(objects) == 1
    views = [_view(each, picture.size, alone=alone) for each in objects]
    wanted = retrieval.whole(picture) if alone else retrieval.embed([picture.crop(view) for view in views])
    chooser = _Chooser(picture, backdrop, retrieval, source, people=people, always=always)
    chosen = (
        chooser.choice(each, view, wanted[n : n + 1])
        for n, (each, view) in enumerate(zip(objects, views, strict=True))
    )
    return [each for each in chosen if each is not None]


def _view(salient: SalientObject, size: tuple[int, int], *, alone: bool) -> Box:
    """What is looked at to tell an object: all of the photograph if it is the only one, else a box around it."""
    if alone:
        return 0, 0, *size
    left, top, right, bottom = salient.box
    margin = round(_MARGIN * max(right - left, bottom - top))
    return (
        max(0, left - margin),
        max(0, top - margin),
        min(size[0], right + margin),
        min(size[1], bottom + margin),
    )


class _Chooser:
    def __init__(
        self,
        picture: Image.Image,
        backdrop: Image.Image,
        retrieval: Retrieval,
        source: ElementCache,
        *,
        people: bool,
        always: bool,
    ) -> None:
        self._picture, self._backdrop, self._retrieval, self._source = picture, backdrop, retrieval, source
        self._people, self._always = people, always
        self._pixels = np.asarray(picture)

    def choice(self, salient: SalientObject, view: Box, wanted: Embeddings) -> Choice | None:
        nearest = [
            each
            for each in self._retrieval.nearest(wanted, max(_CANDIDATES, _ASKED))
            if can_be_had(self._source, each.number)
        ]
        if not nearest:
            return None
        asked = nearest[:_ASKED]
        kinds = Counter(each.kind for each in asked if each.kind)
        kind, sure = kind_of(None if wanted.probabilities is None else wanted.probabilities[0])
        agree = max(kinds.values(), default=0)
        refused = not self._always and hopeless(sure, agree, salient)
        placed = [
            place(each.number, self._source.image(each.number), self._pixels, salient)
            for each in nearest[: 1 if refused else _CANDIDATES]
        ]
        drawn = self._retrieval.embed([self._drawn(each.layer).crop(view) for each in placed])
        likeness = self._retrieval.likeness(wanted, drawn)
        best = int(
            np.argmax(
                [float(like) + _FIT_WEIGHT * each.fit for like, each in zip(likeness, placed, strict=True)]
            )
        )
        each = nearest[best]
        element = SimilarElement(
            each.number, each.kind, each.score, kinds[each.kind], len(asked), salient.box
        )
        person = not (self._people or self._always) and (
            may_show_person(self._picture.crop(view), kind)
            or may_show_person(flattened(self._source.image(each.number), GREY), each.kind)
        )
        return Choice(element, salient, placed[best], kind, sure, person)

    def _drawn(self, layer: Layer) -> Image.Image:
        made = render(Scene(*self._picture.size, layers=[layer]), self._source)
        return Image.alpha_composite(self._backdrop.convert("RGBA"), made).convert("RGB")
