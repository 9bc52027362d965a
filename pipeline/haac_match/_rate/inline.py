"""Inline elements: whether a crop of the subject, or the whole picture, is worth sending as WebP within the recipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from PIL import Image

from haac import LIMITS, Layer, Scene, encode_inline
from haac_match._rate.cost import Cost
from haac_match._rate.wash import on_wash
from haac_match._thresholds.rate import RATE
from haac_repo import HaacError


@dataclass(frozen=True, slots=True)
class _InlineLayer:
    """A crop as a layer, at one scale and one quality."""

    layer: Layer
    scale: float
    quality: int
    size: int
    """Bytes."""
    error: float
    """What is left where it stands."""


def inlined(cost: Cost, scene: Scene) -> list[Scene]:
    """The scene with an inline element on top, several ways: the subject cut out, and the whole picture.

    Args:
        cost: compares.
        scene: the best one without.
    """
    options = cost.options
    made: list[Scene] = []
    if options.max_layers < 1:
        return made
    room = len(scene.layers) < options.max_layers
    things = [] if cost.subject is None or not room else cost.subject.things
    for crop, place in things:
        for piece in _Crop(cost, crop, place).chosen():
            on_top = replace(scene, layers=[*scene.layers, piece.layer])
            washed = on_wash(cost, on_top, options.budget, options.quality)
            made += [on_top] if washed is None else [on_top, washed]
    for piece in _Crop(cost, cost.picture, (0, 0)).chosen():
        made.append(replace(scene, background=None, layers=[piece.layer]))
    return made


class _Crop:
    """A crop of the picture as an inline element, at several scales and WebP qualities."""

    def __init__(self, cost: Cost, crop: Image.Image, place: tuple[int, int]) -> None:
        self._cost, self._place = cost, place
        self._part = cost.part(place, crop.size)
        self._scaled = {scale: _scaled(crop, scale) for scale in RATE.inline_scales}
        budget = cost.options.budget
        self._most = (
            LIMITS.inline_bytes if budget is None else min(budget - RATE.inline_rest, LIMITS.inline_bytes)
        )
        self._pieces = [piece for scale in RATE.inline_scales for piece in self._series(scale)]

    def chosen(self) -> Iterator[_InlineLayer]:
        """The best ones: for several parts of the budget, or by the price of bytes."""
        budget = self._cost.options.budget
        if budget is None:
            price = self._cost.price
            yield from sorted(self._pieces, key=lambda piece: piece.error + price * piece.size)[
                : RATE.inline_tried
            ]
            return
        for room in (min(int(share * budget), self._most) for share in RATE.inline_shares):
            fitting = [piece for piece in self._pieces if piece.size <= room]
            if fitting:
                yield self._filled(min(fitting, key=lambda piece: piece.error), room)

    def _series(self, scale: float) -> Iterator[_InlineLayer]:
        """Pieces of one scale that are not too large."""
        for quality in RATE.inline_qualities:
            piece = self._piece(scale, quality)
            if piece is None or piece.size > self._most:
                break
            yield piece
        else:
            return
        # Of drawings, no loss may take less than a little.
        lossless = self._piece(scale, 100)
        if lossless is not None and lossless.size <= self._most:
            yield lossless

    def _filled(self, piece: _InlineLayer, room: int) -> _InlineLayer:
        """The piece with the highest quality that takes at most so many bytes."""
        low, high = next(pair for pair in pairwise((*RATE.inline_qualities, 101)) if pair[0] == piece.quality)
        while high - low > 1:
            middle = (low + high) // 2
            finer = self._piece(piece.scale, middle)
            if finer is not None and finer.size <= room:
                low, piece = middle, finer
            else:
                high = middle
        return piece

    def _piece(self, scale: float, quality: int) -> _InlineLayer | None:
        size, part = self._part.picture.size, self._part
        try:
            inline = encode_inline(self._scaled[scale], quality)
        except HaacError:  # too large for a recipe
            return None
        layer = Layer(inline)
        if self._scaled[scale].size != size:
            layer = replace(layer, width=size[0], height=size[1])
        # Over the picture itself, what is left is the error of this piece.
        over = part.picture.copy()
        over.alpha_composite(part.drawn(Scene(*size, None, [layer])))
        layer = replace(layer, x=self._place[0], y=self._place[1])
        return _InlineLayer(layer, scale, quality, len(inline.data), part.error_of(over))


def _scaled(crop: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(crop.width * scale)), max(1, round(crop.height * scale))
    return crop if size == crop.size else crop.resize(size, Image.Resampling.LANCZOS)
