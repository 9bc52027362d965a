"""Times of Python's renderer, in a process of its own: `python -m scripts.bench.web.pillow_times RUNS`; JSON, milliseconds.

Its parent says that numpy is to use one thread, which has to be said before numpy is loaded.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial

from haac import ElementCache, render
from scripts.bench.web.scenes import Source, scenes


def main(runs: int) -> None:
    """Print the time of each run, by kind of scene."""
    source = Source()
    times = {}
    for kind, scene in scenes().items():
        cache = ElementCache(source)
        render(scene, cache)
        times[kind] = [_timed(partial(render, scene, cache)) for _ in range(runs)]
    json.dump(times, sys.stdout)


def _timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]))
