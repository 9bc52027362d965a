"""`haac sync --watch`: syncs again and again, until it is told to end."""

from __future__ import annotations

import functools
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from haac._cli.streams import reader_is_gone
from haac_repo._internal import Console

F = TypeVar("F", bound=Callable[..., Any])

_SECONDS = 300
_LONGEST = 3600.0
"""Seconds between two tries, however often they failed; unless more are asked for."""
_JITTER = 0.1
"""Up to so much of the time is added or taken away, so that many mirrors do not come in the same moment."""


def watch_option(function: F) -> F:
    """The option --watch of a command whose result is a SyncReport: runs it again and again."""

    @click.option(
        "--watch",
        "watch",
        is_flag=False,
        flag_value=str(_SECONDS),
        metavar="[SECONDS]",
        callback=_seconds,
        help=f"Go on: sync every so many seconds (by default {_SECONDS}), until Ctrl-C or SIGTERM. A line is printed for each update;"
        " failures of the network are told, and tried again later.",
    )
    @functools.wraps(function)
    def run(console: Console, *args: Any, watch: int | None, **options: Any) -> Any:
        if watch is None:
            return function(console, *args, **options)
        return _watch(function, console, args, options, watch)

    return run  # type: ignore[return-value]


def _seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isdecimal() or not 1 <= int(value) <= 10**7:
        raise click.BadParameter(
            f"{value!r} is not a number of seconds from 1 on: give one, or put --watch last"
        )
    return int(value)


def _watch(
    function: Callable[..., Any], console: Console, args: Any, options: dict[str, Any], seconds: int
) -> int:
    """Returns 0 once it is told to end; what is wrong for good is raised."""
    from haac_repo import RepositoryBusyError, TransportError

    quiet = _Updates(console.as_json, console.verbosity)
    failures = 0
    console.note(f"Syncing every {seconds} seconds; Ctrl-C ends.")
    with _ended_by_signals():
        while True:
            try:
                function(quiet, *args, **options)
                failures = 0
                if reader_is_gone():
                    return 0
                if "start_over" in options:  # once is enough
                    options["start_over"] = False
            except (TransportError, RepositoryBusyError) as error:
                failures += 1
                quiet.warn(
                    f"{_now()} {error}; the next try is in {_pause(seconds, failures):,.0f} seconds or so"
                )
            time.sleep(_with_jitter(_pause(seconds, failures)))
    console.note("Ended.")
    return 0


def _pause(seconds: int, failures: int) -> float:
    """Seconds until the next try: twice as many for each failure in a row."""
    return min(seconds * 2.0 ** min(failures, 30), max(_LONGEST, seconds))


def _with_jitter(seconds: float) -> float:
    from random import uniform

    return seconds * uniform(1 - _JITTER, 1 + _JITTER)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block; what is under way is cut short as cleanly as by a Ctrl-C."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass
class _Updates(Console):
    """A console that tells what is new: no result without news, no note twice."""

    told: set[str] = field(default_factory=set)

    def data(self, value: object, text: Any = None) -> None:
        """A line for an update: with --json its object, else the sentence."""
        news = isinstance(value, dict) and any(
            value.get(key) for key in ("new_records", "packs", "copies", "made")
        )
        if not news:
            self.detail(f"{_now()} {text}")
        elif self.as_json:
            click.echo(json.dumps({"time": _now(), **value}))  # type: ignore[dict-item]
        else:
            click.echo(f"{_now()} {text}")

    def note(self, message: str) -> None:
        """See Console."""
        if message not in self.told:
            self.told.add(message)
            super().note(message)

    @contextmanager
    def progress(self, label: str, total: int | None, unit: str = "") -> Iterator[Callable[[int], None]]:  # noqa: ARG002
        """No bar."""
        yield lambda _: None


def _now() -> str:
    from haac_repo._internal import now

    return now()
