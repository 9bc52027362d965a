"""Limits of the studio: what a browser may send, and what a session keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StudioLimits:
    """Upper bounds, with their units. A body is compared with them before it is read."""

    scene_bytes: int = 16 * 2**20
    """Bytes of a scene as JSON: inline elements are in base64, once for each layer that shows them."""
    request_bytes: int = 64 * 2**10
    """Bytes of any other JSON."""
    file_bytes: int = 2**21
    """Bytes of a recipe or script that is read: twice the characters that a text recipe may have."""
    references: int = 8
    """Pictures to trace that are kept at one time; the oldest goes."""
    reference_side: int = 4096
    """Pixels; a reference is shown no larger."""
    reviews: int = 8
    """Cut photographs that wait for a decision at one time; the oldest goes."""
    jobs: int = 32
    """Jobs whose outcome is remembered."""
    page: int = 500
    """Elements in one answer."""
    thumbnail: int = 512
    """Pixels of the longest side of a thumbnail."""
    thumbnails_bytes: int = 32 * 2**20
    """Bytes of thumbnails that are kept."""
    strokes_bytes: int = 2**20
    """Bytes of the JSON of one re-cut: strokes of a brush have many points."""
    strokes: int = 256
    """Points, boxes and lines of one re-cut, of each kind."""
    hints: int = 1024
    """Points and boxes that they become."""


STUDIO_LIMITS = StudioLimits()
