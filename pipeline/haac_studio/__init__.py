"""The studio: a local editor of scenes in the browser, which records what is done as a script (docs/studio.md)."""

__all__: list[str] = []
