"""PNG and APNG files of every colour type, depth, interlacing, transparency, profile and kind of damage beside the pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scripts.check.readers.case import HEIGHT, WIDTH, Case, Samples, as_grey, base, grey_of, turned
from scripts.check.readers.metadata import exif, srgb, to_srgb, xmp
from scripts.lib.profiles import grey_profile, rgb_profile

Chunks = tuple[tuple[bytes, bytes], ...]
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_TYPES = [(0, d) for d in (1, 2, 4, 8, 16)] + [(2, 8), (2, 16)] + [(3, d) for d in (1, 2, 4, 8)]
_TYPES += [(4, 8), (4, 16), (6, 8), (6, 16)]
_NAMES = {0: "grey", 2: "rgb", 3: "palette", 4: "grey-alpha", 6: "rgba"}


def chunk(kind: bytes, data: bytes, *, wrong: bool = False) -> bytes:
    """A chunk, perhaps with a wrong checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) ^ wrong)


def rows_of(samples: npt.NDArray[np.int64], depth: int) -> bytes:
    """Filtered rows (some by Sub, some not) of samples (height, width, channels)."""
    made = []
    for number, row in enumerate(samples):
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        elif depth == 8:
            packed = row.astype(np.uint8).tobytes()
        else:
            bits = (row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1
            packed = np.packbits(bits.reshape(-1).astype(np.uint8)).tobytes()
        step = max(1, row.shape[-1] * depth // 8)
        if number % 2 and depth >= 8:
            line = np.frombuffer(packed, np.uint8)
            before = np.concatenate([np.zeros(step, np.uint8), line[:-step]])
            made.append(b"\1" + (line - before).tobytes())
        else:
            made.append(b"\0" + packed)
    return b"".join(made)


def png(
    samples: npt.NDArray[np.int64],
    colour: int,
    depth: int,
    before: Chunks = (),
    *,
    adam7: bool = False,
    end: bytes | None = None,
) -> bytes:
    """A PNG of samples (height, width, channels); `before` its pixels stand these chunks."""
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(adam7))
    if adam7:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in _PASSES]
        rows = b"".join(rows_of(part, depth) for part in parts if part.size)
    else:
        rows = rows_of(samples, depth)
    middle = b"".join(chunk(*each) for each in before)
    last = chunk(b"IEND", b"") if end is None else end
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + middle + chunk(b"IDAT", zlib.compress(rows)) + last


def palette(entries: int) -> npt.NDArray[np.uint8]:
    """Colours (entries, 3)."""
    return np.random.default_rng(entries).integers(0, 256, (entries, 3), dtype=np.uint8)


def plain(colour: int, depth: int) -> tuple[npt.NDArray[np.int64], Samples, Chunks]:
    """Samples of a type, what they look like, and the chunks that they need."""
    levels = 1 << depth
    if colour in (0, 3):
        values = grey_of(levels)
        if colour == 0:
            return values[..., None], as_grey(values, levels), ()
        colours = palette(levels)
        truth = np.dstack([colours[values], np.full((HEIGHT, WIDTH, 1), 255, np.uint8)])
        return values[..., None], truth, ((b"PLTE", colours.tobytes()),)
    picture = base().astype(np.int64)
    picture[..., 3] = grey_of(256)
    if colour == 4:
        picture = picture[..., (0, 3)]
    elif colour == 2:
        picture = picture[..., :3]
    samples = picture * 257 if depth == 16 else picture
    return samples, seen(picture, colour), ()


def seen(picture: npt.NDArray[np.int64], colour: int) -> Samples:
    """8-bit samples as RGBA."""
    if colour == 2:
        return np.dstack([picture, np.full((HEIGHT, WIDTH), 255)]).astype(np.uint8)
    if colour == 4:
        return picture[..., (0, 0, 0, 1)].astype(np.uint8)
    return picture.astype(np.uint8)


def cases() -> Iterator[Case]:
    """All of them."""
    for colour, depth in _TYPES:
        kind = f"{_NAMES[colour]}{depth}"
        samples, truth, needed = plain(colour, depth)
        tags = {kind, f"depth{depth}"}
        for adam7 in (False, True):
            name = f"{kind}{'-adam7' if adam7 else ''}"
            yield Case(name, "PNG", png(samples, colour, depth, needed, adam7=adam7), truth, frozenset(tags))
            yield from _transparent(name, colour, depth, adam7, tags)
        yield from _profiles(kind, colour, depth, tags)
        if depth == 8:
            yield from _oriented(kind, colour, tags)
    yield from _beside()
    yield from _damaged()


def _transparent(name: str, colour: int, depth: int, adam7: bool, tags: set[str]) -> Iterator[Case]:
    samples, truth, needed = plain(colour, depth)
    tags = tags | {"tRNS"}
    if colour == 0:
        for clear in {1 << depth - 1, (1 << depth) - 1}:
            alpha = np.where(samples[..., 0] == clear, 0, 255)
            data = png(samples, 0, depth, ((b"tRNS", struct.pack(">H", clear)),), adam7=adam7)
            yield Case(f"{name}-tRNS{clear}", "PNG", data, _with_alpha(truth, alpha), frozenset(tags))
    elif colour == 2:
        clear = samples[3, 3]
        alpha = np.where((samples == clear).all(axis=2), 0, 255)
        data = png(samples, 2, depth, ((b"tRNS", struct.pack(">3H", *clear)),), adam7=adam7)
        yield Case(f"{name}-tRNS", "PNG", data, _with_alpha(truth, alpha), frozenset(tags))
    elif colour == 3:
        for count in {1, 1 << depth}:
            table = np.full(1 << depth, 255)
            table[:count] = np.arange(count) * 200 // max(count, 2)
            data = png(samples, 3, depth, (*needed, (b"tRNS", bytes(table[:count].tolist()))), adam7=adam7)
            yield Case(
                f"{name}-tRNS{count}",
                "PNG",
                data,
                _with_alpha(truth, table[samples[..., 0]]),
                frozenset(tags),
            )


def _with_alpha(truth: Samples, alpha: npt.NDArray[np.int64]) -> Samples:
    return np.dstack([truth[..., :3], alpha]).astype(np.uint8)


def _profiles(kind: str, colour: int, depth: int, tags: set[str]) -> Iterator[Case]:
    samples, truth, needed = plain(colour, depth)
    grey = colour in (0, 4)
    linear = to_srgb(truth)
    for label, profile, expected in (
        ("srgb", srgb(), truth),
        ("linear", grey_profile(1.0) if grey else rgb_profile(1.0), linear),
        ("broken-profile", b"not a profile at all, but long enough to be taken for one" * 4, truth),
        ("foreign-profile", rgb_profile(1.0) if grey else grey_profile(1.0), truth),
    ):
        packed = (b"iCCP", b"p\0\0" + zlib.compress(profile))
        exact = label != "linear"
        if grey and label == "foreign-profile":
            expected, exact = linear, False  # a grey is a colour, of which an RGB profile can speak
        yield Case(
            f"{kind}-{label}",
            "PNG",
            png(samples, colour, depth, (packed, *needed)),
            expected,
            frozenset(tags | {label}),
            1.0 if exact else 12.0,
        )


def _oriented(kind: str, colour: int, tags: set[str]) -> Iterator[Case]:
    samples, truth, needed = plain(colour, 8)
    for orientation in range(1, 9):
        stored = turned(samples, orientation)
        data = png(stored, colour, 8, ((b"eXIf", exif(orientation)), *needed))
        yield Case(
            f"{kind}-exif{orientation}", "PNG", data, truth, frozenset(tags | {"exif", f"exif{orientation}"})
        )


def _beside() -> Iterator[Case]:
    """Chunks that must not change the picture."""
    samples, truth, _ = plain(2, 8)
    text = b"k\0\0" + zlib.compress(b"a" * (2**20 + 10))
    for label, extra in {
        "gAMA": (b"gAMA", struct.pack(">I", 100_000)),
        "cHRM": (b"cHRM", struct.pack(">8I", 31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)),
        "sRGB": (b"sRGB", b"\0"),
        "bKGD": (b"bKGD", struct.pack(">3H", 255, 0, 0)),
        "sBIT": (b"sBIT", bytes((5, 6, 5))),
        "pHYs": (b"pHYs", struct.pack(">IIB", 1, 2, 1)),
        "unknown": (b"quUx", b"whatever"),
        "large-text": (b"zTXt", text),
        "xmp6": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6)),
        "raw-profile6": (
            b"tEXt",
            b"Raw profile type exif\0\nexif\n%8d\n" % len(exif(6)) + exif(6).hex().encode(),
        ),
        "large-profile": (b"iCCP", b"p\0\0" + zlib.compress(srgb() + bytes(2**20 + 5))),
    }.items():
        yield Case(f"rgb8-{label}", "PNG", png(samples, 2, 8, (extra,)), truth, frozenset({"rgb8", label}))


def _damaged() -> Iterator[Case]:
    samples, truth, _ = plain(2, 8)
    whole = png(samples, 2, 8)
    before, pixels = whole[:33], whole[33:]
    damaged = {
        b"tEXt": b"k\0text",
        b"gAMA": struct.pack(">I", 45_455),
        b"pHYs": bytes(9),
        b"tIME": bytes(7),
        b"iCCP": b"p\0\0" + zlib.compress(srgb()),
        b"bKGD": bytes(6),
        b"eXIf": exif(1),
        b"quUx": b"x",
    }
    for kind, data in damaged.items():
        bad = chunk(kind, data, wrong=True)
        tags = frozenset({"rgb8", "wrong-checksum"})
        yield Case(f"rgb8-wrong-{kind.decode()}", "PNG", before + bad + pixels, truth, tags)
    yield Case(
        "rgb8-wrong-after",
        "PNG",
        whole[:-12] + chunk(b"tEXt", b"k\0t", wrong=True) + whole[-12:],
        truth,
        frozenset({"rgb8", "wrong-checksum"}),
    )
    yield Case("rgb8-no-end", "PNG", whole[:-12], truth, frozenset({"rgb8", "no-end"}))
    yield Case("rgb8-more-behind", "PNG", whole + b"junk" * 30, truth, frozenset({"rgb8"}))
    for case in _animations():
        yield replace(case, tags=case.tags | {"animation"})


def _animations() -> Iterator[Case]:
    """First frames of APNGs."""
    samples, truth, _ = plain(6, 8)
    whole = png(samples, 6, 8)
    control = struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0)
    second = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 10, 8, 2, 2, 1, 10, 0, 1))
    second += chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(rows_of(samples[:8, :10], 8)))
    head = whole[:33] + chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", control)
    yield Case("rgba8-apng", "PNG", head + whole[33:-12] + second + whole[-12:], truth, frozenset({"rgba8"}))
    placed = np.zeros_like(truth)
    placed[2:10, 2:12] = truth[:8, :10]
    only = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 10, 8, 2, 2, 1, 10, 0, 1))
    only += chunk(b"fdAT", struct.pack(">I", 1) + zlib.compress(rows_of(samples[:8, :10], 8)))
    data = whole[:33] + chunk(b"acTL", struct.pack(">II", 1, 0)) + whole[33:-12] + only + whole[-12:]
    yield Case("rgba8-apng-default-image", "PNG", data, placed, frozenset({"rgba8", "default-image"}))
