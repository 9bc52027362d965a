"""Elements of a repository that are like a picture, and how like two pictures are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import ElementCache
from haac_repo import HaacError
from haac_similar._embed.embedder import Embedder, Embeddings, Floats
from haac_similar._index.index import SimilarIndex
from haac_similar._kinds import NAMES, SURE, kinds_of


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A similar element: its number, how like it is, and its kind ("" where none is likely)."""

    number: int
    score: float
    kind: str


class Retrieval:
    """Embeds pictures, and finds elements by embeddings.

    Args:
        embedder: the network that the index was made with.
        index: of the repository.
        allowed: numbers of the elements that may come.
    """

    def __init__(self, embedder: Embedder, index: SimilarIndex, allowed: npt.NDArray[np.int64]) -> None:
        self._embedder, self._index, self._allowed = embedder, index, allowed
        self._whole: tuple[Image.Image, Embeddings] | None = None

    def embed(self, pictures: Sequence[Image.Image]) -> Embeddings:
        """The embedding of each picture."""
        return self._embedder.embed(pictures)

    def whole(self, photograph: Image.Image) -> Embeddings:
        """The embedding of the photograph that is told: made once, however often it is asked for."""
        if self._whole is None or self._whole[0] is not photograph:
            self._whole = photograph, self.embed([photograph])
        return self._whole[1]

    def likeness(self, one: Embeddings, many: Embeddings) -> Floats:
        """(n,) how like each of n pictures is to one: as the index says it of elements."""
        return self._index.likeness(one, many)

    def nearest(self, one: Embeddings, limit: int) -> list[Neighbour]:
        """The most similar elements, the best first."""
        found = self._index.nearest(one, limit, self._allowed)
        return [Neighbour(number, score, self._index.kind(number)) for number, score in found]


def kind_of(probabilities: Floats | None) -> tuple[str, float]:
    """The likeliest kind of a picture with (1000,) probabilities of classes, and its probability."""
    if probabilities is None:
        return "", 0.0
    kinds = kinds_of(probabilities[None])[0]
    best = int(np.argmax(kinds))
    return (NAMES[best] if kinds[best] >= SURE else ""), float(kinds[best])


def can_be_had(source: ElementCache, number: int) -> bool:
    """Whether there are pixels of an element: it may be damaged, or withdrawn or discarded since the index was read."""
    try:
        source.image(number)
    except HaacError:
        return False
    return True
