"""Draws docs/pictures/report.png: what `haac compress --report` gives for a drawn scene of which two objects are in no repository.

The scene goes through the real compressor, so what the picture says is so; what that says goes to benchmarks/report_picture.json.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import ImageDraw

from haac import Scene, gradient, render
from haac_repo import Repository
from scripts.benchmark.record import write
from scripts.lib.command import HAAC
from scripts.lib.elements import new_element
from scripts.make.drawings import DRAWINGS

TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "report.png"


def scene(ids: dict[str, str]) -> Scene:
    """A meadow; `ids` are the elements' ids by name."""
    made = Scene(960, 640, background=gradient("#bfe3f7", "#9fce74"))
    made.element(ids["sun"]).resize(150).place(760, 40)
    made.element(ids["cloud"]).resize(190).opacity(0.85).place(90, 60)
    made.element(ids["cloud"]).flip().resize(130).blur(1).place(560, 90)
    made.element(ids["mountain"]).resize(330).place(430, 190)
    made.element(ids["tree"]).resize(170).place(60, 300)
    made.element(ids["tree"]).resize(120).place(230, 280)
    made.element(ids["house"]).resize(200).place(330, 330)
    made.element(ids["pine"]).resize(100).place(760, 310)
    made.element(ids["pine"]).resize(80, 130).place(850, 340)
    made.element(ids["flower"]).resize(44).rotate(9).place(160, 540)
    made.element(ids["flower"]).resize(36).rotate(-14).place(610, 560)
    made.element(ids["bird"]).resize(60).rotate(12).place(400, 110)
    made.element(ids["balloon"]).resize(96).rotate(-6).place(280, 90)
    return made


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Repository.create(folder / "repository") as repository:
            with repository.writer() as writer:
                ids = {}
                for drawn, drawing in DRAWINGS.items():
                    ids[drawn] = writer.add(new_element(drawing(), drawn))[0].id
            picture = render(scene(ids), repository).convert("RGB")
        draw = ImageDraw.Draw(picture)  # a kite and a ball that no catalog has
        draw.polygon(
            [(560, 200), (600, 240), (560, 310), (525, 240)], fill="#c4302b", outline="#5c1512", width=3
        )
        draw.ellipse((690, 500, 750, 560), fill="#4b3fa7", outline="#241d5e", width=3)
        draw.arc((690, 480, 750, 540), 20, 160, fill="#ffffff", width=6)
        picture.save(folder / "meadow.png")
        command = [HAAC, "compress", "meadow.png", "--report", str(TARGET), "--repo", "repository"]
        said = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
        size = (folder / "meadow.haac").stat().st_size
    print(write("report_picture", {"said": said.splitlines(), "bytes": size}))


if __name__ == "__main__":
    main()
