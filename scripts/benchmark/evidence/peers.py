"""Recipes beside other formats: writes benchmarks/evidence_peers.json, or with folders benchmarks/evidence_peers_large.json.

    python -m scripts.benchmark.evidence.peers
    python -m scripts.benchmark.evidence.peers --photos FOLDER --emoji FOLDER [--train FOLDER --similar-repo DIRECTORY] [--judge FILE]

It is `haac bench peers`, with its pictures and its repository made before. The small form takes photographs of scikit-image and a
repository of drawings; the large form the first of the photographs, and a repository of emoji. With --train it takes some of those
photographs, too, whose kind the judge knows, and tells all of them by the elements that were cut out of the others. A run that was
stopped goes on.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from haac_repo import NewElement
from scripts.benchmark.evidence.sources import cut_out, known_photographs
from scripts.lib.command import HAAC
from scripts.lib.elements import drawing, new_element, repository_of, trimmed_element

ROOT = Path(__file__).resolve().parents[3]
PHOTOGRAPHS = ("astronaut", "coffee")
MODEL = "u2netp"
"""Finds the objects of photographs that are told by similar elements."""
DRAWINGS, EMOJI = 100, 300
SCENES = {"small": 2, "large": 3}
TOLD = 6
"""Photographs of --train."""
LONG = {"small": 288, "large": 384}


def photographs(folder: Path) -> list[Path]:
    """Photographs of scikit-image's package, written to a folder."""
    from skimage import data

    found = []
    for name in PHOTOGRAPHS:
        path = folder / f"{name}.png"
        Image.fromarray(getattr(data, name)()).convert("RGB").save(path)
        found.append(path)
    return found


def emoji(folder: Path) -> list[NewElement]:
    """Some of the emoji, without their transparent rims."""
    return [trimmed_element(path) for path in random.Random(0).sample(sorted(folder.glob("*.png")), EMOJI)]


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="folder of photographs, with --emoji: the large form")
    parser.add_argument("--emoji", type=Path, help="folder of cut-outs")
    parser.add_argument("--train", type=Path, help="folder of photographs that elements were cut out of")
    parser.add_argument(
        "--similar-repo", type=Path, help="repository of those elements; made where it is not there"
    )
    parser.add_argument("--judge", type=Path, metavar="FILE", help="as `haac bench peers` takes it")
    parser.add_argument("--count", type=int, default=6, help="photographs of --photos")
    parser.add_argument("--thorough", action="store_true")
    parser.add_argument("--jobs", type=int, default=0)
    args = parser.parse_args()
    if (args.photos is None) != (args.emoji is None):
        parser.error("the large form takes both --photos and --emoji")
    if (args.train is None) != (args.similar_repo is None) or (args.train and args.photos is None):
        parser.error("--train and --similar-repo go with each other, and with --photos")
    large = args.photos is not None
    with tempfile.TemporaryDirectory(prefix="haac-") as name:
        folder = Path(name)
        if large:
            pictures = sorted(args.photos.glob("*.png"))[: args.count]
            elements = emoji(args.emoji)
        else:
            pictures = photographs(folder)
            elements = [new_element(drawing(n), f"{n}") for n in range(DRAWINGS)]
        if args.train is not None:
            pictures += known_photographs(args.train, TOLD, args.judge)
            cut_out(args.train, args.similar_repo, MODEL)
        repository_of(folder / "repo", elements)
        output = ROOT / "benchmarks" / f"evidence_peers{'_large' if large else ''}.json"
        plot = ROOT / "docs" / "pictures" / f"evidence_peers{'_large' if large else ''}.png"
        command = [
            HAAC,
            "bench",
            "peers",
            *map(str, pictures),
            "--repo",
            str(folder / "repo"),
        ]
        command += [
            "--scenes",
            str(SCENES["large" if large else "small"]),
            "-o",
            str(output),
            "--plot",
            str(plot),
        ]
        command += ["--long", str(LONG["large" if large else "small"]), "--jobs", str(args.jobs), "-v"]
        command += ["--thorough"] if args.thorough else []
        command += ["--judge", str(args.judge)] if args.judge else []
        command += ["--similar-repo", str(args.similar_repo), "--model", MODEL] if args.similar_repo else []
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
