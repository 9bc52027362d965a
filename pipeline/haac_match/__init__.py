"""Which elements of a catalog are in a picture, and how they were placed."""

from typing import TYPE_CHECKING

from haac_match._options import Compressed, Options, Subject
from haac_match._rate.cost import same
from haac_match._rate.select import wash_only

if TYPE_CHECKING:
    from haac_match._matcher import Matcher
    from haac_match._picture.jpeg import recorded

__all__ = ["Compressed", "Matcher", "Options", "Subject", "recorded", "same", "wash_only"]


def __getattr__(name: str) -> object:
    # Matching brings OpenCV, faiss and numba; a wash by itself needs none of them.
    if name == "Matcher":
        from haac_match._matcher import Matcher

        return Matcher
    if name == "recorded":
        from haac_match._picture.jpeg import recorded

        return recorded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
