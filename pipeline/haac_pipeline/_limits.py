"""Limits on archives, downloads and what waits; those of one picture are `haac`'s PICTURE_LIMITS."""

from dataclasses import dataclass

from haac._internal import PICTURE_LIMITS


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """Upper bounds, with their units. Anything beyond is refused with its reason, and the run goes on."""

    source_bytes: int = PICTURE_LIMITS.file_bytes
    """Encoded bytes of one picture file, also inside an archive."""
    archive_members: int = 100_000
    """Entries of one zip archive."""
    archive_bytes: int = 8 * 2**30
    """Inflated bytes of all entries of one zip archive."""
    archive_directory_bytes: int = 32 * 2**20
    """Bytes of a zip archive's directory, which is read into memory whole."""
    url_bytes: int = 256 * 2**20
    """Bytes of one download."""
    redirects: int = 5
    """Redirects that one download follows."""
    url_seconds: float = 120.0
    """Seconds that one download may take, redirects included."""
    silence_seconds: float = 20.0
    """Seconds that a server may say nothing."""
    sidecar_bytes: int = 64 * 2**20
    """Bytes of one CSV or JSON file that describes pictures."""
    in_flight_bytes: int = 256 * 2**20
    """Bytes of picture files that wait for a worker."""


INGEST_LIMITS = IngestLimits()
