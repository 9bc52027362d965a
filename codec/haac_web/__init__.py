"""The decoder for the web: ES modules that browsers and Node load as they are (docs/web.md). Python only knows where they are."""

from pathlib import Path as _Path

__all__ = ["FOLDER"]

FOLDER = _Path(__file__).parent
"""The folder of `haac.js`."""
