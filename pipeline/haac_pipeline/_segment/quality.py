"""Quality of a cut-out: how likely a person would keep it, and the doubts. All numbers that were tuned for it are in this file.

A logistic regression over the measures of `measure.py`. `scripts/train/cutout_quality.py` fits its coefficients to cut-outs that a person
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

COEFFICIENTS: dict[str, float] = {
    "1": -6.010,
    "embedded": -0.922,
    "solid": 2.778,
    "mixed": -2.870,
    "rank": 1.516,
    "cover": -2.571,
    "side": 0.840,
    "central": 4.521,
    "faint": -8.502,
    "haze_learned": -1.584,
    "weak_embedded": -7.568,
    "bays_embedded": -6.591,
    "spread_embedded": -0.045,
}
"""Log odds that a person would keep it: of the constant 1, and of `features`."""

GOOD = 31
"""Cut-outs of a lower quality are doubtful: in cross-validation, one tenth of those of the set `tune` that a person would keep."""
HOPELESS = 18
"""Cut-outs of a lower quality are not stored unless all are asked for: in cross-validation, one in forty of those that would be kept."""

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


def features(measures: Measures, *, learned: bool) -> dict[str, float]:
    """The features of the regression.

    Args:
        measures: Of a cut-out.
        learned: Whether a neural network found it, whose masks are soft where it is unsure; not the embedded segmenter.
    """
    embedded = float(not learned)
    return {
        "embedded": embedded,
        "solid": measures.solid,
        "mixed": measures.mixed,
        "rank": measures.rank,
        "cover": measures.cover,
        "side": math.log(measures.side),
        "central": measures.central,
        "faint": measures.faint,
        "haze_learned": math.sqrt(measures.haze) * learned,
        "weak_embedded": measures.weak * embedded,
        "bays_embedded": math.sqrt(max(measures.bays, 0.0)) * embedded,
        "spread_embedded": measures.spread * embedded,
    }


def judge(measures: Measures, *, learned: bool) -> Judgement:
    """Quality and doubts of a cut-out; the arguments as for `features`."""
    odds = COEFFICIENTS["1"] + sum(
        COEFFICIENTS[name] * value for name, value in features(measures, learned=learned).items()
    )
    quality = round(100 / (1 + math.exp(-max(-50.0, min(50.0, odds)))))
    return Judgement(quality, doubts(measures) if quality < GOOD else ())


def doubts(measures: Measures) -> tuple[str, ...]:
    """What may be wrong with a doubtful cut-out: at least one word."""
    from haac_pipeline._segment.measure import SIDES

    named = [
        ("a speck", measures.side < _SPECK),
        ("soft", measures.haze > _HAZE or measures.solid < _FAINT),
        ("in pieces", measures.largest < _PIECES),
        ("a small part of what was found", measures.rank < _RANK),
        *((f"cut off at the {side}", cut > _CUT_OFF) for side, cut in zip(SIDES, measures.cut, strict=True)),
        ("like its background", measures.mixed > _MIXED or measures.weak > _WEAK),
        ("ragged", measures.bays > _RAGGED),
        ("off the edges of the photograph", measures.follows < _LAX),
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
    photograph = Photograph(rgb, mask)
    return [judge(photograph.measure(part), learned=model != OFFLINE) for part in found]
