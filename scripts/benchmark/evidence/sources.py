"""Photographs that evidence is made of: those of which a judge knows what they show, and elements that are cut out of others."""

from __future__ import annotations

import subprocess
from pathlib import Path

from PIL import Image

from haac_evidence._internal import SURE, choose_judge, kind_of, load_judge
from scripts.lib.command import HAAC

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


def known_photographs(folder: Path, count: int, judge: Path | None) -> list[Path]:
    """Some of a folder's photographs, evenly by name, among those whose kind a judge is sure of.

    Args:
        folder: of photographs.
        count: how many at most.
        judge: file of a classifier; None: the network that retrieves.
    """
    looks = load_judge(choose_judge(judge))
    known = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES:
            with Image.open(path) as opened:
                if kind_of(looks(opened.convert("RGB")))[1] >= SURE:
                    known.append(path)
    return [known[at * len(known) // count] for at in range(count)] if len(known) > count else known


def cut_out(photographs: Path, repository: Path, model: str) -> None:
    """Make a repository of what is cut out of photographs and good enough, with a similar index, unless it is there.

    Args:
        photographs: a folder.
        repository: to be made there; one whose making was interrupted is gone on with.
        model: what segments the photographs.
    """
    if (repository / "similar").exists():
        return
    if not repository.exists():
        haac("init", "--repo", repository)
    haac("ingest", photographs, "--repo", repository, "--model", model, "--similar")


def haac(*arguments: str | Path) -> None:
    """Run a command, with its notes to be seen, and without what it prints."""
    subprocess.run([HAAC, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
