"""Layered picture files (Photoshop, OpenRaster, Krita, GIMP, SVG, sticker sets) to elements and a recipe, and back."""

__all__: list[str] = []
