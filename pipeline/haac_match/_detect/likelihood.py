"""The probability that a detection is right: logistic regression on its evidence, fitted by `scripts/train/detection.py`."""

from __future__ import annotations

import math

from haac_match._detect.evidence import Evidence

WEIGHTS = {
    "bias": -2.244,
    "log_unexplained": 0.451,
    "log_structure": -1.017,
    "beside": -3.204,
    "wrong": 7.537,
    "log_shift": -1.546,
    "log_pixels": 0.078,
    "log_contrast": 1.899,
    "unexplained": -12.169,
}
"""Of each measure. That of `wrong` is positive: it corrects `unexplained`, which counts the same pixels."""
_FLOOR = 0.003
"""Shares below which a logarithm tells no more."""


def features(evidence: Evidence) -> dict[str, float]:
    """What the regression sees, by the names of WEIGHTS."""
    return {
        "bias": 1.0,
        "log_unexplained": math.log(max(evidence.unexplained, _FLOOR)),
        "log_structure": math.log(max(evidence.structure, _FLOOR)),
        "beside": evidence.beside,
        "wrong": evidence.wrong,
        "log_shift": math.log(evidence.shift + 1),
        "log_pixels": math.log(evidence.pixels),
        "log_contrast": math.log(evidence.contrast + 1),
        "unexplained": evidence.unexplained,
    }


def probability(evidence: Evidence) -> float:
    """That the element is there, 0 to 1."""
    logit = sum(WEIGHTS[name] * value for name, value in features(evidence).items())
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))
