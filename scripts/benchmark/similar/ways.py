"""The rows of the benchmark: ways to tell a photograph within budgets of bytes."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from haac import Plate, Scene, encode_wash, render, to_binary
from haac_pipeline._segment.models import SMALL
from haac_pipeline._segment.session import mask
from haac_repo import Repository
from haac_similar import Embedder, Similar, SimilarOptions, open_similar_index
from haac_similar._index.index import CLASS_WEIGHT
from scripts.benchmark.similar.codecs import CODECS, within
from scripts.benchmark.similar.photographs import folder as listed

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
    row: str,
    path: Path,
    image: Image.Image,
    budgets: Sequence[int],
    repository: Path | None,
    excluded: frozenset[int] = frozenset(),
) -> dict[int, Made]:
    """A photograph told in one way, for each budget.

    Args:
        row: one of `ROWS`.
        path: of the photograph; for `plate`, those of the same folder are the plates.
        image: the photograph, mode RGB.
        budgets: bytes.
        repository: with cut-outs of the photographs.
        excluded: numbers of elements that are not used, beside those cut from the photograph itself.

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
    if row == "plate":
        return dict.fromkeys(budgets, _plate(path, image))
    if repository is None:
        raise RuntimeError(f"row {row} needs --repo DIRECTORY, with cut-outs of the photographs")
    own = cut_from(repository, path)
    return {budget: _similar(row, image, budget, repository, own | excluded) for budget in budgets}


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
def engine(repository: Path) -> Similar:
    """Once a process."""
    embedder = Embedder(fetching=True)
    return Similar(opened(repository), open_similar_index(opened(repository), embedder), embedder)


def _similar(row: str, image: Image.Image, budget: int, repository: Path, excluded: set[int]) -> Made:
    teller = engine(repository)
    options = SimilarOptions(budget=budget, always=row == "composed")
    started = time.process_time()
    told = teller.compress(image, np.asarray(mask(image, SMALL)), options, exclude=excluded)
    seconds = time.process_time() - started
    elements = [asdict(each) for each in told.elements]
    picture = render(told.scene, opened(repository)).convert("RGB")
    return Made(len(to_binary(told.scene)), seconds, picture, {"elements": elements, "reason": told.reason})


def vectors(features: Any, probabilities: Any) -> Any:
    """Rows whose products are similarities: cosines less the mean, plus the overlap of classes; no index has whole photographs.

    Args:
        features: (n, d).
        probabilities: (n, classes), or None.
    """
    centred = features - features.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    if probabilities is None:
        return np.asarray(centred, np.float32)
    return np.asarray(np.hstack([centred, np.sqrt(CLASS_WEIGHT * probabilities)]), np.float32)


@cache
def _photographs(folder: Path) -> tuple[list[Path], Any, Any]:
    """Paths, embedder, and vectors of all whole photographs of a folder with the mean taken away."""
    found = listed(folder)
    embedder = Embedder(fetching=True)
    said = embedder.embed([one.opened() for one in found])
    return [one.path for one in found], said, vectors(said.features, said.probabilities)


def _plate(path: Path, image: Image.Image) -> Made:
    """The most similar other photograph, as a catalog plate: the bytes are those of its number."""
    paths, _, rows = _photographs(path.parent)
    started = time.process_time()
    own = paths.index(path)
    likeness = rows @ rows[own]
    likeness[own] = -np.inf
    best = int(likeness.argmax())
    with Image.open(paths[best]) as other:
        picture = other.convert("RGB").resize(image.size, Image.Resampling.LANCZOS)
    scene = Scene(*image.size, background=Plate(best + 1))
    return Made(len(to_binary(scene)), time.process_time() - started, picture, {"plate": paths[best].name})


def outside_of_kinds(repository: Path, kinds: dict[str, int], least: int) -> tuple[set[int], frozenset[int]]:
    """A personal library: kinds with many elements, and the elements of all others.

    Args:
        repository: with cut-outs of photographs.
        kinds: name of a photograph's file -> index of its kind.
        least: elements that a kind must have.

    Returns:
        The kinds, and numbers of elements to leave out.
    """
    database = sqlite3.connect(f"file:{(repository / 'catalog.sqlite').resolve()}?mode=ro", uri=True)
    try:
        rows = database.execute("select number, source from element").fetchall()
    finally:
        database.close()
    of_element = {number: kinds.get(Path(source).name, -1) for number, source in rows}
    counts = Counter(of_element.values())
    many = {kind for kind, count in counts.items() if kind >= 0 and count >= least}
    return many, frozenset(number for number, kind in of_element.items() if kind not in many)
