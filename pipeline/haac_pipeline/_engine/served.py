"""What a worker of a cluster does with our tasks: it hands them to processes of its own, which know the limits of a picture.

Dask cannot end a running task. So its worker is the carrier only: a picture that crashes its decoder, or takes too long, costs a
process of ours, not the worker with all that it holds.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from haac_pipeline._engine.engine import Job
from haac_pipeline._engine.local import Local
from haac_pipeline._engine.preflight import compare, versions
from haac_pipeline._parallel import limit_threads

_IDLE = 60.0
"""Seconds without a task after which a run's processes end: its driver may be gone."""


@dataclass(frozen=True, slots=True)
class Order:
    """What all tasks of one run have in common."""

    run: str
    """Names the run."""
    job: bytes
    """The `Job`, pickled."""
    facts: dict[str, str]
    """What the driver's machine is like."""


@dataclass(slots=True)
class _Run:
    engine: Local[Any, Any]
    busy: int = 0
    last: float = field(default_factory=time.monotonic)


_runs: dict[str, _Run] = {}
_lock = threading.Lock()


def survey(job: bytes) -> dict[str, str]:
    """What this machine is like, as `preflight.compare` wants it."""
    loaded: Job = pickle.loads(job)
    daemon = multiprocessing.current_process().daemon
    own = "not allowed (start it with `dask worker --no-nanny`)" if daemon else "allowed"
    return {**versions(), "processes of its own": own, **loaded.survey()}


def work(order: Order, tasks: bytes) -> tuple[bytes, float]:
    """Work on tasks, within a worker.

    Args:
        order: Their run's.
        tasks: A list of them, pickled: the scheduler has no business with it.

    Returns:
        A list of (whether it went well, outcome or error), pickled; and the seconds that a task took.
    """
    started = time.monotonic()
    run = _begun(order)
    try:
        futures = [run.engine.submit(task) for task in pickle.loads(tasks)]
        answers = []
        for future in futures:
            error = future.exception()
            answers.append((True, future.result()) if error is None else (False, error))
    finally:
        with _lock:
            run.busy -= 1
            run.last = time.monotonic()
    return pickle.dumps(answers), (time.monotonic() - started) / len(answers)


def release(run: str) -> None:
    """End the processes of a run, in the middle of their tasks."""
    with _lock:
        found = _runs.pop(run, None)
    if found is not None:
        found.engine.close(now=True)


def _begun(order: Order) -> _Run:
    with _lock:
        if order.run not in _runs:
            _runs[order.run] = _start(order)
            threading.Thread(target=_end_when_idle, args=(order.run,), daemon=True).start()
        run = _runs[order.run]
        run.busy += 1
        return run


def _start(order: Order) -> _Run:
    from distributed import get_worker

    worker = get_worker()
    compare(order.facts, survey(order.job), worker.address)  # it may have come after the preflight
    limit_threads(1)  # for its processes: what starts them may load numpy
    return _Run(Local(pickle.loads(order.job), worker.state.nthreads))


def _end_when_idle(name: str) -> None:
    while True:
        time.sleep(_IDLE / 4)
        with _lock:
            run = _runs.get(name)
            if run is None:
                return
            if run.busy or time.monotonic() - run.last < _IDLE:
                continue
            del _runs[name]
        run.engine.close()
        return
