"""Draws docs/pictures/quickstart.jpg: what `sh scripts/quickstart` leaves as side-by-side.png, out of scikit-image's photographs.

    python -m scripts.make.evidence.quickstart_picture

Its figures go to benchmarks/readme_photographs.json.
"""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from haac import read_recipe
from scripts.benchmark.record import write
from scripts.lib import quickstart

TARGET = Path(__file__).resolve().parents[3] / "docs" / "pictures" / "quickstart.jpg"


def main() -> None:
    quickstart.main()
    with Image.open(quickstart.FOLDER / "side-by-side.png") as image:
        image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS).save(
            TARGET, quality=88
        )
    recipe = (quickstart.FOLDER / "scene.haac").read_bytes()
    networks = json.loads(quickstart.quiet("models", "--json"))
    figures = {
        "photographs": len(quickstart.PHOTOS),
        "network_megabytes": next(each["megabytes"] for each in networks if each["name"] == quickstart.MODEL),
        "layers": len(read_recipe(recipe).layers),
        "bytes": len(recipe),
    }
    print(write("readme_photographs", figures))


if __name__ == "__main__":
    main()
