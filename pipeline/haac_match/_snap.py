"""From a fitted pose to the layer on the recipe's grid that draws the picture exactly, with the renderer itself as the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Layer
from haac_match._canvas import Box, Canvas, Placed, lay, overlap, place, squared
from haac_match._damage import difference

CLIP = 45**2
"""Squared colour distance above which an error counts no more."""
_LEAST, _OPAQUE = 9, 255
"""Alpha from which on a pixel is looked at: if the ground is known, and if it is not."""
_NEAR, _RIGHT, _SOFT = 144, 48, 10
"""Where the ground is a guess: squared distance from which on an opaque pixel is wrong, what a right one is worth besides, and by how
much less errors of other pixels count."""


@dataclass(frozen=True, slots=True)
class Snapped:
    """A layer, and how well it does in its window.

    Args:
        placed: the layer, drawn.
        cost: clipped squared error in the window, summed.
        exact: part of the pixels that show it which are right, bit for bit.
        good: part of them which are right within the tolerance.
        shown: pixels of the picture that show it.
        mended: part of them which are right within the tolerance, and in a damaged picture would not be without it.
        left: mean clipped squared error of them.
    """

    placed: Placed
    cost: int
    exact: float
    good: float
    shown: int
    mended: float
    left: float


class Snapper:
    """Tries layers of one element at one place in the stack.

    Args:
        canvas: what is there.
        z: place in the stack, counted from the back; the layer is put there, none is taken away.
        image: RGBA pixels of the element.
        box: window in which errors are counted.
        ground: (height, width, 3), a guess of what is behind; None if it is known. Then errors count where the element is opaque,
            those elsewhere hardly, and pixels that are right speak for a layer: else the smallest one would be the best.
        damage: what is done to the window before it is compared, with all layers in it; its outermost pixels do not count. None:
            nothing, and what other layers cover does not count.
    """

    def __init__(
        self,
        canvas: Canvas,
        z: int,
        image: Image.Image,
        box: Box,
        ground: npt.NDArray[np.uint8] | None = None,
        damage: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]] | None = None,
    ) -> None:
        self._image, self._size, self._box = image, canvas.size, box
        left, top, right, bottom = box
        self._target = canvas.target[top:bottom, left:right]
        self._guessed = ground is not None
        self._under = (
            canvas.compose(box, canvas.layers[:z])
            if ground is None
            else Image.fromarray(ground).convert("RGBA")
        )
        self._damage = damage
        self._above = [] if damage is None else canvas.layers[z:]
        hidden = canvas.hidden(z, box)
        self._open = self._free = ~hidden if hidden.any() else None
        if damage is not None:
            self._free = np.zeros(hidden.shape, bool)
            self._free[1:-1, 1:-1] = True
        self._before = self._cost(squared(self._seen(self._with(None)), self._target))
        self._drawn: dict[Layer, Placed | None] = {}
        self._costs: dict[Layer, int] = {}
        self.tried = 0

    def _cost(self, error: npt.NDArray[np.int32]) -> int:
        clipped = np.minimum(error, CLIP)
        return int(clipped[self._free].sum() if self._free is not None else clipped.sum())

    @property
    def before(self) -> int:
        """Clipped squared error in the window without the layer."""
        return self._before

    def placed(self, layer: Layer) -> Placed | None:
        """The layer, drawn. Whole shifts of one drawn before are not drawn anew."""
        key = replace(layer, x=0, y=0)
        if key not in self._drawn:
            width, height = layer.size(*self._image.size)
            room = (width + height) // 2 + layer.blur + 8  # so much that nothing of it is outside
            self._drawn[key] = place(
                replace(layer, x=room, y=room), self._image, (width + 2 * room, height + 2 * room)
            )
        whole = self._drawn[key]
        if whole is None:
            return None
        dx, dy = layer.x - whole.layer.x, layer.y - whole.layer.y
        left, top = whole.box[0] + dx, whole.box[1] + dy
        box = overlap((0, 0, *self._size), (left, top, whole.box[2] + dx, whole.box[3] + dy))
        if box is None:
            return None
        if box[2] - box[0] == whole.pixels.width and box[3] - box[1] == whole.pixels.height:
            return Placed(layer, whole.pixels, box)
        return Placed(
            layer, whole.pixels.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top)), box
        )

    def made(self, layer: Layer) -> npt.NDArray[np.uint8] | None:
        """(height, width, 3): the window with the layer; None if it is off the canvas."""
        placed = self.placed(layer)
        return None if placed is None else self._with(placed)

    def _with(self, placed: Placed | None) -> npt.NDArray[np.uint8]:
        """(height, width, 3): the window with a layer, and those above it if they count."""
        out = self._under.copy()
        for one in self._above if placed is None else [placed, *self._above]:
            lay(out, self._box, one)
        return np.asarray(out.convert("RGB"))

    def _seen(self, made: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """What the window would be after what was done to the picture."""
        return made if self._damage is None else self._damage(made)

    def cost(self, layer: Layer) -> int:
        """Clipped squared error in the window with the layer; less what opaque pixels gain where the ground is a guess."""
        if layer not in self._costs:
            self.tried += 1
            made = self.made(layer)
            if made is None:
                self._costs[layer] = self._before
            elif not self._guessed:
                self._costs[layer] = self._cost(squared(self._seen(made), self._target))
            else:
                self._costs[layer] = self._cost_of_guess(squared(made, self._target), self._alpha(layer))
        return self._costs[layer]

    def _cost_of_guess(self, error: npt.NDArray[np.int32], alpha: npt.NDArray[np.uint8]) -> int:
        opaque = alpha >= _OPAQUE
        cost = np.where(
            opaque, np.minimum(error, _NEAR) - _NEAR - _RIGHT * (error == 0), np.minimum(error, CLIP) // _SOFT
        )
        return int(cost[self._free].sum() if self._free is not None else cost.sum())

    def _alpha(self, layer: Layer) -> npt.NDArray[np.uint8]:
        """(height, width) of the window."""
        alpha = np.zeros(self._target.shape[:2], np.uint8)
        placed = self.placed(layer)
        common = overlap(placed.box, self._box) if placed is not None else None
        if placed is None or common is None:
            return alpha
        left, top = self._box[:2]
        x, y = placed.box[:2]
        part = placed.pixels.getchannel("A").crop(
            (common[0] - x, common[1] - y, common[2] - x, common[3] - y)
        )
        alpha[common[1] - top : common[3] - top, common[0] - left : common[2] - left] = np.asarray(part)
        return alpha

    def result(self, layer: Layer, tolerance: float, *, damaged: bool = False) -> Snapped | None:
        """What a layer achieves.

        Args:
            layer: on the canvas.
            tolerance: levels by which a right pixel may differ.
            damaged: whether the picture is.
        """
        placed = self.placed(layer)
        made = self.made(layer)
        if placed is None or made is None or overlap(placed.box, self._box) is None:
            return None
        shows = self._alpha(layer) >= (_OPAQUE if self._guessed else _LEAST)
        if self._open is not None:
            shows &= self._open
        shown = int(shows.sum())
        made = self._seen(made)
        off = np.abs(made.astype(np.int16) - self._target).max(axis=2)[shows]
        right = off <= tolerance
        mended = right
        if damaged:
            right = difference(made, self._target)[shows] <= tolerance
            before = self._seen(self._with(None))
            mended = right & (difference(before, self._target)[shows] > tolerance)
        return Snapped(
            placed,
            self.cost(layer),
            float((off == 0).sum()) / max(1, shown),
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

    def _step(self, layer: Layer) -> list[Layer]:
        base = self.made(layer)
        if base is None:
            return []
        start = base.astype(np.float32)
        # What damage does hardly changes with a small move, or by leaps: the differences are taken without it.
        error = self._seen(base).astype(np.float32) - self._target
        length = np.einsum("ijk,ijk->ij", error, error)
        weight = 1 / np.square(1 + length / (_NEAR if self._guessed else CLIP))
        if self._guessed:
            weight *= np.where(self._alpha(layer) >= _OPAQUE, 1, 1 / _SOFT)
        if self._free is not None:
            weight *= self._free
        columns, changes = [], []
        for change in moves(layer):
            other = self.made(_changed(layer, change))
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
            trials.append(_changed(layer, {name: round(value) for name, value in total.items()}))
        return [trial for trial in trials if trial != layer]

    def polish(self, layer: Layer, patience: int = 1, rounds: int = 3) -> Layer:
        """The best of the neighbours on the grid, one or two values changed by one step, until none is better."""
        cost = self.cost(layer)
        for _ in range(rounds):
            if cost == 0:
                break
            best = layer
            singles = [c for name in _steps(layer) for c in ({name: 1}, {name: -1})]
            shapes: list[dict[str, int]] = [{}, *singles]
            if self._guessed:
                # Too small or too large, and right in the middle: the blur makes up for it.
                shapes += [
                    {name: grow, **({"blur": blur} if blur else {})}
                    for name in ("width", "height")
                    if getattr(layer, name) is not None
                    for grow in (-2, 2)
                    for blur in (-1, 0, 1)
                ]
            if patience > 1:
                shapes += [a | b for a, b in combinations(singles, 2) if not a.keys() & b.keys()]
            for shape in shapes:
                for dx, dy in product((0, -1, 1), repeat=2):
                    change = {**shape, **({"x": dx} if dx else {}), **({"y": dy} if dy else {})}
                    if change and (found := self.cost(_changed(layer, change))) < cost:
                        best, cost = _changed(layer, change), found
            if best == layer:
                break
            layer = best
        return layer


def _steps(layer: Layer) -> list[str]:
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


def _changed(layer: Layer, change: dict[str, int]) -> Layer:
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
