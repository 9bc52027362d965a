"""The same as `_fit.grid` on a ground that is guessed: what is opaque and right bit for bit speaks for a layer."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from PIL import Image

from haac import Layer
from haac_match._fit.fit import GUESS
from haac_match._fit.grid import GridFit, GridSearch, Weights, stepped, steps
from haac_match._fit.photo_cost import BODY, NEAR, TELLING, TRUST, cost_on_estimate, cost_without, edge_energy
from haac_match._picture.arrays import Box, Bytes, Floats
from haac_match._picture.canvas import Canvas

_OPAQUE = 255
_TIGHT = 27
"""Squared distance by which a pixel that is nearly right is off."""
_SOON, _FEW, _SOME = 15, 0.03, 0.1
"""After so many trials this part of the opaque pixels must be right, and after all of them that part."""
CHEAP, _GAINED = 600, 0.05
"""Of more opaque pixels so large a part more must be right after each round; with fewer, patience costs little and is needed more often."""
_TRIALS, _PIXELS = 600, 30_000_000
"""Layers, and pixels, that are drawn at most for one candidate on a ground that is not known."""


class PhotoGridSearch(GridSearch):
    """Tries layers on a ground that is guessed.

    Errors count where the element is opaque, those elsewhere hardly, and pixels that are right speak for a layer: else the smallest one
    would be the best.

    Args:
        canvas, z, image, box: see `GridSearch`.
        ground: (height, width, 3), the guess of what is behind.

    Attributes:
        tried: layers of which the cost was asked.
    """

    _shows = _OPAQUE

    def __init__(self, canvas: Canvas, z: int, image: Image.Image, box: Box, ground: Bytes) -> None:
        super().__init__(canvas, z, image, box, under=Image.fromarray(ground).convert("RGBA"))
        self._ground = ground
        self._bare = np.ones(self._target.shape[:2], np.bool_) if self._free is None else self._free
        self._beside = cost_without(self._target, ground, self._bare)
        self._unlaid = float(self._beside.sum(dtype=np.float64))
        self._pixels: dict[Layer, Bytes] = {}
        self._right: dict[Layer, int] = {}
        self._wrong: dict[Layer, int] = {}
        self.tried = 0

    def _cost_of(self, layer: Layer) -> int:
        self.tried += 1
        where = self._where(layer)
        if where is None:
            return self._before
        if layer.opacity < 100:
            before, after, _ = self._through(layer)
            self._right[layer], self._wrong[layer] = round(before - after), round(after)
            return round(after - before)
        window = self._target, self._ground, self._bare, self._beside
        cost, self._right[layer], self._wrong[layer] = cost_on_estimate(*window, *where)
        return round(self._unlaid + cost)

    def judged(self, layer: Layer) -> int:
        """The cost, but opaque pixels that are only nearly right gain nothing: with less blur more of them are opaque, not more right."""
        cost = self.cost(layer)
        return cost + NEAR * self._wrong.get(layer, 0) if layer.opacity == 100 else cost

    def _where(self, layer: Layer) -> tuple[Bytes, int, int] | None:
        """The pixels of a layer, straight alpha, and where in the window they begin; None if the layer is off the canvas."""
        whole = self._whole(layer)
        if whole is None or self._seen_of(whole, layer) is None:
            return None
        if whole.layer not in self._pixels:
            self._pixels[whole.layer] = np.asarray(whole.pixels)
        left, top = whole.box[0] + layer.x, whole.box[1] + layer.y
        return self._pixels[whole.layer], left - self._window[0], top - self._window[1]

    def _through(self, layer: Layer) -> tuple[float, float, int]:
        """How much neighbouring pixels differ where a translucent layer is whole, and how much once it is taken away; and pixels there."""
        where = self._where(layer)
        if where is None:
            return 0.0, 0.0, 0
        before, after, shown = edge_energy(
            self._target, self._bare, *where, (255 * layer.opacity + 50) // 100
        )
        return float(before), float(after), int(shown)

    def result(self, layer: Layer, tolerance: float, *, damaged: bool = False) -> GridFit | None:
        """As `GridSearch.result`; of a translucent layer `good` is the part of the steps between neighbouring pixels that it takes away."""
        found = super().result(layer, tolerance, damaged=damaged)
        made = self.made(layer)
        if found is None or made is None:
            return None
        if layer.opacity < 100:
            before, left, shown = self._through(layer)
            good, left = 1 - left / max(before, 1.0), left / max(1, shown)
            return replace(found, exact=0.0, good=good, shown=shown, mended=0.0, left=left)
        alpha = self._alpha(layer)
        cover = (alpha >= BODY) & self._bare
        body = int(cover.sum())
        apart = np.abs(made.astype(np.int16) - self._target).max(axis=2)[cover]
        free = 1 + (255 - alpha[cover].astype(np.float32)) / 255 * GUESS
        return replace(found, body=body, soft=float((apart <= free).sum()) / max(1, body))

    def _weigh(self, layer: Layer, length: Floats) -> Weights:
        return TRUST[self._alpha(layer)] / np.square(1 + length / NEAR)

    def _weigh_tightly(self, layer: Layer, length: Floats) -> Weights:
        """Opaque pixels that are nearly right count, and nothing else."""
        return (self._alpha(layer) >= _OPAQUE) / np.square(1 + length / _TIGHT)

    def polish(self, layer: Layer, *_: int) -> Layer:
        """The first better of the neighbours on the grid, again and again: what is near shows by pixels that are right."""
        cost = self.judged(layer)
        most = self.tried + min(_TRIALS, _PIXELS // (self._target.size // 3))
        better = True
        while better and self.tried < most:
            better, before = False, self._part(layer)
            for trial in self._step(layer, self._weigh_tightly):
                if (found := self.judged(trial)) < cost:
                    layer, cost, better = trial, found, True
            if better:
                continue
            for at, change in enumerate(_neighbours(layer)):
                if at == _SOON and self._part(layer) < _FEW:
                    return layer
                trial = stepped(layer, change)
                if (found := self.judged(trial)) < cost:
                    layer, cost, better = trial, found, True
            part = self._part(layer)
            many = layer.opacity == 100 and self._right.get(layer, 0) + self._wrong.get(layer, 0) > CHEAP
            if part < _SOME or (many and part - before < _GAINED < 1 - part):
                break
        return layer

    def _part(self, layer: Layer) -> float:
        """Part of the opaque pixels that are right; 1 if they are too few to tell."""
        right, wrong = self._right.get(layer, 0), self._wrong.get(layer, 0)
        return right / (right + wrong) if right + wrong >= TELLING else 1.0


def _neighbours(layer: Layer) -> list[dict[str, int]]:
    """Changes to what is tried next, the likeliest first."""
    names = steps(layer)
    shifts = [{"x": dx, "y": dy} for dx, dy in product((0, -1, 1), repeat=2)]
    made: list[dict[str, int]] = [{"blur": step} for step in (1, -1, 2, -2, 3, -3)]
    made += shifts[1:]
    for name in names:
        if name != "blur":
            made += [{name: step, **shift} for step in (1, -1) for shift in shifts]
    if "opacity" in names:
        made += [
            {"opacity": step, "blur": blur} for step in (2, -2, 4, -4, 9, -9) for blur in (0, 1, -1, 2, -2)
        ]
    # Too small or too large, and right in the middle: the blur makes up for it.
    sides = [name for name in ("width", "height") if name in names]
    made += [
        {name: grow, "blur": blur, **shift}
        for name in sides
        for grow in (-1, 1, -2, 2)
        for blur in (0, -1, 1)
        for shift in shifts
    ]
    return made
