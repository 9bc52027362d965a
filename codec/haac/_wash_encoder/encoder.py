"""Pictures to washes: analysis in floating point, then rate-distortion-optimised quantisation for a budget of bytes.

Only the decoder has to be exact; an encoder may do what it likes, and this one estimates the bits of each choice with the
decoder's own tables.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from haac._forms.binary import measured
from haac._scene import Scene
from haac._wash.synthesis import drawn_planes, wash_picture
from haac._wash_encoder.analysis import Floats, analysed, continued, opponent
from haac._wash_encoder.differentiable import Drawing
from haac._wash_encoder.rate_control import LARGE, TRADE, Frame, Trial, WashGrid
from haac._wash_encoder.rdoq import Quantiser
from haac._wash_encoder.refine import Refinement
from haac._wash_value import BASE, LEVELS, STEPS, Wash, band_shapes, grid
from haac_repo import PictureError

_LEVELS_FROM = (0, 35, 70, 150, 600, 2500)
"""Bytes from which 1, 2, ... levels pay, for some pictures."""

_COARSER = 3.0
"""Up to so many times as many bytes, one level less pays for some."""

_SMALL, _SPAN = 40, 3
"""Up to so many bytes, grids beside that one are tried as well, with steps up to so much finer and coarser."""

_STRIDE, _USED = 4, 0.7
"""Steps from one try to the next where the first ones do not fit, or use less than this part of what there is."""

_DRAWN = 4
"""Times as large as its grid a wash is drawn to be looked at."""

_TRIALS = (20, 20, 20, 16, 20, 11, 4)
"""Of a refinement, by levels: the finer the grid, the longer they take."""

_HEAT = 40
"""Percent of them that all starts get; the rest is for the best."""

_SEVERAL = 3
"""Up to so many levels, several starts are refined."""

_SINGLE = (100, 100, 100, 120, 30, 20, 0)
"""Trials of one coefficient."""

_SPARE, _SPARE_MORE = 2, 500
"""Bits that a refinement leaves, and one more for so many bytes: how full the last byte is shows only when all is coded."""

_FILLINGS = 6
"""Times at most that a refined wash is made to fit: all is coded, and what is left of its last byte is filled."""


def encode_wash(
    image: Image.Image,
    *,
    budget: int | None = None,
    quality: int | None = None,
    weights: NDArray[Any] | None = None,
) -> Wash:
    """Make a wash of a picture.

    Args:
        image: any mode; alpha is kept.
        budget: bytes that the binary recipe of a scene with nothing but this wash may have, 12 or more.
        quality: 0 to 100, instead of a budget.
        weights: (height, width) of the picture, 0 or more: how much errors matter there, e.g. a mask of the subject.

    Returns:
        For `Scene(image.width, image.height, background=...)`.

    Raises:
        PictureError: a bad argument, or the budget is too small.
    """
    if (budget is None) == (quality is None):
        raise PictureError("a wash takes either a budget or a quality")
    encoder = WashEncoder(image, weights)
    if quality is not None:
        return encoder.at(quality).wash
    assert budget is not None
    return encoder.within(budget).wash


def _recipe_frame(size: tuple[int, int]) -> Frame:
    return lambda wash: measured(Scene(*size, background=wash))


class WashEncoder:
    """Tries washes of one picture.

    Args:
        image: any mode.
        weights: see `encode_wash`.
        frame: what the wash is written into; a recipe with nothing else, if not given.

    Raises:
        PictureError: the weights do not fit.
    """

    def __init__(
        self, image: Image.Image, weights: NDArray[Any] | None = None, frame: Frame | None = None
    ) -> None:
        self.size = image.size
        if weights is not None and (
            weights.shape != image.size[::-1] or not np.all(weights >= 0) or not np.any(weights)
        ):
            raise PictureError(
                f"weights of the shape {weights.shape} for a picture of {image.width}x{image.height}; one number from 0 on"
                " for each pixel is allowed, (height, width), and not all 0"
            )
        self._alpha: Image.Image | None = None
        if "A" in image.getbands() or "transparency" in image.info:
            image = image.convert("RGBA")
            if image.getchannel("A").getextrema() != (255, 255):
                self._alpha = image.getchannel("A")
        self._image = image.convert("RGB" if self._alpha is None else "RGBa")
        self._weights = None if weights is None else np.asarray(weights, np.float32)
        if self._alpha is not None:  # colours that are not seen do not matter
            seen = np.asarray(self._alpha, np.float32) / np.float32(255)
            self._weights = seen if self._weights is None else self._weights * seen
        self._frame = frame or _recipe_frame(self.size)
        self._grids: dict[int, WashGrid] = {}
        self._drawings: dict[int, Drawing] = {}
        self._wanted: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def trial(self, levels: int, step: int, trade: float = TRADE) -> Trial:
        """The wash of a grid of so many levels and of a step, where `trade` squared steps are worth a bit."""
        grid = self._grid(levels)
        return grid.trial(grid.quantiser.quantise(step, trade))

    def at(self, quality: int) -> Trial:
        """The wash of a quality from 0 to 100, or of the highest below it that can be had.

        Raises:
            PictureError: another quality.
        """
        if not 0 <= quality <= 100:
            raise PictureError(f"a wash got the quality {quality}; 0 to 100 is allowed")
        step = round((100 - quality) * (STEPS - 8) / 100)
        levels = max(0, min(LEVELS - 1, 7 - step // 10))
        # The finest take longer to decode than is allowed.
        while (found := self.trial(levels, step)).bits > self._grid(levels).most:
            step += 1
        return found

    def within(self, budget: int, *, refined: bool = True) -> Trial:
        """The best wash whose recipe has at most so many bytes.

        Args:
            budget: bytes.
            refined: False: one that is nearly as good, in a fraction of the time.

        Raises:
            PictureError: the budget is too small for any.
        """
        found = [trial for level in sorted(self._levels(budget)) for trial in self._candidates(level, budget)]
        if not found:
            raise PictureError(f"{budget} bytes are too few for a wash of this picture; allow some more")
        best = found[0] if len(found) == 1 else min(found, key=self._missed)
        if self._alpha is not None:
            return best if budget <= _SMALL or budget > LARGE else self._beside(best, budget)
        if not refined:
            return self._sure(best, budget)
        starts = [best]
        if _SMALL < budget <= LARGE:
            starts += self._near(best, budget)
            if best.wash.levels > _SEVERAL:
                starts = [min(starts, key=lambda trial: trial.error)]
            starts += filter(None, [self._nearer(starts[0], budget)])
            if best.wash.levels > _SEVERAL:
                del starts[0]
        return self._refined(starts, budget) or self._sure(best, budget)

    def _sure(self, trial: Trial, budget: int) -> Trial:
        """The same step again, so that it surely fits."""
        plain = self._fitting(self._grid(trial.wash.levels), trial.wash.step, budget, sure=True)
        if plain is None:
            raise PictureError(f"{budget} bytes are too few for a wash of this picture; allow some more")
        return plain

    def _beside(self, best: Trial, budget: int) -> Trial:
        """The best of three steps, by what is drawn."""
        grid, step = self._grid(best.wash.levels), best.wash.step
        beside = [self._fitting(grid, near, budget) for near in (step - 1, step + 1) if 0 <= near < STEPS]
        return min([best, *filter(None, beside)], key=self._missed)

    def _near(self, trial: Trial, budget: int) -> list[Trial]:
        """The steps beside one, not yet fitted to the byte."""
        grid, step = self._grid(trial.wash.levels), trial.wash.step
        found = (self._fitting(grid, near, budget) for near in (step - 1, step + 1) if 0 <= near < STEPS)
        return [trial for trial in found if trial is not None]

    def _levels(self, budget: int) -> set[int]:
        """The levels of the grids that are worth a try."""
        levels = max(n for n, least in enumerate(_LEVELS_FROM, 1) if budget >= least)
        coarser = budget < _COARSER * _LEVELS_FROM[levels - 1]
        while levels > 0 and BASE << (levels - 1) >= max(self.size):
            levels -= 1
        if budget <= _SMALL:
            return {levels, max(0, levels - 1), min(levels + 1, LEVELS)}
        if coarser or 8 * budget > self._grid(levels).most:  # a coarser grid may hold more
            return {levels, max(0, levels - 1)}
        return {levels}

    def _refined(self, starts: list[Trial], budget: int) -> Trial | None:
        """With coefficients moved to where the drawn picture is better, from the most promising of some starts on one grid."""
        levels = starts[0].wash.levels
        grid = self._grid(levels)
        if levels not in self._drawings:
            weights = (
                None if self._weights is None else self._weights / max(float(self._weights.mean()), 1e-6)
            )
            self._drawings[levels] = Drawing(self._image, levels, weights)
        room = 8.0 * min(budget, grid.most // 8) - grid.overhead
        drawing, trials = self._drawings[levels], _TRIALS[levels]
        refined = [
            (trial, Refinement(drawing, grid.quantiser, trial.wash.step, trial.values)) for trial in starts
        ]
        first = trials * _HEAT // 100 if len(starts) > 1 else 0
        for trial, refinement in refined:
            refinement.descend(trial.trade, room, first)
        trial, refinement = min(refined, key=lambda pair: pair[1].merit(pair[0].trade, room))
        refinement.descend(trial.trade, room, trials - first)
        beside = self._frame(trial.wash)[1] - trial.bits + grid.overhead
        spare = _SPARE + budget / _SPARE_MORE
        room = 8.0 * min(budget, grid.most // 8) - beside - spare
        if budget <= LARGE:
            refinement.polish(trial.trade, room, _SINGLE[levels])
        fitting: tuple[float, Trial] | None = None
        held, most = 0.0, math.inf
        for _ in range(_FILLINGS):
            if not refinement.fit(trial.trade, room):
                break
            wash = grid.wash(trial.wash.step, refinement.values)
            data, bits = self._frame(wash)
            if len(data) <= budget:
                if fitting is None or refinement.error < fitting[0]:
                    made = Trial(wash, bits, trial.error, trial.trade, refinement.values)
                    fitting = refinement.error, made
                held = room
                room = min(refinement.bits + 8 * budget - bits, (held + most) / 2)
            elif fitting is None:
                room -= 3 * (len(data) - budget)
            else:
                most = room
                room = (held + most) / 2
            if fitting is not None and room - held < spare:
                break
        return fitting and fitting[1]

    def _nearer(self, trial: Trial, budget: int) -> Trial | None:
        """The same step once more, aimed at what the drawing of a trial misses: net and resizing are not in the bands."""
        levels, size = trial.wash.levels, grid(*self.size, trial.wash.levels)
        factor = min(1.0, _DRAWN * max(size) / max(self.size))
        shown = max(1, round(self.size[0] * factor)), max(1, round(self.size[1] * factor))
        wanted = np.asarray(self._image.resize(shown, Image.Resampling.LANCZOS), np.float32)
        missed = wanted - np.asarray(wash_picture(trial.wash, shown).convert("RGB"), np.float32)
        small = [
            np.asarray(Image.fromarray(missed[..., c].copy()).resize(size, Image.Resampling.LANCZOS))
            for c in range(3)
        ]
        planes = opponent(np.stack(small, axis=2).astype(np.float64) + 128) + drawn_planes(trial.wash) / 64
        aimed = [
            (band + other) / 2
            for band, other in zip(self._grid(levels).quantiser.bands, analysed(planes, levels), strict=True)
        ]
        again = WashGrid(self.size, levels, Quantiser(aimed, self._band_weights(levels)), self._frame)
        return self._fitting(again, trial.wash.step, budget)

    def _candidates(self, levels: int, budget: int) -> list[Trial]:
        """Washes of one grid that fit, at low budgets of several steps."""
        grid = self._grid(levels)
        step = grid.step_for(min(8.0 * budget, grid.most) - grid.overhead)
        span = _SPAN if budget <= _SMALL else 0
        steps = range(max(0, step - span), min(step + span + 1, STEPS))
        found = [trial for near in steps if (trial := self._fitting(grid, near, budget)) is not None]
        # Noise and stripes have other bits than a photograph.
        if not found:
            coarser = (self._fitting(grid, near, budget) for near in range(step + _STRIDE, STEPS, _STRIDE))
            found += [trial for trial in (next(filter(None, coarser), None),) if trial is not None]
        elif max(trial.bits for trial in found) < _USED * min(8 * budget, grid.most):
            for near in range(step - _STRIDE, -1, -_STRIDE):
                if (trial := self._fitting(grid, near, budget)) is None:
                    break
                found.append(trial)
        return found

    def _fitting(self, grid: WashGrid, step: int, budget: int, *, sure: bool = False) -> Trial | None:
        """The best wash of a grid and a step that fits, if there is one; what is refined later need not be sure to fit."""
        budget = min(budget, grid.most // 8)
        left = room = 8.0 * budget - grid.overhead
        while left > room / 2 and (best := grid.filled(step, left)) is not None:
            trial = grid.trial(best)
            if self._alpha is None and not sure:
                return trial
            excess = len(self._frame(trial.wash)[0]) - budget
            if excess <= 0:
                return trial
            left -= 4 * excess
        return None

    def _missed(self, trial: Trial) -> float:
        """Weighted squared errors of what is drawn, at the size of the largest grid that was tried."""
        size = grid(*self.size, max(self._grids) + 1)
        if size not in self._wanted:
            wanted = np.asarray(
                self._image.convert("RGBA").resize(size, Image.Resampling.LANCZOS), np.float64
            )
            weight = np.ones(size[::-1])
            if self._weights is not None:
                weight = np.asarray(
                    Image.fromarray(self._weights).resize(size, Image.Resampling.BILINEAR), np.float64
                )
            if self._alpha is not None:
                wanted[..., 3] = np.asarray(self._alpha.resize(size, Image.Resampling.LANCZOS))
            self._wanted[size] = wanted, weight
        wanted, weight = self._wanted[size]
        drawn = np.asarray(
            wash_picture(trial.wash, size).convert("RGBa" if self._alpha else "RGBA"), np.float64
        )
        missed = (drawn - wanted) ** 2
        return float((missed[..., :3].sum(2) * (1 if self._alpha else weight)).sum() + missed[..., 3].sum())

    def _grid(self, levels: int) -> WashGrid:
        if levels not in self._grids:
            quantiser = Quantiser(self._bands(levels), self._band_weights(levels))
            self._grids[levels] = WashGrid(self.size, levels, quantiser, self._frame)
        return self._grids[levels]

    def _bands(self, levels: int) -> list[Floats]:
        size = grid(*self.size, levels)
        small = np.asarray(self._image.resize(size, Image.Resampling.LANCZOS), np.float64)
        if self._alpha is None:
            return analysed(opponent(small), levels)
        alpha = np.asarray(self._alpha.resize(size, Image.Resampling.LANCZOS), np.float64)
        colours = opponent(continued(small[..., :3], alpha))
        return analysed(np.concatenate([colours, alpha[None] - 128]), levels)

    def _band_weights(self, levels: int) -> list[Floats] | None:
        """The weight of each coefficient: (channel, or 1 for all; y, x); the mean over the picture is 1."""
        if self._weights is None:
            return None
        image = Image.fromarray(self._weights)
        mean = float(self._weights.mean())
        found: list[Floats] = []
        for n, (height, width) in enumerate(band_shapes(*grid(*self.size, levels))):
            if n == 0 or min(height, width) == 0:
                band = np.ones((1, height, width))
            else:
                band = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), np.float64)[None]
                band = band / max(mean, 1e-6)
            found.append(band if self._alpha is None else np.concatenate([*[band] * 3, np.ones_like(band)]))
        return found
