"""How a catalog of a million elements opens, fetches and searches, beside one of a thousand.

    python -m scripts.benchmark.catalog

The rows are generated; all elements share the bytes of a small pack. Times are milliseconds: `first` ones are
of fresh processes (median of several; imports apart), with the catalog's pages driven out of the system's cache
where the system lets one; the others are medians within one process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from haac_repo import NewElement, Repository, encode, format_id, pixel_hash
from scripts.benchmark.record import write

OBJECTS = 500
SYLLABLES = [consonant + vowel for consonant in "bdklmrstvzn" for vowel in "aeio"]
WORDS = [one + other for one in SYLLABLES[:20] for other in SYLLABLES[20:]]

FIRST = """
import json, sys, time
start = time.perf_counter()
import haac_repo, sqlite_utils
from pathlib import Path
imported = time.perf_counter()
with haac_repo.Repository.open(Path(sys.argv[1])) as repository:
    opened = time.perf_counter()
    repository.element(sys.argv[2])
    found = time.perf_counter()
    repository.data(sys.argv[2])
    done = time.perf_counter()
spans = {"import": imported - start, "open": opened - imported, "element": found - opened, "data": done - found}
print(json.dumps(spans | {"open_and_fetch": done - imported}))
"""


def generate(path: Path, rows: int) -> None:
    """Make a repository with that many elements, all but a few of them written as rows."""
    rng = random.Random(1)
    with Repository.create(path) as repository, repository.writer() as writer:
        for seed in range(OBJECTS):
            pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 4), dtype=np.uint8)
            image = Image.fromarray(pixels, "RGBA")
            writer.add(
                NewElement(
                    data=encode(image),
                    width=16,
                    height=16,
                    pixels_sha256=pixel_hash(image),
                    colour=seed,
                    phash=seed,
                    name="seed",
                )
            )
        writer.seal()
        db = writer._db
        objects = db.execute("select sha256, length, offset from element order by number").fetchall()

        def elements() -> Iterator[tuple[Any, ...]]:
            for number in range(OBJECTS + 1, rows + 1):
                sha256, length, offset = objects[number % OBJECTS]
                name = " ".join(rng.choices(WORDS, k=3))
                tags = "thing," + ",".join(rng.sample(WORDS, 2))
                if number == rows // 2:
                    name += " needle"
                file = f"IMG_{number:07}.jpg"
                pixels, source = (f"{rng.getrandbits(256):064x}" for _ in range(2))
                colour, phash = rng.getrandbits(24), rng.getrandbits(64) - 2**63
                yield number, sha256, length, offset, pixels, name, tags, colour, phash, file, source

        db.execute("pragma synchronous = off")
        with db.atomic():
            db.conn.executemany(
                "insert into element (number, sha256, length, pack, offset, media_type, width, height, pixels, name,"
                " tags, colour, phash, source, source_sha256, model, software, licence, attribution, time)"
                " values (?, ?, ?, 1, ?, 'image/webp', 16, 16, ?, ?, ?, ?, ?, ?, ?, 'u2net', 'haac', 'CC0-1.0',"
                " 'Somebody', '2026-01-01T00:00:00Z')",
                elements(),
            )
            # Records as long as real ones.
            db.execute(
                "insert into log (seq, op, element, record) select number, 'add', number,"
                " printf('%-560d', number) from element where number > ?",
                [OBJECTS],
            )
            db.execute("update meta set elements = ?1, standing = ?1, records = ?1", [rows])


def timed(function: Callable[[], object], times: int = 5) -> float:
    """Median milliseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def first(path: Path, rows: int, times: int) -> dict[str, float]:
    """What a fresh process needs until it has an element."""
    rng = random.Random(2)
    runs = []
    for _ in range(times):
        if hasattr(os, "posix_fadvise"):
            for file in path.rglob("*"):
                if file.is_file():
                    with file.open("rb") as opened:
                        os.fsync(opened.fileno())
                        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        id_ = format_id(rng.randint(1, rows))
        done = subprocess.run([sys.executable, "-c", FIRST, str(path), id_], capture_output=True, check=True)
        runs.append(json.loads(done.stdout))
    return {key: statistics.median(run[key] for run in runs) * 1000 for key in runs[0]}


def measure(path: Path, rows: int) -> dict[str, Any]:
    rng = random.Random(3)
    start = time.perf_counter()
    generate(path, rows)
    made = time.perf_counter() - start
    found: dict[str, Any] = {
        "rows": rows,
        "generate_s": made,
        "catalog_bytes": (path / "catalog.sqlite").stat().st_size,
        "first": first(path, rows, 7),
    }

    def opened() -> None:
        with Repository.open(path) as repository:
            repository.element(rng.randint(1, rows))

    found["open_and_element"] = timed(opened, 50)
    with Repository.open(path) as repository:
        number = iter(lambda: rng.randint(1, rows), 0)
        found["element"] = timed(lambda: repository.element(next(number)), 2000)
        found["data"] = timed(lambda: repository.data(next(number)), 2000)
        pixels = [repository.element(next(number)).pixels_sha256 for _ in range(200)]
        found["by_pixels"] = timed(lambda: repository.by_pixels(pixels.pop()), 200)
        found["search_rare_word"] = timed(lambda: repository.search("needle"))
        found["search_two_words"] = timed(lambda: repository.search(" ".join(rng.sample(WORDS, 2))), 20)
        found["search_word_of_all"] = timed(lambda: repository.search("thing"))
        found["search_colour"] = timed(lambda: repository.search(colour=rng.getrandbits(24)))
        found["search_word_and_colour"] = timed(
            lambda: repository.search(rng.choice(WORDS), colour=0xFF8800), 20
        )
        found["near_first"] = timed(lambda: repository.near(rng.getrandbits(64), 6), 1)
        found["near"] = timed(lambda: repository.near(rng.getrandbits(64), 6))
        found["stats"] = timed(repository.stats, 1)
        found["list_all_s"] = timed(lambda: sum(1 for _ in repository.elements()), 1) / 1000

        def add() -> None:
            pixels = np.frombuffer(rng.randbytes(1024), dtype=np.uint8).reshape(16, 16, 4)
            image = Image.fromarray(pixels, "RGBA")
            new = NewElement(
                data=encode(image), width=16, height=16, pixels_sha256=pixel_hash(image), name="new"
            )
            with repository.writer() as writer:
                writer.add(new)

        found["open_writer_add_commit"] = timed(add, 20)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", default="catalog")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = measure(Path(folder) / "small", 1_000)
        large = measure(Path(folder) / "large", options.rows)
    keys = [key for key in large if isinstance(large[key], float)]
    ratios = {key: large[key] / small[key] for key in keys} | {
        f"first_{key}": large["first"][key] / small["first"][key] for key in large["first"]
    }
    path = write(options.json, {"unit": "ms", "small": small, "large": large, "large_to_small": ratios})
    for key in keys:
        print(f"{key:<26} {small[key]:>12.3f} {large[key]:>12.3f}")
    for key in large["first"]:
        print(f"first: {key:<19} {small['first'][key]:>12.3f} {large['first'][key]:>12.3f}")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
