"""Elements drawn here, for pictures and checks that must not need anybody's photographs.

Shapes are drawn four times as large and then reduced, which makes their edges smooth.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw

FACTOR = 4
Points = list[tuple[float, float]]


class _Sheet:
    """A transparent sheet to put shapes on; coordinates are pixels of the finished element."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width * FACTOR, height * FACTOR
        self.image = Image.new("RGBA", self.size)

    def shape(self, draw: Callable[[ImageDraw.ImageDraw], None], top: str, bottom: str | None = None) -> None:
        """Fill what `draw` draws (in mask value 255) with a colour, or with a vertical gradient over its height."""
        mask = Image.new("L", self.size)
        draw(ImageDraw.Draw(mask))
        box = mask.getbbox()
        if box is None:
            return
        paint = Image.new("RGBA", self.size, top)
        if bottom is not None:
            ramp = Image.linear_gradient("L").resize((self.size[0], box[3] - box[1]))
            paint.paste(
                Image.composite(Image.new("RGBA", ramp.size, bottom), paint.crop((0, 0, *ramp.size)), ramp),
                (0, box[1]),
            )
        paint.putalpha(ImageChops.multiply(paint.getchannel("A"), mask))
        self.image.alpha_composite(paint)

    def polygon(self, points: Points, top: str, bottom: str | None = None) -> None:
        self.shape(lambda d: d.polygon([(x * FACTOR, y * FACTOR) for x, y in points], 255), top, bottom)

    def ellipse(self, box: tuple[float, float, float, float], top: str, bottom: str | None = None) -> None:
        self.shape(lambda d: d.ellipse([v * FACTOR for v in box], 255), top, bottom)

    def rectangle(
        self, box: tuple[float, float, float, float], top: str, bottom: str | None = None, radius: float = 0
    ) -> None:
        self.shape(
            lambda d: d.rounded_rectangle([v * FACTOR for v in box], radius * FACTOR, 255), top, bottom
        )

    def done(self) -> Image.Image:
        """The finished element, cut to what is visible."""
        small = (
            self.image.convert("RGBa")
            .resize((self.size[0] // FACTOR, self.size[1] // FACTOR), Image.Resampling.BOX)
            .convert("RGBA")
        )
        return small.crop(small.getchannel("A").getbbox())


def _curve(height: Callable[[float], float], width: int, bottom: float) -> Points:
    return [*((float(x), height(x)) for x in range(width + 1)), (width, bottom), (0, bottom)]


def sun() -> Image.Image:
    sheet = _Sheet(240, 240)
    for i in range(16):
        a, b = (math.tau * (i + d) / 16 for d in (-0.16, 0.16))
        reach = 116 if i % 2 == 0 else 100
        middle = math.tau * i / 16
        sheet.polygon(
            [
                (120 + 74 * math.cos(a), 120 + 74 * math.sin(a)),
                (120 + reach * math.cos(middle), 120 + reach * math.sin(middle)),
                (120 + 74 * math.cos(b), 120 + 74 * math.sin(b)),
            ],
            "#f9b23c",
        )
    sheet.ellipse((52, 52, 188, 188), "#ffe07a", "#fbaf3a")
    return sheet.done()


def cloud() -> Image.Image:
    sheet = _Sheet(300, 150)

    def puffs(draw: ImageDraw.ImageDraw) -> None:
        for box in [(10, 60, 110, 140), (60, 20, 180, 140), (140, 45, 250, 140), (200, 75, 290, 140)]:
            draw.ellipse([v * FACTOR for v in box], 255)
        draw.rectangle([v * FACTOR for v in (60, 100, 245, 140)], 255)

    sheet.shape(puffs, "#ffffff", "#dfe9f3")
    return sheet.done()


def mountain() -> Image.Image:
    sheet = _Sheet(480, 300)
    sheet.polygon([(0, 300), (210, 10), (300, 130), (345, 95), (480, 300)], "#7f93b5", "#5d7397")
    sheet.polygon(
        [(210, 10), (300, 130), (345, 95), (480, 300), (250, 300), (232, 150)], "#6b80a4", "#4d6388"
    )
    sheet.polygon(
        [(210, 10), (252, 66), (240, 92), (226, 74), (212, 104), (196, 76), (180, 92), (166, 71)],
        "#ffffff",
        "#dde7f2",
    )
    return sheet.done()


def hill() -> Image.Image:
    sheet = _Sheet(720, 200)
    sheet.polygon(_curve(lambda x: 20 + 130 * ((x - 300) / 420) ** 2, 720, 200), "#8cc265", "#4c8c46")
    return sheet.done()


def pine() -> Image.Image:
    sheet = _Sheet(160, 300)
    sheet.rectangle((70, 240, 90, 298), "#7a5236", "#5b3c28")
    for i, top in enumerate((130, 70, 10)):
        half = 74 - 16 * i
        sheet.polygon([(80, top), (80 + half, top + 125), (80 - half, top + 125)], "#3f9a64", "#256b4b")
        sheet.polygon([(80, top), (80 + half, top + 125), (80 + half * 0.2, top + 125)], "#2f8356", "#1d5a3f")
    return sheet.done()


def tree() -> Image.Image:
    sheet = _Sheet(220, 300)
    sheet.polygon([(98, 150), (122, 150), (130, 298), (90, 298)], "#8a5d3b", "#5f3f29")
    for box, top, bottom in [
        ((12, 70, 122, 190), "#5fae4c", "#3c8a3d"),
        ((98, 70, 208, 190), "#57a548", "#347f38"),
        ((45, 8, 175, 150), "#7cc65b", "#469544"),
    ]:
        sheet.ellipse(box, top, bottom)
    for x, y in [(70, 120), (150, 110), (112, 60), (95, 150), (172, 150), (130, 105)]:
        sheet.ellipse((x - 8, y - 8, x + 8, y + 8), "#f2664f", "#d23f3a")
    return sheet.done()


def house() -> Image.Image:
    sheet = _Sheet(320, 300)
    sheet.rectangle((226, 40, 256, 130), "#b9563f", "#8f3f30")
    sheet.rectangle((50, 140, 270, 296), "#fff4e2", "#f0d9b8")
    sheet.polygon([(160, 30), (306, 158), (14, 158)], "#e0694f", "#b8452f")
    sheet.rectangle((136, 206, 186, 296), "#6f4a32", "#573825", 6)
    sheet.ellipse((172, 248, 180, 256), "#f3c766")
    for left in (74, 204):
        sheet.rectangle((left, 190, left + 46, 238), "#6f4a32", radius=3)
        sheet.rectangle((left + 4, 194, left + 21, 214), "#bfe4f7", "#8cc4e6")
        sheet.rectangle((left + 25, 194, left + 42, 214), "#bfe4f7", "#8cc4e6")
        sheet.rectangle((left + 4, 218, left + 21, 234), "#a8d8f0", "#7db8de")
        sheet.rectangle((left + 25, 218, left + 42, 234), "#a8d8f0", "#7db8de")
    sheet.ellipse((142, 92, 178, 128), "#6f4a32")
    sheet.ellipse((146, 96, 174, 124), "#bfe4f7", "#8cc4e6")
    return sheet.done()


def boat() -> Image.Image:
    sheet = _Sheet(240, 260)
    sheet.rectangle((116, 10, 122, 210), "#6b4a33")
    sheet.polygon([(112, 22), (112, 190), (22, 190)], "#ffffff", "#dbe6f0")
    sheet.polygon([(126, 40), (126, 190), (204, 190)], "#f4705a", "#d8483c")
    sheet.polygon([(14, 202), (226, 202), (196, 250), (48, 250)], "#2f5d8c", "#1f4166")
    sheet.polygon([(14, 202), (226, 202), (221, 212), (19, 212)], "#f7d774")
    return sheet.done()


def bird() -> Image.Image:
    sheet = _Sheet(180, 90)

    def wing(direction: int) -> Points:
        def edge(t: float, thickness: float) -> tuple[float, float]:
            return 90 + direction * 80 * t, 60 - 50 * math.sin(math.pi * t * 0.78) + thickness * (1 - t)

        steps = [i / 30 for i in range(31)]
        return [edge(t, 0) for t in steps] + [edge(t, 18) for t in reversed(steps)]

    sheet.polygon(wing(-1), "#3d4a63")
    sheet.polygon(wing(1), "#2f3a50")
    sheet.ellipse((78, 56, 102, 80), "#2f3a50")
    return sheet.done()


def lake() -> Image.Image:
    sheet = _Sheet(520, 150)
    sheet.ellipse((4, 4, 516, 146), "#8fd0ea", "#4a9cc9")
    for x, y, w in [(120, 50, 90), (300, 70, 120), (180, 100, 110), (330, 112, 70), (90, 82, 60)]:
        sheet.rectangle((x, y, x + w, y + 4), "#c3e8f5", radius=2)
    return sheet.done()


def balloon() -> Image.Image:
    sheet = _Sheet(200, 300)
    for x in (66, 134):
        sheet.polygon(
            [(x, 190), (x + 2, 190), (100 + (x - 100) * 0.4 + 1, 250), (100 + (x - 100) * 0.4 - 1, 250)],
            "#6b4a33",
        )

    def envelope(draw: ImageDraw.ImageDraw) -> None:
        draw.ellipse([v * FACTOR for v in (12, 8, 188, 184)], 255)
        draw.polygon([v * FACTOR for v in (24, 140, 176, 140, 134, 200, 66, 200)], 255)

    sheet.shape(envelope, "#f3a04e", "#d9573f")
    sheet.ellipse((58, 8, 142, 186), "#fde6b0", "#f3c06e")
    sheet.polygon([(66, 150), (134, 150), (122, 200), (78, 200)], "#f5c97c", "#f0b661")
    sheet.ellipse((84, 8, 116, 186), "#f3a04e", "#d9573f")
    sheet.rectangle((80, 248, 120, 284), "#a0703f", "#7a5030", 4)
    return sheet.done()


def flower() -> Image.Image:
    sheet = _Sheet(120, 200)
    sheet.rectangle((57, 70, 63, 198), "#4f9a4a", "#347037")
    sheet.ellipse((62, 120, 104, 144), "#5fae4c", "#3c8a3d")
    for i in range(8):
        x, y = 60 + 30 * math.cos(math.tau * i / 8), 56 + 30 * math.sin(math.tau * i / 8)
        sheet.ellipse((x - 19, y - 19, x + 19, y + 19), "#f08bb4", "#d95c92")
    sheet.ellipse((42, 38, 78, 74), "#ffe07a", "#f5b53d")
    return sheet.done()


DRAWINGS: dict[str, Callable[[], Image.Image]] = {
    f.__name__: f for f in (sun, cloud, mountain, hill, lake, pine, tree, house, boat, balloon, bird, flower)
}
"""Name -> function that draws it: RGBA, cut to what is visible."""
