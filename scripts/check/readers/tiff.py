"""TIFF files of every sample, photometric kind, compression, layout and alpha, by tifffile."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import tifffile

from scripts.check.readers.case import HEIGHT, WIDTH, Case, Samples, as_grey, base, grey_of, turned
from scripts.check.readers.metadata import to_srgb, xmp
from scripts.check.readers.png import palette
from scripts.lib.profiles import grey_profile, rgb_profile

_ORDERS = (("II", "<"), ("MM", ">"))
_COMPRESSIONS = (None, "lzw", "zlib", "packbits")


def tiff(samples: Any, **options: Any) -> bytes:
    """A TIFF of an array."""
    file = io.BytesIO()
    options.setdefault("metadata", None)
    tifffile.imwrite(file, samples, **options)
    return file.getvalue()


def cases() -> Iterator[Case]:
    """All of them."""
    for order, mark in _ORDERS:
        for photometric in ("minisblack", "miniswhite"):
            for compression in _COMPRESSIONS:
                yield from _greys(order, mark, photometric, compression)
        yield from _colours(order, mark)
        yield from _alphas(order, mark)
        yield from _layouts(order, mark)
    yield from _others()


def _greys(order: str, mark: str, photometric: str, compression: str | None) -> Iterator[Case]:
    white = photometric == "miniswhite"

    def case(kind: str, samples: Any, truth: Samples, **options: Any) -> Case:
        if white:
            truth = np.dstack([255 - truth[..., :3], truth[..., 3]])
        data = tiff(samples, byteorder=mark, photometric=photometric, compression=compression, **options)
        tags = {kind, order, photometric, str(compression)}
        return Case(f"{kind}-{photometric}-{compression}-{order}", "TIFF", data, truth, frozenset(tags))

    bits = grey_of(2)
    yield case("grey1", bits.astype(bool), as_grey(bits, 2))
    eight = grey_of(256)
    yield case("grey8", eight.astype(np.uint8), as_grey(eight, 256))
    deep = eight * 257
    yield case("grey16", deep.astype(np.uint16), as_grey(eight, 256))
    yield case("float32", (eight / 255).astype(np.float32), as_grey(eight, 256))
    yield case("grey32", (deep * 65_537).astype(np.uint32), as_grey(eight, 256))
    yield case("int16", (deep - 32_768).astype(np.int16), as_grey(eight, 256))
    yield case("int32", (deep * 65_537 - 2**31).astype(np.int32), as_grey(eight, 256))


def _colours(order: str, mark: str) -> Iterator[Case]:
    picture = base()
    for depth, samples in ((8, picture[..., :3]), (16, picture[..., :3].astype(np.uint16) * 257)):
        for compression in _COMPRESSIONS:
            for planar in ("contig", "separate"):
                stored = samples if planar == "contig" else np.moveaxis(samples, 2, 0)
                data = tiff(
                    stored, byteorder=mark, photometric="rgb", planarconfig=planar, compression=compression
                )
                tags = frozenset({f"rgb{depth}", order, planar, str(compression)})
                yield Case(f"rgb{depth}-{planar}-{compression}-{order}", "TIFF", data, picture, tags)
    values = grey_of(256)
    colours = palette(256)
    table = np.moveaxis(colours.astype(np.uint16) * 257, 1, 0)
    truth = np.dstack([colours[values], np.full((HEIGHT, WIDTH, 1), 255, np.uint8)])
    for compression in _COMPRESSIONS:
        data = tiff(
            values.astype(np.uint8),
            byteorder=mark,
            photometric="palette",
            colormap=table,
            compression=compression,
        )
        yield Case(
            f"palette8-{compression}-{order}",
            "TIFF",
            data,
            truth,
            frozenset({"palette8", order, str(compression)}),
        )
    data = tiff((picture[..., :3] / 255).astype(np.float32), byteorder=mark, photometric="rgb")
    yield Case(f"rgb-float32-{order}", "TIFF", data, picture, frozenset({"rgb-float32", order}))


def _alphas(order: str, mark: str) -> Iterator[Case]:
    picture = base()
    picture[..., 3] = grey_of(256)
    alpha = picture[..., 3:].astype(np.float64) / 255
    multiplied = np.dstack([np.rint(picture[..., :3] * alpha), picture[..., 3]])
    for extra in ("unassalpha", "assocalpha", "unspecified"):
        stored = multiplied if extra == "assocalpha" else picture
        truth = (
            picture
            if extra != "unspecified"
            else np.dstack([picture[..., :3], np.full((HEIGHT, WIDTH), 255, np.uint8)])
        )
        for depth, samples in ((8, stored.astype(np.uint8)), (16, np.rint(stored).astype(np.uint16) * 257)):
            for compression in (None, "zlib"):
                data = tiff(
                    samples, byteorder=mark, photometric="rgb", extrasamples=(extra,), compression=compression
                )
                tags = frozenset({f"rgba{depth}", order, extra, str(compression)})
                yield Case(f"rgba{depth}-{extra}-{compression}-{order}", "TIFF", data, truth, tags)
    grey = picture[..., (0, 3)]
    for depth, samples in ((8, grey), (16, grey.astype(np.uint16) * 257)):
        data = tiff(
            samples,
            byteorder=mark,
            photometric="minisblack",
            extrasamples=("unassalpha",),
            planarconfig="contig",
        )
        yield Case(
            f"grey-alpha{depth}-{order}",
            "TIFF",
            data,
            picture[..., (0, 0, 0, 3)],
            frozenset({f"grey-alpha{depth}", order}),
        )


def _layouts(order: str, mark: str) -> Iterator[Case]:
    picture = base()
    rgb = picture[..., :3]
    layouts: dict[str, dict[str, Any]] = {
        "tiled": {"tile": (32, 32)}, "tiled-lzw": {"tile": (32, 32), "compression": "lzw"}, "strips": {"rowsperstrip": 3},
        "predictor": {"compression": "zlib", "predictor": True}, "predictor-lzw": {"compression": "lzw", "predictor": True},
        "big": {"bigtiff": True}, "jpeg": {"compression": "jpeg", "compressionargs": {"level": 95}}, "zstd": {"compression": "zstd"},
        "lzma": {"compression": "lzma"}, "webp": {"compression": "webp"},
    }  # fmt: skip
    for label, options in layouts.items():
        lossy = label == "jpeg"
        data = tiff(rgb, byteorder=mark, photometric="rgb", **options)
        yield Case(
            f"rgb8-{label}-{order}",
            "TIFF",
            data,
            picture,
            frozenset({"rgb8", order, label}),
            8.0 if lossy else 1.0,
            lossy,
        )
    deep = rgb.astype(np.uint16) * 257
    data = tiff(deep, byteorder=mark, photometric="rgb", compression="zlib", predictor=True)
    yield Case(f"rgb16-predictor-{order}", "TIFF", data, picture, frozenset({"rgb16", order, "predictor"}))
    for orientation in range(1, 9):
        data = tiff(
            turned(rgb, orientation),
            byteorder=mark,
            photometric="rgb",
            extratags=[(274, 3, 1, orientation, True)],
        )
        yield Case(
            f"rgb8-orientation{orientation}-{order}",
            "TIFF",
            data,
            picture,
            frozenset({"rgb8", order, "exif", f"exif{orientation}"}),
        )


def _others() -> Iterator[Case]:
    picture, eight = base(), grey_of(256)
    rgb = picture[..., :3]
    data = tiff(rgb, photometric="rgb", iccprofile=rgb_profile(1.0))
    yield Case("rgb8-linear", "TIFF", data, to_srgb(picture), frozenset({"rgb8", "linear"}), 3.0)
    data = tiff(eight.astype(np.uint8), photometric="minisblack", iccprofile=grey_profile(1.0))
    yield Case(
        "grey8-linear", "TIFF", data, to_srgb(as_grey(eight, 256)), frozenset({"grey8", "linear"}), 12.0
    )
    data = tiff(rgb, photometric="rgb", extratags=[(700, 1, None, xmp(6), True)])
    yield Case("rgb8-xmp6", "TIFF", data, picture, frozenset({"rgb8", "xmp6"}))
    ink = np.dstack([255 - rgb, np.zeros((HEIGHT, WIDTH), np.uint8)])
    yield Case("cmyk8", "TIFF", tiff(ink, photometric="separated"), picture, frozenset({"cmyk"}), 2.0)
    pages = np.stack([rgb, 255 - rgb])
    yield Case("rgb8-pages", "TIFF", tiff(pages, photometric="rgb"), picture, frozenset({"rgb8", "pages"}))
    for name, dtype in (("float64", np.float64), ("float16", np.float16)):
        data = tiff((eight / 255).astype(dtype), photometric="minisblack")
        yield Case(name, "TIFF", data, as_grey(eight, 256), frozenset({name}))
    yield Case(
        "int8",
        "TIFF",
        tiff((eight - 128).astype(np.int8), photometric="minisblack"),
        as_grey(eight, 256),
        frozenset({"int8"}),
    )
    for name, low, high in (
        ("float255", 0.0, 255.0),
        ("float65535", 0.0, 65_535.0),
        ("float-signed", -1.0, 1.0),
    ):
        data = tiff((low + eight / 255 * (high - low)).astype(np.float32), photometric="minisblack")
        yield Case(name, "TIFF", data, as_grey(eight, 256), frozenset({"float32", name}))
