"""Pose to layer on the recipe's grid: Gauss-Newton on rendered differences, then local search; the renderer judges both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Layer
from haac._internal import blur_and_fade, warp
from haac_match._picture.arrays import Box, Bytes, Floats, overlap, squared
from haac_match._picture.canvas import Canvas, Placed, composite
from haac_match._picture.degraded import tolerant_difference
from haac_match._thresholds.fit import FIT, GRID
from haac_match._thresholds.picture import PICTURE

Weights = npt.NDArray[np.floating[Any]]
Weigh = Callable[[Layer, Floats], Weights]
"""Weight of each pixel, (height, width), by the layer and the squared colour distances from the picture, (height, width)."""

_ANYWHERE = -(2**30), -(2**30), 2**30, 2**30


@dataclass(frozen=True, slots=True)
class GridFit:
    """A layer on the grid, and its residual in a window.

    Args:
        placed: the layer, drawn.
        cost: clipped squared error in the window, summed.
        exact: share of the pixels that show it which are right bit for bit; in a rescaled picture, but for rounding.
        good: share of them which are right within the tolerance.
        shown: pixels of the picture that show it.
        mended: share of them which are right within the tolerance, and in a degraded picture would not be without it.
        left: mean clipped squared error of them.
        body: pixels that show it well, and...
        soft: ...the share of them that are right if the background is about as estimated; both 0 where it is known.
    """

    placed: Placed
    cost: int
    exact: float
    good: float
    shown: int
    mended: float
    left: float
    body: int = 0
    soft: float = 0.0


class GridSearch:
    """Search for the layer of one element, at one place in the stack, with the least error in a window.

    Args:
        canvas: what is there.
        z: place in the stack, counted from the back; the layer is put there, none is taken away.
        image: RGBA pixels of the element.
        box: window in which errors are counted.
        degrade: what the window, with all layers in it, goes through before it is compared; its outermost pixels do not count. None:
            nothing, and what other layers cover does not count.
        under: RGBA, the background in the window's frame; None: what the canvas has there.
        through: translucent layers above are composited on it, and what they let through counts.
        clip: squared colour distance above which an error counts no more; None: the usual one.
    """

    def __init__(
        self,
        canvas: Canvas,
        z: int,
        image: Image.Image,
        box: Box,
        degrade: Callable[[Bytes], Bytes] | None = None,
        *,
        under: Image.Image | None = None,
        through: bool = False,
        clip: int | None = None,
    ) -> None:
        self._image, self._size, self._box = image, canvas.area, canvas.frame(box)
        self._clip = FIT.clip**2 if clip is None else clip
        self._canvas, self._window = canvas, box
        left, top, right, bottom = box
        self._target = canvas.target[top:bottom, left:right]
        self._under = under or canvas.drawn(box, canvas.layers[:z])
        self._degrade = degrade
        hidden = canvas.hidden(z, box)
        through = through and degrade is None and bool(hidden.any())
        self._above = canvas.layers[z:] if degrade is not None or through else []
        self._veil: Bytes | None = None
        if through:
            self._veil = canvas.veil(z, box)[:, :, 3]
            hidden = self._veil >= PICTURE.dense
        self._open = self._free = ~hidden if hidden.any() else None
        if degrade is not None:
            self._free = np.zeros(hidden.shape, bool)
            self._free[1:-1, 1:-1] = True
        self._before = self._cost(squared(self._degraded(self._with(None)), self._target))
        self._turned: dict[Layer, tuple[Image.Image, Box]] = {}
        self._drawn: dict[Layer, Placed | None] = {}
        self._costs: dict[Layer, int] = {}
        self._rest = canvas.slack * self._target.size // GRID.rests

    @property
    def _shows(self) -> int:
        """Alpha from which on a pixel is looked at."""
        return PICTURE.shows

    def _cost(self, error: npt.NDArray[np.int32]) -> int:
        clipped = np.minimum(error, self._clip)
        return int(clipped[self._free].sum() if self._free is not None else clipped.sum())

    @property
    def before(self) -> int:
        """Clipped squared error in the window without the layer."""
        return self._before

    def placed(self, layer: Layer) -> Placed | None:
        """The layer, drawn; a shift of one drawn before is not drawn anew. None if it is off the canvas."""
        whole = self._whole(layer)
        box = None if whole is None else self._visible(whole, layer)
        if whole is None or box is None:
            return None
        if box[2] - box[0] == whole.pixels.width and box[3] - box[1] == whole.pixels.height:
            return Placed(layer, whole.pixels, box)
        left, top = whole.box[0] + layer.x, whole.box[1] + layer.y
        return Placed(
            layer, whole.pixels.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top)), box
        )

    def _visible(self, whole: Placed, layer: Layer) -> Box | None:
        """The box of the canvas that a layer takes which was drawn at the origin; None if it is off it."""
        left, top, right, bottom = whole.box
        there = left + layer.x, top + layer.y, right + layer.x, bottom + layer.y
        return overlap((0, 0, *self._size), there)

    def _whole(self, layer: Layer) -> Placed | None:
        """The layer at the origin, not cut to the canvas."""
        key = replace(layer, x=0, y=0)
        if key not in self._drawn:
            shape = replace(key, blur=0, opacity=100)
            if shape not in self._turned:
                self._turned[shape] = warp(shape, self._image, _ANYWHERE)
            found = blur_and_fade(key, *self._turned[shape], _ANYWHERE)
            self._drawn[key] = None
            if found is not None:
                pixels, (x, y) = found
                self._drawn[key] = Placed(key, pixels, (x, y, x + pixels.width, y + pixels.height))
        return self._drawn[key]

    def made(self, layer: Layer) -> Bytes | None:
        """(height, width, 3): the window with the layer; None if it is off the canvas."""
        placed = self.placed(layer)
        return None if placed is None else self._with(placed)

    def _with(self, placed: Placed | None) -> Bytes:
        """(height, width, 3): the window with a layer, and those above it if they count; not degraded."""
        out = self._under.copy()
        for one in self._above if placed is None else [placed, *self._above]:
            composite(out, self._box, one.drawn)
        return np.asarray(self._canvas.resized(out.convert("RGB"), self._window))

    def _degraded(self, made: Bytes) -> Bytes:
        """The window after what the picture went through."""
        return made if self._degrade is None else self._degrade(made)

    def cost(self, layer: Layer) -> int:
        """Clipped squared error in the window with the layer."""
        if layer not in self._costs:
            self._costs[layer] = self._cost_of(layer)
        return self._costs[layer]

    def _cost_of(self, layer: Layer) -> int:
        made = self.made(layer)
        return self._before if made is None else self._cost(squared(self._degraded(made), self._target))

    def judged(self, layer: Layer) -> int:
        """Score used to compare the end points of different descents."""
        return self.cost(layer)

    def _alpha(self, layer: Layer) -> Bytes:
        """(height, width): alpha of the layer in the window."""
        alpha = np.zeros(self._target.shape[:2], np.uint8)
        placed = self.placed(layer)
        placed = None if placed is None else self._canvas.scaled(placed)
        common = overlap(placed.box, self._window) if placed is not None else None
        if placed is None or common is None:
            return alpha
        left, top = self._window[:2]
        x, y = placed.box[:2]
        part = placed.pixels.getchannel("A").crop(
            (common[0] - x, common[1] - y, common[2] - x, common[3] - y)
        )
        alpha[common[1] - top : common[3] - top, common[0] - left : common[2] - left] = np.asarray(part)
        return alpha

    def result(self, layer: Layer, tolerance: float, *, degraded: bool = False) -> GridFit | None:
        """Residual statistics of a layer; None if it is not in the window.

        Args:
            layer: on the canvas.
            tolerance: levels by which a right pixel may differ.
            degraded: whether the picture is.
        """
        placed = self.placed(layer)
        made = self.made(layer)
        placed = None if placed is None else self._canvas.scaled(placed)
        if placed is None or made is None or overlap(placed.box, self._window) is None:
            return None
        alpha = self._alpha(layer)
        if self._veil is not None:
            alpha = (alpha.astype(np.int32) * (255 - self._veil.astype(np.int32)) // 255).astype(np.uint8)
        shows = alpha >= self._shows
        if self._open is not None:
            shows &= self._open
        shown = int(shows.sum())
        made = self._degraded(made)
        off = np.abs(made.astype(np.int16) - self._target).max(axis=2)[shows]
        right = off <= tolerance
        mended = right
        if degraded:
            right = tolerant_difference(made, self._target)[shows] <= tolerance
            before = self._degraded(self._with(None))
            mended = right & (tolerant_difference(before, self._target)[shows] > tolerance)
        return GridFit(
            placed,
            self.cost(layer),
            float((off <= self._canvas.slack).sum()) / max(1, shown),
            float(right.sum()) / max(1, shown),
            shown,
            float(mended.sum()) / max(1, shown),
            float(np.minimum(squared(made, self._target), FIT.clip**2)[shows].sum()) / max(1, shown),
        )

    def descend(self, layer: Layer, iterations: int | None = None) -> Layer:
        """Gauss-Newton with finite differences of real renderings, rounded to the grid.

        Args:
            layer: where it begins.
            iterations: at most so many; None: the usual number.
        """
        best, cost = layer, self.cost(layer)
        for _ in range(GRID.steps if iterations is None else iterations):
            moved = self._step(best)
            better = None
            for trial in moved:
                if (found := self.cost(trial)) < cost:
                    better, cost = trial, found
            if better is None:
                return best
            best = better
        return best

    def _step(self, layer: Layer, weigh: Weigh | None = None) -> list[Layer]:
        """Layers that a Gauss-Newton step may lead to.

        Args:
            layer: where it begins.
            weigh: how much each pixel counts; None: the less, the more it is off.
        """
        base = self.made(layer)
        if base is None:
            return []
        start = base.astype(np.float32)
        # What degradation does hardly changes with a small move, or by leaps: the differences are taken without it.
        error = self._degraded(base).astype(np.float32) - self._target
        length = np.einsum("ijk,ijk->ij", error, error)
        weight = (weigh or self._weigh)(layer, length)
        if self._free is not None:
            weight *= self._free
        columns, changes = [], []
        for change in moves(layer):
            other = self.made(stepped(layer, change))
            if other is None:
                return []
            columns.append((other.astype(np.float32) - start).ravel())
            changes.append(change)
        jacobian = np.stack(columns)
        weighted = jacobian * np.repeat(weight.ravel(), 3)
        hessian = (weighted @ jacobian.T).astype(np.float64)
        hessian += np.diag(GRID.damping * np.diag(hessian) + 1e-6)
        try:
            move = np.linalg.solve(hessian, -(weighted @ error.ravel()).astype(np.float64))
        except np.linalg.LinAlgError:
            return []
        trials = []
        for part in GRID.parts:
            total = {name: 0.0 for change in changes for name in change}
            for amount, change in zip(move, changes, strict=True):
                for name, value in change.items():
                    total[name] += part * value * min(max(amount, -GRID.most_move), GRID.most_move)
            trials.append(stepped(layer, {name: round(value) for name, value in total.items()}))
        return [trial for trial in trials if trial != layer]

    def _weigh(self, layer: Layer, length: Floats) -> Weights:  # noqa: ARG002 (the layer matters on an estimated background)
        """Geman-McClure weights of pixels that are off by so much, squared."""
        return 1 / np.square(1 + length / self._clip)

    def polish(self, layer: Layer, patience: int = 1, rounds: int | None = None, /) -> Layer:
        """Local search on the grid: the best of the neighbours, until none is better.

        Args:
            layer: where it begins.
            patience: more than 1: neighbours differ in two values besides the place, else in one.
            rounds: at most so many; None: the usual number.
        """
        cost = self.cost(layer)
        for _ in range(GRID.rounds if rounds is None else rounds):
            if cost <= self._rest:
                break
            best = layer
            singles = [c for name in steps(layer) for c in ({name: 1}, {name: -1})]
            shapes: list[dict[str, int]] = [{}, *singles]
            if patience > 1:
                shapes += [a | b for a, b in combinations(singles, 2) if not a.keys() & b.keys()]
            for shape in shapes:
                for dx, dy in product((0, -1, 1), repeat=2):
                    change = {**shape, **({"x": dx} if dx else {}), **({"y": dy} if dy else {})}
                    if change and (found := self.cost(stepped(layer, change))) < cost:
                        best, cost = stepped(layer, change), found
            if best == layer:
                break
            layer = best
        return layer


def steps(layer: Layer) -> list[str]:
    """Names of the values, besides the place, that a step may change."""
    names = ["width", "rotation", "blur"]
    if layer.height is not None:
        names.append("height")
    if layer.opacity != 100:
        names.append("opacity")
    return names


def moves(layer: Layer) -> list[dict[str, int]]:
    """Changes by which finite differences are taken, large enough to show."""
    width = layer.width or GRID.turn_pixels
    turn = max(1, min(GRID.most_turn, round(GRID.turn_pixels / width)))
    made = [
        {"x": 1},
        {"y": 1},
        {"width": 1},
        {"rotation": turn},
        {"blur": 1 if layer.blur else GRID.sharp_blur},
    ]
    if layer.height is not None:
        made.append({"height": 1})
    if layer.opacity != 100:
        made.append({"opacity": -GRID.opacity})
    return made


def stepped(layer: Layer, change: dict[str, int]) -> Layer:
    """A layer with amounts added to some values, within what a recipe allows."""
    values = {name: getattr(layer, name) + amount for name, amount in change.items()}
    for name in ("width", "height"):
        if name in values:
            values[name] = max(1, values[name])
    if "rotation" in values:
        values["rotation"] %= 1440
    if "blur" in values:
        values["blur"] = min(max(values["blur"], 0), 1000)
    if "opacity" in values:
        values["opacity"] = min(max(values["opacity"], 1), 100)
    return replace(layer, **values)
