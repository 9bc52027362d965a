"""How many bits the random draws decide where `scripts/benchmark/scenes.py` draws pictures: no form of a recipe can take fewer on average.

Of each value its surprise counts, -log2 of its probability, as whoever knows the generator and the sizes of all elements would have it. Two
facts make a picture less surprising than what was drawn for it. A layer that hides too much is drawn again: where a layer
stands in the way with the probability 1 - a, the one that was taken tells log2(1/a) bits less. And layers may be drawn in
several orders that give the same picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from haac import ElementCache, Gradient, Layer, Plate, Scene
from haac._internal import covering
from haac_repo import Repository
from scripts.benchmark.scenes import BACKGROUND_TAG, composites

_SIDES, _COUNTS, _LEAST = 1600 - 512 + 1, 12 - 3 + 1, 8
_SCALES = math.log(0.25), math.log(2)
_UNEVEN = 0.25 + 0.25
"""Range that the logarithm of the unevenness is drawn from."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A composite, and the bits of the random draws that made it."""

    scene: Scene
    bits: float
    background_bits: float
    """Of them, what canvas, background and the number of layers hold."""
    order_bits: float
    """How many more it would be if the order of layers that share no pixel told anything."""


class Sampled:
    """Composites with what was drawn for them.

    Args:
        repository: a catalog of `build_catalog`.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.source = ElementCache(repository)
        self._backgrounds = sum(BACKGROUND_TAG in element.tags for element in repository.elements())
        self._cutouts = len(repository) - self._backgrounds

    def scenes(self, background: str, count: int, seed: int) -> Iterator[Drawn]:
        """As `composites`."""
        drawn: list[Layer] = []
        for made in composites(self._repository, background, count, seed, tried=drawn):
            yield self._told(made.scene, drawn)
            drawn.clear()

    def _told(self, scene: Scene, drawn: list[Layer]) -> Drawn:
        background = 2 * math.log2(_SIDES) + math.log2(_COUNTS) + self._background_bits(scene)
        bits, tries = background, 0
        seen: list[int] = []
        layers = iter(scene.layers)
        wanted = next(layers, None)
        for layer in drawn:
            tries += 1
            if layer is not wanted:
                continue
            bits += self._element_bits(layer, seen) + self._pose_bits(layer, scene)
            # Estimates log2(1/a) without bias: of tries that succeed with the probability a, sum (1-a)^k / k = -ln a.
            bits -= sum(1 / k for k in range(1, tries)) / math.log(2)
            seen.append(layer.number)
            tries, wanted = 0, next(layers, None)
        order = math.log2(orders(covering(scene, self.source)))
        return Drawn(scene, bits - order, background, order)

    def _background_bits(self, scene: Scene) -> float:
        match scene.background:
            case Plate():
                return math.log2(self._backgrounds)
            case Gradient():
                return 48 + math.log2(1440)
        return 24.0

    def _element_bits(self, layer: Layer, seen: list[int]) -> float:
        if not seen:
            return math.log2(self._cutouts)
        return -math.log2(0.9 / self._cutouts + 0.1 * seen.count(layer.number) / len(seen))

    def _pose_bits(self, layer: Layer, scene: Scene) -> float:
        size = self.source.image(layer.number).size
        chance = self._size_chance(layer, size, 0.9 * min(scene.width, scene.height) / max(size))
        chance *= 0.1 if layer.flip else 0.9
        chance *= 0.1 / 41 if layer.opacity != 100 else 0.9
        return -math.log2(chance / (1440 * 13 * scene.width * scene.height))

    def _size_chance(self, layer: Layer, size: tuple[int, int], most: float) -> float:
        """The probability of width and height, or more; `most` is the largest scale."""
        assert layer.width is not None
        low, high = _interval(layer.width, size[0])
        if layer.height is None:
            if low <= math.log(most) < high:  # all larger ones are made this large
                high = math.inf
            return 0.8 * (min(high, _SCALES[1]) - max(low, _SCALES[0])) / (_SCALES[1] - _SCALES[0])
        below, above = _interval(layer.height, size[1])
        if 2 * math.exp(_UNEVEN / 2) > most or min(layer.width, layer.height) == _LEAST:
            return 0.2
        # Scale and unevenness, drawn evenly from a rectangle, become sum and difference.
        return 0.2 * (high - low) * (above - below) / 2 / ((_SCALES[1] - _SCALES[0]) * _UNEVEN)


def _interval(pixels: int, own: int) -> tuple[float, float]:
    """Logarithms of the scales that give so many pixels."""
    low = math.log((pixels - 0.5) / own) if pixels > _LEAST else -math.inf
    return low, math.log((pixels + 0.5) / own)


def orders(above: list[list[int]]) -> int:
    """In how many orders layers give the same picture.

    Args:
        above: of each layer, those that have to stay above it. 2^layers numbers are kept.
    """
    below = [sum(1 << z for z, those in enumerate(above) if n in those) for n in range(len(above))]
    ways = [1] + [0] * ((1 << len(above)) - 1)
    for placed, count in enumerate(ways):
        for n, needed in enumerate(below):
            if not placed >> n & 1 and placed & needed == needed:
                ways[placed | 1 << n] += count
    return ways[-1]
