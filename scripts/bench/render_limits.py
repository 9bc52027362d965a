"""The most that a recipe may ask for: what each operation takes, and the worst recipes that are accepted.

    python -m scripts.bench.render_limits [--random N]

First each operation by itself, beside the weight that `haac._drawing.work` counts for it: the weights were fitted to these figures, rounded
up. Then recipes that are made to be slow, or large, of each kind: with as many layers as are accepted, each is read and drawn in a
process of its own, whose CPU seconds and peak memory are what counts. Last, random ones of the same making. Nothing else may run.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter

from haac import (
    LIMITS,
    Inline,
    Layer,
    Plate,
    Scene,
    Wash,
    encode_inline,
    gradient,
    read_recipe,
    render,
    to_binary,
    to_text,
)
from haac._drawing.layer import _saturate
from haac._drawing.work import WEIGHTS, check_work
from haac._internal import band_shapes, grid
from haac_repo import RecipeError
from scripts.bench.record import write

ALLOWED = {"cpu_seconds": 10, "peak_mb": 1000}
"""What is promised of every accepted recipe, on one core of the machine that the file names."""

SIZES = {1: (64, 64), 2: (1000, 1000), 3: (16_383, 2048), 4: (5792, 5792), 5: (1, 1), 6: (2048, 16_383)}
"""Of the elements; all others have..."""
OTHER = 2000, 2000


class Files:
    """Elements in files, decoded each time, as a repository does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def size(self, ref: int) -> tuple[int, int]:
        return SIZES.get(ref, OTHER)

    def image(self, ref: int) -> Image.Image:
        data = (self.folder / "{}x{}.webp".format(*self.size(ref))).read_bytes()
        Image.MAX_IMAGE_PIXELS = None
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            return image.convert("RGBA")

    def write(self) -> None:
        """Noise in large cells: it takes as long to decode as any, and less to encode."""
        rng = random.Random(1)
        for size in {*SIZES.values(), OTHER}:
            noise = Image.frombytes("RGBA", (64, 64), rng.randbytes(4 * 64 * 64))
            image = noise.resize(size, Image.Resampling.NEAREST)
            image.save(
                self.folder / "{}x{}.webp".format(*size),
                "WEBP",
                lossless=True,
                method=0,
                quality=0,
                exact=True,
            )


# Operations


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

    def saturate() -> None:
        import numpy as np

        array = np.array(image)
        for top in range(0, side, 128):
            _saturate(array[top : top + 128, :, :3], 150)
        Image.fromarray(array)

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
        ("gradient", lambda: render(Scene(side, side, gradient("red", "blue", 33)), Files(Path())), pixels),
        ("wash", lambda: render(Scene(side, side, _wash(side, side, 0, 4)), Files(Path())), pixels),
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


# Recipes


@dataclass(frozen=True)
class Kind:
    """A family of recipes: one for each number of layers."""

    name: str
    canvas: tuple[int, int]
    layer: Callable[[int], Layer]
    """The n-th, from 0."""
    background: Any = None

    def scene(self, count: int) -> Scene:
        return Scene(*self.canvas, self.background, [self.layer(n) for n in range(count)])


def _wash(width: int, height: int, levels: int, channels: int) -> Wash:
    across, down = grid(width, height, levels)
    size = sum(rows * columns for rows, columns in band_shapes(across, down))
    row = b"\1\0" + bytes(2 * size - 4) + b"\1\0"
    return Wash(across, down, 40, (row,) * channels)


def _inlines() -> list[Inline]:
    rng = random.Random(3)
    found = []
    for n in range(60):
        small = Image.frombytes("RGBA", (8, 8), rng.randbytes(256))
        found.append(encode_inline(small.resize((256, 270 - n), Image.Resampling.BICUBIC), 5))
    return found


def kinds() -> list[Kind]:
    """Recipes that are made to be slow, or large."""
    full, wide, large = (5792, 5792), (16_383, 2048), (4096, 4096)
    carried = _inlines()
    return [
        Kind(
            "many layers with everything",
            (1000, 1000),
            lambda n: Layer(
                1 + n % 2,
                None,
                "hv",
                120,
                130,
                140,
                60,
                50,
                None,
                7 + n % 300,
                6,
                70,
                13 * n % 900,
                29 * n % 900,
            ),
        ),
        Kind("many layers outside the canvas", (10, 10), lambda n: Layer(2, rotation=31, blur=9, x=5000 + n)),
        Kind(
            "rotations over a large canvas",
            large,
            lambda n: Layer(2, width=4096, height=4096, rotation=1 + n % 300),
        ),
        Kind("rotations at the canvas limit", full, lambda n: Layer(4, rotation=1 + n % 300)),
        Kind("blurs over a large canvas", large, lambda _: Layer(2, width=4000, height=4000, blur=1000)),
        Kind(
            "blurs on a canvas of one pixel",
            (1, 1),
            lambda _: Layer(2, width=4000, height=4000, rotation=3, blur=1000, x=-2000, y=-2000),
        ),
        Kind("blurs over a wide canvas", wide, lambda _: Layer(3, blur=1000)),
        Kind("enlarged from one pixel", large, lambda _: Layer(5, width=5792, height=5792)),
        Kind(
            "enlarged, almost all of it off the canvas",
            (16, 16),
            lambda _: Layer(2, width=5700, height=5800, x=-2800, y=-2800),
        ),
        Kind("large elements made small", (100, 100), lambda n: Layer(4, width=9 + n % 50)),
        Kind(
            "large elements cropped, adjusted and mirrored",
            (2000, 2000),
            lambda _: Layer(4, (1, 1, 5791, 5790), "hv", 90, 110, 150, width=1999),
        ),
        Kind(
            "tall layers on a flat canvas",
            (16_383, 1),
            lambda n: Layer(2, width=16_383, height=2000, y=-n % 2000),
        ),
        Kind(
            "flat layers on a tall canvas",
            (1, 16_383),
            lambda n: Layer(6, width=2000, height=16_383, x=-n % 2000),
        ),
        Kind("quarter turns", large, lambda _: Layer(2, width=4096, height=4000, rotation=360)),
        Kind("own size", large, lambda n: Layer(4, x=-n % 1000)),
        Kind("elements decoded again and again", (200, 200), lambda n: Layer(100 + n % 60, (0, 0, 200, 200))),
        Kind(
            "largest elements decoded again and again",
            (200, 200),
            lambda n: Layer((3, 4, 6)[n % 3], (0, 0, 200, 200)),
        ),
        Kind(
            "inline elements",
            (2000, 2000),
            lambda n: Layer(carried[n % 60], width=1000, height=900, rotation=50, x=n % 900),
        ),
        Kind(
            "a wash and layers",
            full,
            lambda _: Layer(2, width=2000, height=2000, rotation=50),
            _wash(*full, 5, 4),
        ),
        Kind(
            "a fine wash on a small canvas", (512, 300), lambda n: Layer(1, x=n % 500), _wash(512, 300, 6, 3)
        ),
        Kind("a plate at the canvas limit", wide, lambda _: Layer(3, width=16_383, height=2000), Plate(3)),
        Kind(
            "a gradient at the canvas limit",
            full,
            lambda n: Layer(2, width=3000, height=3000, x=n % 2000),
            gradient("red", "#0000ff80", 33),
        ),
    ]


def random_kind(seed: int) -> Kind:
    """Layers that are alike, of extremes drawn at random."""
    rng = random.Random(seed)
    pick = rng.choice
    canvas = pick(
        [
            (1, 1),
            (100, 100),
            (1000, 1000),
            (4096, 4096),
            (5792, 5792),
            (16_383, 2048),
            (2048, 16_383),
            (16_383, 1),
        ]
    )
    number = pick([1, 2, 2, 3, 4, 6, 100])
    width, height = pick(
        [(None, None), (5792, 5792), (4096, 4096), (2000, 16_000), (16_000, 2000), (1500, 1500), (100, 100)]
    )
    turn, blur = pick([0, 0, 360, 1, 45 * 4, 1000]), pick([0, 0, 0, 1, 40, 1000])
    adjusted: dict[str, Any] = {"brightness": pick([100, 150]), "saturation": pick([100, 150]), "flip": pick(["", "hv"])}
    opacity, spread = pick([100, 50]), pick([1, 1000])

    def layer(n: int) -> Layer:
        x, y = -(n * 37 % spread), -(n * 53 % spread)
        return Layer(
            number,
            width=width,
            height=height,
            rotation=turn,
            blur=blur,
            opacity=opacity,
            x=x,
            y=y,
            **adjusted,
        )

    return Kind(f"random {seed}", canvas, layer)


def refusal(kind: Kind, count: int, source: Files) -> str:
    """Empty, or why it is refused."""
    scene = kind.scene(count)

    def size_of(element: int | Inline) -> tuple[int, int]:
        return element.size if isinstance(element, Inline) else source.size(element)

    try:
        check_work(scene, size_of, 256 * 2**20)
        scene.check()
    except RecipeError as error:
        return str(error)
    return ""


def worst(kind: Kind, source: Files) -> dict[str, Any]:
    """The recipe of a kind with the most layers that are accepted, read and drawn."""
    low, high = 0, LIMITS.layers + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if refusal(kind, middle, source) else (middle, high)
    row: dict[str, Any] = {"kind": kind.name, "layers": low, "canvas": "{}x{}".format(*kind.canvas)}
    if low == 0 and kind.background is None:
        return row | {"refused": refusal(kind, 1, source)}
    scene = kind.scene(low)
    try:
        recipe = to_binary(scene)
    except RecipeError:
        recipe = to_text(scene).encode()
    path = source.folder / "recipe"
    path.write_bytes(recipe)
    command = [sys.executable, "-m", "scripts.bench.render_limits", "--draw", str(path)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    drawn: dict[str, Any] = json.loads(run.stdout)
    return row | {"bytes": len(recipe)} | drawn


def draw(path: Path) -> None:
    """Read a recipe and draw it: CPU seconds and peak memory of this process."""
    source = Files(path.parent)
    begun = time.process_time()
    scene = read_recipe(path.read_bytes())
    read = time.process_time() - begun
    render(scene, source)
    took = time.process_time() - begun
    # Not `ru_maxrss`, which a process inherits from the one that started it.
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("utf-8"))
    assert peak is not None
    megabytes = round(int(peak[1]) * 1024 / 1e6)
    print(json.dumps({"read_seconds": round(read, 2), "cpu_seconds": round(took, 2), "peak_mb": megabytes}))


def main() -> None:
    """Measure, and write benchmarks/render_limits.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--random", type=int, default=30, help="random kinds beside the written ones")
    parser.add_argument("--output", default="render_limits")
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.draw:
        draw(given.draw)
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Files(Path(folder))
        source.write()
        measured = operations()
        rows = []
        for kind in [*kinds(), *map(random_kind, range(given.random))]:
            rows.append(worst(kind, source))
            print(rows[-1], flush=True)
    drawn = [row for row in rows if "cpu_seconds" in row]
    most = {what: max(row[what] for row in drawn) for what in ALLOWED}
    limits = {"work": LIMITS.work, "memory_bytes": LIMITS.memory_bytes}
    write(
        given.output,
        {"limits": limits, "allowed": ALLOWED, "most": most, "operations": measured, "recipes": rows},
    )
    if any(most[what] > ALLOWED[what] for what in ALLOWED):
        raise SystemExit(f"more than is allowed: {most}")


if __name__ == "__main__":
    main()
