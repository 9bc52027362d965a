"""What to call the elements of a scene: as the catalog does, else by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from haac._forms.caption import caption
from haac._inline import Inline
from haac_repo import format_id

if TYPE_CHECKING:
    from haac._scene import Scene
    from haac_repo import Element


def element_names(scene: Scene, known: Mapping[int, Element]) -> Callable[[int | Inline], str]:
    """What `explain` is to call elements.

    Args:
        scene: counts its inline elements.
        known: those of its elements that the catalog has, by number.
    """
    inlines = scene.inlines()

    def name_of(element: int | Inline) -> str:
        if isinstance(element, Inline):
            return f"inline element {inlines.index(element) + 1}"
        name = known[element].name if element in known else ""
        return f"{name} ({format_id(element)})" if name else f"element {format_id(element)}"

    return name_of


def caption_by(scene: Scene, known: Mapping[int, Element]) -> str:
    """The caption of a paraphrase, with what the catalog knows of its elements.

    Args:
        scene: marked as similar.
        known: those of its elements that the catalog has, by number.
    """
    return caption(
        scene,
        lambda number: known[number].name if number in known else "",
        lambda number: (known[number].width, known[number].height) if number in known else None,
    )
