"""How the bytes of a recipe are shared between its elements and what is carried along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac import Scene


def share(scene: Scene, elements: Scene | None) -> tuple[int, str]:
    """Bytes of the elements with canvas and background; and as what the rest is carried, in words: "WebP", "a wash".

    Args:
        scene: all of it.
        elements: without what is carried along; None: nothing is.
    """
    from haac import Wash, to_binary

    whole = len(to_binary(scene))
    if elements is None:
        return whole, ""
    washed = isinstance(scene.background, Wash) and not isinstance(elements.background, Wash)
    inline = len(scene.layers) > len(elements.layers)
    forms = ["a wash"] * washed + ["WebP"] * inline
    if not forms:
        return whole, ""
    return len(to_binary(replace(elements, fingerprint=scene.fingerprint))), " and ".join(forms)
