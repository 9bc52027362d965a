"""Kinds of files by their names: pictures that are read, sidecars, and what is passed over in a folder, with what to do about it.

A folder is not opened file by file to find out what is in it: only names count there.
"""

from __future__ import annotations

import os
import re

_READ = (
    "jpg jpeg jpe jfif jif pjpeg pjp mpo png apng webp avif avifs tif tiff gif bmp dib"
    # With packages that may be missing: then the reader says which.
    " heic heics heif heifs hif jxl svg svgz"
)
PICTURE_SUFFIXES = frozenset(f".{suffix}" for suffix in _READ.split())
ARCHIVE_SUFFIXES = frozenset({".zip", ".cbz"})
SIDECARS = ("haac.csv", "haac.json")
"""Describe the pictures of their folder; the first one counts."""

_ARCHIVE = "archive: name it by itself to read what is in it"
_PACKED = "archive: unpack it first"
_KINDS = {
    "camera raw: develop it to TIFF, PNG or JPEG to use it": (
        "3fr arw cr2 cr3 crw dcr dng erf fff iiq k25 kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
    ),
    "layered picture: `haac import` takes its layers": "kra ora psb psd",
    "layered picture: export it as PNG to use it": (
        "af afdesign afphoto clip cpt fig krz mdp pdn procreate psp pspimage sai sai2 sketch xcf xd"
    ),
    "high dynamic range: export it as PNG to use it": "exr hdr pfm",
    "picture of a kind that is not read: convert it to PNG to use it": (
        "bpg cur dcm dds fit fits flif icns ico j2c j2k jls jng jp2 jpc jpf jpm jpx jxr mng pam pbm pcx pgm pnm ppm qoi"
        " ras sgi tga wbmp wdp xbm xpm"
    ),
    "drawing or document: export it as PNG or SVG to use it": "ai cdr eps emf indd odg odp pdf ppt pptx ps wmf",
    "video: export frames as PNG to use them": "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv webm wmv",
    _PACKED: "7z bz2 cb7 cbr gz lha rar tar tbz tgz txz xz zst",
    _ARCHIVE: "cbz zip",
    "recipe": "haac",
}
_KIND_OF = {f".{suffix}": kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}
_suffix = re.compile(r"\.\w[\w+~-]{0,10}", re.ASCII)


def suffix_of(name: str) -> str:
    """The suffix in lower case, with its dot; empty where there is none, or none that looks like one."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 (a name, not a path)
    return suffix if _suffix.fullmatch(suffix) else ""


def is_picture(name: str) -> bool:
    """Whether a file of this name is a picture that is read, or could be with a package more."""
    return suffix_of(name) in PICTURE_SUFFIXES


def is_sidecar(name: str) -> bool:
    """Whether a file of this name says something of pictures beside it: haac.csv, photo.jpg.json."""
    return name in SIDECARS or (suffix_of(name) == ".json" and is_picture(name[: -len(".json")]))


def kind_of(suffix: str, *, packed: bool = False) -> str:
    """What files with this suffix are that are not read, and what to do; empty if that is not known.

    Args:
        suffix: As `suffix_of` gives it.
        packed: It stands in an archive.
    """
    kind = _KIND_OF.get(suffix, "")
    return _PACKED if packed and kind == _ARCHIVE else kind
