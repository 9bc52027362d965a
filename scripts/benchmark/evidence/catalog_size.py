"""How large a catalog must be: benchmarks/evidence_catalog_size.json and its plot; with folders the large form of both.

    python -m scripts.benchmark.evidence.catalog_size [--folders PHOTOS EMOJI TRAIN] [--judge FILE] [--work DIR]

It runs `haac study catalog-size` twice, since exact and similar elements are asked of different catalogs. The small form has 128
drawn elements for the one, and what `haac ingest` cuts out of scikit-image's photographs for the other. The large form takes
EMOJI, and what `u2netp` cuts out of the photographs of TRAIN; told are some of TRAIN of which the judge knows what they show, each
by what was cut out of the others, and PHOTOS too where it knows that. With --work an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from haac_evidence._internal import plot_study
from haac_repo import NewElement
from scripts.benchmark.evidence.sources import cut_out, haac, known_photographs
from scripts.benchmark.record import BENCHMARKS, write
from scripts.lib.elements import drawing, new_element, repository_of, trimmed_element

PICTURES = BENCHMARKS.parent / "docs" / "pictures"
NAME = "evidence_catalog_size"
DRAWN = 128
TOLD = 24, 12
"""Photographs of TRAIN and of PHOTOS."""
SMALL = {
    "exact": ("--scenes", "6", "--matched", "1"),
    "similar": ("--draws", "1", "--sizes", "2,4,8,1000"),
}
LARGE = {"exact": ("--scenes", "12", "--matched", "2"), "similar": ("--draws", "1")}
PHOTOGRAPHS = (
    "astronaut",
    "camera",
    "chelsea",
    "clock_motion",
    "coffee",
    "coins",
    "motorcycle_left",
    "rocket",
)
"""Of scikit-image, as far as its package has them."""


def photographs(folder: Path) -> Path:
    """Those of scikit-image that need no network."""
    from skimage import data

    folder.mkdir(exist_ok=True)
    for name in PHOTOGRAPHS:
        path = Path(data.__file__).parent / f"{name}.png"
        for source in (path, path.with_suffix(".jpg")):
            if source.is_file():
                with Image.open(source) as opened:
                    opened.convert("RGB").save(folder / f"{name}.png")
    return folder


def studied(repository: Path, output: Path, *options: str | Path) -> dict[str, Any]:
    """The figures of one run of the command; as they are, where they are there."""
    if not output.exists():
        haac("study", "catalog-size", "--repo", repository, "-o", output, *options)
    found: dict[str, Any] = json.loads(output.read_text("utf-8"))
    return found


def run(work: Path, folders: tuple[Path, Path, Path] | None, judge: Path | None) -> dict[str, Any]:
    """Both parts; the repositories stay in `work`."""
    options = LARGE if folders else SMALL
    elements: Iterable[NewElement]
    model = "u2netp" if folders else "offline"
    if folders:
        photos, emoji, sources = folders
        elements = map(trimmed_element, sorted(emoji.glob("*.png")))
        told = [
            path
            for folder, count in zip((sources, photos), TOLD, strict=True)
            for path in known_photographs(folder, count, judge)
        ]
    else:
        elements = (new_element(drawing(seed), f"drawing {seed}") for seed in range(DRAWN))
        sources = photographs(work / "photographs")
        told = [sources]
    if not (work / "exact").exists() and not (work / "exact.json").exists():
        repository_of(work / "exact", elements)
    exact = studied(work / "exact", work / "exact.json", *options["exact"])
    cut_out(sources, work / "similar", model)
    judging = ("--judge", judge) if judge else ()
    similar = studied(
        work / "similar",
        work / "similar.json",
        *("--no-exact", "--model", model),
        *(word for each in told for word in ("--pictures", each)),
        *(*judging, *options["similar"]),
    )
    return {"machine": exact["machine"], "exact": exact, "similar": similar}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folders", type=Path, nargs=3, metavar=("PHOTOS", "EMOJI", "TRAIN"))
    parser.add_argument("--judge", type=Path, metavar="FILE")
    parser.add_argument("--work", type=Path, metavar="DIR")
    options = parser.parse_args()
    name = f"{NAME}_large" if options.folders else NAME
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        found = run(work, options.folders and tuple(options.folders), options.judge)
    print(write(name, found))
    drawn = {"exact": found["exact"]["exact"], "similar": found["similar"]["similar"]}
    plot_study(drawn, PICTURES / f"{name}.svg")


if __name__ == "__main__":
    main()
