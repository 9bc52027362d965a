"""Pictures told by similar elements that were not cut out of themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from haac import Scene, to_binary
from haac_pipeline._internal import mask, need_telling
from haac_repo import MissingExtraError, Repository
from haac_similar import Embedder, Similar, SimilarOptions, open_similar_index
from haac_similar._internal import require_similar_index

if TYPE_CHECKING:
    from PIL import Image

_FINGERPRINT = 2
"""Bytes in a recipe."""


def need_teller(repository: Repository, segmenter: str | None) -> str:
    """Make sure that pictures can be told by a repository's elements; the model that finds their objects.

    Raises:
        MissingExtraError: haac[similar] is not installed, or no model runs.
        HaacError: the network, or the similar index, is not here.
    """
    need_telling()
    require_similar_index(repository)
    if segmenter is None:
        raise MissingExtraError("no model that finds objects can run here: see `haac models`")
    return segmenter


class Teller:
    """What `haac compress --similar` does, but for the elements that it leaves out.

    Args:
        repository: its elements.
        budget: bytes of a recipe.
        segmenter: model that finds the objects.
        say: told what a person should know.

    Raises:
        MissingExtraError: haac[similar] is not installed, or no model runs.
        HaacError: the network, or the similar index, is not here.
    """

    def __init__(
        self, repository: Repository, budget: int, segmenter: str | None, say: Callable[[str], None]
    ) -> None:
        self._segmenter = need_teller(repository, segmenter)
        embedder = Embedder(say=say)
        self._similar = Similar(repository, open_similar_index(repository, embedder, say=say), embedder)
        self._options = SimilarOptions(budget=budget, reserved=_FINGERPRINT)
        self._mark = repository.fingerprint

    def tell(
        self, picture: Image.Image, without: Collection[int], budget: int | None = None
    ) -> tuple[Scene, str]:
        """The recipe, and in words what it tells, or why it is a wash alone.

        Args:
            picture: RGB, or RGBA, whose alpha then says where its objects are.
            without: numbers of elements that are not used.
            budget: bytes of this recipe, where they are others.
        """
        found = picture.getchannel("A") if picture.mode == "RGBA" else mask(picture, self._segmenter)
        options = self._options if budget is None else replace(self._options, budget=budget)
        told = self._similar.compress(picture, np.asarray(found), options, exclude=without)
        scene = told.scene
        if not told.elements:
            return scene, told.reason
        if len(to_binary(scene)) + _FINGERPRINT <= options.budget:
            scene.fingerprint = self._mark
        kinds = [each.kind or "an object" for each in told.elements]
        return scene, f"like {' and '.join(kinds)}"
