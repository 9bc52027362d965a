"""What is wanted of a recipe, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from haac_match._picture.arrays import Bools, Bytes

if TYPE_CHECKING:
    from PIL import Image

    from haac import Scene


_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Mapper(Protocol):
    """Does the same to many: `map`, or that of an executor."""

    def __call__(self, function: Callable[[_In], _Out], items: Iterable[_In], /) -> Iterable[_Out]:
        """The outcomes, in order."""
        ...


def _unseen(_stage: str, _layers: int) -> None:
    """Of progress that nobody looks at."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Monitor:
    """Who looks on while a picture is worked on, and may end it early.

    Args:
        progress: told what is done next, in words, and how many layers there are so far.
        stop: whether to come to an end with the best recipe so far; asked between two steps, and cheap.
    """

    progress: Callable[[str, int], None] = _unseen
    stop: Callable[[], bool] = _never


UNSEEN = Monitor()
"""Nobody looks on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is wanted of a recipe.

    Args:
        effort: 1 (quick) to 9 (thorough).
        max_layers: at most so many.
        budget: bytes of the binary recipe; None: as many as pay for themselves.
        quality: of a wash, 0 to 100, instead of a budget.
        subject_weight: how many times as much an error counts where the subject is, in what no element explains.
        inline: the recipe may carry elements of its own. Without a budget and a quality, it then carries all that is visible.
        weigh_choice: the subject's weight also decides between recipes; False: it only shapes a wash.
        cut_subject: the subject, cut out, may be one of the elements that it carries.
        only_tags: only elements with all these tags are looked for.
    """

    effort: int = 5
    max_layers: int = 64
    budget: int | None = None
    quality: int | None = None
    subject_weight: float = 1.0
    inline: bool = False
    weigh_choice: bool = True
    cut_subject: bool = False
    only_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Where people look in a picture.

    Args:
        mask: (height, width), 255 where the subject is.
        objects: cut-outs of it, RGBA, each with the place of its top left corner.
    """

    mask: Bytes
    objects: list[tuple[Image.Image, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Compressed:
    """A picture as a recipe.

    Args:
        scene: its canvas has the size of the picture.
        exact: whether rendering it gives the picture, bit for bit.
        unexplained: (height, width), True where neither an element nor the background explains the picture.
        elements: the scene without what is carried along; None: nothing is.
        lost: share of what is visible in the picture, 0 to 1, that cannot be made out in the render.
    """

    scene: Scene
    exact: bool
    unexplained: Bools
    elements: Scene | None = None
    lost: float = 0.0
