"""Photographs of which a judge knows what they show."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from haac_evidence._internal import SURE, choose_judge, kind_of, load_judge

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
