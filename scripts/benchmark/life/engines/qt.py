"""Pages drawn by Qt, without a screen."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "*.debug=false")

from functools import cache
from typing import cast

import numpy as np
from PIL import Image
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QImage, QPainter

from scripts.benchmark.life.engines.pillow import background
from scripts.benchmark.life.fonts import font_file
from scripts.benchmark.life.page import Box, Drawn, Habits, Page, Picture, Text, device_frame


@cache
def _application() -> tuple[QGuiApplication, str]:
    """Qt draws text only where there is an application; its fonts' family."""
    made = QGuiApplication(["life"])
    numbers = [QFontDatabase.addApplicationFont(str(font_file(bold=bold))) for bold in (False, True)]
    return made, QFontDatabase.applicationFontFamilies(numbers[0])[0]


def draw(page: Page, habits: Habits) -> Drawn:
    """The page in device pixels."""
    _, family = _application()
    image = _image(background(page).convert("RGBA")).convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing
        | QPainter.RenderHint.TextAntialiasing
        | QPainter.RenderHint.SmoothPixmapTransform
    )
    frames = []
    for item in page.items:
        painter.save()
        if isinstance(item, Box):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*item.colour))
            radius = item.radius * page.ratio
            area = QRectF(*(v * page.ratio for v in (item.x, item.y, item.width, item.height)))
            painter.drawRoundedRect(area, radius, radius)
        elif isinstance(item, Text):
            font = QFont(family)
            font.setPixelSize(max(1, round(item.size * page.ratio)))
            font.setBold(item.bold)
            painter.setFont(font)
            painter.setPen(QColor(*item.colour))
            painter.drawText(QPointF(item.x * page.ratio, item.y * page.ratio), item.text)
        else:
            frame = device_frame(page, item, habits)
            painter.translate(QPointF(*frame.centre))
            painter.rotate(frame.rotation)
            if frame.mirrored:
                painter.scale(-1, 1)
            _picture(painter, item, frame.width, frame.height, habits)
            if item.element:
                frames.append(frame)
        painter.restore()
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(page.height, -1, 4)[:, : page.width]
    return Drawn(Image.fromarray(np.ascontiguousarray(pixels[:, :, 2::-1])), frames)


def _picture(painter: QPainter, item: Picture, width: float, height: float, habits: Habits) -> None:
    """Scaled beforehand, by means of areas, as programs do that care; else straight, bilinear."""
    image = _image(item.image)
    if habits.filter == "smooth" and habits.whole:
        image = image.scaled(
            round(width),
            round(height),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    painter.drawImage(QRectF(-width / 2, -height / 2, width, height), image)


def _image(image: Image.Image) -> QImage:
    data = image.convert("RGBA").tobytes()
    made = QImage(data, image.width, image.height, image.width * 4, QImage.Format.Format_RGBA8888)
    return cast(QImage, made.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied))
