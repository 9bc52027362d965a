"""Untrusted text: Unicode-normalised, without control characters, within the limits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from haac_repo._errors import HaacError
from haac_repo._limits import LIMITS

# Control, format-override and surrogate characters: they could forge what a terminal shows. Joiners
# (U+200C, U+200D) stay, since emoji and several scripts need them.
UNSAFE_RANGES = "\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
UNSAFE = re.compile(f"[{UNSAFE_RANGES}]+")


def clean_text(what: str, text: str) -> str:
    """Normalise (NFC), replace control characters by a space, strip.

    Args:
        what: How an error calls it, e.g. 'name'.
        text: At most LIMITS.text_chars characters.

    Raises:
        HaacError: too long.
    """
    cleaned = unicodedata.normalize("NFC", UNSAFE.sub(" ", text)).strip()
    if len(cleaned) > LIMITS.text_chars:
        raise HaacError(
            f"the {what} has {len(cleaned)} characters; at most {LIMITS.text_chars} are allowed: shorten it"
        )
    return cleaned


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Normalise tags: lower case, single spaces, each once, in the order given; empty ones are dropped.

    Raises:
        HaacError: a tag with a comma, one that is too long, or too many of them.
    """
    return _words("tag", (tag.lower() for tag in tags), LIMITS.tags)


def clean_doubts(doubts: Iterable[str]) -> tuple[str, ...]:
    """Normalise the doubts about a cut-out, as tags but for the case.

    Raises:
        HaacError: as for tags.
    """
    return _words("doubt", doubts, LIMITS.doubts)


def _words(what: str, given: Iterable[str], most: int) -> tuple[str, ...]:
    cleaned: dict[str, None] = {}
    for word in given:
        tidy = " ".join(clean_text(what, word).split())
        if "," in tidy:
            raise HaacError(f"the {what} {tidy[:80]!r} has a comma in it: give several {what}s apart")
        if len(tidy) > LIMITS.tag_chars:
            raise HaacError(
                f"the {what} {tidy[:40] + '...'!r} has {len(tidy)} characters; at most {LIMITS.tag_chars} are allowed"
            )
        if tidy:
            cleaned[tidy] = None
    if len(cleaned) > most:
        raise HaacError(f"{len(cleaned)} {what}s for one element; at most {most} are allowed")
    return tuple(cleaned)
