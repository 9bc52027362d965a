"""Pictures that Pillow drew, as other programs do: elements at fractions of their size, words beside them, JPEG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.pipeline.match.pictures import drawn


@dataclass(frozen=True)
class Sticker:
    """Where an element is drawn.

    Args:
        number: of the element, 1 for that of seed 0.
        side: pixels of its longer side.
        x, y: of its centre.
        turn: degrees, counter-clockwise.
        mirrored: left and right.
        outline: pixels of its width.
    """

    number: int
    side: int
    x: int
    y: int
    turn: float = 0.0
    mirrored: bool = False
    outline: int = 0


def with_stickers(
    picture: Image.Image, stickers: Sequence[Sticker], resample: Image.Resampling
) -> Image.Image:
    """The picture with elements drawn on it by Pillow, on straight alpha."""
    made = picture.convert("RGB")
    for sticker in stickers:
        image = drawn(sticker.number - 1)
        factor = sticker.side / max(image.size)
        image = image.resize((round(image.width * factor), round(image.height * factor)), resample)
        if sticker.mirrored:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if sticker.turn:
            image = image.rotate(sticker.turn, Image.Resampling.BICUBIC, expand=True)
        if sticker.outline:
            image = outlined(image, sticker.outline)
        made.paste(image, (sticker.x - image.width // 2, sticker.y - image.height // 2), image)
    return made


def outlined(image: Image.Image, width: int) -> Image.Image:
    """An element with a white outline, as stickers have."""
    room = 2 * width
    made = Image.new("RGBA", (image.width + 2 * room, image.height + 2 * room))
    made.paste(image, (room, room))
    grown = made.getchannel("A").filter(ImageFilter.MaxFilter(2 * width + 1))
    white = Image.new("RGBA", made.size, "white")
    white.putalpha(grown.filter(ImageFilter.GaussianBlur(0.7)))
    white.alpha_composite(made)
    return white


def ball() -> Image.Image:
    """A red element with a rim and a highlight, 100 pixels wide."""
    sheet = Image.new("RGBA", (400, 400))
    pen = ImageDraw.Draw(sheet)
    pen.ellipse((4, 4, 396, 396), fill=(150, 30, 40))
    pen.ellipse((20, 20, 380, 380), fill=(230, 60, 70))
    pen.ellipse((90, 60, 200, 140), fill=(255, 150, 150))
    return sheet.convert("RGBa").resize((100, 100), Image.Resampling.BOX).convert("RGBA")


def chat(words: bool = True) -> Image.Image:
    """Bubbles, with words in them, on a plain background."""
    made = Image.new("RGB", (480, 420), (229, 221, 213))
    pen, font = ImageDraw.Draw(made), ImageFont.load_default(18)
    for row in range(4):
        box = (20 + 60 * (row % 2), 20 + 98 * row, 400 + 60 * (row % 2), 96 + 98 * row)
        pen.rounded_rectangle(box, 14, fill=((255, 255, 255), (220, 248, 198))[row % 2])
        if words:
            pen.text((box[0] + 14, box[1] + 28), "see you at noon", (20, 20, 20), font)
    return made


def tight_bubbles(number: int) -> Image.Image:
    """Bubbles of a strong colour, 50 pixels from each other, so full of words that JPEG leaves nothing of them even."""
    made = Image.new("RGB", (480, 20 + 50 * number), "white")
    pen, font = ImageDraw.Draw(made), ImageFont.load_default(17)
    for top in range(8, 50 * number, 50):
        pen.rounded_rectangle((170, top, 470, top + 40), 12, fill=(10, 132, 255))
        pen.text((178, top + 5), "Wo bist du gerade?", "white", font)
        pen.text((386, top + 5), "See you", "white", font)
    return made


def sloping() -> Image.Image:
    """A gradient."""
    ramp = Image.linear_gradient("L").resize((480, 360), Image.Resampling.BICUBIC)
    return Image.merge("RGB", (ramp, ramp.point(lambda v: 200 - v // 2), ramp.point(lambda v: 90 + v // 4)))


def ordered_dither(picture: Image.Image) -> Image.Image:
    """The picture in 216 colours, mixed by a pattern of 4x4 pixels (B. E. Bayer, 1973)."""
    pattern = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16
    across, down = -(-picture.width // 4), -(-picture.height // 4)
    tiled = np.tile(pattern, (down, across))[: picture.height, : picture.width, None]
    levels = np.floor(np.asarray(picture.convert("RGB")) / 51 + tiled).clip(0, 5)
    return Image.fromarray((levels * 51).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """The picture after JPEG, colours at half the resolution."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=2)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")
