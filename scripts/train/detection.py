"""Fits the weights of `haac_match/_detect/likelihood.py`: the probability that a detection is right, by its evidence.

    python -m scripts.train.detection --repository REPO --pictures DRAWN [--nothing EMPTY] [--first N]

DRAWN and EMPTY are what `python -m scripts.benchmark.life draw` makes of REPO's elements, and of none. Each detection of the best candidate
of a place is right (its element, or one that cannot be told from it, at that place), wrong, or left out (another element that explains the
right place as well). Logistic regression by Newton's steps with a small ridge; prints the weights, to be copied, and how far they carry on
the half of the pictures that they were not fitted on.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

from scripts.lib import one_core  # noqa: F401 - before numpy: the same sums everywhere

# isort: split

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac_match._detect.detect import Detector, intersection_over_union
from haac_match._detect.likelihood import WEIGHTS, features
from haac_match._fit.cutout import CutoutCache
from haac_match._index.index import load
from haac_repo import Repository
from scripts.benchmark.life.truth import Drawing, read

_THERE = 0.5
"""Intersection over union from which on a detection is at an element's place."""
_AS_WELL = 0.1
"""Share left unexplained below which a look-alike, such as a mirror image, is as good as the right one."""
_RIDGE = 1.0

Doubles = npt.NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--nothing", type=Path)
    parser.add_argument("--first", type=int, default=0, help="pictures of each folder; default: all")
    asked = parser.parse_args()
    seen: list[list[float]] = []
    right: list[bool] = []
    half: list[bool] = []
    with Repository.open(asked.repository) as repository:
        names = {element.number: element.name for element in repository.elements()}
        detector = Detector(load(repository), CutoutCache(repository))
        for folder in filter(None, (asked.pictures, asked.nothing)):
            for drawing in read(folder)[: asked.first or None]:
                with Image.open(folder / drawing.file) as opened:
                    pixels = np.asarray(opened.convert("RGB"))
                for row, verdict in _judged(detector, pixels, drawing, names):
                    seen.append(row)
                    right.append(verdict)
                    half.append(zlib.crc32(drawing.file.encode()) % 2 == 0)
                print(f"{drawing.file}: {len(seen)} detections", flush=True)
    rows, truth, first = np.array(seen), np.array(right), np.array(half)
    for one, other in ((first, ~first), (~first, first)):
        likely = 1 / (1 + np.exp(-rows[other] @ _fitted(rows[one], truth[one]))) > 0.5
        hits = int((likely & truth[other]).sum())
        print(f"other half: recall {hits / truth[other].sum():.3f}, precision {hits / likely.sum():.3f}")
    for name, weight in zip(WEIGHTS, _fitted(rows, truth), strict=True):
        print(f'    "{name}": {weight:.3f},')


def _judged(
    detector: Detector, pixels: npt.NDArray[np.uint8], drawing: Drawing, names: dict[int, str]
) -> list[tuple[list[float], bool]]:
    """The features of the best detection of each place, and whether it is right."""
    judged = []
    for group in detector.all_groups(pixels):
        best = group[0]
        at_place = [
            element
            for element in drawing.elements
            if intersection_over_union(
                best.extent,
                (element.x, element.y, element.x + element.w, element.y + element.h),
            )
            > _THERE
        ]
        right = any(names[best.pose.element] in (one.name, *one.alike) for one in at_place)
        if not right and at_place and best.evidence.unexplained < _AS_WELL:
            continue
        judged.append((list(features(best.evidence, turned=best.turned).values()), right))
    return judged


def _fitted(rows: Doubles, truth: npt.NDArray[np.bool_]) -> Doubles:
    """Weights of the logistic regression, with standardised features but for the bias."""
    mean, spread = rows[:, 1:].mean(axis=0), rows[:, 1:].std(axis=0)
    scaled = np.column_stack([rows[:, 0], (rows[:, 1:] - mean) / spread])
    weights = np.zeros(scaled.shape[1])
    ridge = np.diag([0.0, *[_RIDGE] * (scaled.shape[1] - 1)])
    for _ in range(60):
        likely = 1 / (1 + np.exp(-scaled @ weights))
        hessian = scaled.T @ (scaled * (likely * (1 - likely) + 1e-6)[:, None]) + ridge
        weights -= np.linalg.solve(hessian, scaled.T @ (likely - truth) + ridge @ weights)
    made: Doubles = np.concatenate([[weights[0] - (weights[1:] * mean / spread).sum()], weights[1:] / spread])
    return made


if __name__ == "__main__":
    main()
