"""Which elements of a catalog are in a picture, and how they were placed."""

from haac_match._compress import Compressed, Matcher, Options

__all__ = ["Compressed", "Matcher", "Options"]
