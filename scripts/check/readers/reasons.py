"""Why haac and another reader may differ: each reason has a name, under which docs/formats.md explains it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.check.readers.case import Case


@dataclass(frozen=True, slots=True)
class Seen:
    """A difference that was found."""

    case: Case
    reader: str
    """libvips or opencv."""
    what: str
    """size, alpha, colour, refuses (the reader does), refused (haac did)."""

    def by(self, reader: str, *whats: str) -> bool:
        """Whether it is one of a reader's."""
        return self.reader == reader and (not whats or self.what in whats)

    def has(self, *tags: str) -> bool:
        """Whether the file has one of the tags."""
        return bool(self.case.tags & set(tags))

    def begins(self, *starts: str) -> bool:
        """Whether the file has a tag that begins so."""
        return any(tag.startswith(starts) for tag in self.case.tags)

    def of(self, *formats: str) -> bool:
        """Whether the file has one of the formats."""
        return self.case.format in formats


Rule = Callable[[Seen], bool]

REASONS: dict[str, Rule] = {
    "not-in-this-build": lambda s: any(
        (
            s.by("libvips", "refuses") and s.of("BMP", "HEIF", "JXL"),
            s.by("libvips", "colour") and s.has("zstd", "lzma"),
            s.by("opencv", "refuses") and (s.of("HEIF", "JXL") or s.has("zstd", "lzma", "webp")),
        )
    ),
    "no-range": lambda s: (
        s.what in ("colour", "refuses")
        and (s.has("rare-tiff") or (s.of("TIFF") and s.begins("float", "grey32", "int", "rgb-float32")))
    ),
    "unspecified-extra-sample": lambda s: s.what == "alpha" and s.has("unspecified"),
    "empty-alpha": lambda s: s.by("opencv", "alpha") and s.has("empty-alpha"),
    "uncovered-screen": lambda s: s.what == "alpha" and s.of("GIF") and s.has("part"),
    "beyond-the-screen": lambda s: s.by("opencv", "refuses") and s.has("beyond"),
    "default-image": lambda s: s.what == "alpha" and s.has("default-image"),
    "no-profiles": lambda s: s.by("opencv", "colour") and s.has("linear", "foreign-profile", "profile"),
    "grey-profile-of-png": lambda s: (
        s.by("libvips", "colour") and s.of("PNG") and s.begins("grey") and s.has("linear", "foreign-profile")
    ),
    "grey-transparency": lambda s: (
        s.by("opencv", "alpha") and s.of("PNG") and s.has("tRNS") and s.begins("grey", "real")
    ),
    "grey-with-alpha": lambda s: (
        s.by("opencv", "alpha", "refuses") and s.of("TIFF") and s.begins("grey-alpha")
    ),
    "unchanged-is-not-turned": lambda s: s.by("opencv", "size", "colour", "alpha") and s.has("exif"),
    "premultiplied": lambda s: (
        s.by("opencv", "colour") and s.of("TIFF") and s.has("unassalpha", "assocalpha")
    ),
    "no-end": lambda s: s.by("opencv", "refuses") and s.has("no-end"),
    "deep-jpeg": lambda s: s.what == "refuses" and s.has("deep-jpeg"),
    "cmyk-without-profile": lambda s: s.by("libvips", "colour") and s.has("cmyk"),
}

ONLY_REAL: dict[str, Rule] = {
    "odd-profile": lambda s: s.by("libvips", "colour") and s.has("odd-profile"),
    "named-and-refused": lambda s: s.what == "refused" and s.has("named"),
}
"""Of files that nobody generates here."""


def reason_for(case: Case, reader: str, what: str) -> str:
    """The name of the reason; empty if there is none."""
    seen = Seen(case, reader, what)
    return next((name for name, rule in (REASONS | ONLY_REAL).items() if rule(seen)), "")
