"""An element chosen for an object, and what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass

from haac_similar._options import SalientObject, SimilarElement
from haac_similar._place.place import Placed


@dataclass(frozen=True, slots=True)
class Choice:
    """An element chosen for an object.

    Args:
        element: which one.
        salient: the object.
        placed: its layer.
        kind: of the object, by the photograph alone.
        sure: probability of that kind.
        person: whether the object, or the element, may show a person; False where that was not asked.
    """

    element: SimilarElement
    salient: SalientObject
    placed: Placed
    kind: str
    sure: float
    person: bool
