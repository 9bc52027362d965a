"""A worker's task that never ends for files that say so. Worker processes import it by its name."""

from __future__ import annotations

import time

from haac_pipeline._ingest.worker import Made, Task, make


def slow(task: Task) -> Made:
    if task.data.startswith(b"slow"):
        time.sleep(120)
    return make(task)
