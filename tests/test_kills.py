"""kill -9 of what writes: a few of the points that `python -m scripts.check.kills` tries; the rerun ends as if nothing had been."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.check.kills.outcome import Driver, chosen, driver, kill
from scripts.check.kills.scenarios import SCENARIOS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the kills are made with fork and SIGKILL")


@pytest.fixture(scope="module")
def drive() -> Iterator[Driver]:
    with driver() as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_kill_9(drive: Driver, scenario: str, tmp_path: Path) -> None:
    done = kill(drive, scenario, tmp_path / "kills", 25, seed=23)
    assert done.kills >= 22
    assert done.after_first_commit >= 12


def test_half_of_the_kills_come_after_the_first_commit() -> None:
    points = chosen(300, 20, 200, random.Random(1))
    assert len(set(points)) == 200
    assert sum(point > 20 for point in points) >= 100
    assert chosen(10, 2, 200, random.Random(1)) == list(range(1, 11))
    assert sum(point > 250 for point in chosen(300, 250, 200, random.Random(1))) == 50
