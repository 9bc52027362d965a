"""The probability that a detection is right: logistic regression on its evidence, fitted by `scripts/train/detection.py`."""

from __future__ import annotations

import math

from haac_match._detect.evidence import Evidence

WEIGHTS = {
    "bias": -11.545,
    "unexplained": -6.811,
    "log_inside": -1.173,
    "log_beside": -0.350,
    "z_edges": 2.444,
    "z_inner_edges": 0.681,
    "colours": 2.493,
    "turned": -2.511,
}
"""Of each measure. Correlations count by Fisher's z-transform, whose spread does not depend on them."""
_MOST_CORRELATED = 0.99
"""Correlations above which a difference tells no more..."""
_MOST_COLOURS = 4.0
"""...and bits: cut-outs of photographs have more than the drawn elements that this was fitted to."""


def features(evidence: Evidence, *, turned: bool) -> dict[str, float]:
    """What the regression sees, by the names of WEIGHTS.

    Args:
        evidence: of a fit.
        turned: whether its pose is not upright: what people place mostly is.
    """
    return {
        "bias": 1.0,
        "unexplained": evidence.unexplained,
        "log_inside": math.log(evidence.inside),
        "log_beside": math.log(evidence.beside),
        "z_edges": _fisher(evidence.edges),
        "z_inner_edges": _fisher(evidence.inner_edges),
        "colours": min(evidence.colours, _MOST_COLOURS),
        "turned": float(turned),
    }


def log_odds(evidence: Evidence, *, turned: bool) -> float:
    """Natural logarithm of the odds that the element is there, -50 to 50."""
    logit = sum(WEIGHTS[name] * value for name, value in features(evidence, turned=turned).items())
    return max(-50.0, min(50.0, logit))


def _fisher(correlation: float) -> float:
    return math.atanh(max(-_MOST_CORRELATED, min(_MOST_CORRELATED, correlation)))
