"""What `haac compress --similar` makes of a photograph, for a series of budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from haac_evidence._peers.files import Measured

if TYPE_CHECKING:
    from PIL import Image

    from haac import ElementCache
    from haac_evidence._scores.scores import Scorer
    from haac_evidence._tables.tell import Teller
    from haac_repo import Repository

SIMILAR = "haac similar"
"""Beside the names of formats."""
MOST = 1_000
"""Bytes of the largest budget: beyond it, what is added is wash, and a photograph is better a wash as a whole."""


@dataclass(frozen=True, slots=True)
class Telling:
    """By what a photograph is told.

    Args:
        repository: its elements, with a similar index.
        segmenter: model that finds the photograph's objects.
        state: id of the repository, and how many elements it has.
        without: numbers of elements that were cut out of this very photograph.
    """

    repository: Path
    segmenter: str
    state: str
    without: tuple[int, ...] = ()


def telling(repository: Repository, segmenter: str | None, sha256: str) -> Telling:
    """How a photograph is told by a repository's elements.

    Args:
        repository: with a similar index.
        segmenter: a model, or None if none can run here.
        sha256: of the photograph's file.

    Raises:
        MissingExtraError: no model runs, or haac[similar] is not installed.
        HaacError: there is no similar index.
    """
    from haac_evidence._tables.tell import need_teller

    model = need_teller(repository, segmenter)
    elements = list(repository.elements())
    own = sorted(each.number for each in elements if each.provenance.source_sha256 == sha256)
    return Telling(repository.path.resolve(), model, f"{repository.id} {len(elements)}", tuple(own))


def told(
    picture: Image.Image, budgets: Sequence[int], telling: Telling, scorer: Scorer
) -> Iterator[Measured]:
    """Recipes of a photograph that say what it shows by elements like it, or washes where that is in doubt.

    Args:
        picture: RGB.
        budgets: bytes; those beyond `MOST` are left out.
        telling: by what.
        scorer: of what was made of the picture.
    """
    from haac import from_binary, render, to_binary

    teller, source = _opened(telling.repository, telling.segmenter)
    for budget in budgets:
        if budget > MOST:
            return
        scene, what = teller.tell(picture, telling.without, budget)
        recipe = to_binary(scene)
        if len(recipe) <= budget:
            made = render(from_binary(recipe), source).convert("RGB")
            yield Measured(len(recipe), len(recipe), scorer(made), what if scene.elements() else "wash")


@cache
def _opened(path: Path, segmenter: str) -> tuple[Teller, ElementCache]:
    """Once a process."""
    from haac import ElementCache
    from haac_evidence._tables.tell import Teller
    from haac_repo import Repository

    repository = Repository.open(path)
    return Teller(repository, MOST, segmenter, lambda _: None), ElementCache(repository)
