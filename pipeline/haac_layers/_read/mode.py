"""Blend modes by the names that programs give them."""

from __future__ import annotations

from haac_layers._document import NORMAL

_NAMES = {
    "src-over": NORMAL,
    "plus": "linear-dodge",  # over what is opaque, these are the same
    "add": "linear-dodge",
    "dodge": "color-dodge",
    "burn": "color-burn",
    "diff": "difference",
    "luminize": "luminosity",
    "soft-light-svg": "soft-light",
    "hard-mix-photoshop": "hard-mix",
    "hard-mix": "krita-hard-mix",  # another formula than Photoshop's
}
"""Those of OpenRaster and of Krita that have another name in CSS."""
_LONGEST = 40
"""Characters of a name that are kept for the report."""


def mode_named(name: str) -> str:
    """A mode by its name in CSS, where it has one: `svg:multiply` and `multiply` are the same; others keep their own names.

    Args:
        name: as the file has it; empty: normal.
    """
    plain = name.rpartition(":")[2].lower().replace("_", "-").replace(" ", "-")
    return _NAMES.get(plain, plain[:_LONGEST]) or NORMAL
