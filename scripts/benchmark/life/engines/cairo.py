"""Pages drawn by Cairo."""

from __future__ import annotations

import math

import cairocffi
import numpy as np
from PIL import Image

from scripts.benchmark.life.engines.pillow import background
from scripts.benchmark.life.fonts import FAMILY
from scripts.benchmark.life.page import Box, Drawn, Habits, Page, Picture, Text, device_frame

FILTERS = {
    "good": cairocffi.FILTER_GOOD,
    "best": cairocffi.FILTER_BEST,
    "bilinear": cairocffi.FILTER_BILINEAR,
}


def draw(page: Page, habits: Habits) -> Drawn:
    """The page in device pixels."""
    surface = _surface(background(page).convert("RGBA"))
    context = cairocffi.Context(surface)
    frames = []
    for item in page.items:
        context.save()
        if isinstance(item, Box):
            _box(context, item, page.ratio)
        elif isinstance(item, Text):
            weight = cairocffi.FONT_WEIGHT_BOLD if item.bold else cairocffi.FONT_WEIGHT_NORMAL
            context.select_font_face(FAMILY, cairocffi.FONT_SLANT_NORMAL, weight)
            context.set_font_size(item.size * page.ratio)
            context.set_source_rgb(*(c / 255 for c in item.colour))
            context.move_to(item.x * page.ratio, item.y * page.ratio)
            context.show_text(item.text)
        else:
            frame = device_frame(page, item, habits)
            context.translate(*frame.centre)
            context.rotate(math.radians(frame.rotation))
            across = frame.width / item.image.width * (-1 if frame.mirrored else 1)
            context.scale(across, frame.height / item.image.height)
            _picture(context, item, habits)
            if item.element:
                frames.append(frame)
        context.restore()
    surface.flush()
    pixels = np.frombuffer(surface.get_data(), np.uint8).reshape(page.height, -1, 4)[:, : page.width]
    return Drawn(Image.fromarray(np.ascontiguousarray(pixels[:, :, 2::-1])), frames)


def _picture(context: cairocffi.Context, item: Picture, habits: Habits) -> None:
    width, height = item.image.size
    context.set_source_surface(_surface(item.image), -width / 2, -height / 2)
    context.get_source().set_filter(FILTERS.get(habits.filter, cairocffi.FILTER_GOOD))
    context.paint()


def _box(context: cairocffi.Context, box: Box, ratio: float) -> None:
    left, top = box.x * ratio, box.y * ratio
    right, bottom = left + box.width * ratio, top + box.height * ratio
    radius = min(box.radius * ratio, (right - left) / 2, (bottom - top) / 2)
    context.set_source_rgb(*(c / 255 for c in box.colour))
    if radius:
        middles = (
            (right - radius, top + radius),
            (right - radius, bottom - radius),
            (left + radius, bottom - radius),
            (left + radius, top + radius),
        )
        for turn, (x, y) in enumerate(middles):
            context.arc(x, y, radius, math.pi / 2 * (turn - 1), math.pi / 2 * turn)
        context.close_path()
    else:
        context.rectangle(left, top, right - left, bottom - top)
    context.fill()


def _surface(image: Image.Image) -> cairocffi.ImageSurface:
    """Premultiplied BGRA, as Cairo has it."""
    pixels = np.asarray(image.convert("RGBA")).astype(np.uint16)
    alpha = pixels[:, :, 3:]
    colour = (pixels[:, :, :3] * alpha + 127) // 255
    made = np.concatenate((colour[:, :, ::-1], alpha), axis=2).astype(np.uint8)
    return cairocffi.ImageSurface.create_for_data(
        bytearray(made.tobytes()), cairocffi.FORMAT_ARGB32, image.width, image.height, image.width * 4
    )
