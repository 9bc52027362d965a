"""What is killed: each scenario has a repository to begin with, and a command's work on it, which can be started again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import haac_repo._files
from haac_layers import Document, Raster, write_ora
from haac_match._index.index import update_index
from haac_pipeline import Settings, find_sources, ingest
from haac_pipeline._engine import workers
from haac_pipeline._engine.engine import Job
from haac_pipeline._ingest.from_layers import ImportSettings, import_layers
from haac_repo import LIMITS, NewElement, Repository, encode, pixel_hash, publish, sync
from haac_repo._publish import compact as compaction
from haac_repo._store import growing, writer

Say = Callable[[dict[str, Any]], object]
"""Tells the world that something is done: from then on it must not be lost."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something that is killed.

    Args:
        prepare: Makes what there is to begin with, in a folder that is empty.
        run: Does the work. Cut short anywhere, it can be started again.
        finish: What comes after it, and is not killed.
    """

    prepare: Callable[[Path], None]
    run: Callable[[Path, Say], None]
    finish: Callable[[Path, Say], None] = lambda _folder, _say: None


def quick() -> None:
    """Small packs, small transactions, a clock that stands: the same work gives the same bytes."""
    small = replace(LIMITS, pack_target_bytes=2_500)
    patches: list[tuple[Any, str, object]] = [
        (growing, "LIMITS", small),
        (compaction, "LIMITS", small),
        (writer, "_FLUSH_RECORDS", 2),
        (workers, "Local", _Here),
    ]
    for module in list(sys.modules.values()):
        if getattr(module, "now", None) is haac_repo._files.now:
            patches.append((module, "now", _now))
    for module, name, value in patches:
        setattr(module, name, value)


def _now() -> str:
    return "2026-11-23T01:02:03Z"


class _Here:
    """An engine that works in this process: starting others would take most of the time, and only this one writes."""

    slots = 1

    def __init__(self, job: Job, _jobs: int) -> None:
        self._job = job

    def submit(self, task: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(self._job.work(task))
        return done

    def close(self, *, now: bool = False) -> None:
        pass


def picture(seed: int) -> Image.Image:
    """A noisy picture of 8 x 8 pixels with a transparent background; some 400 bytes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    return Image.fromarray(pixels, "RGBA")


def element(seed: int) -> NewElement:
    """It as an element."""
    image = picture(seed)
    return NewElement(data=encode(image), width=8, height=8, pixels_sha256=pixel_hash(image), name=f"n{seed}")


def _stock(repository: Repository, seeds: range) -> None:
    with repository.writer() as open_writer:
        for seed in seeds:
            open_writer.add(element(seed))


def _published_and_more(folder: Path) -> None:
    """Elements 1 to 12 published in several packs, 13 to 20 not yet."""
    with Repository.create(folder / "repo") as repository:
        _stock(repository, range(1, 13))
        publish(repository)
        _stock(repository, range(13, 21))


def _taken_down(folder: Path) -> None:
    _published_and_more(folder)
    with Repository.open(folder / "repo") as repository, repository.writer() as open_writer:
        open_writer.withdraw_all([2, 3, 7, 8, 9, 10, 14, 19], "no")
        open_writer.withdraw_all([5, 15], "no", keep_bytes=True)
        open_writer.tag(1, add=["kept"])


def _publish(folder: Path, say: Say) -> None:
    with Repository.open(folder / "repo") as repository:
        say({"records": publish(repository).records})


def _takedown(folder: Path, say: Say) -> None:
    """As `haac takedown` given again and again: those that are withdrawn are passed over."""
    groups = [(1, 2), (4,), (6, 13, 14), (20,), (9, 10, 11), (16,)]
    with Repository.open(folder / "repo") as repository:
        for group in groups:
            with repository.writer() as open_writer:
                todo = [number for number in group if repository.element(number).withdrawn is None]
                open_writer.withdraw_all(todo, f"reason {group[0]}")
            say({"withdrawn": list(group)})
        say({"records": publish(repository).records})


def _discard(folder: Path, say: Say) -> None:
    gone = [13, 15, 16, 18, 19, 20]
    with Repository.open(folder / "repo") as repository:
        for some in (gone[4:], gone[2:4], gone[:2]):
            with repository.writer() as open_writer:
                there = {one.number for one in repository.elements()}
                open_writer.discard([number for number in some if number in there])
            say({"discarded": some})
        say({"records": publish(repository).records})


def _many_packs(folder: Path) -> None:
    with Repository.create(folder / "repo") as repository:
        for seed in range(1, 31):
            _stock(repository, range(seed, seed + 1))
            publish(repository)
        for seed in range(31, 36):
            with repository.writer() as open_writer:
                open_writer.add(element(seed))
                open_writer.seal()
        with repository.writer() as open_writer:
            open_writer.withdraw_all([3, 32], "no")


def _compact(folder: Path, say: Say) -> None:
    with Repository.open(folder / "repo") as repository:
        compaction.compact(repository)
        say({"elements": 35})


def _pictures(folder: Path) -> None:
    (folder / "pictures").mkdir()
    for seed in range(1, 15):
        image = Image.new("RGBA", (12, 12))
        image.paste(picture(seed), (2, 2))
        image.save(folder / "pictures" / f"p{seed:02}.png")
    Repository.create(folder / "repo").close()


def _ingest(folder: Path, say: Say) -> None:
    with Repository.open(folder / "repo") as repository:
        done = 0

        def progress(count: int) -> None:
            nonlocal done
            done += count

        ingest(
            repository,
            find_sources([str(folder / "pictures")]),
            Settings(jobs=1, timeout=0),
            progress=progress,
        )
        say({"elements": done})
        say({"records": publish(repository).records})


def _layered(folder: Path) -> None:
    """A document whose layers are in part elements already, some of them twice; its last one is hidden."""
    layers = [Raster(f"layer {n}", picture(n), 3 * n, 2 * n) for n in (*range(1, 13), 4, 9)]
    layers.append(Raster("hidden", picture(13), visible=False))
    write_ora(folder / "layered.ora", Document(64, 48, tuple(layers), Image.new("RGBA", (64, 48))))
    with Repository.create(folder / "repo") as repository:
        _stock(repository, range(3, 6))


def _import(folder: Path, say: Say) -> None:
    with Repository.open(folder / "repo") as repository:
        import_layers(repository, folder / "layered.ora", ImportSettings())
        say({"elements": 13})
        say({"records": publish(repository).records})


def _indexed(folder: Path) -> None:
    with Repository.create(folder / "repo") as repository:
        _stock(repository, range(1, 9))
        update_index(repository)
        with repository.writer() as open_writer:
            open_writer.withdraw_all([2, 5], "no")
        _stock(repository, range(9, 12))


def _index(folder: Path, say: Say) -> None:
    with Repository.open(folder / "repo") as repository:
        update_index(repository)
        say({"elements": 11})


def _mirrored(folder: Path) -> None:
    with Repository.create(folder / "origin") as repository:
        _stock(repository, range(1, 13))
        publish(repository)
        sync(repository.path, folder / "repo")
        _stock(repository, range(13, 21))
        with repository.writer() as open_writer:
            open_writer.withdraw_all([2, 3, 7, 14], "no")
        publish(repository)


def _sync(folder: Path, say: Say) -> None:
    report = sync(folder / "origin", folder / "repo", jobs=2)
    say({"records": report.records})


SCENARIOS = {
    "ingest": Scenario(_pictures, _ingest),
    "import": Scenario(_layered, _import),
    "publish": Scenario(_taken_down, _publish),
    "takedown": Scenario(_published_and_more, _takedown),
    "discard": Scenario(_published_and_more, _discard),
    "compact": Scenario(_many_packs, _compact, finish=_publish),
    "index": Scenario(_indexed, _index),
    "sync": Scenario(_mirrored, _sync),
}
