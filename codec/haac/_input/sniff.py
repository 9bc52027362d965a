"""File type identification by signature ("magic numbers"): the formats that are read, and those that are named when refused."""

from __future__ import annotations

import re

from haac_repo import PictureError

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP")
"""Read by Pillow alone, under its names for them."""
EXTRA_FORMATS = ("HEIF", "JXL", "SVG")
"""Read with `haac[formats]`."""

_AS_PNG = "export it as PNG or TIFF from the program that made it"
_DEVELOP = "develop it to TIFF, PNG or JPEG first"

_READ = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
)

_NAMED = (
    (b"8BPS", "a layered Photoshop file (PSD)", "use `haac import`, which takes its layers"),
    (b"gimp xcf", "a layered GIMP file (XCF)", "export it as PNG, or as OpenRaster (.ora) for `haac import`"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture", _AS_PNG),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 codestream", _AS_PNG),
    (b"II\xbc\x01", "a JPEG XR picture", _AS_PNG),
    (b"\xff\xd8\xff\xf7", "a JPEG-LS picture", _AS_PNG),
    (b"v/1\x01", "an OpenEXR picture", f"its range has no one rendering in 8 bits; {_AS_PNG}"),
    (b"#?RADIANCE", "a Radiance HDR picture", f"its range has no one rendering in 8 bits; {_AS_PNG}"),
    (b"#?RGBE", "a Radiance HDR picture", f"its range has no one rendering in 8 bits; {_AS_PNG}"),
    (b"FUJIFILMCCD-RAW", "a raw photograph (Fujifilm RAF)", _DEVELOP),
    (b"IIRO", "a raw photograph (Olympus ORF)", _DEVELOP),
    (b"IIRS", "a raw photograph (Olympus ORF)", _DEVELOP),
    (b"MMOR", "a raw photograph (Olympus ORF)", _DEVELOP),
    (b"IIU\0", "a raw photograph (Panasonic RW2)", _DEVELOP),
    (b"FOVb", "a raw photograph (Sigma X3F)", _DEVELOP),
    (b"\0MRM", "a raw photograph (Minolta MRW)", _DEVELOP),
    (b"%PDF", "a PDF document", "export its page as PNG"),
    (b"%!PS", "a PostScript file", "export it as PNG"),
    (b"\xc5\xd0\xd3\xc6", "an EPS file", "export it as PNG"),
    (b"AT&TFORM", "a DjVu document", "export its page as PNG"),
    (b"\0\0\x01\0", "a Windows icon (ICO)", "export the size that you want as PNG"),
    (b"\0\0\x02\0", "a Windows cursor (CUR)", "export the size that you want as PNG"),
    (b"icns", "an Apple icon (ICNS)", "export the size that you want as PNG"),
    (b"\x8aMNG", "an MNG animation", _AS_PNG),
    (b"\x8bJNG", "a JNG picture", _AS_PNG),
    (b"qoif", "a QOI picture", _AS_PNG),
    (b"FLIF", "a FLIF picture", _AS_PNG),
    (b"BPG\xfb", "a BPG picture", _AS_PNG),
    (b"DDS ", "a DirectDraw texture (DDS)", _AS_PNG),
    (b"\x01\xda\0", "an SGI picture", _AS_PNG),
    (b"\x01\xda\x01", "an SGI picture", _AS_PNG),
    (b"SIMPLE  =", "a FITS image", _AS_PNG),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video", "export a frame as PNG"),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)", "export it as SVG or PNG"),
    (b"PK\x03\x04", "a zip archive", "give it a name that ends in .zip, or unpack it"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
)

_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_netpbm = re.compile(rb"P[1-7fF]\s")
_svg = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*+-->\s*|<!DOCTYPE\s+svg(?:[^\[>]|\[[^\]]*\])*+>\s*)*+<(?:\w+:)?svg[\s>/]",
    re.DOTALL,
)


def format_of(data: bytes) -> str:
    """The format of a picture file: one of FORMATS or EXTRA_FORMATS.

    Raises:
        PictureError: it is something else, named where its first bytes tell.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _brand(data)
    for start, name, advice in _NAMED:
        if data.startswith(start):
            raise PictureError(f"this is {name}, which is not read: {advice}")
    for start, found in _READ:
        if data.startswith(start):
            return found
    if data[:2] == b"BM" and data[14:18] in _BMP_HEADERS:
        return "BMP"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"MM*\0", b"II\0*"):
        if data[8:10] == b"CR":
            raise PictureError(f"this is a raw photograph (Canon CR2), which is not read: {_DEVELOP}")
        return "TIFF"
    head = data[:65_536]
    if data[:2] == b"\x1f\x8b" or _svg.match(head) or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "SVG"  # a gzip file may be one; UTF-16 text too
    if _netpbm.match(head):
        raise PictureError(f"this is a Netpbm picture (PPM and its kin), which is not read: {_AS_PNG}")
    if head[40:44] == b" EMF":
        raise PictureError("this is a Windows metafile (EMF), which is not read: export it as SVG or PNG")
    if re.match(rb"\s*<(?:!doctype html|html)", head, re.IGNORECASE):
        raise PictureError("this is a web page, not a picture: save the picture itself")
    raise PictureError(
        f"not a picture, or broken at its very beginning; {', '.join((*FORMATS, *EXTRA_FORMATS))} are read"
    )


_BMP_HEADERS = {size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124)}
"""Lengths of the headers of the format's versions: two letters alone would take any text for one."""


def _brand(data: bytes) -> str:
    """Of an ISO base media file (ISO/IEC 14496-12), which HEIF, AVIF, some raw photographs and most videos are."""
    length = min(int.from_bytes(data[:4], "big"), 512)
    major = data[8:12]
    brands = {major, *(data[at : at + 4] for at in range(16, max(length - 3, 16), 4))}
    if major in _AVIF or (major not in _HEIC and brands & _AVIF):
        return "AVIF"
    if brands & (_HEIC | {b"mif1", b"msf1"}):
        return "HEIF"
    if b"crx " in brands:
        raise PictureError(f"this is a raw photograph (Canon CR3), which is not read: {_DEVELOP}")
    raise PictureError(
        "this is a video (MP4, QuickTime or the like), which is not read: export a frame as PNG"
    )
