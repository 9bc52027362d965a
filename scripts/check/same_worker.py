"""One side of `scripts/check_same`: does what is asked on standard input with whatever haac is importable, and answers in JSON.

Only the public API is used, so that it runs with any revision. Pictures, identifiers and times come from seeds.

    questions N       what can be asked, with N pictures, and what it is called
    prepare FOLDER    makes, indexes and publishes a repository
    picture N         compresses the Nth composite
    wash N            makes the Nth photograph a wash
    vectors           renders the golden vectors
"""

from __future__ import annotations

import datetime
import hashlib
import io
import itertools
import json
import math
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import data

_numbers = itertools.count(1)


class _Clock(datetime.datetime):
    """Stands still: what is published holds times."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _Clock:
        return cls(2026, 1, 1, tzinfo=tz)


# Before haac is imported, whose modules take both by name.
secrets.token_hex = lambda nbytes=16: f"{next(_numbers):0{2 * (nbytes or 16)}x}"
datetime.datetime = _Clock  # type: ignore[misc]

from haac import (  # noqa: E402
    Colour,
    ElementCache,
    Gradient,
    Layer,
    Plate,
    Scene,
    encode_wash,
    render,
    to_binary,
)
from haac_match import Matcher, Options, wash_only  # noqa: E402
from haac_repo import Repository, pixel_hash, publish  # noqa: E402
from scripts.lib.elements import drawing, new_element  # noqa: E402

DRAWN = 90
STRANGER = 10**9
PLATES: tuple[Callable[[], npt.NDArray[np.uint8]], ...] = (data.chelsea, data.rocket)
FOREIGN: tuple[Callable[[], npt.NDArray[np.uint8]], ...] = (data.coffee, data.astronaut)
KINDS = (
    "plain",
    "gradient",
    "plate",
    "jpeg",
    "scaled",
    "border",
    "transparent",
    "translucent",
    "copies",
    "foreign",
)
PICTURES = 3 * len(KINDS)
WASHES = (25, 100, 318, 500, 1000, 90)
"""Bytes of each."""

Answer = dict[str, Any]


class Composite(NamedTuple):
    """A picture, and what the compressor is asked for."""

    picture: Image.Image
    options: Options


def _photograph(make: Callable[[], npt.NDArray[np.uint8]], size: tuple[int, int] = (480, 360)) -> Image.Image:
    return Image.fromarray(make()).convert("RGB").resize(size, Image.Resampling.LANCZOS)


class _Sources:
    """The repository's elements, and under one number more a photograph that is in none."""

    def __init__(self, repository: Repository, foreign: Image.Image) -> None:
        self._repository, self._foreign = repository, foreign.convert("RGBA")

    def image(self, ref: int) -> Image.Image:
        return self._foreign if ref == STRANGER else self._repository.image(ref)


def composite(repository: Repository, index: int) -> Composite:
    """One of the PICTURES, of each kind in turn."""
    kind, lot = KINDS[index % len(KINDS)], random.Random(f"same {index}")
    elements = list(repository.elements())
    things = [element.number for element in elements if "drawn" in element.tags]
    plates = [element.number for element in elements if "plate" in element.tags]
    scene = Scene(lot.randint(360, 640), lot.randint(360, 640), Colour(lot.randrange(2**24) << 8 | 0xFF))
    if kind == "gradient" or (kind == "jpeg" and index % 2):
        first, last = (lot.randrange(2**24) << 8 | 0xFF for _ in range(2))
        scene.background = Gradient(first, last, lot.randrange(1440))
    elif kind == "plate":
        scene.background = Plate(lot.choice(plates))
    elif kind == "transparent":
        scene.background = None
    foreign = _photograph(lot.choice(FOREIGN), (scene.width, scene.height))
    source = ElementCache(_Sources(repository, foreign))
    if kind == "foreign":
        scene.layers.append(Layer(STRANGER))
    same = lot.choice(things)
    for _ in range(lot.randint(2, 5)):
        number = same if kind == "copies" else lot.choice(things)
        size = source.image(number).size
        width = round(size[0] * math.exp(lot.uniform(math.log(0.5), math.log(1.8))))
        layer = Layer(number, width=width, rotation=lot.choice((0, lot.randrange(1440))))
        if lot.random() < 0.2:
            layer = replace(layer, height=round(layer.size(*size)[1] * lot.uniform(0.8, 1.25)))
        scene.layers.append(
            replace(
                layer,
                flip=lot.choice(("", "", "h")),
                blur=lot.choice((0, 0, lot.randint(1, 8))),
                opacity=lot.randint(50, 90) if kind == "translucent" else 100,
                x=lot.randrange(scene.width - width // 2),
                y=lot.randrange(scene.height - width // 2),
            )
        )
    picture = render(scene, source)
    if kind != "transparent":
        picture = picture.convert("RGB")
    if kind == "jpeg":
        coded = io.BytesIO()
        picture.save(coded, "JPEG", quality=85)
        picture = Image.open(coded).convert("RGB")
    elif kind == "scaled":
        smaller = round(0.7 * picture.width), round(0.7 * picture.height)
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)
    elif kind == "border":
        shot = Image.new("RGB", (picture.width + 40, picture.height + 60), "#24262b")
        shot.paste(picture, (20, 40))
        picture = shot
    budget = 160 if index % 7 == 3 else None
    return Composite(picture, Options(budget=budget, inline=index % 11 == 4))


class Worker:
    """Keeps the repository and its matcher from one question to the next."""

    def questions(self, pictures: str) -> Answer:
        """Names by questions."""
        made = {
            f"picture {n}": f"picture {n} ({KINDS[n % len(KINDS)]})"
            for n in range(min(int(pictures), PICTURES))
        }
        return made | {f"wash {n}": f"wash of {size} bytes" for n, size in enumerate(WASHES)}

    def prepare(self, folder: str) -> Answer:
        """Hashes of every file of the index and of the published tree."""
        path = Path(folder) / "repository"
        with Repository.create(path) as repository, repository.writer() as writer:
            for seed in range(DRAWN):
                writer.add(new_element(drawing(seed), tags=("drawn",)))
            for make in PLATES:
                writer.add(new_element(_photograph(make).convert("RGBA"), tags=("plate",)))
        self._repository = Repository.open(path)
        self._matcher = Matcher(self._repository)
        publish(self._repository)
        for index in (0, KINDS.index("foreign")):  # what is compiled is compiled now, and not timed
            made = composite(self._repository, index)
            self._matcher.compress(made.picture, made.options)
        files = [p for p in sorted(path.rglob("*")) if p.is_file() and "sqlite" not in p.name]
        return {str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    def picture(self, index: str) -> Answer:
        """Recipe and render of a composite."""
        made = composite(self._repository, int(index))
        started = time.process_time()
        found = self._matcher.compress(made.picture, made.options)
        seconds = time.process_time() - started
        return {
            "recipe": to_binary(found.scene).hex(),
            "pixels": pixel_hash(render(found.scene, ElementCache(self._repository))),
            "unexplained": int(found.unexplained.sum()),
            "of": pixel_hash(made.picture.convert("RGBA")),
            "layers": len(found.scene.layers),
            "seconds": seconds,
        }

    def wash(self, index: str) -> Answer:
        """Recipe of a photograph; the last of them as `haac compress --no-catalog` makes it, with the whole picture's options."""
        at = int(index)
        photograph = _photograph((*PLATES, *FOREIGN)[at % 4], (384 + 32 * at, 288))
        started = time.process_time()
        if at == len(WASHES) - 1:
            scene = wash_only(photograph, Options(budget=WASHES[at], inline=True), lambda: None).scene
        else:
            scene = Scene(*photograph.size, encode_wash(photograph, budget=WASHES[at]))
        return {"recipe": to_binary(scene).hex(), "seconds": time.process_time() - started}

    def vectors(self, path: str) -> Answer:
        """Pixel hashes of recipes, by their names, as they come out of the text form."""
        from haac import from_binary

        class Elements:
            def image(self, ref: int) -> Image.Image:
                return Image.open(Path(path).parent / "elements" / f"{ref}.png").convert("RGBA")

        rows = json.loads(Path(path).read_text("utf-8"))["vectors"]
        return {
            row["name"]: pixel_hash(render(from_binary(bytes.fromhex(row["binary"])), Elements()))
            for row in rows
        }


def answers(lines: Iterator[str]) -> Iterator[Answer]:
    """What the questions give."""
    worker = Worker()
    for line in lines:
        verb, *arguments = line.split(maxsplit=1)
        yield getattr(worker, verb)(*(argument.strip() for argument in arguments))


if __name__ == "__main__":
    for answer in answers(iter(sys.stdin.readline, "")):
        print(json.dumps(answer), flush=True)
