"""Pages drawn by Skia."""

from __future__ import annotations

import numpy as np
import skia
from PIL import Image

from scripts.benchmark.life.engines.pillow import background
from scripts.benchmark.life.fonts import font_file
from scripts.benchmark.life.page import Box, Drawn, Habits, Page, Text, device_frame


def draw(page: Page, habits: Habits) -> Drawn:
    """The page in device pixels."""
    pixels = np.ascontiguousarray(np.asarray(background(page).convert("RGBA"))).copy()
    frames = []
    with skia.Surface(pixels) as canvas:
        for item in page.items:
            canvas.save()
            if isinstance(item, Box):
                area = skia.Rect.MakeXYWH(
                    *(v * page.ratio for v in (item.x, item.y, item.width, item.height))
                )
                canvas.drawRoundRect(
                    area, item.radius * page.ratio, item.radius * page.ratio, _paint(item.colour)
                )
            elif isinstance(item, Text):
                font = skia.Font(
                    skia.Typeface.MakeFromFile(str(font_file(bold=item.bold))), item.size * page.ratio
                )
                canvas.drawString(
                    item.text, item.x * page.ratio, item.y * page.ratio, font, _paint(item.colour)
                )
            else:
                frame = device_frame(page, item, habits)
                canvas.translate(*frame.centre)
                canvas.rotate(frame.rotation)
                if frame.mirrored:
                    canvas.scale(-1, 1)
                image = skia.Image.fromarray(
                    np.ascontiguousarray(np.asarray(item.image)), colorType=skia.kRGBA_8888_ColorType
                )
                area = skia.Rect.MakeXYWH(-frame.width / 2, -frame.height / 2, frame.width, frame.height)
                if habits.filter == "mipmap":
                    image = image.withDefaultMipmaps()
                canvas.drawImageRect(image, area, _sampling(habits.filter), skia.Paint(AntiAlias=True))
                if item.element:
                    frames.append(frame)
            canvas.restore()
    return Drawn(Image.fromarray(pixels[:, :, :3].copy()), frames)


def _sampling(filter: str) -> skia.SamplingOptions:
    """Linear with mipmaps, which is what a browser takes to make pictures smaller, or one of two cubic kernels."""
    if filter == "mitchell":
        return skia.SamplingOptions(skia.CubicResampler.Mitchell())
    if filter == "catmull-rom":
        return skia.SamplingOptions(skia.CubicResampler.CatmullRom())
    return skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)


def _paint(colour: tuple[int, int, int]) -> skia.Paint:
    return skia.Paint(Color=skia.ColorSetRGB(*colour), AntiAlias=True)
