"""Evidence: what recipes are worth beside other formats, and how large a catalog must be."""

__all__: list[str] = []
"""The commands `haac bench`, `haac study` and `haac report`."""
