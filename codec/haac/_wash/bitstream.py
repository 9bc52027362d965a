"""Wash bitstream: entropy coding of the coefficients, both ways, as symbols of the recipe's number (docs/format.md, "Wash")."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haac._rans import Coded, Coder, Decoder, Encoder, Table, Uniform
from haac._wash.contexts import (
    LOGARITHM,
    PRODUCT,
    ROWS,
    Known,
    before_band,
    context,
    in_band,
    kind,
    sign_before_band,
    sign_in_band,
    sign_share,
    weights_of,
)
from haac._wash.slots import magnitude_slots, sign_slots
from haac._wash.tables import CAUSAL, CONTEXTS, SYMBOLS, Ints, Tables, load_tables
from haac._wash_value import COEFFICIENT, STEPS, Wash, band_shapes, check_size, cut, grid
from haac_repo import RecipeError

_LEVELS = Table(2, 8, 10, 12, 12, 8, 4)
_USUAL_STEP = (56, 53, 48, 40, 33, 24, 15)
"""For each number of levels."""
_HAS_ALPHA = Table(31, 1)
_LUMA_BANDS = Table(16, 16, 12, 8, *(1 for _ in range(16)))
"""How many bands luma has less than there are."""
_ESCAPE = Table(0, *(2048 >> n for n in range(12)))
"""Length in bits of a large magnitude less 14."""
_TOTAL_BITS = 12
_CHANNELS = ("wash luma", "wash colour 1", "wash colour 2", "wash alpha")
_MARGIN = 2
"""Columns and rows of zeros around a band while it is decoded: so far its neighbours reach."""


def code_wash(io: Coder, width: int, height: int, given: Wash | None) -> Wash:
    """Code the wash of a canvas in either direction; while decoding the last argument is not looked at.

    Raises:
        RecipeError: damaged, or outside the limits.
    """
    levels = io.pick("wash levels", _LEVELS, lambda: given.levels if given else 0)
    step = io.pick("wash step", _step_table(levels), lambda: given.step if given else 0)
    alpha = io.pick("wash alpha?", _HAS_ALPHA, lambda: len(given.channels) - 3 if given else 0)
    width, height = grid(width, height, levels)
    shapes = band_shapes(width, height)
    sizes = [rows * columns for rows, columns in shapes]
    count = len(shapes)
    wanted = [cut(sizes, channel) for channel in given.channels] if given else [0] * 4
    cuts = [count - io.pick("wash luma bands", _LUMA_BANDS, lambda: count - wanted[0])]
    if cuts[0] < 0:
        raise RecipeError("the recipe is damaged: its wash has fewer bands than none")
    for n in range(1, 3 + alpha):
        cuts.append(io.pick("wash bands", Uniform(count + 1), lambda n=n: wanted[n]))  # type: ignore[misc]
    check_size(sizes, tuple(cuts), io.bits if isinstance(io, Decoder) else 0)
    if isinstance(io, Encoder):
        assert given is not None
        _encode(io, given)
        return given
    assert isinstance(io, Decoder)
    return Wash(width, height, step, _decode(io, step, shapes, cuts))


@functools.cache
def _step_table(levels: int) -> Table:
    """Distribution of the quantiser step: those near the usual one are likely."""
    usual = _USUAL_STEP[levels]
    return Table(*(1 + 255 // (1 + (step - usual) ** 2 // 8) for step in range(STEPS)))


def unpack(channel: bytes, shapes: list[tuple[int, int]]) -> list[Ints]:
    """Split a channel into its bands; those that are missing are zeros."""
    flat = np.frombuffer(channel, "<i2").astype(np.int64)
    bands, at = [], 0
    for shape in shapes:
        size = shape[0] * shape[1]
        bands.append(flat[at : at + size].reshape(shape) if at < flat.size else np.zeros(shape, np.int64))
        at += size
    return bands


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Coefficients of a wash with their contexts, by channel, then by band."""

    bands: list[list[Ints]]
    known: list[list[Known]]
    contexts: list[list[Ints]]
    """Only of the bands that are coded."""


@functools.lru_cache(maxsize=4)
def taken_apart(wash: Wash) -> Parts:
    """Compute bands and contexts of a wash; cached, as it is checked after it was read, and then drawn."""
    tables = load_tables()
    shapes = band_shapes(wash.width, wash.height)
    sizes = [rows * columns for rows, columns in shapes]
    channels = [unpack(channel, shapes) for channel in wash.channels]
    known = [[Known(band) for band in bands] for bands in channels]

    def where(c: int, b: int) -> Ints:
        odds = before_band(tables, known, c, b, shapes[b], wash.step)
        return context(odds + in_band(tables, known[c][b].values, c, b), b)

    found = [[where(c, b) for b in range(cut(sizes, channel))] for c, channel in enumerate(wash.channels)]
    return Parts(channels, known, found)


def _encode(io: Encoder, wash: Wash) -> None:
    tables, parts = load_tables(), taken_apart(wash)
    total = 1 << _TOTAL_BITS
    for c, rows in enumerate(parts.contexts):
        bits = 0.0
        for b, found in enumerate(rows):
            values = parts.bands[c][b].ravel()
            symbols = np.minimum(np.abs(values), SYMBOLS - 1)
            shares = tables.frequencies[found.ravel(), symbols]
            pluses = sign_shares(tables, parts.known, c, b).ravel()
            bits += sign_bits(pluses, values) + float((_TOTAL_BITS - np.log2(shares)).sum())
            for value, symbol, where, plus in zip(
                values.tolist(), symbols.tolist(), found.ravel().tolist(), pluses.tolist(), strict=True
            ):
                io.steps.append((magnitude_slots(where).owned[symbol], total))
                if value:
                    if symbol == SYMBOLS - 1:
                        bits += _code_large(io, abs(value))
                    io.steps.append((sign_slots(plus).owned[value < 0], total))
        io.trace.append(Coded(io.part, _CHANNELS[c], len(rows), bits))


def sign_shares(tables: Tables, known: list[list[Known]], channel: int, band: int) -> Ints:
    """Probability of a plus sign at each place of a band, of 4096."""
    before = sign_before_band(tables, known, channel, band)
    return sign_share(tables, before + sign_in_band(tables, known[channel][band].signs, channel, band))


def sign_bits(pluses: Ints, values: Ints) -> float:
    """Bits of the signs."""
    held = values != 0
    return float((_TOTAL_BITS - np.log2(np.where(values > 0, pluses, 4096 - pluses)[held])).sum())


def _code_large(io: Coder, magnitude: int) -> float:
    """Code a magnitude from 15 on (escape); returns its bits."""
    io.number("", _ESCAPE, lambda: magnitude - SYMBOLS + 2)
    return io.trace.pop().bits


def _decode(io: Decoder, step: int, shapes: list[tuple[int, int]], cuts: list[int]) -> tuple[bytes, ...]:
    tables = load_tables()
    known: list[list[Known]] = []
    channels = []
    for c, count in enumerate(cuts):
        before = io.state.bit_length()
        known.append([])
        parts = []
        for b, shape in enumerate(shapes):
            if b >= count:
                known[c].append(Known(np.zeros(shape, np.int64)))
                continue
            start = before_band(tables, known, c, b, shape, step)
            if not io.state and not _ends_in_others()[context(start, b)].any():
                values = np.zeros(shape, np.int64)  # each is 0, and so are the neighbours of the next one
            else:
                tilt = np.broadcast_to(sign_before_band(tables, known, c, b), shape)
                sign_weights = tables.signs[c % 3, kind(b)].tolist()
                values = _decode_band(
                    io, start, tilt, weights_of(tables, c, b).tolist(), sign_weights, CONTEXTS if b else 0
                )
            known[c].append(Known(values))
            parts.append(values.astype("<i2").tobytes())
        io.trace.append(Coded(io.part, _CHANNELS[c], count, before - io.state.bit_length()))
        channels.append(b"".join(parts))
    return tuple(channels)


@functools.cache
def _ends_in_others() -> npt.NDArray[np.bool_]:
    """Of each context, whether a number that is used up, 0, goes on to give another magnitude than 0."""
    return np.array([magnitude_slots(context).symbols[0] != 0 for context in range(2 * CONTEXTS)])


def _decode_band(
    io: Decoder, start: Ints, tilt: Ints, weights: list[int], sign_weights: list[int], first: int
) -> Ints:
    """Decode one band: the inner loop of decoding a wash, one turn a coefficient."""
    height, width = start.shape
    magnitudes: dict[int, tuple[bytes, Sequence[int], list[int]]] = {}
    west, west2, north, north2, northwest, northeast, rows = weights[: ROWS + 1]
    both = weights[PRODUCT]
    sign_shares = load_tables().sign_shares.tolist()
    stride = width + 2 * _MARGIN
    logs = [0] * (stride * (height + _MARGIN))
    signs = logs[:]
    around = list(zip(sign_weights, (dy * stride + dx for dy, dx in CAUSAL), strict=False))
    values = np.zeros(height * width, np.int64)
    table = LOGARITHM.tolist()
    total_slots = 1 << _TOTAL_BITS
    top, mask = CONTEXTS - 1, total_slots - 1
    state = io.state
    total = 0
    for y in range(height):
        at = (y + _MARGIN) * stride + _MARGIN
        above_here = rows * (4 * total // (y * width + 8))
        for x, odds in enumerate((start[y] + above_here).tolist()):
            odds += (
                west * logs[at - 1]
                + west2 * logs[at - 2]
                + north * logs[at - stride]
                + north2 * logs[at - 2 * stride]
                + northwest * logs[at - stride - 1]
                + northeast * logs[at - stride + 1]
                + both * (logs[at - 1] * logs[at - stride] >> 4)
            )
            found = (odds >> 12) + 32
            found = first + (0 if found < 0 else top if found > top else found)
            if found not in magnitudes:
                slots = magnitude_slots(found)
                magnitudes[found] = slots.symbols, slots.ranks, slots.frequencies
            symbols, ranks, shares = magnitudes[found]
            slot = state & mask
            symbol = symbols[slot]
            state = (state >> _TOTAL_BITS) * shares[symbol] + ranks[slot]
            if symbol:
                magnitude = symbol
                if symbol == SYMBOLS - 1:
                    io.state = state
                    magnitude = io.number("", _ESCAPE, lambda: 0) + SYMBOLS - 2
                    io.trace.pop()
                    state = io.state
                    if magnitude > COEFFICIENT:
                        raise RecipeError(
                            f"the recipe is damaged: its wash has a coefficient above {COEFFICIENT}"
                        )
                logs[at] = table[min(magnitude, 63)]
                odds = int(tilt[y, x]) + sum(weight * signs[at + away] for weight, away in around)
                odds = (odds + 2048 >> 12) + 12
                plus = sign_shares[0 if odds < 0 else 24 if odds > 24 else odds]
                given = sign_slots(plus)
                slot = state & mask
                minus = given.symbols[slot]
                state = (state >> _TOTAL_BITS) * given.frequencies[minus] + given.ranks[slot]
                signs[at] = -1 if minus else 1
                values[y * width + x] = signs[at] * magnitude
            at += 1
        total += sum(logs[at - width : at])
    io.state = state
    return values.reshape(height, width)
