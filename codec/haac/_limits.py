"""Limits of a recipe: upper bounds of everything that an untrusted one may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, with their units. Anything beyond is one RecipeError, before any allocation."""

    recipe_bytes: int = 2**16
    """Bytes of a binary recipe, without its inline elements."""
    text_chars: int = 2**20
    """Characters of a text recipe."""
    canvas_side: int = 16_383
    """Pixels."""
    canvas_pixels: int = 2**25
    """Pixels (8K UHD)."""
    layers: int = 4096
    wash_coefficients: int = 2**19
    """Coefficients of a wash that are coded, zeros and all."""
    wash_work: int = 2**33
    """Coefficients of a wash times the bits of the number that they are in."""
    inline_elements: int = 64
    """Different ones in a recipe."""
    inline_bytes: int = 2**18
    """Bytes of all inline elements of a recipe together."""
    inline_pixels: int = 2**22
    """Pixels of all inline elements of a recipe together."""
    layer_side: int = 16_383
    """Pixels of a resized layer."""
    layer_pixels: int = 2**25
    """Pixels of a resized layer, and of the step between resizing its width and its height."""
    work: int = 9 * 10**9
    """Units of work that drawing takes (see below), about a nanosecond of one core each."""
    memory_bytes: int = 880 * 10**6
    """Bytes of memory that drawing takes beside the program (see below)."""
    position: int = 2**30
    """Pixels; positions run from minus this to this."""
    scale: int = 16_000
    """Thousandths of the element's own size."""
    blur: int = 1000
    """Quarter pixels of the Gaussian's standard deviation."""
    adjust: int = 400
    """Per cent of brightness, contrast and saturation."""


LIMITS = Limits()
