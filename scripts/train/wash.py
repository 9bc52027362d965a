"""Trains the tables of the wash on a folder of photographs, and writes codec/haac/_wash/tables.json.

    python -m scripts.train.wash PHOTOGRAPHS

Everything is drawn at random with fixed seeds and the photographs are taken in the order of their names: the same folder gives the
same file. Photographs that a benchmark shows must not be in it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from scripts.lib import one_core  # noqa: F401 - before numpy: sums in the same order everywhere

# isort: split
import numpy as np
from PIL import Image

from haac._internal import (
    CAUSAL,
    CONTEXTS,
    FEATURES,
    SYMBOLS,
    TRADE,
    UNCODED,
    ZONES,
    Tables,
    WashEncoder,
    amplitude,
    make_tables,
)
from haac._internal import contexts as context
from haac._internal import tables as tables_file
from scripts.train.wash_net import TURNS, Net, Sample, net_rows, net_samples, train_net

TARGET = Path(tables_file.__file__).with_name("tables.json")
ROUNDS = 3
STEPS = (8, 58)
"""Quantiser steps to train for."""
WIDTH = FEATURES + 2 * ZONES
MANY = 3000
"""Coefficients of a band that are looked at."""
LIMIT = 300_000
"""Coefficients that the weights of one kind of band are fitted on."""

Rows = dict[str, Any]


def levels_for(step: int) -> int:
    """A grid that is a little finer than what pays at a step."""
    return min(5, max(1, round(7.2 - step / 9)))


def first_tables() -> Rows:
    """A guess to begin with."""
    weights = np.zeros((12, WIDTH), np.int64)
    weights[:, [0, 2, 7]] = 500
    weights[:, [1, 3, 4, 5, 8]] = 150
    weights[:, FEATURES : FEATURES + ZONES] = -45_000
    odds = -8 + 0.25 * (np.arange(CONTEXTS) + 0.5)
    chance = 1 / (1 + np.exp(-odds))
    more = np.clip(0.15 + 0.7 * chance, 0, 0.9)
    shares = np.stack([1 - chance] + [chance * (1 - more) * more**n for n in range(SYMBOLS - 1)], 1)
    return {
        "weights": weights.tolist(),
        "frequencies": frequencies(shares) * 2,
        "points": [[0, 0, 0]] * (2 * CONTEXTS),
        "signs": [[0] * (len(CAUSAL) + 2)] * 12,
        "sign shares": [[round(4096 / (1 + np.exp(-n / 4))) for n in range(-12, 13)]],
        **net_rows(Net(0)),
    }


def frequencies(shares: np.ndarray) -> list[list[int]]:
    """Shares as integers of the sum 4096, none of them 0."""
    rows = []
    for row in shares / shares.sum(1, keepdims=True):
        whole = np.maximum(1, np.floor(row * 4096)).astype(int)
        whole[np.argmax(whole)] += 4096 - whole.sum()
        rows.append(whole.tolist())
    return rows


def samples(job: tuple[Rows, Path, int]) -> list[tuple[Any, ...]]:
    """Coefficients of one photograph at some steps: channel and kind of band, features, magnitude, exact magnitude, signs."""
    rows, path, seed = job
    use(make_tables(rows))
    rng, draw = random.Random(seed), np.random.default_rng(seed)
    with Image.open(path) as image:
        encoder = WashEncoder(image.convert("RGB"))
    found = []
    for _ in range(2):
        step = rng.randint(*STEPS)
        levels = min(levels_for(step), (max(image.size) // 8).bit_length())
        quantiser = encoder.on_grid(levels).quantiser
        chosen = quantiser.quantise(step, TRADE)
        values = quantiser.layout.banded(chosen.state.values)
        coded = quantiser.layout.banded(chosen.state.contexts < UNCODED)
        known = [[context.Known(band) for band in bands] for bands in values]
        for c, bands in enumerate(values):
            for b, band in enumerate(map(np.abs, bands)):
                if not coded[c][b].any():
                    continue
                exact = np.abs(quantiser.bands[b][c]) * 16384 / amplitude(b, step)
                features = np.zeros((band.size, WIDTH), np.int16)
                kept = (
                    np.arange(band.size)
                    if band.size < MANY
                    else np.sort(draw.choice(band.size, MANY, replace=False))
                )
                near = context.neighbours(known[c][b].values)
                features[:, : len(CAUSAL)] = np.stack([value.ravel() for value in near], 1)
                features[:, context.PRODUCT] = context.product(near).ravel()
                features[:, context.ROWS] = np.repeat(context.above(known[c][b].values), band.shape[1])
                for place, value in context.surroundings(known, c, b, band.shape):
                    features[:, place] = np.ravel(value)
                zone = context.zones(b, band.shape).ravel()
                features[np.arange(band.size), FEATURES + zone] = 1
                features[np.arange(band.size), FEATURES + ZONES + zone] = step
                exact = exact.ravel().astype(np.float32)
                place = 4 * c + context.kind(b)
                found.append((place, features[kept], band.ravel()[kept], exact[kept], _signs(known, c, b)))
    return found


def _signs(known: list[list[context.Known]], c: int, b: int) -> np.ndarray:
    """Of each coefficient that is not 0: the signs around it, at its place in the channels before, and its own."""
    signs = known[c][b].signs
    around = context.neighbours(signs)
    before = [known[c - 1 - n][b].signs if n < c else np.zeros_like(signs) for n in range(2)]
    return np.stack([part[signs != 0] for part in (*around, *before, signs)], 1).astype(np.int8)


def fitted_signs(rows: np.ndarray) -> list[int]:
    """Weights of the log-odds of a plus sign: Newton's method."""
    around, plus = rows[:, :-1].astype(np.float64), rows[:, -1] > 0
    weights = np.zeros(around.shape[1])
    for _ in range(10):
        chance = 1 / (1 + np.exp(-around @ weights))
        gradient = around.T @ (chance - plus) + 8 * weights
        curvature = (around * (chance * (1 - chance))[:, None]).T @ around + 8 * np.eye(len(weights))
        weights = weights - np.linalg.solve(curvature, gradient)
    found: list[int] = np.round(weights * 16384).astype(int).tolist()
    return found


def use(tables: Tables) -> None:
    """Let the codec work with these tables."""
    for module in list(sys.modules.values()):
        if getattr(module, "load_tables", None) is not None:
            module.load_tables = lambda: tables  # type: ignore[attr-defined]  # whichever modules import it


def fitted(features: np.ndarray, magnitudes: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Weights of the log-odds that a magnitude is larger than 0, 1 and 2, if it is at least that: Newton's method."""
    rng = np.random.default_rng(5)
    if len(magnitudes) > LIMIT:
        chosen = np.sort(rng.choice(len(magnitudes), LIMIT, replace=False))
        features, magnitudes = features[chosen], magnitudes[chosen]
    exact = features.astype(np.float64)
    scale = np.maximum(np.sqrt((exact**2).mean(0)), 0.05)
    exact /= scale
    size = exact.shape[1] + 2
    weights = np.concatenate([prior * scale, [-1.0, -1.5]])
    origin = weights.copy()
    for _ in range(12):
        gradient, curvature = (weights - origin) * 2.0, np.eye(size) * 2.0
        for j in range(3):
            rows = exact if j == 0 else exact[magnitudes >= j]
            above = (magnitudes > j) if j == 0 else (magnitudes > j)[magnitudes >= j]
            odds = rows @ weights[:-2] + (weights[size - 3 + j] if j else 0)
            chance = 1 / (1 + np.exp(-odds))
            slope, bend = chance - above, chance * (1 - chance)
            gradient[:-2] += slope @ rows
            curvature[:-2, :-2] += (rows * bend[:, None]).T @ rows
            if j:
                at = size - 3 + j
                gradient[at] += slope.sum()
                curvature[at, at] += bend.sum()
                curvature[at, :-2] += bend @ rows
                curvature[:-2, at] += bend @ rows
        move = np.linalg.solve(curvature, gradient)
        weights = weights - move * min(1, 3 / max(1e-9, np.abs(move).max()))
    found: np.ndarray = weights[:-2] / scale
    return found


def trained(rows: Rows, found: list[list[np.ndarray]]) -> Rows:
    """Better tables: weights, then the frequencies and points of reconstruction that follow from them."""
    before = make_tables(rows)
    counts = np.zeros((2 * CONTEXTS, SYMBOLS))
    beyond, seen = np.zeros((2 * CONTEXTS, 3)), np.zeros((2 * CONTEXTS, 3))
    weights, bits = [], 0.0
    parts = []
    for place, (features, magnitudes, exact, _) in enumerate(found):
        old = before.weights[place // 4, place % 4] / 16384
        new = fitted(features, magnitudes, old) if len(magnitudes) > 100 else old
        weights.append(np.round(np.clip(new * 16384, -400_000, 400_000)).astype(np.int64))
        where = np.clip((features.astype(np.int64) @ weights[-1] >> 12) + 32, 0, CONTEXTS - 1) + CONTEXTS * (
            place % 4 > 0
        )
        parts.append((where, magnitudes))
        np.add.at(counts, (where, np.minimum(magnitudes, SYMBOLS - 1)), 1)
        held = magnitudes > 0
        group = np.minimum(magnitudes[held], 3) - 1
        np.add.at(beyond, (where[held], group), exact[held] - magnitudes[held])
        np.add.at(seen, (where[held], group), 1)
    smooth = counts.reshape(2, CONTEXTS, SYMBOLS).copy()
    for _ in range(3):
        smooth[:, 1:] += smooth[:, :-1] / 2
        smooth[:, :-1] += smooth[:, 1:] / 2
    smooth = smooth.reshape(counts.shape) + 1e-3
    shares = counts + 30 * smooth / smooth.sum(1, keepdims=True)
    freqs = frequencies(shares)
    rates = 12 - np.log2(np.array(freqs))
    for where, magnitudes in parts:
        bits += rates[where, np.minimum(magnitudes, SYMBOLS - 1)].sum() + np.count_nonzero(magnitudes)
    print(f"    {bits / 8:,.0f} bytes", file=sys.stderr)
    mean = (beyond.sum(0) + 0.1) / (seen.sum(0) + 1)
    points = np.round(np.clip((beyond + 40 * mean) / (seen + 40), -0.5, 0.5) * 64).astype(int)
    return rows | {
        "weights": [w.tolist() for w in weights],
        "signs": [fitted_signs(part[-1]) for part in found],
        "frequencies": freqs,
        "points": points.tolist(),
    }


def gather(
    rows: Rows, photographs: list[Path], turn: int, pool: ProcessPoolExecutor
) -> list[list[np.ndarray]]:
    """All samples of a round, by channel and kind of band."""
    parts: list[list[tuple[np.ndarray, ...]]] = [[] for _ in range(12)]
    jobs = [(rows, path, 1000 * turn + n) for n, path in enumerate(photographs)]
    for result in pool.map(samples, jobs, chunksize=4):
        for place, *arrays in result:
            parts[place].append(tuple(arrays))
    empty = (
        np.zeros((0, WIDTH), np.int16),
        np.zeros(0, np.int64),
        np.zeros(0, np.float32),
        np.zeros((0, len(CAUSAL) + 3), np.int8),
    )
    return [[np.concatenate(column) for column in zip(empty, *part, strict=True)] for part in parts]


def _net_samples(job: tuple[Rows, Path, int]) -> list[Sample]:
    rows, path, seed = job
    use(make_tables(rows))
    return net_samples(path, seed)


def written(rows: Rows) -> str:
    """As JSON that people can read: a row a line."""
    parts = [
        f'"{name}": [\n' + ",\n".join(json.dumps(row, separators=(",", ":")) for row in value) + "\n]"
        for name, value in rows.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="photographs, of no benchmark")
    parser.add_argument("--limit", type=int, help="take only so many photographs")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--tables", type=Path, help="take these tables, and train the net only")
    parser.add_argument("--turns", type=int, default=TURNS, help="of the net's training")
    parser.add_argument("--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    suffixes = {".jpeg", ".jpg", ".png"}
    photographs = sorted(path for path in arguments.folder.iterdir() if path.suffix.lower() in suffixes)
    photographs = photographs[: arguments.limit]
    rows = json.loads(arguments.tables.read_text("utf-8")) if arguments.tables else first_tables()
    started = time.monotonic()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for turn in range(0 if arguments.tables else ROUNDS):
            found = gather(rows, photographs, turn, pool)
            print(
                f"round {turn}: {sum(len(f[1]) for f in found):,} coefficients, {time.monotonic() - started:.0f} s",
                file=sys.stderr,
            )
            rows = trained(rows, found)
            arguments.output.write_text(written(rows), "utf-8")
        jobs = [(rows, path, n) for n, path in enumerate(photographs)]
        washes = [sample for part in pool.map(_net_samples, jobs, chunksize=4) for sample in part]
    print(f"net: {len(washes)} washes, {time.monotonic() - started:.0f} s", file=sys.stderr)
    rows |= net_rows(train_net(washes, arguments.turns))
    arguments.output.write_text(written(rows), "utf-8")


if __name__ == "__main__":
    main()
