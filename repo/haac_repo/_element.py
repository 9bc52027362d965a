"""What is known about an element."""

from dataclasses import dataclass, field

from haac_repo._ids import format_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an element comes from, and on what terms."""

    source: str = ""
    """Name of the picture it was cut out of, as the person who ingested it saw it."""
    source_sha256: str = ""
    """SHA-256 of that file, hex."""
    model: str = ""
    """Segmentation model, with its version or hash; empty if the picture already had alpha."""
    software: str = ""
    """Versions of what made it, e.g. 'haac 0.1.0, rembg 2.0.86, pillow 13.0.0'."""
    licence: str = ""
    """SPDX expression, or the words of the source."""
    attribution: str = ""
    """Who is to be credited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A catalog row: one immutable RGBA picture under its id."""

    number: int
    """1 to LIMITS.id_max; `id` is the same in base32."""
    sha256: str
    """Of the encoded bytes, hex."""
    length: int
    """Encoded bytes."""
    media_type: str
    """'image/webp' (lossless)."""
    width: int
    height: int
    pixels_sha256: str
    """Of the decoded pixels (see `pixel_hash`), hex."""
    name: str = ""
    tags: tuple[str, ...] = ()
    colour: int | None = None
    """Mean colour of the visible pixels, 0xRRGGBB."""
    phash: int | None = None
    """64-bit perceptual hash, unsigned."""
    provenance: Provenance = field(default_factory=Provenance)
    withdrawn: str | None = None
    """Reason of the takedown; None while the element stands."""

    @property
    def id(self) -> str:
        """The short id, as people write it."""
        return format_id(self.number)
