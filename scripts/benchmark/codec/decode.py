"""Speed of decoding: the renderer against bare Pillow calls that do the same work, in turn in one run.

    python -m scripts.benchmark.codec.decode

Bare Pillow is what one would write by hand: `resize`, `rotate(expand=True)`, `GaussianBlur`, `alpha_composite` on RGBA,
each element decoded once. Then a folder of recipes through `haac_repo` to PNG, with one thread and with all cores.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from PIL import Image, ImageFilter

from haac import ElementCache, Scene, render, to_binary
from haac._internal import DrawnElements, decode_files
from haac_repo import Repository, format_id
from scripts.benchmark.record import cores, write
from scripts.lib.elements import new_element

Work = tuple[str, Callable[[], bytes], Path]


def elements(count: int) -> dict[int, Image.Image]:
    """Cut-outs of 128 to 512 pixels, drawn; alpha as in real ones: mostly 0 and 255, soft edges."""
    drawn = DrawnElements()
    rng = random.Random(1)
    return {
        n: drawn.image(1).resize((rng.randint(128, 512),) * 2, Image.Resampling.BICUBIC)
        for n in range(1, count + 1)
    }


class Source:
    """A dictionary of elements."""

    def __init__(self, images: dict[int, Image.Image]) -> None:
        self.images = images

    def image(self, ref: int) -> Image.Image:
        """The element."""
        return self.images[ref]


def scenes(count: int, available: int, blurred: bool, turned: bool) -> list[Scene]:
    """Scenes of 1024x768 with eight layers that lie on the canvas."""
    rng = random.Random(2)
    made = []
    for _ in range(count):
        scene = Scene(1024, 768)
        for n in range(8):
            side = rng.randint(60, 400)
            placed = scene.element(format_id(rng.randint(1, available))).resize(side, side)
            placed.place(rng.randint(0, 1024 - side), rng.randint(0, 768 - side))
            if turned and n % 2:
                placed.rotate(rng.randrange(1, 1440) / 4)
            if blurred and n % 3 == 0:
                placed.blur(rng.randint(2, 12) / 4)
        made.append(scene)
    return made


def bare(scene: Scene, images: dict[int, Image.Image]) -> Image.Image:
    """The same picture, near enough, as one would draw it with Pillow alone."""
    canvas = Image.new("RGBA", (scene.width, scene.height))
    for layer in scene.layers:
        assert layer.width is not None
        assert layer.height is not None
        image = images[layer.number].resize((layer.width, layer.height), Image.Resampling.BICUBIC)
        x, y = layer.x, layer.y
        if layer.rotation:
            image = image.rotate(layer.rotation / 4, Image.Resampling.BILINEAR, expand=True)
        if layer.blur:
            margin = 3 * layer.blur // 4 + 3
            grown = Image.new("RGBA", (image.width + 2 * margin, image.height + 2 * margin))
            grown.paste(image, (margin, margin))
            image = grown.filter(ImageFilter.GaussianBlur(layer.blur / 4))
        x -= (image.width - layer.width) // 2
        y -= (image.height - layer.height) // 2
        canvas.alpha_composite(image, (max(0, x), max(0, y)), (max(0, -x), max(0, -y)))
    return canvas


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compared(name: str, batch: list[Scene], images: dict[int, Image.Image], rounds: int) -> dict[str, object]:
    """The renderer and bare Pillow in turns, on the same scenes."""
    cache = ElementCache(Source(images))
    ratios, ours = [], []
    for _ in range(rounds + 1):
        a = seconds(lambda: [render(scene, cache) for scene in batch])
        b = seconds(lambda: [bare(scene, images) for scene in batch])
        ratios.append(a / b)
        ours.append(a / len(batch))
    ratios, ours = ratios[1:], ours[1:]  # the first round warms up
    ratio, low, high = (round(of(ratios), 3) for of in (median, min, max))
    took = round(median(ours) * 1000, 2)
    print(f"{name:<42} {ratio:.2f} x bare Pillow ({low:.2f} to {high:.2f}), {took} ms")
    return {"case": name, "ratio": ratio, "ratio_min": low, "ratio_max": high, "ms_a_picture": took}


def stored(folder: Path, images: dict[int, Image.Image]) -> Repository:
    """A repository of these elements."""
    repository = Repository.create(folder)
    with repository.writer() as writer:
        for image in images.values():
            writer.add(new_element(image))
    return repository


def decode_all(work: list[Work], repository: Repository, threads: int) -> None:
    """Every recipe to its file; an error of one is one of the benchmark."""
    for done in decode_files(work, repository, threads):
        if done.error:
            raise SystemExit(f"{done.recipe}: {done.error}")


def on_all_cores(count: int, images: dict[int, Image.Image]) -> dict[str, object]:
    """A folder of recipes to PNG, with one thread and with one a core."""
    jobs = cores()
    with tempfile.TemporaryDirectory() as name, stored(Path(name) / "repo", images) as repository:
        recipes = [to_binary(scene) for scene in scenes(count, len(repository), True, True)]
        work: list[Work] = [
            (str(n), partial(bytes, recipe), Path(name) / f"{n}.png") for n, recipe in enumerate(recipes)
        ]
        walls: dict[int, list[float]] = {1: [], jobs: []}
        for _ in range(3):
            for threads, wall in walls.items():
                wall.append(seconds(partial(decode_all, work, repository, threads)))
    one, all_cores = median(walls[1]), median(walls[jobs])
    print(
        f"a folder of {count} recipes to PNG: {one / all_cores:.2f} x faster with {jobs} threads than with one"
    )
    return {
        "pictures": count,
        "cores": jobs,
        "seconds_one_thread": round(one, 3),
        "seconds_all_cores": round(all_cores, 3),
        "speed_up": round(one / all_cores, 2),
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=Path("decode"))
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    images = elements(60)
    rows = [
        compared(name, scenes(given.scenes, len(images), blurred, turned), images, given.rounds)
        for name, blurred, turned in (
            ("resized", False, False),
            ("resized, half turned", False, True),
            ("resized, half turned, a third blurred", True, True),
        )
    ]
    folder = on_all_cores(given.scenes, images)
    print(write(given.json, {"benchmark": "decode", "rows": rows, "folder": folder}))


if __name__ == "__main__":
    main()
