"""How often a run of `haac compress` passes from file to file: what the structure of the code costs its readers.

    python -m scripts.benchmark.crossings
    python -m scripts.benchmark.crossings --json FILE --pairs 40

One clean picture of five layers out of a catalog of 90 elements, all drawn here with a seed, is compressed in this process by the
command, once to warm up (index, compiled kernels) and once to be counted. A *crossing* is a call or a resumed generator, in any thread,
whose function stands in another file of our packages than the nearest of its callers that is ours; returns, and calls within
a file, count nothing. Compiled kernels and calls into libraries are not seen; what a library calls back is counted for whoever called
the library. Files *entered* and *functions* are those of which any Python function ran, bodies of modules left out.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

from PIL import Image

from haac import Colour, Layer, Scene, render
from haac._cli.main import _run
from haac_repo import Repository
from scripts.benchmark.record import write
from scripts.lib.elements import drawing, new_element

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    f"{ROOT / folder / name}/": name
    for folder, name in (
        ("codec", "haac"),
        ("repo", "haac_repo"),
        ("pipeline", "haac_match"),
        ("pipeline", "haac_pipeline"),
    )
}
ELEMENTS, LAYERS, SEED = 90, 5, 7


def catalog(folder: Path) -> Repository:
    """The drawn elements."""
    repository = Repository.create(folder)
    with repository.writer() as writer:
        for seed in range(ELEMENTS):
            writer.add(new_element(drawing(seed)))
    return repository


def picture(repository: Repository) -> Image.Image:
    """Layers at random places, in random sizes and turns, on a plain background."""
    rng = random.Random(SEED)
    scene = Scene(512, 480, Colour(0x7898B8FF))
    for _ in range(LAYERS):
        layer = Layer(
            rng.randint(1, ELEMENTS),
            width=rng.randint(60, 160),
            rotation=rng.randrange(1440),
            blur=rng.choice((0, 0, 4)),
            x=rng.randrange(scene.width - 100),
            y=rng.randrange(scene.height - 100),
        )
        scene.layers.append(layer)
    return render(scene, repository).convert("RGB")


@dataclass
class Tracer:
    """Counts calls between files; each thread by itself, added up at the end."""

    names: dict[CodeType, str] = field(default_factory=dict)
    """Of code that ran: its file as `package/room/module.py`; empty if it is not ours."""
    counts: list[Counter[tuple[str, str]]] = field(default_factory=list)
    functions: set[CodeType] = field(default_factory=set)
    _local: threading.local = field(default_factory=threading.local)

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """As `sys.setprofile` wants it."""
        if event != "call":
            return
        here = self.file_of(frame.f_code)
        if not here:
            return
        if frame.f_code.co_name != "<module>":
            self.functions.add(frame.f_code)
        caller = frame.f_back
        while caller is not None and not self.file_of(caller.f_code):
            caller = caller.f_back
        if caller is not None and (there := self.file_of(caller.f_code)) != here:
            self.pairs()[there, here] += 1

    def pairs(self) -> Counter[tuple[str, str]]:
        """Of the calling thread."""
        found: Counter[tuple[str, str]] | None = getattr(self._local, "pairs", None)
        if found is None:
            found = self._local.pairs = Counter()
            self.counts.append(found)
        return found

    def file_of(self, code: CodeType) -> str:
        """Its file, if it is ours."""
        name = self.names.get(code)
        if name is None:
            path = code.co_filename
            name = next(
                (of + "/" + path.removeprefix(at) for at, of in PACKAGES.items() if path.startswith(at)), ""
            )
            self.names[code] = name
        return name

    def total(self) -> Counter[tuple[str, str]]:
        """Crossings from file to file."""
        return sum(self.counts, Counter())


def traced(arguments: list[str]) -> Tracer:
    """Run a command of haac."""
    tracer = Tracer()
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    try:
        code = _run(arguments)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    if code:
        raise SystemExit(f"haac {' '.join(arguments)}: exit code {code}")
    return tracer


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", default="crossings", help="where to write")
    parser.add_argument("--pairs", type=int, default=20, help="of files to print and to write")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with catalog(folder / "repository") as repository:
            picture(repository).save(folder / "picture.png")
        command = ["compress", str(folder / "picture.png"), "--repo", str(folder / "repository"), "-q"]
        traced(command)  # makes the index, compiles the kernels
        tracer = traced(command)
        recipe = (folder / "picture.haac").stat().st_size
    pairs = tracer.total()
    files = {tracer.names[code] for code in tracer.functions}
    packages = Counter(file.partition("/")[0] for file in files)
    rows = [{"from": a, "to": b, "calls": n} for (a, b), n in pairs.most_common(given.pairs)]
    for row in rows:
        print(f"{row['calls']:>6}  {row['from']} -> {row['to']}")
    print(
        f"{pairs.total():,} crossings between files, {len(files)} files entered {dict(packages)}, {len(tracer.functions)} functions"
    )
    figures = {
        "elements": ELEMENTS,
        "layers": LAYERS,
        "recipe_bytes": recipe,
        "crossings": pairs.total(),
        "files": len(files),
        "files_of": dict(sorted(packages.items())),
        "functions": len(tracer.functions),
        "pairs": rows,
    }
    print(write(given.json, figures))


if __name__ == "__main__":
    main()
