"""The engine on Dask distributed: tasks travel as bytes to the workers of an external cluster, and outcomes come back.

Small tasks travel together. What a task costs Dask (a few milliseconds in scheduler, client and worker, whatever it does) is
then shared: as many as are worked on in `_TOGETHER` seconds, which the workers tell.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import pickle
import threading
import time
import uuid
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic
from urllib.parse import urlsplit

from haac_pipeline._engine.engine import EngineError, Job, M, T, TaskLostError
from haac_pipeline._engine.preflight import compare
from haac_pipeline._engine.served import Order, release, survey, work
from haac_repo import HaacError, MissingExtraError

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as DaskFuture

_CONNECT = 10.0
"""Seconds to reach the scheduler."""
_GATHER = 30.0
"""Seconds to wait for a first worker."""
_ALONE = 120.0
"""Seconds without any worker after which the cluster counts as lost."""
_TOGETHER = 0.2
_MOST, _MOST_BYTES = 16, 2**18
"""Tasks that travel together at most, and their bytes."""
_LINGER = 0.005
"""Seconds that a task waits for company."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Where a cluster is, and how to prove who we are. Certificate and key are PEM files."""

    address: str
    """tls://HOST:PORT; tcp://HOST:PORT on this machine, or where `insecure`."""
    ca: str = ""
    """Authority that signed the certificates of scheduler, workers and client: whoever has one is let in."""
    certificate: str = ""
    key: str = ""
    insecure: bool = False
    """Let anyone on the network read the pictures, and run programs on the workers."""

    def check(self) -> None:
        """Refuse an address that anyone could listen on.

        Raises:
            HaacError: it is none, or there is no encryption and nobody asked for that.
        """
        parts = urlsplit(self.address)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme not in ("tls", "tcp") or not parts.hostname or port is None:
            raise HaacError(f"{self.address} is no address of a scheduler: give tls://HOST:8786")
        if parts.scheme == "tls":
            if not (self.ca and self.certificate and self.key):
                raise HaacError(
                    f"{self.address} needs --tls-ca, --tls-cert and --tls-key: docs/cluster.md shows how they are made"
                )
        elif not (self.insecure or _is_loopback(parts.hostname)):
            raise HaacError(
                f"{self.address} is not encrypted, and whoever reaches it can run programs on its workers: use tls://,"
                " or --insecure-cluster in a network that nobody else is in"
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Cluster(Generic[T, M]):
    """An engine: the workers of a Dask cluster, all that are there at any moment.

    Raises:
        MissingExtraError: `distributed` is not installed.
        EngineError: the scheduler cannot be reached, there is no worker, or one differs from this machine.
    """

    def __init__(self, job: Job, scheduler: Scheduler) -> None:
        scheduler.check()
        self._where = scheduler.address
        self._client = _connected(scheduler)
        self._inbox: SimpleQueue[tuple[T, Future[M]] | None] = SimpleQueue()
        self._flying: dict[DaskFuture, list[Future[M]]] = {}
        self._lock = threading.Lock()
        self._broken = ""
        self._closed = threading.Event()
        self._seconds = _TOGETHER
        self._slots = 0
        try:
            self._order = self._preflight(job)
        except BaseException:
            self._client.close(timeout=_CONNECT)
            raise
        for loop in (self._send, self._watch):
            threading.Thread(target=loop, name="haac cluster", daemon=True).start()

    @property
    def slots(self) -> int:
        """Tasks that run at one time, on all workers that are there now."""
        return max(1, self._slots)

    def submit(self, task: T) -> Future[M]:
        """Run a task on some worker."""
        if self._broken:
            raise EngineError(self._broken)
        future: Future[M] = Future()
        self._inbox.put((task, future))
        return future

    def interrupt(self) -> None:
        """Nothing: its processes hear no Ctrl-C from here."""

    def close(self, *, now: bool = False) -> None:
        """Let go of the cluster, which stays; `now`: in the middle of tasks."""
        self._closed.set()
        self._inbox.put(None)
        with self._lock:
            flying = list(self._flying)
            self._flying.clear()
        with contextlib.suppress(Exception):  # it may be gone already
            if not self._broken:
                if now:
                    self._client.cancel(flying)
                self._client.run(release, self._order.run, on_error="ignore")
        try:
            self._client.close(timeout=2)
        except Exception:
            # Reconnecting by TLS to a scheduler that is gone; it would try again when it is collected.
            self._client.status = "closed"

    def _preflight(self, job: Job) -> Order:
        try:
            self._client.wait_for_workers(1, timeout=_GATHER)
        except TimeoutError:
            raise EngineError(
                f"the cluster {self._where} has no worker: start one with `dask worker`, see docs/cluster.md"
            ) from None
        pickled = pickle.dumps(job)
        order = Order(uuid.uuid4().hex, pickled, survey(pickled))
        for worker, found in sorted(self._client.run(survey, pickled, on_error="return").items()):
            if isinstance(found, BaseException):
                raise EngineError(f"the worker {worker} cannot do it: {found or type(found).__name__}")
            compare(order.facts, found, worker)
        try:  # it unpickles what passes it
            self._client.run_on_scheduler(survey, pickle.dumps(Job(len, os.getpid, job.limits, "")))
        except Exception as error:
            raise EngineError(
                f"the scheduler {self._where} cannot load haac: install it there as on the workers ({error})"
            ) from error
        self._slots = sum(self._client.nthreads().values())
        return order

    def _send(self) -> None:
        """Submit what was put into the inbox, small tasks together."""
        numbers = itertools.count()
        while (first := self._inbox.get()) is not None:
            batch, last = self._with_company(first)
            futures = [future for _, future in batch if not future.cancelled()]
            tasks = [task for task, future in batch if not future.cancelled()]
            if tasks:
                try:
                    flying = self._client.submit(
                        work,
                        self._order,
                        pickle.dumps(tasks),
                        key=f"haac-{self._order.run}-{next(numbers)}",
                        pure=False,
                    )
                    with self._lock:
                        self._flying[flying] = futures
                    flying.add_done_callback(self._arrived)
                    if self._broken:  # found out meanwhile: nobody else would end these
                        _fail(futures, EngineError(self._broken))
                except Exception as error:
                    self._break(_reason(error))
                    _fail(futures, EngineError(self._broken))
            if last:
                return

    def _with_company(self, first: tuple[T, Future[M]]) -> tuple[list[tuple[T, Future[M]]], bool]:
        """A task and those that come right after it; and whether they are the last."""
        batch, size = [first], len(first[0].data)
        most = min(_MOST, int(_TOGETHER / max(self._seconds, 1e-3)))
        deadline = time.monotonic() + _LINGER
        while len(batch) < most and size < _MOST_BYTES:
            try:
                other = self._inbox.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                break
            if other is None:
                return batch, True
            batch.append(other)
            size += len(other[0].data)
        return batch, False

    def _arrived(self, flying: DaskFuture) -> None:
        """Called in a thread of the client when a batch is done."""
        with self._lock:
            futures = self._flying.pop(flying, [])
        if not futures:
            return
        from distributed import KilledWorker

        try:
            packed, seconds = self._result(flying)
            answers = pickle.loads(packed)
        except KilledWorker as error:
            count = error.allowed_failures + 1
            _fail(futures, TaskLostError(f"{count} workers died one after another while they worked on it"))
            return
        except HaacError as error:
            _fail(futures, error)
            return
        except Exception as error:
            self._break(_reason(error))
            _fail(futures, EngineError(self._broken))
            return
        self._seconds += (seconds - self._seconds) / 8
        for future, (fine, value) in zip(futures, answers, strict=True):
            with contextlib.suppress(InvalidStateError):  # cancelled meanwhile
                if fine:
                    future.set_result(value)
                else:
                    future.set_exception(value)

    def _result(self, flying: DaskFuture) -> tuple[bytes, float]:
        """What a batch came to. A client that closes meanwhile never says; all clients of a process wait for one another's callbacks."""
        while True:
            try:
                found: tuple[bytes, float] = flying.result(timeout=_CONNECT)
            except TimeoutError:
                if self._closed.is_set() or flying.status == "error":
                    raise
            else:
                return found

    def _watch(self) -> None:
        """Count the workers; when there is none for long, give up."""
        seen = time.monotonic()
        while not self._closed.wait(2.0) and not self._broken:
            try:
                slots = sum(self._client.nthreads().values())
            except Exception as error:
                self._break(_reason(error))
                return
            if slots:
                self._slots, seen = slots, time.monotonic()
            elif time.monotonic() - seen > _ALONE:
                self._break(f"it has had no worker for {_ALONE:.0f} seconds")

    def _break(self, reason: str) -> None:
        """The cluster is lost: so are all that are under way."""
        if self._closed.is_set():
            return
        with self._lock:
            self._broken = self._broken or f"the cluster {self._where} is lost: {reason}"
            futures = [future for batch in self._flying.values() for future in batch]
            self._flying.clear()
        _fail(futures, EngineError(self._broken))


def _fail(futures: list[Future[Any]], error: HaacError) -> None:
    for future in futures:
        with contextlib.suppress(InvalidStateError):
            future.set_exception(error)


def _reason(error: BaseException) -> str:
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    if isinstance(error, FutureCancelledError | CommClosedError):
        return "its scheduler is gone"
    return f"{type(error).__name__}: {error}"


def _connected(scheduler: Scheduler) -> Client:
    try:
        from distributed import Client
        from distributed.security import Security
    except ImportError as error:
        raise MissingExtraError(
            f"--cluster needs distributed, not installed here: pip install 'haac[cluster]' ({error})"
        ) from None
    # What goes wrong is said once, by us. Each of its loggers has a level of its own.
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    import dask

    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
    security = None
    if scheduler.address.startswith("tls:"):
        security = Security(
            tls_ca_file=scheduler.ca,
            tls_client_cert=scheduler.certificate,
            tls_client_key=scheduler.key,
            require_encryption=True,
        )
    try:
        return Client(scheduler.address, security=security, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError(f"the scheduler {scheduler.address} lets nobody in: {_connecting(error)}") from None


def _connecting(error: BaseException) -> str:
    """What went wrong with a connection, in one sentence."""
    causes = []
    while error:
        causes.append(error)
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    text = str(causes[-1] or causes[0])
    if any("certificate" in str(cause).lower() or "unknown ca" in str(cause).lower() for cause in causes):
        return f"its certificate and ours are not of one authority ({text})"
    if isinstance(causes[-1], ConnectionResetError) or "closed" in str(causes[0]):
        return f"it hung up: does it speak TLS, and are the certificates of one authority? ({text})"
    return f"{causes[0]} ({text})" if len(causes) > 1 else text
