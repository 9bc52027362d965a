"""Writes to repositories in forked processes that die by SIGKILL at chosen points.

Run as a process of its own (forking pytest would fork its threads). Reads one JSON job a line:
{"folder", "scenario", "point", "lose"} or {..., "delay"}; answers each with a line: "killed", or the number of points.

A point is the moment before or after each fsync, rename, truncation and commit, and the middle of each write to a pack.
With "lose", a death also takes with it what was not synced of the packs, as a power cut would.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import numpy as np
import sqlite_utils
from PIL import Image

from haac_repo import LIMITS, NewElement, Repository, encode, pixel_hash, publish, verify
from haac_repo._store import growing
from haac_repo._store.packs import OpenPack

P = ParamSpec("P")
R = TypeVar("R")
Say = Callable[[dict[str, Any]], object]

pictures = []
for seed in range(40):
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    pictures.append(NewElement(data=encode(image), width=8, height=8, pixels_sha256=pixel_hash(image)))


class Killer:
    """Counts points, and dies at the chosen one."""

    def __init__(self, folder: pathlib.Path, point: int | None, lose: bool) -> None:
        self.folder, self.at, self.lose = folder, point, lose
        self.count = 0
        self.synced: dict[int, int] = {}

    def point(self) -> None:
        self.count += 1
        if self.count == self.at:
            if self.lose:
                for path in (self.folder / "open").glob("*.pack"):
                    os.truncate(path, min(path.stat().st_size, self.synced.get(path.stat().st_ino, 0)))
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[P, R]) -> Callable[P, R]:
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            self.point()
            result = function(*args, **kwargs)
            self.point()
            return result

        return wrapped

    def install(self) -> None:
        real_sync, real_append = os.fsync, OpenPack.append

        def fsync(descriptor: int) -> None:
            self.point()
            real_sync(descriptor)
            found = os.fstat(descriptor)
            self.synced[found.st_ino] = found.st_size
            self.point()

        def append(pack: OpenPack, data: bytes) -> int:
            self.point()
            real_file = pack._file
            if self.count + 1 == self.at:
                real_file.write(data[: len(data) // 2])
            self.point()
            return real_append(pack, data)

        @contextlib.contextmanager
        def atomic(db: sqlite_utils.Database) -> Iterator[sqlite_utils.Database]:
            with real_atomic(db):
                yield db
                self.point()
            self.point()

        real_atomic = sqlite_utils.Database.atomic
        stand_ins: list[tuple[object, str, Callable[..., object]]] = [
            (os, "fsync", fsync),
            (os, "replace", self.around(os.replace)),
            (os, "ftruncate", self.around(os.ftruncate)),
            (pathlib.Path, "replace", self.around(pathlib.Path.replace)),
            (pathlib.Path, "unlink", self.around(pathlib.Path.unlink)),
            (OpenPack, "append", append),
            (sqlite_utils.Database, "atomic", atomic),
        ]
        for owner, name, function in stand_ins:
            setattr(owner, name, function)


def add(folder: pathlib.Path, say: Say) -> None:
    small = dataclasses.replace(LIMITS, pack_target_bytes=2000)
    setattr(growing, "LIMITS", small)  # noqa: B010 - mypy knows no such name there: it is imported
    with Repository.open(folder) as repository:
        with repository.writer() as writer:
            for number in range(len(pictures)):
                element, _ = writer.add(pictures[number])
                writer.tag(element.number, add=[f"t{number}"])
                if number % 5 == 4:
                    writer.flush()
                    say({"elements": element.number})
            writer.withdraw(3, "gone")
            say({"withdrawn": 3})
        head = publish(repository)
        say({"published": head.records})


def discard(folder: pathlib.Path, say: Say) -> None:
    """Of 40 elements in several packs the first five are published; of the others a third is discarded."""
    gone = [number for number in range(6, 41) if number % 3 == 0 or number > 37]
    small = dataclasses.replace(LIMITS, pack_target_bytes=2000)
    setattr(growing, "LIMITS", small)  # noqa: B010
    with Repository.open(folder) as repository, repository.writer() as writer:
        writer.discard([e.number for e in repository.elements() if e.number in gone])
        say({"discarded": True})
        writer.add(pictures[0])


def create(folder: pathlib.Path, say: Say) -> None:
    Repository.create(folder).close()
    say({"created": True})


def repair(folder: pathlib.Path, say: Say) -> None:
    report = verify(folder, repair=True)
    say({"repaired": report.ok})


def run(job: dict[str, Any]) -> int:
    folder = pathlib.Path(job["folder"])
    reported = os.open(job["folder"] + ".reported", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    killer = Killer(folder, job.get("point"), job.get("lose", False))
    killer.install()
    scenario = {"add": add, "create": create, "discard": discard, "repair": repair}[job["scenario"]]
    scenario(folder, lambda value: os.write(reported, (json.dumps(value) + "\n").encode()))
    return killer.count


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        answer, give = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(give, str(run(job)).encode())
            except BaseException as error:
                os.write(give, f"failed: {error!r}".encode())
            os._exit(0)
        os.close(give)
        if "delay" in job:
            time.sleep(job["delay"])
            os.kill(child, signal.SIGKILL)
        with os.fdopen(answer, "rb") as pipe:
            said = pipe.read().decode()
        os.waitpid(child, 0)
        print(said or "killed", flush=True)


main()
