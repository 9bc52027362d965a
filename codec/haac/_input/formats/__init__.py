"""A reader a format: from bytes to frames that are decoded as they are taken."""
