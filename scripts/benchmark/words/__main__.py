"""How many queries find what they mean, and how long searching takes among 100,000 elements.

    python -m scripts.benchmark.words --emoji FOLDER --classes FOLDER

Of both folders the names of the files are read, not the pictures: emoji called by code points, and photographs called by what they show
('n02123045_tabby.JPEG'). A query has found what it means if one of the first ten elements is it. `beginnings` is how haac 0.1 searched
before: words by their beginnings.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from haac_pipeline._ingest.keywords import emoji_keywords
from haac_pipeline._ingest.sidecar import default_name, emoji_codes
from haac_repo import Repository
from scripts.benchmark.record import write
from scripts.benchmark.words.queries import TEST, TUNE, Query

FIRST = 10
ROWS = 100_000
Row = tuple[str, tuple[str, ...]]


def named(folders: list[Path], *, keywords: bool) -> list[Row]:
    """Names and tags as `haac ingest` gives them, by the names of the files."""
    rows = []
    for folder in folders:
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() in (".png", ".jpg", ".jpeg"):
                stem = re.sub(r"^n\d+_", "", file.name)
                name, tags = default_name(stem)
                more = emoji_keywords(emoji_codes(stem)) if keywords else ()
                rows.append((name, tuple(dict.fromkeys((*tags, *more)))))
    return rows


def generated(rows: int) -> Iterator[Row]:
    """As many names of words that are rarer the later they come, with a tag of their own for every other one."""
    rng = random.Random(1)
    syllables = [consonant + vowel for consonant in "bdklmrstvzn" for vowel in "aeio"]
    words = ["".join(rng.choices(syllables, k=rng.choice((2, 3, 3, 4)))) for _ in range(rows // 2)]
    weights = [1 / n for n in range(1, len(words) + 1)]
    for number, three in enumerate(zip(*[iter(rng.choices(words, weights, k=3 * rows))] * 3, strict=True)):
        yield " ".join(three), (words[number // 2],)


def stocked(path: Path, rows: list[Row]) -> Repository:
    """A repository with rows of these names; there are no pictures."""
    repository = Repository.create(path)
    db = repository._db
    with db.atomic():
        db.execute("insert into pack (number, state, size) values (1, 'open', 1)")
        db.conn.executemany(
            "insert into element (number, sha256, length, pack, offset, media_type, width, height, pixels, name, tags, time)"
            " values (?, ?, 1, 1, 0, 'image/webp', 1, 1, ?, ?, ?, '')",
            ((n, str(n), str(n), name, ",".join(tags)) for n, (name, tags) in enumerate(rows, 1)),
        )
    return repository


def beginnings(repository: Repository, words: str) -> list[str]:
    """Names of the first elements that have what begins with each word."""
    match = " ".join(f'"{word}"*' for word in words.split())
    rows = repository._db.execute(
        "select name from (select rowid, rank from element_fts where element_fts match ?) as found"
        " join element on number = found.rowid order by found.rank, number limit ?",
        [match, FIRST],
    )
    return [name for (name,) in rows.fetchall()]


def searched(repository: Repository, words: str) -> list[str]:
    """Names of the first elements that `haac search` shows."""
    found = repository.search(words, limit=FIRST)
    if not found and (meant := repository.did_you_mean(words)):
        found = repository.search(meant, limit=FIRST)
    return [element.name for element in found]


def answered(queries: tuple[Query, ...], search: Callable[[str], list[str]]) -> dict[str, Any]:
    """How many queries found what they mean, by kind, and which did not."""
    kinds: dict[str, Any] = {}
    for query in queries:
        row = kinds.setdefault(query.kind, {"queries": 0, "answered": 0, "not": []})
        row["queries"] += 1
        if any(re.search(query.meant, name, re.IGNORECASE) for name in search(query.words)):
            row["answered"] += 1
        else:
            row["not"].append(query.words)
    return kinds


def timed(search: Callable[[], object], times: int = 20) -> float:
    """Median milliseconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        search()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1000


def speed(repository: Repository) -> dict[str, float]:
    """Milliseconds of a search, spelling included where nothing is found."""
    rng = random.Random(2)
    names = [repository.element(rng.randint(1, ROWS)).tags[0] for _ in range(60)]
    words, first, other = iter(names), iter(names[20:]), iter(names[40:])
    return {
        "a word": timed(lambda: searched(repository, next(words))),
        "its plural": timed(lambda: searched(repository, next(first) + "s")),
        "a misspelling": timed(lambda: searched(repository, next(other) + "x")),
        "nothing near": timed(lambda: searched(repository, "qwyxghjpfcuw")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--emoji", type=Path, required=True)
    parser.add_argument("--classes", type=Path, required=True)
    options = parser.parse_args()
    folders = [options.emoji, options.classes]
    ways: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (way, keywords, search) in enumerate(
            [
                ("beginnings", False, beginnings),
                ("forms and spelling", False, searched),
                ("with keywords", True, searched),
            ]
        ):
            with stocked(Path(folder) / str(number), rows := named(folders, keywords=keywords)) as repository:
                ways[way] = {
                    name: answered(queries, lambda words, r=repository, s=search: s(r, words))  # type: ignore[misc]
                    for name, queries in (("tune", TUNE), ("test", TEST))
                }
        with stocked(Path(folder) / "large", list(generated(ROWS))) as repository:
            times = speed(repository)
    path = write("words", {"names": len(rows), "ways": ways, "rows": ROWS, "ms": times})
    for way, sets in ways.items():
        for name, kinds in sets.items():
            print(way, name, {kind: f"{row['answered']}/{row['queries']}" for kind, row in kinds.items()})
    print(times)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
