"""Whether the words of a picture can still be read: by tesseract, where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image


def installed() -> bool:
    """Whether there is a `tesseract`."""
    return shutil.which("tesseract") is not None


def words(picture: Image.Image, boxes: Sequence[tuple[int, int, int, int]] = ()) -> Counter[str]:
    """The words that are read in a picture, of three letters or more.

    Args:
        picture: RGB.
        boxes: left, top, right, bottom of where they are, pixels; none: anywhere.
    """
    read: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.png")
        for box in boxes or [(0, 0, *picture.size)]:
            picture.convert("RGB").crop(box).save(path)
            command = ["tesseract", str(path), "-", "--psm", "11"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            read.update(re.findall(r"[a-z]{3,}", done.stdout.lower()))
    return read


def kept(original: Counter[str], made: Counter[str]) -> float:
    """Share of the words of a picture that are read in another one; 1 where it has none."""
    count = original.total()
    return (original & made).total() / count if count else 1.0
