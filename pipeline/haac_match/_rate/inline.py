"""Elements inside the recipe: whether the subject, or the whole picture, is worth sending as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from PIL import Image

from haac import LIMITS, Layer, Scene, encode_inline
from haac_repo import HaacError

if TYPE_CHECKING:
    from haac_match._rate.select import Judge

_SCALES = (0.25, 0.35, 0.5, 0.7, 1.0)
_QUALITIES = (5, 15, 30, 50, 70, 85, 95, 100)
_SHARES = (0.3, 0.6, 0.85, 1.0)
"""Parts of a budget that the pictures may take."""
_TRIED = 3
"""Pictures that are tried with a wash around them, where there is no budget."""
_FRAME = 24
"""Bytes that the rest of a recipe takes at least."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the picture as a layer of its own pixels."""

    layer: Layer
    scale: float
    quality: int
    size: int
    """Bytes."""
    error: float
    """What is left where it stands."""


def inlined(judge: Judge, scene: Scene) -> list[Scene]:
    """The scene with an inline element on top, several ways: the subject cut out, and the whole picture.

    Args:
        judge: compares.
        scene: the best one without.
    """
    options = judge.options
    made: list[Scene] = []
    if options.max_layers < 1:
        return made
    room = len(scene.layers) < options.max_layers
    objects = [] if judge.subject is None or not room else judge.subject.objects
    for cutout, place in objects:
        for piece in _Thing(judge, cutout, place).chosen():
            on_top = replace(scene, layers=[*scene.layers, piece.layer])
            washed = judge.on_wash(on_top, options.budget, options.quality)
            made += [on_top] if washed is None else [on_top, washed]
    for piece in _Thing(judge, judge.picture, (0, 0)).chosen():
        made.append(replace(scene, background=None, layers=[piece.layer]))
    return made


class _Thing:
    """Something that may be sent, at several scales and qualities."""

    def __init__(self, judge: Judge, thing: Image.Image, place: tuple[int, int]) -> None:
        self._judge, self._place = judge, place
        self._part = judge.part(place, thing.size)
        self._scaled = {scale: _scaled(thing, scale) for scale in _SCALES}
        budget = judge.options.budget
        self._most = LIMITS.inline_bytes if budget is None else min(budget - _FRAME, LIMITS.inline_bytes)
        self._pieces = [piece for scale in _SCALES for piece in self._series(scale)]

    def chosen(self) -> Iterator[_Piece]:
        """The best ones: for several parts of the budget, or by the price of bytes."""
        budget = self._judge.options.budget
        if budget is None:
            price = self._judge.price
            yield from sorted(self._pieces, key=lambda piece: piece.error + price * piece.size)[:_TRIED]
            return
        for room in (min(int(share * budget), self._most) for share in _SHARES):
            fitting = [piece for piece in self._pieces if piece.size <= room]
            if fitting:
                yield self._filled(min(fitting, key=lambda piece: piece.error), room)

    def _series(self, scale: float) -> Iterator[_Piece]:
        """Pieces of one scale that are not too large."""
        for quality in _QUALITIES:
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

    def _filled(self, piece: _Piece, room: int) -> _Piece:
        """The piece with the highest quality that takes at most so many bytes."""
        low, high = next(pair for pair in pairwise((*_QUALITIES, 101)) if pair[0] == piece.quality)
        while high - low > 1:
            middle = (low + high) // 2
            finer = self._piece(piece.scale, middle)
            if finer is not None and finer.size <= room:
                low, piece = middle, finer
            else:
                high = middle
        return piece

    def _piece(self, scale: float, quality: int) -> _Piece | None:
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
        over.alpha_composite(part.made(Scene(*size, None, [layer])))
        layer = replace(layer, x=self._place[0], y=self._place[1])
        return _Piece(layer, scale, quality, len(inline.data), part.error_of(over))


def _scaled(thing: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(thing.width * scale)), max(1, round(thing.height * scale))
    return thing if size == thing.size else thing.resize(size, Image.Resampling.LANCZOS)
