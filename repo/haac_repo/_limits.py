"""Limits on untrusted input to the repository, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, with their units. Anything beyond is one HaacError, before any allocation."""

    id_max: int = 2**40 - 1
    """Largest element number."""
    element_side: int = 16_383
    """Pixels; the largest side that WebP can hold."""
    element_pixels: int = 2**25
    """Pixels of one element (8K UHD)."""
    object_bytes: int = 256 * 2**20
    """Encoded bytes of one element."""
    pack_bytes: int = 512 * 2**20
    """Bytes of one sealed pack that a client accepts."""
    pack_target_bytes: int = 16 * 2**20
    """A pack is sealed once it holds this many bytes."""
    head_bytes: int = 4 * 2**20
    """Bytes of a head: 44,000 packs, which are 700 GB, or 30,000 segments."""
    segment_bytes: int = 64 * 2**20
    """Compressed bytes of one log segment."""
    segment_inflated_bytes: int = 256 * 2**20
    """Inflated bytes of one log segment."""
    segment_records: int = 50_000
    """Records of one log segment that we write."""
    record_bytes: int = 64 * 2**10
    """Bytes of one log record's JSON."""
    text_chars: int = 2_000
    """Characters of a name, a source, a licence, an attribution or a reason."""
    tags: int = 64
    """Tags of one element."""
    tag_chars: int = 64
    """Characters of one tag."""
    doubts: int = 16
    """Doubts about one cut-out, each as long as a tag at most."""


LIMITS = Limits()
