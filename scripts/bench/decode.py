"""Speed of decoding: the renderer against bare Pillow calls that do the same work, in turn in one run.

Bare Pillow is what one would write by hand: `resize`, `rotate(expand=True)`, `GaussianBlur`, `alpha_composite` on RGBA,
each element decoded once.
Then a folder of recipes through `haac_repo` to PNG, with one thread and with all cores.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from PIL import Image, ImageFilter

from haac import ElementCache, Scene, render, to_binary
from haac._internal import DrawnElements, decode_files
from haac_repo import NewElement, Repository, encode, format_id, pixel_hash
from scripts.bench.record import write


def elements(count: int) -> dict[int, Image.Image]:
    """Cut-outs of 128 to 512 pixels, drawn; alpha as in real ones: mostly 0 and 255, soft edges."""
    drawn = DrawnElements()
    lot = random.Random(1)
    return {
        n: drawn.image(1).resize((lot.randint(128, 512),) * 2, Image.Resampling.BICUBIC)
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
    lot = random.Random(2)
    made = []
    for _ in range(count):
        scene = Scene(1024, 768)
        for n in range(8):
            side = lot.randint(60, 400)
            placed = scene.element(format_id(lot.randint(1, available))).resize(side, side)
            placed.place(lot.randint(0, 1024 - side), lot.randint(0, 768 - side))
            if turned and n % 2:
                placed.rotate(lot.randrange(1, 1440) / 4)
            if blurred and n % 3 == 0:
                placed.blur(lot.randint(2, 12) / 4)
        made.append(scene)
    return made


def bare(scene: Scene, images: dict[int, Image.Image]) -> Image.Image:
    """The same picture, near enough, as one would draw it with Pillow alone."""
    canvas = Image.new("RGBA", (scene.width, scene.height))
    for layer in scene.layers:
        assert layer.width is not None
        assert layer.height is not None
        image = images[layer.element].resize((layer.width, layer.height), Image.Resampling.BICUBIC)
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


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("decode"))
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    images = elements(60)
    source = Source(images)
    rows = []
    for name, blurred, turned in (
        ("resized", False, False),
        ("resized, half turned", False, True),
        ("resized, half turned, a third blurred", True, True),
    ):
        batch = scenes(given.scenes, len(images), blurred, turned)
        cache = ElementCache(source)
        ratios, ours = [], []
        for _ in range(given.rounds + 1):
            a = seconds(lambda batch=batch, cache=cache: [render(scene, cache) for scene in batch])
            b = seconds(lambda batch=batch: [bare(scene, images) for scene in batch])
            ratios.append(a / b)
            ours.append(a / len(batch))
        ratios, ours = ratios[1:], ours[1:]  # the first round warms up
        row = {
            "case": name,
            "ratio": round(median(ratios), 3),
            "ratio_min": round(min(ratios), 3),
            "ratio_max": round(max(ratios), 3),
            "ms_a_picture": round(median(ours) * 1000, 2),
        }
        rows.append(row)
        print(
            f"{name:<42} {row['ratio']:.2f} x bare Pillow ({row['ratio_min']:.2f} to {row['ratio_max']:.2f}), {row['ms_a_picture']} ms"
        )

    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository.create(Path(folder) / "repo")
        with repository.writer() as writer:
            for image in images.values():
                writer.add(
                    NewElement(
                        data=encode(image),
                        width=image.width,
                        height=image.height,
                        pixels_sha256=pixel_hash(image),
                    )
                )
        batch = scenes(given.scenes, len(repository), True, True)
        recipes = [to_binary(scene) for scene in batch]
        work = [
            (str(n), (lambda data=data: data), Path(folder) / f"{n}.png") for n, data in enumerate(recipes)
        ]
        walls: dict[int, list[float]] = {1: [], jobs: []}
        for _ in range(3):
            for count, wall in walls.items():
                wall.append(
                    seconds(
                        lambda count=count: list(
                            decode_files(work, repository, repository.fingerprint, count)
                        )
                    )
                )
        repository.close()
    folder_row = {
        "pictures": len(work),
        "cores": jobs,
        "seconds_one_thread": round(median(walls[1]), 3),
        "seconds_all_cores": round(median(walls[jobs]), 3),
        "speed_up": round(median(walls[1]) / median(walls[jobs]), 2),
    }
    print(
        f"a folder of {len(work)} recipes to PNG: {folder_row['speed_up']} x faster with {jobs} threads than with one"
    )
    print(write(given.json, {"benchmark": "decode", "rows": rows, "folder": folder_row}))


if __name__ == "__main__":
    main()
