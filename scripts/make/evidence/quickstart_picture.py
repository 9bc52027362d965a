"""Draws docs/pictures/quickstart.jpg: what `sh scripts/quickstart` leaves as side-by-side.png, out of scikit-image's photographs.

python -m scripts.make.evidence.quickstart_picture
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from scripts.lib import quickstart

TARGET = Path(__file__).resolve().parents[3] / "docs" / "pictures" / "quickstart.jpg"


def main() -> None:
    quickstart.main()
    with Image.open(quickstart.FOLDER / "side-by-side.png") as image:
        image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS).save(
            TARGET, quality=88
        )


if __name__ == "__main__":
    main()
