"""The whole picture as one WebP: at the scale and quality that fit a budget best, or without loss in as many colours as fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from haac import LIMITS, Inline, Layer
from haac_match._options import UNSEEN, Monitor
from haac_match._rate import webp

LEAST = 60
"""Bytes that a WebP takes at least, about."""

_STEP = 2**-0.25
"""From one scale to the next."""
_SCALES = 21
"""So many are there."""
_PATIENCE = 2
"""Scales that may be worse before no further one is tried."""
_BITS = 0.22
"""Bits a pixel at which photographs look best: where the search begins."""
_COLOURS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Sizes of palettes."""
_DRAWN = 0.25
"""Share of pixels like the one beside them from which on a picture may be drawn rather than taken..."""
_LIKELY = 4
"""...and times as many bytes as the budget that it may take without loss, where fewer colours are tried."""
_THOROUGH = 1.15
"""Times as many bytes as there is room for that a lossless picture may take before a thorough one is not tried."""

Error = Callable[[Layer], float]


@dataclass(frozen=True, slots=True)
class Piece:
    """A WebP as the layer that shows it, and what is left where it stands."""

    layer: Layer
    size: int
    """Bytes."""
    error: float


class Whole:
    """A picture, or a part of it, as one WebP.

    Args:
        image: RGB or RGBA.
        error: what is left with a layer of it; the layer has its place at 0, 0.
        monitor: may end the search.
    """

    def __init__(self, image: Image.Image, error: Error, monitor: Monitor = UNSEEN) -> None:
        self._image, self._error, self._monitor = image, error, monitor
        self._scaled = cache(self._scaled_to)
        self._at = cache(self._filled)
        self._lossless: dict[bool, Piece | None] = {}

    def within(self, room: int) -> Iterator[Piece]:
        """The best ones of at most so many bytes: with loss, and without in as many colours as fit."""
        if room < LEAST:
            return
        exact = self.exact(room)
        if exact is not None:
            yield exact
            return
        found = [piece for piece in (self._few_colours(room), self._best_scale(room)) if piece is not None]
        yield from found

    def exact(self, room: int | None = None) -> Piece | None:
        """Without loss; None if it takes more bytes than there are."""
        if False not in self._lossless:
            self._lossless[False] = self._piece(webp.lossless(self._image))
        quick = self._lossless[False]
        if quick is None or room is None:
            return quick
        if quick.size > _THOROUGH * room:
            return None
        if quick.size <= room and not (self._image.mode == "RGB" and self._drawn()):
            return quick  # a thorough one takes long, and is hardly smaller
        if True not in self._lossless:
            self._lossless[True] = self._piece(webp.lossless(self._image, thorough=True))
        small = self._lossless[True]
        fitting = [one for one in (small, quick) if one is not None and one.size <= room]
        return min(fitting, key=lambda one: one.size, default=None)

    # Fewer colours

    def _few_colours(self, room: int) -> Piece | None:
        exact = self.exact()
        if self._image.mode != "RGB" or not self._drawn():
            return None
        if exact is not None and exact.size > 40 * _LIKELY * room:
            return None
        low, high, best = 0, len(_COLOURS), None
        while low < high:
            middle = (low + high) // 2
            piece = self._piece(webp.lossless(webp.of_colours(self._image, _COLOURS[middle])))
            if piece is not None and piece.size <= room:
                low = middle + 1
                best = piece if best is None or piece.error < best.error else best
            else:
                high = middle
        return best

    @cache  # noqa: B019 (as many as there are pictures at work)
    def _drawn(self) -> bool:
        pixels = np.asarray(self._image)
        return float((pixels[:, 1:] == pixels[:, :-1]).all(axis=2).mean()) > _DRAWN

    # Scales

    def _best_scale(self, room: int) -> Piece | None:
        """Climbs from scale to scale; then the best one is encoded as well as it can be."""
        pixels = self._image.width * self._image.height
        start = min(_SCALES - 1, max(0, round(np.log(8 * room / (_BITS * pixels)) / np.log(_STEP**2))))
        best = at = start
        while self._at(at, room) is None and at < _SCALES - 1:
            best = at = at + 1
        if self._at(at, room) is None:
            return None
        start = best
        for way in (-1, 1):
            # Of drawings, the error goes up and down from scale to scale.
            at, worse = start + way, 0
            while 0 <= at < _SCALES and worse < _PATIENCE and not self._monitor.stop():
                if self._merit(at, room) < self._merit(best, room):
                    best, worse = at, 0
                else:
                    worse += 1
                at += way
        return min(self._refined(best, room), key=lambda piece: piece.error, default=None)

    def _merit(self, at: int, room: int) -> float:
        found = self._at(at, room)
        return float("inf") if found is None else found[1].error

    def _size(self, at: int) -> tuple[int, int]:
        return tuple(max(1, round(side * _STEP**at)) for side in self._image.size)  # type: ignore[return-value]

    def _scaled_to(self, at: int, rounds: int) -> Image.Image:
        return self._image if at == 0 else webp.reduced(self._image, self._size(at), rounds=rounds)

    def _filled(self, at: int, room: int) -> tuple[float, Piece] | None:
        """A quick one at a scale that fills the room, and its quality."""
        size = self._size(at)
        if size[0] * size[1] > LIMITS.inline_pixels:
            return None
        return self._fill(self._scaled(at, 1), room, None, method=4)

    def _fill(
        self, image: Image.Image, room: int, near: float | None, method: int = 6
    ) -> tuple[float, Piece] | None:
        def encode(quality: float) -> webp.Pieces | None:
            inline = webp.lossy(image, quality, method=method)
            return None if inline is None else [inline]

        found = webp.filled(encode, room, near)
        if found is None or (piece := self._piece(found[1][0])) is None:
            return None
        return found[0], piece

    def _refined(self, at: int, room: int) -> Iterator[Piece]:
        quick = self._at(at, room)
        if quick is None:
            return
        near, piece = quick
        yield piece
        for image in self._prepared(at):
            if self._monitor.stop():
                return
            found = self._fill(image, room, near)
            if found is not None:
                near, piece = found
                yield piece

    def _prepared(self, at: int) -> Iterator[Image.Image]:
        """The picture at a scale, in several ways of which any may be the best."""
        yield self._scaled(at, 1)
        yield webp.sharpened(self._scaled(at, 1))
        if at > 0:
            yield self._scaled(at, 0)
            yield self._scaled(at, 3)

    def _piece(self, inline: Inline | None) -> Piece | None:
        if inline is None:
            return None
        layer = Layer(inline)
        if inline.size != self._image.size:
            layer = Layer(inline, width=self._image.width, height=self._image.height)
        return Piece(layer, len(inline.data), self._error(layer))
