"""Writes to repositories in forked processes that die by SIGKILL at chosen points.

Run as a process of its own (forking pytest would fork its threads). Reads one JSON job a line:
{"folder", "scenario", "point", "lose"} or {..., "delay"}; answers each with a line: "killed", or the number of points.

Points are those of `scripts/check/kills`. With "lose", a death also takes with it what was not synced of the packs, as a power cut would.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from haac_repo import LIMITS, NewElement, Repository, encode, pixel_hash, publish, verify
from haac_repo._store import growing
from scripts.check.kills.killer import Killer

Say = Callable[[dict[str, Any]], object]

pictures = []
for seed in range(40):
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    pictures.append(NewElement(data=encode(image), width=8, height=8, pixels_sha256=pixel_hash(image)))


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


def create(folder: pathlib.Path, say: Say) -> None:
    Repository.create(folder).close()
    say({"created": True})


def repair(folder: pathlib.Path, say: Say) -> None:
    report = verify(folder, repair=True)
    say({"repaired": report.ok})


def run(job: dict[str, Any]) -> int:
    folder = pathlib.Path(job["folder"])
    reported = os.open(job["folder"] + ".reported", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    killer = Killer(folder, job.get("point"), lose=job.get("lose", False))
    killer.install()
    scenario = {"add": add, "create": create, "repair": repair}[job["scenario"]]
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


if __name__ == "__main__":
    main()
