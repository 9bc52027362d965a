"""Chains: what becomes of a picture between the program that drew it and the one that gets it."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from scripts.benchmark.life.fonts import font

GROUPS = {
    "lossless": ("png", "screenshot"),
    "light": ("jpeg95", "jpeg85"),
    "strong": ("jpeg75", "jpeg60", "webp80"),
    "scaled": ("1080-jpeg75", "scaled-jpeg75"),
    "twice": ("jpeg85-scaled-jpeg75",),
    "palette": ("palette",),
}
"""Chains that are reported together. Each of a group is as likely as the others."""

HELD_OUT = ("twice", "palette")
"""Groups that nothing is ever tuned on."""

_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
}


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain, with all that is drawn of it."""

    name: str
    factor: float = 1.0
    """By which the picture is resized; below 1."""
    filter: str = "lanczos"
    colours: int = 256
    """Of a palette."""
    dithered: bool = False
    around: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Pixels that a screenshot has to the left, above, to the right and below."""
    dark: bool = False

    @property
    def first(self) -> int:
        """JPEG quality before it is resized; 0: none."""
        return 85 if self.name.startswith("jpeg85-") else 0

    @property
    def last(self) -> tuple[str, int]:
        """Format and quality of the file."""
        if self.name == "webp80":
            return "WEBP", 80
        if "jpeg" in self.name:
            return "JPEG", int(self.name.rpartition("jpeg")[2])
        return "PNG", 0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Of the picture when it is resized, without what is around it."""
        return max(1, round(width * self.factor)), max(1, round(height * self.factor))

    def resized(self, image: Image.Image) -> Image.Image:
        """Only resized."""
        size = self.size(*image.size)
        return image if size == image.size else image.resize(size, _FILTERS[self.filter])

    def file(self, image: Image.Image) -> tuple[bytes, str]:
        """The picture's file, and its suffix.

        Args:
            image: RGB, as it was drawn.
        """
        if self.first:
            image = Image.open(io.BytesIO(_saved(image, "JPEG", self.first))).convert("RGB")
        image = self._surrounded(self.resized(image))
        if self.name == "palette":
            dither = Image.Dither.FLOYDSTEINBERG if self.dithered else Image.Dither.NONE
            # Without a palette Pillow takes `dither` and leaves it aside.
            palette = image.quantize(self.colours, Image.Quantize.MEDIANCUT)
            image = image.quantize(palette=palette, dither=dither)
        form, quality = self.last
        return _saved(image, form, quality), {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}[form]

    def applied(self, image: Image.Image) -> Image.Image:
        """What is seen at its end, RGB; of any picture, such as a part."""
        return Image.open(io.BytesIO(self.file(image)[0])).convert("RGB")

    def _surrounded(self, image: Image.Image) -> Image.Image:
        """A window with a title bar and other lines, around it."""
        left, above, right, below = self.around
        if not any(self.around):
            return image
        paper, line = ("#202124", "#5f6368") if self.dark else ("#f1f3f4", "#9aa0a6")
        shot = Image.new("RGB", (image.width + left + right, image.height + above + below), paper)
        pen = ImageDraw.Draw(shot)
        for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
            pen.ellipse((8 + 18 * n, above // 2 - 6, 20 + 18 * n, above // 2 + 6), fill=colour)
        pen.text((76, above // 2), "Pictures - Viewer", line, font(13), anchor="lm")
        for n in range(below // 20):
            pen.text((10, image.height + above + 4 + 20 * n), f"{n + 3} comments - 12 shares", line, font(12))
        for n in range(right // 24):
            pen.rectangle(
                (
                    left + image.width + 8,
                    above + 8 + 30 * n,
                    left + image.width + right - 6,
                    above + 28 + 30 * n,
                ),
                line,
            )
        shot.paste(image, (left, above))
        return shot


def chain_of(group: str, rng: random.Random) -> Chain:
    """One of a group."""
    name = rng.choice(GROUPS[group])
    if name == "screenshot":
        around = (rng.randint(0, 60), rng.randint(26, 60), rng.randint(0, 60), rng.randint(0, 60))
        return Chain(name, around=around, dark=rng.random() < 0.4)
    if name == "palette":
        return Chain(name, colours=rng.choice((64, 128, 256)), dithered=rng.random() < 0.6)
    if "-" in name:
        return Chain(name, round(rng.uniform(0.5, 0.9), 3), rng.choice(list(_FILTERS)))
    return Chain(name)


def _saved(image: Image.Image, form: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    if form == "PNG":
        image.save(buffer, "PNG")
    elif form == "WEBP":
        image.save(buffer, "WEBP", quality=quality)
    else:
        image.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return buffer.getvalue()
