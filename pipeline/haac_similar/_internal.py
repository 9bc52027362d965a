"""Inner API of haac_similar: what haac_pipeline uses of it beside its public names. May change at any time."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac_similar._index.update import PLATE_TAG, require_similar_index, stored_similar_index
    from haac_similar._kinds import kinds_of
    from haac_similar._runtime import cores, load_runtime, numeric_threads, open_session
    from haac_similar._weights.fetch import fetch, from_address, from_package
    from haac_similar._weights.published import Published, expanded, is_here, weights_home

__all__ = [
    "PLATE_TAG",
    "Published",
    "cores",
    "expanded",
    "fetch",
    "from_address",
    "from_package",
    "is_here",
    "kinds_of",
    "load_runtime",
    "numeric_threads",
    "open_session",
    "require_similar_index",
    "stored_similar_index",
    "weights_home",
]

_LAZY = {
    "PLATE_TAG": "_index.update",
    "Published": "_weights.published",
    "cores": "_runtime",
    "expanded": "_weights.published",
    "fetch": "_weights.fetch",
    "from_address": "_weights.fetch",
    "from_package": "_weights.fetch",
    "is_here": "_weights.published",
    "kinds_of": "_kinds",
    "load_runtime": "_runtime",
    "numeric_threads": "_runtime",
    "open_session": "_runtime",
    "require_similar_index": "_index.update",
    "stored_similar_index": "_index.update",
    "weights_home": "_weights.published",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_similar.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
