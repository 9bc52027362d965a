"""Bytes of recipes: random scenes in each form, beside general-purpose compressors on the same text.

    python -m scripts.benchmark.codec.bytes
    python -m scripts.benchmark.codec.bytes --catalog FOLDER

Scenes are drawn at random: ids out of --elements, every layer resized uniformly (32 to 256 pixels wide), every second one turned by any
quarter degree, positions anywhere on the canvas. Nothing in them is made to suit the tables.

With --catalog (that of `scripts/benchmark/compress/`, with the folder 3583) also the scenes of `scripts/benchmark/scenes.py`, in the
order that `haac compress` writes, beside the bytes that the random draws decide (`scripts/benchmark/codec/entropy.py`): what the best code
for just these scenes would take.
"""

import argparse
import json
import lzma
import math
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from statistics import mean

from haac import Scene, gradient, to_binary, to_script, to_text
from haac._internal import ordered
from haac_repo import Repository, format_id
from scripts.benchmark.codec.entropy import Sampled
from scripts.benchmark.record import write


def scene(rng: random.Random, layers: int, size: tuple[int, int], elements: int, rich: bool) -> Scene:
    """One random scene; a `rich` one also has a gradient, blur, opacity, flips and uneven sizes."""
    made = Scene(*size, gradient("#87ceeb", "#ffffff") if rich else None)
    for n in range(layers):
        placed = made.element(format_id(rng.randint(1, elements))).resize(round(128 * rng.uniform(0.25, 2)))
        placed.place(rng.randrange(size[0]), rng.randrange(size[1]))
        if n % 2:
            placed.rotate(rng.randrange(1, 1440) / 4)
        if rich:
            if rng.random() < 0.2:
                placed.resize(rng.randint(32, 256), rng.randint(32, 256))
            if rng.random() < 0.3:
                placed.blur(rng.randint(1, 12) / 4)
            if rng.random() < 0.1:
                placed.opacity(rng.randint(50, 90) / 100)
            if rng.random() < 0.1:
                placed.flip()
    return made


CASES: dict[str, tuple[int, tuple[int, int], int, bool]] = {
    "8 layers, 1024x768": (8, (1024, 768), 3583, False),
    "8 layers, 1000x700 (no common canvas)": (8, (1000, 700), 3583, False),
    "8 layers, with gradient, blur, opacity, flips, uneven sizes": (8, (1024, 768), 3583, True),
    "1 layer, 512x512": (1, (512, 512), 3583, False),
    "3 layers, 1024x768": (3, (1024, 768), 3583, False),
    "30 layers, 1920x1080": (30, (1920, 1080), 3583, False),
    "8 layers, a catalog of a million": (8, (1024, 768), 1_000_000, False),
}

FORMS: dict[str, Callable[[Scene], int]] = {
    "binary": lambda s: len(to_binary(s)),
    "text": lambda s: len(to_text(s)),
    "script": lambda s: len(to_script(s)),
    "text_deflate": lambda s: len(zlib.compress(to_text(s).encode(), 9, wbits=-15)),
    "text_lzma": lambda s: len(
        lzma.compress(
            to_text(s).encode(),
            lzma.FORMAT_RAW,
            filters=[{"id": lzma.FILTER_LZMA1, "preset": 9, "lc": 0, "lp": 0, "pb": 0}],
        )
    ),
}


def chance_bits(layers: int, size: tuple[int, int], elements: int) -> float:
    """Bits that the random draws themselves decided, a layer: no lossless code can need fewer on average (plain cases only)."""
    turned = (layers // 2) / layers
    return (
        math.log2(elements)
        + math.log2(256 - 32 + 1)
        + turned * math.log2(1439)
        + math.log2(size[0] * size[1])
    )


def composed(catalog: Path, background: str, count: int, seed: int) -> dict[str, object]:
    """Scenes of one background beside their floor; bytes a layer."""
    with Repository.open(catalog) as repository:
        source = Sampled(repository)
        drawn = list(source.scenes(background, count, seed))
        layers = sum(len(one.scene.layers) for one in drawn)
        given = [one.scene for one in drawn]
        put = [ordered(one.scene, source.source) for one in drawn]
    forms = {
        "binary_a_layer": sum(len(to_binary(scene)) for scene in put),
        "as_drawn_a_layer": sum(len(to_binary(scene)) for scene in given),
        "floor_a_layer": sum(one.bits for one in drawn) / 8,
        "floor_of_background_a_layer": sum(one.background_bits for one in drawn) / 8,
        "order_a_layer": sum(one.order_bits for one in drawn) / 8,
    }
    row: dict[str, object] = {"background": background, "scenes": count, "layers": round(layers / count, 2)}
    return row | {name: round(value / layers, 3) for name, value in forms.items()}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=Path("bytes"))
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--seed", type=int, default=2019)
    parser.add_argument("--catalog", type=Path, help="folder with the folder 3583; without it, no composites")
    parser.add_argument("--composites", type=int, default=150, help="of each background")
    given = parser.parse_args()
    rows = []
    for name, (layers, size, elements, rich) in CASES.items():
        rng = random.Random(given.seed)
        scenes = [scene(rng, layers, size, elements, rich) for _ in range(given.scenes)]
        sizes = {form: mean(map(measure, scenes)) for form, measure in FORMS.items()}
        row = {"case": name, "layers": layers} | {form: round(value, 2) for form, value in sizes.items()}
        row["binary_a_layer"] = round(sizes["binary"] / layers, 3)
        row["binary_over_text"] = round(sizes["binary"] / sizes["text"], 4)
        if not rich:
            row["chance_bytes_a_layer"] = round(chance_bits(layers, size, elements) / 8, 3)
        rows.append(row)
        print(
            f"{name:<62}{row['binary_a_layer']:6.2f} bytes a layer, {row['binary_over_text']:.3f} of the text"
        )
    payload = {"benchmark": "bytes", "seed": given.seed, "scenes": given.scenes, "rows": rows}
    if given.catalog is not None:
        payload["composites"] = [
            composed(given.catalog / "3583", background, given.composites, given.seed)
            for background in ("plain", "gradient", "catalog")
        ]
        print(json.dumps(payload["composites"], indent=1))
    print(write(given.json, payload))


if __name__ == "__main__":
    main()
