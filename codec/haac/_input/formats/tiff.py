"""TIFF: by Pillow where it knows the kind of samples and reads it right; the rest by tifffile (Adobe, "TIFF Revision 6.0")."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from haac._input.colour import to_srgb
from haac._input.depth import STRIP_PIXELS, finite, range_of, scaled
from haac._input.formats.extra import need
from haac._input.formats.stills import turned
from haac._input.limits import check_size
from haac._input.opened import Opened
from haac_repo import PictureError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

_BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION, _PLANES, _SAMPLE_FORMAT, _PROFILE = (
    258,
    259,
    262,
    274,
    284,
    339,
    34675,
)
_COUNTED = 65_536
"""Pages that are counted at most."""
_SUBFILE, _MAKE, _SUB_IFDS, _DNG = 254, 271, 330, 50706
_WEBP = 50001
_SIGNED = 2
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_ASSOCIATED, _UNASSOCIATED = 1, 2
_KINDS = {1: "unsigned", 2: "signed", 3: "floating-point"}


def open_tiff(data: bytes, _at_least: int | None) -> Opened:
    """Open a TIFF, its pages as frames.

    Raises:
        PictureError: a kind that is not read, a raw photograph, or too large.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data), formats=("TIFF",))
    except UnidentifiedImageError:
        return _open_rare(data)
    check_size(*image.size)
    tags = cast("Any", image).tag_v2
    if _DNG in tags or (tags.get(_SUBFILE) == 1 and _MAKE in tags and _SUB_IFDS in tags):
        raise PictureError(
            "this is a raw photograph, which is not read: develop it to TIFF, PNG or JPEG first"
        )
    if tags.get(_COMPRESSION) == _WEBP:
        image.close()
        return _open_rare(data)
    count = _count(data)
    return Opened("TIFF", count, _pages(image, count), image.size)


def _count(data: bytes) -> int:
    """Pages of a TIFF, as far as they are counted. Pillow's own count takes time by the square of their number."""
    big = "<" if data[:2] == b"II" else ">"
    wide = data[2:4] in (b"\x2b\0", b"\0\x2b")
    first, number, entry, link = (8, "Q", 20, "Q") if wide else (4, "H", 12, "I")
    at = struct.unpack_from(big + link, data, first)[0]
    seen: set[int] = set()
    with contextlib.suppress(struct.error):  # cut short
        while at and at not in seen and len(seen) < _COUNTED:
            entries = struct.unpack_from(big + number, data, at)[0]
            seen.add(at)
            at = struct.unpack_from(big + link, data, at + struct.calcsize(number) + entry * entries)[0]
    return max(1, len(seen))


def _pages(image: Image.Image, count: int) -> Iterator[Image.Image]:
    with image:
        for index in range(count):
            image.seek(index)
            check_size(*image.size)
            tags = cast("Any", image).tag_v2
            formats = tags.get(_SAMPLE_FORMAT, 1)
            sample = formats[0] if isinstance(formats, tuple) and formats else formats
            flags = {"inverted": tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO, "unsigned": sample == 1}
            image.info.pop("xmp", None)  # Pillow turns it as it loads it, and would as XMP says
            _mend_layout(image, tags)
            image.load()
            if sample == _SIGNED and image.mode == "L":
                result = image.point([value ^ 128 for value in range(256)])  # which Pillow takes for unsigned
            else:
                result = image if count == 1 else image.copy()
            yield to_srgb(result, **flags)


def _mend_layout(image: Any, tags: Any) -> None:
    """Say how the samples lie where Pillow mistakes it.

    libtiff gives samples in the byte order of this machine: Pillow turns those of 32 bits, and signed ones, of big-endian files once
    more. Of planes of 16 bits that are not compressed it takes every byte for a sample.
    """
    tiles = []
    for tile in image.tile:
        codec, box, offset, args = tile
        if codec == "libtiff" and isinstance(args, tuple):
            native = {"F;32BF": "F;32NF", "I;32BS": "I;32NS", "I;16BS": "I;16NS"}
            args = (native.get(args[0], args[0]), *args[1:])
        elif codec == "raw" and tags.get(_PLANES) == 2 and set(tags.get(_BITS, ())) == {16}:
            order = "B" if image.tag_v2.prefix == b"MM" else "L"
            args = (f"{args[0]};16{order}", *args[1:]) if args[0] in tuple("RGBA") else args
        tiles.append(
            type(tile)(codec, box, offset, args) if hasattr(tile, "_fields") else (codec, box, offset, args)
        )
    image.tile = tiles


def _open_rare(data: bytes) -> Opened:
    """Open a TIFF that Pillow does not know, by tifffile."""
    need("a TIFF of a rare kind, or a broken one", "tifffile")
    import tifffile

    try:
        file = tifffile.TiffFile(io.BytesIO(data))
        pages = list(file.pages)
    except Exception as error:  # whatever its parser raises
        raise PictureError(f"the picture is broken at its very beginning ({error})") from error
    if not pages:
        raise PictureError("the picture is broken at its very beginning (a TIFF without a page)")
    for page in pages:
        check_size(page.imagewidth, page.imagelength)
        if page.is_tiled:
            check_size(page.tilewidth, page.tilelength)
        _refuse_unread(page)
        _check_whole(page, len(data))
    return Opened(
        "TIFF", len(pages), (_rare(page) for page in pages), (pages[0].imagewidth, pages[0].imagelength)
    )


def _refuse_unread(page: Any) -> None:
    samples, photometric = page.samplesperpixel, int(page.photometric)
    sample = int(page.sampleformat)
    fits = {_WHITE_IS_ZERO: (1, 2), _BLACK_IS_ZERO: (1, 2), _RGB: (3, 4)}.get(photometric, ())
    if samples not in fits or sample not in _KINDS or page.dtype is None or page.imagedepth != 1:
        raise PictureError(
            f"this TIFF has {samples} samples a pixel, of {page.bitspersample} bits, {_KINDS.get(sample, 'of another kind')}, "
            f"photometric kind {photometric}, which is not read: save it as RGB with 8 or 16 bits a sample"
        )


def _check_whole(page: Any, size: int) -> None:
    """Refuse a page that was cut short: tifffile makes up what is missing."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    expected = 1
    for count in page.chunked:
        expected *= count
    if page.is_contiguous is False and len(segments) != expected:
        raise PictureError("the picture is broken or cut short (parts of a TIFF are missing)")
    if not segments or any(not length or offset + length > size for offset, length in segments):
        raise PictureError("the picture is broken or cut short (parts of a TIFF are missing)")


def _rare(page: Any) -> Image.Image:
    """One page, RGBA, sRGB, upright."""
    import numpy as np
    from PIL import Image

    samples = page.asarray()
    if int(page.planarconfig) == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    samples = samples.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
    colours = page.samplesperpixel - (page.samplesperpixel in (2, 4))
    low, high = _black_and_white(samples[..., :colours], page.bitspersample)
    if int(page.photometric) == _WHITE_IS_ZERO:
        low, high = high, low
    extra = [int(kind) for kind in page.extrasamples]
    alpha = extra[0] if extra and extra[0] in (_ASSOCIATED, _UNASSOCIATED) else 0
    mode = "RGB" if colours == 3 else "L"
    result = Image.new(mode + "A" if alpha else mode, (page.imagewidth, page.imagelength))
    rows = max(1, STRIP_PIXELS // page.imagewidth)
    for top in range(0, page.imagelength, rows):
        part = finite(samples[top : top + rows])
        parts = [scaled(part[..., :colours], low, high)]
        if alpha:
            opacity = _opacity(part[..., colours:], samples.dtype)
            if alpha == _ASSOCIATED:
                parts = [scaled(part[..., :colours] / np.maximum(opacity, 1e-9), low, high)]
            parts.append(scaled(opacity, 0.0, 1.0))
        made = np.concatenate(parts, axis=2)
        result.paste(Image.fromarray(made[..., 0] if made.shape[2] == 1 else made), (0, top))
    profile = page.tags.get(_PROFILE)
    result.info = {"icc_profile": profile.value} if profile is not None else {}
    orientation = page.tags.get(_ORIENTATION)
    return turned(to_srgb(result), None if orientation is None else int(orientation.value))


def _black_and_white(samples: npt.NDArray[Any], bits: int) -> tuple[float, float]:
    if samples.dtype.kind == "u" and bits <= 16:
        return 0.0, float((1 << bits) - 1)
    ends = [(part.min(), part.max()) for part in (finite(row) for row in samples)]
    least, most = float(min(low for low, _ in ends)), float(max(high for _, high in ends))
    return range_of(least, most, floats=samples.dtype.kind == "f")


def _opacity(alpha: npt.NDArray[np.float64], dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
    """0 to 1; whole numbers by their range."""
    import numpy as np

    return alpha if dtype.kind == "f" else alpha / float(np.iinfo(dtype).max)
