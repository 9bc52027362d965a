"""The README's first screen: the words beside its pictures, with the figures that the scripts which draw them wrote down."""

from __future__ import annotations

from scripts.make.markdown import Figures


def scene(figures: Figures) -> str:
    """Beside readme.png (`scripts/make/readme_picture.py`)."""
    return (
        f"![{figures['elements']} elements with short ids; a recipe of {figures['layers']} layers as text and as"
        f" {figures['bytes']} bytes; the picture it gives](docs/pictures/readme.png)"
    )


def chat(figures: Figures) -> str:
    """Beside chat.png (`scripts/make/evidence/chat_picture.py`)."""
    return (
        f"A screenshot that another program drew: `haac compress` finds its {figures['elements']} stickers and carries the rest along."
        f" {figures['bytes_of_elements']} bytes say what they are and\nwhere; they stand in the catalog once, however many pictures"
        f" show them.\n\n![A screenshot of a chat with {figures['stickers']} stickers, {figures['bytes']:,} bytes as a recipe beside"
        f" the PNG of {figures['png_bytes']:,} bytes that was sent](docs/pictures/chat.png)"
    )


def photographs(figures: Figures) -> str:
    """Beside quickstart.jpg (`scripts/make/evidence/quickstart_picture.py`)."""
    return (
        f"Photographs become elements, cut out by a network of {figures['network_megabytes']} MB; a scene of"
        f" {figures['layers']} of them is a recipe of {figures['bytes']} bytes. This is what `sh scripts/quickstart` leaves:\n\n"
        f"![{figures['photographs']} photographs; elements on a checkerboard, cut out of them; a scene made of"
        f" {figures['layers']} of these, a recipe of {figures['bytes']} bytes](docs/pictures/quickstart.jpg)"
    )


FIRST_SCREEN = {"readme_scene": scene, "readme_chat": chat, "readme_photographs": photographs}
