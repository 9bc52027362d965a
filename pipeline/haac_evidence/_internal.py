"""Inner API of haac_evidence: what scripts use of it. May change at any time."""

from haac_evidence._record import machine, write_record
from haac_evidence._tables.columns import BOUNDARIES, BYTES, DIFFERENT, MIDDLE, OWN, OWN_MEANS

__all__ = ["BOUNDARIES", "BYTES", "DIFFERENT", "MIDDLE", "OWN", "OWN_MEANS", "machine", "write_record"]
