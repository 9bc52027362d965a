"""What telling a photograph by similar elements takes, beside a refined wash of 318 bytes: benchmarks/similar_times.json.

    python -m scripts.benchmark.similar.times --photographs DIR --repo DIRECTORY [--count 24]

Processor time of one core, the index loaded; photographs of 500x375 in turns, evenly by name, each without what was cut out of itself. The
time of the mask of its objects is in it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split

import numpy as np
from PIL import Image

from haac import encode_wash
from haac_pipeline._segment.models import SMALL
from haac_pipeline._segment.session import mask
from haac_similar import SimilarOptions, Told
from scripts.benchmark.record import write
from scripts.benchmark.similar.photographs import folder
from scripts.benchmark.similar.ways import cut_from, engine

SIZE = 500, 375
BESIDE = 318
"""Bytes of the wash."""
WAYS = ((60, False), (100, False), (BESIDE, False), (BESIDE, True))
"""Bytes; whether elements tell it always, or where it is sure enough."""


def photographs(path: Path, count: int) -> list[Path]:
    """Those of the size, evenly by name."""
    right = []
    for one in folder(path):
        with Image.open(one.path) as image:
            if image.size == SIZE:
                right.append(one.path)
    return [right[at * len(right) // count] for at in range(min(count, len(right)))]


def seconds(work: Callable[[], object]) -> float:
    """Processor time of a call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _told(image: Image.Image, repository: Path, options: SimilarOptions, own: set[int]) -> Told:
    """The whole way from a photograph to a scene."""
    return engine(repository).compress(image, np.asarray(mask(image, SMALL)), options, exclude=own)


def taken(path: Path, repository: Path) -> dict[str, float]:
    """Seconds of each way for one photograph."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    own = cut_from(repository, path)
    found = {"wash": seconds(partial(encode_wash, image, budget=BESIDE))}
    for budget, always in WAYS:
        options = SimilarOptions(budget=budget, always=always)
        name = f"{'always' if always else 'rule'} {budget}"
        found[name] = seconds(partial(_told, image, repository, options, own))
    return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--repo", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--json", default="similar_times")
    options = parser.parse_args()
    one_core.settle()
    chosen = photographs(options.photographs, options.count)
    if not chosen:
        parser.error(f"there is no photograph of {SIZE[0]}x{SIZE[1]} in {options.photographs}")
    taken(chosen[0], options.repo)  # loads and compiles
    rows = []
    for path in chosen:
        rows.append(taken(path, options.repo))
        print(path.name, *(f"{name} {value:.2f}" for name, value in rows[-1].items()), flush=True)
    means = {name: mean(row[name] for row in rows) for name in rows[0]}
    ratios = {name: value / means["wash"] for name, value in means.items() if name != "wash"}
    print(*(f"{name}: {value:.2f} of a wash" for name, value in ratios.items()), sep="\n")
    print(write(options.json, {"size": SIZE, "photographs": len(rows), "seconds": means, "ratios": ratios}))


if __name__ == "__main__":
    main()
