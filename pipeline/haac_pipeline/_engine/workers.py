"""Who works: how many processes, what a picture may use, and on which machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haac_pipeline._engine.engine import MIB, Engine, Job, Limits, M, T
from haac_pipeline._engine.local import Local
from haac_pipeline._engine.pool import Pool
from haac_pipeline._parallel import cores

if TYPE_CHECKING:
    from typing import Any

    from haac_pipeline._engine.cluster import Scheduler

TIMEOUT = 600.0
"""Seconds: ten times what 100 megapixels take with the largest model on one slow core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Options that all commands with worker processes share."""

    jobs: int = 0
    """Processes on this machine; 0: one a core. A cluster has its own number."""
    timeout: float = TIMEOUT
    """Seconds that one picture may take; 0: as long as it takes."""
    memory: int = 0
    """MiB that a process may take for one picture; 0: half of what its machine has."""
    cluster: Scheduler | None = None
    """None: this machine."""

    @property
    def count(self) -> int:
        """Processes on this machine."""
        return self.jobs or cores()

    @property
    def limits(self) -> Limits:
        """What a task may use."""
        return Limits(self.timeout, self.memory * MIB)

    def pool(self, job: Job, lost: Callable[[T, str], M], *, again: str) -> Pool[Any, T, M]:
        """Start them.

        Raises:
            MissingExtraError: there is a cluster, and `distributed` is not installed.
            HaacError: the cluster cannot be used.
        """
        engine: Engine[T, M]
        if self.cluster is None:
            engine = Local(job, self.count)
        else:
            from haac_pipeline._engine.cluster import Cluster

            engine = Cluster(job, self.cluster)
        return Pool(engine, lost=lost, again=again)
