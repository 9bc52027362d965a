"""Wash encoder: picture to wavelet coefficients for a budget of bytes, by rate-distortion-optimised quantisation and refinement.

1. Candidates: on each grid that may pay, quantise (`rdoq`) at one or some steps, each fitted to the budget (`rate_control`).
2. Select: decode each and keep the one of least distortion (`target`).
3. Refine: follow the gradient of the decoder's true error from a few starts (`refine`, `differentiable`).
4. Fill: code the whole file and spend what is left of its last byte.

Only the decoder has to be exact; an encoder may do what it likes, and this one estimates the bits of each trial with the
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
from haac._wash_encoder.analysis import analysed, opponent
from haac._wash_encoder.differentiable import Drawing
from haac._wash_encoder.rate_control import LARGE, TRADE, Frame, RateControl, Trial
from haac._wash_encoder.rdoq import Quantiser
from haac._wash_encoder.refine import Refinement
from haac._wash_encoder.target import Target
from haac._wash_value import BASE, LEVELS, STEPS, Wash, grid
from haac_repo import PictureError

_LEVELS_FROM = (0, 35, 70, 150, 600, 2500)
"""Bytes from which 1, 2, ... levels pay, for some pictures."""

_COARSER = 3.0
"""Up to so many times as many bytes, one level less pays for some."""

_SMALL, _SPAN = 40, 3
"""Up to so many bytes, grids beside that one are tried as well, with steps up to so much finer and coarser."""

_STRIDE, _USED = 4, 0.7
"""Steps from one trial to the next where the first ones do not fit, or use less than this part of the budget."""

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
    """Encode a picture as a wash, for a budget of bytes or a quality.

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


class WashEncoder:
    """Encodes one picture, any number of times.

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
        self._target = Target(image, weights)
        self._size = image.size
        self._frame = frame or (lambda wash: measured(Scene(*image.size, background=wash)))
        self._grids: dict[int, RateControl] = {}
        self._drawings: dict[int, Drawing] = {}

    def trial(self, levels: int, step: int, trade: float = TRADE) -> Trial:
        """Quantise on the grid of so many levels, at one step and one Lagrange multiplier (squared steps a bit)."""
        grid = self.on_grid(levels)
        return grid.trial(grid.quantiser.quantise(step, trade))

    def at(self, quality: int) -> Trial:
        """Encode at a quality from 0 to 100, or at the highest below it that the limits of a recipe allow.

        Raises:
            PictureError: another quality.
        """
        if not 0 <= quality <= 100:
            raise PictureError(f"a wash got the quality {quality}; 0 to 100 is allowed")
        step = round((100 - quality) * (STEPS - 8) / 100)
        levels = max(0, min(LEVELS - 1, 7 - step // 10))
        # The finest take longer to decode than is allowed.
        while (found := self.trial(levels, step)).bits > self.on_grid(levels).most:
            step += 1
        return found

    def within(self, budget: int, *, refined: bool = True, thorough: bool = True) -> Trial:
        """Encode within a budget: candidates, selection, refinement.

        Args:
            budget: bytes of the whole recipe.
            refined: False: one that is nearly as good, in a fraction of the time.
            thorough: False: refined from one start, and without the last pass, over single coefficients: half the time.

        Raises:
            PictureError: the budget is too small for any.
        """
        found = [
            trial for level in sorted(self._grid_levels(budget)) for trial in self._candidates(level, budget)
        ]
        if not found:
            raise _too_few(budget)
        best = found[0] if len(found) == 1 else min(found, key=self._distortion)
        if self._target.alpha is not None:  # the differentiable decoder knows no alpha
            if budget <= _SMALL or budget > LARGE:
                return best
            return min([best, *self._adjacent(best, budget)], key=self._distortion)
        if not refined:
            return self._final(best, budget)
        starts = self._starts(best, budget) if thorough else [best]
        return self._refine(starts, budget, thorough=thorough) or self._final(best, budget)

    def on_grid(self, levels: int) -> RateControl:
        """The rate control on the grid of so many levels."""
        if levels not in self._grids:
            quantiser = Quantiser(self._target.bands(levels), self._target.band_weights(levels))
            self._grids[levels] = RateControl(self._size, levels, quantiser, self._frame)
        return self._grids[levels]

    def _grid_levels(self, budget: int) -> set[int]:
        """The grids that may pay, by their levels."""
        levels = max(n for n, least in enumerate(_LEVELS_FROM, 1) if budget >= least)
        coarser = budget < _COARSER * _LEVELS_FROM[levels - 1]
        while levels > 0 and BASE << (levels - 1) >= max(self._size):
            levels -= 1
        if budget <= _SMALL:
            return {levels, max(0, levels - 1), min(levels + 1, LEVELS)}
        if coarser or 8 * budget > self.on_grid(levels).most:  # a coarser grid may hold more
            return {levels, max(0, levels - 1)}
        return {levels}

    def _candidates(self, levels: int, budget: int) -> list[Trial]:
        """Trials on one grid that fit the budget; at low budgets at several steps."""
        grid = self.on_grid(levels)
        step = grid.step_for(min(8.0 * budget, grid.most) - grid.overhead)
        span = _SPAN if budget <= _SMALL else 0
        steps = range(max(0, step - span), min(step + span + 1, STEPS))
        found = [trial for near in steps if (trial := self._fitted(grid, near, budget)) is not None]
        # Noise and stripes have other bits than a photograph.
        if not found:
            coarser = (self._fitted(grid, near, budget) for near in range(step + _STRIDE, STEPS, _STRIDE))
            found += [trial for trial in (next(filter(None, coarser), None),) if trial is not None]
        elif max(trial.bits for trial in found) < _USED * min(8 * budget, grid.most):
            for near in range(step - _STRIDE, -1, -_STRIDE):
                if (trial := self._fitted(grid, near, budget)) is None:
                    break
                found.append(trial)
        return found

    def _fitted(self, grid: RateControl, step: int, budget: int, *, final: bool = False) -> Trial | None:
        """The best trial on a grid at a step that fits the budget; None if none does.

        By its estimated bits alone where a refinement fits it again; coded as a whole where it is `final`, or has alpha.
        """
        budget = min(budget, grid.most // 8)
        left = room = 8.0 * budget - grid.overhead
        while left > room / 2 and (best := grid.filled(step, left)) is not None:
            trial = grid.trial(best)
            if self._target.alpha is None and not final:
                return trial
            excess = len(self._frame(trial.wash)[0]) - budget
            if excess <= 0:
                return trial
            left -= 4 * excess
        return None

    def _final(self, trial: Trial, budget: int) -> Trial:
        """The same step again without a refinement, coded as a whole so that it surely fits."""
        found = self._fitted(self.on_grid(trial.wash.levels), trial.wash.step, budget, final=True)
        if found is None:
            raise _too_few(budget)
        return found

    def _starts(self, best: Trial, budget: int) -> list[Trial]:
        """Trials on one grid to refine: the best candidate, those at adjacent steps, and one aimed at the decoder's residual."""
        starts = [best]
        if _SMALL < budget <= LARGE:
            starts += self._adjacent(best, budget)
            if best.wash.levels > _SEVERAL:
                starts = [min(starts, key=lambda trial: trial.error)]
            starts += filter(None, [self._corrected(starts[0], budget)])
            if best.wash.levels > _SEVERAL:
                del starts[0]
        return starts

    def _adjacent(self, trial: Trial, budget: int) -> list[Trial]:
        """Trials at the next finer and the next coarser step."""
        grid, step = self.on_grid(trial.wash.levels), trial.wash.step
        found = (self._fitted(grid, near, budget) for near in (step - 1, step + 1) if 0 <= near < STEPS)
        return [trial for trial in found if trial is not None]

    def _corrected(self, trial: Trial, budget: int) -> Trial | None:
        """A trial at the same step whose target bands are moved by the residual of the decoded picture.

        The upsampling net and the resizing are not in the bands; half of what they miss is added.
        """
        levels, size = trial.wash.levels, grid(*self._size, trial.wash.levels)
        factor = min(1.0, _DRAWN * max(size) / max(self._size))
        shown = max(1, round(self._size[0] * factor)), max(1, round(self._size[1] * factor))
        wanted = np.asarray(self._target.image.resize(shown, Image.Resampling.LANCZOS), np.float32)
        residual = wanted - np.asarray(wash_picture(trial.wash, shown).convert("RGB"), np.float32)
        small = [
            np.asarray(Image.fromarray(residual[..., c].copy()).resize(size, Image.Resampling.LANCZOS))
            for c in range(3)
        ]
        planes = opponent(np.stack(small, axis=2).astype(np.float64) + 128) + drawn_planes(trial.wash) / 64
        aimed = [
            (band + other) / 2
            for band, other in zip(
                self.on_grid(levels).quantiser.bands, analysed(planes, levels), strict=True
            )
        ]
        quantiser = Quantiser(aimed, self._target.band_weights(levels))
        return self._fitted(RateControl(self._size, levels, quantiser, self._frame), trial.wash.step, budget)

    def _refine(self, starts: list[Trial], budget: int, *, thorough: bool) -> Trial | None:
        """Refine trials on one grid, the most promising one to the end; None if it cannot be made to fit."""
        levels = starts[0].wash.levels
        grid = self.on_grid(levels)
        if levels not in self._drawings:
            self._drawings[levels] = Drawing(self._target.image, levels, self._target.weights())
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
        if thorough and budget <= LARGE:
            refinement.polish(trial.trade, room, _SINGLE[levels])
        return self._fill(trial, refinement, room, budget)

    def _fill(self, start: Trial, refinement: Refinement, room: float, budget: int) -> Trial | None:
        """Fit a refinement to the budget by coding it as a whole: bisects the room for its coefficients, in bits."""
        grid = self.on_grid(start.wash.levels)
        spare = _SPARE + budget / _SPARE_MORE
        best: Trial | None = None
        least = math.inf
        held, most = 0.0, math.inf
        for _ in range(_FILLINGS):
            if not refinement.fit(start.trade, room):
                break
            wash = grid.wash(start.wash.step, refinement.values)
            data, bits = self._frame(wash)
            if len(data) <= budget:
                if best is None or refinement.error < least:
                    best = Trial(wash, bits, start.error, start.trade, refinement.values)
                    least = refinement.error
                held = room
                room = min(refinement.bits + 8 * budget - bits, (held + most) / 2)
            elif best is None:
                room -= 3 * (len(data) - budget)
            else:
                most = room
                room = (held + most) / 2
            if best is not None and room - held < spare:
                break
        return best

    def _distortion(self, trial: Trial) -> float:
        """Of a trial, decoded at the size of the finest grid that was tried."""
        return self._target.distortion(trial.wash, grid(*self._size, max(self._grids) + 1))


def _too_few(budget: int) -> PictureError:
    return PictureError(f"{budget} bytes are too few for a wash of this picture; allow some more")
