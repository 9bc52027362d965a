"""Inner API of haac_evidence: what scripts use of it. May change at any time."""

from haac_evidence._record import machine, write_record
from haac_evidence._tables.columns import BYTES, DIFFERENT, OWN, OWN_MEANS

__all__ = ["BYTES", "DIFFERENT", "OWN", "OWN_MEANS", "machine", "write_record"]
