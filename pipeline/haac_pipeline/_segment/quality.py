"""Quality of a cut-out: how likely a person would keep it, and the doubts. All numbers that were tuned for it are in this file.

A logistic regression over the measures of `measure.py`, one for networks and one for the embedded segmenter.
`scripts/train/cutout_quality.py` fits their coefficients to cut-outs that a person
judged (`benchmarks/cutout_judgement.json`); `scripts/benchmark/cutouts/quality.py` says how right it is on others, of other photographs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haac_pipeline._segment.models import OFFLINE

if TYPE_CHECKING:
    from haac_pipeline._segment.cutout import Bytes, Part
    from haac_pipeline._segment.measure import Measures


@dataclass(frozen=True, slots=True)
class Fit:
    """A logistic regression, and the thresholds on the quality that it gives."""

    coefficients: dict[str, float]
    """Log odds that a person would keep it: of the constant 1, and of `features`."""
    good: int
    """Cut-outs of a lower quality are doubtful: in cross-validation, one tenth of those that a person would keep."""
    hopeless: int
    """Cut-outs of a lower quality are not stored unless all are asked for: in cross-validation, one in forty of those."""


NETWORK = Fit(
    {
        "1": -4.725,
        "solid": 4.012,
        "side": 0.499,
        "central": 2.404,
        "faint": -6.318,
        "haze": -4.201,
        "cut": -0.901,
    },
    good=53,
    hopeless=28,
)
"""Of neural networks, whose masks are soft where they are unsure."""
EMBEDDED = Fit(
    {
        "1": -4.971,
        "solid": 1.744,
        "side": 0.577,
        "central": 4.133,
        "faint": -12.633,
        "rank": 1.225,
        "bays": -2.561,
        "mixed": -3.804,
        "weak": -4.315,
        "spread": -0.035,
    },
    good=18,
    hopeless=6,
)
"""Of the embedded segmenter, whose masks are sharp: what is wrong with them shows in the colours."""

# From which measure on a doubt is named. They decide nothing.
_CUT_OFF = 0.25
_HAZE = 0.03
_FAINT = 0.75
_PIECES = 0.85
_SPECK = 64
_RANK = 0.35
_MIXED = 0.4
_WEAK = 0.2
_RAGGED = 0.12
_LAX = 1.9


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of a cut-out."""

    quality: int
    """0 to 100: per cent of such cut-outs that a person would keep."""
    doubts: tuple[str, ...]
    """Why it is doubtful, in words for people; empty if it is not."""
    fit: Fit
    """What it was judged by."""


def fit_of(model: str) -> Fit:
    """The one that judges what a model cuts out."""
    return EMBEDDED if model == OFFLINE else NETWORK


def features(measures: Measures) -> dict[str, float]:
    """The features of the regression: of the embedded segmenter where colours were measured, else of networks."""
    both = {
        "solid": measures.solid,
        "side": math.log(measures.side),
        "central": measures.central,
        "faint": measures.faint,
    }
    colours = measures.colours
    if colours is None:
        return both | {"haze": measures.haze, "cut": sum(measures.cut)}
    return both | {
        "rank": measures.rank,
        "bays": math.sqrt(max(measures.bays, 0.0)),
        "mixed": colours.mixed,
        "weak": colours.weak,
        "spread": colours.spread,
    }


def judge(measures: Measures, fit: Fit) -> Judgement:
    """Quality and doubts of a cut-out, by the fit of the model that cut it out."""
    odds = fit.coefficients["1"] + sum(
        fit.coefficients[name] * value for name, value in features(measures).items()
    )
    quality = round(100 / (1 + math.exp(-max(-50.0, min(50.0, odds)))))
    return Judgement(quality, doubts(measures) if quality < fit.good else (), fit)


def doubts(measures: Measures) -> tuple[str, ...]:
    """What may be wrong with a doubtful cut-out: at least one word."""
    from haac_pipeline._segment.measure import SIDES

    colours = measures.colours
    named = [
        ("a speck", measures.side < _SPECK),
        ("soft", measures.haze > _HAZE or measures.solid < _FAINT),
        ("in pieces", measures.largest < _PIECES),
        ("a small part of what was found", measures.rank < _RANK),
        *((f"cut off at the {side}", cut > _CUT_OFF) for side, cut in zip(SIDES, measures.cut, strict=True)),
        (
            "like its background",
            colours is not None and (colours.mixed > _MIXED or colours.weak > _WEAK),
        ),
        ("ragged", measures.bays > _RAGGED),
        ("off the edges of the photograph", colours is not None and colours.follows < _LAX),
    ]
    return tuple(word for word, said in named if said) or ("unlike what is kept",)


def judged(rgb: Bytes, mask: Bytes, found: list[Part], model: str) -> list[Judgement]:
    """Judge all cut-outs of a photograph.

    Args:
        rgb: (height, width, 3).
        mask: (height, width), as the model gave it.
        found: The parts of its cut-out.
        model: Name of the segmentation model.
    """
    from haac_pipeline._segment.measure import Photograph

    if not found:
        return []
    photograph = Photograph(rgb, mask, colours=model == OFFLINE)
    return [judge(photograph.measure(part), fit_of(model)) for part in found]
