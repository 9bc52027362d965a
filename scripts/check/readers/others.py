"""JPEG, GIF, BMP, WebP, AVIF, HEIC and JPEG XL files."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.check.readers.case import HEIGHT, WIDTH, Case, Samples, as_grey, base, grey_of, turned
from scripts.check.readers.metadata import exif, to_srgb, xmp
from scripts.check.readers.png import palette
from scripts.lib.profiles import grey_profile, rgb_profile


def saved(picture: Samples | Image.Image, kind: str, **options: Any) -> bytes:
    """A file by Pillow."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _jpegs()
    yield from _gifs()
    yield from _bmps()
    yield from _webps()
    yield from _avifs()
    yield from _extras()


def _smooth() -> Samples:
    """`base`, coarser, so that lossy codecs with chroma of half the resolution keep it."""
    picture = Image.fromarray(base()).resize((160, 112), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def _smooth_ones() -> list[tuple[str, Samples, Samples]]:
    """Opaque, and with soft alpha: a label, what is stored, and what it shows."""
    picture = _smooth()
    soft = picture.copy()
    soft[..., 3] = np.linspace(0, 255, 160)[None].astype(np.uint8)
    return [("rgb", np.ascontiguousarray(picture[..., :3]), picture), ("rgba", soft, soft)]


def _jpegs() -> Iterator[Case]:
    picture = _smooth()
    rgb = np.ascontiguousarray(picture[..., :3])

    def case(name: str, data: bytes, truth: Samples = picture, *tags: str, tolerance: float = 5.0) -> Case:
        return Case(name, "JPEG", data, truth, frozenset(tags), tolerance, lossy=True)

    for subsampling in (0, 1, 2):
        for progressive in (False, True):
            for restart in (0, 3):
                options: dict[str, Any] = {
                    "subsampling": subsampling,
                    "progressive": progressive,
                    "quality": 92,
                    "restart_marker_blocks": restart,
                }
                data = saved(rgb, "JPEG", **options)
                name = f"rgb-{('444', '422', '420')[subsampling]}{'-progressive' * progressive}{'-restart' * bool(restart)}"
                yield case(name, data, picture, "rgb")
                yield case(f"{name}-no-end", data[:-2], picture, "rgb", "no-end")
    grey = Image.fromarray(rgb).convert("L")
    greys = np.dstack([*[np.asarray(grey)] * 3, picture[..., 3]])
    for progressive in (False, True):
        data = saved(grey, "JPEG", quality=92, progressive=progressive)
        yield case(f"grey{'-progressive' * progressive}", data, greys, "grey")
        yield case(f"grey{'-progressive' * progressive}-no-end", data[:-2], greys, "grey", "no-end")
    ink = Image.merge(
        "CMYK",
        [Image.fromarray(np.ascontiguousarray(255 - rgb[..., n])) for n in range(3)]
        + [Image.new("L", (160, 112))],
    )
    yield case("cmyk-adobe", saved(ink, "JPEG", quality=92, subsampling=0), picture, "cmyk")
    yield case(
        "rgb-linear",
        saved(rgb, "JPEG", quality=95, icc_profile=rgb_profile(1.0)),
        to_srgb(picture),
        "rgb",
        "linear",
    )
    yield case(
        "grey-linear",
        saved(grey, "JPEG", quality=95, icc_profile=grey_profile(1.0)),
        to_srgb(greys),
        "grey",
        "linear",
    )
    for orientation in range(1, 9):
        data = saved(turned(rgb, orientation), "JPEG", quality=92, exif=b"Exif\0\0" + exif(orientation))
        yield case(f"rgb-exif{orientation}", data, picture, "rgb", "exif", f"exif{orientation}")
    yield case("rgb-xmp6", saved(rgb, "JPEG", quality=92, xmp=xmp(6)), picture, "rgb", "xmp6")
    yield case(
        "rgb-broken-exif",
        saved(rgb, "JPEG", quality=92, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"),
        picture,
        "rgb",
    )
    yield case("rgb-more-behind", saved(rgb, "JPEG", quality=92) + b"junk" * 30, picture, "rgb")
    pages = saved(rgb, "MPO", save_all=True, append_images=[Image.new("RGB", (160, 112))])
    yield case("mpo", pages, picture, "rgb", "pages")
    if find_spec("imagecodecs"):
        import imagecodecs

        for bits, lossless in ((12, False), (12, True), (16, True)):
            wide = np.rint(rgb * (((1 << bits) - 1) / 255)).astype(np.uint16)
            data = bytes(imagecodecs.jpeg8_encode(wide, bitspersample=bits, lossless=lossless, level=95))
            yield case(f"rgb{bits}{'-lossless' * lossless}", data, picture, "deep-jpeg")
        yield case(
            "rgb8-lossless", bytes(imagecodecs.jpeg8_encode(rgb, lossless=True)), picture, "lossless-jpeg"
        )


def lzw(values: npt.NDArray[np.int64]) -> bytes:
    """GIF's compression without compressing: 9-bit codes, and the table cleared before it grows."""
    codes = [256]
    for count, value in enumerate(values.reshape(-1).tolist()):
        if count and count % 250 == 0:
            codes.append(256)
        codes.append(value)
    codes.append(257)
    number = sum(code << 9 * place for place, code in enumerate(codes))
    data = number.to_bytes(-(-9 * len(codes) // 8), "little")
    blocks = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"\x08" + b"".join(bytes((len(block),)) + block for block in blocks) + b"\0"


def gif_frame(
    values: npt.NDArray[np.int64],
    at: tuple[int, int] = (0, 0),
    clear: int | None = None,
    disposal: int = 0,
    own: bytes = b"",
) -> bytes:
    """A frame of palette indices at (x, y), perhaps with its own palette."""
    control = b"\x21\xf9\x04" + struct.pack("<BHBB", disposal << 2 | (clear is not None), 10, clear or 0, 0)
    height, width = values.shape
    return control + b"," + struct.pack("<HHHHB", *at, width, height, 0x87 if own else 0) + own + lzw(values)


def gif(size: tuple[int, int], frames: bytes, colours: bytes) -> bytes:
    """A GIF with a screen of `size`."""
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0xF7 if colours else 0x70, 0, 0) + colours + frames + b";"


def _gifs() -> Iterator[Case]:
    values, colours = grey_of(256), palette(256)
    table, size = colours.tobytes(), (WIDTH, HEIGHT)
    seen = np.dstack([colours[values], np.full((HEIGHT, WIDTH, 1), 255, np.uint8)])
    yield Case("plain", "GIF", gif(size, gif_frame(values), table), seen)
    yield Case("own-palette", "GIF", gif(size, gif_frame(values, own=table), b""), seen)
    for clear in (0, 7, 255):
        truth = np.dstack([seen[..., :3], np.where(values == clear, 0, 255)]).astype(np.uint8)
        yield Case(
            f"clear{clear}",
            "GIF",
            gif(size, gif_frame(values, clear=clear), table),
            truth,
            frozenset({"clear"}),
        )
    part = values[:10, :14]
    for left, top in ((0, 0), (5, 3), (WIDTH - 14, HEIGHT - 10)):
        placed = np.zeros_like(seen)
        placed[top : top + 10, left : left + 14] = seen[:10, :14]
        tags = frozenset({"part"})
        yield Case(f"part-{left}-{top}", "GIF", gif(size, gif_frame(part, (left, top)), table), placed, tags)
        for disposal in range(4):
            frames = gif_frame(part, (left, top), disposal=disposal) + gif_frame(values)
            yield Case(
                f"part-{left}-{top}-then{disposal}",
                "GIF",
                gif(size, frames, table),
                placed,
                tags | {"animation"},
            )
    beyond = np.zeros((HEIGHT + 2, WIDTH + 4, 4), np.uint8)
    beyond[4 : HEIGHT + 2, 6 : WIDTH + 4] = seen[: HEIGHT - 2, : WIDTH - 2]
    yield Case(
        "beyond-the-screen", "GIF", gif((12, 12), gif_frame(values), table), seen, frozenset({"beyond"})
    )
    for disposal in range(4):
        frames = gif_frame(values, disposal=disposal) + gif_frame(part, (3, 3))
        yield Case(f"animation{disposal}", "GIF", gif(size, frames, table), seen, frozenset({"animation"}))
    grey = Image.fromarray(as_grey(values, 256)[..., 0])
    for interlace in (0, 1):
        yield Case(
            f"grey-interlace{interlace}", "GIF", saved(grey, "GIF", interlace=interlace), as_grey(values, 256)
        )


def _bmps() -> Iterator[Case]:
    picture = base()
    rgb = np.ascontiguousarray(picture[..., :3])
    yield Case("rgb24", "BMP", saved(rgb, "BMP"), picture)
    bits = grey_of(2)
    yield Case("grey1", "BMP", saved(Image.fromarray(bits.astype(bool)), "BMP"), as_grey(bits, 2))
    eight = grey_of(256)
    yield Case("grey8", "BMP", saved(Image.fromarray(eight.astype(np.uint8)), "BMP"), as_grey(eight, 256))
    soft = picture.copy()
    soft[..., 3] = eight
    none = picture.copy()
    none[..., 3] = 0
    for label, stored, truth in (
        ("alpha", soft, soft),
        ("opaque", picture, picture),
        ("empty-alpha", none, picture),
    ):
        for header in (40, 56, 108, 124):
            for top_down in (False, True):
                shown = truth if header > 40 else picture
                data = bmp32(stored, header, top_down)
                tags = frozenset({label, f"header{header}", "top-down" if top_down else "bottom-up"})
                yield Case(f"bmp32-{label}-{header}{'-top-down' * top_down}", "BMP", data, shown, tags)
    for name, red, green, blue in (("565", 5, 6, 5), ("555", 5, 5, 5)):
        yield _bmp16(picture, name, (red, green, blue))


def bmp32(picture: Samples, header: int, top_down: bool) -> bytes:
    """A BMP of 32 bits: with masks for alpha, or (a header of 40 bytes) without."""
    height, width = picture.shape[:2]
    rows = picture[..., (2, 1, 0, 3)] if top_down else picture[::-1][..., (2, 1, 0, 3)]
    info = struct.pack(
        "<IiiHHIIiiII",
        header,
        width,
        -height if top_down else height,
        1,
        32,
        0 if header == 40 else 3,
        0,
        2835,
        2835,
        0,
        0,
    )
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + (b"BGRs" if header > 56 else b"")
    info = info + b"" if header == 40 else (info + masks).ljust(header, b"\0")
    return b"BM" + struct.pack("<IHHI", 14 + header + rows.size, 0, 0, 14 + header) + info + rows.tobytes()


def _bmp16(picture: Samples, name: str, bits: tuple[int, int, int]) -> Case:
    value, shift, masks, truth = np.zeros(picture.shape[:2], np.uint16), sum(bits), [], [np.zeros(0)] * 3
    for n, count in enumerate(bits):
        shift -= count
        level = picture[..., n].astype(np.uint16) >> 8 - count
        value |= level << shift
        masks.append((1 << count) - 1 << shift)
        truth[n] = np.rint(level * (255 / ((1 << count) - 1)))
    rows = value[::-1].astype("<u2").tobytes()
    height, width = picture.shape[:2]
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 3, 0, 0, 0, 0, 0) + struct.pack(
        "<III", *masks
    )
    data = b"BM" + struct.pack("<IHHI", 14 + len(info) + len(rows), 0, 0, 14 + len(info)) + info + rows
    return Case(
        f"bmp16-{name}",
        "BMP",
        data,
        np.dstack([*truth, picture[..., 3]]).astype(np.uint8),
        frozenset({"bmp16"}),
        8.0,
    )


def _webps() -> Iterator[Case]:
    ones = _smooth_ones()
    _, rgb, picture = ones[0]
    for label, stored, truth in ones:
        yield Case(
            f"{label}-lossless",
            "WEBP",
            saved(stored, "WEBP", lossless=True, exact=True),
            truth,
            frozenset({label}),
        )
        for quality in (60, 90):
            yield Case(
                f"{label}-q{quality}",
                "WEBP",
                saved(stored, "WEBP", quality=quality),
                truth,
                frozenset({label}),
                8.0,
                True,
            )
        for orientation in range(1, 9):
            data = saved(
                turned(stored, orientation), "WEBP", lossless=True, exact=True, exif=exif(orientation)
            )
            yield Case(
                f"{label}-exif{orientation}",
                "WEBP",
                data,
                truth,
                frozenset({label, "exif", f"exif{orientation}"}),
            )
        data = saved(stored, "WEBP", lossless=True, exact=True, icc_profile=rgb_profile(1.0))
        yield Case(f"{label}-linear", "WEBP", data, to_srgb(truth), frozenset({label, "linear"}), 3.0)
        frames = [Image.fromarray(stored), Image.fromarray(255 - stored)]
        data = saved(frames[0], "WEBP", lossless=True, exact=True, save_all=True, append_images=frames[1:])
        yield Case(f"{label}-animation", "WEBP", data, truth, frozenset({label, "animation"}))
    yield Case(
        "rgb-xmp6", "WEBP", saved(rgb, "WEBP", lossless=True, xmp=xmp(6)), picture, frozenset({"rgb", "xmp6"})
    )


def _avifs() -> Iterator[Case]:
    ones = _smooth_ones()
    _, rgb, picture = ones[0]
    for label, stored, truth in ones:
        for subsampling in ("4:2:0", "4:2:2", "4:4:4"):
            data = saved(stored, "AVIF", quality=90, subsampling=subsampling, speed=9)
            yield Case(f"{label}-{subsampling}", "AVIF", data, truth, frozenset({label}), 6.0, True)
    for orientation in range(1, 9):
        data = saved(
            turned(rgb, orientation), "AVIF", quality=90, subsampling="4:4:4", speed=9, exif=exif(orientation)
        )
        yield Case(
            f"rgb-irot{orientation}",
            "AVIF",
            data,
            picture,
            frozenset({"rgb", "exif", f"exif{orientation}"}),
            6.0,
            True,
        )
    data = saved(rgb, "AVIF", quality=95, subsampling="4:4:4", speed=9, icc_profile=rgb_profile(1.0))
    yield Case("rgb-linear", "AVIF", data, to_srgb(picture), frozenset({"rgb", "linear"}), 6.0, True)


def _extras() -> Iterator[Case]:
    picture = _smooth()
    rgb = np.ascontiguousarray(picture[..., :3])
    if find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
        for orientation in range(1, 9):
            data = saved(turned(rgb, orientation), "HEIF", quality=90, exif=exif(orientation))
            yield Case(
                f"heic-irot{orientation}",
                "HEIF",
                data,
                picture,
                frozenset({"heic", "exif", f"exif{orientation}"}),
                6.0,
                True,
            )
        yield Case(
            "heic-rgba", "HEIF", saved(picture, "HEIF", quality=90), picture, frozenset({"heic"}), 6.0, True
        )
    if find_spec("pillow_jxl"):
        import pillow_jxl  # noqa: F401 (registers itself)

        for mode in ("RGB", "RGBA", "L", "LA"):
            image = Image.fromarray(picture).convert(mode)
            truth = np.asarray(image.convert("RGBA"))
            yield Case(f"jxl-{mode}", "JXL", saved(image, "JXL", lossless=True), truth, frozenset({"jxl"}))
        yield Case("jxl-lossy", "JXL", saved(rgb, "JXL", quality=90), picture, frozenset({"jxl"}), 6.0, True)
