"""Describing elements for the match index, by worker processes or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain, islice

from haac_match import Described, Part, describe_part, in_this_process, lost_part
from haac_pipeline._engine.engine import Job
from haac_pipeline._engine.pool import Pool
from haac_pipeline._engine.workers import Workers
from haac_pipeline._parallel import one_core

Stoppable = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Given what ends the work from another thread, a context in which that may be called."""


def describe(
    workers: Workers, parts: Iterator[Part], *, stoppable: Stoppable = lambda _: nullcontext()
) -> Iterator[Described]:
    """Describe parts, in their order. One whose worker is lost counts as unreadable.

    One part, or one job, is done in this process, without limits.

    Args:
        workers: who works.
        parts: of the elements.
        stoppable: while the workers run, somebody may end them.

    Raises:
        HaacError: the cluster cannot be used, or is lost.
    """
    begun = list(islice(parts, 2))
    parts = chain(begun, parts)
    if workers.cluster is None and (workers.jobs == 1 or len(begun) < 2):
        yield from in_this_process(parts)
        return
    job = Job(
        describe_part, partial(one_core), workers.limits, crash="it crashed the program that describes it"
    )
    pool: Pool[None, Part, Described] = workers.pool(
        job, lambda part, _: lost_part(part), again="Starting again describes all that are missing"
    )
    with pool, stoppable(pool.stop):
        for part in parts:
            pool.put(None, part)
            yield from (made for _, _, made in pool.outcomes(all_=False))
        yield from (made for _, _, made in pool.outcomes(all_=True))
