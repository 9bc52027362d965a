"""Ctrl-C that lets what is under way come to an end with the best so far; a second one ends at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_asked = threading.Event()
_heard: list[Callable[[], None]] = []
"""Called when somebody asks to stop."""


def stopping() -> bool:
    """Whether somebody pressed Ctrl-C in this run."""
    return _asked.is_set()


def listen() -> None:
    """In a worker process: Ctrl-C asks it to come to an end, and does not end it; the parent decides."""
    signal.signal(signal.SIGINT, lambda _signal, _frame: _asked.set())


@contextlib.contextmanager
def on_stop(call: Callable[[], None]) -> Iterator[None]:
    """While this is open, `call` is called from a thread when somebody presses Ctrl-C."""
    _heard.append(call)
    try:
        yield
    finally:
        _heard.remove(call)


@contextlib.contextmanager
def interruptible(told: Callable[[], None]) -> Iterator[None]:
    """While this is open, the first Ctrl-C only asks to stop. In other threads than the main one, nothing changes.

    Args:
        told: called when it was pressed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def pressed(_number: int, _frame: FrameType | None) -> None:
        if _asked.is_set():
            raise KeyboardInterrupt
        _asked.set()
        told()
        for one in _heard:  # in threads: what the main one holds it cannot wait for here
            threading.Thread(target=one, daemon=True).start()

    signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _asked.clear()
