"""An element's metadata: hash, size, tags, perceptual hash, provenance."""

import re
from dataclasses import dataclass, field, fields, replace

from haac_repo._errors import HaacError
from haac_repo._ids import format_id
from haac_repo._limits import LIMITS
from haac_repo._text import clean_doubts, clean_tags, clean_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Provenance: source, segmentation model, software, licence, attribution."""

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
    """An element, as the catalog knows it: one immutable RGBA picture under its id."""

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
    quality: int | None = None
    """How likely a person would keep this cut-out, 0 to 100 per cent; None where nobody judged."""
    doubts: tuple[str, ...] = ()
    """What speaks against it, in a few words each, e.g. 'cut off at the left'."""
    derived_from: int | None = None
    """Number of the element that this is a re-cut of, out of the same photograph."""
    provenance: Provenance = field(default_factory=Provenance)
    withdrawn: str | None = None
    """Reason of the takedown; None while the element is live."""
    keep_bytes: bool = False
    """Whether it was withdrawn without its bytes: they stay, though nobody is given them."""

    @property
    def id(self) -> str:
        """The short id, as people write it."""
        return format_id(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewElement:
    """An element to be added: encoded bytes and metadata, without an id yet."""

    data: bytes
    """Lossless WebP, as `encode` makes it."""
    width: int
    height: int
    pixels_sha256: str
    """`pixel_hash` of the picture, hex."""
    name: str = ""
    tags: tuple[str, ...] = ()
    colour: int | None = None
    """Mean colour of the visible pixels, 0xRRGGBB."""
    phash: int | None = None
    """64-bit perceptual hash, unsigned."""
    quality: int | None = None
    """As in `Element`, like the next two."""
    doubts: tuple[str, ...] = ()
    derived_from: int | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def checked(self) -> "NewElement":
        """This element validated, its texts normalised.

        Raises:
            HaacError: something in it is outside the limits.
        """
        if not (1 <= self.width <= LIMITS.element_side and 1 <= self.height <= LIMITS.element_side):
            raise HaacError(
                f"an element of {self.width}x{self.height} pixels; each side must have 1 to {LIMITS.element_side}"
            )
        if self.width * self.height > LIMITS.element_pixels:
            raise HaacError(
                f"an element of {self.width}x{self.height} pixels; at most {LIMITS.element_pixels} in all are"
                " allowed: make it smaller"
            )
        if not 1 <= len(self.data) <= LIMITS.object_bytes:
            raise HaacError(f"an element of {len(self.data)} bytes; 1 to {LIMITS.object_bytes} are allowed")
        if not re.fullmatch("[0-9a-f]{64}", self.pixels_sha256):
            raise ValueError(f"not a SHA-256 in lower-case hex: {self.pixels_sha256!r}")
        if self.colour is not None and not 0 <= self.colour < 2**24:
            raise ValueError(f"not a colour 0xRRGGBB: {self.colour!r}")
        if self.phash is not None and not 0 <= self.phash < 2**64:
            raise ValueError(f"not an unsigned 64-bit hash: {self.phash!r}")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise ValueError(f"not a quality of 0 to 100: {self.quality!r}")
        provenance = Provenance(
            **{f.name: clean_text(f.name, getattr(self.provenance, f.name)) for f in fields(Provenance)}
        )
        return replace(
            self,
            name=clean_text("name", self.name),
            tags=clean_tags(self.tags),
            doubts=clean_doubts(self.doubts),
            provenance=provenance,
        )
