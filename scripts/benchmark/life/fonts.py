"""Fonts and words of what stands beside elements."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from PIL import ImageFont

FAMILY = "DejaVu Sans"
"""Of Debian's package fonts-dejavu-core; matplotlib brings the same files."""

SENTENCES = (
    "See you at eight", "Running late, sorry", "Did you get my message?", "That was amazing", "Happy birthday!",
    "What time does it start?", "I will bring the cake", "Lunch tomorrow at 12:30?", "Can you send me the file?",
    "On my way", "No way, really?", "Thank you so much", "The meeting moved to 3 pm", "Great job, everyone",
    "Ich komme gleich", "Bis morgen um neun", "Danke, das hilft sehr", "Wo bist du gerade?", "On se voit demain",
    "Merci beaucoup", "C'est parfait pour moi", "Nos vemos el lunes", "Que tengas un buen viaje", "Weather looks good",
    "Order #48213 has shipped", "Total: 27.90 EUR", "Please reply by Friday", "New photos are up", "Best team ever",
)  # fmt: skip

TITLES = (
    "Quarterly results", "Our plan for spring", "Team offsite 2026", "What we learned", "Road map", "Five easy wins",
    "Customer feedback", "Welcome aboard", "Project status", "How it works",
)  # fmt: skip

MEMES = (
    "WHEN IT IS MONDAY",
    "ME AFTER LUNCH",
    "NOBODY:",
    "ONE DOES NOT SIMPLY",
    "THAT FEELING WHEN",
    "SO MUCH FUN",
)


@cache
def font_file(*, bold: bool = False) -> Path:
    """DejaVu Sans, of Debian or of matplotlib.

    Raises:
        FileNotFoundError: neither is installed.
    """
    name = f"DejaVuSans{'-Bold' if bold else ''}.ttf"
    folders = [Path("/usr/share/fonts/truetype/dejavu")]
    try:
        import matplotlib
    except ImportError:
        pass
    else:
        folders.append(Path(matplotlib.__file__).parent / "mpl-data" / "fonts" / "ttf")
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"no {name}: install Debian's fonts-dejavu-core, or matplotlib")


@cache
def font(size: float, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Of this size in pixels."""
    return ImageFont.truetype(str(font_file(bold=bold)), size)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a line becomes, in pixels; each engine has its own rounding."""
    return font(100, bold=bold).getlength(text) * size / 100


def sentence(rng: random.Random) -> str:
    """What somebody may write."""
    return rng.choice(SENTENCES)
