"""What single calls from Python take: processor time of one thread, the least of several rounds.

    python -m scripts.benchmark.codec.calls

Elements are drawings of 48 to 128 pixels in a repository on the disk, the photograph is scikit-image's astronaut.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split

from PIL import Image

from haac import (
    ElementCache,
    Scene,
    decode_blur,
    encode_blur,
    encode_wash,
    from_text,
    read_recipe,
    render,
    to_binary,
    to_text,
)
from haac_repo import Repository, format_id
from scripts.benchmark.record import write
from scripts.lib.elements import drawing, new_element, repository_of

ELEMENTS = 60
LEAST_SECONDS = 0.02
"""Of one round: a short call is repeated until then."""


def scene(width: int, height: int, layers: int, sides: tuple[int, int]) -> Scene:
    """Elements on a canvas, half of them turned."""
    rng = random.Random(3)
    made = Scene(width, height)
    for number in range(layers):
        side = rng.randint(*sides)
        placed = made.element(format_id(rng.randint(1, ELEMENTS))).resize(side)
        placed.place(rng.randint(0, width - side), rng.randint(0, height - side))
        if number % 2:
            placed.rotate(rng.randrange(1, 1440) / 4)
    return made


def calls(folder: Path, photograph: Image.Image) -> list[tuple[str, Callable[[], object]]]:
    """What is measured: in words, as the manual shows it, and the call."""
    repository = Repository.open(folder)
    cache = ElementCache(repository)
    small, large = scene(640, 480, 8, (60, 200)), scene(1920, 1080, 12, (100, 500))
    recipe, text = to_binary(small), to_text(small)
    wash = to_binary(Scene(*photograph.size, background=encode_wash(photograph, budget=200)))
    blur = encode_blur(photograph)
    width, height = repository.image(1).size
    return [
        ("`Repository.open`, `close`", lambda: Repository.open(folder).close()),
        ("`repository.element(...)`", lambda: repository.element(1)),
        (f"`repository.image(...)`, {width}x{height}", lambda: repository.image(1)),
        (f"`read_recipe`, {len(small.layers)} layers, {len(recipe)} bytes", lambda: read_recipe(recipe)),
        ("`to_binary`, the same", lambda: to_binary(small)),
        ("`from_text`, the same", lambda: from_text(text)),
        (
            "`render`, 640x480, 8 layers of 60 to 200 pixels, half of them turned",
            lambda: render(small, cache),
        ),
        (
            "`render`, 1920x1080, 12 layers of 100 to 500 pixels, half of them turned",
            lambda: render(large, cache),
        ),
        ("`encode_wash` of 512x512, budget 200", lambda: encode_wash(photograph, budget=200)),
        ("the same with `quality=40`", lambda: encode_wash(photograph, quality=40)),
        (
            f"`read_recipe` and `render` of that wash ({len(wash)} bytes)",
            lambda: render(read_recipe(wash), cache),
        ),
        ("`encode_blur`", lambda: encode_blur(photograph)),
        ("`decode_blur`, 64 pixels", lambda: decode_blur(blur, 64)),
    ]


def seconds(call: Callable[[], object], rounds: int) -> float:
    """Processor time of one call: the least of the rounds, after one that warms up."""
    begin = time.process_time()
    call()
    repeats = max(1, round(LEAST_SECONDS / max(time.process_time() - begin, 1e-5)))
    taken = []
    for _ in range(rounds):
        begin = time.process_time()
        for _ in range(repeats):
            call()
        taken.append((time.process_time() - begin) / repeats)
    return min(taken)


def main() -> None:
    """Measure and write."""
    from skimage import data

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=Path("calls"))
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    one_core.settle()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "repo"
        repository_of(folder, (new_element(drawing(seed)) for seed in range(ELEMENTS)))
        for what, call in calls(folder, Image.fromarray(data.astronaut())):
            took = seconds(call, given.rounds)
            rows.append({"call": what, "seconds": took})
            print(f"{what:<80} {1000 * took:.3f} ms")
    print(write(given.json, {"benchmark": "calls", "rows": rows}))


if __name__ == "__main__":
    main()
