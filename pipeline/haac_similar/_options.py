"""What is wanted of a paraphrase, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from haac import Scene

Box = tuple[int, int, int, int]
"""Left, top, right, bottom; pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarOptions:
    """What is wanted of a recipe that tells a photograph by similar elements.

    Args:
        budget: bytes of the binary recipe.
        reserved: bytes of the budget that are left free where elements tell it, for a fingerprint of their repository.
        people: people may be told by other people.
        always: tell what is most like it even where confidence is missing.
        max_objects: so many at most are told, the largest first.
        only_tags: only elements with all these tags are used.
    """

    budget: int = 100
    reserved: int = 0
    people: bool = False
    always: bool = False
    max_objects: int = 3
    only_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SimilarElement:
    """An element that tells an object of a photograph.

    Args:
        number: of the element.
        kind: what both are, in a word; empty where the network has no word for it.
        score: likeness of their embeddings; only its order means anything.
        agree: how many of the `of` most similar elements are of that kind.
        of: how many were asked.
        box: of the object in the photograph.
    """

    number: int
    kind: str
    score: float
    agree: int
    of: int
    box: Box


@dataclass(frozen=True, slots=True)
class Told:
    """A photograph as a recipe.

    Args:
        scene: its canvas has the size of the photograph; a wash alone where nothing is told.
        elements: what its layers are, back to front; empty for a wash alone.
        reason: why objects are not told, a sentence; empty if they are.
    """

    scene: Scene
    elements: list[SimilarElement] = field(default_factory=list)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SalientObject:
    """An object of a photograph.

    Args:
        mask: (height, width) of the photograph, 0 to 255.
        box: of the mask.
        share: of the photograph's area, 0 to 1.
        soft: pixels of which the mask is unsure (26 to 229) for each that is solid.
    """

    mask: npt.NDArray[np.uint8]
    box: Box
    share: float
    soft: float
