"""The most that a recipe may ask for: what each operation takes, and the worst recipes that are accepted.

    python -m scripts.benchmark.limits [--random N]

First each operation by itself, beside the weight that is counted for it: the weights were fitted to these figures and rounded. Then
recipes that are made to be slow, or large, of each kind: with as many layers as are accepted, each is read and drawn in a process of its
own, whose CPU seconds and peak memory are what counts. Last, random ones of the same making. Writes benchmarks/render_limits.json.
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
from pathlib import Path
from typing import Any

from PIL import Image

from haac import LIMITS, Inline, decode_blur, encode_blur, read_recipe, render, to_binary, to_text
from haac._internal import check_work
from haac_repo import RecipeError
from scripts.benchmark.limits.kinds import OTHER, SIZES, Kind, kinds, random_kind
from scripts.benchmark.limits.operations import operations
from scripts.benchmark.record import file_of, write

ALLOWED = {"cpu_seconds": 10, "peak_mb": 1000}
"""What is promised of every accepted recipe, on one core of the machine that the file names."""

BLUR = b"blur:"
"""Before a blur string, where a recipe may stand too."""


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


def refusal(kind: Kind, count: int, source: Files) -> str:
    """Empty, or why it is refused."""

    def size_of(element: int | Inline) -> tuple[int, int]:
        return element.size if isinstance(element, Inline) else source.size(element)

    try:
        check_work(kind.scene(count), size_of, 256 * 2**20)
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
    return row | {"bytes": len(recipe)} | drawn(source, recipe)


def drawn(source: Files, recipe: bytes) -> dict[str, Any]:
    """What `draw` finds, in a process of its own."""
    path = source.folder / "recipe"
    path.write_bytes(recipe)
    command = [sys.executable, "-m", "scripts.benchmark.limits", "--draw", str(path)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def draw(path: Path) -> None:
    """Read a recipe and draw it, or a blur string: CPU seconds and peak memory of this process."""
    source, data = Files(path.parent), path.read_bytes()
    begun = time.process_time()
    if data.startswith(BLUR):
        read = 0.0
        decode_blur(data.removeprefix(BLUR).decode(), 5792)
    else:
        scene = read_recipe(data)
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
    parser.add_argument("--resume", action="store_true", help="keep what the file has, of the same code")
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.draw:
        draw(given.draw)
        return
    before = json.loads(file_of(given.output).read_text("utf-8")) if given.resume else {}
    done = {row["kind"]: row for row in before.get("recipes", [])}
    with tempfile.TemporaryDirectory() as folder:
        source = Files(Path(folder))
        source.write()
        measured = before.get("operations") or operations()
        rows = []
        for kind in [*kinds(), *map(random_kind, range(given.random))]:
            rows.append(done.get(kind.name) or worst(kind, source))
            print(rows[-1], flush=True)
        text = encode_blur(Image.frombytes("RGBA", (48, 48), random.Random(4).randbytes(48 * 48 * 4)), 2048)
        rows.append({"kind": "a blur string", "canvas": "5792x5792", "bytes": len(text)})
        rows[-1] |= drawn(source, BLUR + text.encode())
        print(rows[-1])
    most = {what: max(row[what] for row in rows if what in row) for what in ALLOWED}
    limits = {"work": LIMITS.work, "memory_bytes": LIMITS.memory_bytes}
    write(
        given.output,
        {"limits": limits, "allowed": ALLOWED, "most": most, "operations": measured, "recipes": rows},
    )
    if any(most[what] > ALLOWED[what] for what in ALLOWED):
        raise SystemExit(f"more than is allowed: {most}")


if __name__ == "__main__":
    main()
