"""How large a catalog must be for photographs told by similar elements: benchmarks/catalog_size.json, docs/pictures/catalog-size.png.

    python -m scripts.benchmark.similar.catalog_size --photographs DIR --repo DIRECTORY [--json NAME] [--plot FILE]

DIRECTORY has cut-outs of the photographs of DIR. *Recognition*: how often the nearest element of another photograph is of the
photograph's kind (by its class, without any judge), over all photographs that have a kind. Elements are embedded as the whole
photographs that they were cut from. Catalogs are drawn at random, the larger ones containing the smaller ones, `DRAWS` times.

Beside it, for each size: bytes of a recipe that names one element, bytes of the elements (what a mirror holds), and the time to
find the nearest.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from pathlib import Path
from typing import Any

from scripts.lib import one_core

# isort: split
import numpy as np
import numpy.typing as npt

from haac import Layer, Scene, to_binary
from haac_similar import Embedder
from haac_similar._embed.embedder import Embeddings, classifier
from haac_similar._index.index import SimilarIndex, projection_of, rows_of
from scripts.benchmark.record import write
from scripts.benchmark.similar.kinds import KINDS
from scripts.benchmark.similar.photographs import folder

SIZES = (25, 50, 100, 200, 400, 800)
OF_KIND = (1, 2, 4, 8, 16, 32, 64)
DRAWS, SEED = 20, 18
LARGE = (10_000, 100_000)
"""Sizes of which only the time is measured, with elements repeated."""

Floats = npt.NDArray[np.float32]
Row = dict[str, Any]


def index_of(made: Embeddings, projection: Floats) -> SimilarIndex:
    """The similar index of a catalog whose elements have these embeddings; the first has number 1."""
    held = [(number, f"{number:064x}") for number in range(1, len(made) + 1)]
    return SimilarIndex(rows_of(held, made, projection), projection)


def similarities(index: SimilarIndex, made: Embeddings) -> Floats:
    """(n, n) how like each element of an index is to each picture that it was made of, a row a picture, as commands score them."""
    found = np.zeros((len(made), len(index.rows)), np.float32)
    for at in range(len(made)):
        numbers, scores = zip(*index.nearest(made[at : at + 1], len(index.rows)), strict=True)
        found[at, np.array(numbers) - 1] = scores
    return found


def recognised(
    similarity: Floats, kinds: npt.NDArray[np.int64], catalog: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether the nearest other photograph of a catalog is of the same kind.

    Args:
        similarity: (n, n) of all photographs.
        kinds: (n,), -1 for none.
        catalog: indices of the photographs in it; a photograph is never its own neighbour.

    Returns:
        (photographs with a kind,).
    """
    asked = np.flatnonzero(kinds >= 0)
    table = similarity[np.ix_(asked, catalog)].copy()
    table[asked[:, None] == catalog[None, :]] = -np.inf
    return np.asarray(kinds[catalog[table.argmax(axis=1)]] == kinds[asked])


def knee(sizes: list[int], shares: list[float], error: float) -> int | None:
    """The size after which no doubling gains more than one standard error; None where the last step still does."""
    gains = [
        (after - before) / np.log2(large / small)
        for small, large, before, after in zip(sizes, sizes[1:], shares, shares[1:], strict=False)
    ]
    for index in range(len(gains)):
        if all(gain <= error for gain in gains[index:]):
            return sizes[index]
    return None


def by_size(similarity: Floats, kinds: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> list[Row]:
    """Recognition, bytes and time against the size of the catalog."""
    count, random = len(kinds), np.random.default_rng(SEED)
    draws = [random.permutation(count) for _ in range(DRAWS)]
    rows = []
    for size in [*(one for one in SIZES if one < count), count]:
        found = [
            recognised(similarity, kinds, draw[:size]).mean()
            for draw in draws[: DRAWS if size < count else 1]
        ]
        rows.append(
            {
                "elements": size,
                "recognised": round(float(np.mean(found)), 4),
                "between_draws": round(float(np.std(found)), 4),
                "recipe_bytes": recipe_bytes(size),
                "mirror_bytes": round(float(lengths.mean()) * size),
            }
        )
    return rows


def by_kind(similarity: Floats, kinds: npt.NDArray[np.int64]) -> dict[str, list[Row]]:
    """Recognition of photographs of a kind against elements of it, all others being there; of kinds with 16 and more."""
    random = np.random.default_rng(SEED)
    found: dict[str, list[Row]] = {}
    asked = kinds[kinds >= 0]
    for number, kind in enumerate(KINDS):
        own, others = np.flatnonzero(kinds == number), np.flatnonzero(kinds != number)
        if len(own) < 16:
            continue
        for size in [*(one for one in OF_KIND if one < len(own)), len(own)]:
            shares = [
                recognised(similarity, kinds, np.concatenate([others, random.permutation(own)[:size]]))[
                    asked == number
                ].mean()
                for _ in range(DRAWS if size < len(own) else 1)
            ]
            found.setdefault(kind, []).append(
                {"elements": size, "recognised": round(float(np.mean(shares)), 4)}
            )
    return found


def recipe_bytes(size: int) -> float:
    """Mean bytes of a recipe with one plain layer, over elements of a catalog of so many."""
    numbers = np.unique(np.linspace(1, size, 64).round().astype(int))
    return round(
        float(np.mean([len(to_binary(Scene(384, 288, layers=[Layer(int(n))]))) for n in numbers])), 2
    )


def times(index: SimilarIndex, projection: Floats, made: Embeddings) -> list[Row]:
    """Milliseconds of one core to find the five nearest."""
    found = []
    for size in (len(index.rows), *LARGE):
        larger = SimilarIndex(index.rows.take(np.resize(np.arange(len(index.rows)), size)), projection)
        seconds = []
        for at in range(min(20, len(made))):
            query = made[at : at + 1]
            started = time.process_time()
            larger.nearest(query, 5)
            seconds.append(time.process_time() - started)
        found.append({"elements": size, "ms": round(1000 * float(np.median(seconds)), 3)})
    return found


def plotted(payload: Row, path: Path) -> None:
    """Draw recognition against both."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True)
    rows = payload["by_size"]
    left.errorbar(
        [r["elements"] for r in rows],
        [r["recognised"] for r in rows],
        [r["between_draws"] for r in rows],
        marker="o",
    )
    left.set_xlabel("elements in the catalog")
    left.set_ylabel("nearest element is of the kind")
    largest = sorted(payload["by_kind"].items(), key=lambda item: -item[1][-1]["elements"])[:8]
    for kind, points in largest:
        right.plot([p["elements"] for p in points], [p["recognised"] for p in points], marker=".", label=kind)
    right.set_xlabel("elements of the kind")
    right.legend(fontsize="small")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_ylim(0, 1)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def stored(repository: Path) -> dict[str, int]:
    """Name of a photograph's file -> bytes of the elements that were cut out of it."""
    database = sqlite3.connect(f"file:{(repository / 'catalog.sqlite').resolve()}?mode=ro", uri=True)
    found: dict[str, int] = {}
    try:
        for source, length in database.execute("select source, length from element"):
            name = Path(source).name
            found[name] = found.get(name, 0) + length
    finally:
        database.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--repo", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--json")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args()
    one_core.settle()
    lengths = stored(options.repo)
    photographs = [one for one in folder(options.photographs) if one.path.name in lengths]
    embedder = Embedder(fetching=True)
    made = embedder.embed([one.opened() for one in photographs])
    projection = projection_of(classifier(embedder.network))
    index = index_of(made, projection)
    kinds = np.array([-1 if one.label is None else one.label for one in photographs])
    similarity = similarities(index, made)
    found = by_size(similarity, kinds, np.array([lengths[one.path.name] for one in photographs]))
    asked = int((kinds >= 0).sum())
    share = found[-1]["recognised"]
    error = float(np.sqrt(share * (1 - share) / asked))
    payload: Row = {
        "photographs": asked,
        "draws": DRAWS,
        "seed": SEED,
        "standard_error": round(error, 4),
        "by_size": found,
        "by_kind": by_kind(similarity, kinds),
        "times": times(index, projection, made),
        "knee": knee([r["elements"] for r in found], [r["recognised"] for r in found], error),
    }
    for row in [*found, *payload["times"]]:
        print(row)
    for kind, points in payload["by_kind"].items():
        print(f"{kind:32}", "  ".join(f"{p['elements']}: {p['recognised']:.2f}" for p in points))
    print("knee:", payload["knee"] or "none up to this size")
    if options.plot:
        plotted(payload, options.plot)
    if options.json:
        print(write(options.json, payload))


if __name__ == "__main__":
    main()
