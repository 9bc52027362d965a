"""All forms of a scene at once, as the recipe panel shows them while the scene is being made."""

from __future__ import annotations

import base64
from typing import Any

from haac import Inline, Scene, to_script
from haac._internal import SIMILAR, caption_by, check_work, element_names, explain, inspect
from haac_repo import Element, HaacError, Repository, format_id

_CACHE_BYTES = 256 * 2**20
"""Of decoded elements that a decoder holds: what `haac.render` assumes."""


def forms(scene: Scene, layers: int, shown: list[int], repository: Repository) -> dict[str, Any]:
    """Encode a scene in every form.

    Args:
        scene: what the picture shows.
        layers: how many the document has, hidden ones too.
        shown: the places among them of the scene's layers.
        repository: knows the elements.

    Returns:
        text, bytes and bits of the binary form, binary (base64), script, explain (sentences), similar, layers: the bits of each of the
        document's, 0 for a hidden one, and unknown: ids that the repository has not, or has no more.

    Raises:
        RecipeError: outside the limits, or it would take a decoder too long; the message says what.
    """
    known, unknown = _looked_up(scene, repository)
    if not unknown:
        check_work(scene, lambda ref: _size(ref, known), _CACHE_BYTES)
    found = inspect(scene)
    bits: dict[str, float] = {}
    for each in found.fields:
        bits[each.part] = bits.get(each.part, 0.0) + each.bits
    costs = [0.0] * layers
    for n, place in enumerate(shown, 1):
        costs[place] = round(bits.get(f"layer {n}", 0.0), 2)
    return {
        "text": found.text,
        "bytes": found.binary_bytes,
        "bits": round(sum(bits.values()), 2),
        "binary": base64.b64encode(found.binary).decode(),
        "script": to_script(scene),
        "explain": explained(scene, known),
        "similar": scene.similar,
        "layers": [{"bits": cost} for cost in costs],
        "unknown": unknown,
    }


def explained(scene: Scene, known: dict[int, Element]) -> str:
    """Say a scene in plain English, as `haac explain` does: one sentence a line.

    Args:
        scene: what the picture shows.
        known: its elements that the catalog has, by number.
    """
    lines = [explain(scene, element_names(scene, known))]
    if scene.similar:
        lines = [caption_by(scene, known), f"{SIMILAR[0].upper()}{SIMILAR[1:]}.", *lines]
    return "\n".join(lines)


def _looked_up(scene: Scene, repository: Repository) -> tuple[dict[int, Element], list[str]]:
    """The scene's elements that can be had, and the ids of those that cannot."""
    known: dict[int, Element] = {}
    unknown = []
    for number in sorted(scene.elements()):
        try:
            element = repository.element(number)
        except HaacError:
            unknown.append(format_id(number))
            continue
        if element.withdrawn is None:
            known[number] = element
        else:
            unknown.append(element.id)
    return known, unknown


def _size(ref: int | Inline, known: dict[int, Element]) -> tuple[int, int]:
    if isinstance(ref, Inline):
        return ref.size
    return known[ref].width, known[ref].height
