"""Bit depth reduction: greyscale of 16 and 32 bits and floats to 8 bits, in strips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

STRIP_PIXELS = 2**20
"""What is worked on at a time: arrays of a whole large picture would take several times its memory."""

_FLOAT_TOPS = (1.0, 255.0, 65_535.0)


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """The picture in horizontal strips, from the top, each with its first row."""
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def is_deep(image: Image.Image) -> bool:
    """Whether it is greyscale of more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def to_8_bits(image: Image.Image, *, inverted: bool = False, unsigned: bool = False) -> Image.Image:
    """Reduce greyscale of more than 8 bits (I;16 and its kin, I, F) to L, or LA if one grey is transparent.

    16 bits are scaled by their whole range. 32-bit integers and floats say no range: 0 to 1 and 0 to 255 (floats) and 0 to 65535
    are taken for what they look like, anything else is stretched from its least to its greatest value.

    Args:
        inverted: the least value is white (TIFF's WhiteIsZero).
        unsigned: 32-bit integers have no sign, which Pillow gives them.
    """
    import numpy as np
    from PIL import Image

    low, high = (0.0, 65_535.0) if image.mode.startswith("I;16") else _range(image, unsigned)
    if inverted:
        low, high = high, low
    clear = image.info.get("transparency")
    keyed = isinstance(clear, int)
    result = Image.new("LA" if keyed else "L", image.size)
    for top, strip in strips(image):
        values = _values(strip, unsigned)
        part = Image.fromarray(scaled(values, low, high))
        if keyed:
            part.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
        result.paste(part, (0, top))
    result.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return result


def scaled(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Samples to 0 (low) .. 255 (high), rounded."""
    import numpy as np

    return np.floor((values - low) * (255.0 / ((high - low) or 1.0)) + 0.5).clip(0, 255).astype(np.uint8)


def finite(samples: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """As floats; what is no number, or infinite, counts as 0."""
    import numpy as np

    values = samples.astype(np.float64)
    return np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def range_of(low: float, high: float, *, floats: bool) -> tuple[float, float]:
    """The samples that become black and white, of a picture whose least and greatest are these."""
    tops = _FLOAT_TOPS if floats else (65_535.0,)
    top = next((top for top in tops if low >= 0 and high <= top), None)
    return (low, high) if top is None else (0.0, top)


def _values(strip: Image.Image, unsigned: bool) -> npt.NDArray[np.float64]:
    import numpy as np

    samples = np.asarray(strip)
    return finite(samples.view(np.uint32) if unsigned and samples.dtype == np.int32 else samples)


def _range(image: Image.Image, unsigned: bool) -> tuple[float, float]:
    ends = [(values.min(), values.max()) for values in (_values(s, unsigned) for _, s in strips(image))]
    low, high = float(min(least for least, _ in ends)), float(max(most for _, most in ends))
    return range_of(low, high, floats=image.mode == "F")
