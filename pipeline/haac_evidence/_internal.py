"""Inner API of haac_evidence: what scripts use of it. May change at any time."""

from haac_evidence._record import machine, write_record

__all__ = ["machine", "write_record"]
