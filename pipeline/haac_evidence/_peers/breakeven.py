"""From how many pictures on a catalog and recipes are smaller than files of another format."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from haac_evidence._peers.drawn import CatalogBytes
from haac_evidence._peers.files import Measured
from haac_evidence._peers.measure import HAAC
from haac_evidence._peers.summary import Files, bytes_for

LEVELS = (
    ("all pixels equal", "psnr", math.inf),
    ("SSIMULACRA2 of 90, visually lossless", "ssimulacra2", 90.0),
    ("SSIMULACRA2 of 70, high quality", "ssimulacra2", 70.0),
    ("SSIMULACRA2 of 50, medium quality", "ssimulacra2", 50.0),
    ("SSIMULACRA2 of 30, low quality", "ssimulacra2", 30.0),
)
"""Qualities at which bytes are compared: in words, measure, least score."""


def pictures_until(catalog: float, recipe: float, peer: float) -> int | None:
    """The least number of pictures for which the catalog's bytes and a recipe each are fewer than a file each.

    Args:
        catalog: bytes that are there once.
        recipe: mean bytes of a recipe.
        peer: mean bytes of a file.

    Returns:
        None if a recipe is not smaller than a file.
    """
    if recipe >= peer:
        return None
    return max(1, math.floor(catalog / (peer - recipe)) + 1)


def break_even(pictures: Sequence[Files], catalog: CatalogBytes) -> list[dict[str, Any]]:
    """For each quality: mean bytes of every format, the best other one, and pictures until recipes with their catalog are smaller.

    Files count with their headers. A format counts where it reaches the quality for all pictures. A recipe is what it is: the smallest
    that reaches the quality.
    """
    rows = []
    for title, measure, least in LEVELS:
        sizes = {
            name: _mean_bytes(pictures, name, measure, least) for name in (pictures[0] if pictures else ())
        }
        row: dict[str, Any] = {
            "quality": title,
            "bytes": {name: None if size is None else round(size, 1) for name, size in sizes.items()},
        }
        peers = {name: size for name, size in sizes.items() if name != HAAC and size is not None}
        recipe = sizes.get(HAAC)
        if peers:
            row["best"] = best = min(peers, key=lambda name: peers[name])
            if recipe is not None:
                row["times"] = round(peers[best] / recipe, 1)
                row["pictures_whole_catalog"] = pictures_until(catalog.bytes, recipe, peers[best])
                row["pictures_used_elements"] = pictures_until(catalog.used_bytes, recipe, peers[best])
        rows.append(row)
    return rows


def _mean_bytes(pictures: Sequence[Files], name: str, measure: str, least: float) -> float | None:
    found = [_bytes(files, name, measure, least) for files in pictures]
    sizes = [size for size in found if size is not None]
    return mean(sizes) if len(sizes) == len(pictures) else None


def _bytes(files: Mapping[str, Sequence[Measured]], name: str, measure: str, least: float) -> float | None:
    """Bytes of one picture; haac's recipe is taken as it is, others between the files that were made."""
    if math.isinf(least):
        return min((each.bytes for each in files[name] if each.exact), default=None)
    if name == HAAC:
        enough = [each.bytes for each in files[name] if (each.scores[measure] or -math.inf) >= least]
        return min(enough, default=None)
    return bytes_for(files[name], measure, least, counted=True)
