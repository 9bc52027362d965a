"""Sheets of what the benchmark made, without choosing: a labelled one, and a blind one for human eyes.

    python -m scripts.benchmark.similar.sheets --photographs DIR --work DIR --out FILE.png [--half b] [--count 24]

Of any folder of photographs; --work is where the benchmark left its renders. Beside FILE.png stand FILE-blind.png, whose
numbered pictures are renders in an order drawn at random, and FILE-blind.txt with the answers.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from PIL import Image, ImageDraw

from scripts.benchmark.similar.__main__ import render_path
from scripts.benchmark.similar.photographs import SEED, Photograph, folder, halves

COLUMNS = (("wash", 60), ("composed", 60), ("rule", 60), ("wash", 318), ("composed", 318), ("rule", 318))
WIDE, HIGH, LINE = 200, 150, 14


def tile(picture: Image.Image, text: str) -> Image.Image:
    """A picture with a line of text below it."""
    made = Image.new("RGB", (WIDE, HIGH + LINE), "white")
    small = picture.copy()
    small.thumbnail((WIDE - 4, HIGH - 4), Image.Resampling.LANCZOS)
    made.paste(small, ((WIDE - small.width) // 2, (HIGH - small.height) // 2))
    ImageDraw.Draw(made).text((4, HIGH), text, fill="black")
    return made


def grid(tiles: list[Image.Image], across: int) -> Image.Image:
    """Tiles in rows."""
    down = -(-len(tiles) // across)
    made = Image.new("RGB", (across * WIDE, down * (HIGH + LINE)), "white")
    for number, one in enumerate(tiles):
        made.paste(one, (number % across * WIDE, number // across * (HIGH + LINE)))
    return made


def renders_of(photograph: Photograph, work: Path) -> list[tuple[str, int, Image.Image]]:
    """Those of the columns that are there."""
    found = []
    for row, budget in COLUMNS:
        path = render_path(work / "renders", photograph.path, row, budget)
        if path.exists():
            with Image.open(path) as image:
                found.append((row, budget, image.convert("RGB")))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    parser.add_argument("--half", choices=("a", "b", "all"), default="b")
    parser.add_argument("--count", type=int, default=24)
    options = parser.parse_args()
    photographs = folder(options.photographs)
    if options.half != "all":
        photographs = halves(photographs)[options.half]
    tiles, renders = [], []
    for one in photographs[: options.count]:
        made = renders_of(one, options.work)
        renders += [(one.path.name, row, budget, picture) for row, budget, picture in made]
        there = {(row, budget): picture for row, budget, picture in made}
        tiles.append(tile(one.opened(), one.path.stem))
        blank = Image.new("RGB", (1, 1), "white")
        tiles += [tile(there.get(column, blank), f"{column[0]} {column[1]}") for column in COLUMNS]
    grid(tiles, 1 + len(COLUMNS)).save(options.out)
    random.Random(SEED).shuffle(renders)
    blind = options.out.with_name(f"{options.out.stem}-blind.png")
    grid([tile(picture, str(n)) for n, (*_, picture) in enumerate(renders, 1)], 8).save(blind)
    answers = [f"{n}\t{name}\t{row}\t{budget}" for n, (name, row, budget, _) in enumerate(renders, 1)]
    blind.with_suffix(".txt").write_text("\n".join(answers) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
