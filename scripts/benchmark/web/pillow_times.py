"""Processor time of Python's renderer, in a process of its own: JSON, milliseconds a run.

    python -m scripts.benchmark.web.pillow_times REQUEST RUNS

Its parent says that numpy is to use one thread, which has to be said before numpy is loaded.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from haac import ElementCache, from_text, render
from scripts.benchmark.web.scenes import Source


def main(request: Path, runs: int) -> None:
    """Print what a run takes, by kind of scene."""
    source = Source()
    times = {}
    for kind, text in json.loads(request.read_text("utf-8"))["recipes"].items():
        scene = from_text(text)
        cache = ElementCache(source)
        render(scene, cache)
        began = time.process_time()
        for _ in range(runs):
            render(scene, cache)
        times[kind] = 1000 * (time.process_time() - began) / runs
    json.dump(times, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
