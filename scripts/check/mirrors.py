"""One half of `scripts/check_determinism`: the same recipes, decoded in a repository, a full mirror and a --for mirror.

    python -m scripts.check.mirrors make REPOSITORY             makes and publishes a repository of drawings; prints the expected hashes
    python -m scripts.check.mirrors decode REPOSITORY FOLDER    makes both mirrors in FOLDER over HTTP, decodes; prints the hashes found

Everything goes through the `haac` command, as a user would do it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from haac_repo import Repository, Server, pixel_hash, publish
from scripts.lib.command import HAAC
from scripts.lib.elements import new_element
from scripts.make.drawings import DRAWINGS

RECIPES = {
    "turned": "haac1:200x180;1.w80.r37.p10,20;5.w90.r55a.p80,40;9.fh.s1c2.r13.p120,60",
    "washed": "haac1:200x180:g87ceeb,ffffff,438;2.w120.b9.o46.p-20,10;4.w180.h60.p0,120;8.k8c.u32.w90.p60,70",
    "plate": "haac1:140xf0:e3;6.l50.h90.p8,40;7.c10,10,a0,90.h80.o50.p70,50",
    "nothing but colour": "haac1:40x40:cff8800",
}


def main() -> None:
    match sys.argv[1:]:
        case ["make", repository]:
            make(Path(repository))
        case ["decode", repository, folder]:
            decode(Path(repository), Path(folder))
        case _:
            raise SystemExit(__doc__)


def make(path: Path) -> None:
    with Repository.create(path) as repository:
        with repository.writer() as writer:
            for name, draw in DRAWINGS.items():
                writer.add(new_element(draw(), name))
        publish(repository)
    found = decompress(path, path.parent / "made")
    print(json.dumps({f"{name}, {place}": h for name, h in found.items() for place in PLACES}))


PLACES = ("repository", "mirror", "--for mirror")


def decode(repository: Path, folder: Path) -> None:
    folder.mkdir()
    needed = [part for text in RECIPES.values() for part in ("--for", text)]
    with Server(repository, port=0) as server:
        haac("sync", server.url, str(folder / "mirror"))
        haac("sync", server.url, str(folder / "for"), *needed)
    places = dict(zip(PLACES, (repository, folder / "mirror", folder / "for"), strict=True))
    found = {
        f"{name}, {place}": pixels
        for place, path in places.items()
        for name, pixels in decompress(path, folder / f"pictures-{path.name}").items()
    }
    print(json.dumps(found))


def decompress(repository: Path, folder: Path) -> dict[str, str]:
    folder.mkdir()
    hashes = {}
    for number, (name, text) in enumerate(RECIPES.items()):
        picture = folder / f"{number}.png"
        haac("decompress", text, "-o", str(picture), "--repo", str(repository))
        with Image.open(picture) as image:
            hashes[name] = pixel_hash(image.convert("RGBA"))
    return hashes


def haac(*arguments: str) -> None:
    done = subprocess.run([HAAC, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"haac {' '.join(arguments)} failed:\n{done.stderr}")


if __name__ == "__main__":
    main()
