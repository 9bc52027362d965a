"""Reads a recipe of either form, binary or text."""

from __future__ import annotations

from haac._forms.binary import FORMAT, FORMATS, from_binary
from haac._forms.text import from_text
from haac._limits import LIMITS
from haac._scene import Scene
from haac_repo import RecipeError


def is_text(data: bytes) -> bool:
    """Whether these bytes are to be read as the text form."""
    return not data or data[0] not in FORMATS


def read_recipe(data: bytes) -> Scene:
    """Read a binary or text recipe, told apart by the first byte.

    Raises:
        RecipeError: neither, malformed, or outside the limits.
    """
    if not is_text(data):
        return from_binary(data)
    if len(data) > LIMITS.text_chars:
        raise RecipeError(
            f"this is no recipe: it has {len(data)} bytes; at most {LIMITS.text_chars} are allowed"
        )
    try:
        return from_text(data.decode("ascii"))
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"this is no recipe: it begins with {data[:8]!r}, neither the byte {FORMAT:#04x} nor the text 'haac1:'"
        ) from error
