"""Runs scenarios in forked processes that die at chosen points. A process of its own: forking one with threads is unsafe.

Reads one JSON job a line: {"scenario", "folder"}, with {"point"} or {"delay": seconds} if it is to be killed, or {"scenario", "prepare":
folder}. Answers each with a line of JSON: {"killed": true}, or {"points", "first_commit", "seconds"}. What the work says is done stands in
the file `said` of the folder.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from scripts.check.kills.killer import Killer
from scripts.check.kills.scenarios import SCENARIOS, quick


def _work(job: dict[str, Any]) -> dict[str, float]:
    quick()
    scenario = SCENARIOS[job["scenario"]]
    if "prepare" in job:
        scenario.prepare(Path(job["prepare"]))
        return {}
    folder = Path(job["folder"])
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    killer = Killer(folder / "repo", job.get("point"), statements=True)
    killer.install()

    def say(value: dict[str, Any]) -> None:
        os.write(said, (json.dumps(value) + "\n").encode())

    started = time.monotonic()
    scenario.run(folder, say)
    seconds = time.monotonic() - started
    whole = {"points": killer.count, "first_commit": killer.first_commit, "seconds": seconds}
    scenario.finish(folder, say)
    return whole


def main() -> None:
    """Answer jobs until there are no more."""
    for line in sys.stdin:
        job = json.loads(line)
        answer, give = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(give, json.dumps(_work(job)).encode())
            except BaseException:
                os.write(give, json.dumps({"failed": traceback.format_exc()}).encode())
            os._exit(0)
        os.close(give)
        if "delay" in job:
            time.sleep(job["delay"])
            os.kill(child, signal.SIGKILL)
        with os.fdopen(answer, "rb") as pipe:
            told = pipe.read().decode()
        os.waitpid(child, 0)
        print(told or '{"killed": true}', flush=True)


if __name__ == "__main__":
    main()
