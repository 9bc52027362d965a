"""Options of commands with worker processes: how many, what a picture may use, on which machines."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from haac_repo._internal import refuse

F = TypeVar("F", bound=Callable[..., Any])

CLUSTER = {"tls_ca", "tls_cert", "tls_key", "insecure_cluster"}


def _pem(option: str, variable: str, text: str) -> Callable[[F], F]:
    return click.option(
        option,
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        envvar=variable,
        show_envvar=True,
        help=text,
    )


def workers_options(
    timeout: float, *, what: str = "picture", alone: str = "", late: str = ""
) -> Callable[[F], Callable[..., Any]]:
    """The options --jobs, --timeout, --memory, --cluster and those of its TLS: passes `workers: Workers`.

    Args:
        timeout: seconds that a process may work on a `what`.
        alone: a sentence that says when there are no limits, since this process does it.
        late: what is done with one that takes longer; not given: it is refused.
    """

    def wrap(function: F) -> Callable[..., Any]:
        @click.option(
            "--jobs", type=click.IntRange(0, 256), default=0, help="Worker processes.  [default: one a core]"
        )
        @click.option(
            "--timeout",
            type=click.FloatRange(0),
            default=timeout,
            show_default=True,
            metavar="SECONDS",
            help=f"{late or f'Refuse a {what} that takes longer'}, and go on with the others; 0: never.{alone and f' {alone}'}",
        )
        @click.option(
            "--memory",
            type=click.IntRange(0),
            default=0,
            metavar="MIB",
            help=f"Refuse a {what} for which a process takes more.{alone and f' {alone}'}  [default: half of what the machine has]",
        )
        @click.option(
            "--cluster",
            metavar="tls://HOST:PORT",
            envvar="HAAC_CLUSTER",
            show_envvar=True,
            help="Let the workers of this Dask cluster do it, instead of processes here.",
        )
        @_pem(
            "--tls-ca",
            "HAAC_TLS_CA",
            "With --cluster: certificate of the authority that signed all others (PEM).",
        )
        @_pem("--tls-cert", "HAAC_TLS_CERT", "With --cluster: certificate of this machine.")
        @_pem("--tls-key", "HAAC_TLS_KEY", "With --cluster: its key.")
        @click.option(
            "--insecure-cluster",
            is_flag=True,
            help="Allow tcp:// to other machines: anyone in that network can read along, and run programs there.",
        )
        @functools.wraps(function)
        def run(
            *args: Any,
            jobs: int,
            timeout: float,
            memory: int,
            cluster: str | None,
            tls_ca: Path | None,
            tls_cert: Path | None,
            tls_key: Path | None,
            insecure_cluster: bool,
            **options: Any,
        ) -> Any:
            scheduler = None
            if cluster is None:
                _refuse_typed(CLUSTER, "goes with --cluster.")
            else:
                from haac_pipeline._engine.cluster import Scheduler

                refuse({"jobs"}, "is about this machine: how many a cluster works on is up to its workers.")
                ca, certificate, key = (str(path or "") for path in (tls_ca, tls_cert, tls_key))
                scheduler = Scheduler(cluster, ca, certificate, key, insecure_cluster)
                scheduler.check()
            from haac_pipeline._engine.workers import Workers

            workers = Workers(jobs=jobs, timeout=timeout, memory=memory, cluster=scheduler)
            return function(*args, workers=workers, **options)

        return run

    return wrap


def refuse_workers(why: str) -> None:
    """Refuse the options of workers where this process does all by itself."""
    refuse({"jobs", "timeout", "memory"}, why)
    _refuse_typed({"cluster"}, why)


def _refuse_typed(names: set[str], why: str) -> None:
    """A cluster and its TLS files may well stand in the environment for other runs."""
    source = click.get_current_context().get_parameter_source
    refuse({name for name in names if source(name) is click.core.ParameterSource.COMMANDLINE}, why)
