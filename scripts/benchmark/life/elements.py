"""The elements that are drawn, by name, and which of them look much alike."""

from __future__ import annotations

import random
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

SKIN_TONES = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")

ASKED = 48
"""Look-alikes that are asked for at most."""

_SIDE = 24
"""Pixels of the small pictures that are compared."""


class Elements:
    """A folder of pictures with alpha; the name of an element is that of its file, without suffix.

    Args:
        folder: of PNG files.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {path.stem: path for path in sorted(folder.glob("*.png"))}
        if not self._files:
            raise FileNotFoundError(f"no PNG files in {folder}")
        self._images: dict[str, Image.Image] = {}
        self.names = list(self._files)
        self._plain = [name for name in self.names if not any(tone in name for tone in SKIN_TONES)]

    def draw(self, rng: random.Random) -> str:
        """One of them; those of a skin tone, which are half of all emoji, are drawn half as often as their number."""
        return rng.choice(self.names if rng.random() < 0.5 else self._plain)

    def image(self, name: str) -> Image.Image:
        """RGBA, with the transparent edge that its file has."""
        if name not in self._images:
            self._images[name] = Image.open(self._files[name]).convert("RGBA")
        return self._images[name]

    def trimmed(self, name: str) -> Image.Image:
        """What the catalog has: without the transparent edge."""
        image = self.image(name)
        return image.crop(image.getchannel("A").getbbox())

    def part(self, name: str) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of `trimmed` within `image`, each 0 to 1."""
        image = self.image(name)
        left, top, right, bottom = image.getchannel("A").getbbox() or (0, 0, *image.size)
        return left / image.width, top / image.height, right / image.width, bottom / image.height

    @cached_property
    def _small(self) -> np.ndarray:
        """Every element at the same small size, premultiplied; float32, (count, values)."""
        rows = []
        for name in self.names:
            small = self.trimmed(name).convert("RGBa").resize((_SIDE, _SIDE), Image.Resampling.BOX)
            rows.append(np.asarray(small, np.float32).ravel())
        return np.stack(rows)

    def near(self, name: str) -> list[tuple[str, bool]]:
        """Those that look most like it, most alike first, and whether they do so mirrored; of about its shape."""
        at = self.names.index(name)
        own = self._small[at]
        ways = (own, own.reshape(_SIDE, _SIDE, -1)[:, ::-1].ravel())
        far = np.concatenate([np.square(self._small - way).mean(axis=1) for way in ways])
        pairs = [
            (int(n) % len(self.names), int(n) >= len(self.names)) for n in np.argsort(far, kind="stable")
        ]
        return [(self.names[n], mirrored) for n, mirrored in pairs if n != at][:ASKED]
