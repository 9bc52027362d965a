"""Catalogs of growing size for exact elements: scenes drawn from all of them, described with the elements that a catalog has."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from haac import ElementCache, Scene, render, to_binary
from haac._internal import ordered
from haac_evidence._study.catalog import GrowingCatalog
from haac_evidence._study.draw import RANDOM, USED, orders, popularity, scenes
from haac_evidence._study.peers import Rates, rates

if TYPE_CHECKING:
    from haac_evidence._study.kept import Kept
    from haac_repo import Repository

Row = dict[str, Any]
PSNR_OF_EXACT: Final = 60.0
"""Decibels that an exact picture counts in a mean: more than any that is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactOptions:
    """How scenes are drawn and compressed.

    Args:
        scenes: how many are drawn, with elements of the whole repository.
        matched: how many are drawn of each catalog's own elements, and looked for in their pictures.
        zipf: exponent of how unequally often elements are used; 0: all alike.
        quality: 0 to 100, how fine what no element explains is drawn as a wash.
        seed: of all draws.
    """

    scenes: int = 32
    matched: int = 2
    zipf: float = 1.0
    quality: int = 30
    seed: int = 0


class ExactMeasure:
    """Describes scenes with catalogs of growing size.

    The layers of a scene are known, since it was drawn: those whose element a catalog has are used, and the rate-distortion selection
    decides on the rest. The matcher would find them (that is measured beside it), but looks for long for what is not there.

    Args:
        world: the repository with all elements.
        numbers: of those that are drawn.
        options: see there.
    """

    def __init__(self, world: Repository, numbers: Sequence[int], options: ExactOptions) -> None:
        self._world, self._numbers, self._options = world, numbers, options
        self._cache = ElementCache(world)
        self._ranked = orders(numbers, options.seed)[0]
        self._drawn = scenes(self._ranked, world, options.scenes, options.seed, options.zipf)
        self._rates: dict[int, Rates] = {}
        self._best: dict[tuple[int, frozenset[int]], tuple[Scene, Row]] = {}

        self._orders = {USED: self._ranked, RANDOM: orders(numbers, options.seed + 1)[0]}

    def shares(self, way: str) -> list[float]:
        """Of all layers, those that catalogs of 1, 2, 3, ... elements hold; of random ones, the mean of all random orders."""
        count = len(self._ranked)
        if way == RANDOM:
            return [size / count for size in range(1, count + 1)]
        return [min(1.0, float(share)) for share in np.cumsum(popularity(count, self._options.zipf))]

    def rows(
        self,
        way: str,
        sizes: Sequence[int],
        kept: Kept,
        advance: Callable[[int], None] = lambda _: None,
    ) -> list[Row]:
        """Measure one way to choose a catalog's elements.

        Args:
            way: `RANDOM`, or `USED`, the most used first.
            sizes: of the catalogs, rising.
            kept: what an interrupted run has measured already.
            advance: told of each picture that is done.

        Returns:
            A row a size.
        """
        shares, found = self.shares(way), []
        with GrowingCatalog(self._world, self._orders[way]) as catalog:
            for size in sizes:
                make = partial(self._at_size, catalog, size, advance)
                row = {"elements": size, "held_share": round(shares[size - 1], 4)}
                found.append(row | kept.row(f"exact {way} {size}", make))
        return found

    def _at_size(self, catalog: GrowingCatalog, size: int, advance: Callable[[int], None]) -> Row:
        """All scenes, as well as one catalog can tell them, and how well the matcher finds elements in it."""
        catalog.grow(size)
        cache = ElementCache(catalog.repository)
        held = {origin: number for number, origin in catalog.origin.items()}
        rows, used = [], set[int]()
        for at in range(len(self._drawn)):
            best, row = self._told(at, frozenset(held))
            layers = [replace(layer, element=held[layer.number]) for layer in best.layers]
            scene = ordered(replace(best, layers=layers), cache)
            rows.append(row | {"bytes": len(to_binary(scene))})
            used |= scene.elements()
            advance(1)
        return {
            **_mean(rows),
            "mirror_bytes": catalog.fetched(),
            "mirror_bytes_of_recipes": catalog.fetched(used),
            **self._matched(catalog, advance),
        }

    def _told(self, at: int, held: frozenset[int]) -> tuple[Scene, Row]:
        """A scene with those of its elements that are held; what is lacking becomes a wash. Done once for the same ones."""
        drawn = self._drawn[at]
        key = at, held & drawn.scene.elements()
        if key not in self._best:
            from haac_match import Options, rate_distortion, same
            from haac_pipeline._internal import psnr, quality

            layers = [layer for layer in drawn.scene.layers if layer.number in held]
            known = replace(drawn.scene, layers=layers)
            options = Options(quality=self._options.quality)
            scene = rate_distortion(drawn.picture, known, self._cache, options)
            made = render(scene, self._cache)
            scored = quality(drawn.picture, made)
            if at not in self._rates:
                self._rates[at] = rates(drawn.picture, psnr)
            peer, peer_bytes = self._rates[at].at_least(scored.psnr)
            self._best[key] = (
                scene,
                {
                    "layers": len(drawn.scene.layers),
                    "held": len(layers),
                    "psnr": min(PSNR_OF_EXACT, scored.psnr),
                    "different": scored.different,
                    "exact": same(made, drawn.picture.convert("RGBA")),
                    "peer": peer,
                    "peer_bytes": peer_bytes,
                },
            )
        return self._best[key]

    def _matched(self, catalog: GrowingCatalog, advance: Callable[[int], None]) -> Row:
        """The matcher at work: scenes of the catalog's own elements, as pictures."""
        from haac_match import Matcher, Options

        started = time.perf_counter()
        matcher = Matcher(catalog.repository)
        indexing = time.perf_counter() - started
        layers = found = 0
        seconds = []
        drawn = scenes(
            list(catalog.origin), catalog.repository, self._options.matched, self._options.seed, 0.0
        )
        for each in drawn:
            started = time.perf_counter()
            made = matcher.compress(each.picture, Options(quality=self._options.quality)).scene
            seconds.append(time.perf_counter() - started)
            wanted, got = (Counter(layer.number for layer in scene.layers) for scene in (each.scene, made))
            layers += wanted.total()
            found += (wanted & got).total()
            advance(1)
        return {
            "layers_found": round(found / layers, 4) if layers else None,
            "indexing_seconds": round(indexing, 3),
            "seconds_a_picture": round(statistics.median(seconds), 3) if seconds else None,
        }


def _mean(rows: Sequence[Row]) -> Row:
    layers = sum(row["layers"] for row in rows)
    return {
        "layers_held": round(sum(row["held"] for row in rows) / layers, 4),
        "recipe_bytes": round(statistics.mean(row["bytes"] for row in rows), 1),
        "psnr": round(statistics.mean(row["psnr"] for row in rows), 2),
        "percent_different": round(statistics.mean(row["different"] for row in rows), 2),
        "exact": round(float(np.mean([row["exact"] for row in rows])), 4),
        "peer_bytes": round(statistics.mean(row["peer_bytes"] for row in rows), 1),
        "peers": dict(Counter(row["peer"] for row in rows)),
    }
