"""Catalogs of growing size for similar elements: photographs told by what a catalog has, and how like a judge finds that."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from haac import ElementCache, Scene, encode_wash, render, to_binary
from haac._internal import read_picture
from haac_evidence._scores.judge import SURE, kind_of
from haac_evidence._study.catalog import GrowingCatalog
from haac_evidence._study.draw import orders
from haac_repo._internal import flattened

if TYPE_CHECKING:
    import numpy.typing as npt

    from haac_evidence._scores.judge import Looks, Seen
    from haac_evidence._study.kept import Kept
    from haac_repo import Repository
    from haac_similar import Embedder, Similar, SimilarIndex

Row = dict[str, Any]
LONG: Final = 256
"""Pixels of the long side that photographs are reduced to."""
WASHES: Final = (60, 100, 250, 600)
"""Bytes of the washes that a catalog is compared with."""
_ASKED: Final = 5
"""Nearest elements whose kinds must agree."""
_GREY: Final = (127, 127, 127)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarStudy:
    """How photographs are told.

    Args:
        budget: bytes of a recipe.
        draws: random orders in which elements come into the catalog; figures are means.
        seed: of all draws.
        always: tell also where it is in doubt.
    """

    budget: int = 100
    draws: int = 2
    seed: int = 0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture to be told.

    Args:
        name: of its file.
        image: RGB, reduced.
        mask: (height, width), 255 where something is salient.
        sha256: of its file: elements that were cut out of it are not used.
        seen: what the judge sees in it.
    """

    name: str
    image: Image.Image
    mask: npt.NDArray[np.uint8]
    sha256: str
    seen: Seen


def photographs(
    paths: Iterable[Path], segmenter: str, judge: Looks, advance: Callable[[int], None] = lambda _: None
) -> list[Photograph]:
    """Read pictures, reduce them, and find what is salient in them.

    Raises:
        PictureError: one cannot be read.
    """
    from haac_pipeline._internal import mask

    found = []
    for path in paths:
        data = path.read_bytes()
        image = flattened(read_picture(data, at_least=2 * LONG).image, _GREY)
        image.thumbnail((LONG, LONG), Image.Resampling.LANCZOS)
        where = np.asarray(mask(image, segmenter), np.uint8)
        found.append(Photograph(path.name, image, where, hashlib.sha256(data).hexdigest(), judge(image)))
        advance(1)
    return found


class SimilarMeasure:
    """Tells photographs by catalogs of growing size.

    Args:
        world: the repository with all elements.
        told: the photographs.
        judge: says how like a render is.
        embedder: the network that retrieves.
        options: see there.
    """

    def __init__(
        self,
        world: Repository,
        told: Sequence[Photograph],
        judge: Looks,
        embedder: Embedder,
        options: SimilarStudy,
    ) -> None:
        self._world, self._told, self._judge = world, told, judge
        self._embedder, self._options = embedder, options

    def washes(self, kept: Kept, advance: Callable[[int], None] = lambda _: None) -> list[Row]:
        """What washes alone come to: mean likeness and share of kinds recognised, for each number of bytes."""
        return [kept.row(f"wash {budget}", partial(self._washed, budget, advance)) for budget in WASHES]

    def rows(
        self,
        numbers: Sequence[int],
        sizes: Sequence[int],
        kept: Kept,
        advance: Callable[[int], None] = lambda _: None,
    ) -> list[Row]:
        """Tell all photographs by catalogs of these sizes, in several random orders.

        Args:
            numbers: of the elements that come into the catalogs.
            sizes: rising.
            kept: what an interrupted run has measured already.
            advance: told of each photograph that is done.

        Returns:
            A row a size, means of the orders.
        """
        drawn: dict[int, list[Row]] = {size: [] for size in sizes}
        for draw, order in enumerate(orders(numbers, self._options.seed, self._options.draws)):
            with GrowingCatalog(self._world, order) as catalog:
                for size in sizes:
                    if draw and size == len(numbers):  # the same elements, whatever their order
                        advance(len(self._told))
                        continue
                    make = partial(self._at_size, catalog, size, advance)
                    drawn[size].append(kept.row(f"similar {draw} {size}", make))
        return [{"elements": size, **_mean_of(rows)} for size, rows in drawn.items()]

    def _at_size(self, catalog: GrowingCatalog, size: int, advance: Callable[[int], None]) -> Row:
        from haac_similar import Similar, open_similar_index, update_similar_index

        catalog.grow(size)
        started = time.perf_counter()
        update_similar_index(catalog.repository, self._embedder)
        indexing = time.perf_counter() - started
        index = open_similar_index(catalog.repository, self._embedder)
        teller, cache = Similar(catalog.repository, index, self._embedder), ElementCache(catalog.repository)
        rows, used = [], set[int]()
        for photograph in self._told:
            own = self._cut_out_of(catalog, photograph)
            row, scene = self._one(photograph, teller, cache, own)
            rows.append(row | self._nearest(photograph, index, own))
            used |= scene.elements()
            advance(1)
        return _mean(rows) | {
            "mirror_bytes": catalog.fetched(),
            "mirror_bytes_of_recipes": catalog.fetched(used),
            "indexing_seconds": round(indexing, 3),
        }

    def _cut_out_of(self, catalog: GrowingCatalog, photograph: Photograph) -> frozenset[int]:
        """Elements of the catalog that were cut out of a photograph: it is not told by itself."""
        return frozenset(
            number
            for number, origin in catalog.origin.items()
            if self._world.element(origin).provenance.source_sha256 == photograph.sha256
        )

    def _one(
        self, photograph: Photograph, teller: Similar, cache: ElementCache, own: frozenset[int]
    ) -> tuple[Row, Scene]:
        from haac_similar import SimilarOptions

        options = SimilarOptions(budget=self._options.budget, always=self._options.always)
        started = time.perf_counter()
        told = teller.compress(photograph.image, photograph.mask, options, exclude=own)
        seconds = time.perf_counter() - started
        made = flattened(render(told.scene, cache), _GREY)
        return {
            "told": bool(told.elements),
            "bytes": len(to_binary(told.scene)),
            "seconds": seconds,
            **_judged(photograph.seen, self._judge(made)),
        }, told.scene

    def _nearest(self, photograph: Photograph, index: SimilarIndex, own: frozenset[int]) -> Row:
        """Score of the nearest element, and how many of the nearest ones are of its kind."""
        allowed = np.setdiff1d(index.rows.numbers, np.fromiter(own, np.int64))
        found = index.nearest(self._embedder.embed([photograph.image]), _ASKED, allowed)
        if not found:
            return {"score": 0.0, "agree": 0.0}
        kinds = [index.kind(number) for number, _ in found]
        agree = kinds.count(kinds[0]) if kinds[0] else 0
        return {"score": found[0][1], "agree": agree / _ASKED}

    def _washed(self, budget: int, advance: Callable[[int], None]) -> Row:
        rows = []
        for photograph in self._told:
            wash = encode_wash(photograph.image, budget=budget)
            scene = Scene(*photograph.image.size, background=wash)
            made = flattened(render(scene, ElementCache(self._world)), _GREY)
            rows.append({"bytes": len(to_binary(scene)), **_judged(photograph.seen, self._judge(made))})
            advance(1)
        return {"recipe_bytes": round(statistics.mean(row["bytes"] for row in rows), 1), **_quality(rows)}


def _judged(original: Seen, made: Seen) -> Row:
    """How like a render is for the judge; `right` is None where the judge does not know what the photograph shows."""
    kind, sure = kind_of(original)
    seen, clear = kind_of(made)
    right = None if sure < SURE else seen == kind
    return {
        "likeness": float(original.features @ made.features),
        "right": right,
        "wrong": right is False and clear >= SURE,
    }


def _quality(rows: Sequence[Row]) -> Row:
    known = [row for row in rows if row["right"] is not None]
    return {
        "likeness": round(statistics.mean(row["likeness"] for row in rows), 4),
        "kind_right": round(float(np.mean([row["right"] for row in known])), 4) if known else None,
        "confidently_wrong": round(float(np.mean([row["wrong"] for row in known])), 4) if known else None,
        "kinds_known": len(known),
    }


def _mean(rows: Sequence[Row]) -> Row:
    return {
        "told": round(float(np.mean([row["told"] for row in rows])), 4),
        "recipe_bytes": round(statistics.mean(row["bytes"] for row in rows), 1),
        **_quality(rows),
        "nearest_score": round(statistics.mean(row["score"] for row in rows), 4),
        "agree": round(statistics.mean(row["agree"] for row in rows), 4),
        "seconds_a_picture": round(statistics.median(row["seconds"] for row in rows), 3),
    }


def _mean_of(rows: Sequence[Row]) -> Row:
    """The mean of several draws, with how far their likeness is from one another."""
    merged = {
        key: None
        if any(row[key] is None for row in rows)
        else round(statistics.mean(row[key] for row in rows), 4)
        for key in rows[0]
    }
    return merged | {
        "draws": len(rows),
        "likeness_between_draws": round(statistics.pstdev(row["likeness"] for row in rows), 4),
    }


def wash_as_like(washes: Sequence[Row], score: float, of: str = "likeness") -> float | None:
    """Bytes of a wash that the judge finds as like, between those that were measured.

    Args:
        washes: rows by bytes, rising.
        score: that a wash must reach.
        of: name of the score: `likeness`, or `kind_right`.

    Returns:
        None where even the largest is less like.
    """
    sizes = [row["recipe_bytes"] for row in washes]
    reached = np.maximum.accumulate([row[of] for row in washes])
    if score > reached[-1]:
        return None
    return float(np.exp(np.interp(score, reached, np.log(sizes))))
