"""From a fitted pose to the layer on the recipe's grid that draws the picture exactly, with the renderer itself as the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Layer
from haac._render import softened, turned
from haac_match._canvas import DENSE, SHOWS, Box, Canvas, Placed, lay, overlap, squared
from haac_match._damage import difference
from haac_match._guess import BODY, NEAR, TELLING, TRUST, guessed, through, unlaid
from haac_match._pose import GUESS

CLIP = 45**2
"""Squared colour distance above which an error counts no more."""
_ANYWHERE = -(2**30), -(2**30), 2**30, 2**30
_OPAQUE = 255
"""Alpha from which on a pixel is looked at if the ground is not known; else from SHOWS on."""


@dataclass(frozen=True, slots=True)
class Snapped:
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
        through: layers above that let something through are laid on it, and what they let through counts.
        clip: squared colour distance above which an error counts no more.
    """

    def __init__(
        self,
        canvas: Canvas,
        z: int,
        image: Image.Image,
        box: Box,
        ground: npt.NDArray[np.uint8] | None = None,
        damage: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]] | None = None,
        *,
        through: bool = False,
        clip: int = CLIP,
    ) -> None:
        self._image, self._size, self._box, self._clip = image, canvas.area, canvas.frame(box), clip
        self._canvas, self._window = canvas, box
        left, top, right, bottom = box
        self._target = canvas.target[top:bottom, left:right]
        self._under = (
            canvas.drawn(box, canvas.layers[:z])
            if ground is None
            else Image.fromarray(ground).convert("RGBA")
        )
        self._damage = damage
        hidden = canvas.hidden(z, box)
        through = through and damage is None and bool(hidden.any())
        self._above = canvas.layers[z:] if damage is not None or through else []
        self._veil: npt.NDArray[np.uint8] | None = None
        if through:
            self._veil = canvas.veil(z, box)[:, :, 3]
            hidden = self._veil >= DENSE
        self._open = self._free = ~hidden if hidden.any() else None
        if damage is not None:
            self._free = np.zeros(hidden.shape, bool)
            self._free[1:-1, 1:-1] = True
        self._before = self._cost(squared(self._seen(self._with(None)), self._target))
        self._guess: tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.bool_]] | None = (
            None
        )
        if ground is not None:
            free = np.ones(self._target.shape[:2], np.bool_) if self._free is None else self._free
            beside = unlaid(self._target, ground, free)
            self._guess, self._unlaid = (ground, beside, free), float(beside.sum(dtype=np.float64))
        self._turned: dict[Layer, tuple[Image.Image, Box]] = {}
        self._drawn: dict[Layer, Placed | None] = {}
        self._pixels: dict[Layer, npt.NDArray[np.uint8]] = {}
        self._costs: dict[Layer, int] = {}
        self._wrong: dict[Layer, int] = {}
        self._right: dict[Layer, int] = {}
        self.tried = 0
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
        if whole is None:
            return None
        left, top = whole.box[0] + layer.x, whole.box[1] + layer.y
        box = overlap((0, 0, *self._size), (left, top, whole.box[2] + layer.x, whole.box[3] + layer.y))
        if box is None:
            return None
        if box[2] - box[0] == whole.pixels.width and box[3] - box[1] == whole.pixels.height:
            return Placed(layer, whole.pixels, box)
        return Placed(
            layer, whole.pixels.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top)), box
        )

    def _whole(self, layer: Layer) -> Placed | None:
        """The layer at the origin, whatever of it is off the canvas."""
        key = replace(layer, x=0, y=0)
        if key not in self._drawn:
            shape = replace(key, blur=0, opacity=100)
            if shape not in self._turned:
                self._turned[shape] = turned(shape, self._image, _ANYWHERE)
            found = softened(key, *self._turned[shape], _ANYWHERE)
            self._drawn[key] = None
            if found is not None:
                pixels, (x, y) = found
                self._drawn[key] = Placed(key, pixels, (x, y, x + pixels.width, y + pixels.height))
        return self._drawn[key]

    def made(self, layer: Layer) -> npt.NDArray[np.uint8] | None:
        """(height, width, 3): the window with the layer; None if it is off the canvas."""
        placed = self.placed(layer)
        return None if placed is None else self._with(placed)

    def _with(self, placed: Placed | None) -> npt.NDArray[np.uint8]:
        """(height, width, 3): the window with a layer, and those above it if they count."""
        out = self._under.copy()
        for one in self._above if placed is None else [placed, *self._above]:
            lay(out, self._box, one.drawn)
        return np.asarray(self._canvas.seen(out.convert("RGB"), self._window))

    def _seen(self, made: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """What the window would be after what was done to the picture."""
        return made if self._damage is None else self._damage(made)

    def cost(self, layer: Layer) -> int:
        """Clipped squared error in the window with the layer; less what opaque pixels gain where the ground is a guess."""
        if layer not in self._costs:
            self.tried += 1
            made = None if self._guess is not None else self.made(layer)
            if self._guess is not None:
                self._costs[layer] = self._cost_of_guess(layer)
            elif made is None:
                self._costs[layer] = self._before
            else:
                self._costs[layer] = self._cost(squared(self._seen(made), self._target))
        return self._costs[layer]

    def strict(self, layer: Layer) -> int:
        """The cost, but opaque pixels that are only nearly right gain nothing: with less blur more of them are opaque, not more right."""
        cost = self.cost(layer)
        return cost + NEAR * self._wrong.get(layer, 0) if layer.opacity == 100 else cost

    def _cost_of_guess(self, layer: Layer) -> int:
        where = self._where(layer)
        if where is None or self._guess is None:
            return self._before
        if layer.opacity < 100:
            before, after, _ = self._through(layer)
            self._right[layer], self._wrong[layer] = round(before - after), round(after)
            return round(after - before)
        under, beside, free = self._guess
        cost, self._right[layer], self._wrong[layer] = guessed(self._target, under, free, beside, *where)
        return round(self._unlaid + cost)

    def _where(self, layer: Layer) -> tuple[npt.NDArray[np.uint8], int, int] | None:
        """The pixels of a layer, straight alpha, and where in the window they begin; None if the layer is off the canvas."""
        whole = self._whole(layer)
        if whole is None:
            return None
        left, top = whole.box[0] + layer.x, whole.box[1] + layer.y
        if overlap((0, 0, *self._size), (left, top, whole.box[2] + layer.x, whole.box[3] + layer.y)) is None:
            return None
        if whole.layer not in self._pixels:
            self._pixels[whole.layer] = np.asarray(whole.pixels)
        return self._pixels[whole.layer], left - self._window[0], top - self._window[1]

    def _through(self, layer: Layer) -> tuple[float, float, int]:
        """How much neighbouring pixels differ where a translucent layer is whole, and how much once it is taken away; and pixels there."""
        where = self._where(layer)
        assert where is not None
        assert self._guess is not None
        return through(self._target, self._guess[2], *where, (255 * layer.opacity + 50) // 100)

    def _alpha(self, layer: Layer) -> npt.NDArray[np.uint8]:
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

    def result(self, layer: Layer, tolerance: float, *, damaged: bool = False) -> Snapped | None:
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
        if self._guess is not None and layer.opacity < 100:
            steps, left, shown = self._through(layer)
            return Snapped(
                placed, self.cost(layer), 0.0, 1 - left / max(steps, 1.0), shown, 0.0, left / max(1, shown)
            )
        alpha = self._alpha(layer)
        if self._veil is not None:
            alpha = (alpha.astype(np.int32) * (255 - self._veil.astype(np.int32)) // 255).astype(np.uint8)
        shows = alpha >= (_OPAQUE if self._guess is not None else SHOWS)
        if self._open is not None:
            shows &= self._open
        shown = int(shows.sum())
        made = self._seen(made)
        apart = np.abs(made.astype(np.int16) - self._target).max(axis=2)
        off = apart[shows]
        right = off <= tolerance
        mended = right
        body, soft = 0, 0.0
        if self._guess is not None:
            cover = alpha >= BODY
            if self._free is not None:
                cover &= self._free
            body = int(cover.sum())
            free = 1 + (255 - alpha[cover].astype(np.float32)) / 255 * GUESS
            soft = float((apart[cover] <= free).sum()) / max(1, body)
        if damaged:
            right = difference(made, self._target)[shows] <= tolerance
            before = self._seen(self._with(None))
            mended = right & (difference(before, self._target)[shows] > tolerance)
        return Snapped(
            placed,
            self.cost(layer),
            float((off <= self._canvas.slack).sum()) / max(1, shown),
            float(right.sum()) / max(1, shown),
            shown,
            float(mended.sum()) / max(1, shown),
            float(np.minimum(squared(made, self._target), CLIP)[shows].sum()) / max(1, shown),
            body,
            soft,
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

    def _step(self, layer: Layer, *, tight: bool = False) -> list[Layer]:
        """Where a step may lead; a tight one looks at opaque pixels that are nearly right, and at nothing else."""
        base = self.made(layer)
        if base is None:
            return []
        start = base.astype(np.float32)
        # What damage does hardly changes with a small move, or by leaps: the differences are taken without it.
        error = self._seen(base).astype(np.float32) - self._target
        length = np.einsum("ijk,ijk->ij", error, error)
        weight = 1 / np.square(
            1 + length / (_TIGHT if tight else NEAR if self._guess is not None else self._clip)
        )
        if self._guess is not None:
            weight *= np.where(self._alpha(layer) >= _OPAQUE, 1, 0) if tight else TRUST[self._alpha(layer)]
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
        if self._guess is not None:
            return self._polish_guess(layer)
        cost = self.cost(layer)
        for _ in range(rounds):
            if cost <= self._rest:
                break
            best = layer
            singles = [c for name in _steps(layer) for c in ({name: 1}, {name: -1})]
            shapes: list[dict[str, int]] = [{}, *singles]
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

    def _polish_guess(self, layer: Layer) -> Layer:
        """The first better of the neighbours on the grid, again and again: what is near shows by pixels that are right."""
        cost = self.strict(layer)
        most = self.tried + min(_TRIALS, _PIXELS // (self._target.size // 3))
        better = True
        while better and self.tried < most:
            better, before = False, self._part(layer)
            for trial in self._step(layer, tight=True):
                if (found := self.strict(trial)) < cost:
                    layer, cost, better = trial, found, True
            if better:
                continue
            for at, change in enumerate(_neighbours(layer)):
                if at == _SOON and self._part(layer) < _FEW:
                    return layer
                trial = _changed(layer, change)
                if (found := self.strict(trial)) < cost:
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


_RESTS = 150
"""Of so many values, one may be off by a level where that is due to rounding."""
_TIGHT = 27
"""Squared distance by which a pixel that is nearly right is off."""
_SOON, _FEW, _SOME = 15, 0.03, 0.1
"""After so many trials this part of the opaque pixels must be right, and after all of them that part."""
CHEAP, _GAINED = 600, 0.05
"""Of more opaque pixels so large a part more must be right after each round; with fewer, patience costs little and is needed more often."""
_TRIALS, _PIXELS = 600, 30_000_000
"""Layers, and pixels, that are drawn at most for one candidate on a ground that is not known."""


def _neighbours(layer: Layer) -> list[dict[str, int]]:
    """Changes to what is tried next, the likeliest first."""
    names = _steps(layer)
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
