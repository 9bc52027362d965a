"""What each operation of the renderer takes, beside the weight that `haac._drawing.work` counts for it."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageFilter

from haac import Layer, Scene, gradient, render
from haac._internal import NO_ELEMENTS, WEIGHTS, warp
from scripts.benchmark.limits.kinds import wash


def operations() -> list[dict[str, Any]]:
    """Nanoseconds of each operation for each of its units, the least of five, beside its weight."""
    side = 2048
    pixels = side * side
    rng = random.Random(2)
    image = Image.frombytes("RGBA", (side, side), rng.randbytes(4 * pixels))
    flat = image.convert("RGBa")
    clear = Image.new("RGBA", (side, side))
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=True, method=0, quality=0, exact=True)
    bicubic, bilinear = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR
    turn = (0.7, -0.7, 900, 0.7, 0.7, -400)

    def decode() -> None:
        Image.open(io.BytesIO(file.getvalue())).convert("RGBA")

    def saturate() -> None:  # and `read`, which cannot be told from it
        warp(Layer(1, saturation=150), image, (0, 0, side, side))

    rows = [
        ("decode", decode, pixels),
        ("read", lambda: image.crop((0, 0, side - 1, side)).convert("RGBa"), pixels),
        ("flip", lambda: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), pixels),
        ("curve", lambda: image.point(list(range(256)) * 4), pixels),
        ("saturation", saturate, pixels),
        ("weight", lambda: flat.crop((0, 0, side, 1)).resize((16_383, 1), bicubic), 4 * 16_383),
        ("tap", lambda: flat.resize((2 * side, side), bicubic), 8 * pixels),
        ("tap", lambda: flat.resize((side, 2 * side), bicubic), 8 * pixels),
        ("tap", lambda: flat.resize((side // 8, side), bicubic), 4 * pixels),
        ("tap", lambda: flat.resize((side, side // 8), bicubic), 4 * pixels),
        ("quarter", lambda: flat.transpose(Image.Transpose.ROTATE_90), pixels),
        ("rotation", lambda: flat.transform((side, side), Image.Transform.AFFINE, turn, bilinear), pixels),
        ("blur_rows", lambda: flat.filter(ImageFilter.GaussianBlur((30, 0))), pixels),
        ("blur_columns", lambda: flat.filter(ImageFilter.GaussianBlur((0, 30))), pixels),
        ("compose", lambda: clear.alpha_composite(flat.point([*range(256)] * 4).convert("RGBA"), (0, 0)), pixels),
        ("gradient", lambda: render(Scene(side, side, gradient("red", "blue", 33)), NO_ELEMENTS), pixels),
        ("wash", lambda: render(Scene(side, side, wash(side, side, 0, 4)), NO_ELEMENTS), pixels),
    ]  # fmt: skip
    found = []
    for name, work, units in rows:
        took = min(_cpu(work) for _ in range(5)) / units * 1e9
        found.append({"operation": name, "nanoseconds": round(took, 2), "weight": getattr(WEIGHTS, name)})
        print(found[-1], flush=True)
    return found


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
