"""The columns of both tables, and what the paper concludes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One way to have a picture."""

    title: str
    short: str
    """For the terminal."""
    needs_script: bool = False
    """Whether a describer must have written one."""


BYTES = {
    "original": Column("Original", "original"),
    "webp_0": Column("WebP, quality 0", "WebP 0"),
    "jpeg_0": Column("JPEG, quality 0", "JPEG 0"),
    "english": Column("HAAC", "HAAC", True),
    "script": Column("HAAC + Algorithm", "script", True),
    "text": Column("HAAC + Algorithm + Parser", "text", True),
    "binary": Column("binary form", "binary", True),
    "automatic": Column("automatic", "auto"),
    "similar": Column("of similar elements", "similar"),
}
"""Table 1: bytes. The first six are the paper's, under its names; the others are what haac adds."""

DIFFERENT = {
    "webp_0": Column("WebP, quality 0", "WebP 0"),
    "jpeg_1": Column("JPEG, quality 1", "JPEG 1"),
    "described": Column("described by hand", "by hand", True),
    "automatic": Column("automatic", "automatic"),
    "similar": Column("of similar elements", "similar"),
}
"""Table 2: per cent of the pixels that are different."""

BYTES_OF = {
    "webp_0": "webp_0",
    "jpeg_1": "jpeg_0",
    "described": "binary",
    "automatic": "automatic",
    "similar": "similar",
}
"""Which column of table 1 has the bytes of a column of table 2: libjpeg takes quality 0 for 1."""

BOUNDARIES = (16, 25, 51)
"""Levels of a channel, of 255, beyond which a pixel is different. The paper does not say which one it took."""
MIDDLE = BOUNDARIES.index(25)
"""The one that `haac compress` reports."""

PAPER = {"saved_percent": 99.9884, "bytes": 318, "different_percent": 25.22}
"""Conclusions of Mahtab, Pimpale, Aldama and Truong: means of all their pictures, in the form that their parser writes."""

CONCLUDED = {
    "text": ("text", "described"),
    "binary": ("binary", "described"),
    "automatic": ("automatic", "automatic"),
    "similar": ("similar", "similar"),
}
"""What stands beside the paper's conclusions: column of table 1, column of table 2."""

OWN = "*"
OWN_MEANS = "shows elements that were cut out of this very picture"
WASH_ALONE = "a wash alone"
"""Instead of a column's title, where no element is in a recipe."""
