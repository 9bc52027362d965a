"""Elements for benchmarks and checks: drawn with a seed, or made of any picture. Public API only, so that older revisions can run it."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from haac_repo import NewElement, encode, pixel_hash


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
