"""Which elements of a catalog are in a picture, and how they were placed."""

import importlib
from typing import TYPE_CHECKING

from haac_match._options import Compressed, Monitor, Options, Subject
from haac_match._rate.cost import same
from haac_match._rate.select import rate_distortion, wash_only
from haac_match._rate.webp import sharpened

if TYPE_CHECKING:
    from haac_match._fit.kernels import kernel_note
    from haac_match._index.describe import Described, Part, describe_part, in_this_process, lost_part
    from haac_match._index.index import Survey, Updated, survey_index, update_index
    from haac_match._matcher import Matcher
    from haac_match._picture.jpeg import recorded

__all__ = [
    "Compressed",
    "Described",
    "Matcher",
    "Monitor",
    "Options",
    "Part",
    "Subject",
    "Survey",
    "Updated",
    "describe_part",
    "in_this_process",
    "kernel_note",
    "lost_part",
    "rate_distortion",
    "recorded",
    "same",
    "sharpened",
    "survey_index",
    "update_index",
    "wash_only",
]

# Matching brings OpenCV, faiss and numba; a wash by itself needs none of them.
_LAZY = {
    "Described": "_index.describe",
    "Matcher": "_matcher",
    "Part": "_index.describe",
    "Survey": "_index.index",
    "Updated": "_index.index",
    "describe_part": "_index.describe",
    "in_this_process": "_index.describe",
    "kernel_note": "_fit.kernels",
    "lost_part": "_index.describe",
    "recorded": "_picture.jpeg",
    "survey_index": "_index.index",
    "update_index": "_index.index",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_match.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
