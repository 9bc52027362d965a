"""The rows of the benchmark: ways to tell a photograph within budgets of bytes."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from haac import Scene, encode_wash, render, to_binary
from haac_repo import Repository
from scripts.bench.similar.codecs import CODECS, within

ROWS = ("wash", *CODECS, "plate", "composed", "rule")
"""`plate`: the nearest whole photograph; `composed`: elements always; `rule`: elements where the confidence rule holds, else the wash."""


@dataclass(frozen=True, slots=True)
class Made:
    """A photograph told."""

    bytes: int
    seconds: float
    picture: Image.Image
    """Mode RGB, of the photograph's size."""
    told: dict[str, Any] | None = None
    """What elements tell it, for the record."""


def made(
    row: str, path: Path, image: Image.Image, budgets: Sequence[int], repository: Path | None
) -> dict[int, Made]:
    """A photograph told in one way, for each budget.

    Raises:
        RuntimeError: what the row needs is not there.
    """
    if row == "wash":
        return {budget: _timed(lambda budget=budget: _wash(image, budget)) for budget in budgets}  # type: ignore[misc]
    if row in CODECS:
        started = time.process_time()
        found = within(image, row, budgets)
        seconds = (time.process_time() - started) / len(budgets)
        return {budget: Made(count, seconds, picture) for budget, (count, picture) in found.items()}
    if repository is None:
        raise RuntimeError(f"row {row} needs --repo DIRECTORY, with cut-outs of the photographs")
    excluded = cut_from(repository, path)
    return {budget: _similar(row, image, budget, repository, excluded) for budget in budgets}


def cut_from(repository: Path, photograph: Path) -> set[int]:
    """Numbers of the elements that came out of a photograph, whatever it is called: by the checksum of its file."""
    return _sources(repository).get(hashlib.sha256(photograph.read_bytes()).hexdigest(), set())


@cache
def _sources(repository: Path) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    database = sqlite3.connect(f"file:{(repository / 'catalog.sqlite').resolve()}?mode=ro", uri=True)
    try:
        for number, source in database.execute("select number, source_sha256 from element"):
            found.setdefault(source, set()).add(number)
    finally:
        database.close()
    return found


def _timed(make: Callable[[], tuple[int, Image.Image]]) -> Made:
    started = time.process_time()
    count, picture = make()
    return Made(count, time.process_time() - started, picture)


def _wash(image: Image.Image, budget: int) -> tuple[int, Image.Image]:
    scene = Scene(image.width, image.height, background=encode_wash(image, budget=budget))
    return len(to_binary(scene)), render(scene, NoElements()).convert("RGB")


class NoElements:
    """Where no element is drawn."""

    def image(self, ref: int) -> Image.Image:
        raise AssertionError(ref)


@cache
def opened(repository: Path) -> Repository:
    """Once a process."""
    return Repository.open(repository)


@cache
def _engine(repository: Path) -> Any:
    try:
        from haac_similar import Similar  # type: ignore[attr-defined, unused-ignore]
    except ImportError as e:
        raise RuntimeError("rows of elements need haac_similar.Similar") from e
    return Similar(opened(repository))


def _options(row: str, budget: int) -> Any:
    """What each row asks for. The names are those of `SimilarOptions`."""
    from haac_similar import SimilarOptions  # type: ignore[attr-defined, unused-ignore]

    chosen: dict[str, Any] = {
        "composed": {"always": True},
        "rule": {},
        "plate": {"plate_only": True},
    }[row]
    return SimilarOptions(budget=budget, **chosen)


def _similar(row: str, image: Image.Image, budget: int, repository: Path, excluded: set[int]) -> Made:
    engine, options = _engine(repository), _options(row, budget)
    started = time.process_time()
    told = engine.compress(image, options, exclude=excluded)
    seconds = time.process_time() - started
    things = [
        {
            key: getattr(thing, key)
            for key in ("number", "score", "agree", "gain", "label")
            if hasattr(thing, key)
        }
        for thing in told.things
    ]
    picture = render(told.scene, opened(repository)).convert("RGB")
    return Made(len(to_binary(told.scene)), seconds, picture, {"things": things})
