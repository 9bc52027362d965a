"""The page: how a photograph becomes a recipe of similar elements.

1. objects       parts of a salient-object mask                                     `_place/objects.py`
2. retrieve      elements whose embeddings are most like that of the object         `_embed/`, `_index/`, `_compose/retrieval.py`
3. place         pose by silhouettes, then brightness, contrast and saturation      `_place/`
4. choose        each candidate drawn, embedded, and compared with the photograph   `_compose/choose.py`
5. confidence    what is in doubt is not told                                       `_compose/confidence.py`
6. compose       the layers on a wash of what is around them, within the budget     `_compose/background.py`, `plate.py`
7. compare       with a wash of as many bytes, which is what remains if it is as like
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import ElementCache, Scene, render, to_binary
from haac_repo import PictureError, RecipeError
from haac_repo._internal import flattened
from haac_similar._compose.background import GREY, mean_colour, painted_over, wash_behind
from haac_similar._compose.choice import Choice
from haac_similar._compose.choose import choose
from haac_similar._compose.confidence import doubt
from haac_similar._compose.plate import nearest_plate
from haac_similar._compose.retrieval import Retrieval
from haac_similar._embed.embedder import Embedder
from haac_similar._index.index import SimilarIndex
from haac_similar._index.update import PLATE_TAG
from haac_similar._options import SimilarOptions, Told
from haac_similar._place.objects import objects_of

if TYPE_CHECKING:
    from haac_repo import Repository

Mask = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
_LEAST_WASH = 16
"""Bytes below which a wash tells less than a plate, or than one colour."""


class Similar:
    """Tells photographs by similar elements of one repository.

    Args:
        repository: its elements.
        index: their embeddings; see `open_similar_index`.
        embedder: the network that the index was made with.
    """

    def __init__(self, repository: Repository, index: SimilarIndex, embedder: Embedder) -> None:
        self._repository, self._index, self._embedder = repository, index, embedder
        self._source = ElementCache(repository)
        self._numbers: dict[tuple[tuple[str, ...], int], tuple[Numbers, Numbers]] = {}

    def compress(
        self,
        picture: Image.Image,
        mask: Mask | None,
        options: SimilarOptions | None = None,
        *,
        exclude: Collection[int] = (),
    ) -> Told:
        """Tell a photograph.

        Args:
            picture: any mode; its alpha is laid on grey.
            mask: (height, width), 255 where something is salient; None: nothing is.
            options: None: the defaults.
            exclude: numbers of elements that are not used.

        Raises:
            RecipeError: the budget is too small for anything.
            PictureError: the mask has another size than the picture.
        """
        options = options or SimilarOptions()
        if mask is not None and mask.shape != picture.size[::-1]:
            raise PictureError(
                f"the mask has the shape {mask.shape}, the picture is {picture.height} high and {picture.width} wide: they must be the same"
            )
        photograph = flattened(picture.convert("RGBA"), GREY)
        objects = [] if mask is None else objects_of(mask, options.max_objects)
        if not objects:
            return self._wash(photograph, options.budget, "no object stands out")
        left_out = np.fromiter(exclude, np.int64)
        cutouts, plates = (np.setdiff1d(numbers, left_out) for numbers in self._allowed(options.only_tags))
        retrieval = Retrieval(self._embedder, self._index, cutouts)
        room = options.budget - options.reserved
        chosen = choose(
            photograph,
            objects,
            retrieval,
            self._source,
            room,
            people=options.people,
            always=options.always,
        )
        if not chosen:
            return self._wash(photograph, options.budget, "the repository has no element that may be used")
        kept = [each for each in chosen if options.always or not doubt(each, people=options.people)]
        if not kept:
            return self._wash(photograph, options.budget, doubt(chosen[0], people=options.people))
        composed = self._composed(photograph, kept, room, Retrieval(self._embedder, self._index, plates))
        if composed is None:
            return self._wash(photograph, options.budget, "there is no room for a layer: allow more bytes")
        scene, used = composed
        if not options.always and not self._is_better(retrieval, photograph, scene, options.budget):
            return self._wash(photograph, options.budget, "a wash of as many bytes is as much like it")
        return Told(scene, [each.element for each in used])

    def _allowed(self, tags: tuple[str, ...]) -> tuple[Numbers, Numbers]:
        """Numbers of the cut-outs with all these tags, and of the background plates, whose bytes are here; looked up once."""
        key = tags, len(self._repository)  # fewer when one was withdrawn, more when one was added
        if key not in self._numbers:
            here = {number for number, _ in self._repository.held()}
            cutouts: list[int] = []
            plates: list[int] = []
            for each in self._repository.elements():
                if each.number in here and set(tags) <= set(each.tags):
                    (plates if PLATE_TAG in each.tags else cutouts).append(each.number)
            self._numbers = {key: (np.array(cutouts, np.int64), np.array(plates, np.int64))}
        return self._numbers[key]

    def _composed(
        self, photograph: Image.Image, chosen: list[Choice], budget: int, plates: Retrieval
    ) -> tuple[Scene, list[Choice]] | None:
        """The chosen elements, the most that fit the budget, on the background that it has room for; None if not one fits."""
        for count in range(len(chosen), 0, -1):
            used = sorted(
                chosen[:count], key=lambda each: each.salient.box[3]
            )  # what stands lower is in front
            scene = Scene(*photograph.size, layers=[each.placed.layer for each in used], similar=True)
            around = painted_over(photograph, [each.salient for each in used])
            backgrounds: list[Scene] = []
            if budget - len(to_binary(scene)) >= _LEAST_WASH and (
                made := wash_behind(scene, around, self._source, budget, refined=True)
            ):
                backgrounds.append(made)
            elif plate := nearest_plate(around, plates, self._source):
                backgrounds.append(replace(scene, background=plate))
            backgrounds += [replace(scene, background=mean_colour(around)), scene]
            for each in backgrounds:
                if len(to_binary(each)) <= budget:
                    return each, used
        return None

    def _is_better(self, retrieval: Retrieval, photograph: Image.Image, scene: Scene, budget: int) -> bool:
        """Whether a scene is more like the photograph than a quick wash of as many bytes."""
        wash = wash_behind(Scene(*photograph.size), photograph, self._source, budget, refined=False)
        if wash is None:
            return True
        drawn = [flattened(render(each, self._source), GREY) for each in (scene, wash)]
        composed, washed = retrieval.likeness(retrieval.whole(photograph), retrieval.embed(drawn))
        return bool(composed > washed)

    def _wash(self, photograph: Image.Image, budget: int, reason: str) -> Told:
        scene = wash_behind(Scene(*photograph.size), photograph, self._source, budget, refined=True)
        if scene is None:
            raise RecipeError("a wash needs more bytes than the budget leaves it: allow more")
        return Told(scene, reason=reason)
