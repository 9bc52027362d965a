"""What `sh scripts/bench` runs once its environment stands. Every `$ haac ...` it shows is the real command.

    python -m scripts.lib.evidence [--large PHOTOS EMOJI TRAIN [--judge FILE]] [--only tables|peers|study|report|readme]

The repository is made anew each time, so that ids are the same: describers' scripts (`scripts/evidence/`) name elements by them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.lib.command import HAAC

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "bench"
MODEL = "u2netp"
NETWORK = "efficientnet-lite0"
PARTS = ("tables", "peers", "study", "report", "readme")

CUT = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")
"""Photographs out of scikit-image's own package (CC0, or in the public domain) that elements are cut out of..."""
CUT_WITH_BACKGROUND = ("motorcycle_right.png",)
"""...with what is behind them..."""
WHOLE = ("brick.png", "grass.png", "gravel.png")
"""...and that are elements as they are."""
MEASURED = (*CUT, "motorcycle_left.png")
"""Nothing of the last one is in the repository: it is told by what its neighbour shows."""
REPORTED = "coffee.png"


@dataclass(frozen=True)
class Form:
    """What is measured, and where that is written."""

    name: str
    measured: list[Path]
    repository: Path
    scripts: Path
    """Of describers."""
    suffix: str
    """Of the names of figures."""
    shown: bool
    """Whether the pictures may stand in docs/: they are scikit-image's."""
    folders: tuple[Path, ...] = ()
    """Photographs, pictures with alpha, photographs to cut elements out of; none in the small form, which has scikit-image's."""
    judge: Path | None = None
    """Classifier that says what pictures show; None: the network that retrieves."""

    def figures(self, part: str) -> str:
        """File of the figures of a part."""
        return str(ROOT / "benchmarks" / f"evidence_{part}{self.suffix}.json")

    def picture(self, part: str, kind: str) -> str:
        """File of a plot."""
        return str(ROOT / "docs" / "pictures" / f"evidence_{part}{self.suffix}.{kind}")

    @property
    def study(self) -> Path:
        """What the study works on, until it is done: an interrupted run goes on there."""
        return WORK / f"study{self.suffix}"

    @property
    def judging(self) -> list[str | Path]:
        """Options."""
        return [] if self.judge is None else ["--judge", self.judge]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measure all evidence of docs/evidence.md."
    )
    parser.add_argument(
        "--large", nargs=3, metavar=("PHOTOS", "EMOJI", "TRAIN"), help="folders; else the small form"
    )
    parser.add_argument(
        "--judge", metavar="FILE", help="with --large: network that says what pictures show (.onnx, .tflite)"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="may be given several times")
    parser.add_argument("--from", dest="start", default=".", help=argparse.SUPPRESS)
    options = parser.parse_args()
    parts = options.only or PARTS
    folders = [Path(options.start, each).resolve() for each in options.large or ()]
    if wrong := [str(folder) for folder in folders if not folder.is_dir()]:
        parser.error(f"there is no folder {wrong[0]}")
    judge = Path(options.start, options.judge).resolve() if options.judge else None
    if judge is not None and not (folders and judge.is_file()):
        parser.error(f"there is no file {judge}" if folders else "--judge goes with --large")
    begin = time.monotonic()
    for name in (MODEL, NETWORK):
        haac("models", "--fetch", name)
    form = replace(large(*folders), judge=judge) if folders else small()
    check_elements(form)
    for part in PARTS:
        if part in parts:
            started = time.monotonic()
            globals()[part](form)
            print(f"   ({part}: {time.monotonic() - started:.0f} s)", flush=True)
    run([sys.executable, "-m", "scripts.make.tables"], "python -m scripts.make.tables")
    print(
        f"\nDone in {time.monotonic() - begin:.0f} s. Read docs/evidence.md, and open {WORK / 'report.html'}."
    )


def small() -> Form:
    """The repository of scikit-image's pictures."""
    import skimage

    data = Path(skimage.__file__).parent / "data"
    folder = fresh("small")
    say("Elements out of scikit-image's photographs")
    for name, names in (
        ("cut", CUT),
        ("cut_with_background", CUT_WITH_BACKGROUND),
        ("whole", WHOLE),
        ("measured", MEASURED),
    ):
        (folder / name).mkdir()
        for each in names:
            shutil.copyfile(data / each, folder / name / each)
    repository = folder / "repository"
    haac("init", "--repo", repository)
    cut = ("ingest", "--repo", repository, "--model", MODEL, "--no-split", "--keep", "all")
    haac(*cut, folder / "cut")
    haac(*cut, "--keep-background", folder / "cut_with_background")
    haac("ingest", "--repo", repository, "--model", "none", "--similar", folder / "whole")
    return Form(
        "small",
        [folder / "measured" / each for each in MEASURED],
        repository,
        ROOT / "scripts" / "evidence" / "small",
        "",
        True,
    )


def large(photos: Path, emoji: Path, train: Path) -> Form:
    """The repository of these folders."""
    folder = fresh("large")
    repository = folder / "repository"
    say("Elements out of the folders")
    haac("init", "--repo", repository)
    haac(
        *("ingest", "--repo", repository, "--model", MODEL, "--no-split", "--keep", "all", "--no-index"),
        *("--keep-background", "--no-similar", train),
    )
    haac("ingest", "--repo", repository, "--model", "none", "--similar", emoji)
    measured = sorted(path for path in photos.iterdir() if path.suffix.lower() in (".png", ".jpg", ".webp"))
    scripts = ROOT / "scripts" / "evidence" / "large"
    described = [path for path in measured if (scripts / f"{path.stem}.py").exists()]
    folders = photos, emoji, train
    return Form("large", described or measured, repository, scripts, "_large", False, folders)


def fresh(name: str) -> Path:
    """An empty folder."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def check_elements(form: Form) -> None:
    """Make sure that the ids which describers' scripts name are still those elements."""
    expected: dict[str, str] = json.loads((form.scripts / "elements.json").read_text("utf-8"))
    for element, name in expected.items():
        found = json.loads(quiet("show", element, "--repo", form.repository, "--json"))
        own = found[0] if isinstance(found, list) else found
        if own["name"] != name:
            raise SystemExit(
                f"Element {element} is {own['name']!r}, and not {name!r}, for which {form.scripts} was written:"
                " other pictures were ingested, or in another order."
            )


def tables(form: Form) -> None:
    """The paper's two tables."""
    say("The tables of the paper")
    haac(
        "bench",
        "tables",
        *form.measured,
        "--repo",
        form.repository,
        "--scripts",
        form.scripts,
        "-o",
        form.figures("tables"),
        "--plot",
        form.picture("tables", "svg"),
        "--sheet",
        form.picture("tables", "jpg") if form.shown else WORK / "large" / "tables.jpg",
    )


def peers(form: Form) -> None:
    """Rate against distortion beside other formats."""
    say("Other formats")
    words: list[str | Path] = []
    if form.folders:
        photos, emoji, train = form.folders
        words = ["--photos", photos, "--emoji", emoji, "--train", train, *form.judging]
        words += ["--similar-repo", form.study / "similar"]  # the study goes on with it
    module("scripts.benchmark.evidence.peers", *words)


def study(form: Form) -> None:
    """How large a catalog must be."""
    say("How large a catalog must be")
    words: list[str | Path] = ["--folders", *form.folders, *form.judging] if form.folders else []
    form.study.mkdir(parents=True, exist_ok=True)
    module("scripts.benchmark.evidence.catalog_size", *words, "--work", form.study)
    shutil.rmtree(form.study)  # the next run measures anew


def report(form: Form) -> None:
    """A page to look at: a picture, and what its recipe renders to."""
    say("A report to look at")
    picture = next((path for path in form.measured if path.name == REPORTED), form.measured[0])
    recipe, made = WORK / f"{picture.stem}.haac", WORK / f"{picture.stem}.png"
    haac("compress", picture, "--repo", form.repository, "-o", recipe)
    haac("decompress", recipe, "--repo", form.repository, "-o", made)
    haac("report", picture, made, "-o", WORK / "report.html")


def readme(form: Form) -> None:
    """Pictures of the README, with their figures: always of scikit-image's photographs and of drawings."""
    if not form.folders:
        say("Pictures of the README")
        for name in ("readme_picture", "evidence.chat_picture", "evidence.quickstart_picture"):
            module(f"scripts.make.{name}")


def say(title: str) -> None:
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}", flush=True)


def haac(*arguments: str | Path) -> None:
    """A haac command, shown and run, without which the rest makes no sense."""
    words = [str(each) for each in arguments]
    run([HAAC, *words], f"haac {' '.join(words)}")


def module(name: str, *arguments: str | Path) -> None:
    """A benchmark of its own, shown and run."""
    words = [str(each) for each in arguments]
    run([sys.executable, "-m", name, *words], f"python -m {name} {' '.join(words)}".rstrip())


def run(command: Sequence[str], shown: str) -> None:
    """Show a command, and run it; ends the program where that fails."""
    print(f"   $ {shown.replace(f'{ROOT}/', '')}", flush=True)
    if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise SystemExit(f"bench stops here: that command failed ({code}).")


def quiet(*arguments: str | Path) -> str:
    """A haac command that is not shown; returns what it prints."""
    command = [HAAC, *map(str, arguments), "--quiet"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
