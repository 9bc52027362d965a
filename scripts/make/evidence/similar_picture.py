"""Draws docs/pictures/similar.jpg: photographs told by similar elements, without choosing: what succeeds beside what fails.

    python -m scripts.make.evidence.similar_picture

Photographs and elements are those of the small form of `sh scripts/bench`: scikit-image's. None is told by what was cut out of itself,
so of a catalog of ten elements only few are like anything. Below each stands what `haac compress --similar` would do by itself.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from haac import render, to_binary
from haac_pipeline._segment.models import SMALL
from haac_pipeline._segment.session import mask
from haac_repo import Repository
from haac_similar import Embedder, Similar, SimilarOptions, Told, open_similar_index, update_similar_index
from scripts.benchmark.similar.ways import cut_from
from scripts.lib import evidence

TARGET = Path(__file__).resolve().parents[3] / "docs" / "pictures" / "similar.jpg"
BUDGET = 60
LONG, WIDE, HIGH, WORDS, ACROSS = 384, 240, 200, 80, 2
"""Pixels of a photograph, of a tile and of the words below; photographs in a row."""
INK = "#1f2733"


def main() -> None:
    form = evidence.small()
    with Repository.open(form.repository) as repository:
        embedder = Embedder(fetching=True)
        update_similar_index(repository, embedder)
        teller = Similar(repository, open_similar_index(repository, embedder), embedder)
        rows = [_row(teller, repository, form.repository, path) for path in form.measured]
    high = HIGH + WORDS
    sheet = Image.new("RGB", (WIDE * 3 * ACROSS, high * -(-len(rows) // ACROSS)), "white")
    for number, row in enumerate(rows):
        for at, (picture, words) in enumerate(row):
            _paste(sheet, picture, words, (number % ACROSS * 3 + at) * WIDE, number // ACROSS * high)
    sheet.save(TARGET, quality=85)
    print(TARGET)


def _row(teller: Similar, repository: Repository, folder: Path, path: Path) -> list[tuple[Image.Image, str]]:
    """A photograph, and what is made of it: each with the words below."""
    with Image.open(path) as opened:
        photograph = opened.convert("RGB")
    photograph.thumbnail((LONG, LONG), Image.Resampling.LANCZOS)
    found, own = np.asarray(mask(photograph, SMALL)), cut_from(folder, path)
    usual = teller.compress(photograph, found, SimilarOptions(budget=BUDGET), exclude=own)
    told = f"not told by default, {usual.reason}" if usual.reason else "told by default"
    made = [(photograph, f"{path.stem}: {told}")]
    for objects in (None, found):
        options = SimilarOptions(budget=BUDGET, always=True)
        one = teller.compress(photograph, objects, options, exclude=own)
        picture = render(one.scene, repository).convert("RGB")
        made.append((picture, f"{len(to_binary(one.scene))} bytes: {_words(repository, one)}"))
    return made


def _words(repository: Repository, told: Told) -> str:
    """What tells it."""
    names = [repository.element(each.number).name for each in told.elements]
    return f"like {' and '.join(names)} (--always)" if names else "a wash"


def _paste(sheet: Image.Image, picture: Image.Image, words: str, x: int, y: int) -> None:
    small = picture.copy()
    small.thumbnail((WIDE - 10, HIGH - 10), Image.Resampling.LANCZOS)
    sheet.paste(small, (x + 5, y + HIGH - small.height))
    font = ImageFont.load_default(13)
    ImageDraw.Draw(sheet).multiline_text((x + 5, y + HIGH + 4), textwrap.fill(words, 34), INK, font)


if __name__ == "__main__":
    main()
