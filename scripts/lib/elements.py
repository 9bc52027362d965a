"""Elements for benchmarks and checks: drawn with a seed, or made of any picture. Public API only, so that older revisions can run it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageDraw

from haac_repo import NewElement, Repository, encode, pixel_hash


def drawing(seed: int) -> Image.Image:
    """Blots and bars in a few colours on a transparent background."""
    rng = random.Random(seed)
    side = rng.randint(48, 128)
    image = Image.new("RGBA", (4 * side, 4 * side))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randint(3, 7)):
        x, y = rng.uniform(0.5, 2.5) * side, rng.uniform(0.5, 2.5) * side
        box = x, y, x + rng.uniform(0.4, 1.4) * side, y + rng.uniform(0.4, 1.4) * side
        colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256), 255)
        rng.choice((pen.ellipse, pen.rectangle))(box, fill=colour)
    small = image.resize((side, side), Image.Resampling.LANCZOS)
    return small.crop(small.getbbox())


def new_element(image: Image.Image, name: str = "", tags: tuple[str, ...] = ()) -> NewElement:
    """A picture, RGBA, ready to be added to a repository."""
    width, height = image.size
    return NewElement(
        data=encode(image),
        width=width,
        height=height,
        pixels_sha256=pixel_hash(image),
        name=name,
        tags=tags,
    )


def trimmed_element(path: Path) -> NewElement:
    """A picture file, without its transparent rim, under the name of the file."""
    with Image.open(path) as opened:
        image = opened.convert("RGBA")
    return new_element(image.crop(image.getchannel("A").getbbox()), path.stem)


def repository_of(path: Path, elements: Iterable[NewElement]) -> None:
    """Make a repository that has these elements."""
    with Repository.create(path) as made, made.writer() as writer:
        for element in elements:
            writer.add(element)
