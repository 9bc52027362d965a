"""The wash, as a second decoder makes it: written from docs/format.md alone, plain and slow (see reference.py)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FILE = json.loads((Path(__file__).parents[3] / "codec" / "haac" / "_wash" / "tables.json").read_text("utf-8"))
Band = list[list[int]]
Pixels = np.ndarray
STEPS = [math.floor(32 * 2 ** (q / 8) + 0.5) for q in range(64)]
LOGARITHM = [math.floor(16 * math.log2(1 + m) + 0.5) for m in range(64)]


def grid(width: int, height: int, levels: int) -> tuple[int, int]:
    long, m = 8 << levels, max(width, height)
    return max(1, (2 * long * width + m) // (2 * m)), max(1, (2 * long * height + m) // (2 * m))


def bands_of(w: int, h: int, levels: int) -> list[tuple[int, int]]:
    """(rows, columns) of each."""
    found: list[tuple[int, int]] = []
    for _ in range(levels):
        found = [((h + 1) // 2, w // 2), (h // 2, (w + 1) // 2), (h // 2, w // 2), *found]
        w, h = (w + 1) // 2, (h + 1) // 2
    return [(h, w), *found]


def at(band: Band, row: int, column: int) -> int:
    return band[row][column] if 0 <= row < len(band) and 0 <= column < len(band[row]) else 0


def nearest(sums: Callable[[Band, int, int], int], band: Band, row: int, column: int) -> int:
    """With the last row or column for what lies beyond it."""
    if not band or not band[0]:
        return 0
    return sums(band, min(row, len(band) - 1), min(column, len(band[0]) - 1))


def around(band: Band, r: int, c: int) -> int:
    return at(band, r - 1, c) + at(band, r + 1, c) + at(band, r, c - 1) + at(band, r, c + 1)


def diagonal(band: Band, r: int, c: int) -> int:
    return sum(at(band, r + y, c + x) for y in (-1, 1) for x in (-1, 1))


def kind_of(b: int) -> int:
    return 0 if b == 0 else 1 + (b - 1) % 3


def depth_of(b: int) -> int:
    return 0 if b == 0 else 1 + (b - 1) // 3


def log_odds(g: list[list[Band]], c: int, b: int, row: int, column: int, above: int, q: int) -> int:
    """`g` of all that is decoded: by channel, band."""
    kind, depth, band = kind_of(b), depth_of(b), g[c][b]
    values = [0] * 38
    near = ((0, -1), (0, -2), (-1, 0), (-2, 0), (-1, -1), (-1, 1))
    values[:6] = [at(band, row + y, column + x) for y, x in near]
    values[6] = above
    if depth > 1:
        parent = g[c][b - 3]
        size = sum(map(len, parent))
        values[7] = nearest(at, parent, row // 2, column // 2)
        values[8] = nearest(around, parent, row // 2, column // 2)
        values[9] = 4 * sum(map(sum, parent)) // max(1, size)
    if kind > 1:
        hl = g[c][b - kind + 1]
        values[10:12] = [nearest(at, hl, row, column), nearest(around, hl, row, column)]
    if kind == 3:
        lh = g[c][b - 1]
        values[12:14] = [nearest(at, lh, row, column), nearest(around, lh, row, column)]
    if c in (1, 2):
        for n in range(c):
            other = g[c - 1 - n][b]
            values[14 + 3 * n : 17 + 3 * n] = [f(other, row, column) for f in (at, around, diagonal)]
    if depth > 1:
        others = [3 * depth - 5 + n for n in range(3) if 3 * depth - 5 + n != b - 3]
        values[20] = sum(nearest(at, g[c][other], row // 2, column // 2) for other in others)
    values[21] = values[0] * values[2] >> 4
    zone = min(7, row + column) if b == 0 else depth
    values[22 + zone], values[30 + zone] = 1, q
    return sum(w * v for w, v in zip(FILE["weights"][4 * (c % 3) + kind], values, strict=True))


def values(
    take: Any, width: int, height: int, limits: dict[str, int], require: Callable[..., None]
) -> dict[str, Any]:
    """The values of a wash out of the number; `take` as in reference.py."""
    levels = take.symbol("LEVELS")
    usual = (56, 53, 48, 40, 33, 24, 15)[levels]
    q = take.pick([1 + 255 // (1 + (s - usual) ** 2 // 8) for s in range(64)])
    channels = 3 + take.symbol("HAS_ALPHA")
    w, h = grid(width, height, levels)
    shapes = bands_of(w, h, levels)
    counts = [len(shapes) - take.symbol("LUMA_BANDS")]
    require(counts[0] >= 0, "bands")
    counts += [take.uniform(len(shapes) + 1) for _ in range(channels - 1)]
    total = sum(rows * columns for n in counts for rows, columns in shapes[:n])
    require(
        total <= limits["wash_coefficients"] and total * take.bits <= limits["wash_work"],
        "too many coefficients",
    )
    g: list[list[Band]] = []
    signs: list[list[Band]] = []
    found: list[list[Pixels]] = []
    for c, count in enumerate(counts):
        g.append([[[0] * columns for _ in range(rows)] for rows, columns in shapes])
        signs.append([[[0] * columns for _ in range(rows)] for rows, columns in shapes])
        found.append([np.zeros(shape, np.int64) for shape in shapes])
        for b in range(count):
            _band(take, g, signs, found[c][b], c, b, q, require)
        require(count == 0 or bool(found[c][count - 1].any()), "a last band of zeros")
    return {"size": (w, h), "levels": levels, "q": q, "bands": found, "g": g}


def contexts(g: list[list[Band]], c: int, b: int, q: int, row: int, column: int, above: int) -> int:
    found = min(47, max(0, (log_odds(g, c, b, row, column, above, q) >> 12) + 32))
    return found + (48 if b else 0)


def sign_table(signs: list[list[Band]], c: int, b: int, row: int, column: int) -> list[int]:
    near = ((0, -1), (0, -2), (-1, 0), (-2, 0), (-1, -1), (-1, 1))
    found = [at(signs[c][b], row + y, column + x) for y, x in near]
    found += [at(signs[c - 1 - n][b], row, column) if c < 3 and n < c else 0 for n in range(2)]
    odds = sum(w * s for w, s in zip(FILE["signs"][4 * (c % 3) + kind_of(b)], found, strict=True))
    share = FILE["sign shares"][0][min(24, max(0, (odds + 2048 >> 12) + 12))]
    return [share, 4096 - share]


def _band(
    take: Any,
    g: list[list[Band]],
    signs: list[list[Band]],
    band: Pixels,
    c: int,
    b: int,
    q: int,
    require: Callable[..., None],
) -> None:
    rows, columns = band.shape
    for row in range(rows):
        above = 4 * sum(map(sum, g[c][b][:row])) // (row * columns + 8)
        for column in range(columns):
            k = contexts(g, c, b, q, row, column, above)
            magnitude = take.spread(FILE["frequencies"][k])
            if magnitude == 15:
                magnitude = 14 + take.number("ESCAPE")
                require(magnitude <= 4095, "coefficient")
            if magnitude:
                g[c][b][row][column] = LOGARITHM[min(magnitude, 63)]
                # The sample is made here, where the context is known: 64ths of a level.
                kind, depth = kind_of(b), depth_of(b)
                amplitude = STEPS[q] * (242, 394, 394, 624)[kind] << max(0, depth - 1)
                sign = signs[c][b][row][column] = (
                    -1 if take.spread(sign_table(signs, c, b, row, column)) else 1
                )
                size = 64 * magnitude + FILE["points"][k][min(magnitude, 3) - 1]
                band[row, column] = sign * size * amplitude + 8192 >> 14
                if not band[row, column]:
                    raise AssertionError("a coefficient that is nothing")


def cosines(n: int) -> Pixels:
    return np.array(
        [
            [
                math.floor(
                    16384 * math.cos(math.pi * (2 * i + 1) * k / (2 * n)) * math.sqrt((2 if k else 1) / n)
                    + 0.5
                )
                for i in range(n)
            ]
            for k in range(n)
        ],
        np.int64,
    )


def joined(low: Pixels, high: Pixels) -> Pixels:
    """Along the first axis."""
    if not len(high):
        return low
    line = np.zeros((len(low) + len(high), *low.shape[1:]), np.int64)
    line[0::2], line[1::2] = (low * 20155 + 8192) >> 14, high
    n = len(line)
    for parity, weight in ((0, 7266), (1, 14466), (0, -868), (1, -25987)):
        before = line.copy()
        for i in range(parity, n, 2):
            left, right = (i - 1 if i else i + 1), (i + 1 if i + 1 < n else i - 1)
            line[i] -= ((before[left] + before[right]) * weight + 8192) >> 14
    return line


def samples(wash: dict[str, Any]) -> list[Pixels]:
    """Of each channel, 64ths of a level."""
    planes = []
    for bands in wash["bands"]:
        rows, columns = bands[0].shape
        picture = (cosines(rows).T @ bands[0] @ cosines(columns) + (1 << 27)) >> 28
        for level in range(wash["levels"]):
            hl, lh, hh = bands[1 + 3 * level : 4 + 3 * level]
            top, bottom = joined(picture.T, hl.T).T, joined(lh.T, hh.T).T
            picture = joined(top, bottom)
        planes.append(picture)
    return planes


def convolved(picture: Pixels, name: str, apart: int) -> Pixels:
    """(rows, columns, channels) to (rows, columns, outputs)."""
    *weights, biases = FILE[name]
    kernel = np.array(weights, np.int64).reshape(3, 3, picture.shape[2], len(biases))
    rows, columns = picture.shape[:2]
    total: np.ndarray = np.zeros((rows, columns, len(biases)), np.int64) + np.array(biases)
    for r in range(3):
        for s in range(3):
            y = np.clip(np.arange(rows) + (r - 1) * apart, 0, rows - 1)
            x = np.clip(np.arange(columns) + (s - 1) * apart, 0, columns - 1)
            total += picture[y][:, x] @ kernel[r, s]
    return total


def picture(
    wash: dict[str, Any], width: int, height: int, resize: Callable[[Pixels, int, int], Pixels]
) -> tuple[Pixels, Pixels | None]:
    """Colours (straight), and alpha if there is one."""
    planes = samples(wash)
    f = STEPS[wash["q"]] * 394 * 2 ** wash["levels"] >> 9
    v = np.clip((64 * np.stack(planes[:3], axis=2)) // f, -32768, 32767)
    alone = np.concatenate([convolved(v[..., c : c + 1], "net 0", 1) for c in range(3)], axis=2)
    hidden = v
    for name, apart in (("net 1", 1), ("net 2", 2)):
        hidden = np.clip((convolved(hidden, name, apart) + 64) >> 7, 0, 32767)
    cells = ((convolved(hidden, "net 3", 1) + alone) * f + 4096) >> 13
    rows, columns = cells.shape[:2]
    drawn = np.zeros((2 * rows, 2 * columns, 3), np.int64)
    for c in range(3):
        for n in range(4):
            drawn[n // 2 :: 2, n % 2 :: 2, c] = cells[..., 4 * c + n]
    matrix = np.array([[9459, 11585, 6689], [9459, 0, -13377], [9459, -11585, 6689]])
    levels = np.clip((drawn @ matrix.T + 2**27 + 2**19) >> 20, 0, 255)
    colours = resize(resize(levels, width, 1), height, 0)
    if len(planes) == 3:
        return colours, None
    alpha = np.clip((planes[3] + 8224) >> 6, 0, 255)[..., None]
    return colours, resize(resize(alpha, width, 1), height, 0)
