"""Whether a similar element may stand for an object: a paraphrase must not lie.

The numbers were set on one half of the photographs of `scripts/benchmark/similar`, and are reported on the other.
"""

from __future__ import annotations

from haac_similar._compose.choice import Choice
from haac_similar._options import SalientObject

KIND = 0.5
"""Probability that the object's kind must have."""
AGREE = 3
"""Of the five nearest elements, so many must be of its kind."""
SHARE = 0.02
"""Of the photograph, that it must cover."""


def doubt(choice: Choice, *, people: bool) -> str:
    """Why an element should not tell an object, as a clause; empty if it may."""
    element = choice.element
    if choice.sure < KIND or not element.kind:
        return "what it is cannot be told for sure"
    if element.agree < AGREE:
        return f"the elements that are most like it are of different kinds ({element.agree} of {element.of} agree)"
    if element.kind != choice.kind:
        return f"it is like a {choice.kind}, and the element that would tell it is like a {element.kind}"
    if choice.salient.share < SHARE:
        return "it is too small to be recognised"
    if choice.person and not people:
        return "it may show a person, and people are not told by other people unless --people is given"
    return ""


def hopeless(sure: float, agree: int, salient: SalientObject) -> bool:
    """Whether there is doubt whichever of the nearest elements is taken, so that comparing them can be saved.

    Args:
        sure: probability of the object's kind.
        agree: how many of the five nearest elements are of one kind, at most.
        salient: the object.
    """
    return sure < KIND or agree < AGREE or salient.share < SHARE
