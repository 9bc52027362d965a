"""Photographs told by similar elements: embeddings, their index, retrieval, placement, and when to trust it."""

import importlib
from typing import TYPE_CHECKING

from haac_similar._embed.networks import DEFAULT_NETWORK, NETWORKS, Network, network_named
from haac_similar._options import SimilarElement, SimilarOptions, Told

if TYPE_CHECKING:
    from haac_similar._embed.embedder import Embedder, Embeddings
    from haac_similar._index.index import SimilarIndex
    from haac_similar._index.update import open_similar_index, survey_similar_index, update_similar_index
    from haac_similar._similar import Similar

__all__ = [
    "DEFAULT_NETWORK",
    "NETWORKS",
    "Embedder",
    "Embeddings",
    "Network",
    "Similar",
    "SimilarElement",
    "SimilarIndex",
    "SimilarOptions",
    "Told",
    "network_named",
    "open_similar_index",
    "survey_similar_index",
    "update_similar_index",
]

# Numpy and Pillow are needed only where something is embedded.
_LAZY = {
    "Embedder": "_embed.embedder",
    "Embeddings": "_embed.embedder",
    "Similar": "_similar",
    "SimilarIndex": "_index.index",
    "open_similar_index": "_index.update",
    "survey_similar_index": "_index.update",
    "update_similar_index": "_index.update",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_similar.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
