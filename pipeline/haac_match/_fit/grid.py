"""From a fitted pose to the layer on the recipe's grid that draws the picture exactly, with the renderer itself as the judge."""

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
from haac_match._picture.canvas import DENSE, SHOWS, Canvas, Placed, composite
from haac_match._picture.degraded import tolerant_difference

Weights = npt.NDArray[np.floating[Any]]
Weigh = Callable[[Layer, Floats], Weights]
"""The weight of each pixel, (height, width), by the layer and squared distances from the picture."""

CLIP = 45**2
"""Squared colour distance above which an error counts no more."""
_ANYWHERE = -(2**30), -(2**30), 2**30, 2**30


@dataclass(frozen=True, slots=True)
class GridFit:
    """A layer, and how well it does in its window.

    Args:
        placed: the layer, drawn.
        cost: clipped squared error in the window, summed.
        exact: part of the pixels that show it which are right, bit for bit; in a picture that was scaled, but for rounding.
        good: part of them which are right within the tolerance.
        shown: pixels of the picture that show it.
        mended: part of them which are right within the tolerance, and in a damaged picture would not be without it.
        left: mean clipped squared error of them.
        body: pixels that show it well, also what of it is behind them, and...
        soft: ...the part of them that are right if the ground is nearly the one that is guessed; both 0 where it is known.
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
    """Tries layers of one element at one place in the stack.

    Args:
        canvas: what is there.
        z: place in the stack, counted from the back; the layer is put there, none is taken away.
        image: RGBA pixels of the element.
        box: window in which errors are counted.
        damage: what is done to the window before it is compared, with all layers in it; its outermost pixels do not count. None:
            nothing, and what other layers cover does not count.
        under: RGBA, what is behind in the window's frame; None: what the canvas has there.
        through: layers above that let something through are laid on it, and what they let through counts.
        clip: squared colour distance above which an error counts no more.
    """

    _shows = SHOWS
    """Alpha from which on a pixel is looked at."""

    def __init__(
        self,
        canvas: Canvas,
        z: int,
        image: Image.Image,
        box: Box,
        damage: Callable[[Bytes], Bytes] | None = None,
        *,
        under: Image.Image | None = None,
        through: bool = False,
        clip: int = CLIP,
    ) -> None:
        self._image, self._size, self._box, self._clip = image, canvas.area, canvas.frame(box), clip
        self._canvas, self._window = canvas, box
        left, top, right, bottom = box
        self._target = canvas.target[top:bottom, left:right]
        self._under = under or canvas.drawn(box, canvas.layers[:z])
        self._damage = damage
        hidden = canvas.hidden(z, box)
        through = through and damage is None and bool(hidden.any())
        self._above = canvas.layers[z:] if damage is not None or through else []
        self._veil: Bytes | None = None
        if through:
            self._veil = canvas.veil(z, box)[:, :, 3]
            hidden = self._veil >= DENSE
        self._open = self._free = ~hidden if hidden.any() else None
        if damage is not None:
            self._free = np.zeros(hidden.shape, bool)
            self._free[1:-1, 1:-1] = True
        self._before = self._cost(squared(self._seen(self._with(None)), self._target))
        self._turned: dict[Layer, tuple[Image.Image, Box]] = {}
        self._drawn: dict[Layer, Placed | None] = {}
        self._costs: dict[Layer, int] = {}
        self._rest = canvas.slack * self._target.size // _RESTS

    def _cost(self, error: npt.NDArray[np.int32]) -> int:
        clipped = np.minimum(error, self._clip)
        return int(clipped[self._free].sum() if self._free is not None else clipped.sum())

    @property
    def before(self) -> int:
        """Clipped squared error in the window without the layer."""
        return self._before

    def placed(self, layer: Layer) -> Placed | None:
        """The layer, drawn. Whole shifts of one drawn before are not drawn anew."""
        whole = self._whole(layer)
        box = None if whole is None else self._seen_of(whole, layer)
        if whole is None or box is None:
            return None
        if box[2] - box[0] == whole.pixels.width and box[3] - box[1] == whole.pixels.height:
            return Placed(layer, whole.pixels, box)
        left, top = whole.box[0] + layer.x, whole.box[1] + layer.y
        return Placed(
            layer, whole.pixels.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top)), box
        )

    def _seen_of(self, whole: Placed, layer: Layer) -> Box | None:
        """What of the canvas a layer takes that was drawn at the origin; None if it is off it."""
        left, top, right, bottom = whole.box
        there = left + layer.x, top + layer.y, right + layer.x, bottom + layer.y
        return overlap((0, 0, *self._size), there)

    def _whole(self, layer: Layer) -> Placed | None:
        """The layer at the origin, whatever of it is off the canvas."""
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
        """(height, width, 3): the window with a layer, and those above it if they count."""
        out = self._under.copy()
        for one in self._above if placed is None else [placed, *self._above]:
            composite(out, self._box, one.drawn)
        return np.asarray(self._canvas.seen(out.convert("RGB"), self._window))

    def _seen(self, made: Bytes) -> Bytes:
        """What the window would be after what was done to the picture."""
        return made if self._damage is None else self._damage(made)

    def cost(self, layer: Layer) -> int:
        """Clipped squared error in the window with the layer."""
        if layer not in self._costs:
            self._costs[layer] = self._cost_of(layer)
        return self._costs[layer]

    def _cost_of(self, layer: Layer) -> int:
        made = self.made(layer)
        return self._before if made is None else self._cost(squared(self._seen(made), self._target))

    def judged(self, layer: Layer) -> int:
        """By what layers are compared to which steps have led: the cost."""
        return self.cost(layer)

    def _alpha(self, layer: Layer) -> Bytes:
        """(height, width) of the window."""
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

    def result(self, layer: Layer, tolerance: float, *, damaged: bool = False) -> GridFit | None:
        """What a layer achieves.

        Args:
            layer: on the canvas.
            tolerance: levels by which a right pixel may differ.
            damaged: whether the picture is.
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
        made = self._seen(made)
        off = np.abs(made.astype(np.int16) - self._target).max(axis=2)[shows]
        right = off <= tolerance
        mended = right
        if damaged:
            right = tolerant_difference(made, self._target)[shows] <= tolerance
            before = self._seen(self._with(None))
            mended = right & (tolerant_difference(before, self._target)[shows] > tolerance)
        return GridFit(
            placed,
            self.cost(layer),
            float((off <= self._canvas.slack).sum()) / max(1, shown),
            float(right.sum()) / max(1, shown),
            shown,
            float(mended.sum()) / max(1, shown),
            float(np.minimum(squared(made, self._target), CLIP)[shows].sum()) / max(1, shown),
        )

    def descend(self, layer: Layer, rounds: int = 6) -> Layer:
        """Gauss-Newton steps with differences of real renderings, rounded to the grid."""
        best, cost = layer, self.cost(layer)
        for _ in range(rounds):
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
        """Where a step may lead.

        Args:
            layer: where it begins.
            weigh: how much each pixel counts; None: the less, the more it is off.
        """
        base = self.made(layer)
        if base is None:
            return []
        start = base.astype(np.float32)
        # What damage does hardly changes with a small move, or by leaps: the differences are taken without it.
        error = self._seen(base).astype(np.float32) - self._target
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
        hessian += np.diag(1e-4 * np.diag(hessian) + 1e-6)
        try:
            move = np.linalg.solve(hessian, -(weighted @ error.ravel()).astype(np.float64))
        except np.linalg.LinAlgError:
            return []
        trials = []
        for part in (1.0, 0.5):
            total = {name: 0.0 for change in changes for name in change}
            for amount, change in zip(move, changes, strict=True):
                for name, value in change.items():
                    total[name] += part * value * min(max(amount, -8.0), 8.0)
            trials.append(stepped(layer, {name: round(value) for name, value in total.items()}))
        return [trial for trial in trials if trial != layer]

    def _weigh(self, layer: Layer, length: Floats) -> Weights:  # noqa: ARG002 (the layer matters on a ground that is guessed)
        """How much pixels count that are off by so much, squared."""
        return 1 / np.square(1 + length / self._clip)

    def polish(self, layer: Layer, patience: int = 1, rounds: int = 3, /) -> Layer:
        """The best of the neighbours on the grid, one or two values changed by one step, until none is better."""
        cost = self.cost(layer)
        for _ in range(rounds):
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


_RESTS = 150
"""Of so many values, one may be off by a level where that is due to rounding."""


def steps(layer: Layer) -> list[str]:
    """The values, besides the place, that a step may change."""
    names = ["width", "rotation", "blur"]
    if layer.height is not None:
        names.append("height")
    if layer.opacity != 100:
        names.append("opacity")
    return names


def moves(layer: Layer) -> list[dict[str, int]]:
    """Changes by which differences are taken, large enough to show."""
    width = layer.width or 64
    turn = max(1, min(8, round(120 / width)))
    made = [{"x": 1}, {"y": 1}, {"width": 1}, {"rotation": turn}, {"blur": 1 if layer.blur else 2}]
    if layer.height is not None:
        made.append({"height": 1})
    if layer.opacity != 100:
        made.append({"opacity": -3})
    return made


def stepped(layer: Layer, change: dict[str, int]) -> Layer:
    """A layer with amounts added to some values, within what is allowed."""
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
