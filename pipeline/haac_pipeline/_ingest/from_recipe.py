"""Ingest from a recipe: its inline elements are stored in a repository, and the recipe refers to them by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo import NewElement, Provenance, Repository, RepositoryError

if TYPE_CHECKING:
    from PIL import Image

    from haac import Scene


@dataclass(frozen=True, slots=True)
class Moved:
    """A recipe whose inline elements were stored."""

    scene: Scene
    """Without inline elements."""
    ids: list[str] = field(default_factory=list)
    """Of what were its inline elements, in their order."""
    new: int = 0
    """How many of them had not been in the repository."""


def move_inlines(
    repository: Repository,
    scene: Scene,
    *,
    name: str,
    tags: Sequence[str] = (),
    licence: str = "",
    attribution: str = "",
) -> Moved:
    """Store the inline elements of a scene, and refer to them by id.

    Args:
        repository: not a mirror.
        scene: is left as it is.
        name: of its recipe, for the elements' names and provenance.
        tags: for all of them.
        licence: for all of them.
        attribution: for all of them.

    Raises:
        RecipeError: an inline element is damaged.
        RepositoryError: the repository cannot be written to, or the recipe was made for another one.
    """
    from haac import Inline
    from haac_pipeline._ingest.describe import as_element, software

    if scene.fingerprint not in (None, repository.fingerprint):
        raise RepositoryError(
            f"{name} was made for a repository with the fingerprint {scene.fingerprint:04x}, this one has"
            f" {repository.fingerprint:04x}: use the right one (--repo)"
        )
    inlines = scene.inlines()
    about = Provenance(source=name, licence=licence, attribution=attribution, software=software())
    # All are decoded before any is stored.
    bare = [as_element(_cleared(inline.image())) for inline in inlines]
    numbers, ids, new = {}, [], 0
    with repository.writer() as writer:
        for inline, element in zip(inlines, bare, strict=True):
            named: NewElement = replace(element, name=Path(name).stem, tags=tuple(tags), provenance=about)
            stored, is_new = writer.add(named)
            numbers[inline] = stored.number
            ids.append(stored.id)
            new += is_new
    layers = [
        replace(layer, element=numbers[layer.element]) if isinstance(layer.element, Inline) else layer
        for layer in scene.layers
    ]
    return Moved(replace(scene, layers=layers), ids, new)


def _cleared(image: Image.Image) -> Image.Image:
    """With 0,0,0 under alpha 0, which is how elements are stored."""
    import numpy as np
    from PIL import Image

    pixels = np.array(image)
    pixels[pixels[:, :, 3] == 0] = 0
    return Image.fromarray(pixels)
