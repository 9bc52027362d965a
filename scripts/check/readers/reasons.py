"""Why haac and another reader may differ: each reason has a name, under which docs/formats.md explains it."""

from __future__ import annotations

from collections.abc import Callable

from scripts.check.readers.case import Case

Rule = Callable[[Case, str, str], bool]
"""Of a file, the reader that differs (or "haac": from the truth), and what: size, alpha, colour, refuses (it does), refused (haac did)."""

_NOT_BUILT = {"BMP", "HEIF", "JXL"}
_RANGELESS = ("float", "grey32", "int16", "int32", "int8", "rgb-float32")


def _has(case: Case, *tags: str) -> bool:
    return bool(case.tags & set(tags))


def _rangeless(case: Case) -> bool:
    return any(tag.startswith(_RANGELESS) for tag in case.tags)


REASONS: dict[str, Rule] = {
    "not-in-this-build": lambda c, p, w: (
        (p == "libvips" and _has(c, "zstd", "lzma"))  # black, without a word
        or (
            w == "refuses"
            and (
                (p == "libvips" and c.format in _NOT_BUILT)
                or (p == "opencv" and (c.format in _NOT_BUILT - {"BMP"} or _has(c, "zstd", "lzma", "webp")))
            )
        )
    ),
    "no-range": lambda c, p, w: (
        p != "haac" and (_has(c, "rare-tiff") or (c.format == "TIFF" and _rangeless(c)))
    ),
    "unspecified-extra-sample": lambda c, p, w: w == "alpha" and p != "haac" and _has(c, "unspecified"),
    "empty-alpha": lambda c, p, w: (
        c.format == "BMP" and p == "opencv" and w == "alpha" and _has(c, "empty-alpha")
    ),
    "uncovered-screen": lambda c, p, w: (
        c.format == "GIF" and w == "alpha" and p != "haac" and _has(c, "part")
    ),
    "beyond-the-screen": lambda c, p, w: (
        c.format == "GIF" and p == "opencv" and w == "refuses" and _has(c, "beyond")
    ),
    "default-image": lambda c, p, w: p != "haac" and w == "alpha" and _has(c, "default-image"),
    "no-profiles": lambda c, p, w: (
        p == "opencv" and w == "colour" and _has(c, "linear", "foreign-profile", "profile")
    ),
    "grey-profile-of-png": lambda c, p, w: (
        c.format == "PNG" and p == "libvips" and w == "colour" and _has(c, "linear", "foreign-profile")
    ),
    "grey-transparency": lambda c, p, w: p == "opencv" and w == "alpha" and _has(c, "tRNS"),
    "grey-with-alpha": lambda c, p, w: (
        p == "opencv" and c.format == "TIFF" and any("grey-alpha" in t for t in c.tags)
    ),
    "unchanged-is-not-turned": lambda c, p, w: p == "opencv" and _has(c, "exif"),
    "premultiplied": lambda c, p, w: (
        p == "opencv" and c.format == "TIFF" and w == "colour" and _has(c, "unassalpha", "assocalpha")
    ),
    "no-end": lambda c, p, w: p == "opencv" and w == "refuses" and _has(c, "no-end"),
    "deep-jpeg": lambda c, p, w: (
        c.format == "JPEG" and p != "haac" and w in ("refuses", "colour") and _has(c, "deep-jpeg")
    ),
    "cmyk-without-profile": lambda c, p, w: w == "colour" and p != "haac" and _has(c, "cmyk"),
}

ONLY_REAL: dict[str, Rule] = {
    "odd-profile": lambda c, p, w: p == "libvips" and w == "colour" and _has(c, "odd-profile"),
    "named-and-refused": lambda c, p, w: w == "refused" and _has(c, "named"),
}
"""Of files that nobody generates here."""


def reason_for(case: Case, peer: str, what: str) -> str:
    """The name of the reason; empty if there is none."""
    return next((name for name, rule in (REASONS | ONLY_REAL).items() if rule(case, peer, what)), "")
