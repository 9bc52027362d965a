"""Pages drawn by Pillow, with each of its filters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from scripts.benchmark.life.fonts import font
from scripts.benchmark.life.page import (
    Box,
    Drawn,
    Frame,
    Gradient,
    Habits,
    Page,
    Picture,
    Text,
    covering,
    device_frame,
)

FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "hamming": Image.Resampling.HAMMING,
    "box": Image.Resampling.BOX,
}


def draw(page: Page, habits: Habits) -> Drawn:
    """The page in device pixels. Positions are whole, as they are for `paste`."""
    image = background(page)
    habits = replace(habits, whole=True)
    frames = []
    for item in page.items:
        if isinstance(item, Box):
            _box(image, item, page.ratio)
        elif isinstance(item, Text):
            at = item.x * page.ratio, item.y * page.ratio
            ImageDraw.Draw(image).text(
                at, item.text, item.colour, font(item.size * page.ratio, bold=item.bold), anchor="ls"
            )
        else:
            frame = _paste(image, item, device_frame(page, item, habits), habits)
            if item.element:
                frames.append(frame)
    return Drawn(image, frames)


def background(page: Page) -> Image.Image:
    """RGB."""
    if isinstance(page.background, Image.Image):
        return covering(page.background, page.width, page.height)
    if isinstance(page.background, Gradient):
        across = page.width if page.background.horizontal else page.height
        at = (np.arange(across) + 0.5)[:, None] / across
        line = (1 - at) * page.background.first + at * np.array(page.background.last)
        pixels = np.rint(line).astype(np.uint8)
        shape = (page.height, page.width, 3)
        return Image.fromarray(
            np.ascontiguousarray(
                np.broadcast_to(pixels[None] if page.background.horizontal else pixels[:, None], shape)
            )
        )
    return Image.new("RGB", (page.width, page.height), page.background)


def _box(image: Image.Image, box: Box, ratio: float) -> None:
    """Rounded corners are drawn four times as large and made small: Pillow itself leaves them jagged."""
    left, top = round(box.x * ratio), round(box.y * ratio)
    width, height = max(1, round(box.width * ratio)), max(1, round(box.height * ratio))
    if not box.radius:
        image.paste(box.colour, (left, top, left + width, top + height))
        return
    mask = Image.new("L", (4 * width, 4 * height))
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, 4 * width - 1, 4 * height - 1), 4 * box.radius * ratio, fill=255
    )
    image.paste(box.colour, (left, top), mask.resize((width, height), Image.Resampling.BOX))


def _paste(image: Image.Image, picture: Picture, frame: Frame, habits: Habits) -> Frame:
    """Resize, mirror, turn, paste; the frame in which it lies then."""
    size = int(frame.width), int(frame.height)
    made = _resized(picture.image, size, habits)
    if frame.mirrored:
        made = made.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if frame.rotation:
        turning = Image.Resampling.BILINEAR if habits.filter == "bilinear" else Image.Resampling.BICUBIC
        made = made.rotate(-frame.rotation, turning, expand=True)
        at = round(frame.centre[0] - made.width / 2), round(frame.centre[1] - made.height / 2)
        centre = at[0] + made.width / 2, at[1] + made.height / 2
        frame = replace(frame, x=centre[0] - frame.width / 2, y=centre[1] - frame.height / 2)
    else:
        at = int(frame.x), int(frame.y)
    image.paste(made, at, made)
    return frame


def _resized(image: Image.Image, size: tuple[int, int], habits: Habits) -> Image.Image:
    if image.size == size:
        return image
    chosen = FILTERS.get(habits.filter, Image.Resampling.BICUBIC)
    if not habits.straight:
        return image.resize(size, chosen)
    return Image.merge("RGBA", [band.resize(size, chosen) for band in image.split()])
