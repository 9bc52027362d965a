"""Ctrl-C: the first asks to stop, the second ends at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from haac_pipeline._engine.stopping import interruptible, on_stop, stopping


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_asks_and_the_second_ends() -> None:
    told: list[int] = []
    heard = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    with interruptible(lambda: told.append(1)), on_stop(heard.set):
        assert not stopping()
        press()
        assert stopping()
        assert told == [1]
        assert heard.wait(10)
        with pytest.raises(KeyboardInterrupt):
            press()
    assert not stopping()
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_it_alone() -> None:
    before, during = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with interruptible(lambda: None):
            during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert during == [before]
