"""Grid search on an estimated background (photographs): opaque pixels that are right bit for bit speak for a layer."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from PIL import Image

from haac import Layer
from haac_match._fit.grid import GridFit, GridSearch, Weights, stepped, steps
from haac_match._fit.photo_cost import BODY, TRUST, cost_on_estimate, cost_without, edge_energy
from haac_match._picture.arrays import Box, Bytes, Floats
from haac_match._picture.canvas import Canvas
from haac_match._thresholds.fit import FIT, PHOTO_GRID

_OPAQUE = 255


class PhotoGridSearch(GridSearch):
    """Search for the layer of one element over an estimated background.

    Errors count where the element is opaque, and hardly elsewhere; pixels that are right speak for a layer: else the smallest one would
    be the best.

    Args:
        canvas, z, image, box: see `GridSearch`.
        background: (height, width, 3), the estimate.

    Attributes:
        tried: layers of which the cost was asked.
    """

    def __init__(self, canvas: Canvas, z: int, image: Image.Image, box: Box, background: Bytes) -> None:
        super().__init__(canvas, z, image, box, under=Image.fromarray(background).convert("RGBA"))
        self._background = background
        self._bare = np.ones(self._target.shape[:2], np.bool_) if self._free is None else self._free
        self._beside = cost_without(self._target, background, self._bare)
        self._without = float(self._beside.sum(dtype=np.float64))
        self._pixels: dict[Layer, Bytes] = {}
        self._right: dict[Layer, int] = {}
        self._wrong: dict[Layer, int] = {}
        self.tried = 0

    @property
    def _shows(self) -> int:
        """Alpha from which on a pixel is looked at."""
        return _OPAQUE

    def _cost_of(self, layer: Layer) -> int:
        self.tried += 1
        where = self._where(layer)
        if where is None:
            return self._before
        if layer.opacity < 100:
            before, after, _ = self._edges(layer)
            self._right[layer], self._wrong[layer] = round(before - after), round(after)
            return round(after - before)
        window = self._target, self._background, self._bare, self._beside
        cost, self._right[layer], self._wrong[layer] = cost_on_estimate(*window, *where)
        return round(self._without + cost)

    def judged(self, layer: Layer) -> int:
        """The cost, but opaque pixels that are nearly right gain nothing: less blur makes more of them opaque, not more of them right."""
        cost = self.cost(layer)
        return cost + PHOTO_GRID.near * self._wrong.get(layer, 0) if layer.opacity == 100 else cost

    def _where(self, layer: Layer) -> tuple[Bytes, int, int] | None:
        """The pixels of a layer, straight alpha, and where in the window they begin; None if the layer is off the canvas."""
        whole = self._whole(layer)
        if whole is None or self._visible(whole, layer) is None:
            return None
        if whole.layer not in self._pixels:
            self._pixels[whole.layer] = np.asarray(whole.pixels)
        left, top = whole.box[0] + layer.x, whole.box[1] + layer.y
        return self._pixels[whole.layer], left - self._window[0], top - self._window[1]

    def _edges(self, layer: Layer) -> tuple[float, float, int]:
        """Edge energy under a translucent layer, what is left of it once the layer is subtracted, and pixels compared."""
        where = self._where(layer)
        if where is None:
            return 0.0, 0.0, 0
        before, after, shown = edge_energy(
            self._target, self._bare, *where, (255 * layer.opacity + 50) // 100
        )
        return float(before), float(after), int(shown)

    def result(self, layer: Layer, tolerance: float, *, degraded: bool = False) -> GridFit | None:
        """As `GridSearch.result`; of a translucent layer `good` is the share of edge energy it removes, `left` the mean of the rest."""
        found = super().result(layer, tolerance, degraded=degraded)
        made = self.made(layer)
        if found is None or made is None:
            return None
        if layer.opacity < 100:
            before, left, shown = self._edges(layer)
            good, left = 1 - left / max(before, 1.0), left / max(1, shown)
            return replace(found, exact=0.0, good=good, shown=shown, mended=0.0, left=left)
        alpha = self._alpha(layer)
        cover = (alpha >= BODY) & self._bare
        body = int(cover.sum())
        apart = np.abs(made.astype(np.int16) - self._target).max(axis=2)[cover]
        free = 1 + (255 - alpha[cover].astype(np.float32)) / 255 * FIT.guess
        return replace(found, body=body, soft=float((apart <= free).sum()) / max(1, body))

    def _weigh(self, layer: Layer, length: Floats) -> Weights:
        return TRUST[self._alpha(layer)] / np.square(1 + length / PHOTO_GRID.near)

    def _weigh_tightly(self, layer: Layer, length: Floats) -> Weights:
        """Opaque pixels that are nearly right count, and nothing else."""
        return (self._alpha(layer) >= _OPAQUE) / np.square(1 + length / PHOTO_GRID.tight)

    def polish(self, layer: Layer, *_: int | None) -> Layer:
        """First-improvement search on the grid; it ends early where too few opaque pixels are right."""
        cost = self.judged(layer)
        most = self.tried + min(PHOTO_GRID.trials, PHOTO_GRID.pixels // (self._target.size // 3))
        better = True
        while better and self.tried < most:
            better, before = False, self._right_share(layer)
            for trial in self._step(layer, self._weigh_tightly):
                if (found := self.judged(trial)) < cost:
                    layer, cost, better = trial, found, True
            if better:
                continue
            for at, change in enumerate(_neighbours(layer)):
                if at == PHOTO_GRID.soon and self._right_share(layer) < PHOTO_GRID.soon_right:
                    return layer
                trial = stepped(layer, change)
                if (found := self.judged(trial)) < cost:
                    layer, cost, better = trial, found, True
            right = self._right_share(layer)
            # With fewer pixels patience costs little, and is needed more often.
            opaque = self._right.get(layer, 0) + self._wrong.get(layer, 0)
            many = layer.opacity == 100 and opaque > PHOTO_GRID.many
            if right < PHOTO_GRID.some_right or (many and right - before < PHOTO_GRID.gained < 1 - right):
                break
        return layer

    def _right_share(self, layer: Layer) -> float:
        """Share of the opaque pixels that are right; 1 if they are too few to tell."""
        right, wrong = self._right.get(layer, 0), self._wrong.get(layer, 0)
        return right / (right + wrong) if right + wrong >= PHOTO_GRID.telling else 1.0


def _neighbours(layer: Layer) -> list[dict[str, int]]:
    """Changes to the neighbours on the grid, the likeliest first."""
    names = steps(layer)
    shifts = [{"x": dx, "y": dy} for dx, dy in product((0, -1, 1), repeat=2)]
    made: list[dict[str, int]] = [{"blur": step} for step in PHOTO_GRID.blurs]
    made += shifts[1:]
    for name in names:
        if name != "blur":
            made += [{name: step, **shift} for step in (1, -1) for shift in shifts]
    if "opacity" in names:
        made += [
            {"opacity": step, "blur": blur}
            for step in PHOTO_GRID.opacities
            for blur in PHOTO_GRID.opacity_blurs
        ]
    # Too small or too large, and right in the middle: the blur makes up for it.
    sides = [name for name in ("width", "height") if name in names]
    made += [
        {name: grow, "blur": blur, **shift}
        for name in sides
        for grow in PHOTO_GRID.sides
        for blur in PHOTO_GRID.side_blurs
        for shift in shifts
    ]
    return made
